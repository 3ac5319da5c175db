"""Writes the page of `tcpflow report`: one HTML file that needs nothing else.

The template escapes all that it is given; data for the script stands in elements that are not
executed, with `<`, `>` and `&` escaped. In both, characters that do not print, or would turn the
direction of writing, are shown as escapes. A Content-Security-Policy allows the page's own script
and style, by their hashes, and nothing else: no network, no other code.
"""

import base64
import hashlib
import json
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from functools import cache
from importlib import resources
from typing import Any, Final, NamedTuple

import jinja2
from markupsafe import Markup

from tcpflow_analyzer.findings.registry import rules
from tcpflow_analyzer.report.html_content import (
    census_data,
    connection_data,
    explanation_content,
    group_content,
    peaks_content,
    rows_data,
    summary_content,
)
from tcpflow_analyzer.report.html_report import HtmlReport, PageLimits
from tcpflow_analyzer.report.machine_svg import machine_svg
from tcpflow_analyzer.report.names import NO_NAMES, Names
from tcpflow_analyzer.report.rungs import Rung
from tcpflow_analyzer.report.state_census import Series
from tcpflow_analyzer.report.summary_words import file_name
from tcpflow_analyzer.report.totals import Capture
from tcpflow_analyzer.report.wording import Clock, counted, printable
from tcpflow_analyzer.version import __version__

PARTS: Final = "page_parts"
SCRIPTS: Final = ("uplot/uPlot.iife.min.js", "page.js")
STYLES: Final = ("uplot/uPlot.min.css", "page.css")
LICENCE: Final = "uplot/LICENSE.txt"
POLICY: Final = (
    "default-src 'none'; script-src {scripts}; style-src {styles}; base-uri 'none'; "
    "form-action 'none'; require-trusted-types-for 'script'"
)
# What ends an element or begins a comment inside of one; HTML has no escapes there, JSON has.
ESCAPES: Final = {ord("<"): "\\u003c", ord(">"): "\\u003e", ord("&"): "\\u0026"}
OTHER_OCTETS: Final = 2_000_000  # findings, explanations and the census are less


class LeftOut(NamedTuple):
    """What a page does not hold.

    Attributes:
        rows: connections that are not in the table.
        not_drawn: of those in the table, how many have no drawing.
        too_long: of these, how many had too many segments.
        too_large: of these, how many would have made the file too large.
    """

    rows: int
    not_drawn: int
    too_long: int
    too_large: int


