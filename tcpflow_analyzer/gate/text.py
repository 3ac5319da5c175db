"""The result of a check for a build log: what failed, why, what to do, where to look.

The page is 80 columns wide and holds no colours unless asked; what passed takes one line, so that
what failed is what is seen. Captures that failed come first, in the order in which they were given.
"""

import shlex
from collections.abc import Sequence
from typing import Final

from tcpflow_analyzer.gate.result import (
    STATUS_FAILED,
    STATUS_INCOMPLETE,
    CaptureResult,
    CheckResult,
    ExpectationResult,
    FindingResult,
    Place,
    fails,
)
from tcpflow_analyzer.report.page import Look, Page, Span
from tcpflow_analyzer.report.wording import counted, shortly_listed

WIDTH: Final = 80
FRAMES_SHOWN: Final = 3
STALE_SHOWN: Final = 10
_MARKS: Final = {"error": ("✖", "bold red"), "warning": ("▲", "yellow"), "info": ("·", "dim")}
_INDENT: Final = "      "


def check_text(result: CheckResult, look: Look, quiet: bool = False) -> str:
    """Write a result as text.

    Args:
        result: to write.
        look: of the page.
        quiet: leave out what passed and the last line, unless something failed.
    """
    page = Page(look)
    told: set[str] = set()  # advice is given once, however many captures have the same trouble
    for capture in result.captures:
        if capture.status and capture.coverage != "unusable":
            _write_capture(page, capture, told)
        elif capture.coverage == "unusable":
            page.paragraph("FAIL ", f"{capture.problem}", head_style="bold red")
    wrong = [each for each in result.expectations if fails(each)]
    if wrong:
        page.line(Span("FAIL", "bold red"), " all captures together")
        for each in wrong:
            _write_expectation(page, each, "", told)
    if not quiet:
        for stale in result.stale[:STALE_SHOWN]:
            text = f"{stale.code} {stale.service}: {stale.text}".rstrip(": ")
            page.paragraph("NOTE ", f"in the baseline, but not seen any more: {text}")
        if len(result.stale) > STALE_SHOWN:
            more = len(result.stale) - STALE_SHOWN
            page.paragraph("NOTE ", f"and {counted(more, 'other entry', 'other entries')}")
    if not quiet or result.status:
        _write_totals(page, result)
    if result.status == STATUS_FAILED:
        _write_ways(page, result)
    return page.text()


def _write_capture(page: Page, capture: CaptureResult, told: set[str]) -> None:
    failed = bool(capture.failures)
    head, style = ("FAIL", "bold red") if failed else ("CUT ", "bold yellow")
    if capture.coverage == "empty" and not failed:
        head = "NONE"
    page.line(Span(head, style), f" {capture.path}")
    if capture.problem and not capture.tolerated:
        option = "--allow-empty" if capture.coverage == "empty" else "--allow-truncated"
        problem = capture.problem.removeprefix(f"{capture.path}: ")
        page.paragraph("  ! ", f"{problem}; {option} lets it pass", hanging=_INDENT)
    for failure in capture.failures:
        if isinstance(failure, FindingResult):
            _write_finding(page, failure, capture.path, told)
        else:
            _write_expectation(page, failure, capture.path, told)


def _write_finding(page: Page, finding: FindingResult, capture: str, told: set[str]) -> None:
    mark, style = _MARKS[finding.severity]
    who = f'service "{finding.service}"' if finding.expectation else finding.service
    times = f", {finding.count:,} times" if finding.count > 1 else ""
    page.paragraph(
        f"  {mark} ",
        f"{finding.code} {finding.name}: {who}{times}",
        head_style=style,
        hanging=_INDENT,
        bold_len=len(finding.code),
    )
    page.paragraph(_INDENT, finding.message)
    page.paragraph(_INDENT, f"expected: {finding.expected} ({finding.origin})")
    _write_advice(page, finding.advice, told)
    _write_look(page, finding.sockets, finding.connections, finding.places, capture)


