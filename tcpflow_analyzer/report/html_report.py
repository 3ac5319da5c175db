"""Collects what a page about a capture shows: totals, groups of findings, chosen connections.

In: the results of a run. Out: `Row`s for the table and `Drawn` connections for drawings, both
bounded, the worst first. Where there are more than fit, those with findings go first, and of each
kind of finding some, before the many of one kind; of the others a sample spread over the capture.
"""

import heapq
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from tcpflow_analyzer.findings.finding import SEVERITIES, Finding
from tcpflow_analyzer.findings.registry import Rule
from tcpflow_analyzer.observer.acceptability import scale_known
from tcpflow_analyzer.report.frame_names import FrameNames
from tcpflow_analyzer.report.groups import Group, Groups
from tcpflow_analyzer.report.particulars import syn_to_synack_ns, synack_to_ack_ns
from tcpflow_analyzer.report.record import ConnectionRecord, connection_record
from tcpflow_analyzer.report.rows import make_row
from tcpflow_analyzer.report.sink import PassiveSink, ScopeName, Start
from tcpflow_analyzer.report.state_census import StateCensus
from tcpflow_analyzer.report.totals import Capture, Summary
from tcpflow_analyzer.settings import Settings
from tcpflow_analyzer.table.connection import OUTCOME_COMPLETED, Connection
from tcpflow_analyzer.table.endpoint import UNKNOWN, Endpoint

EXAMPLES: Final = 20  # findings of a code that are shown in full
_RANKS: Final = {severity: rank for rank, severity in enumerate(SEVERITIES)}
SPREAD: Final = 0x9E37_79B1  # odd, so that different numbers stay different (Knuth, TAOCP 3, 6.4)


class PageLimits(NamedTuple):
    """How much a page holds.

    Attributes:
        rows: connections in the table.
        drawn: connections with drawings, which are rows as well.
        segments: of all drawn connections together.
        octets: of the file.
    """

    rows: int = 5_000
    drawn: int = 100
    segments: int = 250_000
    octets: int = 9_500_000


class Row(NamedTuple):
    """A connection in the table.

    Attributes:
        number, originator, responder, opened, closed_by, how, states, findings: as of rows.Row.
        first_time_ns, duration_ns: nanoseconds; the time since the epoch.
        handshake_ns: nanoseconds, -1 where it was not completed.
        sent, received: payload octets of the originator and of the responder.
        segments, retransmitted: of both.
        severity: of the worst finding, an index into SEVERITIES, 0 for none.
    """

    number: int
    originator: str
    responder: str
    opened: str
    closed_by: str
    how: str
    states: str
    findings: str
    first_time_ns: int
    duration_ns: int
    handshake_ns: int
    sent: int
    received: int
    segments: int
    retransmitted: int
    severity: int


class Drawn(NamedTuple):
    """A connection that is to be drawn.

    Attributes:
        connection: its record.
        findings: about it, warnings and errors.
        key, address_len: its sockets, as of `Connection`.
        originator_shift, responder_shift: by which an end's windows are shifted, None where that is
            not known.
    """

    connection: ConnectionRecord
    findings: tuple[Finding, ...]
    key: bytes
    address_len: int
    originator_shift: int | None
    responder_shift: int | None


