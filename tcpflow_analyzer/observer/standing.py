"""How things stand at a moment: ends by state, what listeners hold, the ports that clients use.

Compiled: yes

Only looks: nothing of a connection changes, so that looking never shows in a report. What is due by
the moment (a receipt, a timer) has happened in the counts.
"""

from typing import Final

from mypy_extensions import i64

from tcpflow_analyzer.observer.belief import owes
from tcpflow_analyzer.observer.census import listener_key, listener_key_of, service_key_of
from tcpflow_analyzer.observer.request import address_len_of
from tcpflow_analyzer.observer.retransmission_timer import FIRST_SYN_GIVES_UP
from tcpflow_analyzer.observer.socket_words import pair_word, socket_word
from tcpflow_analyzer.observer.timing import Timing
from tcpflow_analyzer.observer.transitions import NO_NEXT, next_state
from tcpflow_analyzer.table.connection import Connection, Entry, Request
from tcpflow_analyzer.table.connection_table import swapped
from tcpflow_analyzer.table.endpoint import UNKNOWN, Endpoint
from tcpflow_analyzer.table.receipt import ICMP_ERROR_BIT, Receipt
from tcpflow_analyzer.tcp.control_bits import ACK, FIN, RST, SYN
from tcpflow_analyzer.tcp.events import (
    RCV_ACK_OF_FIN,
    RCV_ACK_OF_SYN,
    RCV_FIN,
    RCV_ICMP_ERROR,
    RCV_RST,
    RCV_SYN,
    RCV_SYN_ACK,
    TIMER_GIVE_UP,
    TIMER_TIME_WAIT,
)
from tcpflow_analyzer.tcp.states import (
    CLOSE_WAIT,
    CLOSED,
    ESTABLISHED,
    STATE_COUNT,
    SYN_RECEIVED,
    SYN_SENT,
    TIME_WAIT,
)

MOST_LISTENERS: Final = 16_384  # as in observer/census.py
_LOOPBACK: Final = 127  # 127.0.0.0/8 is this machine (RFC 1122 3.2.1.3)


class ListenerStanding:
    """What one listener holds.

    Attributes:
        key: its address, its port, then the octets of the scope.
        address_len: 4 or 16.
        half_open, established, close_wait, time_wait: ends of its own in SYN-RECEIVED,
            ESTABLISHED, CLOSE-WAIT, TIME-WAIT.
    """

    def __init__(self, key: bytes, address_len: i64) -> None:
        """Begin with nothing."""
        self.key: bytes = key
        self.address_len: i64 = address_len
        self.half_open: i64 = 0
        self.established: i64 = 0
        self.close_wait: i64 = 0
        self.time_wait: i64 = 0


class ClientStanding:
    """Source ports that a client uses towards a service.

    Attributes:
        key: address of the client, address and port of the service, then the octets of the scope.
        address_len: 4 or 16.
        profile: of the client, index into settings.PROFILES.
        in_use: of its ports, whatever the state; time_wait: of these in TIME-WAIT.
        first_port, last_port: lowest and highest of them.
    """

    def __init__(self, key: bytes, address_len: i64, profile: i64, port: i64) -> None:
        """Begin with a port."""
        self.key: bytes = key
        self.address_len: i64 = address_len
        self.profile: i64 = profile
        self.in_use: i64 = 0
        self.time_wait: i64 = 0
        self.first_port: i64 = port
        self.last_port: i64 = port


class Standing:
    """Counts of one look at all connections.

    Attributes:
        originators, responders: state -> ends in it; an index is a state of tcp/states.py.
        here: likewise, of the ends on this machine, whichever they are.
        connections: of which one end at least is not CLOSED.
        listeners, clients: by number (observer/socket_words.py).
    """

    def __init__(self, addresses: set[bytes], timing: Timing) -> None:
        """Count nothing yet.

        Args:
            addresses: of this machine, 4 or 16 octets each.
            timing: profile times.
        """
        self.originators: list[int] = [0] * STATE_COUNT
        self.responders: list[int] = [0] * STATE_COUNT
        self.here: list[int] = [0] * STATE_COUNT
        self.connections: i64 = 0
        self.listeners: dict[int, ListenerStanding] = {}
        self.clients: dict[int, ClientStanding] = {}
        self._timing = timing
        self._addresses: set[bytes] = addresses
        self._words: set[int] = set()
        for address in addresses:
            if len(address) == 4:
                self._words.add(int.from_bytes(address, "big"))

    def count(self, entries: list[Entry | None], now_ns: i64) -> None:
        """Count the entries of an engine as they stand at a time, in nanoseconds."""
        for entry in entries:
            if isinstance(entry, Connection):
                self._count_connection(entry, now_ns)
            elif isinstance(entry, Request):
                self._count_request(entry, now_ns)

    def _count_connection(self, connection: Connection, now_ns: i64) -> None:
        if connection.finished:
            return
        originator, responder = connection.originator, connection.responder
        one = originator.believed
        other = responder.believed
        if connection.next_due_ns <= now_ns:
            one = state_by(originator, responder, now_ns, self._timing)
            other = state_by(responder, originator, now_ns, self._timing)
        if one == CLOSED and other == CLOSED:
            return
        self.connections += 1
        self.originators[one] += 1
        self.responders[other] += 1
        if len(self._addresses) > 0:
            length = connection.address_len
            if self._is_here(connection, length, True):
                self.here[one] += 1
            if self._is_here(connection, length, False):
                self.here[other] += 1
        if connection.roles_guessed and connection.originator_listens:
            self._count_listener(connection, one, True)
        else:
            self._count_listener(connection, other, False)
            if one != CLOSED:
                self._count_client(connection, one)

    def _count_request(self, request: Request, now_ns: i64) -> None:
        if request.number == 0 or not is_open(request, now_ns):
            return
        self.connections += 1
        self.originators[SYN_SENT] += 1
        self.responders[CLOSED] += 1
        if len(self._addresses) > 0 and self._is_here(request, address_len_of(request), True):
            self.here[SYN_SENT] += 1

    def _is_here(self, entry: Entry, address_len: i64, of_originator: bool) -> bool:
        """Whether an end has an address of this machine."""
        word = entry.source if of_originator else entry.destination
        if word >= 0:
            return word >> 40 == _LOOPBACK or (word >> 16) in self._words
        key = entry.key
        start: i64 = 0 if of_originator else address_len
        return key[start : start + address_len] in self._addresses

    def _count_client(self, connection: Connection, state: i64) -> None:
        length = connection.address_len
        source: i64 = socket_word(connection, length, True)
        word = pair_word(source >> 16, socket_word(connection, length, False))
        port = source & 0xFFFF
        client = self.clients.get(word)
        if client is None:
            if len(self.clients) >= MOST_LISTENERS:
                return
            profile = connection.originator.profile
            client = ClientStanding(service_key_of(connection), length, profile, port)
            self.clients[word] = client
        client.in_use += 1
        if state == TIME_WAIT:
            client.time_wait += 1
        if port < client.first_port:
            client.first_port = port
        if port > client.last_port:
            client.last_port = port

    def _count_listener(self, connection: Connection, state: i64, of_originator: bool) -> None:
        if (
            state != ESTABLISHED
            and state != CLOSE_WAIT
            and state != TIME_WAIT
            and state != SYN_RECEIVED
        ):
            return
        length = connection.address_len
        word: i64 = socket_word(connection, length, of_originator)
        listener = self.listeners.get(word)
        if listener is None:
            if len(self.listeners) >= MOST_LISTENERS:
                return
            listener = ListenerStanding(_name(connection, of_originator), length)
            self.listeners[word] = listener
        if state == ESTABLISHED:
            listener.established += 1
        elif state == CLOSE_WAIT:
            listener.close_wait += 1
        elif state == TIME_WAIT:
            listener.time_wait += 1
        else:
            listener.half_open += 1


