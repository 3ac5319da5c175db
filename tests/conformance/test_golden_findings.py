"""The findings of every recording, capture by capture, as they were reviewed.

A line of the golden files is a capture with its codes and how often each was found. Whoever changes
one (`pytest tests/conformance --update-golden`) reads the difference as a network engineer: is the
finding true, and does it help?
"""

import collections
import json
from pathlib import Path
from typing import Any

import pytest

from support.analysis import analyze_each, recordings
from support.places import shared_folder

HERE = Path(__file__).parent


def lines_of(analyses: dict[str, dict[str, Any]]) -> list[str]:
    """A line for each capture: its name, then codes, with a count where there are several."""
    lines = []
    for name, analysis in sorted(analyses.items()):
        counts = collections.Counter(found["code"] for found in analysis["findings"])
        words = [code if n == 1 else f"{code}x{n}" for code, n in sorted(counts.items())]
        lines.append(" ".join([f"{name}:", *words]))
    return lines


def check(golden: Path, analyses: dict[str, dict[str, Any]], update: bool) -> None:
    """Compare with a golden file, or write it."""
    lines = lines_of(analyses)
    if update:
        golden.write_text("\n".join(lines) + "\n")
    assert lines == golden.read_text().splitlines()


def test_findings_of_the_recordings_are_those_that_were_reviewed(update_golden: bool) -> None:
    check(HERE / "findings_of_recordings.txt", recordings(), update_golden)


@pytest.mark.slow
@pytest.mark.skipif(shared_folder() is None, reason="no shared folder")
def test_findings_of_other_recordings_are_those_that_were_reviewed(update_golden: bool) -> None:
    folder = (shared_folder() or Path()) / "recordings"
    analyses, _ = analyze_each(sorted(folder.glob("*.pcap")))
    by_name = {path.name: analysis for path, analysis in analyses.items()}
    check(HERE / "findings_of_other_recordings.txt", by_name, update_golden)


def test_healthy_recordings_have_no_error() -> None:
    """Also where expected_codes.json names no code that must be found."""
    listed = json.loads(
        (HERE.parents[1] / "fixtures" / "recordings" / "expected_codes.json").read_text()
    )
    healthy = {name for name, expected in listed.items() if expected["no_errors"]}
    assert len(healthy) > 30
    errors = {
        (name, found["code"])
        for name, analysis in recordings().items()
        if name.partition(".")[0].partition("@")[0] in healthy
        for found in analysis["findings"]
        if found["severity"] == "error"
    }
    assert errors == set()
