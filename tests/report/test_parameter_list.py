"""Lists of parameters and profiles."""

import json

from tcpflow_analyzer.report.page import Look
from tcpflow_analyzer.report.parameter_list import (
    PROFILE_WORDS,
    parameters_json,
    parameters_text,
    profiles_json,
    profiles_text,
    unit_of,
)
from tcpflow_analyzer.settings import PARAMETERS, PROFILE_NAMES, Profile


def test_parameters_are_listed_with_default_findings_and_meaning() -> None:
    chosen = [PARAMETERS["close_wait_warn"], PARAMETERS["scan_targets"]]
    assert parameters_text(chosen, Look(width=80)).splitlines() == [
        "close_wait_warn      60s  CL005",
        "    CLOSE-WAIT without an answer for so long is a warning; any duration",
        "scan_targets          15  FL004",
        "    different closed or silent sockets within scan_window; at least 2",
    ]


def test_parameters_for_programs_have_units_and_bounds() -> None:
    (found,) = json.loads(parameters_json([PARAMETERS["flood_window"]]))
    assert found["unit"] == "ns"
    assert found["default"] == 10_000_000_000
    assert found["least"] == 1_000_000_000
    assert found["codes"] == ["FL001"]
    assert [unit_of(PARAMETERS[name]) for name in ("flood_window", "backlog")] == ["time", "number"]
    assert unit_of(PARAMETERS["retransmission_ratio"]) == "part of 1"


def test_every_line_of_the_list_fits_a_small_terminal() -> None:
    text = parameters_text(PARAMETERS.values(), Look(width=80)) + profiles_text(Look(width=80))
    assert max(map(len, text.splitlines())) <= 80


def test_profiles_are_listed_with_words_for_each_number() -> None:
    assert set(PROFILE_WORDS) == set(Profile._fields) - {"name"}
    text = profiles_text(Look(width=80))
    assert [line for line in text.splitlines() if not line.startswith(" ")] == list(PROFILE_NAMES)
    assert "  TIME-WAIT lasts                    60 s" in text.splitlines()
    assert [each["name"] for each in json.loads(profiles_json())] == list(PROFILE_NAMES)
