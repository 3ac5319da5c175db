"""Findings told while connections go on end up as what is said at the end."""

import io
import json
import tracemalloc
from pathlib import Path
from typing import Any

import pytest

from support.capture_builder import SECOND_NS, START_NS, clock_packet, ethernet, pcap
from support.ladder import Ladder
from support.openings import OPEN
from support.places import FIXTURES
from support.report_samples import make_finding
from tcpflow_analyzer.pipeline import Run
from tcpflow_analyzer.report.event_report import NdjsonEvents, Revisions, TextEvents, clock_time
from tcpflow_analyzer.report.json_report import JsonReport
from tcpflow_analyzer.settings import Settings

CAPTURES = sorted((FIXTURES / "recordings").glob("*.pcap"))


def events_of(path: Path, block_octets: int = 400) -> list[dict[str, Any]]:
    """The lines of a run that is fed little by little."""
    stream = io.BytesIO()
    Run([path], Settings(block_octets=block_octets), [NdjsonEvents(stream)]).run()
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def last_revisions(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The findings that hold in the end, without what only events have."""
    last: dict[str, dict[str, Any]] = {}
    for event in events:
        if event["kind"] == "finding":
            before = last.get(event["id"])
            assert event["revision"] == (before["revision"] + 1 if before else 1)
            assert not event["withdrawn"] or before is not None
            last[event["id"]] = event
    left_out = ("kind", "revision", "withdrawn")
    return [
        {key: value for key, value in event.items() if key not in left_out}
        for event in last.values()
        if not event["withdrawn"]
    ]


@pytest.mark.parametrize("path", CAPTURES, ids=lambda path: path.stem)
def test_last_revisions_are_the_findings_of_the_whole(path: Path) -> None:
    stream = io.BytesIO()
    Run([path], Settings(), [JsonReport(stream)]).run()
    report = json.loads(stream.getvalue())
    events = events_of(path)
    findings = sorted(last_revisions(events), key=lambda each: each["id"])
    assert findings == sorted(report["findings"], key=lambda each: each["id"])
    connections = [e for e in events if e.pop("kind") == "connection"]
    assert sorted(connections, key=lambda each: each["id"]) == report["connections"]
    assert events[-1] == report["summary"]


@pytest.fixture
def aborted(tmp_path: Path) -> Path:
    """An aborted connection in a capture that goes on for half a minute."""
    quiet = [(START_NS + at * SECOND_NS, ethernet(clock_packet())) for at in range(1, 30)]
    path = tmp_path / "aborted.pcap"
    rungs = OPEN + "--> <SEQ=1001><ACK=5001><CTL=RST,ACK> -->\n"
    path.write_bytes(pcap([*Ladder(rungs).frames(), *quiet]))
    return path


def test_abort_is_told_before_its_connection_is_over(aborted: Path) -> None:
    events = events_of(aborted)
    kinds = [event["kind"] for event in events]
    codes = [event.get("code") for event in events]
    assert 0 < codes.index("RS001") < kinds.index("connection")
    assert codes.count("RS001") == 1


def test_revisions_tell_what_is_new_changed_and_gone() -> None:
    revisions = Revisions()
    first, second = make_finding("RS001"), make_finding("CL005")
    worse = make_finding("CL005", severity="error")
    assert [c[:2] for c in revisions.update(1, [first, second], False)] == [(1, False)] * 2
    assert revisions.update(1, [first, second], False) == []
    assert revisions.update(1, [first, worse], False) == [(2, False, worse, "warning")]
    ((revision, withdrawn, gone, before),) = revisions.update(1, [worse], False)
    assert (revision, withdrawn, before) == (2, True, gone.severity)
    assert (gone.identifier, gone.name, gone.severity) == (
        first.identifier, first.name, first.severity,
    )  # fmt: skip
    assert gone.message == "what was said of it no longer holds"
    assert revisions.update(1, [worse], True) == []
    assert revisions.update(1, [worse], True) == [(1, False, worse, None)]  # nothing is remembered


def test_memory_of_what_was_said_is_small_and_ends_with_the_connection() -> None:
    revisions = Revisions()
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    for number in range(1, 1001):
        findings = [make_finding(code, connection=number) for code in ("CL005", "RS001", "LC001")]
        revisions.update(number, findings, is_last=False)
    octets = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    assert len(revisions) == 1000
    assert octets < 400 * 1000
    for number in range(1, 1001):
        revisions.update(number, [], is_last=True)
    assert len(revisions) == 0


def test_text_has_a_line_for_each_event(aborted: Path) -> None:
    stream = io.BytesIO()
    Run([aborted], Settings(block_octets=400), [TextEvents(stream)]).run()
    finding, end = stream.getvalue().decode().splitlines()
    assert " warning RS001 reset-instead-of-close connection 1: " in finding
    assert end.partition(" ")[2].startswith("end: ")


def test_text_ends_with_what_a_limit_left_out(aborted: Path) -> None:
    stream = io.BytesIO()
    run = Run([aborted], Settings(max_connections=1, ignore=("RS",)), [TextEvents(stream)])
    run.run()
    assert "left out" not in stream.getvalue().decode()
    assert run.capture is not None
    assert run.summary is not None
    TextEvents(stream).end(run.capture, run.summary._replace(left_out={"failed_services": 7}))
    assert stream.getvalue().decode().endswith("; left out by a limit: 7 failed services\n")
    stream.truncate(0)
    stream.seek(0)
    lost = {"capture_gaps": 1, "dropped_frames": 5}
    nothing = run.capture._replace(frames=0, last_time_ns=0)  # then there is no time to tell
    TextEvents(stream).end(nothing, run.summary._replace(left_out=lost))
    text = stream.getvalue().decode()
    assert text.startswith("end: 0 frames, ")
    assert text.endswith("; 1 capture gaps; 5 dropped frames\n")


def test_text_marks_what_was_revised_and_withdrawn() -> None:
    stream = io.BytesIO()
    events = TextEvents(stream)
    events.preview(1, [make_finding()])
    events.preview(1, [make_finding(severity="error")])
    events.preview(1, [])
    events.preview(0, [make_finding(connection=None)])
    events.flush()
    words = [line.split()[1:4] for line in stream.getvalue().decode().splitlines()]
    assert words == [
        ["warning", "CL005", "close-wait-stuck"],
        ["revised", "error", "CL005"],
        ["withdrawn", "error", "CL005"],
        ["warning", "CL005", "close-wait-stuck:"],
    ]


def test_times_are_utc_to_the_millisecond() -> None:
    assert clock_time(1_767_225_600_123_999_999) == "2026-01-01T00:00:00.123Z"
