"""The JSON text of findings."""

import json

import pytest

from support.report_samples import START_NS, make_finding
from tcpflow_analyzer.findings.finding import SEVERITIES, Finding
from tcpflow_analyzer.report.finding_json import write_finding
from tcpflow_analyzer.report.json_text import JsonText


def finding_fields(finding: Finding, ns_as_strings: bool) -> str:
    """The members of a finding's object, without the braces."""
    out = JsonText(ns_as_strings)
    write_finding(out, finding)
    return out.take().decode("ascii")


def test_finding_fields_in_the_order_of_the_contract() -> None:
    found = json.loads(f"{{{finding_fields(make_finding(), False)}}}")
    assert list(found) == [
        *("id", "code", "name", "severity", "certainty", "connection", "endpoint", "time_ns"),
        *("frames", "frame_count", "message", "why", "would_disprove", "values"),
    ]
    assert found["id"] == "1:CL005:responder:4"
    assert found["message"] == "received FIN (frame 4), nothing for 61.500 s"
    assert found["time_ns"] == START_NS + 5_000


def test_finding_fields_host_wide_is_null() -> None:
    finding = make_finding(connection=None, endpoint=None, frames=())
    found = json.loads(f"{{{finding_fields(finding, False)}}}")
    assert (found["id"], found["connection"], found["endpoint"]) == ("0:CL005:-:0", None, None)


def test_finding_fields_hostile_words_stay_valid_json() -> None:
    finding = make_finding(template='said "{what}"', values={"what": "\x00\n\u202e\\"})
    text = finding_fields(finding, False)
    assert text.isascii()
    assert "\n" not in text
    assert json.loads(f"{{{text}}}")["message"] == 'said "\x00\n\u202e\\"'


def test_finding_fields_times_as_strings_also_in_values() -> None:
    found = json.loads(f"{{{finding_fields(make_finding(), True)}}}")
    assert found["time_ns"] == str(START_NS + 5_000)
    assert found["values"] == {"fin_frame": 4, "silence": 61.5, "since_ns": "17"}


def test_finding_fields_values_of_every_kind_are_valid_json() -> None:
    values = {
        "whole": 1 << 62,
        "huge": -(1 << 200),
        "below": -(1 << 61),
        "share": 0.25,
        "words": 'a "b"',
        "yes": True,
        "none": None,
        "list": [1, "x"],
        "large": 1e300,
    }
    finding = make_finding(template="x", values=values)
    assert json.loads(f"{{{finding_fields(finding, False)}}}")["values"] == values
    finding = make_finding(template="x", values={"share": float("nan"), "ratio": float("inf")})
    found = json.loads(f"{{{finding_fields(finding, False)}}}")["values"]
    assert found == {"share": None, "ratio": None}


@pytest.mark.parametrize(
    ("form", "value"),
    [
        *[("", value) for value in ("x", 7, True, 0.25, None, 1 << 70, -3, '\x7f"')],
        *[(".6f", value) for value in (0.25, 0.0000005, 1e9, 3, -0.5)],
        *[(form, 0.6666) for form in (".0f", ".1f", ".0%", "e", "012.3f")],
        *[("+d", 5), ("04x", 255), (">4", "x")],
    ],
)
def test_message_is_that_of_the_finding(form: str, value: object) -> None:
    spec = f":{form}" if form else ""
    finding = make_finding(template=f'a "{{v{spec}}}" {{{{b}}}}', values={"v": value})
    found = json.loads(f"{{{finding_fields(finding, False)}}}")
    assert found["message"] == finding.message


def test_members_of_one_code_differ_by_severity_and_certainty() -> None:
    for severity in SEVERITIES:
        finding = make_finding(severity=severity)
        found = json.loads(f"{{{finding_fields(finding, False)}}}")
        assert (found["severity"], found["certainty"]) == (severity, finding.certainty)
