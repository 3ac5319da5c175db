"""Draws one connection as a ladder of text: its segments, and the states of both ends beside them.

In: the lines that `ladder_plan` decides on. Out: text for people, as wide as what it is shown on,
in UTF-8 or in ASCII, which a build log can show. A time line is dashed while the state beside it
is only believed, and missing while that end is CLOSED.
"""

from collections.abc import Collection, Sequence
from typing import Final, NamedTuple

from tcpflow_analyzer.findings.finding import Finding
from tcpflow_analyzer.report.course import OBSERVED, Standing
from tcpflow_analyzer.report.ladder_plan import (
    CORRECTION,
    EVENT,
    FOLD,
    MARKED,
    NOTE,
    SEGMENT,
    Line,
    PlanOptions,
    headline,
    plan_ladder,
    shown_findings,
)
from tcpflow_analyzer.report.page import Look, Page, Span
from tcpflow_analyzer.report.record import ConnectionRecord
from tcpflow_analyzer.report.rungs import Rung
from tcpflow_analyzer.report.wording import Clock, absolute_text, counted, duration_text
from tcpflow_analyzer.tcp.states import State

WIDEST_ARROW: Final = 64
HUNDREDTH: Final = 10_000_000  # of a second
ROOMY_ARROW: Final = 30  # below that, columns of times make room
NARROWEST_ARROW: Final = 16
ARROW_ENDS: Final = 5  # cells that an arrow needs besides its label
STYLES: Final = {"error": "bold red", "warning": "yellow", "info": "cyan", CORRECTION: "magenta"}


class Glyphs(NamedTuple):
    """What a ladder is drawn with."""

    shaft: str
    to_right: str
    to_left: str
    known: str
    believed: str
    fold: str
    marks: dict[str, str]
    certainties: dict[str, str]


UNICODE: Final = Glyphs(
    *("─", "▶", "◀", "│", "┊", "┄"),
    {"error": "✖", "warning": "▲", "info": "·", MARKED: "!", CORRECTION: "↩", "": " "},
    {OBSERVED: "", "inferred": "¹", "assumed": "²"},
)
ASCII: Final = Glyphs(
    *("-", ">", "<", "|", ":", "."),
    {"error": "x", "warning": "!", "info": "-", MARKED: "!", CORRECTION: "<", "": " "},
    {OBSERVED: "", "inferred": "*", "assumed": "~"},
)
CERTAINTY_NOTES: Final = {
    "inferred": "inferred: nothing that the end sent by then proves it",
    "assumed": "assumed: by a clock or by how its operating system behaves",
}
MARK_NOTE: Final = "a frame that the finding rests on"


class LadderOptions(NamedTuple):
    """How a ladder of text is shown.

    Attributes:
        plan: what is shown.
        time: "relative" to the connection's first segment, "utc", "local" or "epoch".
        ascii: only characters of ASCII, whatever the encoding.
        most_lines: drawn at most, the first and the last halves; None for all.
    """

    plan: PlanOptions = PlanOptions()
    time: str = "relative"
    ascii: bool = False
    most_lines: int | None = None


def ladder_text(
    connection: ConnectionRecord,
    rungs: Sequence[Rung],
    findings: Sequence[Finding] = (),
    marked: Collection[int] = (),
    options: LadderOptions | None = None,
    look: Look | None = None,
) -> str:
    """Draw a connection; each line is closed by a line feed.

    Args:
        connection: its record, with its transitions.
        rungs: its segments in the order of the capture.
        findings: about it; warnings and errors are noted where they are proven and told below.
        marked: numbers of frames that get a mark, and are never left out.
        options: see there.
        look: width, colours and encoding.
    """
    options = options or LadderOptions()
    look = look or Look()
    lines = plan_ladder(connection, rungs, findings, marked, options.plan)
    page = Page(look)
    glyphs = ASCII if options.ascii or not _fits(look.encoding) else UNICODE
    page.paragraph("", f"{connection}: {headline(connection)}", bold_len=len(str(connection)))
    page.paragraph("", _extent(connection), "dim")
    page.line()
    drawing = _Drawing(page, glyphs, _widths(connection, lines, options, page.width))
    drawing.head()
    for line in _cut(lines, options.most_lines):
        drawing.draw(line)
    _legend(page, glyphs, lines)
    shown = shown_findings(findings, options.plan.show_all)
    if shown:
        page.line()
    for finding in shown:
        _tell(page, glyphs, finding)
    if len(findings) > len(shown):
        facts = counted(len(findings) - len(shown), "fact")
        page.line(Span(f"{facts} about it not shown: --all", "dim"))
    return page.text()


