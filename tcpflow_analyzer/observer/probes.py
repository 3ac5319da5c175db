"""Tells what kind of probe a lone segment without SYN is (FL004).

Compiled: yes

RFC 9293 3.10.7.1 and 3.10.7.2: a closed port answers any segment without RST by RST, and an open
one ignores those without ACK and RST; so the answer tells the state of the port.
"""

from typing import Final

from mypy_extensions import i64

from tcpflow_analyzer.table.connection import Connection
from tcpflow_analyzer.table.openings import (
    PROBE_ACK,
    PROBE_FIN,
    PROBE_MAIMON,
    PROBE_NULL,
    PROBE_XMAS,
)
from tcpflow_analyzer.tcp.control_bits import ACK, FIN, PSH, URG

_MOST: Final = 2  # segments of a probe: it may be repeated once
NONE: Final = -1


def probe_kind(connection: Connection) -> i64:
    """PROBE_* if the connection is a probe answered by RST or not at all, else NONE."""
    originator, responder = connection.originator, connection.responder
    if (
        not connection.midstream
        or originator.segments > _MOST
        or originator.rst_frame != 0
        or responder.segments != connection.reset_count
    ):
        return NONE
    bits = originator.last_control_bits & 0x3F
    if bits == 0:
        return PROBE_NULL
    if bits == FIN:
        return PROBE_FIN
    if bits == FIN | PSH | URG:
        return PROBE_XMAS
    if bits == ACK:
        return PROBE_ACK
    if bits == FIN | ACK:
        return PROBE_MAIMON
    return NONE
