"""What a capture shows of its own quality, through the engine."""

from pathlib import Path

import tcpflow_analyzer
from support.capture_builder import START_NS, Segment, ethernet, packet, pcap
from support.small_captures import MILLISECOND_NS, exchange
from tcpflow_analyzer.decode.segment import Segment as Decoded
from tcpflow_analyzer.observer.quality import Quality
from tcpflow_analyzer.settings import Settings
from tcpflow_analyzer.tcp.control_bits import ACK, PSH, RST, SYN


def codes(tmp_path: Path, octets: bytes, checksum: str = "auto") -> set[str]:
    path = tmp_path / "one.pcap"
    path.write_bytes(octets)
    analysis = tcpflow_analyzer.analyze(path, settings=Settings(checksum=checksum))
    return {found.code for found in analysis.findings}


def damaged() -> bytes:
    frames = exchange()
    time_ns, frame = frames[3]
    frames[3] = (time_ns, frame[:-1] + bytes((frame[-1] ^ 1,)))
    return pcap(frames)


def test_bad_checksum_is_told_unless_switched_off(tmp_path: Path) -> None:
    assert "CP008" in codes(tmp_path, damaged())
    assert "CP008" not in codes(tmp_path, damaged(), checksum="off")


def test_strict_leaves_the_segment_out(tmp_path: Path) -> None:
    path = tmp_path / "one.pcap"
    path.write_bytes(damaged())
    analysis = tcpflow_analyzer.analyze(path, settings=Settings(checksum="strict"))
    assert analysis.summary.left_out == {"bad_checksums": 1}
    assert analysis.connections[0].originator.payload_octets == 0


def bad_frame(port: int, bits: int = PSH | ACK, back: bool = False) -> bytes:
    """A segment of a port that nobody else has, with a wrong checksum."""
    ends = ("192.0.2.1", port, "198.51.100.1", 80)
    there = Segment(*(ends[2:] + ends[:2] if back else ends), 1001, 5001, bits, payload=b"damaged")
    frame = ethernet(packet(there))
    return frame[:-1] + bytes((frame[-1] ^ 1,))


def connections_of(tmp_path: Path, *bad: bytes) -> tuple[list[int], dict[str, int]]:
    """Ports of the originators where these come behind a whole exchange; what was left out."""
    frames = exchange()
    frames += [(frames[-1][0] + number, each) for number, each in enumerate(bad, 1)]
    path = tmp_path / "one.pcap"
    path.write_bytes(pcap(frames))
    analysis = tcpflow_analyzer.analyze(path)
    ports = [each.originator.port for each in analysis.connections]
    return ports, dict(analysis.summary.left_out)


def test_one_bad_segment_of_unknown_sockets_is_no_connection(tmp_path: Path) -> None:
    assert connections_of(tmp_path, bad_frame(40016)) == ([40000], {"bad_checksums": 1})
    rst = bad_frame(40016, RST)
    assert connections_of(tmp_path, rst) == ([40000], {"bad_checksums": 1})


def test_bad_segment_that_is_not_alone_is_a_connection(tmp_path: Path) -> None:
    again = bad_frame(40016), bad_frame(40016, back=True)
    ports, left_out = connections_of(tmp_path, *again, bad_frame(40017))
    assert len(ports) == 2
    assert left_out == {"bad_checksums": 2}


def test_bad_syn_is_a_connection(tmp_path: Path) -> None:
    assert connections_of(tmp_path, bad_frame(40016, SYN)) == ([40000, 40016], {})


def test_bad_segments_are_connections_where_the_capture_spoils_most_sums(tmp_path: Path) -> None:
    path = tmp_path / "one.pcap"
    frames = [(START_NS + number, bad_frame(40000 + number)) for number in range(3)]
    path.write_bytes(pcap(frames))
    assert len(tcpflow_analyzer.analyze(path).connections) == 3


def test_pairs_that_are_known_by_a_bad_segment_are_bounded() -> None:
    quality = Quality(Settings())
    quality.verified = 1
    segment = Decoded()
    segment.address_len = 4
    pairs = 5000
    for number in range(pairs):
        segment.key = bytes(8) + number.to_bytes(4, "big")
        assert quality.is_stray(segment)
    assert not quality.is_stray(segment)
    segment.key = bytes(12)
    assert quality.is_stray(segment), "the oldest are forgotten"


def test_time_that_goes_back_is_counted(tmp_path: Path) -> None:
    frames = exchange()
    frames[6] = (frames[6][0] - 3 * MILLISECOND_NS, frames[6][1])
    assert "CP007" in codes(tmp_path, pcap(frames))
    assert "CP007" not in codes(tmp_path, pcap(exchange()))
