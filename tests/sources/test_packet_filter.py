"""Filters on files: libpcap's verdict on each frame, whatever the link type."""

import shutil
import subprocess
from pathlib import Path

import pytest

from support.capture_builder import ethernet, pcap
from support.places import RECORDINGS
from support.small_captures import exchange, refusal
from tcpflow_analyzer.decode.reasons import FILTERED
from tcpflow_analyzer.errors import InputError, UsageError
from tcpflow_analyzer.pipeline import Run, analyze
from tcpflow_analyzer.settings import Settings
from tcpflow_analyzer.sources import packet_filter
from tcpflow_analyzer.sources.bpf_compiler import find_library
from tcpflow_analyzer.sources.packet_filter import PacketFilter

EN10MB, RAW, IEEE802_11_RADIO = 1, 101, 127
pytestmark = pytest.mark.skipif(find_library() is None, reason="no libpcap")


def test_frames_of_each_link_type_are_asked_in_its_own_way() -> None:
    _, frame = refusal()[0]  # to port 81
    chosen = PacketFilter("tcp dst port 81")
    other = PacketFilter("tcp dst port 80")
    for link_type, octets in ((EN10MB, frame), (RAW, frame[14:])):
        around = b"xx" + octets + b"yy"
        assert chosen.keeps(around, 2, len(octets), len(octets), link_type)
        assert not other.keeps(around, 2, len(octets), len(octets), link_type)


def test_tag_of_a_vlan_stands_in_the_frame() -> None:
    _, frame = refusal()[0]
    tagged = ethernet(frame[14:], vlan=7)
    vlan = PacketFilter("vlan 7 and tcp dst port 81")
    assert vlan.keeps(tagged, 0, len(tagged), len(tagged), EN10MB)
    assert not vlan.keeps(frame, 0, len(frame), len(frame), EN10MB)


def test_length_on_the_wire_counts_not_what_was_captured() -> None:
    _, frame = refusal()[0]
    assert PacketFilter("greater 1000").keeps(frame, 0, len(frame), 1500, EN10MB)


def test_wrong_expression_is_told_before_anything_is_read() -> None:
    with pytest.raises(UsageError, match="tpc port 1"):
        PacketFilter("tpc port 1")


def test_expression_for_other_link_types_is_told_where_it_cannot_be_asked() -> None:
    wireless = PacketFilter("wlan addr3 02:00:00:00:00:01")
    with pytest.raises(UsageError, match="EN10MB"):
        wireless.keeps(bytes(60), 0, 60, 60, EN10MB)


def test_files_cannot_be_filtered_without_libpcap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packet_filter, "find_library", lambda: None)
    with pytest.raises(InputError, match="needs libpcap"):
        PacketFilter("tcp")


def test_frames_keep_their_numbers_and_what_is_left_out_is_counted(tmp_path: Path) -> None:
    path = tmp_path / "a.pcap"
    path.write_bytes(pcap(sorted([*exchange(), *refusal(50_000)])))
    whole = analyze(path)
    chosen = analyze(path, settings=Settings(capture_filter="port 81"))
    assert len(whole.connections) == 2
    (connection,) = chosen.connections
    assert connection.responder.port == 81
    refused = next(each for each in whole.connections if each.responder.port == 81)
    assert connection.first_frame == refused.first_frame
    assert chosen.capture.frames == whole.capture.frames == 11
    assert chosen.capture.undecoded == {FILTERED: 9}
    assert chosen.capture.tcp_segments == 2


@pytest.mark.skipif(shutil.which("tcpdump") is None, reason="no tcpdump")
@pytest.mark.parametrize("expression", ["tcp[tcpflags] & tcp-syn != 0", "src host 10.9.0.1", "ip6"])
@pytest.mark.parametrize("name", ["many_manners@client", "capture_cooked", "gre_tunnel"])
def test_tcpdump_chooses_as_many(name: str, expression: str) -> None:
    path = RECORDINGS / f"{name}.pcap"
    command = ["tcpdump", "-r", str(path), "-w", "-", expression]
    run = Run([path], Settings(capture_filter=expression), [])
    run.run()
    assert run.capture is not None
    kept = run.capture.frames - run.capture.undecoded.get(FILTERED, 0)
    written = subprocess.run(command, capture_output=True, check=True).stdout
    counted = subprocess.run(
        ["tcpdump", "-r", "-", "-q", "-n"], input=written, capture_output=True, check=True
    )
    assert kept == len(counted.stdout.splitlines())
