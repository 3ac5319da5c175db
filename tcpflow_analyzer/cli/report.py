"""`tcpflow report`: a page about captures in one HTML file."""

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Final

import click

from tcpflow_analyzer.cli.capture_options import capture_options
from tcpflow_analyzer.cli.help import HelpCommand
from tcpflow_analyzer.cli.interruption import Interruptible
from tcpflow_analyzer.cli.messages import say
from tcpflow_analyzer.cli.names_option import chosen_names, names_option
from tcpflow_analyzer.cli.outputs import (
    STANDARD_OUTPUT,
    OutputChoice,
    check_outputs,
    describe,
    whole_file,
)
from tcpflow_analyzer.cli.progress import Progress
from tcpflow_analyzer.cli.runs import work_through
from tcpflow_analyzer.errors import OutputError

if TYPE_CHECKING:
    from tcpflow_analyzer.pipeline import Run
    from tcpflow_analyzer.settings import Settings

ROWS: Final = 5_000
MOST_ROWS: Final = 20_000
DRAWN: Final = 100


@click.command(cls=HelpCommand, short_help="Write a page about a capture, with drawings.")
@click.argument("captures", nargs=-1, required=True, metavar="CAPTURE...")
@click.option(
    "-o",
    "--output",
    required=True,
    metavar="PATH",
    help="The HTML file to write; - is standard output.",
)
@click.option("--where", metavar="EXPR", help="Only connections and findings for which this holds.")
@click.option(
    "--connections",
    "drawn",
    type=click.IntRange(min=0),
    default=DRAWN,
    metavar="N",
    help=f"Draw at most so many connections, the worst first.  [default: {DRAWN}]",
)
@click.option(
    "--rows",
    type=click.IntRange(0, MOST_ROWS),
    default=ROWS,
    metavar="N",
    help=f"List at most so many, up to {MOST_ROWS:,}.  [default: {ROWS:,}]",
)
@capture_options
@names_option
@click.option("--progress/--no-progress", default=None, help="A bar while it takes longer.")
def report(
    captures: tuple[str, ...],
    settings: "Settings",
    output: str,
    where: str | None,
    drawn: int,
    rows: int,
    progress: bool | None,
) -> int:
    """Write a page about captures, in one HTML file.

    CAPTURE is what `tcpflow analyze` takes; several are one recording. The
    page needs no network and opens from disk: findings with their evidence,
    connections to sort and filter, states over time, and of the connections
    with the worst findings ladder, time-sequence graph and state machine.

    It stays below 10 MB, and says what it leaves out. Captures are read twice,
    so that they cannot come from a pipe.
    """
    check_outputs([OutputChoice("html", output)], captures)
    from tcpflow_analyzer.report.html_report import PageLimits  # noqa: PLC0415  mistakes first
    from tcpflow_analyzer.report.wording import counted  # noqa: PLC0415
    from tcpflow_analyzer.web_page import write_page  # noqa: PLC0415

    settings = replace(settings, where=where or "")
    limits = PageLimits(rows=min(max(rows, drawn), MOST_ROWS), drawn=drawn)
    status = 0
    try:
        with Interruptible(captures) as work, Progress(progress, False) as bar:

            def analyse(run: "Run") -> None:
                nonlocal status
                status = work_through(run, work, bar, partial(_update, bar, 0), False)

            def draw(run: "Run") -> None:
                for _ in run.steps():
                    _update(bar, 1, run)

            with whole_file(output) as write:
                size = write_page(captures, write, settings, limits, analyse, draw, chosen_names())
    except (BrokenPipeError, OutputError):
        raise
    except OSError as error:
        raise OutputError(describe(error)) from error
    if output != STANDARD_OUTPUT:
        say(
            "note",
            f"{output}: {size.octets / 1e6:.1f} MB, {counted(size.drawn, 'connection')} drawn and "
            f"{size.rows:,} listed of {size.connections:,}",
        )
    return status


def _update(progress: Progress, runs_before: int, run: "Run") -> None:
    """Show how far two readings of the same captures are."""
    total = run.recording.octets_total
    done = run.recording.octets_read
    if total is None:
        progress.update(done, None)
    else:
        progress.update(done + runs_before * total, 2 * total)
