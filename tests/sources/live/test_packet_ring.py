"""Packets of one connection are found in a ring of the last ones, whatever is around them."""

import struct
from ipaddress import ip_address

from support.capture_builder import Segment, ethernet, packet
from tcpflow_analyzer.sources import pcapng_blocks
from tcpflow_analyzer.sources.live.packet_ring import Ends, PacketRing, packets_between

A, B, OTHER = "192.0.2.1", "198.51.100.1", "192.0.2.7"


def epb(frame: bytes) -> bytes:
    """A packet block."""
    body = struct.pack("=IIIII", 0, 0, 0, len(frame), len(frame)) + frame
    return pcapng_blocks.block(6, body)


def frame(source: str, port: int, destination: str, to_port: int, payload: bytes = b"") -> bytes:
    return ethernet(packet(Segment(source, port, destination, to_port, seq=7, payload=payload)))


def ends(a: str = A, port: int = 40000, b: str = B, to_port: int = 80) -> Ends:
    return Ends(
        ip_address(a).packed, port.to_bytes(2, "big"), ip_address(b).packed,
        to_port.to_bytes(2, "big"),
    )  # fmt: skip


HEAD = pcapng_blocks.section() + pcapng_blocks.interface(1, "eth0", 256, "")
OURS = [epb(frame(A, 40000, B, 80)), epb(frame(B, 80, A, 40000, b"answer"))]
OTHERS = [
    epb(frame(A, 40001, B, 80)),
    epb(frame(OTHER, 40000, B, 80)),
    epb(frame(B, 40000, A, 80)),
    pcapng_blocks.statistics(0, 5, 1, 0),
]


def test_both_directions_are_found_and_nothing_else() -> None:
    piece = OTHERS[0] + OURS[0] + OTHERS[1] + OTHERS[2] + OURS[1] + OTHERS[3]
    assert packets_between(piece, ends()) == OURS[0] + OURS[1]
    assert packets_between(b"".join(OTHERS), ends(OTHER)) == OTHERS[1]
    assert packets_between(b"", ends()) == b""


def test_ipv6_and_vlan_tags_are_no_hindrance() -> None:
    six = Segment("2001:db8::1", 40000, "2001:db8::2", 443, seq=7)
    block = epb(ethernet(packet(six), vlan=5))
    wanted = ends("2001:db8::2", 443, "2001:db8::1", 40000)
    assert packets_between(OURS[0] + block + OURS[1], wanted) == block


def test_packet_in_a_tunnel_and_one_quoted_by_icmp_are_found_once() -> None:
    inner = frame(A, 40000, B, 80)[14:]
    outer = frame("203.0.113.1", 5000, "203.0.113.2", 4789, payload=bytes(8) + inner + inner)
    block = epb(outer)
    assert packets_between(OTHERS[0] + block, ends()) == block


def test_ring_forgets_the_oldest_and_keeps_the_head() -> None:
    ring = PacketRing(1000)
    ring.feed(HEAD + OURS[0])
    assert (ring.head, ring.packets_of(ends())) == (HEAD, OURS[0])
    ring.feed(OURS[1])
    assert ring.packets_of(ends()) == OURS[0] + OURS[1]
    for _ in range(30):
        ring.feed(OTHERS[0])
    assert ring.packets_of(ends()) == b""
    assert ring.octets <= 1000
    assert ring.head == HEAD


def test_another_section_begins_anew() -> None:
    ring = PacketRing(10_000)
    ring.feed(HEAD + OURS[0])
    ring.feed(HEAD + OURS[1])
    assert (ring.head, ring.packets_of(ends())) == (HEAD, OURS[1])
