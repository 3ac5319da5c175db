"""What a capture shows of its own quality, through the engine."""

from pathlib import Path

import tcpflow_analyzer
from support.capture_builder import pcap
from support.small_captures import MILLISECOND_NS, exchange
from tcpflow_analyzer.settings import Settings


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


def test_time_that_goes_back_is_counted(tmp_path: Path) -> None:
    frames = exchange()
    frames[6] = (frames[6][0] - 3 * MILLISECOND_NS, frames[6][1])
    assert "CP007" in codes(tmp_path, pcap(frames))
    assert "CP007" not in codes(tmp_path, pcap(exchange()))