class HtmlPage:
    """The page of a run.

    Attributes:
        drawn: numbers of the connections that are drawn.
    """

    def __init__(
        self,
        report: HtmlReport,
        census: Series,
        segments_of: Callable[[int], Sequence[Rung]],
        limits: PageLimits,
        hosts: Names = NO_NAMES,
    ) -> None:
        """Make the drawings, as many as fit.

        Args:
            report: of a run that has ended.
            census: of the same run.
            segments_of: gives the segments of a drawn connection, by its number.
            limits: how large it may be.
            hosts: names shown in place of addresses.
        """
        if report.capture is None or report.summary is None:  # set by every run that ends
            raise AssertionError
        self._report = report
        self._capture = report.capture
        self._summary = report.summary
        self._census = census
        self._limits = limits
        self._hosts = hosts
        self._drawings: dict[int, Markup] = {}
        room = limits.octets - sum(len(text.encode()) for text in (*_scripts(), *_styles()))
        room -= len(self._rows({row.number for row in report.rows})) + OTHER_OCTETS
        for each in report.drawn:
            number = each.connection.number
            text = self._json(connection_data(each, segments_of(number), report.names))
            room -= len(text)
            if room < 0:
                break
            self._drawings[number] = text
        self.drawn = frozenset(self._drawings)

    def pieces(self) -> Iterator[bytes]:
        """Give the file, in pieces."""
        environment = jinja2.Environment(
            loader=jinja2.FunctionLoader(_part),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            finalize=self._shown,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        stream = environment.get_template("page.html").stream(self._context())
        stream.enable_buffering(100)
        for piece in stream:
            yield piece.encode("utf-8", "replace")

    def _context(self) -> dict[str, Any]:
        """What the template is given; `Markup` is not escaped any more."""
        report, summary = self._report, self._summary
        capture, every = self._capture, rules()
        clock = Clock("relative", capture.first_time_ns, capture.last_time_ns)
        groups = report.groups_worst_first()
        codes = {group.code for group in groups}
        facts = {code: count for code, count in summary.codes.items() if code not in codes}
        ends = ("originator", "responder")
        return {
            "title": _title(capture),
            "policy": POLICY.format(scripts=_hashes(_scripts()), styles=_hashes(_styles())),
            "styles": [Markup(text) for text in _styles()],  # noqa: S704  our own
            "scripts": [Markup(text) for text in _scripts()],  # noqa: S704  our own
            "machines": [Markup(machine_svg(f"machine-{end}")) for end in ends],  # noqa: S704  our own
            "summary": summary_content(report, capture, summary),
            "groups": [
                group_content(group, every[group.code], report.names, clock, self.drawn)
                for group in groups
            ],
            "facts": [
                (code, every[code].name, f"{count:,}", every[code].summary)
                for code, count in facts.items()
            ],
            "explanations": [explanation_content(every[code]) for code in sorted({*codes, *facts})],
            "peaks": peaks_content(self._census),
            "left_out": left_out_text(self._left_out(), self._limits),
            "total": summary.connections,
            "rows": self._rows(self.drawn),
            "census": self._json(census_data(self._census)),
            "drawings": self._drawings.items(),
            "version": __version__,
        }

    def _rows(self, drawn: Collection[int]) -> Markup:
        return self._json(rows_data(self._report.rows, drawn, self._capture.first_time_ns))

    def _left_out(self) -> LeftOut:
        report = self._report
        return LeftOut(
            self._summary.connections - len(report.rows),
            len(report.rows) - len(self.drawn),
            report.not_drawn_for_length,
            len(report.drawn) - len(self.drawn),
        )

    def _shown(self, value: object) -> object:
        """What the template writes for a value."""
        if isinstance(value, str) and not isinstance(value, Markup):
            return self._hosts.text(printable(value))
        return value

    def _json(self, value: object) -> Markup:
        """Write JSON that can stand in a script element: nothing in it ends the element."""
        text = json.dumps(self._shown_deep(value), separators=(",", ":"))
        return Markup(text.translate(ESCAPES))  # noqa: S704  escaped

    def _shown_deep(self, value: Any) -> Any:  # noqa: ANN401 -- any JSON
        if isinstance(value, dict):
            return {key: self._shown_deep(each) for key, each in value.items()}
        if isinstance(value, list | tuple):
            return [self._shown_deep(each) for each in value]
        return self._shown(value)


def _title(capture: Capture) -> str:
    """Name what was read."""
    if not capture.files:
        return "no capture"
    more = len(capture.files) - 1
    name = file_name(capture.files[0])
    return f"{name} and {counted(more, 'other file')}" if more else name


def left_out_text(left_out: LeftOut, limits: PageLimits) -> list[str]:
    """Say what a page does not hold, and what to do; nothing where it holds all."""
    sentences = []
    if left_out.rows:
        sentences.append(
            f"The table leaves out {counted(left_out.rows, 'connection')}. It holds "
            f"{limits.rows:,}: those with findings first, the worst of each kind before the many "
            "of one kind, then a sample spread over the capture. --rows holds more, --where "
            "chooses."
        )
    if left_out.not_drawn:
        sentences.append(
            f"{counted(left_out.not_drawn, 'connection')} of the table "
            f"{'is' if left_out.not_drawn == 1 else 'are'} not drawn. --connections draws more; "
            "`tcpflow show CAPTURE --connection N` draws any."
        )
    if left_out.too_long:
        sentences.append(
            f"Of these, {left_out.too_long:,} had too many segments: a page draws "
            f"{limits.segments:,} in all."
        )
    if left_out.too_large:
        sentences.append(
            f"Of these, {left_out.too_large:,} would have made this file larger than "
            f"{limits.octets / 1e6:.3g} MB."
        )
    return sentences


@cache
def _part(name: str) -> str:
    """Give a file that is part of every page."""
    path = resources.files("tcpflow_analyzer.report").joinpath(PARTS, *name.split("/"))
    return path.read_text(encoding="utf-8")


@cache
def _scripts() -> tuple[str, ...]:
    library, own = (_part(name) for name in SCRIPTS)
    return f"/*\n{_part(LICENCE)}*/\n{library}", own


@cache
def _styles() -> tuple[str, ...]:
    return tuple(_part(name) for name in STYLES)


def _hashes(texts: Iterable[str]) -> str:
    """Name texts as a Content-Security-Policy does (CSP 3, section 2.3.1)."""
    sums = (base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in texts)
    return " ".join(f"'sha256-{each}'" for each in sums)
