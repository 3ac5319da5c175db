"""An engine that tells, segment by segment, whose each is; for those who draw or extract them.

Compiled: yes

The plain engine stays free of this: what is told here costs a call for each segment.
"""

from collections.abc import Callable
from typing import Final, Protocol

from mypy_extensions import i64

from tcpflow_analyzer.decode.decoder import Decoder
from tcpflow_analyzer.decode.segment import FRAGMENT, Segment, destination_word, source_word
from tcpflow_analyzer.engine import Engine
from tcpflow_analyzer.settings import Settings
from tcpflow_analyzer.table.analysis import Analysis
from tcpflow_analyzer.table.connection import Connection, Request
from tcpflow_analyzer.table.connection_table import swapped

NO_LIMIT: Final = 0


class SocketPairs:
    """Socket pairs, in either direction, to be found quickly.

    A pair that was not added may be held as well, rarely: what it gives has to be looked at.
    """

    def __init__(self) -> None:
        """Hold none."""
        self._numbers: set[int] = set()
        self._keys: set[bytes] = set()

    def add(self, key: bytes, address_len: i64) -> None:
        """Hold the pair with this key (decode/segment.py), of either direction."""
        source = source_word(key)
        if source >= 0:
            self._numbers.add(source ^ destination_word(key))
        else:
            self._keys.add(key)
            self._keys.add(swapped(key, address_len))

    def holds(self, segment: Segment) -> bool:
        """Whether a segment is of one of them."""
        if segment.source >= 0:
            return segment.source ^ segment.destination in self._numbers
        return segment.key in self._keys


class Tracer(Protocol):
    """Who hears whose each segment is."""

    def take_segment(
        self, connection: Connection, from_originator: bool, segment: Segment, classes: int
    ) -> None:
        """A segment was given to a connection.

        Args:
            connection: as it stands after the segment.
            from_originator: who sent it.
            segment: overwritten by the next one.
            classes: what Wireshark would call it, a bit for each of CLASS_NAMES
                (table/analysis.py).
        """

    def take_evidence(self, connection: Connection, frame: int) -> None:
        """A frame has to do with a connection without being a segment of it.

        It is an ICMP error that quotes one, a fragment that does not complete one, or a segment
        whose header cannot be read. Fragments may be told twice: a first one by its ports, and all
        of a datagram when it is complete.
        """

    def give_back(self, connection: Connection, frame: int) -> None:
        """The SYN in this frame turned out to be of another connection; that one takes it next."""


class TracingEngine(Engine):
    """Follows all connections, and says of each segment whose it is."""

    def __init__(
        self,
        settings: Settings,
        decoder: Decoder,
        on_finished: Callable[[Connection], None],
        profile_of_address: Callable[[bytes], int] | None,
        tracer: Tracer | None,
        last_frame: i64,
        pairs: SocketPairs | None = None,
    ) -> None:
        """Make an engine.

        Args:
            settings, decoder, on_finished, profile_of_address: as of Engine.
            tracer: hears of the segments; None to tell nobody.
            last_frame: segments of later frames are passed over, NO_LIMIT for none.
            pairs: segments of others are passed over; None to follow all.
        """
        super().__init__(settings, decoder, on_finished, profile_of_address)
        self._tracer = tracer
        self._last_frame: i64 = last_frame
        self._pairs = pairs

    def _take(self, segment: Segment) -> None:
        """Take a segment, unless it comes too late or is of no interest."""
        pairs = self._pairs
        if pairs is not None and not pairs.holds(segment):
            return
        if self._last_frame == NO_LIMIT or segment.frame <= self._last_frame:
            super()._take(segment)

    def _advance(self, connection: Connection, from_originator: bool, segment: Segment) -> None:
        """Let the observer take the segment, then tell of it."""
        tracer = self._tracer
        if tracer is None:
            super()._advance(connection, from_originator, segment)
            return
        before = _counts(connection.analysis)
        super()._advance(connection, from_originator, segment)
        classes = _classes(before, _counts(connection.analysis))
        tracer.take_segment(connection, from_originator, segment, classes)
        self._tell_fragments(tracer, connection, segment)

    def _tell_fragments(self, tracer: Tracer, connection: Connection, segment: Segment) -> None:
        """Tell of the frames before that brought parts of a segment."""
        frames = self._decoder.fragments.frames
        if len(frames) > 0 and frames[len(frames) - 1] == segment.frame:
            for index in range(len(frames) - 1):
                tracer.take_evidence(connection, frames[index])

    def _take_icmp_error(self, segment: Segment) -> None:
        """Take an ICMP error, then tell of it."""
        super()._take_icmp_error(segment)
        self._tell_evidence(segment)

    def _take_malformed(self, segment: Segment) -> None:
        """Take a header that cannot be read, then tell of it."""
        super()._take_malformed(segment)
        self._tell_evidence(segment)

    def _count_frame(self, status: i64, segment: Segment) -> None:
        """Count a frame; tell of the beginning of a segment that may never be complete."""
        super()._count_frame(status, segment)
        if status == FRAGMENT and len(segment.key) > 0:
            self._tell_evidence(segment)

    def _tell_evidence(self, segment: Segment) -> None:
        tracer = self._tracer
        if tracer is not None:
            entry = self._table.find(segment)
            if isinstance(entry, Connection):
                tracer.take_evidence(entry, segment.frame)

    def _take_syn(self, connection: Connection, direct: bool, segment: Segment) -> bool:
        """A SYN on a known connection; tell of one that only waits to be accepted."""
        is_taken = super()._take_syn(connection, direct, segment)
        candidate = connection.candidate
        tracer = self._tracer
        if (
            tracer is not None
            and is_taken
            and candidate is not None
            and candidate.frame == segment.frame
        ):
            tracer.take_segment(connection, direct, segment, 0)
        return is_taken

    def _uncount_syn(self, old: Connection, candidate: Request) -> None:
        """The candidate's SYN turned out to belong to the next incarnation."""
        super()._uncount_syn(old, candidate)
        tracer = self._tracer
        if tracer is not None:
            tracer.give_back(old, candidate.frame)


def _counts(analysis: Analysis | None) -> list[int]:
    """How many segments of each class a connection has had, in the order of CLASS_NAMES."""
    if analysis is None:
        return []
    return [
        analysis.retransmission,
        analysis.fast_retransmission,
        analysis.spurious_retransmission,
        analysis.out_of_order,
        analysis.lost_segment,
        analysis.ack_lost_segment,
        analysis.duplicate_ack,
        analysis.zero_window,
        analysis.zero_window_probe,
        analysis.window_update,
        analysis.window_full,
        analysis.keep_alive,
        analysis.keep_alive_ack,
    ]


def _classes(before: list[int], after: list[int]) -> int:
    """Which counts have grown, a bit for each."""
    classes: int = 0
    bit: int = 1
    for index in range(len(after)):
        had = before[index] if before else 0
        if after[index] > had:
            classes |= bit
        bit += bit
    return classes
