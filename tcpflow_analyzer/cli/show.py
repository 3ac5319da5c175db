"""`tcpflow show`: chosen connections as ladders, with the states of both ends at every segment."""

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Final, NamedTuple

import click

from tcpflow_analyzer.cli.capture_options import capture_options
from tcpflow_analyzer.cli.choice_options import choice_options
from tcpflow_analyzer.cli.help import HelpCommand
from tcpflow_analyzer.cli.interruption import Interruptible
from tcpflow_analyzer.cli.look import look_for
from tcpflow_analyzer.cli.messages import say
from tcpflow_analyzer.cli.names_option import names_option
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
    from tcpflow_analyzer.exchange import Choice, Exchange
    from tcpflow_analyzer.pipeline import Run
    from tcpflow_analyzer.report.ladder import LadderOptions
    from tcpflow_analyzer.settings import Settings

FORMS: Final = ("text", "json", "svg", "mermaid")
SUFFIXES: Final = {".json": "json", ".svg": "svg", ".mmd": "mermaid", ".mermaid": "mermaid"}
MOST: Final = 20  # connections drawn unless the user says otherwise


class Drawing(NamedTuple):
    """How connections are drawn."""

    options: "LadderOptions"
    color: bool | None
    most: int


@click.command(cls=HelpCommand, short_help="Draw connections as ladders with their states.")
@click.argument("captures", nargs=-1, required=True, metavar="CAPTURE...")
@choice_options
@click.option("--absolute", is_flag=True, help="Sequence numbers as they are on the wire.")
@click.option("--unfold", is_flag=True, help="Every segment on a line of its own.")
@click.option("--all", "show_all", is_flag=True, help="Facts too, not only warnings and errors.")
@click.option(
    "--top",
    type=click.IntRange(min=1),
    default=MOST,
    metavar="N",
    help=f"Text: at most so many connections, the first ones.  [default: {MOST}]",
)
@click.option("--ascii", "is_ascii", is_flag=True, help="Draw with characters of ASCII only.")
@click.option("--format", "form", type=click.Choice(FORMS), help="Format.  [default: text]")
@click.option(
    "-o", "--output", metavar="[FORMAT:]PATH", help="Write to a file instead of standard output."
)
@click.option(
    "--time",
    type=click.Choice(["relative", "utc", "local", "epoch"]),
    default="relative",
    help="How text shows times; relative to the first segment of the connection.",
)
@capture_options
@names_option
@click.option("--color/--no-color", default=None, help="Colour; by default if a terminal sees it.")
@click.option("--progress/--no-progress", default=None, help="A bar while it takes longer.")
def show(
    captures: tuple[str, ...],
    settings: "Settings",
    wanted: "Choice",
    where: str | None,
    absolute: bool,
    unfold: bool,
    show_all: bool,
    top: int,
    is_ascii: bool,
    form: str | None,
    output: str | None,
    time: str,
    color: bool | None,
    progress: bool | None,
) -> int:
    """Draw connections as ladders: segments, and the states of both ends.

    CAPTURE is what `tcpflow analyze` takes; several are one recording. A
    capture of one connection needs no choice; of several given choices all
    have to hold. The numbers of connections are those of `tcpflow analyze`.

    A time line is dashed while the state beside it is only believed, and
    missing while that end is CLOSED.
    """
    choice = OutputChoice(form or "text", STANDARD_OUTPUT)
    if output is not None:
        choice = parse_output(output, form, FORMS, SUFFIXES)
    check_outputs([choice], captures)
    from tcpflow_analyzer.report.ladder import LadderOptions  # noqa: PLC0415
    from tcpflow_analyzer.report.ladder_plan import PlanOptions  # noqa: PLC0415

    settings = replace(settings, where=where or "")
    options = LadderOptions(PlanOptions(absolute, unfold, show_all), time, is_ascii)
    with contextlib.ExitStack() as stack:
        try:
            exchanges, status = _read(captures, wanted, settings, progress)
            target = stack.enter_context(Output(choice.path))
            _draw(exchanges, choice.form, target, Drawing(options, color, top))
        except (BrokenPipeError, OutputError):
            raise
        except OSError as error:
            raise OutputError(describe(error)) from error
    return status


