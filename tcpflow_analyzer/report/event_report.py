"""Writes results as they are decided: a line of JSON, or of text, for each.

A finding may be raised, revised and withdrawn: each time it is written again, with its revision.
Of the lines about one finding the last one counts.
"""

import struct
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final, NamedTuple

from tcpflow_analyzer.findings.finding import SEVERITIES, Finding, Severity
from tcpflow_analyzer.report.json_report import NdjsonReport
from tcpflow_analyzer.report.names import NO_NAMES, Names
from tcpflow_analyzer.report.sink import ByteWriter, PassiveSink
from tcpflow_analyzer.report.totals import NO_LIMITS, Capture, Summary
from tcpflow_analyzer.table.connection import Connection

SECOND_NS: Final = 1_000_000_000
HOSTS: Final = 0  # stands for the number of a connection where a finding is about none
ENDPOINTS: Final = (None, "originator", "responder")
WITHDRAWN: Final = "what was said of it no longer holds"
WHY_WITHDRAWN: Final = "later segments showed otherwise"
_SAID: Final = struct.Struct("=HBqHBqq")  # the fields of Said


class Change(NamedTuple):
    """What has to be written about a finding.

    Attributes:
        revision: from 1.
        withdrawn: whether it does no longer hold.
        finding: as it is now; a withdrawn one says so, and what it was about.
        before: severity as it was told before; None if nothing was.
    """

    revision: int
    withdrawn: bool
    finding: Finding
    before: Severity | None = None


class Said(NamedTuple):
    """A finding as it was last written, as far as it matters later.

    Attributes:
        kind: index into `Revisions.kinds`: code, name, certainty.
        endpoint: index into ENDPOINTS.
        first_frame: 0 for none.
        revision: from 1.
        severity: index into SEVERITIES.
        time_ns: as of the finding.
        digest: differs where the finding does.
    """

    kind: int
    endpoint: int
    first_frame: int
    revision: int
    severity: int
    time_ns: int
    digest: int


class Revisions:
    """What was said of the connections that go on, and of hosts.

    As there may be a hundred thousand of them, with some findings each, a finding is kept as 30
    octets; whole ones took 5 kB a connection.
    """

    def __init__(self) -> None:
        """Nothing was said yet."""
        self._said: dict[int, bytes] = {}
        self._kinds: list[tuple[str, str, str]] = []
        self._kind_numbers: dict[tuple[str, str, str], int] = {}

    def __len__(self) -> int:
        """Connections of which something may still be revised."""
        return len(self._said)

    def update(self, number: int, findings: Sequence[Finding], is_last: bool) -> list[Change]:
        """Give what is new, has changed or does no longer hold.

        Args:
            number: of the connection, or HOSTS.
            findings: all that hold now.
            is_last: whether nothing more will be said of this connection.
        """
        before = {}
        for said in _SAID.iter_unpack(self._said.pop(number, b"")):
            each = Said(*said)
            before[self._kinds[each.kind][0], each.endpoint, each.first_frame] = each
        now: list[bytes] = []
        changes = []
        for finding in findings:
            endpoint = ENDPOINTS.index(finding.endpoint)
            known = before.pop((finding.code, endpoint, finding.first_frame), None)
            digest = digest_of(finding)
            revision = 1 if known is None else known.revision
            if known is None or known.digest != digest:
                revision += known is not None
                before_it = None if known is None else SEVERITIES[known.severity]
                changes.append(Change(revision, False, finding, before_it))
            if not is_last:
                severity = SEVERITIES.index(finding.severity)
                kind = self._kind_of(finding)
                now.append(
                    _SAID.pack(
                        kind, endpoint, finding.first_frame, revision, severity,
                        finding.time_ns, digest,
                    )
                )  # fmt: skip
        for gone in before.values():
            finding = self._withdrawn(number, gone)
            changes.append(Change(gone.revision + 1, True, finding, finding.severity))
        if now:
            self._said[number] = b"".join(now)
        return changes

    def _kind_of(self, finding: Finding) -> int:
        """Number of code, name and certainty, of which there are few."""
        kind = finding.code, finding.name, finding.certainty
        number = self._kind_numbers.get(kind)
        if number is None:
            number = self._kind_numbers[kind] = len(self._kinds)
            self._kinds.append(kind)
        return number

    def _withdrawn(self, number: int, said: Said) -> Finding:
        """What is left to be said of a finding that does no longer hold."""
        code, name, certainty = self._kinds[said.kind]
        frames = (said.first_frame,) if said.first_frame else ()
        return Finding(
            code, name, SEVERITIES[said.severity], certainty, number or None,
            ENDPOINTS[said.endpoint],
            said.time_ns, frames, len(frames), WITHDRAWN, {}, WHY_WITHDRAWN, "",
        )  # fmt: skip


