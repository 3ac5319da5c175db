"""Output of the decoder: one TCP segment, or why there is none.

Compiled: yes

There is one `Segment` object a pipeline; every frame overwrites it, so nothing is allocated for a
segment that nobody will look at. Whoever wants to keep a value copies it.
"""

from typing import Final

from librt.strings import read_i16_be, read_i32_be, read_i64_be
from mypy_extensions import i64

# What a frame turned out to be.
TCP_SEGMENT: Final = 0
OTHER: Final = 1  # readable, but neither TCP nor about TCP
FRAGMENT: Final = 2  # part of an IP datagram that is not complete yet
ICMP_ERROR: Final = 3  # an ICMP or ICMPv6 error that quotes a TCP segment; counts as OTHER
UNDECODED: Final = 4  # should be readable and is not; `Segment.reason` says why

ABSENT: Final = -1  # an option that the segment does not carry

# Bits of Segment.oddities: what few segments have, found while the header is read.
ODD_RESERVED: Final = 0x1  # one of the three reserved bits is set, RFC 9293 section 3.1
ODD_URGENT: Final = 0x2  # URG, or an urgent pointer without it
ODD_ACK_FIELD: Final = 0x4  # an acknowledgement number without ACK
ODD_OPTIONS: Final = 0x8  # the list of options breaks its format
ODD_NEGOTIATION: Final = 0x10  # an option that only a SYN may carry, on another segment
ODD_SACK: Final = 0x20  # SACK blocks: odd only where SACK was not agreed on

IPV4_KEY_LEN: Final = 12  # octets of a key without a scope


def source_word(key: bytes) -> i64:
    """The source socket of an IPv4 key as a number, address << 16 | port; -1 for other keys."""
    if len(key) != IPV4_KEY_LEN:
        return -1
    address: i64 = i64(read_i32_be(key, 0)) & 0xFFFF_FFFF
    port: i64 = i64(read_i16_be(key, 8)) & 0xFFFF
    return address << 16 | port


def destination_word(key: bytes) -> i64:
    """The destination socket of an IPv4 key likewise."""
    if len(key) != IPV4_KEY_LEN:
        return -1
    address: i64 = i64(read_i32_be(key, 4)) & 0xFFFF_FFFF
    port: i64 = i64(read_i16_be(key, 10)) & 0xFFFF
    return address << 16 | port


