"""The segments that a drawing sees, as they are kept."""

import pytest

from tcpflow_analyzer.decode.segment import Segment
from tcpflow_analyzer.report.rungs import Rung, RungLog
from tcpflow_analyzer.tcp.control_bits import ACK, AE, PSH, SYN


def segment_of(frame: int, control_bits: int) -> Segment:
    """A segment with the largest numbers that the header has."""
    segment = Segment()
    segment.frame = frame
    segment.time_ns = 1_795_217_208_000_000_000 + frame
    segment.control_bits = control_bits
    segment.seq = 0xFFFF_FFFF
    segment.ack = 0xFFFF_FFFE
    segment.payload_len = 65_535
    segment.window = 0xFFFF
    segment.mss = 1460
    segment.window_scale = 7
    segment.sack_permitted = True
    segment.tsval = 5
    return segment


def test_segment_comes_out_as_it_went_in() -> None:
    log = RungLog()
    log.add(True, segment_of(1, SYN), 0)
    log.add(False, segment_of(2, AE | PSH | ACK), 0b1_0000_0000_0001)
    assert list(log) == [
        Rung(
            1, 1_795_217_208_000_000_001, True, SYN, 0xFFFF_FFFF, 0xFFFF_FFFE, 65_535, 0xFFFF,
            "mss 1460 ws 7 sack ts",
        ),
        Rung(
            2, 1_795_217_208_000_000_002, False, AE | PSH | ACK, 0xFFFF_FFFF, 0xFFFF_FFFE, 65_535,
            0xFFFF, "", 0b1_0000_0000_0001,
        ),
    ]  # fmt: skip
    assert log[1].class_names() == ["retransmission", "keep_alive_ack"]


def test_log_is_a_sequence() -> None:
    log = RungLog()
    for frame in range(1, 6):
        log.add(True, segment_of(frame, ACK), 0)
    assert len(log) == 5
    assert log[-1].frame == 5
    assert [rung.frame for rung in log[1:4]] == [2, 3, 4]
    with pytest.raises(IndexError):
        log[5]


def test_removed_segment_leaves_the_others() -> None:
    log = RungLog()
    for frame in (1, 2, 3):
        log.add(True, segment_of(frame, SYN), 0)
    log.remove(2)
    log.remove(99)
    assert [rung.frame for rung in log] == [1, 3]
