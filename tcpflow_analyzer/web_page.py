"""Makes a page about captures, with drawings of chosen connections.

In: paths, settings, limits. Out: one HTML file. The captures are read twice: for the analysis,
which says which connections are to be drawn, and for the segments of these.
"""

from collections.abc import Callable, Sequence
from os import fspath
from typing import NamedTuple

from tcpflow_analyzer.errors import UsageError
from tcpflow_analyzer.exchange import Wanted, read_segments
from tcpflow_analyzer.pipeline import AnyPath, Run, is_pipe
from tcpflow_analyzer.report.html_page import HtmlPage
from tcpflow_analyzer.report.html_report import Drawn, HtmlReport, PageLimits
from tcpflow_analyzer.report.names import NO_NAMES, Names
from tcpflow_analyzer.settings import Settings


class PageSize(NamedTuple):
    """What a page holds.

    Attributes:
        connections: that were analysed, or chosen of these.
        rows: of them in the table.
        drawn: of these with drawings.
        octets: of the file.
    """

    connections: int
    rows: int
    drawn: int
    octets: int


def write_page(
    paths: Sequence[AnyPath],
    write: Callable[[bytes], object],
    settings: Settings | None = None,
    limits: PageLimits | None = None,
    work: Callable[[Run], object] = Run.run,
    draw: Callable[[Run], object] | None = None,
    hosts: Names = NO_NAMES,
) -> PageSize:
    """Write the page.

    Args:
        paths: files and folders, one recording together.
        write: takes octets.
        settings: of the analysis; with `where` the page is about the connections that it chooses.
        limits: how much the page holds.
        work: works through the analysis.
        draw: works through the second run; by default `work` does.
        hosts: names shown in place of addresses.

    Raises:
        InputError: the input cannot be read.
        UsageError: the settings are unusable, or the input is a pipe, which cannot be read twice.
    """
    settings = settings or Settings()
    limits = limits or PageLimits()
    names = [fspath(path) for path in paths]
    for name in names:
        if is_pipe(name):
            raise UsageError(
                f"{name}: a pipe cannot be read twice, for findings and for drawings; "
                "write it into a file first"
            )
    report = HtmlReport(limits)
    run = Run(names, settings, [report])
    report.census.watch(lambda: run.now_ns)
    work(run)
    if report.summary is None:  # set by every run that ends
        raise AssertionError
    segments = read_segments(
        names, [_wanted(each) for each in report.drawn], settings, draw or work
    )
    page = HtmlPage(report, report.census.series(), segments.__getitem__, limits, hosts)
    octets = 0
    for piece in page.pieces():
        write(piece)
        octets += len(piece)
    return PageSize(report.summary.connections, len(report.rows), len(page.drawn), octets)


def _wanted(drawn: Drawn) -> Wanted:
    connection = drawn.connection
    return Wanted(
        connection.number,
        drawn.key,
        drawn.address_len,
        connection.first_frame,
        connection.frames,
    )
