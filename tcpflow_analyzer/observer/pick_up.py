"""Connections that were running before the capture: sets of possible states, narrowed by events.

Compiled: yes

Of an endpoint that is picked up in mid-stream a *set* of states is possible (`Endpoint.possible`,
one bit a state); one of them is shown, assumed. Every event keeps the states in which it is legal
and moves them along the table; a set of one is inferred. observer.md section 7.
"""

from typing import Final

from mypy_extensions import i64

from tcpflow_analyzer.decode.segment import Segment
from tcpflow_analyzer.observer.belief import set_proven, take_back
from tcpflow_analyzer.observer.state_sets import contains, settle_certainty
from tcpflow_analyzer.observer.timing import Timing
from tcpflow_analyzer.observer.transitions import MAY_SEND
from tcpflow_analyzer.table.connection import Connection
from tcpflow_analyzer.table.endpoint import UNKNOWN, Endpoint
from tcpflow_analyzer.table.observation import MIDSTREAM
from tcpflow_analyzer.tcp.control_bits import FIN, SYN
from tcpflow_analyzer.tcp.events import PICK_UP, SND_ACK, SND_DATA, SND_FIN
from tcpflow_analyzer.tcp.states import (
    ASSUMED,
    CLOSE_WAIT,
    CLOSED,
    CLOSING,
    ESTABLISHED,
    FIN_WAIT_1,
    FIN_WAIT_2,
    INFERRED,
    LAST_ACK,
    SYN_SENT,
    TIME_WAIT,
)


def _set_of(states: tuple[int, ...]) -> int:
    total = 0
    for state in states:
        total |= 1 << state
    return total


_SYNCHRONISED: Final[int] = _set_of(
    (ESTABLISHED, FIN_WAIT_1, FIN_WAIT_2, CLOSE_WAIT, CLOSING, LAST_ACK, TIME_WAIT)
)
_SENT_DATA: Final[int] = _set_of((ESTABLISHED, CLOSE_WAIT))
_GETS_DATA: Final[int] = _set_of((ESTABLISHED, FIN_WAIT_1, FIN_WAIT_2))
_SENT_FIN: Final[int] = _set_of((FIN_WAIT_1, CLOSING, LAST_ACK))

# Which of several possible states is shown: the commonest, which comes last.
_PREFERENCE: Final = (
    CLOSED,
    CLOSING,
    TIME_WAIT,
    FIN_WAIT_1,
    LAST_ACK,
    CLOSE_WAIT,
    FIN_WAIT_2,
    ESTABLISHED,
)


def _pick(states: i64) -> i64:
    picked: i64 = CLOSED
    for state in _PREFERENCE:
        if (states >> state) & 1 != 0:
            picked = state
    return picked


def pick_up(
    connection: Connection,
    sender: Endpoint,
    receiver: Endpoint,
    segment: Segment,
    timing: Timing,
) -> None:
    """Begin a connection whose first captured segment is a SYN-ACK, or has no SYN (CP001)."""
    bits = segment.control_bits
    frame, now = segment.frame, segment.time_ns
    connection.observed |= MIDSTREAM
    if bits & SYN != 0:
        # It answers a SYN that the capture missed.
        set_proven(connection, receiver, SYN_SENT, PICK_UP, frame, now, INFERRED, timing)
        return
    connection.midstream = True
    if bits & FIN != 0:
        # The FIN that comes first in a capture is more often the second of the two.
        sender.possible = _SENT_FIN
        receiver.possible = _GETS_DATA
        _show(connection, sender, LAST_ACK, frame, now, timing)
        _show(connection, receiver, FIN_WAIT_2, frame, now, timing)
        return
    if segment.payload_len > 0:
        sender.possible = _SENT_DATA
        receiver.possible = _GETS_DATA
    else:
        sender.possible = _SYNCHRONISED
        receiver.possible = _SYNCHRONISED
    _show(connection, sender, ESTABLISHED, frame, now, timing)
    _show(connection, receiver, ESTABLISHED, frame, now, timing)


def _show(
    connection: Connection, endpoint: Endpoint, state: i64, frame: i64, now_ns: i64, timing: Timing
) -> None:
    """Enter an assumed state; where the endpoint was elsewhere before, take that back first."""
    take_back(connection, endpoint, 0, frame, now_ns)
    set_proven(connection, endpoint, state, PICK_UP, frame, now_ns, ASSUMED, timing)


def constrain(
    connection: Connection,
    sender: Endpoint,
    receiver: Endpoint,
    segment: Segment,
    end: i64,
    timing: Timing,
) -> None:
    """The sender is in one of the states in which it may send this; guess again where needed."""
    if connection.frames == 0:
        return
    bits = segment.control_bits
    frame, now = segment.frame, segment.time_ns
    event: i64 = SND_ACK
    if bits & FIN != 0:
        event = SND_FIN
    elif segment.payload_len > 0:
        event = SND_DATA
    legal: i64 = MAY_SEND[event]
    if (event == SND_FIN and sender.fin_offset == UNKNOWN) or (
        event == SND_DATA and end > sender.snd_nxt
    ):
        legal = _SENT_DATA
    if event == SND_FIN and sender.fin_offset == UNKNOWN:
        _rule_out_last_ack(connection, receiver, end - 1, frame, now, timing)
    states = sender.possible & legal
    if states == 0:
        if sender.fin_offset != UNKNOWN or not contains(legal, ESTABLISHED):
            return
        # It goes on sending although it was thought to have closed: then its peer's FIN was the
        # first.
        states = legal
    if not contains(states, sender.proven):
        if receiver.fin_offset != UNKNOWN and contains(states, CLOSE_WAIT):
            _turn_round(connection, sender, receiver, frame, now, timing)
            return
        _show(connection, sender, _pick(states), frame, now, timing)
    sender.possible = states
    settle_certainty(sender)


def _rule_out_last_ack(
    connection: Connection,
    endpoint: Endpoint,
    peer_fin_offset: i64,
    frame: i64,
    now_ns: i64,
    timing: Timing,
) -> None:
    """Its FIN did not acknowledge the peer's, so it had not been in CLOSE-WAIT before."""
    if (
        endpoint.fin_offset == UNKNOWN
        or endpoint.fin_ack > peer_fin_offset
        or not contains(endpoint.possible, FIN_WAIT_1)
        or endpoint.proven != LAST_ACK
        or endpoint.fin_acked_frame != 0
    ):
        return
    one: i64 = 1
    _show(connection, endpoint, FIN_WAIT_1, frame, now_ns, timing)
    endpoint.possible = one << FIN_WAIT_1
    settle_certainty(endpoint)


def _turn_round(
    connection: Connection,
    sender: Endpoint,
    receiver: Endpoint,
    frame: i64,
    now_ns: i64,
    timing: Timing,
) -> None:
    """The peer's FIN was the first of the two after all: this end is in CLOSE-WAIT."""
    one: i64 = 1
    _show(connection, sender, CLOSE_WAIT, frame, now_ns, timing)
    sender.possible = one << CLOSE_WAIT
    sender.certainty = INFERRED
    sender.time_wait_since_ns = 0
    sender.time_wait_until_ns = 0
    state: i64 = FIN_WAIT_2 if receiver.fin_acked_frame != 0 else FIN_WAIT_1
    _show(connection, receiver, state, frame, now_ns, timing)
    receiver.possible = one << state
    receiver.certainty = INFERRED
    connection.active_closer = 1 if receiver.is_originator else 2
