"""Frames for the tests of the decoder, and what the decoder makes of them."""

import gzip
import ipaddress
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from support.capture_builder import Options, ip, packet
from support.capture_builder import Segment as Sent
from tcpflow_analyzer.decode.decoder import Decoder
from tcpflow_analyzer.decode.segment import Segment
from tcpflow_analyzer.decode.slow_path import read_frame
from tcpflow_analyzer.sources.records import RecordWalk
from tcpflow_analyzer.tcp.control_bits import ACK, PSH

PAYLOAD: Final = b"GET / HTTP/1.0\r\n\r\n"
SENT: Final = Sent(
    "192.0.2.1",
    40000,
    "198.51.100.2",
    80,
    seq=0xFFFF_FFF0,
    ack=0x8000_0001,
    control_bits=ACK | PSH,
    window=0xFEDC,
    options=Options(timestamps=(0xF000_0001, 0xF000_0002)),
    payload=PAYLOAD,
    ttl=63,
    ip_id=0xABCD,
)
SENT_IPV6: Final = Sent(
    "2001:db8::1",
    40000,
    "2001:db8::2",
    80,
    seq=0xFFFF_FFF0,
    ack=0x8000_0001,
    control_bits=ACK | PSH,
    payload=PAYLOAD,
    ttl=63,
)
TCP_IN_IPV4: Final = packet(SENT)
TCP_IN_IPV6: Final = packet(SENT_IPV6)
MACS: Final = bytes.fromhex("020000000002020000000001")
ETHERNET: Final = MACS + b"\x08\x00" + TCP_IN_IPV4

LINK_ETHERNET: Final = 1
LINK_RAW: Final = 101

Seen = tuple[str, int, str, int, int, int]
SEEN: Final[Seen] = ("192.0.2.1", 40000, "198.51.100.2", 80, 0xFFFF_FFF0, len(PAYLOAD))
SEEN_IPV6: Final[Seen] = ("2001:db8::1", 40000, "2001:db8::2", 80, 0xFFFF_FFF0, len(PAYLOAD))


def new_decoder(*, tunnel_outer: bool = False, vlan_separates: bool = False) -> Decoder:
    """A decoder as the pipeline makes it, with the slow path."""
    return Decoder(tunnel_outer, vlan_separates, read_frame)


def decode(
    frame: bytes,
    link_type: int = LINK_ETHERNET,
    *,
    captured: int | None = None,
    wire_len: int | None = None,
    decoder: Decoder | None = None,
    segment: Segment | None = None,
) -> tuple[int, Segment]:
    """Decode one frame that lies in the middle of a buffer of other octets.

    What surrounds the frame would be read as headers if the decoder went beyond it.
    """
    captured_len = len(frame) if captured is None else captured
    buffer = b"\x45" * 7 + frame[:captured_len] + b"\x45" * 80
    filled = Segment() if segment is None else segment
    outcome = (decoder or new_decoder()).decode(
        buffer, 7, captured_len, len(frame) if wire_len is None else wire_len, link_type, filled
    )
    return outcome, filled


def frames_of(path: Path) -> Iterator[RecordWalk]:
    """Stand at each frame of a capture file, pcap or pcapng, plain or packed by gzip."""
    octets = path.read_bytes()
    walk = RecordWalk(str(path))
    walk.feed(gzip.decompress(octets) if path.suffix == ".gz" else octets)
    while walk.advance():
        yield walk
    walk.finish()
    while walk.advance():
        yield walk


def seen(segment: Segment) -> Seen:
    """Socket pair, sequence number and payload length of what was decoded."""
    octets = segment.address_len
    key = segment.key
    source_port, destination_port = struct.unpack_from("!HH", key, 2 * octets)
    return (
        str(ipaddress.ip_address(key[:octets])),
        source_port,
        str(ipaddress.ip_address(key[octets : 2 * octets])),
        destination_port,
        segment.seq,
        segment.payload_len,
    )


def udp(content: bytes, destination_port: int, source_port: int = 50000) -> bytes:
    """UDP header without a checksum around `content`."""
    return struct.pack("!HHHH", source_port, destination_port, 8 + len(content), 0) + content


def tunnel_packet(protocol: int, content: bytes) -> bytes:
    """IPv4 packet between the ends of a tunnel."""
    return ip("192.0.2.201", "192.0.2.202", protocol, content)


def ipv4_fragment(
    content: bytes, at: int, *, more: bool, protocol: int = 6, ip_id: int = 7
) -> bytes:
    """IPv4 fragment with the addresses of SENT, `at` octets into its datagram."""
    offset_and_bits = (0x2000 if more else 0) | at >> 3
    return (
        struct.pack(
            "!BBHHHBBH", 0x45, 0, 20 + len(content), ip_id, offset_and_bits, 64, protocol, 0
        )
        + TCP_IN_IPV4[12:20]
        + content
    )
