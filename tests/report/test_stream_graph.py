"""Graphs of one direction: what was sent, acknowledged and allowed; round trips and rate."""

import itertools

import pytest

from support.places import RECORDINGS
from tcpflow_analyzer.exchange import Choice, Exchange, read_exchanges
from tcpflow_analyzer.report.rungs import Rung
from tcpflow_analyzer.report.stream_graph import (
    OUT_OF_ORDER,
    PLAIN,
    RETRANSMITTED,
    Allowed,
    Point,
    Sent,
    StreamGraph,
    stream_graph,
)
from tcpflow_analyzer.table.analysis import CLASS_NAMES
from tcpflow_analyzer.tcp.control_bits import ACK, FIN, RST, SYN

MS = 1_000_000
START = 1_795_217_208_000_000_000
ISS = 0xFFFF_FFF0  # wraps soon
RETRANSMISSION = 1 << CLASS_NAMES.index("retransmission")
frames = itertools.count(1)


def sent(after_ms: int, offset: int, length: int, bits: int = ACK, classes: int = 0) -> Rung:
    """A segment of the originator."""
    seq = (ISS + offset) & 0xFFFF_FFFF
    time_ns = START + after_ms * MS
    return Rung(next(frames), time_ns, True, bits, seq, 7001, length, 500, "", classes)


def answer(after_ms: int, offset: int, window: int = 100, bits: int = ACK) -> Rung:
    """A segment of the responder without data."""
    ack = (ISS + offset) & 0xFFFF_FFFF
    return Rung(next(frames), START + after_ms * MS, False, bits, 7001, ack, 0, window, "", 0)


def graph(*rungs: Rung, shift: int | None = 0, most: int = 800) -> StreamGraph:
    return stream_graph(rungs, True, ISS, shift, most)


def test_offsets_count_syn_and_fin_and_do_not_wrap() -> None:
    found = graph(
        sent(0, 0, 0, SYN), sent(1, 1, 100), sent(2, 101, 50, ACK | FIN), answer(3, 152, 0)
    )
    assert [(each.start, each.end) for each in found.sent] == [(0, 1), (1, 101), (101, 152)]
    assert found.octets == 152
    assert found.allowed == [Allowed(3 * MS, 152, 152)]


def test_window_edge_is_shifted_except_of_a_syn_and_absent_where_unknown() -> None:
    rungs = [sent(0, 0, 0, SYN), answer(1, 1, 100, SYN | ACK), answer(2, 1, 100)]
    assert [each.edge for each in graph(*rungs, shift=3).allowed] == [101, 801]
    assert [each.edge for each in graph(*rungs, shift=None).allowed] == [101, None]


def test_round_trip_is_of_the_newest_segment_that_the_ack_covers() -> None:
    found = graph(sent(0, 1, 10), sent(5, 11, 10), answer(9, 11), answer(30, 21), answer(31, 21))
    assert found.round_trips == [Point(9 * MS, 9 * MS), Point(30 * MS, 25 * MS)]


def test_what_was_sent_twice_gives_no_round_trip() -> None:
    found = graph(
        sent(0, 1, 10),
        sent(1, 11, 10),
        sent(200, 1, 10, classes=RETRANSMISSION),
        answer(210, 21),
        sent(220, 21, 10),
        answer(230, 31),
    )
    assert [each.kind for each in found.sent] == [PLAIN, PLAIN, RETRANSMITTED, PLAIN]
    assert found.round_trips == [Point(230 * MS, 10 * MS)]


def test_rate_counts_new_octets_only() -> None:
    found = graph(sent(0, 1, 1000), sent(1, 1, 1000, classes=RETRANSMISSION), sent(2, 1001, 500))
    assert found.bin_ns == MS
    assert [each.value for each in found.rate] == [8_000_000, 0, 4_000_000]


def test_numbers_of_a_reset_are_not_drawn() -> None:
    found = graph(sent(0, 1, 10), answer(1, 999, 0, RST | ACK), sent(2, 90, 5, RST))
    assert found.allowed == []
    assert len(found.sent) == 1


def test_capture_that_goes_back_in_time_has_a_graph() -> None:
    found = graph(sent(5, 1, 10), sent(0, 11, 10), answer(3, 21))
    assert [each.after_ns for each in found.rate] == [-5 * MS, *(n * MS for n in range(-4, 1))]


def test_empty_and_silent_directions() -> None:
    assert graph() == StreamGraph([], [], [], [], 0, 0, False)
    assert graph(answer(0, 5)).sent == []


def test_neighbours_become_one_and_what_is_remarkable_stays() -> None:
    rungs = [sent(n, 1 + 10 * n, 10) for n in range(1000)]
    rungs.insert(500, sent(500, 11, 10, classes=RETRANSMISSION))
    found = graph(*rungs, most=100)
    assert found.thinned
    assert 90 <= len(found.sent) <= 100
    assert Sent(500 * MS, 11, 21, RETRANSMITTED) in found.sent
    plain = [each for each in found.sent if each.kind == PLAIN]
    assert plain[0].start == 1
    assert [each.end for each in plain[:-1]] == [each.start for each in plain[1:]]
    assert plain[-1].end == 10_001


@pytest.fixture(scope="module")
def zero_window() -> Exchange:
    """A recording in which a reader stops reading."""
    path = RECORDINGS / "zero_window.pcap"
    (found,) = read_exchanges([path], Choice(numbers=frozenset([1])))
    return found


def test_recorded_window_closes_and_data_stay_below_its_edge(zero_window: Exchange) -> None:
    iss = zero_window.connection.originator.iss
    found = stream_graph(zero_window.rungs, True, iss, 0)
    assert found.octets == zero_window.connection.originator.unique_octets + 2
    assert any(each.edge == each.acknowledged for each in found.allowed)
    edges = [each.edge for each in found.allowed if each.edge is not None]
    assert max(each.end for each in found.sent) <= max(edges) + 1


def test_recorded_retransmissions_are_those_of_the_analysis() -> None:
    (found,) = read_exchanges([RECORDINGS / "sack_on@client.pcap"], Choice())
    graphs = [stream_graph(found.rungs, side, None, None) for side in (True, False)]
    kinds = [each.kind for one in graphs for each in one.sent]
    counts = found.connection.analysis
    assert kinds.count(RETRANSMITTED) == counts["retransmission"] > 0
    assert kinds.count(OUT_OF_ORDER) == counts["out_of_order"]
