"""Captures known by their octets, packed or not; one line for whatever is no capture."""

import bz2
import gzip
import io
import lzma
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import lz4.frame
import pytest
from hypothesis import given
from hypothesis import strategies as st

from support import container_builder as build
from tcpflow_analyzer.errors import InputError
from tcpflow_analyzer.sources.capture_file import CaptureFile, is_capture

PCAP = build.pcap_file(build.records(50))
if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "": bytes,
    "gzip": gzip.compress,
    "bz2": bz2.compress,
    "xz": lzma.compress,
    "zstd": zstd.compress,
    "lz4": lz4.frame.compress,
}


def count_frames(capture: CaptureFile) -> int:
    frames = 0
    while True:
        while capture.walk.advance():
            frames += 1
        if not capture.feed_next():
            capture.close()
            return frames


def opened(tmp_path: Path, octets: bytes) -> CaptureFile:
    path = tmp_path / "x.dat"
    path.write_bytes(octets)
    return CaptureFile(str(path))


@pytest.mark.parametrize("packing", PACKERS)
@pytest.mark.parametrize(
    ("container", "octets"), [("pcap", PCAP), ("pcapng", build.pcapng_file(build.records(50)))]
)
def test_capture_of_any_packing(
    packing: str, container: str, octets: bytes, tmp_path: Path
) -> None:
    packed = PACKERS[packing](octets)
    capture = opened(tmp_path, packed)
    assert count_frames(capture) == 50
    assert (capture.container, capture.compression) == (container, packing)
    assert capture.walk.error == ""
    assert (capture.octets_read, capture.octets_total) == (len(packed), len(packed))


def test_capture_packed_twice(tmp_path: Path) -> None:
    capture = opened(tmp_path, PACKERS["zstd"](gzip.compress(PCAP)))
    assert count_frames(capture) == 50
    assert capture.compression == "zstd+gzip"


def test_capture_that_ends_early_keeps_its_frames(tmp_path: Path) -> None:
    capture = opened(tmp_path, gzip.compress(PCAP)[:-9])
    assert 0 < count_frames(capture) <= 50
    assert capture.walk.error == "gzip stream ends early"
    assert 0 < capture.walk.error_offset <= len(PCAP)
    assert capture.walk.truncated


@pytest.mark.parametrize(
    ("octets", "line"),
    [
        (b"", "octet 0: the file is empty"),
        (gzip.compress(b""), "octet 0: the file is empty"),
        (gzip.compress(PCAP)[:8], "octet 0: gzip stream ends early"),
        (bytes(40), "octet 0: not a capture: starts with the octets 00 00 00 00"),
        (
            b"just words",
            "octet 0: not a capture: text without a line of a packet trace or hex dump",
        ),
        (
            gzip.compress(b"just words"),
            "octet 0: not a capture (inside gzip): "
            "text without a line of a packet trace or hex dump",
        ),
        (
            b"snoop\0\0\0\0\0\0\2",
            "octet 0: not a capture: a snoop capture; "
            "convert it with editcap, or use --decoder tshark",
        ),
        (b"PK\x03\x04\0\0\0", "octet 0: not a capture: a ZIP archive; unpack it first"),
        (
            b"a/b\0".ljust(257, b"\0") + b"ustar\0",
            "octet 0: not a capture: a tar archive; unpack it first",
        ),
    ],
)
def test_what_is_no_capture_gives_one_line(octets: bytes, line: str, tmp_path: Path) -> None:
    with pytest.raises(InputError) as error:
        opened(tmp_path, octets)
    assert str(error.value) == f"{tmp_path / 'x.dat'}: {line}"


def test_missing_file_gives_one_line(tmp_path: Path) -> None:
    with pytest.raises(InputError) as error:
        CaptureFile(str(tmp_path / "x"))
    assert str(error.value) == f"{tmp_path / 'x'}: no such file"


def test_standard_input_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(gzip.compress(PCAP))))
    capture = CaptureFile("-")
    assert count_frames(capture) == 50
    assert (capture.name, capture.octets_total) == ("standard input", None)


def test_is_capture_by_its_octets(tmp_path: Path) -> None:
    for name, octets, is_one in [
        ("a.txt", PCAP, True),
        ("b", bz2.compress(PCAP), True),
        ("c.pcap", b"notes", False),
        ("d.pcap", b"", False),
        ("e.gz", gzip.compress(b"notes"), False),
    ]:
        (tmp_path / name).write_bytes(octets)
        assert is_capture(str(tmp_path / name)) is is_one


@given(
    packing=st.sampled_from(sorted(PACKERS)),
    head=st.sampled_from([b"", PCAP[:200], b"IP 192.0.2.1.1 > 192.0.2.2.2: S 1:1(0)\n", b"0000 "]),
    octets=st.binary(max_size=400) | st.text(max_size=200).map(str.encode),
    cut=st.integers(0, 60),
)
def test_any_octets_give_frames_or_one_line(
    packing: str, head: bytes, octets: bytes, cut: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    packed = PACKERS[packing](head + octets)
    path = tmp_path_factory.getbasetemp() / "any"
    path.write_bytes(packed[: max(len(packed) - cut, 0)])
    capture: CaptureFile | None
    try:
        capture = CaptureFile(str(path))
    except InputError as error:
        line = str(error)
        capture = None
    if capture is None:
        assert "octet 0: " in line
        assert "\n" not in line
        return
    assert count_frames(capture) == capture.walk.frames
    assert "\n" not in capture.walk.error
