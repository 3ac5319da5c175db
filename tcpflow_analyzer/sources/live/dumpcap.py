"""The capture engine dumpcap: Wireshark's own, privilege-separated, writing pcapng into a pipe."""

import contextlib
import os
import select
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import IO, Final

from tcpflow_analyzer.errors import InputError
from tcpflow_analyzer.sources.live.capture_engine import (
    CaptureRequest,
    EngineEnded,
    EngineMissing,
)
from tcpflow_analyzer.sources.live.devices import DeviceWatch
from tcpflow_analyzer.sources.live.relay import Relay
from tcpflow_analyzer.sources.live.rights import no_right

START_S: Final = 10.0  # a device that takes longer to open does not answer
STOP_S: Final = 3.0  # without a sign of life
READ_OCTETS: Final = 1 << 20
PIPE_OCTETS: Final = 1 << 20  # the most that Linux allows without privilege (fs.pipe-max-size)
# dumpcap looks every 250 ms (capture_opts.h CAP_READ_TIMEOUT) and then writes what it has.
DELAY_NS: Final = 400_000_000
MESSAGE_OCTETS: Final = 4096
LOOK_S: Final = 0.5
# What dumpcap writes on standard error although nothing is wrong.
CHATTER: Final = ("Capturing on ", "File: ", "Packets captured: ", "Packets received/dropped ")


def find_dumpcap() -> str | None:
    """Find dumpcap where systems put it, also where this user must not start it."""
    found = shutil.which("dumpcap")
    if found is not None:
        return found
    places = [Path(folder) / "dumpcap" for folder in os.get_exec_path()]
    places += [Path("/usr/bin/dumpcap"), Path("/usr/local/bin/dumpcap")]
    places.append(Path("/Applications/Wireshark.app/Contents/MacOS/dumpcap"))
    for variable in ("ProgramFiles", "ProgramFiles(x86)"):
        if folder := os.environ.get(variable):
            places.append(Path(folder) / "Wireshark" / "dumpcap.exe")
    return next((str(place) for place in places if place.is_file()), None)


def command_line(path: str, request: CaptureRequest) -> list[str]:
    """The command line of dumpcap; options in front of the interfaces hold for all of them."""
    command = [path, "-q", "-s", str(request.kept_octets), "-B", str(request.buffer_mebibytes)]
    if request.capture_filter:
        command += ["-f", request.capture_filter]
    if not request.promiscuous:
        command.append("-p")
    for name in request.interfaces:
        command += ["-i", name]
    return [*command, "-w", "-"]


class HaltWatch:
    """Looks now and then whether a process was halted by a signal (Linux; nothing elsewhere).

    It gives nothing then, as on a quiet wire, and does not end.
    """

    def __init__(self) -> None:
        """See nothing yet."""
        self._due = 0.0
        self._is_halted = False
        self._notes: list[str] = []

    def look(self, process: int) -> None:
        """Look, if it is time."""
        now = time.monotonic()
        if now < self._due:
            return
        self._due = now + LOOK_S
        was_halted, self._is_halted = self._is_halted, is_halted(process)
        if self._is_halted and not was_halted:
            self._notes.append(
                f"dumpcap was halted by a signal: what comes is lost once its buffers are full; "
                f"kill -CONT {process} lets it go on"
            )

    def take_notes(self) -> list[str]:
        """What was seen since the last call, a line each."""
        notes, self._notes = self._notes, []
        return notes


def is_halted(process: int) -> bool:
    """Whether a process is stopped by SIGSTOP or a terminal, or by a debugger (proc(5))."""
    try:
        with open(f"/proc/{process}/stat", "rb") as file:
            return file.read(MESSAGE_OCTETS).rpartition(b")")[2].split(None, 1)[0] in (b"T", b"t")
    except (OSError, IndexError):
        return False