def _fits(encoding: str) -> bool:
    """Whether an encoding has all that is drawn with."""
    every = [UNICODE[:6], UNICODE.marks.values(), UNICODE.certainties.values()]
    try:
        "".join("".join(each) for each in every).encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def _extent(connection: ConnectionRecord) -> str:
    first = absolute_text(connection.first_time_ns)
    lasted = duration_text(connection.last_time_ns - connection.first_time_ns)
    frames = f"frames {connection.first_frame:,} to {connection.last_frame:,}"
    return f"{first}, {counted(connection.frames, 'segment')} in {lasted}, {frames}"


class _Widths(NamedTuple):
    """How the columns of one ladder are laid out, in cells; 0 for a column that is left out."""

    frame: int
    time: int
    gap: int
    left: int
    arrow: int
    right: int
    clock: Clock


def _widths(
    connection: ConnectionRecord, lines: Sequence[Line], options: LadderOptions, width: int
) -> _Widths:
    """Give each column what it needs, and the arrows the rest."""
    clock = Clock(options.time, connection.first_time_ns, connection.last_time_ns)
    frame = max(len(str(connection.last_frame)), 2)
    time = max((len(_time_text(each, clock)) for each in lines), default=4)
    gap = max((len(_gap_text(each)) for each in lines), default=3)
    lefts = [_state_width(line.originator) for line in lines if line.shows_originator]
    rights = [_state_width(line.responder) for line in lines if line.shows_responder]
    left, right = max([*lefts, len("originator")]), max([*rights, len("responder")])
    widths = _Widths(frame, time, max(gap, 3), left, 0, right, clock)
    # The longest text decides how much of the width is of use.
    wanted = max([len(each.text) for each in lines], default=0) + ARROW_ENDS + 2
    most = min(WIDEST_ARROW, max(wanted, ROOMY_ARROW))
    for choice in (widths, widths._replace(gap=0), widths._replace(gap=0, time=0)):
        room = width - _beside(choice)
        if room >= ROOMY_ARROW:
            return choice._replace(arrow=min(room, most))
    return choice._replace(arrow=max(room, NARROWEST_ARROW))


def _beside(widths: _Widths) -> int:
    """How many cells stand beside the arrows."""
    columns = [widths.frame + 1, widths.time, widths.gap, widths.left]
    return sum(each + 1 for each in columns if each) + 2 + 1 + widths.right


def _state_width(standing: Standing) -> int:
    return len(str(standing.state)) + (standing.certainty != OBSERVED)


