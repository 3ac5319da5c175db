"""Builds captures by code: TCP segments, ICMP errors and clock frames, as the octets of a pcap.

Everything is deterministic: the same calls give the same octets. Checksums are valid unless a test
asks for something else; times are nanoseconds since the epoch, sequence numbers are wrapped.

    syn = Segment("192.0.2.1", 40000, "198.51.100.1", 80, seq=100, control_bits=SYN)
    octets = pcap([(START_NS, ethernet(packet(syn)))])
"""

import ipaddress
import struct
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from tcpflow_analyzer.tcp import options as kinds
from tcpflow_analyzer.tcp.control_bits import ACK

START_NS: Final = 1_767_225_600_000_000_000  # 2026-01-01T00:00:00Z
SECOND_NS: Final = 1_000_000_000

LINKTYPE_ETHERNET: Final = 1
LINKTYPE_RAW: Final = 101

_PCAP_NANOSECONDS: Final = 0xA1B23C4D
_ETHERTYPE_IPV4: Final = 0x0800
_ETHERTYPE_IPV6: Final = 0x86DD
_ETHERTYPE_VLAN: Final = 0x8100
_PROTOCOL_ICMP: Final = 1
_PROTOCOL_TCP: Final = 6
_PROTOCOL_UDP: Final = 17
_PROTOCOL_ICMPV6: Final = 58
_QUOTED_OCTETS: Final = 28  # RFC 792: the IP header and 64 bits of what follows


@dataclass(frozen=True, slots=True)
class Options:
    """TCP options of one segment; None leaves an option out.

    Attributes:
        mss: octets. window_scale: shift, 0 to 14. sack_permitted: kind 4.
        timestamps: (TSval, TSecr), wrapped.
        fast_open: cookie; empty octets are a request for one.
        sack_blocks: (left, right) edges, wrapped.
        raw: octets put behind the others as they are.
    """

    mss: int | None = None
    window_scale: int | None = None
    sack_permitted: bool = False
    timestamps: tuple[int, int] | None = None
    fast_open: bytes | None = None
    sack_blocks: tuple[tuple[int, int], ...] = ()
    raw: bytes = b""

    def octets(self) -> bytes:
        """Encoded, padded with END-OF-LIST to a multiple of 4 octets."""
        parts = []
        if self.mss is not None:
            parts.append(struct.pack("!BBH", kinds.MAXIMUM_SEGMENT_SIZE, 4, self.mss))
        if self.sack_permitted:
            parts.append(bytes((kinds.SACK_PERMITTED, 2)))
        if self.timestamps is not None:
            parts.append(struct.pack("!BBII", kinds.TIMESTAMPS, 10, *self.timestamps))
        if self.window_scale is not None:
            parts.append(bytes((kinds.WINDOW_SCALE, 3, self.window_scale)))
        if self.fast_open is not None:
            parts.append(bytes((kinds.FAST_OPEN, 2 + len(self.fast_open))) + self.fast_open)
        if self.sack_blocks:
            edges = [edge & 0xFFFF_FFFF for block in self.sack_blocks for edge in block]
            parts.append(struct.pack(f"!BB{len(edges)}I", kinds.SACK, 2 + 4 * len(edges), *edges))
        together = b"".join(parts) + self.raw
        return together + bytes(-len(together) % 4)


@dataclass(frozen=True, slots=True)
class Segment:
    """One TCP segment and the IP fields that belong to it.

    Attributes:
        source, destination: addresses in text form, both of one IP version.
        seq, ack: reduced modulo 2**32 when written; `ack` is written whether or not ACK is set.
        control_bits: of tcp/control_bits.py. window: as sent, unscaled.
        ttl: or hop limit. ip_id: IPv4 only.
    """

    source: str
    source_port: int
    destination: str
    destination_port: int
    seq: int = 0
    ack: int = 0
    control_bits: int = ACK
    window: int = 65535
    options: Options = field(default_factory=Options)
    payload: bytes = b""
    ttl: int = 64
    ip_id: int = 0


def checksum(octets: bytes) -> int:
    """Internet checksum, RFC 1071."""
    padded = octets + bytes(len(octets) % 2)
    total: int = sum(struct.unpack(f"!{len(padded) // 2}H", padded))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total ^ 0xFFFF


def _pseudo_header(source: bytes, destination: bytes, protocol: int, length: int) -> bytes:
    """RFC 9293 section 3.1 for IPv4, RFC 8200 section 8.1 for IPv6."""
    if len(source) == 4:
        return source + destination + struct.pack("!BBH", 0, protocol, length)
    return source + destination + struct.pack("!I3xB", length, protocol)


