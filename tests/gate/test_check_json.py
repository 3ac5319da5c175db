"""The check as JSON, and its published schema."""

import io
import json
from dataclasses import fields
from typing import Any

import jsonschema
import pytest

from support.check_samples import FAILED, PASSED, every_result
from support.check_schema import check_schema, schema_text
from support.places import ROOT
from tcpflow_analyzer.gate.check_json import write_json
from tcpflow_analyzer.gate.result import CheckResult, ExpectationResult, FindingResult

FILE = ROOT / "docs" / "schema" / "check.schema.json"


def written(result: CheckResult) -> dict[str, Any]:
    """The object."""
    stream = io.BytesIO()
    write_json(result, stream)
    return dict(json.loads(stream.getvalue()))


def test_schema_is_up_to_date(update_golden: bool) -> None:
    if update_golden:
        FILE.write_text(schema_text())
    assert FILE.read_text() == schema_text(), "write it anew with --update-golden"


def test_schema_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(check_schema())


@pytest.mark.parametrize("result", every_result())
def test_object_is_valid_by_the_schema(result: CheckResult) -> None:
    jsonschema.validate(written(result), check_schema())


def test_numbers_are_those_of_the_result() -> None:
    check = written(FAILED)
    assert (check["status"], check["failures"], check["known"]) == (1, 4, 1)
    assert [capture["status"] for capture in check["captures"]] == [1, 3, 0]
    assert written(PASSED)["status"] == 0


def test_nothing_of_a_finding_or_an_expectation_is_left_out() -> None:
    check = written(FAILED)
    finding = check["captures"][0]["findings"][0]
    assert list(finding) == [
        field.name for field in fields(FindingResult) if field.name != "capture"
    ]
    expectation = check["expectations"][0]
    assert list(expectation) == [field.name for field in fields(ExpectationResult)]
    assert finding["places"][0] == {"file": "captures/orders 1.pcap", "frame": 412}
    assert finding["origin"] == {"file": None, "line": None, "option": "--fail-on error"}
    assert expectation["origin"] == {"file": "tcpflow.toml", "line": 9, "option": None}
