"""`tcpflow live`: an interface as it stands, and findings as they are decided."""

import gc
import os
import sys
from contextlib import ExitStack
from dataclasses import replace
from typing import TYPE_CHECKING, Final, NamedTuple

import click

from tcpflow_analyzer.cli.analysis_options import AnalysisChoice, analysis_options
from tcpflow_analyzer.cli.help import HelpCommand
from tcpflow_analyzer.cli.interruption import Hangups
from tcpflow_analyzer.cli.keys import is_foreground
from tcpflow_analyzer.cli.live_options import LiveChoice, capture_request, live_options
from tcpflow_analyzer.cli.live_watching import WatchChoice, Watching, watch_options
from tcpflow_analyzer.cli.names_option import chosen_names, names_option
from tcpflow_analyzer.cli.outputs import STANDARD_OUTPUT, Output, check_outputs, parse_output
from tcpflow_analyzer.settings import Settings

if TYPE_CHECKING:
    from tcpflow_analyzer.cli.live_view import LiveView
    from tcpflow_analyzer.cli.progress import Shown
    from tcpflow_analyzer.report.sink import Sink

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
@click.option(
    "--view/--no-view",
    default=None,
    help="Show a screen of how things stand.  [default: on a terminal, without --format and -o]",
)
@analysis_options
@click.option("--ns-as-strings", is_flag=True, help="JSON with times as strings, for JavaScript.")
@names_option
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
    view: bool | None,
    chosen: AnalysisChoice,
    ns_as_strings: bool,
    quiet: bool,
    max_connections: int | None,
) -> int:
    """Watch the TCP connections of an interface.

    A terminal shows a screen: rates, connections by state, listeners against
    their limits, the newest findings; q ends it with a report. Elsewhere, and
    with --format or -o, a line comes for each finding as soon as it can be
    told, and with --format ndjson for each connection that is over; what turns
    out otherwise later is revised or withdrawn by another line. Ends with the
    totals on the interrupt key and when asked to terminate; SIGHUP opens the
    output and the file of --write anew.

    Exit status: 0 when ended; 2 if the command line is unusable or there is no
    right to capture; 4 if the output or the packets cannot be written.
    """
    if not live.interfaces and live.follow is None:
        raise click.UsageError("missing option '--interface' or '--follow'")
    settings = chosen.settings()
    if live.follow is not None:
        settings = replace(settings, capture_filter=live.capture_filter)
    if max_connections is not None:
        settings = replace(settings, max_connections=max_connections)
    choice = parse_output(output or STANDARD_OUTPUT, form)
    if choice.form not in FORMATS:
        raise click.UsageError(f"live writes {' or '.join(FORMATS)}, not {choice.form}")
    check_outputs([choice], [], written=[live.kept])
    has_events = form is not None or output is not None
    is_view = _shows_view(view, has_events, choice.path)
    gc.disable()  # see COLLECT_EVERY
    with ExitStack() as stack:
        watching = stack.enter_context(Watching(watch, quiet, ns_as_strings))
        writes = has_events or not is_view
        stream = stack.enter_context(Output(choice.path, at_once=True)) if writes else None
        work = LiveWork(live, settings, watching, quiet)
        return work.work(stream, choice.form, ns_as_strings, is_view)


def _shows_view(wanted: bool | None, has_events: bool, path: str) -> bool:
    """Whether a screen is shown.

    Raises:
        click.UsageError: it is wanted where it cannot be.
    """
    is_possible = (
        sys.stdout is not None
        and sys.stdout.isatty()
        and is_foreground(sys.stdout.fileno())
        and os.environ.get("TERM", "dumb") != "dumb"
    )
    if wanted is None:
        return is_possible and not has_events
    if wanted and not is_possible:
        raise click.UsageError("--view needs a terminal as standard output")
    if wanted and has_events and path == STANDARD_OUTPUT:
        raise click.UsageError("--view leaves no place for events: give a file by -o")
    return wanted


class LiveWork(NamedTuple):
    """A capture that is watched.

    Attributes:
        live: what is captured, and how.
        settings: of the analysis.
        watching: metrics and alerts.
        quiet: whether notes are left out.
    """

    live: LiveChoice
    settings: Settings
    watching: Watching
    quiet: bool

    def work(self, stream: Output | None, form: str, ns_as_strings: bool, is_view: bool) -> int:
        """Capture to the end; gives the exit status.

        Args:
            stream: takes a line an event, None for nothing.
            form: of the lines.
            ns_as_strings: whether times in JSON are strings.
            is_view: whether a screen is shown, and a report when it ends.
        """
        from tcpflow_analyzer.report.event_report import (  # noqa: PLC0415  mistakes first
            NdjsonEvents,
            TextEvents,
        )

        sinks: list[Sink] = []
        if stream is not None and form == "ndjson":
            sinks.append(NdjsonEvents(stream, ns_as_strings))
        elif stream is not None:
            sinks.append(TextEvents(stream, chosen_names()))
        if is_view:
            return self._work_with_view(sinks)
        hangups = Hangups()
        if stream is not None:
            hangups.then(stream.reopen)
        from tcpflow_analyzer.cli.progress import Progress  # noqa: PLC0415

        with Progress(False, self.quiet) as progress:
            return self._work(sinks, progress, hangups, [])

    def _work_with_view(self, sinks: "list[Sink]") -> int:
        """Show a screen while the capture goes on, and a report when it has ended."""
        from tcpflow_analyzer.cli.live_view import LiveView  # noqa: PLC0415  imports rich
        from tcpflow_analyzer.cli.reports import Display, make_sink, plan_report  # noqa: PLC0415

        live = self.live
        watched = ", ".join(live.interfaces) or str(live.follow)
        title = f"tcpflow live   {watched}"
        if live.capture_filter:
            title += f"   {live.capture_filter}"
        display = Display("utc", None, False, False, None, self.quiet, False, False)
        with Output(STANDARD_OUTPUT) as terminal, LiveView(title, self.settings) as view:
            sinks.append(make_sink(plan_report("text", terminal, display), terminal))
            return self._work(sinks, view, None, [view])

    def _work(
        self,
        sinks: "list[Sink]",
        shown: "Shown",
        hangups: Hangups | None,
        views: "list[LiveView]",
    ) -> int:
        from tcpflow_analyzer.cli.live_run import work_live  # noqa: PLC0415

        request = capture_request(self.live, [])
        if request is None:
            raise AssertionError  # without an interface this was refused before

        collecting = _Collecting()

        def between() -> None:
            collecting.look()
            self.watching.look()
            for view in views:
                view.look()

        watchers = [*views, *self.watching.watchers]
        return work_live(
            request, self.live, self.settings, sinks, shown, self.quiet, between, watchers, hangups
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
