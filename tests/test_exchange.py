"""The segments of one connection, read again."""

from dataclasses import replace
from pathlib import Path

import tcpflow_analyzer as ta
from support.capture_builder import SECOND_NS, START_NS, Segment, ethernet, packet, pcap
from support.small_captures import CLIENT, SERVER, exchange
from tcpflow_analyzer.exchange import read_exchange
from tcpflow_analyzer.tcp.control_bits import ACK, SYN


def test_only_the_segments_of_the_connection_come(tmp_path: Path) -> None:
    path = tmp_path / "a.pcap"
    frames = exchange() + exchange(40001, START_NS + 500_000)
    path.write_bytes(pcap(sorted(frames)))
    analysis = ta.analyze(path)
    for connection in analysis.connections:
        rungs = list(read_exchange([path], connection))
        assert len(rungs) == connection.frames == 9
        assert rungs[0].frame == connection.first_frame
        assert rungs[-1].frame == connection.last_frame
        assert [rung.from_originator for rung in rungs[:3]] == [True, False, True]
        assert rungs[0].options == "mss 1460"


def test_incarnations_of_one_socket_pair_are_told_apart(tmp_path: Path) -> None:
    path = tmp_path / "a.pcap"
    out = Segment(CLIENT, 40000, SERVER, 80, seq=900_000, control_bits=SYN)
    back = Segment(SERVER, 80, CLIENT, 40000, seq=7, ack=900_001, control_bits=SYN | ACK)
    later = START_NS + 200 * SECOND_NS
    again = [(later + n, ethernet(packet(each))) for n, each in enumerate((out, back))]
    path.write_bytes(pcap(exchange() + again))
    first, second = ta.analyze(path).connections
    assert second.incarnation == 2
    assert [rung.frame for rung in read_exchange([path], first)] == list(range(1, 10))
    assert [rung.frame for rung in read_exchange([path], second)] == [10, 11]


def test_ipv6_and_several_files_are_read_as_one_recording(tmp_path: Path) -> None:
    syn = Segment("2001:db8::1", 40000, "2001:db8::2", 80, seq=5, control_bits=SYN)
    answer = replace(
        Segment("2001:db8::2", 80, "2001:db8::1", 40000), ack=6, control_bits=SYN | ACK
    )
    paths = [tmp_path / "a.pcap", tmp_path / "b.pcap"]
    for number, (path, segment) in enumerate(zip(paths, (syn, answer), strict=True)):
        path.write_bytes(pcap([(START_NS + number, ethernet(packet(segment)))]))
    (connection,) = ta.analyze(*paths).connections
    rungs = list(read_exchange(paths, connection))
    assert [(rung.frame, rung.from_originator) for rung in rungs] == [(1, True), (2, False)]