class _Best:
    """Keeps the best of many, a bounded number of them."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._kept: list[tuple[tuple[int, ...], Any]] = []

    def takes(self, rank: tuple[int, ...]) -> bool:
        """Whether something of this rank is among the best so far."""
        return len(self._kept) < self._limit or (self._limit > 0 and rank > self._kept[0][0])

    def put(self, rank: tuple[int, ...], value: object) -> None:
        """Keep what is among the best; ranks are all different."""
        if len(self._kept) < self._limit:
            heapq.heappush(self._kept, (rank, value))
        else:
            heapq.heapreplace(self._kept, (rank, value))

    def best_first(self) -> list[Any]:
        return [value for _, value in sorted(self._kept, key=_rank, reverse=True)]


class HtmlReport(PassiveSink):
    """Sink that collects what the page needs.

    Attributes:
        capture, summary: the totals, None until the end.
        census: how many sockets were in each state.
        rules, settings: of the run.
        names: how frames are called.
        groups: of findings.
        rows, drawn: the chosen connections, the worst first, once the run has ended.
        not_drawn_for_length: of those that would have been drawn, how many have too many segments.
    """

    wants_connections = True

    def __init__(self, limits: PageLimits) -> None:
        """Collect nothing yet."""
        self.capture: Capture | None = None
        self.summary: Summary | None = None
        self.census = StateCensus()
        self.rules: Mapping[str, Rule] = {}
        self.settings = Settings()
        self.names = FrameNames()
        self.groups = Groups(False, EXAMPLES)
        self.rows: list[Row] = []
        self.drawn: list[Drawn] = []
        self.not_drawn_for_length = 0
        self._limits = limits
        self._rows = _Best(limits.rows)
        self._drawn = _Best(min(limits.drawn, limits.rows))
        self._seen: Counter[str] = Counter()
        self._scope_name: ScopeName = _no_scope_name

    def begin(self, start: Start) -> None:
        """Take note of the rules and of how frames and scopes are called."""
        self.rules, self.settings = start.rules, start.settings
        self.names = FrameNames(len(start.paths), start.locate_frame)
        self._scope_name = start.scope_name
        self.census.begin(start)

    def connection(self, connection: Connection, findings: Sequence[Finding]) -> None:
        """Take a connection, if it ranks high enough."""
        if findings:
            findings = [each for each in findings if each.severity != "info"]
        self.census.connection(connection, findings)
        number = connection.number
        if findings:
            self.groups.add(findings, connection, self._scope_of(connection)[1])
            rank = self._rank(number, findings)
        else:
            rank = (0, 0, 0, number * SPREAD & 0xFFFF_FFFF, number)
        if self._rows.takes(rank):  # as few of many
            scope = self._scope_of(connection)
            self._rows.put(rank, _row(connection, findings, scope[1]))
            if self._drawn.takes(rank):
                self._drawn.put(rank, _drawn(connection, findings, scope))

    def _scope_of(self, connection: Connection) -> tuple[str | None, str | None]:
        return self._scope_name(connection.scope) if connection.scope else (None, None)

    def _rank(self, number: int, findings: Sequence[Finding]) -> tuple[int, ...]:
        """Rank by severity, then by how many of its rarest kind there were before."""
        worst = max(_RANKS[each.severity] for each in findings)
        codes = {each.code for each in findings if _RANKS[each.severity] == worst}
        seen = self._seen
        turn = min(seen[code] for code in codes)
        for code in codes:
            seen[code] += 1
        return (worst, -turn, len(findings), -number)

    def finding(self, finding: Finding) -> None:
        """Take a finding about no single connection."""
        self.groups.add((finding,), None, None)

    def end(self, capture: Capture, summary: Summary) -> None:
        """Take the totals, and choose."""
        self.capture, self.summary = capture, summary
        self.census.end(capture, summary)
        self.rows = self._rows.best_first()
        self.rows.sort(key=_with_findings_first)
        room = self._limits.segments
        for each in sorted(self._drawn.best_first(), key=_drawn_in_order):
            if each.connection.frames <= room:
                room -= each.connection.frames
                self.drawn.append(each)
            else:
                self.not_drawn_for_length += 1

    def groups_worst_first(self) -> list[Group]:
        """Give the groups of findings, errors first, the largest first."""
        return [
            group
            for severity in reversed(SEVERITIES)
            for group in self.groups.of_severity(severity)
        ]


def _row(connection: Connection, findings: Sequence[Finding], interface: str | None) -> Row:
    ranked = make_row(connection, findings, interface)
    words = ranked.row
    originator, responder = connection.originator, connection.responder
    first, second = syn_to_synack_ns(connection), synack_to_ack_ns(connection)
    is_complete = connection.outcome == OUTCOME_COMPLETED and first >= 0 and second >= 0
    return Row(
        connection.number,
        words.originator,
        words.responder,
        words.opened,
        words.closed_by,
        words.how,
        words.states,
        words.findings,
        connection.first_time_ns,
        connection.last_time_ns - connection.first_time_ns,
        first + second if is_complete else -1,
        originator.payload_octets,
        responder.payload_octets,
        connection.frames,
        originator.retransmitted + responder.retransmitted,
        ranked.severity,
    )


def _drawn(
    connection: Connection, findings: Sequence[Finding], scope: tuple[str | None, str | None]
) -> Drawn:
    ends = connection.originator, connection.responder
    return Drawn(
        connection_record(connection, findings, scope),
        tuple(findings),
        connection.key,
        connection.address_len,
        _shift(*ends),
        _shift(*reversed(ends)),
    )


def _shift(end: Endpoint, peer: Endpoint) -> int | None:
    """By how much an end's windows are shifted (RFC 7323 section 2.2): only where both offered."""
    if end.window_scale != UNKNOWN and peer.window_scale != UNKNOWN:
        return end.window_scale
    return 0 if scale_known(end) and scale_known(peer) else None


def _with_findings_first(row: Row) -> int:
    """Leave those with findings in their order, and put the others by number behind them."""
    return 0 if row.severity else row.number


def _drawn_in_order(drawn: Drawn) -> int:
    return 0 if drawn.findings else drawn.connection.number


def _rank(each: tuple[tuple[int, ...], object]) -> tuple[int, ...]:
    return each[0]


def _no_scope_name(_scope: int) -> tuple[str | None, str | None]:
    return None, None
