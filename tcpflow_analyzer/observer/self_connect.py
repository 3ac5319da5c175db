"""A socket connected to itself: one socket that plays both roles (LC003).

Compiled: yes

RFC 9293 3.5, a degenerate simultaneous open, seen on Linux: SYN, SYN-ACK, ACK; the close is FIN,
ACK. Every segment is sent and, on loopback, received at once. The originator's endpoint carries
the socket; the responder's follows it, being the same.
"""

from mypy_extensions import i64

from tcpflow_analyzer.decode.segment import Segment
from tcpflow_analyzer.observer.belief import prove, set_proven
from tcpflow_analyzer.observer.timing import Timing
from tcpflow_analyzer.table.connection import (
    BOTH,
    OUTCOME_SIMULTANEOUS,
    OUTCOME_UNANSWERED,
    Connection,
)
from tcpflow_analyzer.table.endpoint import UNKNOWN, Endpoint
from tcpflow_analyzer.table.observation import ACTIVE_CLOSE, SIMULTANEOUS_CLOSE
from tcpflow_analyzer.tcp.control_bits import ACK, FIN, RST, SYN
from tcpflow_analyzer.tcp.events import (
    RCV_ACK_OF_FIN,
    RCV_ACK_OF_SYN,
    RCV_FIN,
    RCV_RST,
    RCV_SYN,
    SND_FIN,
    SND_RST,
    SND_SYN,
)


def is_self_connect(connection: Connection) -> bool:
    """Whether both sockets of a connection are the same."""
    if connection.source >= 0:
        return connection.source == connection.destination
    key, address_len = connection.key, connection.address_len
    ports = 2 * address_len
    return (
        key[:address_len] == key[address_len:ports]
        and key[ports : ports + 2] == key[ports + 2 : ports + 4]
    )


def take_self_segment(
    connection: Connection, segment: Segment, end: i64, acknowledgement: i64, timing: Timing
) -> None:
    """Move the one socket: the segment is sent, and received with the next breath."""
    socket = connection.originator
    bits = segment.control_bits
    if bits & RST != 0:
        _both(connection, socket, SND_RST, RCV_RST, segment, timing)
    elif bits & SYN != 0:
        if bits & ACK == 0:
            connection.outcome = OUTCOME_UNANSWERED
            connection.syn_frame, connection.syn_time_ns = segment.frame, segment.time_ns
            _both(connection, socket, SND_SYN, RCV_SYN, segment, timing)
        else:
            connection.outcome = OUTCOME_SIMULTANEOUS
            connection.synack_frame, connection.synack_time_ns = segment.frame, segment.time_ns
            _both(connection, socket, RCV_ACK_OF_SYN, RCV_ACK_OF_SYN, segment, timing)
    else:
        if connection.ack_frame == 0 and bits & ACK != 0:
            connection.ack_frame, connection.ack_time_ns = segment.frame, segment.time_ns
        if bits & FIN != 0 and socket.fin_offset == UNKNOWN:
            _close(connection, socket, segment, end, timing)
        elif socket.fin_offset != UNKNOWN and acknowledgement > socket.fin_offset:
            socket.fin_acked_frame = segment.frame
            socket.fin_acked_time_ns = segment.time_ns
            _both(connection, socket, RCV_ACK_OF_FIN, RCV_ACK_OF_FIN, segment, timing)
    _follow(connection, socket, segment, timing)


def _close(
    connection: Connection, socket: Endpoint, segment: Segment, end: i64, timing: Timing
) -> None:
    socket.fin_offset = end - 1
    socket.fin_frame = segment.frame
    socket.fin_time_ns = segment.time_ns
    connection.active_closer = BOTH
    connection.observed |= ACTIVE_CLOSE | SIMULTANEOUS_CLOSE
    _both(connection, socket, SND_FIN, RCV_FIN, segment, timing)


def _both(
    connection: Connection,
    socket: Endpoint,
    sent: i64,
    received: i64,
    segment: Segment,
    timing: Timing,
) -> None:
    for event in (sent, received):
        prove(connection, socket, event, segment.frame, segment.frame, segment.time_ns, timing)


def _follow(connection: Connection, socket: Endpoint, segment: Segment, timing: Timing) -> None:
    """The responder is the same socket."""
    mirror = connection.responder
    mirror.iss = socket.iss
    mirror.has_origin = True
    mirror.iss_seen = socket.iss_seen
    mirror.fin_offset = socket.fin_offset
    mirror.fin_frame = socket.fin_frame
    mirror.fin_acked_frame = socket.fin_acked_frame
    if mirror.proven != socket.proven:
        event: i64 = SND_SYN  # written down nowhere where no transitions are kept
        transitions = connection.transitions
        if transitions is not None:
            event = transitions[len(transitions) - 1].event
        set_proven(
            connection,
            mirror,
            socket.proven,
            event,
            segment.frame,
            segment.time_ns,
            socket.certainty,
            timing,
        )
    else:
        mirror.proven = socket.proven
        mirror.believed = socket.believed
