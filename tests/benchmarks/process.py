"""Runs programs as whole processes and says what they took."""

import collections
import json
import os
import shlex
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple


class Usage(NamedTuple):
    """What a process took: wall seconds, processor seconds, peak resident memory in MiB."""

    seconds: float
    processor_seconds: float
    peak_mib: float


def measure(command: Sequence[str]) -> Usage:
    """Run a command to its end, its output thrown away.

    Raises:
        RuntimeError: it failed; a time counts only if the work was done.
    """
    start = time.perf_counter()
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    seconds = time.perf_counter() - start
    # What wait() would ask for is gone: this process is no longer a child.
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode != 0:
        raise RuntimeError(f"{shlex.join(command)}: exit status {child.returncode}")
    peak = usage.ru_maxrss / (1024 * 1024 if sys.platform == "darwin" else 1024)
    return Usage(seconds, usage.ru_utime + usage.ru_stime, peak)


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
