"""Whole captures: anonymous, they give the same findings, and none of their octets is left."""

import contextlib
import shutil
import subprocess
from pathlib import Path

import pytest

from support.anonymity import KEY, extracted, findings_of, leaks
from support.places import FIXTURES, RECORDINGS, capture_parameters, shared_captures
from tcpflow_analyzer.errors import InputError
from tcpflow_analyzer.sources.chosen_frames import Frame

CAPTURES = [*sorted((FIXTURES / "findings").glob("*/fires.*")), *sorted(RECORDINGS.glob("*.pcap"))]
SMALL = 200_000  # octets; a comparison of larger captures takes long
FIELDS = (
    "_ws.malformed", "frame.len", "frame.cap_len", "frame.time_epoch", "frame.protocols",
    "ip.len", "ip.checksum.status", "icmp.checksum.status", "icmpv6.checksum.status",
    "udp.checksum.status", "tcp.checksum.status", "tcp.stream", "tcp.seq_raw", "tcp.ack_raw",
    "tcp.len", "tcp.flags", "tcp.window_size", "tcp.option_kind", "tcp.option_len",
    "tcp.options.sack_le", "tcp.options.timestamp.tsval", "tcp.analysis.retransmission",
    "tcp.analysis.fast_retransmission", "tcp.analysis.out_of_order", "tcp.analysis.lost_segment",
    "tcp.analysis.duplicate_ack", "tcp.analysis.keep_alive", "tcp.analysis.zero_window",
    "tcp.completeness",
)  # fmt: skip


def tells_the_same(capture: Path) -> tuple[list[Frame], list[Frame]]:
    """An anonymous extract of all connections gives what a plain one gives; the frames of both."""
    plain, hidden = extracted(capture), extracted(capture, KEY)
    if plain is None or hidden is None:
        assert plain is hidden
        return [], []
    before, before_frames, _ = plain
    after, after_frames, file = hidden
    assert findings_of(after) == findings_of(before)
    assert [each.transitions for each in after.connections] == [
        each.transitions for each in before.connections
    ]
    assert [each.analysis for each in after.connections] == [
        each.analysis for each in before.connections
    ]
    assert after.capture._replace(files=()) == before.capture._replace(files=())
    assert [(each.time_ns, len(each.octets), each.wire_len) for each in after_frames] == [
        (each.time_ns, len(each.octets), each.wire_len) for each in before_frames
    ]
    assert capture.name.encode() not in file
    return before_frames, after_frames


@pytest.mark.parametrize("capture", CAPTURES[::12], ids=lambda path: path.parent.name + path.stem)
def test_fixture_tells_the_same(capture: Path) -> None:
    if capture.stat().st_size > SMALL:
        pytest.skip("large; the slow tests have it")
    assert leaks(*tells_the_same(capture)) == []


@pytest.mark.slow
@capture_parameters(each for each in CAPTURES if each not in CAPTURES[::12])
def test_every_fixture_tells_the_same(capture: Path) -> None:
    assert leaks(*tells_the_same(capture)) == []


@pytest.mark.slow
def test_captures_from_elsewhere_tell_the_same() -> None:
    captures = [path for path in shared_captures() if path.stat().st_size < SMALL // 4]
    if not captures:
        pytest.skip("there is no shared folder")
    told = 0
    for capture in captures[::12]:
        with contextlib.suppress(InputError):  # captures that are cut, or of unknown link types
            told += bool(tells_the_same(capture)[0])
    assert told > len(captures) / 48


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed")
def test_wireshark_reads_the_same(tmp_path: Path) -> None:
    """Every third in one file: tshark takes longer to start than to read."""
    plain = read_by_tshark(tmp_path / "plain", None)
    hidden = read_by_tshark(tmp_path / "hidden", KEY)
    assert len(plain) > 1000
    assert hidden == plain


def read_by_tshark(folder: Path, key: bytes | None) -> list[str]:
    """What tshark reads in the extracts of all captures, but for addresses and payload."""
    folder.mkdir()
    for number, capture in enumerate(CAPTURES[::3]):
        found = extracted(capture, key)
        assert found is not None
        (folder / f"{number:04}.pcapng").write_bytes(found[2])
    files = sorted(str(path) for path in folder.iterdir())
    merged = folder / "all.pcapng"
    subprocess.run(["mergecap", "-a", "-w", str(merged), *files], check=True)
    # Payload of chance is malformed for every protocol above TCP.
    command = ["tshark", "-r", str(merged), "-d", "tcp.port==0-65535,data", "-T", "fields"]
    for layer in ("ip", "tcp", "udp"):
        command += ["-o", f"{layer}.check_checksum:TRUE"]
    for field in FIELDS:
        command += ["-e", field]
    shown = subprocess.run(command, capture_output=True, text=True, check=True)
    return shown.stdout.splitlines()
