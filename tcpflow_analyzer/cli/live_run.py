"""Runs on live interfaces: what `analyze --interface` and `live` have in common."""

import time
from collections.abc import Callable, Sequence
from typing import Final

from tcpflow_analyzer.cli.interruption import Hangups, Interruptible
from tcpflow_analyzer.cli.live_options import KeptPackets, LiveChoice
from tcpflow_analyzer.cli.live_saving import SavedConnections
from tcpflow_analyzer.cli.messages import say
from tcpflow_analyzer.cli.outputs import Output
from tcpflow_analyzer.cli.progress import Progress, Shown
from tcpflow_analyzer.cli.reports import Display, make_sink, plan_report
from tcpflow_analyzer.cli.runs import work_through
from tcpflow_analyzer.pipeline import Run
from tcpflow_analyzer.report.live_events import LiveEvents, Watcher
from tcpflow_analyzer.report.sink import Sink
from tcpflow_analyzer.settings import Settings
from tcpflow_analyzer.sources.live.addresses import local_addresses
from tcpflow_analyzer.sources.live.capture_engine import CaptureRequest
from tcpflow_analyzer.sources.live.rights import give_up_rights

STATUS_OUTPUT: Final = 4
SECONDS_BETWEEN: Final = 0.5
LOOK_SHARE: Final = 20  # looking takes at most one part of so many of the time


def analyze_live(
    request: CaptureRequest,
    live: LiveChoice,
    settings: Settings,
    outputs: Sequence[tuple[str, Output]],
    display: Display,
) -> int:
    """Analyse what comes from interfaces until a limit is reached or somebody ends it."""
    sinks = [make_sink(plan_report(form, output, display), output) for form, output in outputs]
    with Progress(display.progress, display.quiet) as progress:
        return work_live(request, live, settings, sinks, progress, display.quiet)


def work_live(
    request: CaptureRequest,
    live: LiveChoice,
    settings: Settings,
    sinks: Sequence[Sink],
    progress: Shown,
    quiet: bool,
    between: Callable[[], None] | None = None,
    watchers: Sequence[Watcher] = (),
    hangups: Hangups | None = None,
) -> int:
    """Capture until a limit is reached or somebody ends it; gives the exit status.

    Args:
        request: what to capture.
        live: what else was asked for.
        settings: of the analysis.
        sinks: take the results.
        progress: shows how much came.
        quiet: whether notes are left out.
        between: is called several times a second.
        hangups: after each of which the files of kept packets are opened anew.
        watchers: hear of what happens, and twice a second how things stand.
    """
    saved = SavedConnections(_flat(live.save_on), live.save_dir or ".") if live.save_on else None
    watchers = [*watchers, saved] if saved is not None else watchers
    events = LiveEvents(watchers)
    every_sink = [*sinks, events] if watchers else sinks
    with Interruptible([], is_live=True) as work:
        run = Run([], settings, every_sink, request)
        kept = KeptPackets(live)
        kept.attach(run.recording)
        if saved is not None:
            _also_feed(run, saved)
        if hangups is not None:
            hangups.then(kept.reopen)
        if not run.recording.needs_rights:
            give_up_rights()
        told = _Notes(run, quiet)
        clock = _Clock(run, events) if watchers else None

        def update(run: Run) -> None:
            progress.update(run.recording.octets_read, run.recording.octets_total)
            told.tell_new()
            if between is not None:
                between()
            if hangups is not None:
                hangups.look()
            if clock is not None:
                clock.look()

        try:
            status = work_through(run, work, progress, update, quiet=True)
        finally:
            kept.close()
            if saved is not None:
                saved.close()
        told.tell_new()
    has_failed = kept.failed or (saved is not None and saved.failed)
    return STATUS_OUTPUT if has_failed else status


def _also_feed(run: Run, saved: SavedConnections) -> None:
    """Let what is captured go to the saved connections as well."""
    others = run.recording.tee

    def tee(octets: bytes) -> None:
        if others is not None:
            others(octets)
        saved.feed(octets)

    run.recording.tee = tee


def _flat(groups: Sequence[tuple[str, ...]]) -> list[str]:
    return [code for group in groups for code in group]


class _Clock:
    """Has watchers told twice a second how things stand."""

    def __init__(self, run: Run, events: LiveEvents) -> None:
        self._run = run
        self._events = events
        self._due = time.monotonic()

    def look(self) -> None:
        """Tell them if it is time; a look that takes long makes the next one late."""
        now = time.monotonic()
        if now < self._due:
            return
        self._events.tick(self._run.moment(local_addresses()))
        took = time.monotonic() - now
        self._due = now + max(SECONDS_BETWEEN, took * LOOK_SHARE)


class _Notes:
    """Says what happened to the capture when it happens."""

    def __init__(self, run: Run, quiet: bool) -> None:
        self._run = run
        self._quiet = quiet
        self._told = 0

    def tell_new(self) -> None:
        """Say what was not said yet."""
        notes = self._run.notes()
        if not self._quiet:
            for note in notes[self._told :]:
                say("note", note)
        self._told = len(notes)
