"""What reports with a row for each connection and nothing else have in common."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Final

from tcpflow_analyzer.findings.finding import Finding
from tcpflow_analyzer.report.sink import ByteWriter, PassiveSink, ScopeName, Start
from tcpflow_analyzer.report.totals import Capture, Summary
from tcpflow_analyzer.table.connection import Connection

_NO_SCOPE: Final[tuple[str | None, str | None]] = (None, None)


class RowReport(PassiveSink, ABC):
    """Sink that writes a row for each connection as it is decided, in no order of numbers.

    Findings about hosts or the whole capture have no row; text and JSON tell them.
    """

    wants_connections = True
    wants_facts = True

    def __init__(self, stream: ByteWriter) -> None:
        """Make a report that writes to `stream`."""
        self._stream = stream
        self._scope_name: ScopeName | None = None

    def begin(self, start: Start) -> None:
        """Take note of how scopes are called."""
        self._scope_name = start.scope_name

    def connection(self, connection: Connection, findings: Sequence[Finding]) -> None:
        """Write the row of a connection."""
        scope = _NO_SCOPE
        if connection.scope and self._scope_name is not None:
            scope = self._scope_name(connection.scope)
        self.add(connection, findings, scope)

    @abstractmethod
    def add(
        self,
        connection: Connection,
        findings: Sequence[Finding],
        scope: tuple[str | None, str | None],
    ) -> None:
        """Write the row of a connection; `scope` is its tunnel and interface in words."""

    def end(self, capture: Capture, summary: Summary) -> None:
        """Pass on what is left."""
        self.flush()
