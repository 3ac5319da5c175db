"""The report for people: totals, findings grouped with the worst first, quality, connections.

Nothing of it depends on which findings there are; their words come with them.
"""

import re
import shlex
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple, Protocol

from tcpflow_analyzer.findings.finding import Finding, Severity
from tcpflow_analyzer.findings.judge import CountMore
from tcpflow_analyzer.findings.registry import Rule
from tcpflow_analyzer.report.frame_names import FrameNames
from tcpflow_analyzer.report.groups import Group, Groups
from tcpflow_analyzer.report.page import Look, Page, Span, cell_width, shortened
from tcpflow_analyzer.report.rows import Rows, make_row
from tcpflow_analyzer.report.sink import PassiveSink, ScopeName, Start
from tcpflow_analyzer.report.summary_words import (
    closer_cells,
    container_text,
    extent_text,
    file_name,
    other_frames,
    outcome_cells,
    quality_cells,
    state_cells,
    without_tcp,
)
from tcpflow_analyzer.report.totals import Capture, Summary
from tcpflow_analyzer.report.wording import (
    Clock,
    counted,
    listed,
)
from tcpflow_analyzer.table.connection import Connection

FEW_CONNECTIONS: Final = 20  # so many are shown in a table without being asked for
EXAMPLES_SHOWN: Final = 3
FILES_SHOWN: Final = 5
CODES_SHOWN: Final = 8
PATH_WIDTH: Final = 60

MARKS: Final[Mapping[Severity, str]] = {"error": "✖", "warning": "▲", "info": "·"}
STYLES: Final[Mapping[Severity, str]] = {"error": "bold red", "warning": "yellow", "info": "cyan"}
TITLES: Final[Mapping[Severity, str]] = {
    "error": "ERRORS",
    "warning": "WARNINGS",
    "info": "INFORMATION",
}


class TextWriter(Protocol):
    """Where the report goes."""

    def write_text(self, text: str) -> None:
        """Write text."""


class TextOptions(NamedTuple):
    """What the user asked to see.

    Attributes:
        show_all: every finding and every connection.
        connections: the table of connections, however many there are.
        top: rows of that table, None for the default.
        time: as `wording.Clock`.
        quiet: only findings.
        capture: that the foot may tell to look into again; "" where it cannot be read again.
        configuration: path of the file that says some of this, "" for none.
    """

    show_all: bool = False
    connections: bool = False
    top: int | None = None
    time: str = "relative"
    quiet: bool = False
    capture: str = ""
    configuration: str = ""


class TextReport(PassiveSink):
    """Sink that writes the report when the run has ended."""

    def __init__(self, output: TextWriter, look: Look, options: TextOptions | None = None) -> None:
        """Make a report that nothing is written of before the end."""
        self._output = output
        self._look = look
        self._options = options or TextOptions()
        self.wants_connections = self._options.connections or self._options.show_all
        self.wants_facts = self._options.show_all
        self.wants_first = FEW_CONNECTIONS
        self._groups = Groups(self._options.show_all, None)
        self._few = Rows(FEW_CONNECTIONS)
        limit = self._options.top or FEW_CONNECTIONS
        self._many = Rows(None if self._options.show_all else limit)
        self._rules: Mapping[str, Rule] = {}
        self._scope_name: ScopeName = _no_scope_name
        self._names = FrameNames()
        self._where = ""

    def begin(self, start: Start) -> None:
        """Take note of the rules and of how frames and scopes are called."""
        self._rules = start.rules
        self._scope_name = start.scope_name
        self._names = FrameNames(len(start.paths), start.locate_frame)
        self._where = start.settings.where
        show_all = self._options.show_all
        self._groups = Groups(show_all, None if show_all else start.settings.examples)

    def connection(self, connection: Connection, findings: Sequence[Finding]) -> None:
        """Take a row and the findings of a connection."""
        interface = self._scope_name(connection.scope)[1] if connection.scope else None
        is_one_of_few = connection.number <= FEW_CONNECTIONS or self._where != ""
        if is_one_of_few or self.wants_connections:
            row = make_row(connection, findings, interface)
            if is_one_of_few:
                self._few.add(row)
            if self.wants_connections:
                self._many.add(row)
        self._groups.add(findings, connection, interface)

    def finding(self, finding: Finding) -> None:
        """Take a finding about no single connection."""
        self._groups.add((finding,), None, None)

    def more_of(self, code: str, name: str, severity: Severity) -> CountMore | None:
        """Who counts more findings of a kind, once there are enough examples of it."""
        return None if self.wants_connections else self._groups.more_of(code, name, severity)

    def end(self, capture: Capture, summary: Summary) -> None:
        """Write the report."""
        page = Page(self._look)
        clock = Clock(self._options.time, capture.first_time_ns, capture.last_time_ns)
        if not self._options.quiet:
            _write_head(page, capture, summary, self._where)
        for severity in ("error", "warning", "info"):
            self._write_findings(page, severity, clock)
        if not self._options.quiet:
            _write_totals(page, capture, summary)
            if self.wants_connections:
                self._many.write(page, summary.connections)
            elif summary.connections <= FEW_CONNECTIONS:
                self._few.write(page, summary.connections)
            self._write_foot(page, summary)
        self._output.write_text(page.text())

    def _write_findings(self, page: Page, severity: Severity, clock: Clock) -> None:
        """Write the groups of a severity, the largest first."""
        groups = self._groups.of_severity(severity)
        if not groups:
            return
        page.line()
        page.line(Span(TITLES[severity], "bold"))
        for group in groups:
            self._write_group(page, group, clock)

    def _write_group(self, page: Page, group: Group, clock: Clock) -> None:
        mark, style = MARKS[group.severity], STYLES[group.severity]
        title = f"{mark} {group.code} {group.name}"
        who = page.named(group.who())
        what = f"{who}, {clock.span(group.first_time_ns, group.last_time_ns)}"
        if len(title) + 3 + len(what) <= page.width:
            page.line(Span(title, style), f"   {what}")
        else:
            page.line(Span(title, style))
            page.paragraph("    ", what)
        page.paragraph("    ", self._rules[group.code].summary, "dim")
        examples = sorted(group.examples, key=_example_order)
        if not self._options.show_all:
            examples = examples[:EXAMPLES_SHOWN]
        head = "    e.g. " if group.count > len(examples) else "    "
        for finding in examples:
            page.paragraph(head, self._example(finding))
            head = " " * len(head)

    def _example(self, finding: Finding) -> str:
        """Say of one finding which connection, what, and in which frames."""
        number = "" if finding.connection is None else f"#{finding.connection} "
        message = self._names.message(finding)
        frames = [self._names.frame(frame) for frame in finding.frames]
        told = set(re.findall(r"[\w./-]*:?\d+", message))
        if all(frame in told for frame in frames):
            return f"{number}{message}"
        more = (
            ""
            if finding.frame_count <= len(frames)
            else f" and {finding.frame_count - len(frames)} more"
        )
        noun = "frame" if finding.frame_count == 1 else "frames"
        return f"{number}{message} ({noun} {listed(frames)}{more})"

    def _write_foot(self, page: Page, summary: Summary) -> None:
        """Write what was not shown, and how to see it."""
        hidden = 0 if self._options.show_all else summary.findings.get("info", 0)
        if hidden:
            page.line()
            names = self._codes_not_shown(summary)
            facts = f"{counted(hidden, 'fact')} not shown ({names}): --all"
            page.paragraph("", facts, "dim")
        worst = self._groups.of_severity("error") or self._groups.of_severity("warning")
        if worst:
            page.line(*([] if hidden else [""]))
            page.line(Span(f"Explain: tcpflow explain {worst[0].code}", "dim"))
            number = _example_connection(worst[0])
            if number is not None and self._options.capture:
                path = shlex.quote(self._options.capture)
                page.line(Span(f"Look: tcpflow show {path} --connection {number}", "dim"))
        if self._options.configuration:
            page.line(*([] if hidden or worst else [""]))
            page.paragraph("", f"Shown as {self._options.configuration} says", "dim")

    def _codes_not_shown(self, summary: Summary) -> str:
        """Write the codes of which only a count is known, the most frequent first."""
        shown = self._groups.codes()
        counts = {code: n for code, n in summary.codes.items() if code not in shown}
        most = sorted(counts, key=lambda code: (-counts[code], code))
        more = ["..."] if len(most) > CODES_SHOWN else []
        return listed([f"{code} {counts[code]:,}" for code in most[:CODES_SHOWN]] + more)


