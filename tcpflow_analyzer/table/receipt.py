"""A segment that is on its way: sent by one endpoint, receipt by the other not proven yet.

Compiled: yes
"""

from typing import Final

from mypy_extensions import i64, mypyc_attr

ICMP_ERROR_BIT: Final = 0x1000  # above the control bits: an ICMP error about what the endpoint sent


# The next one is mostly made soon after one was proven: its memory is used again.
@mypyc_attr(acyclic=True, free_list_len=1)
class Receipt:
    """A queued hypothesis "Y received this segment of X" (the queue is Y's).

    Attributes:
        frame, time_ns: of the segment.
        due_ns: when Y has it if nothing is lost: capture time plus half of the round trip between
            tap and Y. Not believed before.
        control_bits: of the segment; ICMP_ERROR_BIT for an ICMP error instead of a segment.
        start, end: offsets in X's stream; `end` counts SYN and FIN. Equal for a pure ACK.
        ack: offset in Y's stream that it acknowledges, -1 without the ACK bit.
        tsval: timestamp value, -1 if none or if an earlier segment of X carried the same one, so
            that its echo proves nothing about this segment.
        copy: an earlier segment carried these octets, so acknowledging them proves nothing about
            the control bits and the acknowledgement of this one.
        next_receipt: the one behind it in the queue, None for the last.
    """

    def __init__(
        self,
        frame: i64,
        time_ns: i64,
        due_ns: i64,
        control_bits: i64,
        start: i64,
        end: i64,
        ack: i64,
        tsval: i64,
        copy: bool,
    ) -> None:
        """Queue a segment."""
        self.frame: i64 = frame
        self.time_ns: i64 = time_ns
        self.due_ns: i64 = due_ns
        self.control_bits: i64 = control_bits
        self.start: i64 = start
        self.end: i64 = end
        self.ack: i64 = ack
        self.tsval: i64 = tsval
        self.copy: bool = copy
        self.next_receipt: Receipt | None = None
