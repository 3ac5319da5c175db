"""Counts of what Wireshark calls tcp.analysis, by our rules (docs/differences.md).

Compiled: yes
"""

from typing import Final

from mypy_extensions import i64, mypyc_attr

# The classes, as the JSON names them; counts and bits of masks are in this order.
CLASS_NAMES: Final = (
    "retransmission",
    "fast_retransmission",
    "spurious_retransmission",
    "out_of_order",
    "lost_segment",
    "ack_lost_segment",
    "duplicate_ack",
    "zero_window",
    "zero_window_probe",
    "window_update",
    "window_full",
    "keep_alive",
    "keep_alive_ack",
)


class Watch:
    """What the analysis remembers of one end beyond its `Endpoint`.

    Attributes:
        next_end: highest end of anything captured of it, an offset. Acknowledgements do not move it
            (they do move `Endpoint.snd_nxt`), nor do zero window probes.
        next_time_ns: when that was captured.
        to_be_acked: the same without anything behind a hole: acknowledging more is suspicious.
        frame: its last segment that the analysis has seen (header prediction passes it by).
        classes: of that segment (observer/stream_analysis.py).
        duplicate_acks: how many in a row, -1 once more was acknowledged than was captured;
            of `duplicate_ack`, wrapped.
    Attributes, what findings about the stream rest on (observer/stream_facts.py):
        openings: holes of its stream that the capture has not seen filled, several numbers each
            (see there), None for none.
        copies_of, copies, copies_first_ns, copies_last_ns, copies_gap_ns: the octets retransmitted
            again and again: offset of the first, how often, when first and last, and the time
            between the last two; `copies` is 0 for none.
        asked_ns, sack_edge: when it last acknowledged with SACK blocks above, or again the same;
            highest right edge of these blocks, an offset in the peer's stream.
        burst: duplicate ACKs in a row that SQ007 counts.
        sacked: blocks of its last SACK option as offsets, [left, right ...], None for none.
        reneged_left, reneged_right, reneged_frame, reneged_ns: a block that was missing in a later
            acknowledgement; the frame is 0 for none.
        conflict_first, conflict_again: how the octets began that came again with another content,
            both times; empty for none.
    Attributes, what findings about the window rest on (observer/window_facts.py):
        closed_ns, closed_frame: since when its window is closed; the frame is 0 while it is open.
        closed_longest_ns, closed_total_ns: of all the times it was.
        probes, probe_ns: probes it sent since its peer's window closed, and the last one's time.
        full_frame: its last segment that filled the peer's window to the edge.
    """

    def __init__(self) -> None:
        """Make a watch of an end of which nothing is known; the analysis fills it."""
        self.next_end: i64 = 0
        self.next_time_ns: i64 = 0
        self.to_be_acked: i64 = 0
        self.frame: i64 = 0
        self.classes: i64 = 0
        self.duplicate_acks: i64 = 0
        self.duplicate_ack: i64 = 0
        self.openings: list[int] | None = None
        self.copies_of: i64 = 0
        self.copies: i64 = 0
        self.copies_first_ns: i64 = 0
        self.copies_last_ns: i64 = 0
        self.copies_gap_ns: i64 = 0
        self.asked_ns: i64 = 0
        self.sack_edge: i64 = 0
        self.burst: i64 = 0
        self.sacked: list[int] | None = None
        self.reneged_left: i64 = 0
        self.reneged_right: i64 = 0
        self.reneged_frame: i64 = 0
        self.reneged_ns: i64 = 0
        self.conflict_first: bytes = b""
        self.conflict_again: bytes = b""
        self.closed_ns: i64 = 0
        self.closed_frame: i64 = 0
        self.closed_longest_ns: i64 = 0
        self.closed_total_ns: i64 = 0
        self.probes: i64 = 0
        self.probe_ns: i64 = 0
        self.full_frame: i64 = 0


@mypyc_attr(acyclic=True)
class Analysis:
    """Segments of one connection by class. Made only for connections that have any.

    Attributes:
        loop, loop_frame: equal pure ACKs that both ends send in turn, now in a row, and the first
            of them; longest_loop, longest_loop_frame: of the longest row.
    """

    def __init__(self) -> None:
        """Begin with no segment of any class."""
        self.retransmission: i64 = 0
        self.fast_retransmission: i64 = 0
        self.spurious_retransmission: i64 = 0
        self.out_of_order: i64 = 0
        self.lost_segment: i64 = 0
        self.ack_lost_segment: i64 = 0
        self.duplicate_ack: i64 = 0
        self.zero_window: i64 = 0
        self.zero_window_probe: i64 = 0
        self.window_update: i64 = 0
        self.window_full: i64 = 0
        self.keep_alive: i64 = 0
        self.keep_alive_ack: i64 = 0
        self.loop: i64 = 0
        self.loop_frame: i64 = 0
        self.longest_loop: i64 = 0
        self.longest_loop_frame: i64 = 0
        self.originator: Watch = Watch()
        self.responder: Watch = Watch()

    def watch(self, of_originator: bool) -> Watch:
        """The originator's or the responder's."""
        if of_originator:
            return self.originator
        return self.responder