def _read(
    captures: Sequence[str], wanted: "Choice", settings: "Settings", progress: bool | None
) -> tuple[list["Exchange"], int]:
    """Read the chosen connections, and give the exit status.

    Raises:
        UsageError: there are none, or several and none was chosen.
    """
    from tcpflow_analyzer.exchange import Choice, read_exchanges  # noqa: PLC0415

    chosen = wanted != Choice() or settings.where != ""
    # Without a choice the first connection is read; that it is the only one shows at the end.
    reading = wanted if chosen else Choice(numbers=frozenset([1]))
    connections = status = 0

    def work(run: "Run") -> None:
        nonlocal connections, status
        with Interruptible(captures) as interruptible, Progress(progress, False) as bar:
            status = work_through(run, interruptible, bar, partial(_update, bar), False)
        connections = 0 if run.summary is None else run.summary.connections

    exchanges = read_exchanges(captures, reading, settings, work)
    if not chosen and connections > 1:
        raise UsageError(
            f"there are {connections:,} connections: choose by --connection, --address, --port, "
            "--finding or --where; `tcpflow analyze --connections` lists them"
        )
    if not exchanges:
        if settings.where:
            raise UsageError("no connection is as asked for")
        raise UsageError(_nothing_found(wanted, connections))
    return exchanges, status


def _nothing_found(wanted: "Choice", connections: int) -> str:
    from tcpflow_analyzer.exchange import Choice  # noqa: PLC0415

    if not connections:
        return "there is no connection in what was read"
    if wanted == Choice(numbers=wanted.numbers) and max(wanted.numbers, default=0) > connections:
        numbers = ", ".join(str(number) for number in sorted(wanted.numbers))
        return f"there is no connection {numbers}: the last is {connections:,}"
    return f"none of {connections:,} connections is as asked for"


def _update(progress: Progress, run: "Run") -> None:
    progress.update(run.recording.octets_read, run.recording.octets_total)


def _draw(exchanges: Sequence["Exchange"], form: str, output: Output, drawing: Drawing) -> None:
    """Draw connections in a format.

    Raises:
        UsageError: a picture was asked for, which shows one connection, of several.
    """
    if form == "json":
        for piece in _json_pieces(exchanges):
            output.write(piece.encode())
        return
    if form != "text":
        _draw_picture(exchanges, form, output, drawing)
        return
    from tcpflow_analyzer.report.ladder import ladder_text  # noqa: PLC0415

    look = look_for(output, drawing.color)
    for place, each in enumerate(exchanges[: drawing.most]):
        text = ladder_text(each.connection, each.rungs, each.findings, (), drawing.options, look)
        output.write_text(f"\n{text}" if place else text)
    if len(exchanges) > drawing.most:
        rest = len(exchanges) - drawing.most
        say("note", f"{rest:,} more connections are not drawn; --top draws more")


def _draw_picture(
    exchanges: Sequence["Exchange"], form: str, output: Output, drawing: Drawing
) -> None:
    """Draw the only connection."""
    if len(exchanges) > 1:
        raise UsageError(
            f"{form} shows one connection, of {len(exchanges):,} that match: choose by --connection"
        )
    each = exchanges[0]
    if form == "svg":
        from tcpflow_analyzer.report.ladder_svg import ladder_svg as draw  # noqa: PLC0415
    else:
        from tcpflow_analyzer.report.ladder_mermaid import ladder_mermaid as draw  # noqa: PLC0415
    text = draw(each.connection, each.rungs, each.findings, drawing.options.plan)
    output.write(text.encode())


def _json_pieces(exchanges: Sequence["Exchange"]) -> Iterator[str]:
    """Give the JSON object of all connections in pieces."""
    from tcpflow_analyzer.report.ladder_json import SCHEMA_VERSION, ladder_json  # noqa: PLC0415

    yield f'{{"schema_version":{SCHEMA_VERSION},"connections":['
    for place, each in enumerate(exchanges):
        yield ",\n" if place else "\n"
        yield from ladder_json(each.connection, each.rungs, each.findings)
    yield "\n]}\n"
