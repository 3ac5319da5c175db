"""Holds the connections of a service against what is expected of them.

Health probes (gate/rules.py) are left out, except where connections are counted against
`at_least`. A connection whose end was not captured is judged by its state only if the capture went
on long enough after its last segment: a capture that merely stops proves nothing.

Memory: numbers for each connection that may turn out wrong, and handshake times.
"""

from array import array
from collections import Counter
from math import ceil
from typing import Final

from tcpflow_analyzer.gate.configuration import QUANTILES, Expectation
from tcpflow_analyzer.gate.identity import fingerprint, states_text
from tcpflow_analyzer.gate.result import ExpectationResult, Place
from tcpflow_analyzer.report.record import ConnectionRecord
from tcpflow_analyzer.report.sink import LocateFrame
from tcpflow_analyzer.report.wording import counted, duration_text, shortly_listed
from tcpflow_analyzer.table.connection import Connection
from tcpflow_analyzer.tcp.states import State

EXAMPLES: Final = 10  # connections that a result names
MOST_PAIRS: Final = 5  # of end states that a sentence names
# States of either end, the first that applies, and what leaves connections so.
_LEFT_BY: Final = (
    (
        {"CLOSE-WAIT"},
        "the end in CLOSE-WAIT was told that the other is done, and never called close(): "
        "tcpflow explain CL005",
    ),
    (
        {"SYN-SENT", "SYN-RECEIVED"},
        "these were never opened: tcpflow explain HS001 and HS007",
    ),
    (
        {"ESTABLISHED"},
        "nobody closed these: close them before the test ends, or let the capture go on until "
        "they are",
    ),
    (
        {"FIN-WAIT-1", "FIN-WAIT-2", "CLOSING", "LAST-ACK"},
        "a FIN or its ACK is missing: tcpflow explain CL001 and CL006",
    ),
    (
        {"TIME-WAIT"},
        "the end in TIME-WAIT closed first; let the other do it, or allow this pair of states",
    ),
)
OVER: Final = frozenset({State.CLOSED, State.LISTEN, State.TIME_WAIT})
_OPENED: Final = frozenset({"completed", "simultaneous", "split", "midstream"})


class Example:
    """The first connections that are wrong, and how many there are."""

    def __init__(self) -> None:
        """Begin with none."""
        self.count = 0
        self.connections: list[int] = []
        self.frames: list[int] = []

    def add(self, number: int, frame: int) -> None:
        """Count a connection; `frame` is the one to look at."""
        self.count += 1
        if len(self.connections) < EXAMPLES:
            self.connections.append(number)
            self.frames.append(frame)

    def sort(self) -> None:
        """Bring them into the order of the capture: they come in the order in which they ended."""
        pairs = sorted(zip(self.connections, self.frames, strict=True))
        self.connections = [number for number, _ in pairs]
        self.frames = [frame for _, frame in pairs]