def _name(connection: Connection, of_originator: bool) -> bytes:
    if not of_originator:
        return listener_key_of(connection)
    length = connection.address_len
    return listener_key(swapped(connection.key, length), length)


def is_open(request: Request, now_ns: i64) -> bool:
    """Whether the sender of a lone SYN still waits for an answer (retransmission_timer.py)."""
    if request.reset_frame != 0:
        return False
    if request.copy_count == 0:
        return now_ns < request.time_ns + FIRST_SYN_GIVES_UP
    # At most twice the last gap passes until the next copy (RFC 6298 5.5), and half as much again.
    gap: i64 = request.last_time_ns - request.time_ns
    copies = request.copies
    if copies is not None and len(copies) >= 8:
        gap = request.last_time_ns - copies[len(copies) - 7]
    expected: i64 = 2 * gap
    if expected < FIRST_SYN_GIVES_UP // 3 * 2:
        expected = FIRST_SYN_GIVES_UP // 3 * 2
    return now_ns < request.last_time_ns + expected + expected // 2


def state_by(endpoint: Endpoint, peer: Endpoint, now_ns: i64, timing: Timing) -> i64:
    """The state that `belief.settle` would leave an end in, which is left as it is.

    Args:
        endpoint: whose state.
        peer: the other end.
        now_ns: up to when receipts are believed and timers have run.
        timing: for the 2 MSL timer.
    """
    state = endpoint.proven
    receipt = endpoint.receipts
    until = endpoint.time_wait_until_ns
    while receipt is not None:
        if receipt.due_ns <= now_ns:
            before = state
            state = _received(endpoint, peer, receipt, state)
            if until == 0 and state == TIME_WAIT and before != TIME_WAIT:
                until = receipt.due_ns + timing.time_wait_of(endpoint.profile)
        receipt = receipt.next_receipt
    if state == TIME_WAIT:
        if until <= now_ns:
            return _next(state, TIMER_TIME_WAIT)
    elif endpoint.give_up_ns <= now_ns and owes(endpoint, state):
        return _next(state, TIMER_GIVE_UP)
    return state


def _received(endpoint: Endpoint, peer: Endpoint, receipt: Receipt, state: i64) -> i64:
    """The state after a receipt: its parts in the order of `belief`."""
    bits = receipt.control_bits
    if bits & RST != 0:
        return _next(state, RCV_RST)
    if bits & ICMP_ERROR_BIT != 0:
        return _next(state, RCV_ICMP_ERROR)
    acks = bits & ACK != 0 and receipt.ack >= 1
    if bits & SYN != 0 and state == SYN_SENT:
        if bits & ACK == 0:
            return _next(state, RCV_SYN)
        if acks and receipt.ack <= endpoint.snd_nxt:
            return _next(state, RCV_SYN_ACK)
        return state
    if acks and state == SYN_RECEIVED and receipt.ack <= endpoint.snd_nxt:
        state = _next(state, RCV_ACK_OF_SYN)
    if bits & ACK != 0 and endpoint.fin_offset != UNKNOWN and receipt.ack > endpoint.fin_offset:
        state = _next(state, RCV_ACK_OF_FIN)
    if bits & FIN != 0 and peer.contiguous >= peer.fin_offset:
        state = _next(state, RCV_FIN)
    return state


def _next(state: i64, event: i64) -> i64:
    to_state = next_state(state, event)
    return state if to_state == NO_NEXT else to_state
