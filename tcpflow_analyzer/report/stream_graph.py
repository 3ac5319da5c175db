"""What graphs of one direction show: segments, acknowledgements, window, round trips, rate.

In: the segments of a connection. Out: a `StreamGraph`, as tcptrace and Wireshark draw them: over
time the numbers that were sent, acknowledged, and allowed; below them the round-trip times and the
rate. Offsets count from the sender's initial sequence number and never wrap. Of long connections
neighbouring points become one, so that a graph stays small; what is remarkable stays.
"""

from collections import deque
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple, TypeVar

from tcpflow_analyzer.report.ladder_plan import first_number
from tcpflow_analyzer.report.rungs import Rung
from tcpflow_analyzer.table.analysis import CLASS_NAMES
from tcpflow_analyzer.tcp.control_bits import ACK, FIN, RST, SYN
from tcpflow_analyzer.tcp.sequence import unwrap

MOST_POINTS: Final = 800  # of a kind in a graph
MOST_BINS: Final = 100
SECOND: Final = 1_000_000_000
# What a segment is, as it is drawn.
PLAIN: Final = 0
RETRANSMITTED: Final = 1
OUT_OF_ORDER: Final = 2
_RETRANSMISSIONS: Final = sum(
    1 << CLASS_NAMES.index(name)
    for name in ("retransmission", "fast_retransmission", "spurious_retransmission")
)
_OUT_OF_ORDER: Final = 1 << CLASS_NAMES.index("out_of_order")

Item = TypeVar("Item")


class Sent(NamedTuple):
    """A segment that takes sequence numbers, or several neighbours; times from the first segment.

    Attributes:
        after_ns: nanoseconds since the connection's first segment.
        start, end: offsets; the end is the first that it does not have.
        kind: PLAIN, RETRANSMITTED or OUT_OF_ORDER.
    """

    after_ns: int
    start: int
    end: int
    kind: int


class Allowed(NamedTuple):
    """What the receiver said: acknowledged up to, and allowed up to (None: not known)."""

    after_ns: int
    acknowledged: int
    edge: int | None


class Point(NamedTuple):
    """A value at a time: a round trip in nanoseconds, or a rate in bits a second."""

    after_ns: int
    value: int


class StreamGraph(NamedTuple):
    """One direction over time.

    Attributes:
        sent: in the order of the capture. allowed: likewise.
        round_trips: from a segment to the ACK that covers it, as seen where was captured; none for
            what was sent twice (RFC 6298 section 3, Karn's algorithm).
        rate: of new octets, a point for the beginning of each bin.
        bin_ns: length of a bin.
        octets: offsets that were sent in all, SYN and FIN included.
        thinned: whether neighbours were made one.
    """

    sent: list[Sent]
    allowed: list[Allowed]
    round_trips: list[Point]
    rate: list[Point]
    bin_ns: int
    octets: int
    thinned: bool


def stream_graph(
    rungs: Sequence[Rung],
    of_originator: bool,
    iss: int | None,
    window_shift: int | None,
    most: int = MOST_POINTS,
) -> StreamGraph:
    """Make the graph of what one end sent.

    Args:
        rungs: all segments of the connection, in the order of the capture.
        of_originator: which end's.
        iss: its initial sequence number (wrapped), None if it was not seen.
        window_shift: by which the receiver's windows are shifted, None if that is not known.
        most: points of a kind.
    """
    walk = _Walk(rungs, of_originator, iss, window_shift)
    for rung in rungs:
        walk.take(rung)
    sent = _thinned(walk.sent, most, _joined, _is_plain)
    allowed = _thinned(walk.allowed, most, _newest, _has_room)
    round_trips = _thinned(walk.round_trips, most, _highest, _any_point)
    bin_ns, rate = _rate(walk.new)
    thinned = (len(sent), len(allowed)) != (len(walk.sent), len(walk.allowed))
    return StreamGraph(sent, allowed, round_trips, rate, bin_ns, walk.newest, thinned)


