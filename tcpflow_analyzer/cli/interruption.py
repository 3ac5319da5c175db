"""What the interrupt key and the wish to end do: a pipe that is being read ends, all else stops."""

import signal
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Self

EndInput = Callable[[], bool]


class Interrupted(BaseException):
    """Somebody pressed the interrupt key; unlike KeyboardInterrupt, click does not know it."""


class Terminated(BaseException):
    """The process was asked to end."""


class Interruptible:
    """Work on an input that the first interrupt may end, so that what was read is reported.

    `tcpdump -w - | tcpflow analyze -` is ended by the interrupt key; a report of what was captured
    is then wanted. The second interrupt stops at once, as does the first where no pipe is read.

    Attributes:
        ended: whether the input was ended so.
    """

    _current: "Interruptible | None" = None

    def __init__(self, end_input: EndInput) -> None:
        """Do nothing yet.

        Args:
            end_input: makes the input end where it is; False where it cannot.
        """
        self._end_input = end_input
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

    @classmethod
    def take_interrupt(cls) -> bool:
        """End the input of the work at hand; False if there is none, or it was ended before."""
        work = cls._current
        if work is None or work.ended or not work._end_input():
            return False
        work.ended = True
        return True


def handle_signals() -> None:
    """Turn SIGINT and SIGTERM of this process into ended inputs and exceptions."""
    signal.signal(signal.SIGINT, _interrupt)
    signal.signal(signal.SIGTERM, _terminate)


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    if not Interruptible.take_interrupt():
        raise Interrupted


def _terminate(_number: int, _frame: FrameType | None) -> None:
    raise Terminated