def _write_expectation(
    page: Page, expectation: ExpectationResult, capture: str, told: set[str]
) -> None:
    mark, style = _MARKS["error"]
    service = "" if expectation.name == "limits" else f': service "{expectation.name}"'
    page.paragraph(
        f"  {mark} ",
        f"{expectation.key}{service}",
        head_style=style,
        hanging=_INDENT,
        bold_len=len(expectation.key),
    )
    page.paragraph(_INDENT, f"{expectation.message} ({expectation.origin})")
    _write_advice(page, expectation.advice, told)
    _write_look(page, "", expectation.connections, expectation.places, capture)


def _write_advice(page: Page, advice: str, told: set[str]) -> None:
    if advice and advice not in told:
        told.add(advice)
        page.paragraph(f"{_INDENT}do: ", advice, hanging=f"{_INDENT}    ")


def _write_look(
    page: Page,
    sockets: str,
    connections: Sequence[int],
    places: Sequence[Place],
    capture: str,
) -> None:
    """Where to look: the connection, and frames; with their file unless it is the capture's."""
    names = [f"#{number}" for number in connections]
    if names and sockets:  # those of the first, which the frames are of, too
        names[0] = f"{names[0]} {sockets}"
    who = shortly_listed(names, FRAMES_SHOWN) or sockets
    shown = [str(each.frame) if each.path == capture else str(each) for each in places]
    frames = shortly_listed(shown, FRAMES_SHOWN)
    word = "frame" if len(places) == 1 else "frames"
    text = "; ".join(part for part in (who, frames and f"{word} {frames}") if part)
    if text:
        page.paragraph(f"{_INDENT}at: ", text, hanging=f"{_INDENT}    ")


def _write_totals(page: Page, result: CheckResult) -> None:
    """The last line: how many passed and failed, and by what they were measured."""
    statuses = [capture.status for capture in result.captures]
    failures = result.failures
    numbers = {
        "passed": statuses.count(0),
        "failed": sum(status in (1, 2) for status in statuses),
        "incomplete": statuses.count(3),
    }
    parts: list[str] = []
    for what, number in numbers.items():
        if number:
            parts.append(f"{number:,} {what}" if parts else f"{counted(number, 'capture')} {what}")
    if failures:
        findings = sum(isinstance(each, FindingResult) for each in failures)
        kinds = []
        if findings:
            kinds.append(counted(findings, "finding"))
        if len(failures) > findings:
            kinds.append(counted(len(failures) - findings, "expectation"))
        parts.append(f"{' and '.join(kinds)} failed")
    if result.baseline:
        parts.append(f"{result.known:,} known to {result.baseline}")
    head, style = _HEADS[result.status]
    if result.status == STATUS_INCOMPLETE and not any(
        capture.coverage == "damaged" and not capture.tolerated for capture in result.captures
    ):
        head = "NONE"
    connections = sum(capture.connections for capture in result.captures)
    parts.append(counted(connections, "connection"))
    if result.configuration:
        parts.append(f"by {result.configuration}")
    page.paragraph(f"{head} ", "; ".join(parts), head_style=style)


def _write_ways(page: Page, result: CheckResult) -> None:
    """What somebody can do who sees such a text for the first time."""
    ways = {}
    codes = [each.code for each in result.failures if isinstance(each, FindingResult)]
    if codes:
        ways[f"what {codes[0]} means"] = f"tcpflow explain {codes[0]}"
    seen = [each for each in result.failures if each.connections and each.capture]
    if seen:
        path, number = shlex.quote(seen[0].capture), seen[0].connections[0]
        ways[f"see connection {number}"] = f"tcpflow show {path} --connection {number}"
    if result.baseline:
        ways["accept these too"] = f"--write-baseline {shlex.quote(result.baseline)}"
    else:
        ways["fail by new ones alone"] = "--write-baseline FILE now, then --baseline FILE"
    width = max(map(len, ways))
    for what, how in ways.items():
        page.line(f"     {what:{width}}   {how}")  # never broken, to be copied


_HEADS: Final = {
    0: ("PASS", "bold green"),
    1: ("FAIL", "bold red"),
    2: ("FAIL", "bold red"),
    3: ("CUT ", "bold yellow"),
}
