"""The repository names no single machine and leaves nothing half done."""

import re
from collections.abc import Iterator
from pathlib import Path

from support.places import ROOT

TEXT_SUFFIXES = {".py", ".toml", ".md", ".txt", ".json", ".yml", ".yaml", ".cfg", ".sh", ""}
# Folders below which every machine keeps different things; a path into them works for one person.
MACHINE_PATH = re.compile(r"(?<![\w.~*-])/(?:work|home|Users|root|opt|srv)/[\w.]")
SYSTEM_PATHS = (
    "/opt/homebrew/",
    "/opt/local/",
    "/opt/wireshark/",
)  # where package managers install
UNFINISHED = re.compile(r"\b(?:TO" + r"DO|FIX" + r"ME|XX" + r"X)\b(?!.*#\d+)")


def top_level() -> Iterator[Path]:
    """What lies in the repository's root; no build results, no virtual environments."""
    for path in ROOT.iterdir():
        hidden = path.name.startswith(".") and path.name not in {".ci", ".github"}
        built = path.name in {"build", "dist", "htmlcov"}
        if not hidden and not built and not (path / "pyvenv.cfg").is_file():
            yield path


def text_files() -> Iterator[Path]:
    """The files of the repository that people read."""
    for path in top_level():
        found = [path] if path.is_file() else path.rglob("*")
        for file in found:
            if file.is_file() and file.suffix in TEXT_SUFFIXES and "__pycache__" not in file.parts:
                yield file


def lines_with(pattern: re.Pattern[str]) -> list[str]:
    """Every line of the tree in which a pattern occurs, as file:line."""
    found = []
    for file in text_files():
        for number, line in enumerate(file.read_text().splitlines(), 1):
            for match in pattern.finditer(line):
                if not line[match.start() :].startswith(SYSTEM_PATHS):
                    found.append(f"{file.relative_to(ROOT)}:{number}: {line.strip()[:120]}")
    return found


def test_tree_names_no_path_of_one_machine() -> None:
    assert lines_with(MACHINE_PATH) == []


def test_tree_has_no_unfinished_marks_without_an_issue() -> None:
    assert lines_with(UNFINISHED) == []


def test_top_level_stays_small() -> None:
    allowed = {".ci", ".github", "tcpflow_analyzer", "tests", "fixtures", "docs"}
    allowed |= {"pyproject.toml", "README.md", "LICENSE", "PKG-INFO"}  # the last is in an sdist
    assert {path.name for path in top_level()} <= allowed
