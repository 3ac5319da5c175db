"""Runs programs as whole processes and says what they took."""

import collections
import contextlib
import json
import shlex
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final, NamedTuple

# In a process of its own, a small one: until it runs its program a child is a copy of its parent,
# and the kernel counts that copy as the child's peak (Linux fs/exec.c, setmax_mm_hiwater_rss). With
# numpy and its arrays in the parent every program would seem to take a hundred MiB.
_MEASURE: Final = """
import json, os, sys, time
nothing = os.open(os.devnull, os.O_WRONLY)
outputs = [(os.POSIX_SPAWN_DUP2, nothing, 1), (os.POSIX_SPAWN_DUP2, nothing, 2)]
start = time.perf_counter()
child = os.posix_spawnp(sys.argv[1], sys.argv[1:], os.environ, file_actions=outputs)
status, usage = os.wait4(child, 0)[1:]
seconds = time.perf_counter() - start
status = os.waitstatus_to_exitcode(status)
print(json.dumps([status, seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss]))
"""


class Usage(NamedTuple):
    """What a process took: wall seconds, processor seconds, peak resident memory in MiB."""

    seconds: float
    processor_seconds: float
    peak_mib: float


def measure(command: Sequence[str], octets: Iterable[bytes] = ()) -> Usage:
    """Run a command to its end, its output thrown away.

    Args:
        command: and its arguments.
        octets: what its standard input gives.

    Raises:
        RuntimeError: it failed; a time counts only if the work was done.
    """
    with subprocess.Popen(
        [sys.executable, "-I", "-S", "-c", _MEASURE, *command],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as runner:
        assert runner.stdin is not None
        assert runner.stdout is not None
        with contextlib.suppress(BrokenPipeError), runner.stdin as sink:  # it may stop reading
            for some in octets:
                sink.write(some)
        told = runner.stdout.read()
    if runner.returncode != 0:
        raise RuntimeError(f"{shlex.join(command)}: cannot be run")
    status, seconds, processor_seconds, peak = json.loads(told)
    if status != 0:
        raise RuntimeError(f"{shlex.join(command)}: exit status {status}")
    return Usage(seconds, processor_seconds, peak / (1 << 20 if sys.platform == "darwin" else 1024))


def installed_program() -> str:
    """The program `tcpflow` of the environment that runs this, as a command line."""
    return shlex.quote(str(Path(sys.executable).with_name("tcpflow")))


def check_counts(analyze: Sequence[str], frames: int | None, connections: int | None) -> None:
    """Run `tcpflow analyze CAPTURE` as NDJSON and compare what it counts; None is not compared.

    Raises:
        RuntimeError: it failed, or counts something else.
    """
    command = [*analyze, "--format", "ndjson"]
    ending: collections.deque[bytes] = collections.deque(maxlen=2)  # capture, summary
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as child:
        ending.extend(child.stdout or ())
    if child.returncode != 0:
        raise RuntimeError(f"{shlex.join(command)}: exit status {child.returncode}")
    capture, summary = (json.loads(line) for line in ending)
    for what, counted, right in (
        ("frames", capture["frames"], frames),
        ("connections", summary["connections"], connections),
    ):
        if right is not None and counted != right:
            raise RuntimeError(f"{shlex.join(command)}: {counted} {what}, not {right}")
