"""FL008: answers to what was never asked here."""

from collections.abc import Iterator
from typing import Final

from tcpflow_analyzer.findings.finding import FRAMES_KEPT, CaptureView, Finding, noun, seconds
from tcpflow_analyzer.findings.handshake.listener import most_listeners
from tcpflow_analyzer.findings.registry import host_finding
from tcpflow_analyzer.findings.time_wait.crowd import judge_host, socket_name
from tcpflow_analyzer.settings import NANOSECONDS
from tcpflow_analyzer.table.connection import Connection
from tcpflow_analyzer.table.observation import MIDSTREAM
from tcpflow_analyzer.table.socket_pair import address_text
from tcpflow_analyzer.tcp.control_bits import ACK, RST, SYN

WINDOW_NS: Final = 60 * NANOSECONDS
DESTINATIONS: Final = 3
KEPT: Final = 4096  # destinations of one listener that are told apart


class _Answerer:
    """Answers of one listener that nobody asked for."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.recent: dict[bytes, int] = {}
        self.destinations: set[bytes] = set()
        self.synacks = 0
        self.resets = 0
        self.first_ns = 0
        self.last_ns = 0
        self.frames: list[int] = []
        self.fires = False

    def add(self, destination: bytes, connection: Connection) -> None:
        """Take note of one answer."""
        now = int(connection.first_time_ns)
        self.first_ns = min(self.first_ns or now, now)
        self.last_ns = max(self.last_ns, now)
        self.frames = sorted({*self.frames, int(connection.first_frame)})[:FRAMES_KEPT]
        if len(self.destinations) < KEPT:
            self.destinations.add(destination)
        if not self.fires:
            self.recent[destination] = now
            near = [each for each, when in self.recent.items() if abs(now - when) <= WINDOW_NS]
            self.recent = {each: self.recent[each] for each in near}
            self.fires = len(near) >= DESTINATIONS


@host_finding("FL008", severity="info", since="0.2.0", wakes=MIDSTREAM)
class Backscatter:
    """Answers (SYN-ACK or RST) to hosts that sent nothing in this capture.

    Set when, for one sender (address and port), all of the following hold:
      - it sends SYN-ACK, or RST with ACK, on socket pairs of which nothing else was captured;
      - it does so to at least 3 different addresses within 60 s;
      - the capture shows both directions of other connections, and of at most 20 percent of all
        only one.

    A single one is CP001 only. State is kept for four times max_hosts senders.

    Supersedes: nothing.
    Why it matters: somebody else's flood with forged sources: your addresses were used, and the
        sender is the victim.
    What to do: tell the victim's network; check that none of your hosts sent the SYNs.
    Not proof of: forgery: the SYNs may have taken a way past the tap, or come before it began.
    Other tools: Zeek unsolicited_SYN_response, spontaneous_RST, conn_state RSTRH, SHR; Suricata
        rst_but_no_session; conntrack INVALID; Wireshark and tcptrace have no name for it.
    References: RFC 9293 section 3.5.2; RFC 4987 section 2.
    Seen in: fixtures/findings/FL008-backscatter
    """

    def __init__(self) -> None:
        """Begin with none."""
        self._answerers: dict[bytes, _Answerer] = {}
        self.left_out = 0

    def see(self, connection: Connection, capture: CaptureView) -> None:
        """Take note of a lone answer."""
        found = _answer(connection)
        if found is None:
            return
        is_synack, sender, destination = found
        answerer = self._answerers.get(sender)
        if answerer is None:
            if len(self._answerers) >= most_listeners(capture.settings):
                self.left_out += 1
                return
            name = socket_name(sender, int(connection.address_len))
            answerer = self._answerers[sender] = _Answerer(name)
        if is_synack:
            answerer.synacks += 1
        else:
            answerer.resets += 1
        answerer.add(destination, connection)

    def findings(self, capture: CaptureView) -> Iterator[Finding]:
        """One finding for each sender of unasked answers."""
        if capture.openings is None or not capture.openings.sees_both_directions():
            return
        for _, answerer in sorted(self._answerers.items()):
            if answerer.fires:
                yield judge_host(
                    "FL008",
                    subject=answerer.name,
                    severity="info",
                    certainty="inferred",
                    time_ns=answerer.last_ns,
                    frames=answerer.frames,
                    template=(
                        "{sender} sent {synacks} SYN-ACK and {resets} RST to {destinations} "
                        + noun(len(answerer.destinations), "address", "addresses")
                        + " that had sent it nothing, within {lasted:.6f} s"
                    ),
                    values={
                        "sender": answerer.name,
                        "synacks": answerer.synacks,
                        "resets": answerer.resets,
                        "destinations": len(answerer.destinations),
                        "sample": ", ".join(
                            address_text(each) for each in sorted(answerer.destinations)[:10]
                        ),
                        "lasted": seconds(answerer.last_ns - answerer.first_ns),
                        "senders_left_out": self.left_out,
                    },
                    why="no segment went the other way, though other connections show both",
                    would_disprove="SYNs of these addresses before the capture began",
                )


def _answer(connection: Connection) -> tuple[bool, bytes, bytes] | None:
    """Of a lone answer: whether it is a SYN-ACK, its sender, and the address it goes to."""
    length = int(connection.address_len)
    key = bytes(connection.key)
    ports = 2 * length
    if connection.synack_frame == connection.first_frame and not connection.originator.segments:
        sender = key[length:ports] + key[ports + 2 :]
        return True, sender, key[:length]
    originator = connection.originator
    lone = not connection.responder.segments
    if (
        lone
        and originator.segments
        and originator.last_control_bits & (SYN | RST | ACK) == (RST | ACK)
    ):
        sender = key[:length] + key[ports : ports + 2] + key[ports + 4 :]
        return False, sender, key[length:ports]
    return None
