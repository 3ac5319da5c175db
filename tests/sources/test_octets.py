"""Octets of files and of what is packed in them; where a damaged stream stops being readable."""

import bz2
import functools
import gzip
import lzma
import os
import sys
import threading
import zlib
from collections.abc import Callable
from pathlib import Path

import lz4.frame
import pytest

from tcpflow_analyzer.errors import InputError
from tcpflow_analyzer.sources.octets import (
    UNPACKED_OCTETS,
    FileOctets,
    OctetSource,
    PeekedOctets,
    StreamDamage,
    UnpackedOctets,
    find_compression,
)

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "bz2": bz2.compress,
    "xz": lzma.compress,
    "zstd": functools.partial(zstd.compress, options={zstd.CompressionParameter.checksum_flag: 1}),
    "lz4": functools.partial(lz4.frame.compress, content_checksum=True),
}
PLAIN = b"".join(zlib.crc32(bytes((n & 255, n >> 8))).to_bytes(4, "big") for n in range(50_000))


class GivenOctets:
    """A source of given blocks."""

    def __init__(self, *blocks: bytes) -> None:
        """Give `blocks` in turn."""
        self.blocks = list(blocks)

    def read(self) -> bytes:
        return self.blocks.pop(0) if self.blocks else b""

    def close(self) -> None:
        self.blocks = []


def unpacked(source: OctetSource, name: str) -> UnpackedOctets:
    compression = find_compression(PACKERS[name](b""))
    assert compression is not None
    assert compression.name == name
    return UnpackedOctets(source, compression)


def read_all(source: OctetSource) -> tuple[bytes, str]:
    """Everything, and what the damage was."""
    parts = []
    try:
        while block := source.read():
            parts.append(block)
    except StreamDamage as damage:
        return b"".join(parts), str(damage)
    return b"".join(parts), ""


@pytest.mark.parametrize("name", PACKERS)
@pytest.mark.parametrize("block_len", [7, 4096, 1 << 20])
def test_unpacked_gives_what_was_packed(name: str, block_len: int) -> None:
    packed = PACKERS[name](PLAIN)
    blocks = [packed[start : start + block_len] for start in range(0, len(packed), block_len)]
    assert read_all(unpacked(GivenOctets(*blocks), name)) == (PLAIN, "")


@pytest.mark.parametrize("name", PACKERS)
def test_unpacked_goes_on_with_the_next_member(name: str) -> None:
    packed = PACKERS[name](b"first") + PACKERS[name](b"second")
    assert read_all(unpacked(GivenOctets(packed), name)) == (b"firstsecond", "")
    one_by_one = GivenOctets(*(packed[place : place + 1] for place in range(len(packed))))
    assert read_all(unpacked(one_by_one, name)) == (b"firstsecond", "")


@pytest.mark.parametrize("name", ["gzip", "xz"])
def test_unpacked_leaves_padding_out(name: str) -> None:
    packed = PACKERS[name](b"first") + bytes(8)
    assert read_all(unpacked(GivenOctets(packed), name)) == (b"first", "")


@pytest.mark.parametrize("name", PACKERS)
def test_unpacked_stream_that_ends_early(name: str) -> None:
    octets, damage = read_all(unpacked(GivenOctets(PACKERS[name](PLAIN)[:-40]), name))
    assert damage == f"{name} stream ends early"
    assert PLAIN.startswith(octets)
    # bz2 gives nothing of a block that is not complete, and this is one block.
    assert name == "bz2" or len(octets) > len(PLAIN) // 2


