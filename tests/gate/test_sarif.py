"""SARIF 2.1.0."""

import io
import json
from typing import Any

import jsonschema
import pytest

from support.check_samples import FAILED, PASSED, every_result
from support.places import ROOT
from tcpflow_analyzer.gate.result import CheckResult
from tcpflow_analyzer.gate.sarif import write_sarif

SCHEMA = json.loads((ROOT / "tests" / "schemas" / "sarif-schema-2.1.0.json").read_text())
VALIDATOR = jsonschema.Draft4Validator(
    SCHEMA, format_checker=jsonschema.Draft4Validator.FORMAT_CHECKER
)


def run_of(result: CheckResult) -> dict[str, Any]:
    """The only run of the log."""
    stream = io.BytesIO()
    write_sarif(result, stream)
    log = json.loads(stream.getvalue())
    VALIDATOR.validate(log)
    (run,) = log["runs"]
    return dict(run)


@pytest.mark.parametrize("result", every_result())
def test_log_is_valid_by_the_schema(result: CheckResult) -> None:
    assert run_of(result)["invocations"][0]["exitCode"] == result.status


@pytest.mark.parametrize("result", every_result())
def test_every_result_names_a_rule_that_is_there(result: CheckResult) -> None:
    run = run_of(result)
    driver = run["tool"]["driver"]
    for each in run["results"]:
        assert driver["rules"][each["ruleIndex"]]["id"] == each["ruleId"]
    for rule in driver["rules"]:  # what GitHub asks for
        assert rule["shortDescription"]["text"]
        assert rule["fullDescription"]["text"]
        assert rule["help"]["text"]
    told = {each["id"] for each in driver["notifications"]}
    notifications = run["invocations"][0]["toolExecutionNotifications"]
    assert {each["descriptor"]["id"] for each in notifications} == told


def test_rule_of_a_finding_has_the_catalogues_help() -> None:
    rules = {rule["id"]: rule for rule in run_of(FAILED)["tool"]["driver"]["rules"]}
    assert sorted(rules) == ["CL005", "CL006", "HS006", "expect/at_least", "expect/closed_by"]
    assert rules["CL005"]["name"] == "CloseWaitStuck"
    assert "What to do:" in rules["CL005"]["help"]["text"]


def test_location_is_the_frame() -> None:
    first = run_of(FAILED)["results"][0]
    (location,) = first["locations"]
    assert location["physicalLocation"] == {
        "artifactLocation": {"uri": "captures/orders%201.pcap", "uriBaseId": "%SRCROOT%"},
        "region": {"startLine": 412},
    }
    assert location["logicalLocations"][0]["name"] == "frame 412"
    (related,) = first["relatedLocations"]
    assert related["physicalLocation"]["region"] == {"startLine": 413}


def test_expectation_points_at_the_line_that_asked() -> None:
    results = {each["ruleId"]: each for each in run_of(FAILED)["results"]}
    (asked,) = results["expect/closed_by"]["relatedLocations"]
    assert asked["physicalLocation"]["artifactLocation"]["uri"] == "tcpflow.toml"
    assert asked["physicalLocation"]["region"] == {"startLine": 9}
    (place,) = results["expect/at_least"]["locations"]
    assert place["physicalLocation"]["artifactLocation"]["uri"] == "tcpflow.toml"


def test_baseline_suppresses_what_is_known() -> None:
    results = run_of(FAILED)["results"]
    states = {each["ruleId"]: each["baselineState"] for each in results}
    assert states.pop("CL006") == "unchanged"
    assert set(states.values()) == {"new"}
    assert [each["ruleId"] for each in results if "suppressions" in each] == ["CL006"]


def test_damaged_capture_is_a_notification() -> None:
    (cut, none) = run_of(FAILED)["invocations"][0]["toolExecutionNotifications"]
    assert (cut["level"], none["level"]) == ("error", "warning")
    assert cut["message"]["text"].startswith("cut.pcap is cut short or damaged: octet 9: cut\n")


def test_what_passed_has_no_result() -> None:
    assert run_of(PASSED)["results"] == []
