"""A comparison of two recordings as text: a table for each service, what changed alone.

The page is 80 columns wide, as of a check (gate/text.py).
"""

from typing import Final

from tcpflow_analyzer.gate.difference import (
    CountChange,
    Difference,
    FindingChange,
    ServiceDifference,
    TimeChange,
)
from tcpflow_analyzer.gate.result import Place
from tcpflow_analyzer.report.page import Look, Page, Span, cell_width, padded, shortened
from tcpflow_analyzer.report.wording import counted, duration_text, shortly_listed

LABEL_WIDTH: Final = 46
NUMBER_WIDTH: Final = 10
FRAMES_SHOWN: Final = 3
_INDENT: Final = "      "
_LABELS: Final = {
    "connections": "connections",
    "health_probes": "health probes",
    "handshake": "handshake ",
    "closed_by": "closed first by ",
    "end": "end: ",
    "states": "left in ",
}
_SIGNS: Final = {"new": ("+", "bold red"), "gone": ("-", "green"), "": (" ", "")}


def difference_text(difference: Difference, look: Look, show_all: bool = False) -> str:
    """Write a comparison.

    Args:
        difference: to write.
        look: of the page.
        show_all: what did not change, too.
    """
    page = Page(look)
    for service in difference.services:
        if show_all or service.differs or service.slower:
            _write_service(page, service, show_all)
    _write_totals(page, difference)
    return page.text()


def _write_service(page: Page, service: ServiceDifference, show_all: bool) -> None:
    head = shortened(service.name, LABEL_WIDTH)
    columns = f"{'old':>{NUMBER_WIDTH}}{'new':>{NUMBER_WIDTH}}"
    page.line(Span(padded(head, LABEL_WIDTH), "bold"), Span(columns, "dim"))
    for count in service.counts:
        if show_all or count.differs:
            _write_count(page, count)
    for time in service.times:
        if show_all or time.is_much:
            _write_time(page, time)
    for finding in service.findings:
        if show_all or finding.differs:
            _write_finding(page, finding)
    page.line()


def _write_count(page: Page, change: CountChange) -> None:
    note = f"{change.new - change.old:+,}" if change.differs else ""
    label = f"{_LABELS[change.what]}{change.value}"
    _write_row(page, " ", "", label, f"{change.old:,}", f"{change.new:,}", note)


def _write_time(page: Page, change: TimeChange) -> None:
    note = ""
    if change.is_much and change.old_ns is not None and change.new_ns is not None:
        note = "slower" if change.new_ns > change.old_ns else "faster"
    old, new = (
        "-" if value is None else duration_text(value) for value in (change.old_ns, change.new_ns)
    )
    _write_row(page, " ", "", f"{change.what} {change.part}", old, new, note)


def _write_finding(page: Page, change: FindingChange) -> None:
    old, new = change.counts
    kind = change.kind
    finding = kind.finding
    note = "new" if not old else "gone" if not new else ""
    sign, style = _SIGNS[note]
    if not note and change.differs:
        note = f"{new - old:+,}"
    label = f"{finding.code} {finding.name}"
    if finding.endpoint:
        label += f" ({finding.endpoint})"
    _write_row(page, sign, style, label, f"{old:,}", f"{new:,}", note)
    if note == "new":
        page.paragraph(_INDENT, finding.message)
        if kind.places:
            page.paragraph(f"{_INDENT}at: ", _frames(kind.places), hanging=f"{_INDENT}    ")
        page.paragraph(f"{_INDENT}do: ", f"tcpflow explain {finding.code}")


def _write_row(
    page: Page, sign: str, style: str, label: str, old: str, new: str, note: str
) -> None:
    """A row; a label that is too long stands above its numbers."""
    room = LABEL_WIDTH - 4
    if cell_width(label) > room:
        page.line(Span(f"{sign} ", style), f"  {label}")
        sign, label = " ", ""
    numbers = f"{old:>{NUMBER_WIDTH}}{new:>{NUMBER_WIDTH}}"
    page.line(Span(f"{sign} ", style), f"  {padded(label, room)}{numbers}", f"   {note}")


def _frames(places: tuple[Place, ...]) -> str:
    """The frames, with their file once."""
    numbers = shortly_listed([str(each.frame) for each in places], FRAMES_SHOWN)
    return f"{places[0].path}, {'frame' if len(places) == 1 else 'frames'} {numbers}"


def _write_totals(page: Page, difference: Difference) -> None:
    differing = difference.differing
    findings = [each for service in differing for each in service.findings]
    new = sum(each.old is None for each in findings)
    gone = sum(each.new is None for each in findings)
    slower = sum(bool(service.slower) for service in difference.services)
    services = counted(len(difference.services), "service")
    verb = "differs" if len(differing) == 1 else "differ"
    parts = [f"{len(differing):,} of {services} {verb}" if differing else f"{services} alike"]
    if new or gone:
        parts.append(f"kinds of finding: {new:,} new, {gone:,} gone")
    if slower:
        parts.append(f"other times in {slower:,}")
    old, now = difference.old_connections, difference.new_connections
    parts.append(f"{counted(old, 'connection')} in {difference.old}, {now:,} in {difference.new}")
    head, style = ("DIFF ", "bold red") if differing else ("SAME ", "bold green")
    page.paragraph(head, "; ".join(parts), head_style=style)
