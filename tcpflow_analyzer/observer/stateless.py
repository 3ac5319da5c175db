"""Listeners that keep no state for half-open connections: SYN cookies, seen from outside.

Compiled: yes

RFC 4987 3.6: under SYN cookies a listener answers every SYN and remembers none, so it does not
repeat those SYN-ACKs. Where several SYN-ACKs are overdue for repetition, and more than were
repeated, its half-open connections are assumed CLOSED: from the moment the first was overdue, and
at once for later ones. The few that filled the queue before go with them, for Linux prunes a full
queue "without pity" (net/ipv4/inet_connection_sock.c, reqsk_timer_handler()).
"""

from typing import Final

from mypy_extensions import i64

from tcpflow_analyzer.observer.belief import schedule, settle
from tcpflow_analyzer.observer.census import listener_key
from tcpflow_analyzer.observer.timing import Timing
from tcpflow_analyzer.table.connection import Connection, Entry
from tcpflow_analyzer.table.endpoint import NEVER
from tcpflow_analyzer.tcp.states import SYN_RECEIVED

# RFC 6298 2.1: the first retransmission comes after one second; a fifth more is allowed for.
_OVERDUE: Final = 1_200_000_000
_ENOUGH: Final = 3  # overdue SYN-ACKs of one listener; a single one may be any loss


class _HalfOpen:
    """Half-open connections of one listener."""

    def __init__(self) -> None:
        self.connections: list[Connection] = []
        self.overdue: i64 = 0
        self.first_overdue_ns: i64 = NEVER
        self.repeated: i64 = 0


def settle_stateless_listeners(entries: list[Entry | None], now_ns: i64, timing: Timing) -> None:
    """Close half-open connections at listeners that evidently keep none; at the capture's end.

    Args:
        entries: of the table.
        now_ns: time of the last frame.
        timing: profile times.
    """
    listeners: dict[bytes, _HalfOpen] = {}
    for entry in entries:
        if (
            isinstance(entry, Connection)
            and not entry.finished
            and entry.responder.proven == SYN_RECEIVED
        ):
            settle(entry, now_ns, timing)
            _add(listeners, entry, now_ns)
    for half_open in listeners.values():
        if half_open.overdue >= _ENOUGH and half_open.overdue > half_open.repeated:
            for connection in half_open.connections:
                _give_up(connection, half_open.first_overdue_ns, now_ns, timing)


def _add(listeners: dict[bytes, _HalfOpen], connection: Connection, now_ns: i64) -> None:
    key = listener_key(connection.key, connection.address_len)
    half_open = listeners.get(key)
    if half_open is None:
        half_open = _HalfOpen()
        listeners[key] = half_open
    responder = connection.responder
    if responder.retries > 0:
        half_open.repeated += 1
    if responder.believed != SYN_RECEIVED:
        return
    half_open.connections.append(connection)
    due = responder.retry_time_ns + _OVERDUE
    if responder.retries == 0 and due <= now_ns:
        half_open.overdue += 1
        if due < half_open.first_overdue_ns:
            half_open.first_overdue_ns = due


def _give_up(connection: Connection, known_since_ns: i64, now_ns: i64, timing: Timing) -> None:
    responder = connection.responder
    since = responder.retry_time_ns
    responder.give_up_ns = known_since_ns if known_since_ns > since else since
    schedule(connection, since - 1)
    settle(connection, now_ns, timing)
