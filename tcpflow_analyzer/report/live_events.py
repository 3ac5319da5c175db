"""What happens while a capture goes on, told to whoever watches: the view, metrics, alerts.

In: the results of a run, as a sink takes them, and a moment twice a second. Out: calls of watchers.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from tcpflow_analyzer.findings.finding import Finding
from tcpflow_analyzer.observer.standing import ClientStanding, Standing
from tcpflow_analyzer.report.event_report import Change, HostRevisions, Revisions
from tcpflow_analyzer.report.sink import PassiveSink, Start
from tcpflow_analyzer.report.totals import Capture, Summary
from tcpflow_analyzer.table.connection import Connection


class Moment(NamedTuple):
    """How far a run has come, and how things stand. Counts are since the beginning.

    Attributes:
        time_ns: of the capture, nanoseconds since the epoch: everything up to it was seen.
        frames, tcp_segments, octets: taken; octets as they would lie in a file.
        connections: begun.
        drops: frames that the system or the interface lost, None where nobody tells.
        left_out: what is missing besides, as of report.totals.Summary.
        codes: findings of connections that are over, by code, in code order.
        outcomes: handshakes of connections that are over, by name of table/connection.py.
        standing: connections and their states now.
        clients: those that use most source ports towards a service, the busiest first, each with
            how many ports it has.
        knows_here: whether the ends on this machine are told apart.
    """

    time_ns: int
    frames: int
    tcp_segments: int
    octets: int
    connections: int
    drops: int | None
    left_out: Mapping[str, int]
    codes: Mapping[str, int]
    outcomes: Mapping[str, int]
    standing: Standing
    clients: Sequence[tuple[ClientStanding, int]] = ()
    knows_here: bool = False


class Watcher:
    """Hears what happens; each call does nothing here, a watcher overrides what it needs.

    Calls come from the thread that reads packets: what takes longer belongs into another one.

    Attributes:
        wants_connections: `finished` is called for every connection, not only for those with
            findings; it costs much for each.
    """

    wants_connections: bool = False

    def begun(self, start: Start) -> None:
        """The capture runs; called once, before anything else."""

    def about(self, connection: Connection | None) -> None:
        """Findings of this connection come next, None for those about none; not to be kept."""

    def decided(self, change: Change) -> None:
        """A finding was raised (revision 1), revised or withdrawn; of several the last holds."""

    def finished(self, connection: Connection, findings: Sequence[Finding]) -> None:
        """A connection is over; neither may be changed or kept. Its findings were told before."""

    def ticked(self, moment: Moment) -> None:
        """About half a second has passed."""

    def ended(self, capture: Capture, summary: Summary) -> None:
        """Nothing more will happen."""


class LiveEvents(PassiveSink):
    """An event sink (report/sink.py) that tells watchers."""

    def __init__(self, watchers: Sequence[Watcher]) -> None:
        """Tell these, in this order."""
        self._watchers = watchers
        self._revisions = Revisions()
        self._hosts = HostRevisions(self._revisions)
        self.wants_connections = any(watcher.wants_connections for watcher in watchers)

    def begin(self, start: Start) -> None:
        """Tell that the run begins."""
        for watcher in self._watchers:
            watcher.begun(start)

    def about(self, connection: Connection | None) -> None:
        """Tell whose findings come next."""
        for watcher in self._watchers:
            watcher.about(connection)

    def preview(self, number: int, findings: Sequence[Finding]) -> None:
        """Tell what is new of a connection that goes on."""
        self._tell(self._revisions.update(number, findings, is_last=False))

    def connection(self, connection: Connection, findings: Sequence[Finding]) -> None:
        """Tell what is new of a connection that is over, then that it is."""
        self.about(connection)
        self._tell(self._revisions.update(connection.number, findings, is_last=True))
        for watcher in self._watchers:
            watcher.finished(connection, findings)

    def finding(self, finding: Finding) -> None:
        """Take a finding that is about no single connection; it is told with the others."""
        self._hosts.add(finding)

    def end(self, capture: Capture, summary: Summary) -> None:
        """Tell what is new of hosts, then the totals."""
        self.about(None)
        self._tell(self._hosts.finish())
        for watcher in self._watchers:
            watcher.ended(capture, summary)

    def tick(self, moment: Moment) -> None:
        """Tell how things stand."""
        for watcher in self._watchers:
            watcher.ticked(moment)

    def _tell(self, changes: Sequence[Change]) -> None:
        for change in changes:
            for watcher in self._watchers:
                watcher.decided(change)
