"""A progress bar on standard error, when it is a terminal and the work takes longer."""

import sys
import time
from types import TracebackType
from typing import TYPE_CHECKING, Final, Literal, Protocol, Self

if TYPE_CHECKING:
    from rich.progress import Progress as Bar
    from rich.progress import TaskID

SECONDS_BEFORE: Final = 1.0
SECONDS_BETWEEN: Final = 0.1


class Shown(Protocol):
    """What is shown while the work goes on; `Progress` is the usual one."""

    def update(self, done: float, total: int | None) -> None:
        """Take note of what is done."""

    def hide(self) -> None:
        """Go away while something else is written."""


class Progress:
    """Shows how much of the input is done, in octets or captures."""

    def __init__(
        self, wanted: bool | None, quiet: bool, unit: Literal["octets", "captures"] = "octets"
    ) -> None:
        """Show nothing yet.

        Args:
            wanted: what the user said; None if nothing.
            quiet: whether the user wants as little as possible.
            unit: of what is counted.
        """
        self._unit = unit
        terminal = sys.stderr is not None and sys.stderr.isatty()
        self._on = terminal and wanted is not False and not (quiet and wanted is None)
        self._next = time.monotonic() + SECONDS_BEFORE
        self._bar: Bar | None = None
        self._task: TaskID | None = None

    def __enter__(self) -> Self:
        """Use the bar in a `with` statement."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Remove the bar."""
        self.hide()

    def hide(self) -> None:
        """Remove the bar while something else is written; the next update may bring it back."""
        if self._bar is not None:
            self._bar.stop()
            self._bar = None

    def update(self, done: float, total: int | None) -> None:
        """Take note of what is done.

        Args:
            done: octets or captures done so far.
            total: octets or captures in all, None for a pipe.
        """
        if not self._on:
            return
        now = time.monotonic()
        if now < self._next:
            return
        self._next = now + SECONDS_BETWEEN
        if self._bar is None or self._task is None:
            self._start(total)
        if self._bar is not None and self._task is not None:
            self._bar.update(self._task, completed=done, total=total)

    def _start(self, total: int | None) -> None:
        from rich.console import Console  # noqa: PLC0415  most runs are over before
        from rich.progress import (  # noqa: PLC0415
            BarColumn,
            DownloadColumn,
            MofNCompleteColumn,
            TextColumn,
            TimeRemainingColumn,
        )
        from rich.progress import Progress as RichProgress  # noqa: PLC0415

        in_octets = self._unit == "octets"
        self._bar = RichProgress(
            TextColumn("reading" if in_octets else "captures"),
            BarColumn(),
            DownloadColumn() if in_octets else MofNCompleteColumn(),
            TimeRemainingColumn(),
            console=Console(stderr=True),
            transient=True,
        )
        self._task = self._bar.add_task("reading", total=total)
        self._bar.start()
