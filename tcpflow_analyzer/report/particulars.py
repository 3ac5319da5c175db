"""What the output says of a connection that follows from it and is not stored in it.

Compiled: yes
"""

from mypy_extensions import i64

from tcpflow_analyzer.table.connection import (
    OUTCOME_SIMULTANEOUS,
    Connection,
)


def originator_role(connection: Connection) -> str:
    """`role` of the originator."""
    if not connection.roles_guessed:
        return "active-opener"
    return "guessed-passive-opener" if connection.originator_listens else "guessed-active-opener"


def responder_role(connection: Connection) -> str:
    """`role` of the responder; both ends are active openers in a simultaneous open."""
    if connection.outcome == OUTCOME_SIMULTANEOUS:
        return "active-opener"
    if not connection.roles_guessed:
        return "passive-opener"
    return "guessed-active-opener" if connection.originator_listens else "guessed-passive-opener"


def time_wait_until_ns(connection: Connection) -> i64:
    """When the last TIME-WAIT ends, nanoseconds since the epoch; 0 where nobody held it."""
    return max(connection.originator.time_wait_until_ns, connection.responder.time_wait_until_ns)


def syn_to_synack_ns(connection: Connection) -> i64:
    """Nanoseconds from the SYN that was answered to its answer; -1 unless both were captured."""
    if connection.syn_frame == 0 or connection.synack_frame == 0:
        return -1
    return connection.synack_time_ns - connection.syn_time_ns


def synack_to_ack_ns(connection: Connection) -> i64:
    """Nanoseconds from the SYN-ACK to what completed the handshake; -1 unless both were seen."""
    if connection.synack_frame == 0 or connection.ack_frame == 0:
        return -1
    return connection.ack_time_ns - connection.synack_time_ns
