"""A terminal in which a program runs: what stands on its screen, keys, other sizes.

pyte, a terminal emulator, reads what the program writes into a pseudo terminal.
"""

import contextlib
import fcntl
import os
import pty
import select
import struct
import subprocess
import termios
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import pyte

from support.program import program_command

SCREEN_ON: Final = b"\x1b[?1049h"
SCREEN_OFF: Final = b"\x1b[?1049l"


class Terminal:
    """A terminal with `tcpflow` in it.

    Attributes:
        program: the process.
        octets: all that it wrote.
    """

    def __init__(
        self,
        arguments: Sequence[str | Path],
        *,
        columns: int = 80,
        lines: int = 24,
        prefix: Sequence[str] = (),
        environment: dict[str, str] | None = None,
    ) -> None:
        """Start the program, whose standard streams are the terminal."""
        self._screen = pyte.Screen(columns, lines)
        self._stream = pyte.ByteStream(self._screen)
        self._own, theirs = pty.openpty()
        self.octets = b""
        self.resize(columns, lines)
        command, variables = program_command(arguments)
        variables = {k: v for k, v in variables.items() if k not in ("COLUMNS", "LINES")}
        self.program = subprocess.Popen(
            # The terminal becomes the controlling one of a session of its own.
            ["setsid", "--ctty", *prefix, *command],
            env=variables | {"TERM": "xterm-256color"} | (environment or {}),
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
        )
        os.close(theirs)

    def __enter__(self) -> Self:
        """Use the terminal."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End the program if it still runs, and close the terminal."""
        if self.program.poll() is None:
            self.program.kill()
        self.program.wait(timeout=60)
        os.close(self._own)

    def resize(self, columns: int, lines: int) -> None:
        """Change the size; the program's group gets SIGWINCH from the kernel."""
        fcntl.ioctl(self._own, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
        self._screen.resize(lines, columns)

    def press(self, keys: str) -> None:
        """Press keys; a control key is the character that it makes."""
        os.write(self._own, keys.encode())

    def lines(self) -> list[str]:
        """What stands on the screen."""
        return [line.rstrip() for line in self._screen.display]

    def await_screen(self, is_there: Callable[[str], bool], seconds: float = 60) -> str:
        """Read until the screen shows what is awaited; gives it."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            shown = "\n".join(self.lines())
            if is_there(shown):
                return shown
            self._read(0.05)
        raise AssertionError("not shown:\n" + "\n".join(self.lines()))

    def await_end(self, seconds: float = 60) -> tuple[int, str]:
        """Read until the program has ended; gives its exit status and what it wrote at last.

        That is what stands behind the last switch back from a screen of its own.
        """
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and (self._read(0.05) or self.program.poll() is None):
            pass
        status = self.program.wait(timeout=max(deadline - time.monotonic(), 0.1))
        rest = self.octets.rpartition(SCREEN_OFF)[2].decode()
        return status, rest.replace("\r\n", "\n")

    def has_echo(self) -> bool:
        """Whether keys are shown by the terminal, as they are unless a program forbids it."""
        return bool(termios.tcgetattr(self._own)[3] & termios.ECHO)

    def _read(self, seconds: float) -> bool:
        """Read what is there; False if nothing came."""
        if not select.select([self._own], [], [], seconds)[0]:
            return False
        octets = b""
        with contextlib.suppress(OSError):  # the other side was closed
            octets = os.read(self._own, 65_536)
        self.octets += octets
        self._stream.feed(octets)
        return bool(octets)