def _time_text(line: Line, clock: Clock) -> str:
    """Write the time of a line; of what is only expected without more digits than that deserves."""
    if line.time_ns is None:
        return ""
    if line.kind == EVENT and line.frame is None:
        rounded = (line.time_ns + HUNDREDTH // 2) // HUNDREDTH * HUNDREDTH
        return clock.text(rounded)[:-4]
    return clock.text(line.time_ns)


def _gap_text(line: Line) -> str:
    return "" if line.gap_ns is None else duration_text(line.gap_ns).replace(" ", "")


def _cut(lines: Sequence[Line], most: int | None) -> list[Line]:
    """Leave out the middle of very many lines."""
    if most is None or len(lines) <= most:
        return list(lines)
    head, tail = lines[: most // 2], lines[len(lines) - most // 2 :]
    text = f"{len(lines) - len(head) - len(tail):,} lines left out"
    return [*head, Line(FOLD, (text,), head[-1].originator, head[-1].responder), *tail]


class _Drawing:
    """Puts lines on a page."""

    def __init__(self, page: Page, glyphs: Glyphs, widths: _Widths) -> None:
        self._page = page
        self._glyphs = glyphs
        self._widths = widths

    def head(self) -> None:
        """Name the columns."""
        widths = self._widths
        cells = [Span(f"{'':{widths.frame + 1}} ")]
        if widths.time:
            cells.append(Span(f"{'time':{widths.time}} "))
        if widths.gap:
            cells.append(Span(f"{'gap':>{widths.gap}} "))
        left = f"{'originator':{widths.left}} "
        right = f" {'':{widths.arrow + 2}}responder"
        self._page.line(*cells, Span(left + right, "bold"))

    def draw(self, line: Line) -> None:
        """Draw one line of the plan, which may take several of the page."""
        if line.kind == SEGMENT:
            *above, last = self._wrapped(line.parts, ARROW_ENDS)
            for text in above:
                self._bare(line, text)
            self._row(line, self._arrow(last, line.from_originator))
        elif line.kind == FOLD:
            fold = self._glyphs.fold * 2
            for text in self._wrapped(line.parts, len(fold) * 2 + 2):
                self._bare(line, f"{fold} {text} {fold}")
        elif line.kind == NOTE:
            mark = self._glyphs.marks[line.mark]
            for number, text in enumerate(self._wrapped(line.parts, 4)):
                self._bare(line, f"{' ' if number else mark} {text}", STYLES.get(line.mark, ""))
        else:
            self._event(line)

    def _event(self, line: Line) -> None:
        """Draw a change without a segment, next to the end whose it is."""
        texts = self._wrapped(line.parts, 2)
        room = self._widths.arrow
        for number, text in enumerate(texts):
            placed = f" {text:<{room - 1}}" if line.from_originator else f"{text:>{room - 1}} "
            if number < len(texts) - 1:
                self._bare(line, placed)
            else:
                self._row(line, placed)

    def _wrapped(self, parts: Sequence[str], ends: int) -> list[str]:
        """Lay out parts in lines that fit between the time lines; break those that are longer."""
        room = max(self._widths.arrow - ends, NARROWEST_ARROW - ARROW_ENDS)
        lines = [""]
        for part in parts:
            for word in [part] if len(part) <= room else part.split():
                longer = f"{lines[-1]} {word}" if lines[-1] else word
                if lines[-1] and len(longer) > room:
                    lines.append(word)
                else:
                    lines[-1] = longer
        return lines

    def _arrow(self, text: str, from_originator: bool) -> str:
        glyphs = self._glyphs
        room = max(self._widths.arrow - len(text) - 3, 2)
        before, behind = glyphs.shaft * (room // 2), glyphs.shaft * (room - room // 2)
        if from_originator:
            return f"{before} {text} {behind}{glyphs.to_right}"
        return f"{glyphs.to_left}{before} {text} {behind}"

    def _bare(self, line: Line, text: str, style: str = "") -> None:
        """A line without times and states."""
        widths = self._widths
        columns = [widths.frame + 1, widths.time, widths.gap, widths.left]
        indent = sum(each + 1 for each in columns if each)
        self._page.line(
            " " * indent,
            Span(self._life(line.originator), "dim"),
            Span(f"{text:^{widths.arrow}}", style),
            Span(self._life(line.responder), "dim"),
        )

    def _row(self, line: Line, middle: str) -> None:
        """A line with everything that belongs to it."""
        widths = self._widths
        mark = self._glyphs.marks[line.mark]
        frame = "" if line.frame is None or line.kind == EVENT else str(line.frame)
        cells = [Span(mark, STYLES.get(line.mark, "")), Span(f"{frame:>{widths.frame}} ")]
        if widths.time:
            time = _time_text(line, widths.clock)
            cells.append(Span(f"{time:<{widths.time}} "))
        if widths.gap:
            cells.append(Span(f"{_gap_text(line):>{widths.gap}} ", "dim"))
        left = self._state(line.originator) if line.shows_originator else ""
        right = self._state(line.responder) if line.shows_responder else ""
        self._page.line(
            *cells,
            Span(f"{left:<{widths.left}} ", "bold"),
            Span(self._life(line.originator), "dim"),
            Span(middle, "red" if " RST" in f" {line.text}" and line.kind == SEGMENT else ""),
            Span(self._life(line.responder), "dim"),
            Span(f" {right}", "bold"),
        )

    def _state(self, standing: Standing) -> str:
        return f"{standing.state}{self._glyphs.certainties[standing.certainty]}"

    def _life(self, standing: Standing) -> str:
        """The time line of an end: there is none while it is CLOSED."""
        if standing.state == State.CLOSED:
            return " "
        return self._glyphs.known if standing.certainty == OBSERVED else self._glyphs.believed


def _legend(page: Page, glyphs: Glyphs, lines: Sequence[Line]) -> None:
    """Explain the signs that were used."""
    used = {line.originator.certainty for line in lines if line.shows_originator}
    used |= {line.responder.certainty for line in lines if line.shows_responder}
    for certainty, note in CERTAINTY_NOTES.items():
        if certainty in used:
            page.paragraph(f"{glyphs.certainties[certainty]} ", note, "dim")
    if any(line.mark == MARKED for line in lines):
        page.paragraph(f"{glyphs.marks[MARKED]} ", MARK_NOTE, "dim")


def _tell(page: Page, glyphs: Glyphs, finding: Finding) -> None:
    """Say a finding in full."""
    title = f"{finding.code} {finding.name}"
    page.paragraph(
        f"{glyphs.marks[finding.severity]} ",
        f"{title}: {finding.message}",
        head_style=STYLES[finding.severity],
        bold_len=len(title),
    )
