"""No capture without provenance: who made it, with what, when, and what it should contain.

Every folder that holds captures has a case.toml with the keys of REQUIRED and a [[captures]] table
for each capture, with its file name and sha256. See tests/README.md.
"""

import datetime
import hashlib
import tomllib
from pathlib import Path
from typing import Any

import pytest

from support.places import FIXTURES, fixture_captures

REQUIRED = ("purpose", "origin", "tool", "command", "date")
ORIGINS = ("recorded", "generated", "public")
LIMIT = 50_000  # octets
FOLDERS = sorted({path.parent for path in fixture_captures()})


def load_case(folder: Path) -> dict[str, Any]:
    """The case.toml of a folder of captures."""
    return tomllib.loads((folder / "case.toml").read_text())


def test_there_are_captures() -> None:
    assert len(fixture_captures()) > 50


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda path: str(path.relative_to(FIXTURES)))
def test_case_says_where_captures_come_from(folder: Path) -> None:
    case = load_case(folder)
    for key in REQUIRED:
        assert case.get(key), f"case.toml lacks {key}"
    assert case["origin"] in ORIGINS
    if case["origin"] == "public":
        assert case.get("url")
        assert case.get("licence")
    datetime.date.fromisoformat(str(case["date"]))  # raises where it is no date


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda path: str(path.relative_to(FIXTURES)))
def test_case_lists_every_capture_with_its_digest(folder: Path) -> None:
    listed = {entry["file"]: entry["sha256"] for entry in load_case(folder)["captures"]}
    here = [path for path in fixture_captures() if path.parent == folder]
    digests = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in here}
    assert listed == digests


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda path: str(path.relative_to(FIXTURES)))
def test_large_captures_have_a_reason(folder: Path) -> None:
    for entry in load_case(folder)["captures"]:
        size = (folder / entry["file"]).stat().st_size
        assert size <= LIMIT or entry.get("why_large"), f"{entry['file']} has {size} octets"
