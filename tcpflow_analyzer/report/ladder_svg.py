"""Draws one connection as a picture in SVG, self-contained, for pages and documents.

Light and dark follow the reader's own scheme (prefers-color-scheme). A time line is dashed while
the state beside it is only believed, and missing while that end is CLOSED.
"""

from collections.abc import Iterator, Sequence
from html import escape
from typing import Final

from tcpflow_analyzer.findings.finding import Finding
from tcpflow_analyzer.report.course import OBSERVED, Standing
from tcpflow_analyzer.report.ladder_plan import (
    FOLD,
    NOTE,
    SEGMENT,
    Line,
    PlanOptions,
    headline,
    plan_ladder,
)
from tcpflow_analyzer.report.record import ConnectionRecord
from tcpflow_analyzer.report.rungs import Rung
from tcpflow_analyzer.report.wording import duration_text
from tcpflow_analyzer.tcp.states import State

# Lengths in user units, which are pixels at the natural size.
TOP: Final = 78
STEP: Final = 34  # from one line to the next
SMALL_STEP: Final = 22
BOTTOM: Final = 64
CHARACTER: Final = 6.7  # of the text beside arrows
LEFT: Final = 290  # the originator's time line
LEAST_SPAN: Final = 380  # between the time lines
RIGHT: Final = 150  # for the responder's states
SLOPE: Final = 10  # how far an arrow falls
LEGEND_INFERRED: Final = "¹ inferred: nothing that the end sent by then proves it"
LEGEND_ASSUMED: Final = "² assumed: by a clock or by how its operating system behaves"
STYLE: Final = """
:root{color-scheme:light dark}
svg{background:Canvas;font:12px ui-monospace,Menlo,Consolas,monospace}
text{fill:CanvasText}
.title{font-weight:bold;font-size:14px}
.dim{opacity:.65}
.state{font-weight:bold}
.believed{font-style:italic;opacity:.75}
.life{stroke:CanvasText;stroke-width:1.5}
.dashed{stroke-dasharray:3 4}
.arrow{stroke:#2563c9;stroke-width:1.4;fill:none}
.head{fill:#2563c9}
.reset{stroke:#d02f2f}
.note{font-style:italic}
.error{fill:#d02f2f;font-weight:bold}
.warning{fill:#b06f00;font-weight:bold}
.correction{fill:#9a4fc4}
""".strip()


def ladder_svg(
    connection: ConnectionRecord,
    rungs: Sequence[Rung],
    findings: Sequence[Finding] = (),
    options: PlanOptions | None = None,
) -> str:
    """Draw a connection; the text is one SVG document.

    Args:
        connection: its record, with its transitions.
        rungs: its segments in the order of the capture.
        findings: about it.
        options: what is shown.
    """
    lines = plan_ladder(connection, rungs, findings, (), options)
    longest = max((len(line.text) for line in lines), default=0)
    span = max(LEAST_SPAN, round(longest * CHARACTER) + 60)
    width, height = LEFT + span + RIGHT, TOP + sum(map(_height, lines)) + BOTTOM
    title = f"{connection}: {headline(connection)}"
    name = f"connection-{connection.number}"  # a page may hold several pictures
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        f'width="{width}" height="{height}" role="img" aria-labelledby="{name}-title">',
        f'<title id="{name}-title">{_escape(title)}</title>',
        f"<style>{STYLE}</style>",
        f'<defs><marker id="{name}-head" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="8" '
        'markerHeight="8" orient="auto-start-reverse"><path class="head" d="M0 0L8 4L0 8z"/>'
        "</marker></defs>",
        _text(16, 26, f"#{connection.number} {headline(connection)}", "title"),
        _text(LEFT, 54, str(connection.originator), "state", "middle"),
        _text(LEFT + span, 54, str(connection.responder), "state", "middle"),
        *_Drawing(connection.first_time_ns, span, name).elements(lines),
        _text(16, height - 34, LEGEND_INFERRED, "dim"),
        _text(16, height - 16, LEGEND_ASSUMED, "dim"),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


class _Drawing:
    """Places lines below one another."""

    def __init__(self, first_ns: int, span: int, name: str) -> None:
        self._first_ns = first_ns
        self._name = name
        self._right = LEFT + span

    def elements(self, lines: Sequence[Line]) -> Iterator[str]:
        """Give the elements of all lines."""
        y = TOP
        for line in lines:
            bottom = y + _height(line)
            yield from self._life(LEFT, y, bottom, line.originator)
            yield from self._life(self._right, y, bottom, line.responder)
            yield from self._line(line, y)
            y = bottom

    def _life(self, x: int, y: int, bottom: int, standing: Standing) -> Iterator[str]:
        """Draw a piece of a time line; there is none while the end is CLOSED."""
        if standing.state == State.CLOSED:
            return
        dashed = "" if standing.certainty == OBSERVED else " dashed"
        yield f'<line class="life{dashed}" x1="{x}" y1="{y}" x2="{x}" y2="{bottom}"/>'

    def _line(self, line: Line, y: int) -> Iterator[str]:
        middle = (LEFT + self._right) // 2
        if line.kind == SEGMENT:
            yield from self._arrow(line, y, middle)
        elif line.kind == FOLD:
            yield _text(middle, y + 15, f"⋯ {line.text} ⋯", "note dim", "middle")
        elif line.kind == NOTE:
            yield _text(middle, y + 15, line.text, line.mark or "note", "middle")
        elif line.from_originator:
            yield _text(LEFT + 10, y + 15, line.text, "note dim")
        else:
            yield _text(self._right - 10, y + 15, line.text, "note dim", "end")
        if line.time_ns is not None:
            yield _text(110, y + 15, f"+{(line.time_ns - self._first_ns) / 1e9:.6f}", "dim", "end")
        if line.gap_ns is not None:
            yield _text(110, y + 28, duration_text(line.gap_ns), "dim", "end")
        if line.frame is not None and line.kind == SEGMENT:
            yield _text(16, y + 15, str(line.frame), line.mark or "dim")
        if line.shows_originator:
            yield self._state(LEFT - 12, y, line.originator, "end")
        if line.shows_responder:
            yield self._state(self._right + 12, y, line.responder, "start")

    def _arrow(self, line: Line, y: int, middle: int) -> Iterator[str]:
        start, end = LEFT + 2, self._right - 2
        if not line.from_originator:
            start, end = end, start
        reset = " reset" if "RST" in line.parts[0].split() else ""
        yield (
            f'<line class="arrow{reset}" x1="{start}" y1="{y + 20}" x2="{end}" '
            f'y2="{y + 20 + SLOPE}" marker-end="url(#{self._name}-head)"/>'
        )
        yield _text(middle, y + 15, line.text, "", "middle")

    def _state(self, x: int, y: int, standing: Standing, anchor: str) -> str:
        believed = "" if standing.certainty == OBSERVED else " believed"
        mark = {"inferred": " ¹", "assumed": " ²"}.get(standing.certainty, "")
        return _text(x, y + 15, f"{standing.state}{mark}", f"state{believed}", anchor)


def _height(line: Line) -> int:
    return STEP if line.kind == SEGMENT else SMALL_STEP


def _text(x: int, y: int, text: str, kind: str, anchor: str = "start") -> str:
    name = f' class="{kind}"' if kind else ""
    placed = "" if anchor == "start" else f' text-anchor="{anchor}"'
    return f'<text{name} x="{x}" y="{y}"{placed}>{_escape(text)}</text>'


def _escape(text: str) -> str:
    """Keep what stands in a capture text, and out what XML does not allow."""
    return escape("".join(each if each.isprintable() else "?" for each in text))
