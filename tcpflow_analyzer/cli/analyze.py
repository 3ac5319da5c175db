"""`tcpflow analyze`: findings, connections and totals of captures."""

import contextlib
import gc
import sys
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import click

from tcpflow_analyzer.cli.analysis_options import AnalysisChoice, analysis_options
from tcpflow_analyzer.cli.display_options import display_options, display_path
from tcpflow_analyzer.cli.help import HelpCommand
from tcpflow_analyzer.cli.interruption import Interruptible
from tcpflow_analyzer.cli.live_options import LiveChoice, capture_request, live_options
from tcpflow_analyzer.cli.messages import say
from tcpflow_analyzer.cli.names_option import names_option
from tcpflow_analyzer.cli.outputs import (
    EXPORT_SUFFIXES,
    EXPORTS,
    FORMATS,
    STANDARD_OUTPUT,
    Output,
    OutputChoice,
    check_outputs,
    describe,
    parse_output,
)
from tcpflow_analyzer.cli.progress import Progress
from tcpflow_analyzer.cli.reports import Display, make_sink, plan_report
from tcpflow_analyzer.cli.runs import work_through
from tcpflow_analyzer.errors import OutputError
from tcpflow_analyzer.settings import Settings

if TYPE_CHECKING:
    from tcpflow_analyzer.pipeline import Run

STATUS_UNUSABLE = 2


