"""What a ladder shows, line by line."""

from dataclasses import replace
from pathlib import Path

from support.capture_builder import START_NS, Segment, ethernet, packet, pcap
from support.places import RECORDINGS
from support.small_captures import CLIENT, SERVER, closed, exchange
from tcpflow_analyzer.exchange import Choice, Exchange, read_exchanges
from tcpflow_analyzer.report.ladder_plan import (
    AFTER_CAPTURE,
    EVENT,
    FOLD,
    NOTE,
    SEGMENT,
    Line,
    PlanOptions,
    headline,
    plan_ladder,
)
from tcpflow_analyzer.report.rungs import Rung
from tcpflow_analyzer.tcp.control_bits import ACK, PSH, RST


def exchange_of(path: Path, octets: bytes) -> Exchange:
    """The first connection of a capture."""
    path.write_bytes(octets)
    return read_exchanges([path], Choice.of([1]))[0]


def plan(found: Exchange, options: PlanOptions | None = None, *marked: int) -> list[Line]:
    """The plan of a connection."""
    return plan_ladder(found.connection, found.rungs, found.findings, marked, options)


def long_exchange(count: int) -> bytes:
    """A connection in which the client sends `count` segments of ten octets, one of them twice."""
    out = Segment(CLIENT, 40000, SERVER, 80, seq=1008, ack=5007, control_bits=PSH | ACK)
    numbers = [*range(count), count - 3]
    data = [
        (
            START_NS + (10 + place) * 1_000_000,
            ethernet(packet(replace(out, seq=1008 + 10 * number, payload=b"0123456789"))),
        )
        for place, number in enumerate(numbers)
    ]
    return pcap([*exchange()[:5], *data])


def test_run_of_plain_segments_keeps_its_first_and_its_last(tmp_path: Path) -> None:
    found = exchange_of(tmp_path / "a.pcap", long_exchange(30))
    lines = plan(found)
    (fold,) = [line for line in lines if line.kind == FOLD]
    assert fold.text == "31 data segments, 306 octets, 35 ms"
    drawn = [line.frame for line in lines if line.kind == SEGMENT]
    assert drawn == [1, 2, 3, 4, 36]
    assert "[" in lines[-1].text
    assert lines[-1].gap_ns == 1_000_000


def test_unfolded_every_segment_has_a_line(tmp_path: Path) -> None:
    found = exchange_of(tmp_path / "a.pcap", long_exchange(30))
    lines = plan(found, PlanOptions(unfold=True))
    assert [line.frame for line in lines if line.kind == SEGMENT] == list(range(1, 37))


def test_marked_frame_is_not_folded(tmp_path: Path) -> None:
    found = exchange_of(tmp_path / "a.pcap", long_exchange(30))
    lines = plan(found, None, 20)
    assert [line.mark for line in lines if line.frame == 20] == ["marked"]
    assert len([line for line in lines if line.kind == FOLD]) == 2


def test_finding_is_noted_below_its_last_frame_and_marks_all_of_them() -> None:
    (found,) = read_exchanges([RECORDINGS / "zero_window.pcap"], Choice())
    lines = plan(found)
    (note,) = [place for place, line in enumerate(lines) if line.kind == NOTE]
    assert lines[note].text == "WN001 zero-window"
    (finding,) = [each for each in found.findings if each.code == "WN001"]
    assert lines[note - 1].frame == finding.frames[-1]
    marked = [line.frame for line in lines if line.mark == "warning" and line.kind == SEGMENT]
    assert marked == list(finding.frames)


def test_facts_are_shown_if_asked_for(tmp_path: Path) -> None:
    found = exchange_of(tmp_path / "a.pcap", closed())
    assert [line for line in plan(found) if line.kind == NOTE] == []
    notes = [line.text[:5] for line in plan(found, PlanOptions(show_all=True)) if line.kind == NOTE]
    assert sorted(notes) == sorted(finding.code for finding in found.findings)


def test_state_taken_back_is_said() -> None:
    (found,) = read_exchanges([RECORDINGS / "simultaneous_close@client.pcap"], Choice())
    notes = [line.text for line in plan(found) if line.mark == "correction"]
    assert notes == ["taken back: the responder was not in CLOSE-WAIT"]


def test_time_wait_goes_to_its_deadline_at_both_ends() -> None:
    (found,) = read_exchanges([RECORDINGS / "simultaneous_close@client.pcap"], Choice())
    last = plan(found)[-1]
    assert (last.kind, last.text) == (EVENT, AFTER_CAPTURE)
    assert last.shows_originator
    assert last.shows_responder
    assert last.time_ns == found.connection.time_wait_until_ns


def test_midstream_connection_begins_without_closed() -> None:
    (found,) = read_exchanges([RECORDINGS / "capture_starts_midstream.pcap"], Choice())
    first = plan(found)[0]
    assert first.kind == SEGMENT
    assert first.shows_originator
    assert first.shows_responder


def test_reset_alone_shows_both_ends_closed(tmp_path: Path) -> None:
    reset = Segment(CLIENT, 40000, SERVER, 80, seq=7, control_bits=RST)
    found = exchange_of(tmp_path / "a.pcap", pcap([(START_NS, ethernet(packet(reset)))]))
    line = plan(found)[0]
    assert (str(line.originator.state), str(line.responder.state)) == ("CLOSED", "CLOSED")
    assert line.shows_originator
    assert line.shows_responder


def test_headline_says_who_closed_and_until_when(tmp_path: Path) -> None:
    found = exchange_of(tmp_path / "a.pcap", closed())
    assert headline(found.connection) == (
        "4-segment close by the originator; left in TIME-WAIT/CLOSED, TIME-WAIT until +60.01 s"
    )
    open_still = exchange_of(tmp_path / "b.pcap", pcap(exchange()[:4]))
    assert headline(open_still.connection) == "not closed; left in ESTABLISHED/ESTABLISHED"


def test_segment_without_flags_is_described(tmp_path: Path) -> None:
    found = exchange_of(tmp_path / "a.pcap", closed())
    bare = Rung(1, START_NS, True, 0, 1000, 0, 0, 100, "")
    lines = plan_ladder(replace(found.connection, transitions=()), [bare])
    assert [line.text for line in lines if line.kind == SEGMENT] == ["no flags"]
