"""Packets of a ring's blocks, made octet by octet as the kernel's headers lay them out."""

import struct
import sys
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tcpflow_analyzer.sources import pcapng_blocks
from tcpflow_analyzer.sources.live.ring_block import RingBlockReader
from tcpflow_analyzer.sources.records import RecordWalk

BIG = sys.byteorder == "big"
ETHERNET_HARDWARE = 1  # ARPHRD_ETHER
LOOPBACK = 1
TIME_S, TIME_NS = 1_800_000_000, 123_456_789
FRAME = bytes(range(12)) + b"\x08\x00" + b"payload"


class Packet(NamedTuple):
    """A packet of a block: octets, length on the wire, status, VLAN tag, address."""

    octets: bytes = FRAME
    wire_len: int = 1500
    status: int = 1
    tci: int = 0
    tpid: int = 0
    device: int = 2
    kind: int = 0
    hardware: int = ETHERNET_HARDWARE


def block(*packets: Packet) -> bytes:
    """A block as the kernel fills it."""
    body = b""
    for number, packet in enumerate(packets):
        mac = 82  # TPACKET_ALIGN(68) + 16 - 14 in the kernel; any place will do
        length = mac + len(packet.octets)
        step = 0 if number == len(packets) - 1 else length + -length % 16
        head = struct.pack("=IIIIII", step, TIME_S, TIME_NS + number, len(packet.octets),
                           packet.wire_len, packet.status)  # fmt: skip
        head += struct.pack("=HHIIHH8x", mac, mac + 14, 0, packet.tci, packet.tpid, 0)
        head += struct.pack("=HHiHBB8s", 17, 0, packet.device, packet.hardware, packet.kind, 6, b"")
        head = head[:50] + b"\x08\x00" + head[52:]  # sll_protocol, in the network's order
        body += (head.ljust(mac, b"\0") + packet.octets).ljust(step, b"\0")
    head = struct.pack("=IIIIIIQ16x", 3, 48, 1, len(packets), 48, 48 + len(body), 0)
    return head + body


def frames(octets: bytes, link_type: int = 1) -> list[tuple[bytes, int, int]]:
    """Octets, length on the wire and time of the frames in packet blocks."""
    walk = RecordWalk("x")
    walk.feed(pcapng_blocks.section() + pcapng_blocks.interface(link_type, "eth0") + octets)
    found = []
    while walk.advance():
        frame = walk.buffer[walk.start : walk.start + walk.captured_len]
        found.append((frame, walk.wire_len, walk.time_ns))
    walk.finish()
    assert walk.error == ""
    return found


def test_packets_are_given_with_time_and_both_lengths() -> None:
    reader = RingBlockReader(0, False, LOOPBACK, BIG)
    octets = reader.read(block(Packet(), Packet(FRAME + b"x" * 40, 90), Packet(b"", 60)))
    first_ns = TIME_S * 10**9 + TIME_NS
    assert frames(octets) == [
        (FRAME, 1500, first_ns),
        (FRAME + b"x" * 40, 90, first_ns + 1),
        (b"", 60, first_ns + 2),
    ]
    assert reader.packets == 3


@pytest.mark.parametrize(
    ("status", "tpid", "written"),
    [(1 << 4, 0, b"\x81\x00"), (1 << 4 | 1 << 6, 0x88A8, b"\x88\xa8")],
)
def test_tag_that_was_taken_off_is_put_back(status: int, tpid: int, written: bytes) -> None:
    reader = RingBlockReader(0, False, LOOPBACK, BIG)
    ((frame, wire_len, _),) = frames(reader.read(block(Packet(FRAME, 21, status, 0x2005, tpid))))
    assert frame == FRAME[:12] + written + b"\x20\x05" + FRAME[12:]
    assert wire_len == 25


def test_tag_of_a_frame_cut_within_its_addresses_stays_off() -> None:
    reader = RingBlockReader(0, False, LOOPBACK, BIG)
    assert frames(reader.read(block(Packet(FRAME[:9], 60, 1 << 4, 5))))[0][:2] == (FRAME[:9], 60)


def test_outgoing_copy_is_left_out_on_loopback_only() -> None:
    reader = RingBlockReader(0, False, LOOPBACK, BIG)
    packets = [Packet(device=1, kind=4), Packet(device=1, kind=0), Packet(device=2, kind=4)]
    assert len(frames(reader.read(block(*packets)))) == 2
    assert (reader.packets, reader.left_out) == (2, 1)


@pytest.mark.parametrize("tagged", [False, True])
def test_cooked_packets_carry_the_device_and_the_protocol(tagged: bool) -> None:
    reader = RingBlockReader(0, True, LOOPBACK, BIG)
    packet = Packet(b"\x45IP", 1000, 1 << 4 if tagged else 0, 0x2005, 0, 7, 4, 65534)
    ((frame, wire_len, _),) = frames(reader.read(block(packet)), 276)
    protocol, index, hardware, kind, length = struct.unpack_from(">H2xIHBB", frame)
    assert (index, hardware, kind, length) == (7, 65534, 4, 6)
    assert protocol == (0x8100 if tagged else 0x0800)
    assert frame[20:] == (b"\x20\x05\x08\x00" if tagged else b"") + b"\x45IP"
    assert wire_len == 1000 + len(frame) - len(b"\x45IP")


def test_unfinished_checksums_are_counted() -> None:
    reader = RingBlockReader(0, False, LOOPBACK, BIG)
    reader.read(block(Packet(status=1 | 1 << 3), Packet(status=1 << 7)))
    assert reader.unfinished_checksums == 1


@given(st.integers(0, 300), st.binary(max_size=12))
def test_block_that_is_wrong_never_gives_more_than_it_holds(at: int, octets: bytes) -> None:
    made = bytearray(block(Packet(), Packet()))
    made[at : at + len(octets)] = octets
    reader = RingBlockReader(0, False, LOOPBACK, BIG)
    for frame, wire_len, _ in frames(reader.read(bytes(made))):
        assert len(frame) <= len(made) + 4
        assert wire_len >= len(frame)
