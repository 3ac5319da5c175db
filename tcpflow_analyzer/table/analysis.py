"""Counts of what Wireshark calls tcp.analysis, by our rules (docs/differences.md).

Compiled: yes
"""

from mypy_extensions import i64, mypyc_attr


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


@mypyc_attr(acyclic=True)
class Analysis:
    """Segments of one connection by class. Made only for connections that have any."""

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
        self.originator: Watch = Watch()
        self.responder: Watch = Watch()

    def watch(self, of_originator: bool) -> Watch:
        """The originator's or the responder's."""
        if of_originator:
            return self.originator
        return self.responder