class Tally:
    """One expectation and the connections of one capture that it is about.

    Attributes:
        connections: how many there are, health probes included.
        forbidden: how many findings it forbids there are.
    """

    def __init__(self, expectation: Expectation) -> None:
        """Begin to count."""
        self.expectation = expectation
        self.connections = 0
        self.forbidden = Example()
        self.forbidden_codes: Counter[str] = Counter()
        self._judged = 0  # connections without health probes
        self._too_many = Example()
        self._closed = 0
        self._wrong_closers: Counter[str] = Counter()
        self._closers = Example()
        self._wrong_states: dict[str, Example] = {}
        # Of connections that are not over: last time, number, last frame, index of their states.
        self._open = array("q")
        self._open_states: list[str] = []
        self._handshakes = array("q")  # nanoseconds, number, frame

    def take(self, connection: Connection, record: ConnectionRecord, harmless: bool) -> None:
        """Take a connection of the service.

        Args:
            connection: the table's, for what the record does not hold.
            record: of it.
            harmless: whether it is a health probe.
        """
        self.connections += 1
        if harmless:
            return
        expectation = self.expectation
        self._judged += 1
        most = expectation.max_connections
        if most is not None and self._judged > most:
            self._too_many.add(record.number, record.first_frame)
        if expectation.closed_by:
            self._take_closer(connection, record)
        if expectation.states:
            self._take_states(record)
        if expectation.quantiles and connection.ack_frame and not record.midstream:
            # From the first SYN, as connect() waits: repeats of a lost SYN are part of it.
            waited_ns = connection.ack_time_ns - record.first_time_ns
            self._handshakes.extend((waited_ns, record.number, connection.ack_frame))

    def _take_closer(self, connection: Connection, record: ConnectionRecord) -> None:
        closer = record.active_closer
        if closer is None or record.outcome not in _OPENED:
            return
        self._closed += 1
        if closer not in (self.expectation.closed_by, "both"):
            end = connection.originator if closer == "originator" else connection.responder
            self._wrong_closers[closer] += 1
            self._closers.add(record.number, end.fin_frame or end.rst_frame or record.last_frame)

    def _take_states(self, record: ConnectionRecord) -> None:
        pair = states_text(record)
        if pair in self.expectation.states:
            return
        if record.originator.state in OVER and record.responder.state in OVER:
            self._wrong_states.setdefault(pair, Example()).add(record.number, record.last_frame)
            return
        if pair not in self._open_states:
            self._open_states.append(pair)
        self._open.extend(
            (
                record.last_time_ns,
                record.number,
                record.last_frame,
                self._open_states.index(pair),
            )
        )

    def results(
        self, capture: str, last_time_ns: int, locate: LocateFrame
    ) -> list[ExpectationResult]:
        """Judge, when the capture has ended; everything but `at_least`.

        Args:
            capture: the path under which it is reported.
            last_time_ns: of the capture.
            locate: finds the file of a frame.
        """
        expectation = self.expectation
        results = []
        if expectation.closed_by:
            results.append(self._closed_by(capture, locate))
        if expectation.states:
            results.append(self._states(capture, last_time_ns, locate))
        if expectation.max_connections is not None:
            results.append(self._max_connections(expectation.max_connections, capture, locate))
        for key, limit_ns in expectation.quantiles.items():
            results.append(self._quantile(key, limit_ns, capture, locate))
        if expectation.forbid:
            results.append(self._forbid(capture, locate))
        return results

    def _result(
        self,
        key: str,
        capture: str,
        expected: str,
        found: str,
        message: str,
        advice: str,
        wrong: Example,
        locate: LocateFrame,
        detail: str = "",
    ) -> ExpectationResult:
        passed = wrong.count == 0
        name = self.expectation.name
        return ExpectationResult(
            name=name,
            key=key,
            capture=capture,
            passed=passed,
            expected=expected,
            found=found,
            message=message,
            advice="" if passed else advice,
            places=places_of(wrong.frames, locate),
            connections=tuple(wrong.connections),
            count=wrong.count,
            fingerprint=fingerprint("expectation", name, key, detail),
            origin=self.expectation.origin(key),
        )

    def _closed_by(self, capture: str, locate: LocateFrame) -> ExpectationResult:
        expected, wrong = self.expectation.closed_by, self._closers
        wrong.sort()
        found = ", ".join(f"{who} {count}" for who, count in sorted(self._wrong_closers.items()))
        message = (
            f"the {next(iter(self._wrong_closers), '')} closed first in {wrong.count:,} of "
            f"{counted(self._closed, 'connection')}, expected: the {expected}"
            if wrong.count
            else f"the {expected} closed first, in {counted(self._closed, 'connection')}"
        )
        advice = (
            f"let the {expected} close, or look why the other end does it: an idle time-out, "
            "Connection: close, a process that ends; who closes first holds TIME-WAIT"
        )
        detail = "/".join(sorted(self._wrong_closers))
        return self._result(
            "closed_by", capture, expected, found, message, advice, wrong, locate, detail
        )

    def _states(self, capture: str, last_time_ns: int, locate: LocateFrame) -> ExpectationResult:
        open_ones = self._open
        for index in range(0, len(open_ones), 4):
            if last_time_ns - open_ones[index] >= self.expectation.settle_ns:
                pair = self._open_states[open_ones[index + 3]]
                example = self._wrong_states.setdefault(pair, Example())
                example.add(open_ones[index + 1], open_ones[index + 2])
        pairs = sorted(self._wrong_states.items(), key=lambda each: (-each[1].count, each[0]))
        wrong = Example()
        for _, example in pairs:
            for number, frame in zip(example.connections, example.frames, strict=True):
                wrong.add(number, frame)
        wrong.count = sum(example.count for _, example in pairs)
        wrong.sort()
        found = shortly_listed([f"{pair} ({each.count:,})" for pair, each in pairs], MOST_PAIRS)
        expected = " or ".join(self.expectation.states)
        message = (
            f"{wrong.count:,} of {counted(self._judged, 'connection')} left in other states: "
            f"{found}; expected: {expected}"
            if wrong.count
            else f"{counted(self._judged, 'connection')} left in {expected}, or not over yet"
        )
        advice = _states_advice(pairs[0][0]) if pairs else ""
        detail = "/".join(pair for pair, _ in sorted(pairs))
        return self._result(
            "states", capture, expected, found, message, advice, wrong, locate, detail
        )

    def _max_connections(self, most: int, capture: str, locate: LocateFrame) -> ExpectationResult:
        expected, found = f"at most {most:,}", f"{self._judged:,}"
        is_wrong = self._judged > most
        message = f"{counted(self._judged, 'connection')}, expected {expected}"
        advice = "reuse connections (keep-alive, a pool) instead of opening one for each request"
        wrong = self._too_many if is_wrong else Example()
        wrong.sort()
        return self._result(
            "max_connections",
            capture,
            expected,
            found,
            message if is_wrong else counted(self._judged, "connection"),
            advice,
            wrong,
            locate,
        )

    def _quantile(
        self, key: str, limit_ns: int, capture: str, locate: LocateFrame
    ) -> ExpectationResult:
        times = sorted(
            zip(
                self._handshakes[::3],
                self._handshakes[1::3],
                self._handshakes[2::3],
                strict=True,
            )
        )
        expected = f"at most {duration_text(limit_ns)}"
        wrong = Example()
        if not times:
            message = "no handshake was captured from its SYN to its end"
            return self._result(key, capture, expected, "none", message, "", wrong, locate)
        # The nearest rank: the smallest time that so many of the handshakes do not exceed.
        rank = max(ceil(QUANTILES[key] * len(times)), 1)
        value_ns = times[rank - 1][0]
        name = key.removeprefix("handshake_")
        found = duration_text(value_ns)
        message = f"handshakes took {found} ({name} of {counted(len(times), 'handshake')})"
        if value_ns > limit_ns:
            for waited_ns, number, frame in reversed(times):
                if waited_ns > limit_ns:
                    wrong.add(number, frame)
            message += f", expected {expected}"
        advice = (
            "look at the slowest: a repeated SYN (HS002) is loss or a full accept queue, "
            "a late SYN-ACK is distance or load"
        )
        return self._result(key, capture, expected, found, message, advice, wrong, locate)

    def _forbid(self, capture: str, locate: LocateFrame) -> ExpectationResult:
        expected = "no " + ", ".join(codes.text for codes in self.expectation.forbid)
        found = ", ".join(f"{code} {n}" for code, n in sorted(self.forbidden_codes.items()))
        message = f"found {found}, expected {expected}" if found else f"{expected} was found"
        detail = "/".join(sorted(self.forbidden_codes))
        advice = "see the findings"
        self.forbidden.sort()
        return self._result(
            "forbid", capture, expected, found, message, advice, self.forbidden, locate, detail
        )


