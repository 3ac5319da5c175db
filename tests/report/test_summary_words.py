"""Phrases about a capture as a whole."""

from tcpflow_analyzer.report.summary_words import (
    closer_cells,
    container_text,
    extent_text,
    file_name,
    outcome_cells,
    quality_cells,
    state_cells,
    without_tcp,
)
from tcpflow_analyzer.report.totals import Capture, CaptureFile, Summary

FILE = CaptureFile("-", "pcapng", ("EN10MB", "RAW"), 1, 10, False, "octet 9: damaged", 3)
CAPTURE = Capture((FILE,), 10, 0, 10, 0, 2, {"filtered": 4}, 0, 1_500_000_000, {"ARP frames": 10})
SUMMARY = Summary(
    5, {f"CLOSED/{n}": n for n in range(10)}, {"error": 0}, {"CP006": 2}, {"capture_gaps": 1},
    {"refused": 1, "midstream": 4}, {"reset": 2, "4-segment": 3}, {"both": 1, "none": 4},
)  # fmt: skip


def test_input_is_named_and_measured() -> None:
    assert file_name(FILE) == "standard input"
    assert container_text(FILE) == "pcapng, Ethernet, raw IP"
    assert extent_text(CAPTURE) == "10 frames in 1.5 s from 1970-01-01 00:00:00 UTC"
    assert without_tcp(CAPTURE) == "0 TCP segments; 10 ARP frames"


def test_connections_are_told_by_opening_close_and_state() -> None:
    assert outcome_cells(SUMMARY) == ["4 begun before the capture", "1 refused"]
    assert closer_cells(SUMMARY) == ["both at once 1", "reset 2"]
    assert closer_cells(SUMMARY._replace(closers={}, shapes={})) == ["nobody"]
    assert state_cells(SUMMARY)[0] == "CLOSED/9 9"
    assert state_cells(SUMMARY)[-1] == "2 others"


def test_quality_names_all_that_is_amiss() -> None:
    assert quality_cells(CAPTURE, SUMMARY)[:3] == [
        "damaged",
        "3 frames dropped while capturing",
        "2 duplicate frames",
    ]
    assert quality_cells(CAPTURE, SUMMARY)[-1] == "1 gap while capturing"
    whole = CAPTURE._replace(files=(), duplicate_frames=0, undecoded={})
    plain = SUMMARY._replace(codes={}, left_out={})
    assert quality_cells(whole, plain) == ["complete as far as the file tells"]