class _Walk:
    """Goes through the segments once."""

    def __init__(
        self, rungs: Sequence[Rung], of_originator: bool, iss: int | None, shift: int | None
    ) -> None:
        self.sent: list[Sent] = []
        self.allowed: list[Allowed] = []
        self.round_trips: list[Point] = []
        self.new: list[tuple[int, int]] = []  # time and number of new octets
        self.newest = 0
        self._of_originator = of_originator
        self._origin = first_number(iss, rungs, of_originator) or 0
        self._shift = shift
        self._first_ns = rungs[0].time_ns if rungs else 0
        self._waiting: deque[tuple[int, int]] = deque()  # end and time of what is not acknowledged
        self._acknowledged = 0

    def take(self, rung: Rung) -> None:
        after_ns = rung.time_ns - self._first_ns
        if rung.from_originator == self._of_originator:
            self._send(rung, after_ns)
        elif rung.control_bits & ACK:
            self._acknowledge(rung, after_ns)

    def _send(self, rung: Rung, after_ns: int) -> None:
        bits = rung.control_bits
        length = rung.payload_len + bool(bits & SYN) + bool(bits & FIN)
        if not length or bits & RST:
            return
        start = unwrap(rung.seq, self._origin, self.newest)
        end = start + length
        kind = PLAIN
        if rung.classes & _RETRANSMISSIONS:
            kind = RETRANSMITTED
        if rung.classes & _OUT_OF_ORDER:
            kind = OUT_OF_ORDER
        self.sent.append(Sent(after_ns, start, end, kind))
        if start < self.newest:
            while self._waiting and self._waiting[-1][0] > start:
                self._waiting.pop()
        elif kind == PLAIN:
            self._waiting.append((end, after_ns))
        if end > self.newest:
            self.new.append((after_ns, end - max(start, self.newest)))
            self.newest = end

    def _acknowledge(self, rung: Rung, after_ns: int) -> None:
        if rung.control_bits & RST:
            return  # its number may be anything
        offset = unwrap(rung.ack, self._origin, self.newest)
        edge = None
        if self._shift is not None or rung.control_bits & SYN:
            shift = 0 if rung.control_bits & SYN else self._shift or 0
            edge = offset + (rung.window << shift)
        self.allowed.append(Allowed(after_ns, offset, edge))
        sent_ns = None
        while self._waiting and self._waiting[0][0] <= offset:
            sent_ns = self._waiting.popleft()[1]
        if sent_ns is not None:
            self.round_trips.append(Point(after_ns, after_ns - sent_ns))


def _thinned(
    items: list[Item],
    most: int,
    join: Callable[[list[Item]], Item],
    may_join: Callable[[Item], bool],
) -> list[Item]:
    """Make neighbours one where there are too many; the remarkable ones stay alone."""
    if len(items) <= most:
        return items
    size = -(-len(items) // most)
    found: list[Item] = []
    run: list[Item] = []
    alone = 0
    for item in items:
        is_alone = not may_join(item) and alone < most
        if is_alone or len(run) == size:
            if run:
                found.append(join(run))
            run = []
        if is_alone:
            alone += 1
            found.append(item)
        else:
            run.append(item)
    return [*found, join(run)] if run else found


def _joined(items: list[Sent]) -> Sent:
    return Sent(
        items[0].after_ns,
        min(item.start for item in items),
        max(item.end for item in items),
        items[0].kind,
    )


def _newest(items: list[Allowed]) -> Allowed:
    return items[-1]


def _highest(items: list[Point]) -> Point:
    return max(items, key=_value)


def _is_plain(item: Sent) -> bool:
    return item.kind == PLAIN


def _has_room(item: Allowed) -> bool:
    return item.edge != item.acknowledged


def _any_point(_item: Point) -> bool:
    return True


def _value(item: Point) -> int:
    return item.value


def _rate(new: Sequence[tuple[int, int]]) -> tuple[int, list[Point]]:
    """Give the length of a bin, and the rate in each."""
    if not new:
        return 0, []
    times = [after_ns for after_ns, _ in new]  # not always in order: captures may go back in time
    bin_ns = _nice((max(times) - min(times)) // MOST_BINS)
    first = min(times) // bin_ns
    counts = [0] * (max(times) // bin_ns - first + 1)
    for after_ns, octets in new:
        counts[after_ns // bin_ns - first] += octets
    points = [
        Point((first + place) * bin_ns, count * 8 * SECOND // bin_ns)
        for place, count in enumerate(counts)
    ]
    return bin_ns, points


def _nice(least_ns: int) -> int:
    """Give 1, 2 or 5 times a power of ten, not less than asked for nor than a millisecond."""
    power = 1_000_000
    while True:
        for factor in (1, 2, 5):
            if factor * power >= least_ns:
                return factor * power
        power *= 10
