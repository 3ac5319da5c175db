"""`tcpflow analyze`: findings, connections and totals of captures."""

import contextlib
import gc
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import click

from tcpflow_analyzer.cli.help import HelpCommand
from tcpflow_analyzer.cli.interruption import Interruptible
from tcpflow_analyzer.cli.look import look_for
from tcpflow_analyzer.cli.messages import say
from tcpflow_analyzer.cli.option_types import codes, duration, profile_choice
from tcpflow_analyzer.cli.outputs import (
    FORMATS,
    STANDARD_OUTPUT,
    JsonList,
    Output,
    OutputChoice,
    check_outputs,
    parse_output,
)
from tcpflow_analyzer.cli.progress import Progress
from tcpflow_analyzer.errors import InputError, OutputError
from tcpflow_analyzer.settings import Settings

if TYPE_CHECKING:
    from tcpflow_analyzer.pipeline import Run
    from tcpflow_analyzer.report.sink import Sink

STATUS_UNUSABLE = 2
STATUS_INTERRUPTED = 130


class Display(NamedTuple):
    """What concerns how results are shown, not what they are."""

    time: str
    top: int | None
    show_all: bool
    connections: bool
    color: bool | None
    quiet: bool
    progress: bool | None
    ns_as_strings: bool


@click.command(cls=HelpCommand, short_help="Say what happened to the connections of a capture.")
@click.argument("captures", nargs=-1, required=True, metavar="CAPTURE...")
@click.option(
    "--format", "form", type=click.Choice(FORMATS), help="Format of the output.  [default: text]"
)
@click.option(
    "-o",
    "--output",
    "outputs",
    multiple=True,
    metavar="[FORMAT:]PATH",
    help="Write to a file instead of standard output; may be given several times.",
)
@click.option(
    "--separate", is_flag=True, help="Treat each file alone; otherwise all are one recording."
)
@click.option(
    "--connections", is_flag=True, help="Show the table of connections even if there are many."
)
@click.option(
    "--top",
    type=click.IntRange(min=1),
    metavar="N",
    help="Rows of that table: the N with the worst findings.  [default: 20]",
)
@click.option(
    "--all", "show_all", is_flag=True, help="Leave out nothing: information and all rows too."
)
@click.option(
    "--select",
    type=codes,
    multiple=True,
    metavar="CODES",
    help="Only these findings: codes or families, as in CL,TW009.",
)
@click.option("--ignore", type=codes, multiple=True, metavar="CODES", help="Not these findings.")
@click.option(
    "--min-severity",
    type=click.Choice(["info", "warning", "error"]),
    default="info",
    help="Only findings at least this severe.",
)
@click.option(
    "--profile",
    "profiles",
    type=profile_choice,
    multiple=True,
    metavar="[CIDR=]NAME",
    help="How hosts behave where the wire does not show it: linux, windows, macos, freebsd, rfc.",
)
@click.option(
    "--msl",
    type=duration,
    metavar="TIME",
    help="Maximum segment lifetime, as 30s or 2min; TIME-WAIT lasts two of them.",
)
@click.option(
    "--tunnel",
    type=click.Choice(["inner", "outer"]),
    default="inner",
    help="Which connection of a tunnel is followed.",
)
@click.option(
    "--vlan-separates", is_flag=True, help="The same addresses in two VLANs are two connections."
)
@click.option(
    "--decoder",
    type=click.Choice(["native", "tshark"]),
    default="native",
    help="tshark reads what Wireshark reads, slowly.",
)
@click.option(
    "--time",
    type=click.Choice(["relative", "utc", "local", "epoch"]),
    default="relative",
    help="How text shows times.",
)
@click.option("--ns-as-strings", is_flag=True, help="JSON with times as strings, for JavaScript.")
@click.option("--color/--no-color", default=None, help="Colour; by default if a terminal sees it.")
@click.option("--progress/--no-progress", default=None, help="A bar while it takes longer.")
@click.option("--quiet", is_flag=True, help="Only findings; no totals, notes or progress.")
@click.option(
    "--max-connections",
    type=click.IntRange(min=1),
    metavar="N",
    help="Connections followed at once; the longest idle make room.  [default: 1000000]",
)
@click.option("--max-remembered", type=click.IntRange(min=0), hidden=True)
@click.option("--prediction/--no-prediction", default=True, hidden=True)
@click.option("--block-size", type=click.IntRange(min=1), hidden=True)
def analyze(
    captures: tuple[str, ...],
    form: str | None,
    outputs: tuple[str, ...],
    separate: bool,
    connections: bool,
    top: int | None,
    show_all: bool,
    select: tuple[tuple[str, ...], ...],
    ignore: tuple[tuple[str, ...], ...],
    min_severity: str,
    profiles: tuple[tuple[str, str], ...],
    msl: int | None,
    tunnel: str,
    vlan_separates: bool,
    decoder: str,
    time: str,
    ns_as_strings: bool,
    color: bool | None,
    progress: bool | None,
    quiet: bool,
    max_connections: int | None,
    max_remembered: int | None,
    prediction: bool,
    block_size: int | None,
) -> int:
    """Say what happened to the TCP connections of captures.

    CAPTURE is a pcap or pcapng file, plain or compressed, a text trace of
    tcpdump, a folder of captures, or - for standard input. Several are one
    recording, put in the order of time.

    Exit status: 0 when done, also if a capture is damaged and was read up to
    the damage; 2 if the command line or an input is unusable; 4 if the output
    cannot be written.
    """
    defaults = Settings()
    settings = Settings(
        decoder=decoder,
        tunnel_outer=tunnel == "outer",
        vlan_separates=vlan_separates,
        header_prediction=prediction,
        msl_ns=msl,
        profiles=dict(profiles),
        max_connections=max_connections or defaults.max_connections,
        max_remembered=defaults.max_remembered if max_remembered is None else max_remembered,
        select=tuple(code for group in select for code in group),
        ignore=tuple(code for group in ignore for code in group),
        min_severity=min_severity,
        block_octets=block_size or defaults.block_octets,
    )
    choices = [parse_output(value, form) for value in outputs]
    if not choices:
        choices = [OutputChoice(form or "text", STANDARD_OUTPUT)]
    if OutputChoice("ndjson", STANDARD_OUTPUT) in choices and sys.stdout.isatty():
        progress = False  # its lines come while the bar would be there
    check_outputs(choices, captures)
    display = Display(time, top, show_all, connections, color, quiet, progress, ns_as_strings)
    return _analyze(captures, settings, choices, display, separate)