def digest_of(finding: Finding) -> int:
    """A number of 64 bits, the same in this process for findings that say the same."""
    what = (
        finding.severity, finding.certainty, finding.time_ns, finding.frames,
        finding.frame_count, finding.template, repr(finding.values), finding.why,
        finding.would_disprove,
    )  # fmt: skip
    return hash(what)


class HostRevisions:
    """What is said of hosts at the end of a capture, one finding after the other."""

    def __init__(self, revisions: Revisions) -> None:
        """Have it compared with what was said before."""
        self._revisions = revisions
        self._last: list[Finding] = []

    def add(self, finding: Finding) -> None:
        """Take one more; only when all are known it shows what does no longer hold."""
        self._last.append(finding)

    def finish(self) -> list[Change]:
        """Give what is new, has changed or does no longer hold."""
        last, self._last = self._last, []
        return self._revisions.update(HOSTS, last, is_last=True)


class NdjsonEvents(NdjsonReport):
    """NDJSON of which the findings come as soon as they can be told."""

    def __init__(self, stream: ByteWriter, ns_as_strings: bool = False) -> None:
        """Make a report; the arguments are those of `NdjsonReport`."""
        super().__init__(stream, ns_as_strings)
        self._revisions = Revisions()
        self._hosts = HostRevisions(self._revisions)

    def about(self, connection: Connection | None) -> None:
        """Need no more than its number."""

    def preview(self, number: int, findings: Sequence[Finding]) -> None:
        """Write what is new of a connection that goes on."""
        self._write_changes(self._revisions.update(number, findings, is_last=False))

    def connection(self, connection: Connection, findings: Sequence[Finding]) -> None:
        """Write a connection, then what is new of its findings."""
        self._write_connection(connection, findings)
        self._write_changes(self._revisions.update(connection.number, findings, is_last=True))

    def finding(self, finding: Finding) -> None:
        """Take a finding that is about no single connection; it is written with the others."""
        self._hosts.add(finding)

    def end(self, capture: Capture, summary: Summary) -> None:
        """Write what is new of hosts, then the totals."""
        self._write_changes(self._hosts.finish())
        super().end(capture, summary)

    def _write_changes(self, changes: Sequence[Change]) -> None:
        for revision, withdrawn, finding, _ in changes:
            gone = b"true" if withdrawn else b"false"
            state = b',"revision":%d,"withdrawn":%s}\n' % (revision, gone)
            self._write(finding, state)


class TextEvents(PassiveSink):
    """Sink that writes a line of text for each finding."""

    def __init__(self, stream: ByteWriter, names: Names = NO_NAMES) -> None:
        """Write into `stream`; `names` are those of hosts."""
        self._stream = stream
        self._names = names
        self._revisions = Revisions()
        self._hosts = HostRevisions(self._revisions)
        self._lines: list[str] = []

    def about(self, connection: Connection | None) -> None:
        """Need no more than its number."""

    def preview(self, number: int, findings: Sequence[Finding]) -> None:
        """Write what is new of a connection that goes on."""
        self._write(self._revisions.update(number, findings, is_last=False))

    def connection(self, connection: Connection, findings: Sequence[Finding]) -> None:
        """Write what is new of a connection that is over."""
        self._write(self._revisions.update(connection.number, findings, is_last=True))

    def finding(self, finding: Finding) -> None:
        """Take a finding that is about no single connection; it is written with the others."""
        self._hosts.add(finding)

    def flush(self) -> None:
        """Write what has come together."""
        if self._lines:
            self._stream.write("".join(self._lines).encode("utf-8", "replace"))
            self._stream.flush()
            self._lines = []

    def end(self, capture: Capture, summary: Summary) -> None:
        """Write what is new of hosts, then the totals in one line."""
        self._write(self._hosts.finish())
        counts = ", ".join(f"{number} {name}" for name, number in summary.findings.items())
        left_out = "".join(
            f"; {number} {name.replace('_', ' ')}"
            if name in NO_LIMITS
            else f"; left out by a limit: {number} {name.replace('_', ' ')}"
            for name, number in summary.left_out.items()
        )
        when = f"{clock_time(capture.last_time_ns)} " if capture.frames else ""
        self._lines.append(
            f"{when}end: {capture.frames} frames, "
            f"{summary.connections} connections; findings: {counts}{left_out}\n"
        )
        self.flush()

    def _write(self, changes: Sequence[Change]) -> None:
        for revision, withdrawn, finding, _ in changes:
            mark = "withdrawn " if withdrawn else "revised " if revision > 1 else ""
            number = f" connection {finding.connection}" if finding.connection else ""
            self._lines.append(
                f"{clock_time(finding.time_ns)} {mark}{finding.severity} {finding.code} "
                f"{finding.name}{number}: {self._names.text(finding.message)}\n"
            )


def clock_time(time_ns: int) -> str:
    """A time as ISO 8601, UTC, to the millisecond."""
    moment = datetime.fromtimestamp(time_ns // SECOND_NS, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{time_ns % SECOND_NS // 1_000_000:03d}Z"
