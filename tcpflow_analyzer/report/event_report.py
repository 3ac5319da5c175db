"""Writes results as they are decided: a line of JSON, or of text, for each.

A finding may be raised, revised and withdrawn: each time it is written again, with its revision.
Of the lines about one finding the last one counts.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final, NamedTuple

from tcpflow_analyzer.findings.finding import Finding, Severity
from tcpflow_analyzer.findings.judge import CountMore
from tcpflow_analyzer.report.finding_json import identifier_text
from tcpflow_analyzer.report.json_report import NdjsonReport
from tcpflow_analyzer.report.sink import ByteWriter, Start
from tcpflow_analyzer.report.totals import Capture, Summary
from tcpflow_analyzer.table.connection import Connection

SECOND_NS: Final = 1_000_000_000


class Raised(NamedTuple):
    """A finding as it was last written."""

    revision: int
    finding: Finding


class Change(NamedTuple):
    """What has to be written about a finding."""

    revision: int
    withdrawn: bool
    finding: Finding


class Revisions:
    """What was said of the connections that go on."""

    def __init__(self) -> None:
        """Nothing was said yet."""
        self._raised: dict[int, dict[str, Raised]] = {}

    def update(self, number: int, findings: Sequence[Finding], is_last: bool) -> list[Change]:
        """Give what is new, has changed or does no longer hold.

        Args:
            number: of the connection.
            findings: all that hold now.
            is_last: whether nothing more will be said of this connection.
        """
        before = self._raised.pop(number, {})
        now: dict[str, Raised] = {}
        changes = []
        for finding in findings:
            known = before.pop(finding.identifier, None)
            if known is None or known.finding != finding:
                revision = 1 if known is None else known.revision + 1
                changes.append(Change(revision, False, finding))
            else:
                revision = known.revision
            now[finding.identifier] = Raised(revision, finding)
        for gone in before.values():
            changes.append(Change(gone.revision + 1, True, gone.finding))
        if now and not is_last:
            self._raised[number] = now
        return changes


class NdjsonEvents(NdjsonReport):
    """NDJSON of which the findings come as soon as they can be told."""

    def __init__(self, stream: ByteWriter, ns_as_strings: bool = False) -> None:
        """Make a report; the arguments are those of `NdjsonReport`."""
        super().__init__(stream, ns_as_strings)
        self._revisions = Revisions()

    def preview(self, number: int, findings: Sequence[Finding]) -> None:
        """Write what is new of a connection that goes on."""
        self._write_changes(self._revisions.update(number, findings, is_last=False))

    def connection(self, connection: Connection, findings: Sequence[Finding]) -> None:
        """Write a connection, then what is new of its findings."""
        self._write_connection(connection, [identifier_text(finding) for finding in findings])
        self._write_changes(self._revisions.update(connection.number, findings, is_last=True))

    def _write_changes(self, changes: Sequence[Change]) -> None:
        for revision, withdrawn, finding in changes:
            gone = b"true" if withdrawn else b"false"
            state = b',"revision":%d,"withdrawn":%s}\n' % (revision, gone)
            self._write(finding, identifier_text(finding), state)


class TextEvents:
    """Sink that writes a line of text for each finding."""

    wants_connections = False
    wants_facts = False
    wants_first = 0

    def __init__(self, stream: ByteWriter) -> None:
        """Write into `stream`."""
        self._stream = stream
        self._revisions = Revisions()
        self._lines: list[str] = []

    def begin(self, start: Start) -> None:
        """Have nothing to say yet."""

    def more_of(self, code: str, name: str, severity: Severity) -> CountMore | None:
        """Want to see every finding."""
        return None

    def preview(self, number: int, findings: Sequence[Finding]) -> None:
        """Write what is new of a connection that goes on."""
        self._write(self._revisions.update(number, findings, is_last=False))

    def connection(self, connection: Connection, findings: Sequence[Finding]) -> None:
        """Write what is new of a connection that is over."""
        self._write(self._revisions.update(connection.number, findings, is_last=True))

    def finding(self, finding: Finding) -> None:
        """Write a finding that is about no single connection."""
        self._write([Change(1, False, finding)])

    def flush(self) -> None:
        """Write what has come together."""
        if self._lines:
            self._stream.write("".join(self._lines).encode("utf-8", "replace"))
            self._stream.flush()
            self._lines = []

    def end(self, capture: Capture, summary: Summary) -> None:
        """Write the totals in one line."""
        counts = ", ".join(f"{number} {name}" for name, number in summary.findings.items())
        self._lines.append(
            f"{clock_time(capture.last_time_ns)} end: {capture.frames} frames, "
            f"{summary.connections} connections; findings: {counts}\n"
        )
        self.flush()

    def _write(self, changes: Sequence[Change]) -> None:
        for revision, withdrawn, finding in changes:
            mark = "withdrawn " if withdrawn else "revised " if revision > 1 else ""
            number = f" connection {finding.connection}" if finding.connection else ""
            self._lines.append(
                f"{clock_time(finding.time_ns)} {mark}{finding.severity} {finding.code} "
                f"{finding.name}{number}: {finding.message}\n"
            )


def clock_time(time_ns: int) -> str:
    """A time as ISO 8601, UTC, to the millisecond."""
    moment = datetime.fromtimestamp(time_ns // SECOND_NS, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{time_ns % SECOND_NS // 1_000_000:03d}Z"
