"""Captures read by tshark: the same segments and frame numbers as read natively."""

import shutil
import sys
from pathlib import Path

import pytest

from support import container_builder as build
from support.places import RECORDINGS
from support.text_reader import Segment, segment_of
from tcpflow_analyzer.errors import InputError
from tcpflow_analyzer.sources import tshark
from tcpflow_analyzer.sources.recording import Recording

needs_tshark = pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed")


def frames(path: str, decoder: str) -> tuple[list[tuple[int, Segment | None]], Recording]:
    recording = Recording([path], decoder)
    found = []
    for walk, _ in recording.steps():
        while walk.advance():
            frame = walk.buffer[walk.start : walk.start + walk.captured_len]
            found.append((walk.time_ns, segment_of(walk.link_type, frame)))
    return found, recording


@needs_tshark
@pytest.mark.parametrize(
    "name", ["close_by_client", "ipv6_close_by_client", "syn_rejected_by_icmp@client"]
)
def test_frames_are_those_read_natively(name: str) -> None:
    path = str(RECORDINGS / f"{name}.pcap")
    mine, recording = frames(path, "tshark")
    theirs, _ = frames(path, "native")
    assert mine == theirs
    file = recording.files[0]
    assert (file.format, file.link_types, file.frames) == ("tshark", ["RAW"], len(theirs))
    assert file.notes == []


@needs_tshark
def test_without_pyshark_the_same_frames(monkeypatch: pytest.MonkeyPatch) -> None:
    path = str(RECORDINGS / "close_by_client.pcap")
    monkeypatch.setitem(sys.modules, "pyshark", None)
    mine, recording = frames(path, "tshark")
    assert mine == frames(path, "native")[0]
    assert "pyshark cannot start" in recording.files[0].notes[0]


@needs_tshark
@pytest.mark.parametrize("pyshark", [True, False])
def test_damage_is_what_tshark_says(
    pyshark: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not pyshark:
        monkeypatch.setitem(sys.modules, "pyshark", None)
    path = tmp_path / "x.pcap"
    path.write_bytes(build.pcap_file(build.records(3, 60))[:-1])
    mine, recording = frames(str(path), "tshark")
    assert len(mine) == 2
    line = recording.files[0].problem() or ""
    assert line.startswith(f"{path}: tshark: The file")
    assert "cut short" in line


@needs_tshark
@pytest.mark.parametrize("pyshark", [True, False])
def test_what_is_no_capture_gives_one_line(
    pyshark: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not pyshark:
        monkeypatch.setitem(sys.modules, "pyshark", None)
    path = tmp_path / "x"
    path.write_text("user:x:0:0:someone:/home:/bin/sh\n" * 20)
    with pytest.raises(InputError, match="octet 0: tshark: The file") as error:
        Recording([str(path)], "tshark")
    assert "\n" not in str(error.value)


@needs_tshark
@pytest.mark.parametrize(
    ("octets", "line"), [(b"", "octet 0: the file is empty"), (None, "no such")]
)
def test_no_octets(octets: bytes | None, line: str, tmp_path: Path) -> None:
    path = tmp_path / "x"
    if octets is not None:
        path.write_bytes(octets)
    with pytest.raises(InputError, match=line):
        Recording([str(path)], "tshark")


@needs_tshark
def test_closed_before_the_end() -> None:
    recording = Recording([str(RECORDINGS / "close_by_client.pcap")], "tshark")
    next(recording.steps())
    recording.close()


def test_missing_tshark_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(Path, "exists", lambda _: False)
    with pytest.raises(InputError, match="install Wireshark's command line tools"):
        tshark.find_tshark()


def test_innermost_segment_of_a_tunnel() -> None:
    layers = {
        "frame_protocols": ["eth:ethertype:ipv6:gre:ip:tcp"],
        "ip_src": ["192.0.2.1"],
        "ip_dst": ["192.0.2.2"],
        "ip_ttl": ["9"],
        "ip_id": ["0x00ff"],
        "ipv6_src": ["2001:db8::1"],
        "ipv6_dst": ["2001:db8::2"],
        "tcp_srcport": ["1"],
        "tcp_dstport": ["2"],
        "tcp_seq_raw": ["3"],
        "tcp_ack_raw": ["4"],
        "tcp_flags": ["0x0018"],
        "tcp_window_size_value": ["5"],
        "tcp_options": ["01:01"],
        "tcp_len": ["10"],
    }
    octets, wire_len = tshark.packet_of(layers)
    segment = segment_of(101, octets)
    assert segment is not None
    assert segment[2:] == (1, 2, 3, 4, 0x18, 5, b"\1\1", 10)
    assert segment.source == b"\xc0\0\2\1"
    assert (octets[8], octets[4:6], wire_len) == (9, b"\0\xff", len(octets) + 10)


@pytest.mark.parametrize(
    "layers",
    [
        {},
        {"frame_protocols": ["eth:arp"], "frame_len": ["60"]},
        {"frame_protocols": ["ip:tcp"], "ip_src": ["192.0.2.1"], "ip_dst": ["192.0.2.2"]},
        {"frame_protocols": ["ip:udp"], "ip_src": ["nonsense"], "ip_dst": ["192.0.2.2"]},
        {
            "frame_protocols": ["ip"],
            "ip_src": ["192.0.2.1"],
            "ip_dst": ["192.0.2.2"],
            "ip_proto": ["6"],
        },
    ],
)
def test_frame_without_tcp_stays_a_frame(layers: dict[str, list[str]]) -> None:
    octets, wire_len = tshark.packet_of(layers)
    assert segment_of(101, octets) is None
    assert wire_len >= len(octets)
