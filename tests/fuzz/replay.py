"""Gives inputs to targets, in this process or in one that runs compiled modules or their source."""

import hashlib
import json
import subprocess
import sys
import time
import traceback
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final, NamedTuple

from fuzz.targets import TARGETS, result_of
from support.program import python_environment

_RUN: Final = """
import sys
if {interpreted}:
    import support.source_first
    support.source_first.install()
from fuzz.replay import print_outcomes
print_outcomes()
"""
SHORT: Final = 200  # characters of a value; of a longer one the digest is given


class Outcome(NamedTuple):
    """What a target made of a file.

    Attributes:
        path: of the file.
        value: as JSON, or its beginning and its digest; of a defect the traceback.
        seconds: processor time.
        is_defect: whether the target raised.
    """

    path: str
    value: str
    seconds: float
    is_defect: bool


def files_of(path: Path) -> list[Path]:
    """Give the files of a folder, or the file itself."""
    return sorted(path.iterdir()) if path.is_dir() else [path]


def outcome(name: str, path: Path) -> Outcome:
    """Give a file to a target."""
    octets = path.read_bytes()
    start = time.process_time()
    try:
        value = json.dumps(result_of(TARGETS[name], octets))
    except Exception:
        return Outcome(str(path), traceback.format_exc(), time.process_time() - start, True)
    seconds = time.process_time() - start
    if len(value) > SHORT:
        digest = hashlib.sha256(value.encode()).hexdigest()
        value = f"{value[:SHORT]}... {digest}"
    return Outcome(str(path), value, seconds, False)


def print_outcomes() -> None:
    """Print a line of JSON for each input that standard input names, as `outcomes` asks for it."""
    for name, paths in json.load(sys.stdin).items():
        for path in paths:
            line = json.dumps(outcome(name, Path(path)))
            print(line, flush=True)  # noqa: T201  to the process that asked


def outcomes(files: Mapping[str, Iterable[Path]], *, interpreted: bool) -> dict[str, Outcome]:
    """Give files to targets in a process of its own.

    Args:
        files: by target.
        interpreted: whether to run the Python source even where compiled modules are installed.

    Returns:
        By path; what comes behind an input that ends the process is missing.
    """
    asked = {name: [str(path) for path in paths] for name, paths in files.items()}
    done = subprocess.run(
        [sys.executable, "-P", "-c", _RUN.format(interpreted=interpreted)],
        env=python_environment(),
        input=json.dumps(asked),
        capture_output=True,
        text=True,
        check=False,
    )
    found = (Outcome(*json.loads(line)) for line in done.stdout.splitlines())
    return {each.path: each for each in found}
