"""Writes results as one JSON object, or as a line of JSON for each (NDJSON).

The JSON object is written from spooled text, so that memory stays bounded; NDJSON is written as
things are decided. Their records are equal but for `kind`, `revision` and `withdrawn`.

Compiled: yes
"""

from collections.abc import Callable, Sequence
from typing import Final

from mypy_extensions import mypyc_attr

from tcpflow_analyzer.findings.finding import Finding, Severity
from tcpflow_analyzer.findings.judge import CountMore
from tcpflow_analyzer.report.capture_json import (
    capture_fields,
    start_fields,
    summary_fields,
    tool_text,
)
from tcpflow_analyzer.report.connection_json import write_connection
from tcpflow_analyzer.report.finding_json import write_finding
from tcpflow_analyzer.report.finding_order import KEY_LEN, finding_key
from tcpflow_analyzer.report.json_text import JsonText
from tcpflow_analyzer.report.sink import ByteWriter, ScopeName, Start
from tcpflow_analyzer.report.spool import SortedSpool
from tcpflow_analyzer.report.totals import SCHEMA_VERSION, Capture, Summary
from tcpflow_analyzer.table.connection import Connection

NUMBER_LEN: Final = 12  # digits of a connection's number as a sort key
# More at once would not be cheaper, and take pages of the system instead of the allocator's.
OCTETS_HELD: Final = 65_536
NO_SCOPE: Final = (None, None)


class JsonReport:
    """Sink that writes the object of `--format json` when the run has ended."""

    wants_connections = True
    wants_facts = True
    wants_first = 0

    def __init__(self, stream: ByteWriter, ns_as_strings: bool = False) -> None:
        """Make a report.

        Args:
            stream: where to write; nothing is written before there is a result.
            ns_as_strings: write times as strings, which JavaScript can read without loss.
        """
        self._stream = stream
        self._ns_as_strings = ns_as_strings
        self._text = JsonText(ns_as_strings)
        self._scope_name: ScopeName = _no_scope_name
        self._connections = SortedSpool(NUMBER_LEN)
        self._findings = SortedSpool(KEY_LEN)

    def begin(self, start: Start) -> None:
        """Take note of how scopes are called."""
        self._scope_name = start.scope_name

    def connection(self, connection: Connection, findings: Sequence[Finding]) -> None:
        """Spool a connection and its findings."""
        scope = self._scope_name(connection.scope) if connection.scope else NO_SCOPE
        write_connection(self._text, connection, findings, scope)
        key = str(connection.number).rjust(NUMBER_LEN, "0").encode("ascii")
        self._connections.add(key, self._text.take())
        for finding in findings:
            self.finding(finding)

    def finding(self, finding: Finding) -> None:
        """Spool a finding."""
        write_finding(self._text, finding)
        self._findings.add(finding_key(finding).encode("ascii"), self._text.take())

    def more_of(self, code: str, name: str, severity: Severity) -> CountMore | None:
        """None: every finding is written."""
        return None

    def flush(self) -> None:
        """Do nothing: the object is written at the end."""

    def end(self, capture: Capture, summary: Summary) -> None:
        """Write the object, closed by a line feed."""
        with self._connections, self._findings:
            write = self._stream.write
            head = (
                f'{{"schema_version":{SCHEMA_VERSION},\n"tool":{tool_text()},\n'
                f'"capture":{{{capture_fields(capture, self._ns_as_strings)}}},\n'
                f'"summary":{{{summary_fields(summary)}}},\n"connections":['
            )
            write(head.encode("ascii"))
            _write_list(write, self._connections)
            write(b'],\n"findings":[')
            _write_list(write, self._findings)
            write(b"]}\n")


@mypyc_attr(allow_interpreted_subclasses=True)
class NdjsonReport:
    """Sink that writes a line for each result as it is decided."""

    wants_connections = True
    wants_facts = True
    wants_first = 0

    def __init__(self, stream: ByteWriter, ns_as_strings: bool = False) -> None:
        """Make a report; the arguments are those of `JsonReport`."""
        self._stream = stream
        self._ns_as_strings = ns_as_strings
        self._text = JsonText(ns_as_strings)
        self._scope_name: ScopeName = _no_scope_name

    def begin(self, start: Start) -> None:
        """Write the line `start`."""
        self._scope_name = start.scope_name
        self._text.raw(f'{{"kind":"start",{start_fields(start.paths)}}}\n'.encode("ascii"))
        self.flush()

    def connection(self, connection: Connection, findings: Sequence[Finding]) -> None:
        """Write a connection, then its findings."""
        self._write_connection(connection, findings)
        for finding in findings:
            self._write(finding)
        if self._text.size() >= OCTETS_HELD:
            self.flush()

    def finding(self, finding: Finding) -> None:
        """Write a finding."""
        self._write(finding)

    def _write_connection(self, connection: Connection, findings: Sequence[Finding]) -> None:
        scope = self._scope_name(connection.scope) if connection.scope else NO_SCOPE
        text = self._text
        text.raw(b'{"kind":"connection",')
        write_connection(text, connection, findings, scope)
        text.raw(b"}\n")

    def _write(
        self, finding: Finding, state: bytes = b',"revision":1,"withdrawn":false}\n'
    ) -> None:
        self._text.raw(b'{"kind":"finding",')
        write_finding(self._text, finding)
        self._text.raw(state)

    def more_of(self, code: str, name: str, severity: Severity) -> CountMore | None:
        """None: every finding is written."""
        return None

    def flush(self) -> None:
        """Write what has come together."""
        lines = self._text.take()
        if lines:
            self._stream.write(lines)
            self._stream.flush()

    def end(self, capture: Capture, summary: Summary) -> None:
        """Write the lines `capture` and `summary`."""
        fields = capture_fields(capture, self._ns_as_strings)
        lines = f'{{"kind":"capture",{fields}}}\n{{"kind":"summary",{summary_fields(summary)}}}\n'
        self._text.raw(lines.encode("ascii"))
        self.flush()


def _write_list(write: Callable[[bytes], object], spool: SortedSpool) -> None:
    """Write the objects of a list, a line each."""
    before = b"\n{"
    for line in spool.sorted_lines():
        write(before + line + b"}")
        before = b",\n{"


def _no_scope_name(_scope: int) -> tuple[str | None, str | None]:
    """Name no scope."""
    return NO_SCOPE
