"""The hostile inputs of fixtures/hostile give a value or a refusal, soon, from both twins."""

import hashlib
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from fuzz.corpus import HOSTILE
from fuzz.replay import Outcome, outcome, outcomes
from fuzz.targets import TARGETS
from tcpflow_analyzer.compiled import is_compiled

# Processor seconds; the slowest takes a tenth on the machine where this was written.
SOON = 4.0
CASES = sorted(HOSTILE.glob("*/*.bin"))
NAMES = [f"{path.parent.name}/{path.stem}" for path in CASES]


@cache
def listed() -> dict[str, dict[str, Any]]:
    """The cases of case.toml by file."""
    case = tomllib.loads((HOSTILE / "case.toml").read_text())
    return {each["file"]: each for each in case["cases"]}


@cache
def by_source() -> dict[str, Outcome]:
    """What the Python source makes of all cases, in a process of its own."""
    files: dict[str, list[Path]] = {}
    for path in CASES:
        files.setdefault(path.parent.name, []).append(path)
    return outcomes(files, interpreted=True)


def test_every_case_is_listed_with_its_reason() -> None:
    assert {str(path.relative_to(HOSTILE)) for path in CASES} == set(listed())
    for file, case in listed().items():
        assert case["reason"]
        assert hashlib.sha256((HOSTILE / file).read_bytes()).hexdigest() == case["sha256"], file


@pytest.mark.parametrize("path", CASES, ids=NAMES)
def test_case_is_no_defect(path: Path) -> None:
    found = outcome(path.parent.name, path)
    assert not found.is_defect, found.value
    assert found.seconds < SOON


@pytest.mark.skipif(not is_compiled(), reason="a plain Python install has one twin")
@pytest.mark.parametrize("path", CASES, ids=NAMES)
def test_twins_agree(path: Path) -> None:
    assert outcome(path.parent.name, path).value == by_source()[str(path)].value


@pytest.mark.parametrize("name", [*TARGETS])
def test_nothing_and_noise_are_no_defect(name: str, tmp_path: Path) -> None:
    for number, octets in enumerate((b"", b"\0" * 100, bytes(range(256)))):
        path = tmp_path / str(number)
        path.write_bytes(octets)
        found = outcome(name, path)
        assert not found.is_defect, found.value
