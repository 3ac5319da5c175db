"""What a release is made with: bounds of libraries, limits of coverage, one command to build."""

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from support.places import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
COVERAGE = ROOT / ".ci" / "coverage_by_package.py"


def requirements() -> list[str]:
    """Every requirement of the package and of its extras, but those that name its own extras."""
    project = PROJECT["project"]
    listed = [*project["dependencies"]]
    for extra in project["optional-dependencies"].values():
        listed += extra
    return [each for each in listed if not each.startswith(project["name"])]


@pytest.mark.parametrize("requirement", requirements())
def test_every_library_has_a_lower_bound_that_can_be_tested(requirement: str) -> None:
    assert re.fullmatch(r"[A-Za-z0-9.-]+(>=|==)[0-9][0-9.]*( *;.*)?", requirement)


def measured(lines: int, branches: int) -> dict[str, object]:
    """What coverage says of a module of a hundred lines and a hundred branches."""
    counts = {"covered_lines": lines, "num_statements": 100}
    return {"summary": counts | {"covered_branches": branches, "num_branches": 100}}


def coverage_of(folder: Path, files: dict[str, dict[str, object]]) -> tuple[int, str]:
    """Exit status and output of the limits of coverage."""
    path = folder / "coverage.json"
    path.write_text(json.dumps({"files": files}))
    done = subprocess.run(
        [sys.executable, COVERAGE, path], capture_output=True, text=True, check=False
    )
    assert done.stderr == ""
    return done.returncode, done.stdout


def test_coverage_below_the_limit_of_a_package_fails(tmp_path: Path) -> None:
    places = ("tcp/a", "table/b", "observer/c/d", "findings/e", "cli/f")
    files = {f"/lib/tcpflow_analyzer/{name}.py": measured(96, 95) for name in places}
    files["/lib/tcpflow_analyzer/cli/f.py"] = measured(10, 10)
    status, said = coverage_of(tmp_path, files)
    assert status == 0, said
    assert re.search(r"^observer .* 95\.0% +95\.5%$", said, re.MULTILINE)
    files["/lib/tcpflow_analyzer/observer/c/d.py"] = measured(93, 96)
    status, said = coverage_of(tmp_path, files)
    assert status == 1
    assert re.search(r"^observer .* 94\.5%  below 95", said, re.MULTILINE)


def test_many_lines_do_not_hide_branches_below_the_limit(tmp_path: Path) -> None:
    places = ("tcp/a", "table/b", "observer/c", "findings/d")
    files = {f"/lib/tcpflow_analyzer/{name}.py": measured(100, 100) for name in places}
    files["/lib/tcpflow_analyzer/findings/d.py"] = measured(100, 94)
    status, said = coverage_of(tmp_path, files)
    assert status == 1
    assert re.search(r"^findings .* 94\.0% +97\.0%  below 95", said, re.MULTILINE)


def test_coverage_of_a_package_that_was_not_measured_fails(tmp_path: Path) -> None:
    assert coverage_of(tmp_path, {"tcpflow_analyzer/tcp/a.py": measured(100, 100)})[0] == 1


def test_commands_of_a_release_exist() -> None:
    named = set(re.findall(r"tox -e ([a-z0-9,]+)", (ROOT / "docs" / "release.md").read_text()))
    known = set(PROJECT["tool"]["tox"]["env"])
    assert {each for names in named for each in names.split(",")} <= known
    assert {"oldest", "audit", "coverage", "wheels"} <= {
        each for names in named for each in names.split(",")
    }