@click.command(cls=HelpCommand, short_help="Say what happened to the connections of a capture.")
@click.argument("captures", nargs=-1, metavar="[CAPTURE...]")
@live_options
@click.option(
    "--format",
    "form",
    type=click.Choice((*FORMATS, *EXPORTS)),
    help="Format of the output.  [default: text]",
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
    "--jobs",
    type=click.IntRange(min=1),
    metavar="N",
    help="With --separate: captures analysed at the same time.  [default: the cores]",
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
@analysis_options
@click.option(
    "--checksum",
    type=click.Choice(["auto", "off", "strict"]),
    default="auto",
    help="auto tells bad checksums; strict leaves such segments out, as their receivers do.",
)
@click.option(
    "--backlog",
    type=click.IntRange(min=1),
    metavar="N",
    help="Half-open connections that a listener holds.  [default: 4096]",
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
@display_options
@click.option(
    "--time",
    type=click.Choice(["relative", "utc", "local", "epoch"]),
    default="relative",
    help="How text shows times.",
)
@click.option("--ns-as-strings", is_flag=True, help="JSON with times as strings, for JavaScript.")
@names_option
@click.option("--color/--no-color", default=None, help="Colour; by default if a terminal sees it.")
@click.option("--progress/--no-progress", default=None, help="A bar while it takes longer.")
@click.option("--quiet", is_flag=True, help="Only findings; no totals, notes or progress.")
@click.option(
    "--max-connections",
    type=click.IntRange(min=1),
    metavar="N",
    help="Connections followed at once; failed attempts make room, then the longest idle."
    "  [default: 1000000]",
)
@click.option("--prediction/--no-prediction", default=True, hidden=True)
@click.option("--block-size", type=click.IntRange(min=1), hidden=True)
def analyze(
    captures: tuple[str, ...],
    live: LiveChoice,
    form: str | None,
    outputs: tuple[str, ...],
    separate: bool,
    jobs: int | None,
    connections: bool,
    top: int | None,
    show_all: bool,
    chosen: AnalysisChoice,
    checksum: str,
    backlog: int | None,
    tunnel: str,
    vlan_separates: bool,
    decoder: str,
    time: str,
    ns_as_strings: bool,
    color: bool | None,
    progress: bool | None,
    quiet: bool,
    max_connections: int | None,
    prediction: bool,
    block_size: int | None,
) -> int:
    """Say what happened to the TCP connections of captures.

    CAPTURE is a pcap or pcapng file, plain or compressed, a text trace of
    tcpdump, a folder of captures, or - for standard input. Several are one
    recording, put in the order of time. With --interface the packets of the
    next moments are analysed instead, until --duration or --count is reached
    or the interrupt key is pressed.

    Exit status: 0 when done, also if a capture is damaged and was read up to
    the damage; 2 if the command line or an input is unusable; 4 if the output
    cannot be written or a process that helps (--jobs) dies.
    """
    capture_request(live, captures)  # mistakes first
    defaults = Settings()
    asked = chosen.settings()
    settings = replace(
        asked,
        decoder=decoder,
        capture_filter="" if live.interfaces else live.capture_filter,
        tunnel_outer=tunnel == "outer",
        vlan_separates=vlan_separates,
        header_prediction=prediction,
        checksum=checksum,
        backlog=backlog or asked.backlog,
        max_connections=max_connections or asked.max_connections,
        block_octets=block_size or defaults.block_octets,
    )
    forms = (*FORMATS, *EXPORTS)
    choices = [parse_output(value, form, forms, EXPORT_SUFFIXES) for value in outputs]
    if not choices:
        choices = [OutputChoice(form or "text", STANDARD_OUTPUT)]
    _check_exports(choices, separate)
    if OutputChoice("ndjson", STANDARD_OUTPUT) in choices and sys.stdout.isatty():
        progress = False  # its lines come while the bar would be there
    check_outputs(choices, captures, written=[live.kept])
    display = Display(
        time, top, show_all, connections, color, quiet, progress, ns_as_strings,
        configuration=display_path(),
    )  # fmt: skip
    return _analyze(captures, live, settings, choices, display, separate, jobs)


def _check_exports(choices: Sequence[OutputChoice], separate: bool) -> None:
    """Refuse exports that nobody could read."""
    for choice in choices:
        if separate and choice.form in EXPORTS:
            raise click.UsageError(f"--separate writes {' or '.join(FORMATS)}, not {choice.form}")
        if choice == OutputChoice("parquet", STANDARD_OUTPUT) and sys.stdout.isatty():
            raise click.UsageError("parquet is no text: write it to a file, as -o FILE.parquet")


def _open(choice: OutputChoice, live: LiveChoice, outputs: int) -> Output:
    """Open an output: what comes line by line may be followed; so does root, before it is gone."""
    at_once = choice.form == "ndjson" or bool(live.interfaces)
    return Output(choice.path, at_once=at_once, is_optional=outputs > 1)


def _analyze(
    captures: Sequence[str],
    live: LiveChoice,
    settings: Settings,
    choices: Sequence[OutputChoice],
    display: Display,
    separate: bool,
    jobs: int | None,
) -> int:
    """Analyse all captures and give the exit status."""
    # Connections are free of cycles; the collector would only look at each again and again.
    gc.disable()
    with contextlib.ExitStack() as stack:
        outputs = [
            (each.form, stack.enter_context(_open(each, live, len(choices)))) for each in choices
        ]
        try:
            request = capture_request(live, captures)
            if request is not None:
                from tcpflow_analyzer.cli.live_run import analyze_live  # noqa: PLC0415

                return analyze_live(request, live, settings, outputs, display)
            if separate:
                from tcpflow_analyzer.cli.separate import analyze_separately  # noqa: PLC0415

                return analyze_separately(captures, settings, outputs, display, jobs)
            return _analyze_together(captures, settings, outputs, display)
        except (BrokenPipeError, OutputError):
            raise
        except OSError as error:  # a temporary file, mostly: the disk is full
            raise OutputError(describe(error)) from error


def _analyze_together(
    captures: Sequence[str],
    settings: Settings,
    outputs: Sequence[tuple[str, Output]],
    display: Display,
) -> int:
    """Analyse all captures as one recording; those that are unusable are named and left out."""
    from tcpflow_analyzer.pipeline import Run, check_inputs, is_pipe  # noqa: PLC0415  mistakes first

    with Interruptible(captures) as work:
        usable, complaints = check_inputs(captures, settings)
        for complaint in complaints:
            say("error", complaint)
        if complaints and not usable:
            return STATUS_UNUSABLE
        if len(usable) == 1 and not is_pipe(usable[0]):
            display = display._replace(capture=usable[0])
        sinks = [make_sink(plan_report(form, output, display), output) for form, output in outputs]
        with Progress(display.progress, display.quiet) as progress:
            update = partial(_update, progress)
            run = Run(usable, settings, sinks)
            status = work_through(run, work, progress, update, display.quiet)
    return STATUS_UNUSABLE if complaints else status


def _update(progress: Progress, run: "Run") -> None:
    progress.update(run.recording.octets_read, run.recording.octets_total)