class Segment:
    """One TCP segment as it stands in the capture. Numbers are unsigned and as on the wire.

    Attributes:
        frame: number of the frame in the whole input, from 1. Set by the pipeline.
        time_ns: capture time, nanoseconds since the epoch. Set by the pipeline.
        interface: index of the capture interface, from 0. Set by the pipeline.
        key: source address, destination address, source port, destination port, as on the wire
            (12 octets for IPv4, 36 for IPv6), then the scope's octets where `scope` is not 0. For
            FRAGMENT it is b"" unless the frame holds the ports.
        source, destination: for IPv4 without a scope the sockets as numbers, address << 16 | port,
            by which the connection table finds connections without making a key; else -1.
        key_start: where such a key stands in `buffer`.
        address_len: 4 or 16.
        scope: which tunnel, or for link-local addresses which interface, the segment was found
            in; 0 for none. `Decoder.scope_name` gives it in words.
        vlan: outermost VLAN id, or ABSENT.
        ttl: time to live or hop limit.
        ip_id: IPv4 identification, or ABSENT (IPv6 without a fragment header).
        seq, ack: SEG.SEQ and SEG.ACK, wrapped. `ack` has no meaning without the ACK bit.
        control_bits: as in tcp/control_bits.py.
        window: SEG.WND, unscaled as sent.
        checksum: as sent.
        payload_len: octets of payload in the datagram (not the captured part of it).
        mss, window_scale: option values, or ABSENT.
        sack_permitted: whether the option is there.
        tsval, tsecr: of the timestamps option, or ABSENT.
        sack_count: number of SACK blocks, 0 to 4; their edges are `sack_left(i)`, `sack_right(i)`.
        fast_open: octets of the Fast Open cookie (0: a request), or ABSENT.
        authenticated: whether an MD5 or TCP-AO option is there.
        multipath: subtype of an MPTCP option, or ABSENT.
        user_timeout_ns: of the user timeout option (RFC 5482), 0 for none.
        options_cut: whether the snapshot length cut the options.
        oddities: mask of ODD_..., 0 for nearly all segments.
        buffer: octets that hold the segment; valid until the next frame.
        tcp_start: where the TCP header begins in `buffer`.
        options_len: octets of options behind the fixed header (captured or not).
        payload_start: where the payload begins in `buffer`.
        payload_captured: octets of payload that were captured, at most `payload_len`.
        truncated: whether the snapshot length cut the segment.
        reason: for UNDECODED, a key of the closed list `decode.reasons.REASONS`.
        icmp_type, icmp_code: for ICMP_ERROR; then all of the above describes the quoted segment
            (of which only ports and `seq` may be there, the rest being ABSENT or 0).
        icmp_version: 4 or 6.
        icmp_mtu: next-hop MTU of "fragmentation needed" or "packet too big", else 0.
        icmp_source: address of the host that sent the ICMP error, 4 or 16 octets.
    """

    def __init__(self) -> None:
        """Make an empty segment."""
        self.frame: i64 = 0
        self.time_ns: i64 = 0
        self.interface: i64 = 0
        self.source: i64 = -1
        self.destination: i64 = -1
        self.key_start: i64 = 0
        self._key: bytes | None = b""
        self.address_len: i64 = 4
        self.scope: i64 = 0
        self.vlan: i64 = ABSENT
        self.ttl: i64 = 0
        self.ip_id: i64 = ABSENT
        self.seq: i64 = 0
        self.ack: i64 = 0
        self.control_bits: i64 = 0
        self.window: i64 = 0
        self.checksum: i64 = 0
        self.payload_len: i64 = 0
        self.mss: i64 = ABSENT
        self.window_scale: i64 = ABSENT
        self.sack_permitted: bool = False
        self.tsval: i64 = ABSENT
        self.tsecr: i64 = ABSENT
        self.sack_count: i64 = 0
        self.fast_open: i64 = ABSENT
        self.authenticated: bool = False
        self.multipath: i64 = ABSENT
        self.user_timeout_ns: i64 = 0
        self.options_cut: bool = False
        self.oddities: i64 = 0
        self.buffer: bytes = b""
        self.tcp_start: i64 = 0
        self.options_len: i64 = 0
        self.payload_start: i64 = 0
        self.payload_captured: i64 = 0
        self.truncated: bool = False
        self.reason: str = ""
        self.icmp_type: i64 = ABSENT
        self.icmp_code: i64 = ABSENT
        self.icmp_version: i64 = 4
        self.icmp_mtu: i64 = 0
        self.icmp_source: bytes = b""
        self.sack_left_1: i64 = 0
        self.sack_right_1: i64 = 0
        self.sack_left_2: i64 = 0
        self.sack_right_2: i64 = 0
        self.sack_left_3: i64 = 0
        self.sack_right_3: i64 = 0
        self.sack_left_4: i64 = 0
        self.sack_right_4: i64 = 0

    @property
    def key(self) -> bytes:
        """Both sockets as octets; made when first asked for."""
        key = self._key
        if key is None:
            key = self.buffer[self.key_start : self.key_start + IPV4_KEY_LEN]
            self._key = key
        return key

    @key.setter
    def key(self, key: bytes) -> None:
        """Set both sockets."""
        self._key = key
        self.source = source_word(key)
        self.destination = destination_word(key)

    def set_ipv4_key(self, buffer: bytes, start: i64) -> None:
        """Set both sockets to the 12 octets of `buffer` that begin at `start`, without a copy."""
        addresses: i64 = read_i64_be(buffer, start)
        ports: i64 = i64(read_i32_be(buffer, start + 8)) & 0xFFFF_FFFF
        self._key = None
        self.buffer = buffer
        self.key_start = start
        self.source = ((addresses >> 32) & 0xFFFF_FFFF) << 16 | ports >> 16
        self.destination = (addresses & 0xFFFF_FFFF) << 16 | ports & 0xFFFF

    def sack_left(self, index: i64) -> i64:
        """Left edge of SACK block `index` (0 to 3), wrapped."""
        if index == 0:
            return self.sack_left_1
        if index == 1:
            return self.sack_left_2
        if index == 2:
            return self.sack_left_3
        return self.sack_left_4

    def sack_right(self, index: i64) -> i64:
        """Right edge of SACK block `index` (0 to 3), wrapped."""
        if index == 0:
            return self.sack_right_1
        if index == 1:
            return self.sack_right_2
        if index == 2:
            return self.sack_right_3
        return self.sack_right_4
