"""Counts the instructions that a segment or a connection costs; valgrind does the counting.

Unlike seconds they do not depend on how busy the machine is; two runs differ by less than a
percent.
Start-up cancels out, as a cost is the difference between two captures by that of their sizes.
Compiler, Python and C library matter a little.
"""

import re
import shlex
import shutil
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final, NamedTuple

from benchmarks.captures import Made, Options, make
from benchmarks.compare import OURS, targets
from support.program import program_command

_SUMMARY: Final = re.compile(r"^summary: (\d+)", re.MULTILINE)


class Case(NamedTuple):
    """One kind of work whose cost is bounded; see targets.toml.

    Attributes:
        name: in targets.toml.
        capture: bulk, web or scan.
        unit: "segment" or "connection".
        sizes: of the two captures, packets of bulk, connections of others.
        output: key of OURS.
        interpreted: whether Python source runs, not the compiled modules.
        limit: instructions a unit at most.
    """

    name: str
    capture: str
    unit: str
    sizes: tuple[int, int]
    output: str
    interpreted: bool
    limit: int


def cases() -> list[Case]:
    """What targets.toml bounds."""
    return [_case(name, entry) for name, entry in targets()["instructions"].items()]


def _case(name: str, entry: dict[str, Any]) -> Case:
    small, large = entry["sizes"]
    return Case(
        name,
        entry["capture"],
        entry["unit"],
        (small, large),
        entry.get("output", "text"),
        entry.get("interpreted", False),
        entry["limit"],
    )


def is_available() -> bool:
    """Whether there is a valgrind."""
    return shutil.which("valgrind") is not None


def cost(case: Case) -> float:
    """Instructions that one segment or connection costs.

    Raises:
        RuntimeError: the program failed under valgrind.
    """
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(2) as pool:
        paths = [Path(folder) / f"{size}.pcap" for size in case.sizes]
        made = [
            make(_options(case, size), path) for size, path in zip(case.sizes, paths, strict=True)
        ]
        small, large = pool.map(lambda path: _count(case, path), paths)
    units = [_units(case, each) for each in made]
    return (large - small) / (units[1] - units[0])


def _options(case: Case, size: int) -> Options:
    if case.capture == "bulk":
        return Options("bulk", packets=size, connections=8)
    return Options(case.capture, connections=size)


def _units(case: Case, made: Made) -> int:
    return made.packets if case.unit == "segment" else made.connections


def _count(case: Case, capture: Path) -> int:
    """Instructions of one run, start and end included."""
    result = capture.with_suffix(".cachegrind")
    arguments = shlex.split(OURS[case.output].format(shlex.quote(str(capture))))
    # Caches are not simulated, which would take twice the time.
    command, variables = program_command(arguments, interpreted=case.interpreted)
    done = subprocess.run(
        ["valgrind", "--tool=cachegrind", "--cache-sim=no", f"--cachegrind-out-file={result}",
         *command],
        env=variables | {"PYTHONHASHSEED": "0"},
        capture_output=True, timeout=300, check=False,
    )  # fmt: skip
    if done.returncode != 0:
        raise RuntimeError(done.stderr.decode(errors="replace")[-2000:])
    found = _SUMMARY.search(result.read_text())
    if found is None:
        raise RuntimeError(f"valgrind wrote no summary: {done.stderr.decode(errors='replace')}")
    return int(found[1])
