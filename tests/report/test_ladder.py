"""Ladders of connections."""

from dataclasses import replace
from pathlib import Path

from support.capture_builder import SECOND_NS, START_NS, Segment, ethernet, packet, pcap
from support.small_captures import CLIENT, SERVER, closed, exchange, refused
from tcpflow_analyzer.exchange import Choice, read_exchanges
from tcpflow_analyzer.report.ladder import ladder_text
from tcpflow_analyzer.tcp.control_bits import ACK, PSH

CLOSED = """\
#1 192.0.2.1:40000 > 198.51.100.1:80   4-segment close by the originator; left in TIME-WAIT/CLOSED
 frame  time        originator                                                responder
     1  +0.000000   SYN-SENT      ---------- SYN seq 0 mss 1460 ----------->
     2  +0.001000   ESTABLISHED   <----- SYN ACK seq 0 ack 1 mss 1460 ------  SYN-RECEIVED
     3  +0.002000                 --------------- ACK ack 1 --------------->  ESTABLISHED
     4  +0.003000                 ------- PSH ACK seq 1 ack 1 len 7 ------->
     5  +0.004000                 <------- PSH ACK seq 1 ack 8 len 6 -------
    !6  +0.005000   FIN-WAIT-1    ---------- FIN ACK seq 8 ack 7 ---------->  CLOSE-WAIT
     7  +0.006000   FIN-WAIT-2    <--------------- ACK ack 9 ---------------
     8  +0.007000   TIME-WAIT     <---------- FIN ACK seq 7 ack 9 ----------  LAST-ACK
     9  +0.008000                 --------------- ACK ack 8 --------------->  CLOSED*
* inferred: nothing that the end sent by then proves it
! a frame that the finding rests on
"""


def draw(folder: Path, octets: bytes, *marked: int) -> str:
    """Draw the first connection of a capture."""
    path = folder / "a.pcap"
    path.write_bytes(octets)
    (found,) = read_exchanges([path], Choice(numbers=frozenset([1])))
    return ladder_text(found.connection, found.rungs, marked)


def test_closed_connection_is_drawn_with_the_states_of_both_ends(tmp_path: Path) -> None:
    assert draw(tmp_path, closed(), 6) == CLOSED


def test_refusal_shows_the_reset(tmp_path: Path) -> None:
    text = draw(tmp_path, refused())
    assert "SYN seq 0" in text
    assert "RST ACK seq " in text
    assert text.startswith("#1 192.0.2.1:40000 > 198.51.100.1:81   close: reset; left in CLOSED/")


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
    assert "(30 segments, 296 octets, 6 ms)" in text
    assert len(text.splitlines()) == 2 + 3 + 3


def test_marked_frame_is_never_left_out(tmp_path: Path) -> None:
    frames = exchange()
    again = [(START_NS + SECOND_NS + number, frames[2][1]) for number in range(30)]
    text = draw(tmp_path, pcap([*frames[:3], *again]), 20)
    assert "   !20  +1.000000 " in text


def test_timer_has_a_line_of_its_own(tmp_path: Path) -> None:
    later = Segment(CLIENT, 40001, SERVER, 80, seq=1)
    frames = [*exchange(), (START_NS + 300 * SECOND_NS, ethernet(packet(later)))]
    lines = draw(tmp_path, pcap(frames)).splitlines()
    timer = next(line for line in lines if "(timer" in line)
    assert "CLOSED~" in timer
    assert "~ assumed: by a clock or by how its operating system behaves" in lines


def test_every_line_begins_with_the_indent_and_is_ascii(tmp_path: Path) -> None:
    path = tmp_path / "a.pcap"
    path.write_bytes(closed())
    (found,) = read_exchanges([path], Choice())
    text = ladder_text(found.connection, found.rungs, (1,), indent="    ")
    assert all(line.startswith("    ") for line in text.splitlines())
    assert text.isascii()


def test_ladder_of_very_many_lines_is_cut_in_its_middle(tmp_path: Path) -> None:
    frames = exchange()
    fin = [(START_NS + SECOND_NS + number, frames[5][1]) for number in range(1000)]
    lines = draw(tmp_path, pcap([*frames[:5], *fin])).splitlines()
    assert any(" lines left out)" in line for line in lines)
    assert len(lines) < 410
