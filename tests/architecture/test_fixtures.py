"""No capture without provenance: who made it, with what, when, and what it should contain.

Every folder that holds captures has a case.toml with the keys of REQUIRED and the sha256 of every
capture: a [[captures]] table for each, or one [sha256] table by file name. See tests/README.md.
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
CAPTURES = fixture_captures()
FOLDERS = sorted({path.parent for path in CAPTURES})


def load_case(folder: Path) -> dict[str, Any]:
    """The case.toml of a folder of captures."""
    return tomllib.loads((folder / "case.toml").read_text())


def test_there_are_captures() -> None:
    assert len(CAPTURES) > 50


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


def listed_digests(folder: Path) -> dict[str, str]:
    """By file name, the sha256 that case.toml states."""
    case = load_case(folder)
    if "captures" in case:
        return {entry["file"]: entry["sha256"] for entry in case["captures"]}
    return dict(case["sha256"])


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda path: str(path.relative_to(FIXTURES)))
def test_case_lists_every_capture_with_its_digest(folder: Path) -> None:
    listed = listed_digests(folder)
    here = [path for path in CAPTURES if path.parent == folder]
    digests = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in here}
    assert listed == digests


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda path: str(path.relative_to(FIXTURES)))
def test_large_captures_have_a_reason(folder: Path) -> None:
    explained = {e["file"] for e in load_case(folder).get("captures", []) if e.get("why_large")}
    for capture in listed_digests(folder).keys() - explained:
        size = (folder / capture).stat().st_size
        assert size <= LIMIT, f"{capture} has {size} octets"
