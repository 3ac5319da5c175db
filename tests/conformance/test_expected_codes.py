"""Recordings of real sockets give the findings that they must, and healthy ones no error.

expected_codes.json names for each scenario the codes of which at least one capture must give a
finding ("A|B": either will do), and whether the traffic is healthy.
"""

import json

import pytest

from support.analysis import recordings
from support.places import RECORDINGS

EXPECTED = json.loads((RECORDINGS / "expected_codes.json").read_text())


def findings_of(scenario: str) -> list[dict[str, str]]:
    """The findings of all captures of a scenario."""
    truth = json.loads((RECORDINGS / f"{scenario}.truth.json").read_text())
    return [
        finding
        for capture in truth["captures"]
        for finding in recordings()[capture["file"]]["findings"]
    ]


@pytest.mark.parametrize("scenario", [name for name in EXPECTED if EXPECTED[name]["must"]])
def test_recording_gives_the_expected_codes(scenario: str) -> None:
    found = {finding["code"] for finding in findings_of(scenario)}
    wanted = [set(must.split("|")) for must in EXPECTED[scenario]["must"]]
    missing = [either for either in wanted if not either & found]
    assert missing == [], f"has {sorted(found)}"


@pytest.mark.parametrize("scenario", [name for name in EXPECTED if EXPECTED[name]["no_errors"]])
def test_healthy_recording_gives_no_error(scenario: str) -> None:
    errors = [f for f in findings_of(scenario) if f["severity"] == "error"]
    assert errors == []