def _analyze(
    captures: Sequence[str],
    settings: Settings,
    choices: Sequence[OutputChoice],
    display: Display,
    separate: bool,
) -> int:
    """Analyse all captures and give the exit status."""
    # Connections are free of cycles; the collector would only look at each again and again.
    gc.disable()
    with contextlib.ExitStack() as stack:
        outputs = [(choice.form, stack.enter_context(Output(choice.path))) for choice in choices]
        try:
            if separate:
                return _analyze_each(captures, settings, outputs, display)
            return _analyze_together(captures, settings, outputs, display)
        except (BrokenPipeError, OutputError):
            raise
        except OSError as error:  # a temporary file, mostly: the disk is full
            name = f"{error.filename}: " if error.filename else ""
            raise OutputError(f"{name}{error.strerror or error}") from error


def _analyze_together(
    captures: Sequence[str],
    settings: Settings,
    outputs: Sequence[tuple[str, Output]],
    display: Display,
) -> int:
    """Analyse all captures as one recording; those that are unusable are named and left out."""
    from tcpflow_analyzer.pipeline import Run, check_inputs  # noqa: PLC0415  mistakes first

    with Interruptible(captures) as work:
        usable, complaints = check_inputs(captures, settings)
        for complaint in complaints:
            say("error", complaint)
        if complaints and not usable:
            return STATUS_UNUSABLE
        sinks = [_make_sink(*each, display) for each in outputs]
        status = _work(Run(usable, settings, sinks), work, display)
    return STATUS_UNUSABLE if complaints else status


def _analyze_each(
    captures: Sequence[str],
    settings: Settings,
    outputs: Sequence[tuple[str, Output]],
    display: Display,
) -> int:
    """Analyse each capture alone; those that are unusable are named and left out."""
    from tcpflow_analyzer.pipeline import Run, expand_paths  # noqa: PLC0415  as above

    status = 0
    paths = expand_paths(captures)
    with contextlib.ExitStack() as stack:
        joined = [
            (form, stack.enter_context(JsonList(output)) if form == "json" else output)
            for form, output in outputs
        ]
        for number, path in enumerate(paths):
            try:
                if number:
                    _write_between(outputs)
                sinks = [_make_sink(form, output, display) for form, output in joined]
                with Interruptible([path]) as work:
                    worked = _work(Run([path], settings, sinks), work, display)
            except InputError as error:
                say("error", str(error))
                status = STATUS_UNUSABLE
                continue
            if worked == STATUS_INTERRUPTED:
                return worked
    return status


def _write_between(outputs: Sequence[tuple[str, Output]]) -> None:
    """Set text reports apart by an empty line."""
    for form, output in outputs:
        if form == "text" and output.is_used:
            output.write_text("\n")


def _work(run: "Run", work: Interruptible, display: Display) -> int:
    """Work through a recording, with a progress bar where somebody waits for it.

    Gives the exit status: an interrupt ends a pipe that is read, and what came until then is
    reported.
    """
    work.source = run.recording
    with Progress(display.progress, display.quiet) as progress:
        for _ in run.steps():
            if run.is_read:
                progress.stop()  # the report comes next
            else:
                progress.update(run.recording.octets_read, run.recording.octets_total)
    for problem in run.problems():
        say("warning", problem)
    if not display.quiet:
        for note in run.notes():
            say("note", note)
    if not work.ended:
        return 0
    say("warning", "interrupted; the report covers what was read until then")
    return STATUS_INTERRUPTED


def _make_sink(form: str, output: Output | JsonList, display: Display) -> "Sink":
    """Make the report of a format."""
    if form == "text" and isinstance(output, Output):
        return _make_text_report(output, display)
    from tcpflow_analyzer.report.json_report import JsonReport, NdjsonReport  # noqa: PLC0415

    if form == "json":
        return JsonReport(output, display.ns_as_strings)
    return NdjsonReport(output, display.ns_as_strings)


def _make_text_report(output: Output, display: Display) -> "Sink":
    """Make the text report."""
    from tcpflow_analyzer.report.terminal import TextOptions, TextReport  # noqa: PLC0415

    options = TextOptions(
        display.show_all, display.connections, display.top, display.time, display.quiet
    )
    return TextReport(output, look_for(output, display.color), options)
