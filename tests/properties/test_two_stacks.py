"""Two real stacks on a bad network: what is believed of them, and what is taken for proven.

A rule-based machine drives the model of support/two_stacks.py: the programs open, send, read, close
and abort as they like, segments are lost, late or doubled before or behind the tap. Whenever it
looks, the capture so far is analysed, and compared with the states that the stacks are in.
"""

from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
)

from support.exchanges import ENDS, OCTETS, WAITS, capture_of, fates, traits
from support.ladder import SOCKET_A
from support.states import Json, analysis_of_frames, transitions_text
from support.two_stacks import MILLISECOND, Fate, Link, Path, Stack, Traits

# Of programs: they may leave a half-closed connection alone, and let their buffers fill.
ANYTIME = frozenset({"CL005", "SQ004", "WN003"})
# What a stack may rightly be told of, where this happened (errors of the catalogue).
RIGHTLY = {
    "reset": {"RS002", "RS004", "RS006", "CL008", "TW003"},
    "refused": {"HS004", "RS004", "RS006", "RS002", "CL006", "CL008", "TW003", "HS001"},
    "gave up": {"SQ005", "CL001", "HS001", "KA003"},
}


def shown(link: Link, analysis: Json) -> str:
    """For a failure: the segments, the model's states and ours."""
    lines = []
    for number, (time_ns, each) in enumerate(link.seen, 1):
        source = "A" if each.source == SOCKET_A.address else "B"
        lines.append(
            f"{number} {(time_ns - link.seen[0][0]) / 1e9:.6f} {source} seq {each.seq} ack "
            f"{each.ack} bits {each.control_bits:#x} len {len(each.payload)} win {each.window} "
            f"{each.options.timestamps or ''}"
        )
    for stack in link.stacks:
        path = ", ".join(
            f"{state} {(max(time_ns - link.seen[0][0], 0) if link.seen else 0) / 1e9:.6f}"
            for time_ns, state in stack.states
        )
        lines.append(f"{'AB'[stack.which]}: {path}")
    return "\n".join([*lines, f"now, {link.happened}", transitions_text(analysis)])


def tcp_connections(analysis: Json) -> list[dict[str, Any]]:
    """Those of the two stacks."""
    return list(analysis["connections"])


class TwoStacks(RuleBasedStateMachine):
    """The two, and what an analysis says of them."""

    link: Link

    @initialize(
        quarters=st.integers(0, 4), delay=st.sampled_from([2, 20, 200]), a=traits(1000),
        b=traits(5000), opening=st.sampled_from(["passive", "passive", "passive", "both", "none"]),
    )  # fmt: skip
    def begin(self, quarters: int, delay: int, a: Traits, b: Traits, opening: str) -> None:
        """Choose the stacks and where the tap is; mostly one end listens."""
        self.link = Link(Path(delay * MILLISECOND, quarters), (a, b))
        if opening != "none":
            if opening == "passive":
                self.link.stacks[1].listen()
            else:
                self.link.stacks[1].open()
            self.link.stacks[0].open()

    @rule(fate=fates())
    def trouble(self, fate: Fate) -> None:
        """The next segment has an accident."""
        self.link.fates.append(fate)

    @rule(count=st.integers(1, 3))
    def luck(self, count: int) -> None:
        """The next segments have none."""
        self.link.fates += [Fate()] * count

    @rule(end=ENDS)
    def open(self, end: int) -> None:
        """Active OPEN."""
        self.link.stacks[end].open()

    @rule(end=ENDS, octets=OCTETS)
    def write(self, end: int, octets: int) -> None:
        """SEND."""
        self.link.stacks[end].write(octets)

    @rule(end=ENDS)
    def close(self, end: int) -> None:
        """CLOSE."""
        self.link.stacks[end].close()

    @rule(end=ENDS)
    def close_both(self, end: int) -> None:
        """CLOSE at the same time."""
        self.link.stacks[end].close()
        self.link.stacks[1 - end].close()

    @rule(end=ENDS, chance=st.integers(0, 4))
    def abort(self, end: int, chance: int) -> None:
        """ABORT, which ends everything else, so it is rare."""
        if chance == 4:
            self.link.stacks[end].abort()

    @rule(end=ENDS, reads=st.booleans())
    def read(self, end: int, reads: bool) -> None:
        """The program stops reading, or goes on."""
        self.link.stacks[end].read(reads)

    @rule(end=ENDS)
    def keep_alive(self, end: int) -> None:
        """A keep-alive probe, if it is idle."""
        self.link.stacks[end].keep_alive()

    @rule(time_ns=WAITS)
    def wait(self, time_ns: int) -> None:
        """Let time pass, and look."""
        self.link.run(time_ns)
        self.look()

    @rule()
    def settle(self) -> None:
        """Wait until everything is acknowledged, and look."""
        if self.link.settle():
            self.look_when_quiet()

    @invariant()
    def moves_on(self) -> None:
        """Time passes between what programs do."""
        if hasattr(self, "link"):
            self.link.run(MILLISECOND)

    def look(self) -> Json:
        """At any time: what is proven has happened, and nothing is called an error."""
        analysis = analysis_of_frames(capture_of(self.link))
        text = shown(self.link, analysis)
        for connection in tcp_connections(analysis):
            if self.link.happened & {"FIN unseen", "doubled"}:
                break  # its repetition is the first that is known of, or is none
            for stack in self.link.stacks:
                side = side_of(connection, stack)
                for change in connection["transitions"]:
                    if change["endpoint"] == side and change["certainty"] == "observed":
                        been = stack.been_in(change["time_ns"]) | {"LISTEN"}
                        assert change["correction"] or change["to"] in been, f"{change}\n{text}"
                if connection[side]["certainty"] == "observed":
                    been = stack.been_in(self.link.now)
                    assert connection[side]["state"] in been, f"{side}\n{text}"
        for finding in analysis["findings"]:
            if finding["severity"] == "error" and finding["certainty"] == "observed":
                rightly = ANYTIME.union(*(RIGHTLY.get(word, ()) for word in self.link.happened))
                assert finding["code"] in rightly, f"{finding['message']}\n{text}"
        return analysis

    def look_when_quiet(self) -> None:
        """Nothing is on its way: what is believed is what is."""
        analysis = self.look()
        happened = self.link.happened
        if happened & {"gave up", "RST astray", "refused", "doubled", "FIN unseen"}:
            # What was not answered, or ended by what no acknowledgement follows; a SYN or FIN that
            # the network doubled cannot be told from one that its sender repeated.
            return
        if {"reset", "late"} <= happened:
            return  # what was sent before the RST came may pass the tap long after it
        for connection in tcp_connections(analysis):
            for stack in self.link.stacks:
                said = connection[side_of(connection, stack)]
                text = f"{stack.socket.address}: {said}\n{shown(self.link, analysis)}"
                states = {stack.state} | ({"TIME-WAIT"} & stack.been_in(self.link.now))
                if stack.state != "LISTEN":
                    assert said["state"] in states, text
                assert states & set(said["possible_states"]), text

    def teardown(self) -> None:
        """Always look once more at the end."""
        if hasattr(self, "link") and self.link.settle():
            self.look_when_quiet()


def side_of(connection: dict[str, Any], stack: Stack) -> str:
    """Of a stack in a connection."""
    for side in ("originator", "responder"):
        if connection[side]["address"] == stack.socket.address:
            return side
    raise AssertionError(connection)


TestTwoStacks = TwoStacks.TestCase
TestTwoStacks.settings = settings(
    max_examples=settings().max_examples // 5,
    stateful_step_count=20,
    suppress_health_check=[HealthCheck.too_slow],
)
