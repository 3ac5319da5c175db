"""What Wireshark's tcp.completeness says of a connection, kept segment by segment.

Compiled: yes
"""

from mypy_extensions import i64

from tcpflow_analyzer.decode.segment import Segment
from tcpflow_analyzer.table.connection import (
    COMPLETE_ACK,
    COMPLETE_DATA,
    COMPLETE_FIN,
    COMPLETE_RST,
    COMPLETE_SYN,
    COMPLETE_SYN_ACK,
    Connection,
)
from tcpflow_analyzer.tcp.control_bits import ACK, FIN, RST, SYN


def note_completeness(connection: Connection, segment: Segment) -> None:
    """Wireshark's tcp.completeness: bits in any order, of either direction.

    As Wireshark does it (tried with 4.0): data and FIN count with the ACK bit only, data on a SYN
    counts too, on a SYN-ACK it does not.
    """
    bits = segment.control_bits
    complete: i64 = 0
    if bits & SYN != 0:
        complete = COMPLETE_SYN_ACK
        if bits & ACK == 0:
            complete = COMPLETE_SYN if segment.payload_len == 0 else COMPLETE_SYN | COMPLETE_DATA
    elif bits & ACK != 0:
        complete = COMPLETE_ACK if segment.payload_len == 0 else COMPLETE_DATA
    if bits & FIN != 0 and bits & ACK != 0:
        complete |= COMPLETE_FIN
    if bits & RST != 0:
        complete |= COMPLETE_RST
    connection.completeness |= complete