class DumpcapEngine:
    """A running dumpcap; attributes and methods as of `CaptureEngine`."""

    name = "dumpcap"
    needs_rights = True  # dumpcap is started again if it ends
    delay_ns = DELAY_NS

    def __init__(self, request: CaptureRequest) -> None:
        """Start dumpcap and wait until its devices are open.

        Raises:
            EngineMissing: it is not installed.
            NoRightToCapture: it may not capture, or not be started.
            InputError: it cannot, for the reason that it gives.
        """
        self._request = request
        self._relay = Relay()
        self._devices = DeviceWatch(request.interfaces)
        self._is_stopped = False
        self._halt = HaltWatch()
        path = find_dumpcap()
        if path is None:
            raise EngineMissing("dumpcap was not found; it comes with Wireshark and tshark")
        self._path = path
        self._process: subprocess.Popen[bytes] | None = None
        self._messages: IO[bytes] | None = None
        self._pending = self._start()

    def read(self, timeout_s: float) -> bytes:
        """Give what came, at most some mebibytes; see `CaptureEngine`."""
        if self._pending:
            octets, self._pending = self._pending, b""
            return octets
        piece = self._read_pipe(timeout_s)
        if piece == b"":
            raise EngineEnded(self._why_ended())
        self._devices.look()
        if self._process is not None:
            self._halt.look(self._process.pid)
        if piece is None:
            return b""
        return self._relay.feed(piece, time.time_ns())

    def clock(self, time_ns: int) -> bytes:
        """Give a clock record; dumpcap says what was dropped only when it ends."""
        return self._relay.clock(time_ns)

    def restart(self) -> bytes:
        """Start dumpcap again."""
        self._devices.forget()
        self._forget_process()
        self._relay.begin_anew()
        return self._start()

    def take_notes(self) -> list[str]:
        """Give which devices were down; that one is gone for good ends dumpcap."""
        return [*self._halt.take_notes(), *self._devices.take_notes(is_last=self._is_stopped)]

    def stop(self) -> bytes:
        """Interrupt dumpcap, which then writes what it holds and its statistics."""
        self._is_stopped = True
        parts = [self._pending]
        self._pending = b""
        process = self._process
        if process is not None:
            with contextlib.suppress(OSError):
                process.terminate()  # SIGINT is ignored by what a shell runs in the background
            parts.extend(self._read_rest())
            self._forget_process()
            parts.append(self._relay.clock(time.time_ns()))
        return b"".join(parts)

    def _start(self) -> bytes:
        """Start dumpcap; gives the section and the interfaces."""
        self._messages = tempfile.TemporaryFile(prefix="tcpflow-")  # noqa: SIM115  see _forget_process
        try:
            self._process = subprocess.Popen(  # noqa: S603 -- a fixed command line, no shell
                command_line(self._path, self._request),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=self._messages,
                bufsize=0,
                start_new_session=True,  # the interrupt key is for us, who then end it
            )
        except PermissionError as error:
            raise no_right(self._request.interfaces, self._path) from error
        except OSError as error:
            raise InputError(f"dumpcap: {error.strerror or error}") from error
        _widen(self._process.stdout)
        deadline = time.monotonic() + START_S
        try:
            return self._read_description(deadline)
        except EngineEnded as ended:
            self._forget_process()
            raise InputError(f"dumpcap: {ended}") from ended
        except BaseException:
            self._forget_process()
            raise

    def _read_description(self, deadline: float) -> bytes:
        octets = b""
        while not self._relay.has_begun:
            piece = self._read_pipe(max(deadline - time.monotonic(), 0))
            if piece is None:
                raise EngineEnded(f"did not begin within {START_S:.0f} s")
            if not piece:
                said = self._messages_text()
                if "permission" in said.lower() or "not permitted" in said.lower():
                    raise no_right(self._request.interfaces, self._path)
                raise EngineEnded(self._why_ended())
            octets += self._relay.feed(piece, time.time_ns())
        return octets + self._relay.flush()

    def _read_pipe(self, timeout_s: float) -> bytes | None:
        """Give what is in the pipe, b"" at its end; None if nothing came in time."""
        if self._process is None or self._process.stdout is None:
            return b""
        number = self._process.stdout.fileno()
        if sys.platform != "win32" and not select.select([number], [], [], timeout_s)[0]:
            return None
        return os.read(number, READ_OCTETS)

    def _read_rest(self) -> list[bytes]:
        """Read until dumpcap has closed the pipe; it may still hold many frames."""
        parts = []
        with contextlib.suppress(EngineEnded, OSError):
            while True:
                piece = self._read_pipe(STOP_S)
                if not piece:
                    break
                parts.append(self._relay.feed(piece, time.time_ns()))
        return parts

    def _forget_process(self) -> None:
        """End dumpcap if it still runs, and close what belongs to it."""
        process, self._process = self._process, None
        if process is not None:
            if process.poll() is None:
                process.kill()
            process.wait()
            if process.stdout is not None:
                process.stdout.close()
        if self._messages is not None:
            self._messages.close()
            self._messages = None

    def _messages_text(self) -> str:
        if self._messages is None:
            return ""
        self._messages.seek(0)
        return self._messages.read(MESSAGE_OCTETS).decode("utf-8", "replace")

    def _why_ended(self) -> str:
        """What dumpcap said last, or how it ended."""
        if self._process is None:
            return "not running"
        status = self._process.wait()
        if status < 0:
            return f"killed by signal {-status}"
        lines = [line.strip() for line in self._messages_text().splitlines()]
        said = [line for line in lines if line and not line.startswith(CHATTER)]
        if not said:
            return f"exit status {status}"
        message = said[0].removeprefix("dumpcap: ")
        reason = said[1] if len(said) > 1 and said[1].startswith("(") else ""
        return f"{message} {reason}".strip().rstrip(".")


def _widen(pipe: IO[bytes] | None) -> None:
    """Let the pipe hold more, so that a busy moment of ours does not stop dumpcap (Linux)."""
    if pipe is None or not sys.platform.startswith("linux"):
        return
    import fcntl  # noqa: PLC0415 -- Windows has none

    with contextlib.suppress(OSError):
        fcntl.fcntl(pipe.fileno(), fcntl.F_SETPIPE_SZ, PIPE_OCTETS)
