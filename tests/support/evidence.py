"""Frames that have to do with a connection without being segments of it."""

import struct
from dataclasses import replace
from typing import Final

from support.capture_builder import START_NS, Segment, checksum, ethernet, icmp_error, packet
from support.small_captures import CLIENT, MILLISECOND_NS, SERVER, Frames, exchange
from tcpflow_analyzer.tcp.control_bits import ACK, PSH

ROUTER: Final = "203.0.113.9"


def fragments_of(whole: bytes, size: int = 24) -> list[bytes]:
    """An IPv4 packet without options, cut into fragments of `size` octets, a multiple of 8."""
    content = whole[20:]
    pieces = []
    for at in range(0, len(content), size):
        piece = content[at : at + size]
        more = 0x2000 if at + size < len(content) else 0
        head = whole[:2] + struct.pack("!H", 20 + len(piece)) + whole[4:6]
        head += struct.pack("!H", more | at >> 3) + whole[8:10] + bytes(2) + whole[12:20]
        pieces.append(head[:10] + struct.pack("!H", checksum(head)) + head[12:] + piece)
    return pieces


def exchange_with_evidence() -> Frames:
    """A connection with an ICMP error (5), a segment in three fragments (6 to 8), a bad one (9)."""
    answer = Segment(SERVER, 80, CLIENT, 40000, seq=5001, ack=1008, control_bits=PSH | ACK, ip_id=7)
    request = Segment(CLIENT, 40000, SERVER, 80, seq=1001, ack=5001, payload=b"request")
    broken = bytearray(packet(replace(answer, seq=5045)))
    broken[32] = 0x40  # a header of 16 octets
    packets = [
        icmp_error(packet(request), ROUTER, 3, 4),
        *fragments_of(packet(replace(answer, payload=b"an answer in more than one fragment!"))),
        bytes(broken),
    ]
    frames = exchange()[:4]
    for number, octets in enumerate(packets, len(frames)):
        frames.append((START_NS + number * MILLISECOND_NS, ethernet(octets)))
    return frames
