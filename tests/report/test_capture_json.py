"""The JSON text of totals."""

import json

from support.report_samples import make_capture, make_summary
from tcpflow_analyzer.report.capture_json import capture_fields, start_fields, summary_fields


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