def tcp(segment: Segment) -> bytes:
    """TCP header and payload with a valid checksum."""
    options = segment.options.octets()
    offset_and_bits = (5 + len(options) // 4) << 12 | segment.control_bits
    head = struct.pack(
        "!HHIIHHHH",
        segment.source_port,
        segment.destination_port,
        segment.seq & 0xFFFF_FFFF,
        segment.ack & 0xFFFF_FFFF,
        offset_and_bits,
        segment.window,
        0,
        0,
    )
    whole = head + options + segment.payload
    source = ipaddress.ip_address(segment.source).packed
    destination = ipaddress.ip_address(segment.destination).packed
    pseudo = _pseudo_header(source, destination, _PROTOCOL_TCP, len(whole))
    return whole[:16] + struct.pack("!H", checksum(pseudo + whole)) + whole[18:]


def ip(
    source: str, destination: str, protocol: int, content: bytes, *, ttl: int = 64, ip_id: int = 0
) -> bytes:
    """IPv4 packet (Don't Fragment set) or IPv6 packet around `content`."""
    from_octets = ipaddress.ip_address(source).packed
    to_octets = ipaddress.ip_address(destination).packed
    if len(from_octets) == 16:
        head = struct.pack("!IHBB", 6 << 28, len(content), protocol, ttl)
        return head + from_octets + to_octets + content
    head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(content), ip_id, 0x4000, ttl, protocol, 0)
    head += from_octets + to_octets
    return head[:10] + struct.pack("!H", checksum(head)) + head[12:] + content


def packet(segment: Segment) -> bytes:
    """IP packet with a TCP segment."""
    return ip(
        segment.source,
        segment.destination,
        _PROTOCOL_TCP,
        tcp(segment),
        ttl=segment.ttl,
        ip_id=segment.ip_id,
    )


def icmp_error(quoted: bytes, source: str, kind: int, code: int, *, ttl: int = 64) -> bytes:
    """ICMP or ICMPv6 error from `source` to the sender of the `quoted` IP packet."""
    if quoted[0] >> 4 == 4:
        body = struct.pack("!BBHI", kind, code, 0, 0) + quoted[:_QUOTED_OCTETS]
        body = body[:2] + struct.pack("!H", checksum(body)) + body[4:]
        return ip(source, str(ipaddress.ip_address(quoted[12:16])), _PROTOCOL_ICMP, body, ttl=ttl)
    destination = ipaddress.ip_address(quoted[8:24])
    body = struct.pack("!BBHI", kind, code, 0, 0) + quoted[:1232]
    from_octets = ipaddress.ip_address(source).packed
    pseudo = _pseudo_header(from_octets, destination.packed, _PROTOCOL_ICMPV6, len(body))
    body = body[:2] + struct.pack("!H", checksum(pseudo + body)) + body[4:]
    return ip(source, str(destination), _PROTOCOL_ICMPV6, body, ttl=ttl)


def clock_packet() -> bytes:
    """UDP datagram between uninvolved hosts: shows that the capture went on."""
    datagram = struct.pack("!HHHH", 123, 123, 8, 0)  # checksum 0: not computed, RFC 768
    return ip("192.0.2.250", "192.0.2.251", _PROTOCOL_UDP, datagram)


def ethernet(ip_packet: bytes, *, vlan: int | None = None) -> bytes:
    """Ethernet frame (locally administered addresses) around an IP packet, padded to 60 octets."""
    version = ip_packet[0] >> 4
    ethertype = _ETHERTYPE_IPV4 if version == 4 else _ETHERTYPE_IPV6
    tag = b"" if vlan is None else struct.pack("!HH", _ETHERTYPE_VLAN, vlan)
    head = bytes.fromhex("020000000002020000000001") + tag + struct.pack("!H", ethertype)
    frame = head + ip_packet
    return frame + bytes(max(0, 60 - len(frame)))


def pcap(
    frames: Iterable[tuple[int, bytes]],
    *,
    link_type: int = LINKTYPE_ETHERNET,
    snap_length: int = 262_144,
) -> bytes:
    """Classic pcap with nanosecond times, little-endian, of (time_ns, frame) in the given order.

    Frames longer than `snap_length` octets are cut, their length on the wire is kept.
    """
    parts = [struct.pack("<IHHiIII", _PCAP_NANOSECONDS, 2, 4, 0, 0, snap_length, link_type)]
    for time_ns, frame in frames:
        whole, fraction = divmod(time_ns, SECOND_NS)
        kept = frame[:snap_length]
        parts.append(struct.pack("<IIII", whole, fraction, len(kept), len(frame)) + kept)
    return b"".join(parts)
