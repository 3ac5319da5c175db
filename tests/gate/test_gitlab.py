"""GitLab's code quality report."""

import io
import json
from typing import Any

import jsonschema
import pytest

from support.check_samples import FAILED, PASSED, every_result
from support.places import ROOT
from tcpflow_analyzer.gate.gitlab import write_gitlab
from tcpflow_analyzer.gate.result import CheckResult

SCHEMA = json.loads((ROOT / "tests" / "schemas" / "gitlab-code-quality.schema.json").read_text())


def written(result: CheckResult) -> list[dict[str, Any]]:
    """The report."""
    stream = io.BytesIO()
    write_gitlab(result, stream)
    return list(json.loads(stream.getvalue()))


@pytest.mark.parametrize("result", every_result())
def test_report_is_valid_by_the_schema(result: CheckResult) -> None:
    jsonschema.validate(written(result), SCHEMA)


def test_every_entry_has_a_fingerprint_of_its_own_that_stays() -> None:
    fingerprints = [entry["fingerprint"] for entry in written(FAILED)]
    assert len(set(fingerprints)) == len(fingerprints) == 5
    assert fingerprints == [entry["fingerprint"] for entry in written(FAILED)]


def test_entry_names_check_severity_and_frame() -> None:
    first = written(FAILED)[0]
    assert first["check_name"] == "tcpflow/CL005"
    assert first["severity"] == "critical"
    assert first["description"] == (
        "CL005 close-wait-stuck: 192.0.2.2:80 holds CLOSE-WAIT for 64 s"
    )
    assert first["location"] == {"path": "captures/orders 1.pcap", "lines": {"begin": 412}}


def test_what_no_capture_shows_points_at_who_asked() -> None:
    last = written(FAILED)[-1]
    assert last["check_name"] == "tcpflow/expect/at_least"
    assert last["location"] == {"path": "tcpflow.toml", "lines": {"begin": 9}}


def test_what_passed_is_an_empty_list() -> None:
    assert written(PASSED) == []