def _example_connection(group: Group) -> int | None:
    """Give the first connection that is shown as an example of a group; None if none is."""
    examples = sorted(group.examples, key=_example_order)
    return next((each.connection for each in examples if each.connection is not None), None)


def _example_order(finding: Finding) -> tuple[int, int, str]:
    return finding.time_ns, finding.connection or 0, finding.endpoint or ""


def _write_head(page: Page, capture: Capture, summary: Summary, where: str) -> None:
    """Write what was read, and how many connections it holds."""
    files = capture.files
    if len(files) == 1:
        name = shortened(file_name(files[0]), page.width)
        _write_beside(
            page, "", Span(name, "bold"), f"{container_text(files[0])}, {extent_text(capture)}"
        )
    else:
        page.line(Span(counted(len(files), "file"), "bold"), f"   {extent_text(capture)}")
        for file in files[:FILES_SHOWN]:
            name = shortened(file_name(file), PATH_WIDTH)
            what = f"{container_text(file)}, {counted(file.frames, 'frame')}"
            _write_beside(page, "  ", Span(name), what)
        if len(files) > FILES_SHOWN:
            page.line(f"  and {len(files) - FILES_SHOWN:,} more")
    for file in files:
        if file.error is not None:
            name = "" if len(files) == 1 else f"{shortened(file_name(file), PATH_WIDTH)}: "
            page.paragraph("damaged: ", f"{name}{file.error}", "yellow", "bold yellow")
    if summary.chosen_of is not None:
        page.paragraph("", f"chosen of {counted(summary.chosen_of, 'connection')}: {where}", "dim")
    if summary.connections:
        total = counted(summary.connections, "connection")
        page.paragraph("", f"{total}: {listed(outcome_cells(summary))}")
    elif summary.chosen_of:
        page.paragraph("", "no connection")
    else:
        page.paragraph("", without_tcp(capture))


def _write_beside(page: Page, head: str, name: Span, what: str) -> None:
    """Write what a file holds beside its name, or below it where the line is too short."""
    if cell_width(head + name.text) + 3 + len(what) <= page.width:
        page.line(head, name, f"   {what}")
    else:
        page.line(head, name)
        page.paragraph(f"{head}  ", what)


def _write_totals(page: Page, capture: Capture, summary: Summary) -> None:
    """Write who closed, what is left, and how good the capture is."""
    page.line()
    if summary.connections:
        page.columns("Who closed first   ", closer_cells(summary))
        page.columns("Left at the end    ", state_cells(summary))
        others = other_frames(capture)
        if others:
            page.columns("Without TCP        ", others)
    page.columns("Capture quality    ", quality_cells(capture, summary))


def _no_scope_name(_scope: int) -> tuple[str | None, str | None]:
    return None, None