def _states_advice(pair: str) -> str:
    """Say what leaves connections so, and where to look."""
    ends = set(pair.split("/"))
    for states, advice in _LEFT_BY:
        if states & ends:
            return advice
    return (
        "a reset, a refusal or an ICMP error ended them; who sent it, and the frame, is told by "
        "tcpflow analyze --all"
    )


def at_least_result(
    expectation: Expectation, least: int, capture: str, connections: int
) -> ExpectationResult:
    """Judge whether there were connections enough, over all captures that it concerns."""
    passed = connections >= least
    expected = f"at least {least:,}"
    message = counted(connections, "connection")
    return ExpectationResult(
        name=expectation.name,
        key="at_least",
        capture=capture,
        passed=passed,
        expected=expected,
        found=f"{connections:,}",
        message=message if passed else f"{message}, expected {expected}",
        advice=""
        if passed
        else "was the traffic captured on the right interface, and does where fit?",
        places=(),
        connections=(),
        count=0 if passed else 1,
        fingerprint=fingerprint("expectation", expectation.name, "at_least"),
        origin=expectation.origin("at_least"),
    )


def places_of(frames: "tuple[int, ...] | list[int]", locate: LocateFrame) -> tuple[Place, ...]:
    """Give the files and own numbers of frames."""
    found = (locate(frame) for frame in frames if frame > 0)
    return tuple(Place(*place) for place in found if place is not None)
