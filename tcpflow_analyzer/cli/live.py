"""`tcpflow live`: findings of an interface as they are decided, an event a line."""

import gc
from dataclasses import replace
from typing import Final

import click

from tcpflow_analyzer.cli.analysis_options import AnalysisChoice, analysis_options
from tcpflow_analyzer.cli.help import HelpCommand
from tcpflow_analyzer.cli.interruption import Hangups
from tcpflow_analyzer.cli.live_options import LiveChoice, capture_request, live_options
from tcpflow_analyzer.cli.live_watching import WatchChoice, Watching, watch_options
from tcpflow_analyzer.cli.outputs import STANDARD_OUTPUT, Output, check_outputs, parse_output
from tcpflow_analyzer.settings import Settings

FORMATS: Final = ("text", "ndjson")
# Objects with cycles come from libraries only; what they leave behind must not add up over days.
COLLECT_EVERY: Final = 3000  # steps, of which there are several a second


@click.command(cls=HelpCommand, short_help="Watch the TCP connections of an interface.")
@live_options
@click.option(
    "--format", "form", type=click.Choice(FORMATS), help="Format of the events.  [default: text]"
)
@click.option(
    "-o", "--output", metavar="[FORMAT:]PATH", help="Write to a file instead of standard output."
)
@analysis_options
@click.option("--ns-as-strings", is_flag=True, help="JSON with times as strings, for JavaScript.")
@click.option("--quiet", is_flag=True, help="No notes on what happens to the capture.")
@click.option(
    "--max-connections",
    type=click.IntRange(min=1),
    metavar="N",
    help="Connections followed at once; failed attempts make room, then the longest idle."
    "  [default: 1000000]",
)
@watch_options
def live(
    live: LiveChoice,
    watch: WatchChoice,
    form: str | None,
    output: str | None,
    chosen: AnalysisChoice,
    ns_as_strings: bool,
    quiet: bool,
    max_connections: int | None,
) -> int:
    """Watch the TCP connections of an interface.

    A line comes for each finding as soon as it can be told, and with
    --format ndjson for each connection that is over. What turns out otherwise
    later is revised or withdrawn by another line. Ends with the totals on the
    interrupt key and when asked to terminate; SIGHUP opens the
    output and the file of --write anew.

    Exit status: 0 when ended; 2 if the command line is unusable or there is no
    right to capture; 4 if the output or the packets cannot be written.
    """
    if not live.interfaces and live.follow is None:
        raise click.UsageError("missing option '--interface' or '--follow'")
    settings = chosen.settings()
    if max_connections is not None:
        settings = replace(settings, max_connections=max_connections)
    choice = parse_output(output or STANDARD_OUTPUT, form)
    if choice.form not in FORMATS:
        raise click.UsageError(f"live writes {' or '.join(FORMATS)}, not {choice.form}")
    check_outputs([choice], [])
    gc.disable()  # see COLLECT_EVERY
    with (
        Output(choice.path) as stream,
        Watching(watch, quiet, ns_as_strings) as watching,
    ):
        return _watch(live, settings, choice.form, stream, ns_as_strings, quiet, watching)


def _watch(
    live: LiveChoice,
    settings: Settings,
    form: str,
    stream: Output,
    ns_as_strings: bool,
    quiet: bool,
    watching: Watching,
) -> int:
    from tcpflow_analyzer.cli.live_run import work_live  # noqa: PLC0415  mistakes first
    from tcpflow_analyzer.cli.progress import Progress  # noqa: PLC0415
    from tcpflow_analyzer.report.event_report import NdjsonEvents, TextEvents  # noqa: PLC0415

    request = capture_request(live, [])
    if request is None:
        raise AssertionError  # without an interface this was refused before
    sink = NdjsonEvents(stream, ns_as_strings) if form == "ndjson" else TextEvents(stream)
    collecting = _Collecting()
    hangups = Hangups()
    hangups.then(stream.reopen)

    def between() -> None:
        collecting.look()
        watching.look()

    with Progress(False, quiet) as progress:
        return work_live(
            request, live, settings, [sink], progress, quiet, between, watching.watchers, hangups
        )


class _Collecting:
    """Has garbage collected now and then."""

    def __init__(self) -> None:
        self._steps = 0

    def look(self) -> None:
        """Do what is due."""
        self._steps += 1
        if self._steps % COLLECT_EVERY == 0:
            gc.collect()
