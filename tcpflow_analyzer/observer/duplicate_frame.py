"""CP006: the same packet, captured twice.

Compiled: yes
"""

from typing import Final

from tcpflow_analyzer.decode.segment import Segment
from tcpflow_analyzer.table.endpoint import Endpoint
from tcpflow_analyzer.tcp.control_bits import FIN, SYN

_MILLISECOND: Final = 1_000_000
_COPY_WINDOW: Final = 1 * _MILLISECOND  # CP006, same interface
_COPY_WINDOW_OTHER_INTERFACE: Final = 50 * _MILLISECOND


def is_captured_twice(sender: Endpoint, segment: Segment) -> bool:
    """Whether it is the sender's last segment once more: a mirror port, two interfaces, a bridge.

    A pure ACK or a RST is a copy only with an equal IP identification that varies, or from another
    interface or with another TTL: a burst of duplicate ACKs is real.
    """
    if (
        sender.segments == 0
        or segment.seq != sender.last_seq
        or segment.control_bits != sender.last_control_bits
        or segment.payload_len != sender.last_payload_len
        or segment.ack != sender.last_ack
        or segment.checksum != sender.last_checksum & 0xFFFF
        or segment.ip_id != sender.last_ip_id
    ):
        return False
    age = segment.time_ns - sender.last_time_ns
    if segment.interface != sender.last_checksum >> 16:
        return age <= _COPY_WINDOW_OTHER_INTERFACE
    if age > _COPY_WINDOW:
        return False
    if segment.payload_len > 0 or segment.control_bits & (SYN | FIN) != 0:
        return True
    return segment.ip_id > 0  # a host without the connection answers each segment by the same RST
