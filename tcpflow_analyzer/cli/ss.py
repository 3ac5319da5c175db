"""`tcpflow ss`: the sockets of all hosts of a capture at a moment, as `ss` would show them."""

import contextlib
from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Final

import click

from tcpflow_analyzer.cli.capture_options import capture_options
from tcpflow_analyzer.cli.help import HelpCommand
from tcpflow_analyzer.cli.interruption import Interruptible
from tcpflow_analyzer.cli.look import look_for
from tcpflow_analyzer.cli.messages import say
from tcpflow_analyzer.cli.names_option import names_option
from tcpflow_analyzer.cli.option_types import MomentText, duration, moment
from tcpflow_analyzer.cli.outputs import (
    STANDARD_OUTPUT,
    Output,
    OutputChoice,
    check_outputs,
    describe,
    parse_output,
)
from tcpflow_analyzer.cli.progress import Progress
from tcpflow_analyzer.cli.runs import work_through
from tcpflow_analyzer.errors import OutputError, UsageError

if TYPE_CHECKING:
    from tcpflow_analyzer.pipeline import Run
    from tcpflow_analyzer.report.page import Look
    from tcpflow_analyzer.report.socket_table import SocketTable
    from tcpflow_analyzer.report.state_census import Series, StateCensus
    from tcpflow_analyzer.settings import Settings

FORMS: Final = ("text", "json", "csv")
SUFFIXES: Final = {".json": "json", ".csv": "csv"}


@click.command(cls=HelpCommand, short_help="Show the sockets of a moment, as ss would have.")
@click.argument("capture", metavar="CAPTURE")
@click.argument("words", nargs=-1, metavar="[FILTER...]")
@click.option(
    "--at",
    type=moment,
    metavar="TIME",
    help="ISO 8601 (UTC unless it says otherwise), HH:MM:SS, seconds since the epoch, +SECONDS "
    "from the first frame, or frame:N.  [default: the last frame]",
)
@click.option("--summary", is_flag=True, help="Only how many sockets are in each state.")
@click.option(
    "--census", is_flag=True, help="How many sockets were in each state, from the first frame on."
)
@click.option(
    "--step", type=duration, metavar="TIME", help="With --census: count so often, as 100ms."
)
@click.option("--ascii", "is_ascii", is_flag=True, help="Draw with characters of ASCII only.")
@click.option("--format", "form", type=click.Choice(FORMS), help="Format.  [default: text]")
@click.option(
    "-o", "--output", metavar="[FORMAT:]PATH", help="Write to a file instead of standard output."
)
@capture_options
@names_option
@click.option("--color/--no-color", default=None, help="Colour; by default if a terminal sees it.")
@click.option("--progress/--no-progress", default=None, help="A bar while it takes longer.")
def ss(
    capture: str,
    words: tuple[str, ...],
    settings: "Settings",
    at: MomentText | None,
    summary: bool,
    census: bool,
    step: int | None,
    is_ascii: bool,
    form: str | None,
    output: str | None,
    color: bool | None,
    progress: bool | None,
) -> int:
    """Show the sockets of all hosts at a moment, as `ss -tan` would have.

    Only what was captured until then counts, and the timers that have run
    since: TIME-WAIT that has expired is gone. Nothing on the wire shows who
    listens. CAPTURE is a file, a folder of captures or -.

    FILTER is one of ss: `state time-wait`, `dport = :443`, `src 10.0.0.0/8`,
    `not ( sport = :ssh or dst 192.0.2.1 )`; quote what the shell would take.
    States are written as RFC 9293 or as ss does.
    """
    if summary and census:
        raise click.UsageError("--summary and --census exclude one another")
    if step is not None and not census:
        raise click.UsageError("--step needs --census")
    choice = OutputChoice(form or "text", STANDARD_OUTPUT)
    if output is not None:
        choice = parse_output(output, form, FORMS, SUFFIXES)
    check_outputs([choice], [capture])
    from tcpflow_analyzer.report.socket_table import SocketTable  # noqa: PLC0415  mistakes first
    from tcpflow_analyzer.report.state_census import StateCensus  # noqa: PLC0415
    from tcpflow_analyzer.where.ss_filter import compile_filter  # noqa: PLC0415

    wanted = compile_filter(words)
    sink: SocketTable | StateCensus
    sink = (
        StateCensus(wanted.takes)
        if census
        else SocketTable(wanted.holds, at_capture_end=at is None)
    )
    with contextlib.ExitStack() as stack:
        try:
            run, status = _work(capture, settings, sink, at, progress)
            target = stack.enter_context(Output(choice.path))
            look = look_for(target, color)
            if isinstance(sink, StateCensus):
                series = sink.series(step).of(wanted.states)
                pieces = _census_pieces(choice.form, series, look, is_ascii)
            else:
                pieces = _table_pieces(choice.form, sink, summary, look, run)
            for piece in pieces:
                target.write_text(piece)
        except (BrokenPipeError, OutputError):
            raise
        except OSError as error:
            raise OutputError(describe(error)) from error
    return status


def _work(
    capture: str,
    settings: "Settings",
    sink: "SocketTable | StateCensus",
    at: MomentText | None,
    progress: bool | None,
) -> tuple["Run", int]:
    """Read the capture up to the moment, and say where that lies outside of it."""
    from tcpflow_analyzer.pipeline import Run, Until  # noqa: PLC0415  mistakes first

    until = None if at is None else Until(at.time_ns, at.after_ns, at.of_day_ns, at.frame)
    with Interruptible([capture]) as work, Progress(progress, False) as bar:
        run = Run([capture], settings, [sink], until=until)
        sink.watch(lambda: run.now_ns)
        status = work_through(run, work, bar, partial(_update, bar), False)
    if run.capture is None:  # set by every run that ends
        raise UsageError(f"{capture}: nothing was read")
    last_ns = run.last_frame_ns
    if run.end_ns is not None and not run.capture.frames:
        say("note", "--at lies before the first frame")
    elif run.end_ns is not None and run.is_at_end and run.end_ns > last_ns:
        late = (run.end_ns - last_ns) / 1e9
        say("note", f"--at lies {late:.3f} s behind the last frame: what came then is not known")
    return run, status


def _table_pieces(
    form: str, table: "SocketTable", summary: bool, look: "Look", run: "Run"
) -> Iterator[str]:
    """Give the table or the summary in a format, in pieces."""
    from tcpflow_analyzer.report import socket_text  # noqa: PLC0415

    rows = table.rows()
    at_ns = run.now_ns if run.end_ns is None else run.end_ns
    if form == "json":
        yield from (
            [socket_text.summary_json(rows, at_ns)]
            if summary
            else socket_text.table_json(rows, at_ns)
        )
    elif form == "csv":
        yield socket_text.summary_csv(rows) if summary else socket_text.table_csv(rows)
    else:
        write = socket_text.summary_text if summary else socket_text.table_text
        yield write(rows, look)


def _census_pieces(form: str, series: "Series", look: "Look", is_ascii: bool) -> Iterator[str]:
    """Give the counts over time in a format."""
    from tcpflow_analyzer.report import socket_text  # noqa: PLC0415

    if form == "json":
        yield socket_text.census_json(series)
    elif form == "csv":
        yield socket_text.census_csv(series)
    else:
        yield socket_text.census_text(series, look, is_ascii=is_ascii)


def _update(progress: Progress, run: "Run") -> None:
    progress.update(run.recording.octets_read, run.recording.octets_total)