@pytest.mark.parametrize("name", PACKERS)
def test_unpacked_corrupt_stream_gives_what_came_before(name: str) -> None:
    packed = bytearray(PACKERS[name](PLAIN))
    packed[len(packed) // 2] ^= 0x55
    packed[len(packed) // 2 + 1] ^= 0x55
    source = unpacked(GivenOctets(bytes(packed)), name)
    _, damage = read_all(source)
    assert damage.startswith(f"{name} stream is corrupt")
    assert "\n" not in damage
    with pytest.raises(StreamDamage):
        source.read()


def test_gzip_wrong_checksum_loses_nothing() -> None:
    packed = bytearray(gzip.compress(b"all of this"))
    packed[-8] ^= 1
    octets, damage = read_all(unpacked(GivenOctets(bytes(packed)), "gzip"))
    assert octets == b"all of this"
    assert "incorrect data check" in damage


@pytest.mark.parametrize("name", PACKERS)
def test_unpacked_block_is_bounded(name: str) -> None:
    length = 64 * UNPACKED_OCTETS
    source = unpacked(GivenOctets(PACKERS[name](bytes(length))), name)
    total = 0
    while block := source.read():
        assert len(block) <= 2 * UNPACKED_OCTETS
        total += len(block)
    assert total == length


@pytest.mark.parametrize("head", [b"", b"\x1f", b"BZh0", b"BZ", b"\xd4\xc3\xb2\xa1"])
def test_find_compression_of_plain_octets(head: bytes) -> None:
    assert find_compression(head) is None


def test_find_compression_skippable_frame_is_zstd() -> None:
    compression = find_compression(b"\x5a\x2a\x4d\x18\0\0")
    assert compression is not None
    assert compression.name == "zstd"


def test_peek_leaves_octets_to_be_read() -> None:
    source = PeekedOctets(GivenOctets(b"ab", b"cd", b"ef"))
    assert source.peek(3) == b"abc"
    assert read_all(source) == (b"abcdef", "")
    assert source.peek(1) == b""


def test_peek_keeps_damage_for_the_reader() -> None:
    source = PeekedOctets(unpacked(GivenOctets(gzip.compress(b"abc")[:-1]), "gzip"))
    assert source.peek(100) == b"abc"
    assert read_all(source) == (b"abc", "gzip stream ends early")


def test_file_counts_octets(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(b"abc")
    file = FileOctets(str(path))
    assert (file.total, file.consumed) == (3, 0)
    assert read_all(file) == (b"abc", "")
    assert file.consumed == 3
    file.close()


@pytest.mark.parametrize(
    ("name", "line"), [("missing", "no such file"), ("", "is a directory"), ("\0", "not a path")]
)
def test_file_that_cannot_be_opened(name: str, line: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=line) as error:
        FileOctets(str(tmp_path / name))
    assert "\n" not in str(error.value)


def test_fifo_gives_octets_as_they_come(tmp_path: Path) -> None:
    path = tmp_path / "fifo"
    os.mkfifo(path)
    answered = threading.Event()

    def write() -> None:
        with path.open("wb", buffering=0) as file:
            file.write(b"first")
            answered.wait(10)
            file.write(b"second")

    writer = threading.Thread(target=write)
    writer.start()
    file = FileOctets(str(path))
    assert file.total is None
    first = file.read()
    answered.set()
    rest = read_all(file)
    writer.join()
    file.close()
    assert (first, rest) == (b"first", (b"second", ""))


def packed_with_dictionary(octets: bytes, size: int) -> bytes:
    """An xz file whose header asks for a dictionary of so many octets, which it does not need."""
    chain = [{"id": lzma.FILTER_LZMA2, "dict_size": 1 << 20}]
    packed = bytearray(lzma.compress(octets, lzma.FORMAT_XZ, filters=chain))
    # Block header behind the 12 octets of the stream's: size, flags, filter, 1, dictionary, CRC32.
    assert packed[14:16] == b"\x21\1"
    end = 12 + packed[12] * 4
    packed[16] = (size.bit_length() - 12) * 2 - 2  # xz file format section 5.3.1: a power of two
    packed[end : end + 4] = zlib.crc32(packed[12:end]).to_bytes(4, "little")
    return bytes(packed)


def test_xz_takes_no_more_memory_than_its_dictionary_may_have() -> None:
    fits = packed_with_dictionary(PLAIN, 128 << 20)
    assert read_all(unpacked(GivenOctets(fits), "xz")) == (PLAIN, "")
    huge = packed_with_dictionary(PLAIN, 256 << 20)
    octets, damage = read_all(unpacked(GivenOctets(huge), "xz"))
    assert octets == b""
    assert damage == "xz stream is corrupt: Memory usage limit exceeded"
