"""Ladders of connections."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest

from support.capture_builder import SECOND_NS, START_NS, Segment, ethernet, packet, pcap
from support.places import FIXTURES, RECORDINGS
from support.small_captures import CLIENT, SERVER, closed, exchange, refused
from tcpflow_analyzer.exchange import Choice, read_exchanges
from tcpflow_analyzer.report.ladder import LadderOptions, ladder_text
from tcpflow_analyzer.report.ladder_plan import AFTER_CAPTURE, PlanOptions
from tcpflow_analyzer.report.page import Look
from tcpflow_analyzer.tcp.control_bits import ACK, PSH

# Drawn as they were reviewed by eye; `--update-golden` draws them anew.
UNFOLDED: Final = LadderOptions(PlanOptions(unfold=True))
GOLDEN: Final = (
    "abort_with_unread_data",
    "capture_one_direction_server",
    "capture_starts_midstream",
    "close_by_client",
    "close_three_segments",
    "connection_refused",
    "half_open_reconnect@client",
    "old_duplicate_syn@server",
    "simultaneous_close@client",
    "simultaneous_open@server",
    "syn_rejected_by_icmp@client",
    "time_wait_assassination",
    "time_wait_port_reuse",
    "zero_window",
)
CLOSED = """\
#1 192.0.2.1:40000 > 198.51.100.1:80: 4-segment close by the originator; left in TIME-WAIT/CLOSED,
TIME-WAIT until +60.01 s
2026-01-01 00:00:00 UTC, 9 segments in 8 ms, frames 1 to 9

    time      gap originator                                         responder
                  CLOSED                                             CLOSED
  1 +0.000000     SYN-SENT    |------- SYN seq 0 mss 1460 -------->
  2 +0.001000 1ms ESTABLISHED |<-- SYN ACK seq 0 ack 1 mss 1460 ---| SYN-RECEIVED
  3 +0.002000 1ms             |------------ ACK ack 1 ------------>| ESTABLISHED
  4 +0.003000 1ms             |---- PSH ACK seq 1 ack 1 len 7 ---->|
  5 +0.004000 1ms             |<---- PSH ACK seq 1 ack 8 len 6 ----|
! 6 +0.005000 1ms FIN-WAIT-1  |------- FIN ACK seq 8 ack 7 ------->| CLOSE-WAIT
  7 +0.006000 1ms FIN-WAIT-2  |<------------ ACK ack 9 ------------|
  8 +0.007000 1ms TIME-WAIT   |<------- FIN ACK seq 7 ack 9 -------| LAST-ACK
  9 +0.008000 1ms             |------------ ACK ack 8 ------------>  CLOSED*
    +60.01        CLOSED~       TIME-WAIT ends (not captured)
