"""Counts the sockets in each state over the time of a capture.

In: the connections of a run. Out: for each state how many ends were in it at evenly spaced times,
and the most that were in it at once. Memory is bounded: where a capture is long, times are told
apart less finely.
"""

from collections.abc import Callable, Collection, Sequence
from typing import Final, NamedTuple

from tcpflow_analyzer.findings.finding import Finding
from tcpflow_analyzer.report.addresses import connection_addresses
from tcpflow_analyzer.report.sink import PassiveSink, ScopeName, Start
from tcpflow_analyzer.report.socket_table import SocketRow
from tcpflow_analyzer.report.state_changes import StateChanges
from tcpflow_analyzer.report.totals import Capture, Summary
from tcpflow_analyzer.table.connection import Connection
from tcpflow_analyzer.table.endpoint import Endpoint
from tcpflow_analyzer.tcp.states import State

FINEST_NS: Final = 1_000  # times are told apart so finely, or by a power of four of it
MOST_BUCKETS: Final = 65_536
MOST_SAMPLES: Final = 1_000
SECOND: Final = 1_000_000_000


class Peak(NamedTuple):
    """The most sockets that were in a state at once, and when that was first so."""

    sockets: int
    time_ns: int


class Series(NamedTuple):
    """How many sockets were in each state over time.

    Attributes:
        times_ns: when was counted, nanoseconds since the epoch, evenly spaced; the last may come
            sooner.
        counts: for each state that any socket was in, the numbers at these times.
        highest: likewise, the most since the time before, so that no short state is overlooked.
        peaks: likewise, the most of all.
    """

    times_ns: list[int]
    counts: dict[State, list[int]]
    highest: dict[State, list[int]]
    peaks: dict[State, Peak]

    def of(self, states: Collection[State]) -> "Series":
        """Give the series of some states only."""
        counts = {state: each for state, each in self.counts.items() if state in states}
        highest = {state: self.highest[state] for state in counts}
        peaks = {state: self.peaks[state] for state in counts}
        return Series(self.times_ns, counts, highest, peaks)


class StateCensus(PassiveSink):
    """Counts while a run goes on: its sink."""

    wants_connections = True

    def __init__(self, takes: Callable[[SocketRow], bool] | None = None) -> None:
        """Begin without sockets.

        Args:
            takes: whether a socket is counted; of the row the ends are filled in, and any state.
        """
        self._takes = takes
        self._changes = StateChanges(FINEST_NS, MOST_BUCKETS)
        self._first_ns = self._last_ns = 0
        self._scope_name: ScopeName = lambda _: (None, None)
        self._now: Callable[[], int] = lambda: 0

    def watch(self, now: Callable[[], int]) -> None:
        """Say who knows how far the run is; as of `SocketTable`."""
        self._now = now

    def series(self, step_ns: int | None = None) -> Series:
        """Give the counts once the run has ended.

        Args:
            step_ns: from one time to the next; by default such that there are some hundred.
        """
        if not self._changes.buckets:
            return Series([], {}, {}, {})
        first, last = self._first_ns, max(self._last_ns, self._first_ns)
        step = max(step_ns or _nice_step((last - first) / MOST_SAMPLES), self._changes.width)
        times = [*range(first, last, step)[:MOST_BUCKETS], last]
        samples = self._changes.sample(times, first, last)
        states = [State(number) for number, peak in enumerate(samples.peaks) if peak]
        return Series(
            times,
            {state: [counts[state] for counts in samples.counts] for state in states},
            {state: [top[state] for top in samples.highest] for state in states},
            {state: Peak(samples.peaks[state], samples.peak_times[state]) for state in states},
        )

    def begin(self, start: Start) -> None:
        """Hear of the run."""
        self._scope_name = start.scope_name

    def connection(self, connection: Connection, findings: Sequence[Finding]) -> None:
        """Count the states that the ends of a connection went through."""
        takes = self._takes
        if takes is None:
            self._changes.count(connection, True, True)
        else:
            ends = (connection.originator, connection.responder)
            wanted = [takes(self._row(connection, end)) for end in ends]
            self._changes.count(connection, *wanted)

    def _row(self, connection: Connection, end: Endpoint) -> SocketRow:
        scope = self._scope_name(connection.scope) if connection.scope else (None, None)
        source, source_port, destination, destination_port = connection_addresses(
            connection, scope[1]
        )
        local, peer = (source, source_port), (destination, destination_port)
        if not end.is_originator:
            local, peer = peer, local
        return SocketRow(connection.number, *local, *peer, State.ESTABLISHED, "observed", (), None)

    def end(self, capture: Capture, summary: Summary) -> None:
        """Take from when to when the capture goes."""
        self._first_ns = capture.first_time_ns
        self._last_ns = self._now() or capture.last_time_ns


def _nice_step(least_ns: float) -> int:
    """Give 1, 2 or 5 times a power of ten, not less than asked for."""
    power = FINEST_NS
    while True:
        for factor in (1, 2, 5):
            if factor * power >= least_ns:
                return factor * power
        power *= 10
