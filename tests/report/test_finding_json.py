"""The JSON text of findings and totals."""

import json

from support.report_samples import START_NS, make_capture, make_finding, make_summary
from tcpflow_analyzer.report.finding_json import (
    capture_fields,
    finding_fields,
    start_fields,
    summary_fields,
)


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


def test_capture_fields_leave_out_what_only_text_shows() -> None:
    found = json.loads(f"{{{capture_fields(make_capture(ARP=1), False)}}}")
    assert found["files"] == [
        {
            "path": "a.pcap",
            "format": "pcap",
            "link_types": ["EN10MB"],
            "first_frame": 1,
            "frames": 10,
            "truncated": False,
            "error": None,
        }
    ]
    assert "others" not in found


def test_summary_fields_in_the_order_of_the_contract() -> None:
    found = json.loads(f"{{{summary_fields(make_summary(2, LC001=2))}}}")
    assert list(found) == ["connections", "by_state", "findings", "codes", "left_out"]
    assert found["codes"] == {"LC001": 2}


def test_start_fields_name_every_path() -> None:
    paths = ["a.pcap", "-", "b\udcff"]
    found = json.loads(f"{{{start_fields(paths)}}}")
    # RFC 8259 8.2: what a lone surrogate does to a reader cannot be predicted.
    assert [file["path"] for file in found["files"]] == ["a.pcap", "-", "b\ufffd"]


def test_finding_fields_values_of_every_kind_are_valid_json() -> None:
    values = {
        "whole": 1 << 62,
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
