"""Keys that are pressed on the terminal, one by one, without waiting for them."""

import contextlib
import os
import select
import sys
from types import TracebackType
from typing import Any, Final, Self

KEYS_AT_ONCE: Final = 64


class Keys:
    """Gives the keys pressed since the last look, where standard input is a terminal.

    The interrupt key and the others that send signals go on doing so, and nothing that is typed is
    shown. There is nothing to give on systems without termios (Windows).
    """

    def __init__(self) -> None:
        """Leave the terminal as it is."""
        self._number = -1
        self._saved: list[Any] | None = None

    def __enter__(self) -> Self:
        """Take the keys."""
        try:
            import termios  # noqa: PLC0415 -- Windows has none
            import tty  # noqa: PLC0415

            number = sys.stdin.fileno()
            if is_foreground(number):
                self._saved = termios.tcgetattr(number)
                tty.setcbreak(number)
                self._number = number
        except (ImportError, OSError, ValueError, AttributeError, termios.error):
            self._saved = None
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Leave the terminal as it was."""
        if self._saved is not None:
            import termios  # noqa: PLC0415

            with contextlib.suppress(OSError, termios.error):
                termios.tcsetattr(self._number, termios.TCSADRAIN, self._saved)
            self._saved = None

    @property
    def are_taken(self) -> bool:
        """Whether keys can be given."""
        return self._saved is not None

    def pressed(self) -> str:
        """Give the keys pressed since the last call; "" for none."""
        if self._saved is None or not select.select([self._number], [], [], 0)[0]:
            return ""
        try:
            return os.read(self._number, KEYS_AT_ONCE).decode("utf-8", "replace")
        except OSError:  # the terminal is gone
            return ""


def is_foreground(number: int) -> bool:
    """Whether a file is a terminal that listens to this process, not to another job."""
    if not os.isatty(number):
        return False
    try:
        return os.tcgetpgrp(number) == os.getpgrp()
    except (OSError, AttributeError):  # Windows has neither
        return True
