"""Builds pcap and pcapng files octet by octet, the odd and the broken ones as well.

In: frames as octets with times. Out: octets of files; nothing here reads them back, so that a
reader's mistake is not made twice.
"""

import struct
from collections.abc import Sequence
from typing import Final, NamedTuple

EPOCH_S: Final = 1_767_225_600


class Record(NamedTuple):
    """A frame of a file: time in seconds and in fractions, octets, length on the wire."""

    seconds: int
    fraction: int
    octets: bytes
    wire_len: int


def records(count: int, first_len: int = 20) -> list[Record]:
    """Frames of growing length, a second and a few fractions apart, cut by one octet each third."""
    made = []
    for number in range(count):
        octets = bytes((number + place) & 0xFF for place in range(first_len + number))
        wire_len = len(octets) + (number % 3 == 0)
        made.append(Record(EPOCH_S + number, 1000 + number, octets, wire_len))
    return made


def pcap_header(
    magic: int = 0xA1B2C3D4,
    order: str = "<",
    link_type: int = 1,
    snaplen: int = 65_535,
    version: tuple[int, int] = (2, 4),
) -> bytes:
    """The 24 octets at the start of a pcap."""
    return struct.pack(order + "IHHiIII", magic, *version, 0, 0, snaplen, link_type)


def pcap_record(record: Record, order: str = "<", extra: bytes = b"") -> bytes:
    """One record; `extra` are the further octets of the modified format's header."""
    lengths = len(record.octets), record.wire_len
    head = struct.pack(order + "IIII", record.seconds, record.fraction, *lengths)
    return head + extra + record.octets


def pcap_file(
    frames: Sequence[Record], magic: int = 0xA1B2C3D4, order: str = "<", link_type: int = 1
) -> bytes:
    """A whole pcap."""
    extra = bytes(8) if magic == 0xA1B2CD34 else b""
    body = b"".join(pcap_record(frame, order, extra) for frame in frames)
    return pcap_header(magic, order, link_type) + body


def option(code: int, value: bytes, order: str = "<") -> bytes:
    """A pcapng option, padded."""
    return struct.pack(order + "HH", code, len(value)) + value + bytes(-len(value) % 4)


def block(kind: int, body: bytes, order: str = "<") -> bytes:
    """A pcapng block, padded, with its length at both ends."""
    body += bytes(-len(body) % 4)
    length = struct.pack(order + "I", 12 + len(body))
    return struct.pack(order + "I", kind) + length + body + length


def section(order: str = "<", version: int = 1, options: bytes = b"") -> bytes:
    """A section header block."""
    head = struct.pack(order + "IHHq", 0x1A2B3C4D, version, 0, -1)
    return block(0x0A0D0D0A, head + options, order)


def interface(
    link_type: int = 1, order: str = "<", options: bytes = b"", snaplen: int = 0
) -> bytes:
    """An interface description block."""
    return block(1, struct.pack(order + "HHI", link_type, 0, snaplen) + options, order)


def enhanced(
    octets: bytes, ticks: int, number: int = 0, order: str = "<", wire_len: int | None = None
) -> bytes:
    """An enhanced packet block; `ticks` in units of the interface, 64 bits."""
    lengths = len(octets), len(octets) if wire_len is None else wire_len
    head = struct.pack(order + "IIIII", number, ticks >> 32, ticks & 0xFFFF_FFFF, *lengths)
    return block(6, head + octets, order)


def simple(octets: bytes, order: str = "<", wire_len: int | None = None) -> bytes:
    """A simple packet block."""
    wire = len(octets) if wire_len is None else wire_len
    return block(3, struct.pack(order + "I", wire) + octets, order)


def old_packet(octets: bytes, ticks: int, number: int = 0, order: str = "<") -> bytes:
    """A packet block as before 2009."""
    lengths = len(octets), len(octets)
    head = struct.pack(order + "HHIIII", number, 0, ticks >> 32, ticks & 0xFFFF_FFFF, *lengths)
    return block(2, head + octets, order)


def statistics(number: int, options: bytes, order: str = "<", ticks: int = 0) -> bytes:
    """An interface statistics block; `ticks` in units of the interface, 64 bits."""
    head = struct.pack(order + "III", number, ticks >> 32, ticks & 0xFFFF_FFFF)
    return block(5, head + options, order)


def pcapng_file(frames: Sequence[Record], order: str = "<", link_type: int = 1) -> bytes:
    """A whole pcapng of one interface with microsecond times."""
    parts = [section(order), interface(link_type, order)]
    for frame in frames:
        ticks = frame.seconds * 1_000_000 + frame.fraction
        parts.append(enhanced(frame.octets, ticks, 0, order, frame.wire_len))
    return b"".join(parts)
