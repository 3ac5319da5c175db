"""What the interrupt key and the wish to end do: pipes and live captures end, all else stops."""

import os
import signal
from collections.abc import Callable, Sequence
from types import FrameType, TracebackType
from typing import Final, Protocol, Self

from tcpflow_analyzer.cli.drafts import discard_drafts
from tcpflow_analyzer.cli.messages import say
from tcpflow_analyzer.errors import OutputError
from tcpflow_analyzer.sources.octets import is_fifo

# Seconds that what writes the pipe has to end by itself: the interrupt key reaches it as well, and
# tcpdump then writes what it still holds.
PATIENCE: Final = 0.5


class Input(Protocol):
    """What is read, as far as it matters here; `Recording` is one."""

    def can_end_early(self) -> bool:
        """Whether it is a pipe or a live capture, which may end anywhere."""
        ...

    def end_early(self) -> None:
        """Make it end where it was read to."""
        ...


class Interrupted(BaseException):
    """Somebody pressed the interrupt key; unlike KeyboardInterrupt, click does not know it."""


class Terminated(BaseException):
    """The process was asked to end."""


class Interruptible:
    """Work on an input that the first interrupt may end, so that what was read is reported.

    `tcpdump -w - | tcpflow analyze -` is ended by the interrupt key; a report of what was captured
    is then wanted. The second interrupt stops at once, as does the first where no pipe is read.
    A live capture is ended by the first interrupt or termination, which is its usual end.

    Attributes:
        source: what is read; None as long as it is being opened, for which a pipe has to bring its
            first octets.
        ended: whether the input was ended so.
        is_live: whether it is a live capture.
    """

    _current: "Interruptible | None" = None

    def __init__(self, paths: Sequence[str], is_live: bool = False) -> None:
        """Do nothing yet; `paths` are those of the input."""
        self.is_live = is_live
        self._may_end = any(path == "-" or is_fifo(path) for path in paths)
        self.source: Input | None = None
        self.ended = False

    def __enter__(self) -> Self:
        """Take the interrupts that come."""
        Interruptible._current = self
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Leave the interrupts to others."""
        Interruptible._current = None
        if self.ended and not self.is_live and hasattr(signal, "setitimer"):
            signal.setitimer(signal.ITIMER_REAL, 0)

    @classmethod
    def take_interrupt(cls) -> bool:
        """Let the input end; False if there is none that can, or it was asked to before."""
        work = cls._current
        if work is None or work.ended or not work._can_end():
            return False
        work.ended = True
        if work.is_live:
            cls.end_input()
        elif hasattr(signal, "setitimer"):
            signal.signal(signal.SIGALRM, _end_input)
            signal.setitimer(signal.ITIMER_REAL, PATIENCE)
        else:  # Windows
            cls.end_input()
        return True

    @classmethod
    def take_termination(cls) -> bool:
        """Let a live capture end; False if there is none, or it was asked to before."""
        work = cls._current
        return work is not None and work.is_live and cls.take_interrupt()

    @classmethod
    def end_input(cls) -> None:
        """Make the input end now; raises Interrupted if it did not even begin."""
        work = cls._current
        if work is None:
            return
        if work.source is None:
            raise Interrupted
        work.source.end_early()

    def _can_end(self) -> bool:
        return self._may_end if self.source is None else self.source.can_end_early()


class Hangups:
    """Takes SIGHUP, after which a service opens its files anew; nothing where there is none."""

    def __init__(self) -> None:
        """Take the signal from now on."""
        self._has_come = False
        self._actions: list[Callable[[], object]] = []
        if hasattr(signal, "SIGHUP"):
            signal.signal(signal.SIGHUP, self._note)

    def _note(self, _number: int, _frame: FrameType | None) -> None:
        self._has_come = True

    def then(self, action: Callable[[], object]) -> None:
        """Do this as well after each signal; an OutputError of it is said, and nothing more."""
        self._actions.append(action)

    def look(self) -> None:
        """Do what is due; called several times a second."""
        if not self._has_come:
            return
        self._has_come = False
        for action in self._actions:
            try:
                action()
            except OutputError as error:  # the old file still works
                say("warning", f"{error}; the file is not opened anew")


def handle_signals() -> None:
    """Turn SIGINT and SIGTERM of this process into ended inputs and exceptions.

    Once one of them has raised its exception, the next of either ends the process at once.
    """
    signal.signal(signal.SIGINT, _interrupt)
    signal.signal(signal.SIGTERM, _terminate)


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    if not Interruptible.take_interrupt():
        _make_next_final()
        raise Interrupted


def _make_next_final() -> None:
    """Nothing may interrupt what tidies up, except for good."""
    signal.signal(signal.SIGINT, _end_now)
    signal.signal(signal.SIGTERM, _end_now)


def _end_now(number: int, _frame: FrameType | None) -> None:
    discard_drafts()
    os._exit(128 + number)


def _end_input(_number: int, _frame: FrameType | None) -> None:
    Interruptible.end_input()


def _terminate(_number: int, _frame: FrameType | None) -> None:
    if not Interruptible.take_termination():
        _make_next_final()
        raise Terminated
