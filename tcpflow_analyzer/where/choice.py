"""Chooses connections and findings by an expression, and counts what it chose.

The expression is asked of each connection together with all its findings, and of each finding
together with its connection. Chosen are the findings for which it holds, and the connections for
which it holds or of which it holds for a finding; where it names no field of findings, a chosen
connection keeps all of its own.
"""

from collections.abc import Callable, Sequence

from tcpflow_analyzer.findings.finding import Finding
from tcpflow_analyzer.observer.endings import Endings
from tcpflow_analyzer.report.record import connection_record
from tcpflow_analyzer.report.sink import ScopeName
from tcpflow_analyzer.table.connection import Connection
from tcpflow_analyzer.where.parser import Where

PassOn = Callable[[Connection, list[Finding]], object]


class Choice:
    """What an expression chooses of one run.

    Attributes:
        connections: how many were chosen.
        endings: how these ended.
        codes, severities: how many findings of each were chosen.
    """

    def __init__(self, where: Where, scope_name: ScopeName, pass_on: PassOn) -> None:
        """Choose nothing yet.

        Args:
            where: the expression.
            scope_name: gives the words for a connection's tunnel and interface.
            pass_on: takes a chosen connection with its chosen findings.
        """
        self.connections = 0
        self.endings = Endings()
        self.codes: dict[str, int] = {}
        self.severities: dict[str, int] = {}
        self._where = where
        self._scope_name = scope_name
        self._pass_on = pass_on

    def take(self, connection: Connection, findings: Sequence[Finding]) -> None:
        """Count a connection that is over and pass it on, if it is chosen."""
        chosen = self.of_connection(connection, findings)
        if chosen is None:
            return
        self.connections += 1
        self.endings.count(connection)
        for finding in chosen:
            self._count(finding)
        self._pass_on(connection, chosen)

    def of_connection(
        self, connection: Connection, findings: Sequence[Finding]
    ) -> list[Finding] | None:
        """Give the chosen findings of a connection; None if it is not chosen."""
        scope = self._scope_name(connection.scope) if connection.scope else (None, None)
        record = connection_record(connection, findings, scope)
        where = self._where
        if not where.asks_findings:
            return list(findings) if where.matches(record, findings) else None
        chosen = [finding for finding in findings if where.matches(record, (finding,))]
        return chosen if chosen or where.matches(record, findings) else None

    def finding(self, finding: Finding) -> bool:
        """Count a finding about no single connection, if it is chosen, and say whether it is."""
        if not self.wants(finding):
            return False
        self._count(finding)
        return True

    def wants(self, finding: Finding) -> bool:
        """Whether a finding about no single connection is chosen."""
        return self._where.matches(None, (finding,))

    def _count(self, finding: Finding) -> None:
        self.codes[finding.code] = self.codes.get(finding.code, 0) + 1
        severity = finding.severity
        self.severities[severity] = self.severities.get(severity, 0) + 1
