"""The captures that figures are about are what they are said to be; faults can be seen."""

import functools
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

import tcpflow_analyzer as ta
from benchmarks.captures import NAMES, SHA256, Options, blocks, in_order, make, sizes

BULK = Options("bulk", packets=4000, connections=8)
WEB = Options("web", connections=300)
SCAN = Options("scan", connections=500)


def analysis_of(options: Options, folder: Path) -> ta.Analysis:
    """What the program says of a capture, after its counts were compared."""
    path = folder / "made.pcap"
    made = make(options, path)
    analysis = ta.analyze(path)
    assert analysis.capture.frames == made.packets
    assert analysis.capture.tcp_segments == made.packets
    assert analysis.summary.connections == made.connections == sizes(options)[1]
    assert path.stat().st_size == made.octets
    return analysis


def seen(analysis: ta.Analysis, kind: str) -> int:
    """How many segments of a class of the stream there are."""
    return sum(connection.analysis[kind] for connection in analysis.connections)


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_standard_captures_have_not_changed(name: str) -> None:
    assert make(Options(name), Path(os.devnull)).sha256 == SHA256[name]


@pytest.mark.parametrize("options", [BULK, WEB], ids=lambda options: options.name)
def test_without_faults_every_connection_is_whole(options: Options, tmp_path: Path) -> None:
    analysis = analysis_of(options, tmp_path)
    assert {connection.outcome for connection in analysis.connections} == {"completed"}
    assert seen(analysis, "retransmission") == seen(analysis, "out_of_order") == 0


def test_scan_is_refused_or_unanswered(tmp_path: Path) -> None:
    analysis = analysis_of(SCAN, tmp_path)
    outcomes = [connection.outcome for connection in analysis.connections]
    assert set(outcomes) == {"refused", "unanswered"}
    assert 0.35 < outcomes.count("refused") / len(outcomes) < 0.5


@pytest.mark.parametrize("options", [BULK, WEB], ids=lambda options: options.name)
def test_lost_segments_come_again(options: Options, tmp_path: Path) -> None:
    without = make(options, tmp_path / "without.pcap").packets
    analysis = analysis_of(options._replace(loss=0.05), tmp_path)
    more = analysis.capture.frames - without
    assert more > 40
    assert {connection.outcome for connection in analysis.connections} == {"completed"}
    again = seen(analysis, "retransmission") + seen(analysis, "out_of_order")
    assert again >= 0.8 * more  # a bulk transfer acknowledges once more behind a lost last segment


@pytest.mark.parametrize("options", [BULK, WEB], ids=lambda options: options.name)
def test_overtaken_segments_are_out_of_order(options: Options, tmp_path: Path) -> None:
    analysis = analysis_of(options._replace(reordering=0.1), tmp_path)
    assert seen(analysis, "out_of_order") + seen(analysis, "retransmission") > 20
    assert {connection.outcome for connection in analysis.connections} == {"completed"}


def test_lost_requests_of_a_scan_are_repeated(tmp_path: Path) -> None:
    without = make(SCAN, tmp_path / "without.pcap").packets
    assert analysis_of(SCAN._replace(loss=0.1), tmp_path).capture.frames > without + 20


@functools.cache
def plain_summary(options: Options) -> ta.Summary:
    """The summary of a capture, made once."""
    with tempfile.TemporaryDirectory() as folder:
        return analysis_of(options, Path(folder)).summary


@pytest.mark.slow
@pytest.mark.parametrize("vlan", [0, 7])
@pytest.mark.parametrize("ipv6", [False, True])
@pytest.mark.parametrize("options", [BULK, WEB, SCAN], ids=lambda options: options.name)
def test_wire_changes_nothing_about_the_connections(
    options: Options, ipv6: bool, vlan: int, tmp_path: Path
) -> None:
    plain = plain_summary(options)
    other = analysis_of(options._replace(ipv6=ipv6, vlan=vlan, snap=90), tmp_path)
    assert other.summary.by_state == plain.by_state
    version = ":" if ipv6 else "."
    assert all(version in str(each.originator.address) for each in other.connections)


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("tshark") is None, reason="no tshark")
@pytest.mark.parametrize("ipv6", [False, True])
@pytest.mark.parametrize("name", NAMES)
def test_checksums_are_valid(name: str, ipv6: bool, tmp_path: Path) -> None:
    path = tmp_path / "made.pcap"
    made = make(Options(name, packets=200, ipv6=ipv6, vlan=5, loss=0.02), path)
    done = subprocess.run(
        ["tshark", "-n", "-r", path, "-o", "tcp.check_checksum:TRUE",
         "-o", "ip.check_checksum:TRUE", "-T", "fields", "-e", "ip.checksum.status",
         "-e", "tcp.checksum.status"],
        capture_output=True, text=True, timeout=120, check=True,
    )  # fmt: skip
    assert done.stdout.splitlines() == ["\t1" if ipv6 else "1\t1"] * made.packets


def test_a_longer_capture_has_the_same_traffic_for_longer(tmp_path: Path) -> None:
    once, thrice = (make(WEB._replace(times=times), tmp_path / "made.pcap") for times in (1, 3))
    assert thrice.connections == 3 * once.connections
    assert thrice.packets == pytest.approx(3 * once.packets, rel=0.05)


@pytest.mark.parametrize("options", [BULK, WEB, SCAN], ids=lambda options: options.name)
def test_frames_are_in_order_across_blocks(
    options: Options, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("benchmarks.traffic._BLOCK", 300)
    made = list(blocks(options)[0])
    rows = list(in_order(made))
    times = [time for some in rows for time in some["time_us"].tolist()]
    assert len(made) > 2
    assert sum(map(len, rows)) == sum(len(block.rows) for block in made)
    assert times == sorted(times)


def test_unknown_captures_and_too_short_transfers_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="not one of bulk, web, scan"):
        make(Options("mail"), tmp_path / "made.pcap")
    with pytest.raises(ValueError, match="too few for a transfer"):
        make(Options("bulk", packets=100, connections=10), tmp_path / "made.pcap")
