"""Cuts classic captures between frames, as if the recording had been stopped there."""

import lzma
from pathlib import Path
from typing import Final

_HEADER: Final = 24  # octets of a classic capture's header
_RECORD: Final = 16  # and of a record's
_LITTLE_ENDIAN: Final = (b"\xd4\xc3\xb2\xa1", b"\x4d\x3c\xb2\xa1")


def octets_of(capture: Path) -> bytes:
    """The octets of a capture, unpacked where its name ends in .xz."""
    octets = capture.read_bytes()
    return lzma.decompress(octets) if capture.suffix == ".xz" else octets


def is_classic(octets: bytes) -> bool:
    """Whether it is a little-endian classic capture, micro- or nanoseconds."""
    return octets[:4] in _LITTLE_ENDIAN


def record_starts(octets: bytes) -> list[int]:
    """Where each record of a little-endian classic capture begins; the last entry is its end."""
    starts, position = [], _HEADER
    while position + _RECORD <= len(octets):
        starts.append(position)
        position += _RECORD + int.from_bytes(octets[position + 8 : position + 12], "little")
    return [*starts, position]


def times_of(octets: bytes) -> list[int]:
    """Capture time of each record, nanoseconds since the epoch."""
    scale = 1 if octets[:4] == _LITTLE_ENDIAN[1] else 1000
    return [
        int.from_bytes(octets[at : at + 4], "little") * 1_000_000_000
        + int.from_bytes(octets[at + 4 : at + 8], "little") * scale
        for at in record_starts(octets)[:-1]
    ]


def first_frames(octets: bytes, count: int) -> bytes:
    """The capture that ends after `count` frames."""
    return octets[: record_starts(octets)[count]]


def two_parts(octets: bytes, count: int) -> tuple[bytes, bytes]:
    """The captures of the first `count` frames and of the others."""
    cut = record_starts(octets)[count]
    return octets[:cut], octets[:_HEADER] + octets[cut:]
