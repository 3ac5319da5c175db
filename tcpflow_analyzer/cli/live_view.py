"""The view of `tcpflow live` on a terminal: a screen that shows how things stand."""

import contextlib
import os
import signal
import sys
import time
from collections import deque
from types import FrameType, TracebackType
from typing import Final, Self

from rich.console import Console, ConsoleOptions, RenderResult
from rich.live import Live
from rich.text import Text

from tcpflow_analyzer.cli.interruption import Interruptible
from tcpflow_analyzer.cli.keys import Keys
from tcpflow_analyzer.cli.messages import Holding
from tcpflow_analyzer.cli.names_option import chosen_names
from tcpflow_analyzer.findings.finding import Severity
from tcpflow_analyzer.report.event_report import Change
from tcpflow_analyzer.report.live_events import Moment, Watcher
from tcpflow_analyzer.report.live_screen import Figures, Rates, draw
from tcpflow_analyzer.report.page import Look
from tcpflow_analyzer.report.totals import WORST_FIRST
from tcpflow_analyzer.settings import Settings

SECONDS_BETWEEN: Final = 0.25  # between two screens, whatever happens
HISTORY: Final = 300  # seconds of which rates are kept
FINDINGS_KEPT: Final = 500
NOTES_KEPT: Final = 20
# A terminal may change its size, which what stands in the environment does not.
FIXED_SIZE: Final = ("COLUMNS", "LINES")


class LiveView(Watcher):
    """A screen on standard output, until it is hidden.

    Use in a `with` statement; `look` has to be called several times a second.
    """

    def __init__(self, title: str, settings: Settings) -> None:
        """Show nothing yet.

        Args:
            title: what is watched.
            settings: of the run.
        """
        self._title = title
        self._names = chosen_names()
        self._backlog = settings.backlog
        self._began = time.monotonic()
        self._shown_at = 0.0
        self._is_stale = True
        self._moment: Moment | None = None
        self._ticked_at = 0.0
        self._rates: Rates | None = None
        self._history: deque[float] = deque(maxlen=HISTORY)
        self._changes: dict[str, Change] = {}
        self._counts: dict[Severity, int] = dict.fromkeys(WORST_FIRST, 0)
        self._notes: deque[str] = deque(maxlen=NOTES_KEPT)
        self._size = (0, 0)
        self._is_stopping = False
        environment = {k: v for k, v in os.environ.items() if k not in FIXED_SIZE}
        self._console = Console(
            file=sys.stdout, highlight=False, emoji=False, markup=False, _environ=environment
        )
        self._live = Live(
            get_renderable=lambda: self,
            console=self._console,
            screen=True,
            auto_refresh=False,
            redirect_stdout=False,
            redirect_stderr=False,
        )
        self._keys = Keys()
        self._holding = Holding(self._notes.append)
        self._is_on = False
        self._was_on = False

    # On and off

    def __enter__(self) -> Self:
        """Be ready; the terminal is taken by the first look, once the capture runs."""
        if hasattr(signal, "SIGTSTP"):
            signal.signal(signal.SIGTSTP, self._note_stop)
        if hasattr(signal, "SIGHUP"):  # the terminal was closed
            signal.signal(signal.SIGHUP, _end)
        self._holding.begin()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Give the terminal back as it was."""
        self.hide()
        if hasattr(signal, "SIGTSTP"):
            signal.signal(signal.SIGTSTP, signal.SIG_DFL)

    def hide(self) -> None:
        """Give the terminal back; messages that came meanwhile are written then."""
        if self._is_on:
            self._is_on = False
            with contextlib.suppress(OSError):  # the terminal is gone
                self._live.stop()
            self._keys.__exit__(None, None, None)
        self._holding.end()

    def _show(self) -> None:
        if not self._is_on:
            self._is_on = self._was_on = True
            self._holding.begin()
            self._keys.__enter__()
            self._live.start()
            self._is_stale = True

    def _note_stop(self, _number: int, _frame: FrameType | None) -> None:
        self._is_stopping = True

    def update(self, done: float, total: int | None) -> None:
        """Do nothing: it is not only octets that are shown."""

    # What happens

    def look(self) -> None:
        """Obey keys, and draw a new screen if there is something new."""
        if not self._was_on:
            self._show()
        if not self._is_on:
            return
        if self._is_stopping:
            self._stop()
        if "q" in self._keys.pressed().lower():
            Interruptible.take_interrupt()
        now = time.monotonic()
        size = (self._console.width, self._console.height)
        if size != self._size or (self._is_stale and now >= self._shown_at + SECONDS_BETWEEN):
            self._size = size
            self._shown_at = now
            self._is_stale = False
            with contextlib.suppress(OSError):  # gone, or it takes nothing just now
                self._live.refresh()

    def _stop(self) -> None:
        """Stop as the user asked (Ctrl-Z), and go on when asked to."""
        self._is_stopping = False
        self.hide()
        os.kill(os.getpid(), signal.SIGSTOP)
        self._show()

    def decided(self, change: Change) -> None:
        """Show a finding above the others, or change it, or take it away."""
        self._is_stale = True
        finding = change.finding
        before = self._changes.get(finding.identifier)
        if before is not None:
            self._counts[before.finding.severity] -= 1
        elif change.withdrawn or change.revision > 1:
            # It was told so long ago that it is shown no more, but it was counted.
            self._counts[finding.severity] -= 1
        if change.withdrawn:
            self._changes.pop(finding.identifier, None)
            return
        self._counts[finding.severity] += 1
        self._changes[finding.identifier] = change
        if len(self._changes) > FINDINGS_KEPT:
            del self._changes[next(iter(self._changes))]

    def ticked(self, moment: Moment) -> None:
        """Take the newest figures."""
        self._is_stale = True
        now = time.monotonic()
        before = self._moment
        if before is not None and now > self._ticked_at:
            passed = now - self._ticked_at
            self._rates = Rates(
                (moment.frames - before.frames) / passed,
                (moment.octets - before.octets) / passed,
                (moment.tcp_segments - before.tcp_segments) / passed,
                (moment.connections - before.connections) / passed,
            )
            self._history.append(self._rates.frames)
        self._moment, self._ticked_at = moment, now

    # The picture

    def figures(self) -> Figures:
        """What there is to show."""
        return Figures(
            self._title,
            "q quits" if self._keys.are_taken else "Ctrl-C ends",
            int((time.monotonic() - self._began) * 1e9),
            self._moment,
            self._backlog,
            self._rates,
            list(self._history),
            self._counts,
            list(reversed(self._changes.values())),
            list(self._notes),
            self._names,
        )

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Draw the screen for rich."""
        width = options.max_width
        height = options.height or console.height
        page = draw(self.figures(), Look(width, True, console.encoding), height)
        for line in page.lines():
            text = Text(no_wrap=True, overflow="crop", end="\n")
            for span in line:
                text.append(span.text, span.style)
            yield text


def _end(_number: int, _frame: FrameType | None) -> None:
    Interruptible.take_termination()
