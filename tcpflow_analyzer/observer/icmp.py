"""Whether an ICMP or ICMPv6 error that quotes a segment ends a connection attempt.

Compiled: yes

RFC 9293 3.9.2.2: hard errors abort a connection that is not synchronised, soft errors do not; RFC
5927: the quoted sequence number has to be one that is outstanding; "fragmentation needed" (type 3
code 4) and "packet too big" never end SYN-SENT.
"""

from typing import Final

from mypy_extensions import i64

from tcpflow_analyzer.decode.segment import Segment
from tcpflow_analyzer.observer.belief import believe, schedule, settle
from tcpflow_analyzer.observer.path import note_too_big
from tcpflow_analyzer.observer.timing import Timing
from tcpflow_analyzer.table.connection import (
    OUTCOME_REJECTED,
    OUTCOME_UNANSWERED,
    Connection,
)
from tcpflow_analyzer.table.endpoint import UNKNOWN, Endpoint
from tcpflow_analyzer.table.observation import ICMP_REJECTED
from tcpflow_analyzer.table.receipt import ICMP_ERROR_BIT, Receipt
from tcpflow_analyzer.tcp.states import SYN_SENT

_UNREACHABLE_V4: Final = 3
_UNREACHABLE_V6: Final = 1
_FRAGMENTATION_NEEDED: Final = 4
_TOO_BIG_V6: Final = 2


def is_hard(version: i64, kind: i64, code: i64) -> bool:
    """Whether stacks abort a connection attempt on it.

    Linux icmp_err_convert, fatal: protocol and port unreachable, and those prohibited by a filter
    (codes 9, 10, 13); host and network unreachable fail connect() too while in SYN-SENT
    (net/ipv4/tcp_ipv4.c tcp_v4_err()), version 6 alike.
    """
    if version == 6:
        return kind == _UNREACHABLE_V6
    return kind == _UNREACHABLE_V4 and code != 4


def is_too_big(segment: Segment) -> bool:
    """Whether it is "fragmentation needed" (RFC 1191) or "packet too big" (RFC 8201)."""
    if segment.icmp_version == 6:
        return segment.icmp_type == _TOO_BIG_V6
    return segment.icmp_type == _UNREACHABLE_V4 and segment.icmp_code == _FRAGMENTATION_NEEDED


def take_icmp_error(
    connection: Connection, from_originator: bool, segment: Segment, timing: Timing
) -> None:
    """Note an ICMP error about a SYN, and end the attempt if it is a hard one.

    Args:
        connection: of the quoted segment.
        from_originator: direction of the quoted segment.
        segment: as decoded from the quotation.
        timing: profile times.
    """
    settle(connection, segment.time_ns, timing)
    sender = connection.endpoint(from_originator)
    if is_too_big(segment):
        note_too_big(connection, sender, segment)
    if sender.proven != SYN_SENT or segment.seq != sender.iss:
        return
    kind, code = segment.icmp_type, segment.icmp_code
    if is_too_big(segment):
        return
    hard = is_hard(segment.icmp_version, kind, code)
    connection.icmp_source = segment.icmp_source
    connection.note(
        ICMP_REJECTED,
        from_originator,
        segment.frame,
        segment.time_ns,
        kind,
        code,
        1 if hard else 0,
    )
    if connection.outcome == OUTCOME_UNANSWERED:
        connection.outcome = OUTCOME_REJECTED
    if hard:
        _queue_error(sender, segment)
        peer = connection.endpoint(not from_originator)
        believe(connection, sender, peer, segment.time_ns, segment.frame, timing)
    schedule(connection, segment.time_ns)


def _queue_error(sender: Endpoint, segment: Segment) -> None:
    """Believed only: a SYN that is repeated afterwards takes it back."""
    error = Receipt(
        segment.frame, segment.time_ns, segment.time_ns, ICMP_ERROR_BIT, 0, 0, -1, UNKNOWN, False
    )
    sender.add_receipt(error)
