"""Counts of what Wireshark calls tcp.analysis, by our rules (docs/differences.md).

Compiled: yes
"""

from mypy_extensions import i64


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
