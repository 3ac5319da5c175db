"""Runs the program in a process of its own, compiled or interpreted.

The child process imports the very package that the tests import, wherever that is installed.
"""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import tcpflow_analyzer

_TESTS: Final = Path(__file__).resolve().parents[1]
_RUN: Final = """
import sys
if {interpreted}:
    import support.source_first
    support.source_first.install()
from tcpflow_analyzer.cli.main import main
sys.argv[0] = "tcpflow"
main()
"""


def run_program(
    arguments: Sequence[str | Path],
    *,
    interpreted: bool = False,
    environment: dict[str, str] | None = None,
    stdin: bytes = b"",
    folder: Path | None = None,
    timeout: float = 120,
) -> subprocess.CompletedProcess[bytes]:
    """Run `tcpflow` with these arguments and give its exit status and output, in octets.

    Args:
        arguments: of the command line, without the program's name.
        interpreted: whether to run the Python source even where compiled modules are installed.
        environment: variables to set besides those of this process.
        stdin: what standard input holds.
        folder: to run in; by default that of the tests.
        timeout: seconds until the program is killed and subprocess.TimeoutExpired raised.
    """
    command, variables = program_command(arguments, interpreted=interpreted)
    return subprocess.run(
        command,
        input=stdin,
        env=variables | (environment or {}),
        cwd=folder,
        capture_output=True,
        timeout=timeout,
        check=False,
    )


def start_program(
    arguments: Sequence[str | Path], *, prefix: Sequence[str] = ()
) -> subprocess.Popen[bytes]:
    """Start `tcpflow` and let it run; its outputs are pipes.

    Args:
        arguments: of the command line, without the program's name.
        prefix: what starts it, as `ip netns exec NAME`.
    """
    command, variables = program_command(arguments)
    return subprocess.Popen(
        [*prefix, *command],
        env=variables,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def await_true(is_so: Callable[[], bool], what: str, seconds: float = 60) -> None:
    """Wait until something is so; a busy machine may take long."""
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, f"{what}: not within {seconds} s"
        time.sleep(0.02)


def await_signal_handlers(program: subprocess.Popen[bytes]) -> None:
    """Wait until a program takes SIGTERM, and with it the interrupt key; needs Linux."""
    status = Path(f"/proc/{program.pid}/status")

    def is_taken() -> bool:
        (caught,) = [line for line in status.read_text().splitlines() if line.startswith("SigCgt")]
        return bool(int(caught.split()[1], 16) >> (signal.SIGTERM - 1) & 1)

    await_true(is_taken, "signals are handled")


def await_read_to_end(program: subprocess.Popen[bytes], path: Path) -> None:
    """Wait until a program has read all that a file holds; needs Linux."""
    open_files = Path(f"/proc/{program.pid}/fd")

    def is_read() -> bool:
        for link in open_files.iterdir():
            with contextlib.suppress(OSError):  # it was closed just now
                if link.readlink() == path:
                    facts = (open_files.with_name("fdinfo") / link.name).read_text()
                    return int(facts.split()[1]) == path.stat().st_size
        return False

    await_true(is_read, f"{path} is read")


def program_command(
    arguments: Sequence[str | Path], *, interpreted: bool = False
) -> tuple[list[str], dict[str, str]]:
    """The command line that runs `tcpflow`, and the variables of its environment."""
    run = _RUN.format(interpreted=interpreted)
    command = [sys.executable, "-P", "-c", run, *map(str, arguments)]
    # A user's program buffers what it writes, however the tests are run.
    return command, python_environment() | {"PYTHONUNBUFFERED": ""}


def python_environment() -> dict[str, str]:
    """Variables for a process that imports the package under test and `support`."""
    package_folder = Path(tcpflow_analyzer.__path__[0]).parent
    return os.environ | {"PYTHONPATH": os.pathsep.join([str(package_folder), str(_TESTS)])}
