"""The JSON text of findings."""

import json

from support.report_samples import START_NS, make_finding
from tcpflow_analyzer.findings.finding import Finding
from tcpflow_analyzer.report.finding_json import identifier_text, write_finding
from tcpflow_analyzer.report.json_text import JsonText


def finding_fields(finding: Finding, ns_as_strings: bool) -> str:
    """The members of a finding's object, without the braces."""
    out = JsonText(ns_as_strings)
    write_finding(out, finding, identifier_text(finding))
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
