"""Analyses of captures as the program's JSON gives them, many in one process.

A process of Python costs more than the analysis of a small capture, so that captures go to
`tcpflow analyze --separate` together, which treats each alone.
"""

import functools
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from support.places import RECORDINGS, is_capture
from support.program import run_program

Analyses = dict[str, dict[str, Any]]  # by file name


def analyze_each(
    captures: Iterable[Path], *options: str, interpreted: bool = False
) -> tuple[dict[Path, dict[str, Any]], str]:
    """The JSON object of each capture analysed alone, and what stands on standard error.

    A capture that cannot be used is named on standard error and has no object.

    Raises:
        AssertionError: the program ended with something else than status 0 or 2.
    """
    done = run_program(
        ["analyze", "--separate", "--format", "json", *options, *captures],
        interpreted=interpreted,
        timeout=600,
    )
    assert done.returncode in {0, 2}, done.stderr.decode()
    objects = json.loads(done.stdout)["captures"]
    by_path = {Path(each["capture"]["files"][0]["path"]): each for each in objects}
    return by_path, done.stderr.decode()


@functools.cache
def recordings() -> Analyses:
    """The analyses of all recordings in fixtures/, by file name, made once a test run."""
    captures = [path for path in sorted(RECORDINGS.iterdir()) if is_capture(path)]
    analyses, complaints = analyze_each(captures)
    assert complaints == ""
    return {path.name: analysis for path, analysis in analyses.items()}
