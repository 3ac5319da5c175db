"""Runs the program in a process of its own, compiled or interpreted.

The child process imports the very package that the tests import, wherever that is installed.
"""

import os
import subprocess
import sys
from collections.abc import Sequence
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


def program_command(
    arguments: Sequence[str | Path], *, interpreted: bool = False
) -> tuple[list[str], dict[str, str]]:
    """The command line that runs `tcpflow`, and the variables of its environment."""
    package_folder = Path(tcpflow_analyzer.__path__[0]).parent
    path = os.pathsep.join([str(package_folder), str(_TESTS)])
    run = _RUN.format(interpreted=interpreted)
    command = [sys.executable, "-P", "-c", run, *map(str, arguments)]
    return command, os.environ | {"PYTHONPATH": path}
