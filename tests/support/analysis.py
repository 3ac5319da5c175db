"""Analyses of captures as the program's JSON gives them, each made once a test run."""

import functools
import json
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from support.program import run_program


@functools.cache
def analyze(capture: Path) -> dict[str, Any]:
    """The object that `tcpflow analyze CAPTURE --format json` prints.

    Raises:
        AssertionError: the program did not end with status 0, or wrote to standard error.
    """
    done = run_program(["analyze", capture, "--format", "json"])
    assert done.returncode == 0, f"{capture.name}: {done.stderr.decode()}"
    analysis: dict[str, Any] = json.loads(done.stdout)
    return analysis


def analyze_all(captures: list[Path]) -> dict[Path, dict[str, Any]]:
    """Analyses of several captures, made in as many processes as there are processors."""
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return dict(zip(captures, pool.map(analyze, captures), strict=True))
