"""The sockets of all hosts at the end of a run, as `ss` would have shown them there and then.

In: the connections of a run that ends at a moment. Out: a `SocketRow` for each end that is not
CLOSED: the state that it is believed to be in at that moment, by what was captured until then and
the timers that have run.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from tcpflow_analyzer.findings.finding import Finding
from tcpflow_analyzer.observer.outcome import final_certainty, possible_states
from tcpflow_analyzer.report.addresses import connection_addresses, socket_text
from tcpflow_analyzer.report.connection_json import in_time_order
from tcpflow_analyzer.report.sink import PassiveSink, ScopeName, Start
from tcpflow_analyzer.table.connection import Connection
from tcpflow_analyzer.table.endpoint import NEVER, Endpoint
from tcpflow_analyzer.table.transition import Transition
from tcpflow_analyzer.tcp.states import (
    CERTAINTY_NAMES,
    CLOSED,
    OBSERVED,
    SYN_SENT,
    TIME_WAIT,
    State,
)

FIRST_TIMEOUT_NS = 1_000_000_000  # of a SYN, RFC 6298 section 2
LISTENERS = (CLOSED, State.LISTEN)


class SocketTimer(NamedTuple):
    """A timer of a socket.

    Attributes:
        name: "timewait", or "on" for a retransmission, as `ss` calls them.
        remaining_ns: nanoseconds until it runs out.
        retransmissions: how often what waits for an answer was sent again.
    """

    name: str
    remaining_ns: int
    retransmissions: int


class SocketRow(NamedTuple):
    """One socket.

    Attributes:
        connection: number of its connection.
        local_address, local_port, peer_address, peer_port: as of `EndpointRecord`.
        state: believed.
        certainty: "observed", "inferred" or "assumed".
        possible_states: `state` among them; more than one unless it is observed.
        timer: that runs, as far as the capture tells; None if none does.
        until_ns: when TIME-WAIT ends, 0 in other states.
    """

    connection: int
    local_address: str
    local_port: int
    peer_address: str
    peer_port: int
    state: State
    certainty: str
    possible_states: tuple[State, ...]
    timer: SocketTimer | None
    until_ns: int = 0

    @property
    def local(self) -> str:
        """Its own `address:port`."""
        return socket_text(self.local_address, self.local_port)

    @property
    def peer(self) -> str:
        """Its peer's `address:port`."""
        return socket_text(self.peer_address, self.peer_port)


class SocketTable(PassiveSink):
    """Collects the sockets of a run: its sink."""

    wants_connections = True

    def __init__(
        self, takes: Callable[[SocketRow], bool] | None = None, *, at_capture_end: bool = False
    ) -> None:
        """Begin without sockets.

        Args:
            takes: whether a row is wanted; None for all.
            at_capture_end: the run ends with its input, not at a moment: what was on its way then
                is believed to have arrived, as `state_at_capture_end` says.
        """
        self._takes = takes
        self._at_capture_end = at_capture_end
        self._rows: list[SocketRow] = []
        self._scope_name: ScopeName = lambda _: (None, None)
        self._now: Callable[[], int] = lambda: 0

    def watch(self, now: Callable[[], int]) -> None:
        """Say who knows how far the run is; to be called before it begins.

        Args:
            now: gives the capture's time, nanoseconds since the epoch.
        """
        self._now = now

    def rows(self) -> list[SocketRow]:
        """Give the sockets once the run has ended, ordered by connection."""
        now = self._now()
        rows = [row for row in self._rows if not row.until_ns or row.until_ns > now]
        return sorted((_at(row, now) for row in rows), key=_number)

    def begin(self, start: Start) -> None:
        """Hear of the run."""
        self._scope_name = start.scope_name

    def connection(self, connection: Connection, findings: Sequence[Finding]) -> None:
        """Take the sockets of a connection that is over, or left at the moment asked for."""
        now = self._now()
        known_ns = NEVER if self._at_capture_end else now
        scope = self._scope_name(connection.scope) if connection.scope else (None, None)
        source, source_port, destination, destination_port = connection_addresses(
            connection, scope[1]
        )
        transitions = in_time_order(connection.transitions or [])
        for end in (connection.originator, connection.responder):
            local, peer = (source, source_port), (destination, destination_port)
            if not end.is_originator:
                local, peer = peer, local
            row = _row(connection, end, transitions, (*local, *peer), now, known_ns)
            if row is not None and (self._takes is None or self._takes(row)):
                self._rows.append(row)


def _row(
    connection: Connection,
    end: Endpoint,
    transitions: Sequence[Transition],
    sockets: tuple[str, int, str, int],
    now_ns: int,
    known_ns: int,
) -> SocketRow | None:
    """Make the row of an end; None if it is CLOSED.

    Args:
        connection, end, sockets: whose; `transitions` in time order, of both ends.
        now_ns: until when timers have run.
        known_ns: later transitions have not happened yet.
    """
    newest: Transition | None = None
    is_last = True
    for transition in transitions:
        if transition.from_originator == end.is_originator:
            if transition.time_ns > known_ns:
                is_last = False
                break
            newest = transition
    if newest is None or newest.to_state in LISTENERS:
        return None
    state, until_ns = newest.to_state, 0
    if state == TIME_WAIT:
        until_ns = end.time_wait_until_ns
        if until_ns <= now_ns:
            return None
    certainty = OBSERVED if newest.proved_by_frame else newest.certainty
    if is_last:
        certainty = max(certainty, final_certainty(end))
    possible = {state}
    if certainty != OBSERVED:
        possible.update(possible_states(connection, end))
    return SocketRow(
        connection.number,
        *sockets,
        State(state),
        CERTAINTY_NAMES[certainty],
        tuple(State(each) for each in sorted(possible)),
        None if until_ns else _retransmission(end, state, now_ns),
        until_ns,
    )


def _retransmission(end: Endpoint, state: int, now_ns: int) -> SocketTimer | None:
    """When an end sends again what was not acknowledged; None where the capture does not tell.

    Timeouts double (RFC 6298 section 5.5); only the first one of a SYN is known beforehand.
    """
    if end.snd_una >= end.snd_nxt or not end.retry_time_ns:
        return None
    if end.retries:
        due = end.retry_time_ns + 2 * end.retry_gap_ns
    elif state == SYN_SENT:
        due = end.retry_time_ns + FIRST_TIMEOUT_NS
    else:
        return None
    return SocketTimer("on", due - now_ns, end.retries) if due > now_ns else None


def _at(row: SocketRow, now_ns: int) -> SocketRow:
    """Say how long TIME-WAIT still lasts."""
    if not row.until_ns:
        return row
    return row._replace(timer=SocketTimer("timewait", row.until_ns - now_ns, 0))


def _number(row: SocketRow) -> int:
    return row.connection
