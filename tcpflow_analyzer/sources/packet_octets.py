"""Builds octets of pcapng blocks and of IP and TCP headers, for sources that have only values.

In: numbers and addresses as a text trace or tshark gives them. Out: octets that `RecordWalk` and
the decoder read like any capture. Headers are whole and consistent; payload that the source does
not have is left out as by a snapshot length, so lengths stay true (RFC 791, 8200, 9293).
"""

import struct
from typing import Final

from tcpflow_analyzer.sources.records import TIME_LIMIT, U32

NANOSECOND_EXPONENT: Final = 9
IPV4_HEADER_LEN: Final = 20
IPV6_HEADER_LEN: Final = 40
TCP_HEADER_LEN: Final = 20
OPTIONS_LIMIT: Final = 40
TCP_PROTOCOL: Final = 6


def section_start() -> bytes:
    """Section header block, little-endian, of unknown section length."""
    return struct.pack("<IIIHHqI", 0x0A0D0D0A, 28, 0x1A2B3C4D, 1, 0, -1, 28)


def interface_block(link_type: int, exponent: int = NANOSECOND_EXPONENT) -> bytes:
    """Interface description block whose times have 10**`exponent` units a second."""
    options = struct.pack("<HHB3xHH", 9, 1, exponent, 0, 0)
    length = 20 + len(options)
    return struct.pack("<IIHHI", 1, length, link_type, 0, 0) + options + struct.pack("<I", length)


def packet_block(interface: int, time_ns: int, octets: bytes, wire_len: int) -> bytes:
    """Enhanced packet block; `time_ns` nanoseconds since the epoch, from 0.

    A time and a length beyond what the fields hold become the largest that they do: texts may say
    anything.
    """
    time_ns = min(time_ns, TIME_LIMIT)
    wire_len = min(max(wire_len, len(octets)), U32)
    padded = octets + bytes(-len(octets) % 4)
    length = 32 + len(padded)
    head = struct.pack(
        "<IIIIIII",
        6,
        length,
        interface,
        time_ns >> 32,
        time_ns & 0xFFFF_FFFF,
        len(octets),
        wire_len,
    )
    return head + padded + struct.pack("<I", length)


def internet_sum(octets: bytes) -> int:
    """Ones' complement sum of 16-bit words, RFC 1071, not yet complemented."""
    if len(octets) % 2:
        octets += b"\0"
    total: int = sum(struct.unpack(f">{len(octets) // 2}H", octets))
    while total > 0xFFFF:
        total = (total & 0xFFFF) + (total >> 16)
    return total


def internet_header(
    source: bytes, destination: bytes, content_len: int, ttl: int = 64, identification: int = 0
) -> bytes:
    """IPv4 or IPv6 header, by the length of the addresses, of a TCP segment.

    Args:
        source: 4 or 16 octets.
        destination: as many octets.
        content_len: octets of TCP header and payload. Beyond what the length field holds it says
            0, as captures of offloaded segments do.
        ttl: time to live or hop limit, 0 to 255.
        identification: of IPv4, 0 to 65535.
    """
    if len(source) == 16:
        length = content_len if content_len <= 0xFFFF else 0
        head = struct.pack(">IHBB", 0x6000_0000, length, TCP_PROTOCOL, ttl)
        return head + source + destination
    total = IPV4_HEADER_LEN + content_len
    total = total if total <= 0xFFFF else 0
    fields = (0x45, 0, total, identification, 0x4000, ttl, TCP_PROTOCOL)
    without = struct.pack(">BBHHHBBH", *fields, 0) + source + destination
    checksum = 0xFFFF ^ internet_sum(without)
    return struct.pack(">BBHHHBBH", *fields, checksum) + source + destination


class TcpHeader:
    """Values of a TCP header: ports, wrapped `seq` and `ack`, unscaled `window`, option octets."""

    def __init__(self, source_port: int, destination_port: int) -> None:
        """Start with a header of no control bits."""
        self.source_port = source_port
        self.destination_port = destination_port
        self.seq = 0
        self.ack = 0
        self.control_bits = 0
        self.window = 65_535
        self.urgent = 0
        self.options = b""

    def octets(self, checksum: int = 0) -> bytes:
        """The header with its options, padded to whole words; options beyond 40 octets go."""
        options = self.options[:OPTIONS_LIMIT]
        options += bytes(-len(options) % 4)
        offset_and_bits = (TCP_HEADER_LEN + len(options)) // 4 << 12 | self.control_bits & 0x1FF
        return (
            struct.pack(
                ">HHIIHHHH",
                self.source_port,
                self.destination_port,
                self.seq & 0xFFFF_FFFF,
                self.ack & 0xFFFF_FFFF,
                offset_and_bits,
                self.window,
                checksum,
                self.urgent,
            )
            + options
        )


def tcp_packet(
    source: bytes,
    destination: bytes,
    header: TcpHeader,
    payload_len: int,
    ttl: int = 64,
    identification: int = 0,
) -> tuple[bytes, int]:
    """Build an IP packet of a TCP segment whose payload is not known.

    The checksum is right where there is no payload, and 0 otherwise: it could not be verified.

    Returns:
        The octets of the headers, and the packet's length on the wire in octets.
    """
    plain = header.octets()
    if payload_len == 0:
        pseudo = source + destination + struct.pack(">II", len(plain), TCP_PROTOCOL)
        plain = header.octets(0xFFFF ^ internet_sum(pseudo + plain))
    outer = internet_header(source, destination, len(plain) + payload_len, ttl, identification)
    octets = outer + plain
    return octets, len(octets) + payload_len