* inferred: nothing that the end sent by then proves it
~ assumed: by a clock or by how its operating system behaves
! a frame that the finding rests on
"""


def draw(
    folder: Path,
    octets: bytes,
    *marked: int,
    width: int = 100,
    encoding: str = "ascii",
    options: LadderOptions | None = None,
) -> str:
    """Draw the first connection of a capture, in ASCII."""
    path = folder / "a.pcap"
    path.write_bytes(octets)
    (found,) = read_exchanges([path], Choice.of([1]))
    look = Look(width=width, encoding=encoding)
    return ladder_text(found.connection, found.rungs, (), marked, options, look)


def test_closed_connection_is_drawn_with_the_states_of_both_ends(tmp_path: Path) -> None:
    assert draw(tmp_path, closed(), 6) == CLOSED


def test_refusal_shows_the_reset(tmp_path: Path) -> None:
    text = draw(tmp_path, refused())
    assert "SYN seq 0" in text
    assert "RST ACK seq " in text
    assert text.startswith("#1 192.0.2.1:40000 > 198.51.100.1:81: close: reset; left in CLOSED/")


def test_long_run_of_plain_segments_is_counted(tmp_path: Path) -> None:
    frames = exchange()
    out = Segment(CLIENT, 40000, SERVER, 80, seq=1008, ack=5007, control_bits=PSH | ACK)
    data = [
        (
            START_NS + 10_000_000 + number,
            ethernet(packet(replace(out, seq=1008 + 10 * number, payload=b"0123456789"))),
        )
        for number in range(30)
    ]
    text = draw(tmp_path, pcap([*frames[:5], *data]))
    # Two plain segments come before: the run of 32 keeps its first and its last.
    assert ".. 30 data segments, 296 octets, 6 ms .." in text
    assert len(draw(tmp_path, pcap([*frames[:5], *data]), options=UNFOLDED)) > 2000


def test_marked_frame_is_never_left_out(tmp_path: Path) -> None:
    frames = exchange()
    again = [(START_NS + SECOND_NS + number, frames[2][1]) for number in range(30)]
    text = draw(tmp_path, pcap([*frames[:3], *again]), 20)
    assert "\n!20 +1.000000 " in text
    assert text.endswith("! a frame that the finding rests on\n")


def test_timer_has_a_line_of_its_own(tmp_path: Path) -> None:
    later = Segment(CLIENT, 40001, SERVER, 80, seq=1)
    frames = [*exchange(), (START_NS + 300 * SECOND_NS, ethernet(packet(later)))]
    lines = draw(tmp_path, pcap(frames)).splitlines()
    timer = next(line for line in lines if "TIME-WAIT ends by the clock" in line)
    assert "CLOSED~" in timer
    assert "~ assumed: by a clock or by how its operating system behaves" in lines


def test_time_wait_is_drawn_to_its_deadline_behind_the_capture(tmp_path: Path) -> None:
    lines = draw(tmp_path, closed()).splitlines()
    assert any(line.split() == ["+60.01", "CLOSED~", *AFTER_CAPTURE.split()] for line in lines)


@pytest.mark.parametrize("width", [40, 60, 80, 100, 140])
def test_ladder_keeps_to_the_width(tmp_path: Path, width: int) -> None:
    lines = draw(tmp_path, closed(), width=width).splitlines()
    limit = max(width, 56)  # states, frames and the narrowest arrow need so much
    assert [line for line in lines if len(line) > limit] == []


def test_absolute_numbers_are_those_of_the_wire(tmp_path: Path) -> None:
    text = draw(tmp_path, closed(), options=LadderOptions(PlanOptions(absolute=True)))
    assert "SYN seq 1000 mss 1460" in text
    assert "FIN ACK seq 1008 ack 5007" in text


@pytest.mark.parametrize(
    ("mode", "time"), [("utc", "00:00:00.000000"), ("epoch", "1767225600.000000")]
)
def test_times_as_asked_for(tmp_path: Path, mode: str, time: str) -> None:
    assert f" {time} " in draw(tmp_path, closed(), options=LadderOptions(time=mode))


def test_ascii_is_used_where_the_encoding_or_the_user_wants_it(tmp_path: Path) -> None:
    assert "▶" in draw(tmp_path, closed(), encoding="utf-8")
    for encoding in ("latin-1", "no-such-encoding"):
        assert draw(tmp_path, closed(), encoding=encoding).isascii()
    options = LadderOptions(ascii=True)
    assert draw(tmp_path, closed(), encoding="utf-8", options=options).isascii()


def test_colours_change_no_character(tmp_path: Path) -> None:
    path = tmp_path / "a.pcap"
    path.write_bytes(refused())
    (found,) = read_exchanges([path], Choice())
    plain, painted = (
        ladder_text(found.connection, found.rungs, found.findings, look=Look(80, color))
        for color in (False, True)
    )
    assert "\x1b[" in painted
    unpainted = re.sub(r"\x1b\[[0-9;]*m", "", painted)
    assert [line.rstrip() for line in unpainted.splitlines()] == plain.splitlines()


def test_ladder_of_very_many_lines_is_cut_in_its_middle(tmp_path: Path) -> None:
    frames = exchange()
    fin = [(START_NS + SECOND_NS + number, frames[5][1]) for number in range(1000)]
    lines = draw(
        tmp_path, pcap([*frames[:5], *fin]), options=LadderOptions(most_lines=400)
    ).splitlines()
    assert any(" lines left out" in line for line in lines)
    assert len(lines) < 420


@pytest.mark.parametrize("name", GOLDEN)
def test_recording_is_drawn_as_reviewed(name: str, update_golden: bool) -> None:
    golden = FIXTURES / "ladders" / f"{name}.txt"
    exchanges = read_exchanges([RECORDINGS / f"{name}.pcap"], Choice())
    look = Look(width=80)
    text = "\n".join(
        ladder_text(each.connection, each.rungs, each.findings, look=look) for each in exchanges
    )
    if update_golden:
        golden.parent.mkdir(exist_ok=True)
        golden.write_text(text)
    assert text == golden.read_text()
