"""Where decoding of a frame stands: which header comes next, and where.

Compiled: yes

There is one `Layer` object a decoder. Each function of link_layer, internet_layer and tunnels reads
one header, moves `start` behind it and sets `protocol` to what follows; the decoder goes on until
`protocol` is TCP or one of the ends.

All positions are indexes into `buffer`. `end` bounds what was captured, `wire_end` what was sent;
`wire_end` may lie beyond the buffer. Headers that carry a length move both.
"""

from typing import Final

from mypy_extensions import i64

from tcpflow_analyzer.decode.segment import ABSENT

# What may come next. Below 0x1_0000 it is an EtherType, from there on an IP protocol number.
ETHERTYPE_IPV4: Final = 0x0800
ETHERTYPE_IPV6: Final = 0x86DD
ETHERTYPE_ETHERNET: Final = 0x6558  # Transparent Ethernet Bridging, RFC 1701
ETHERTYPE_MPLS: Final = 0x8847
IP_PROTOCOL: Final = 0x1_0000
TCP: Final = 0x1_0006
UDP: Final = 0x1_0011
ICMP: Final = 0x1_0001
ICMPV6: Final = 0x1_003A

# What has no EtherType.
LLC: Final = 0x2_0000
PPP: Final = 0x2_0001
IP: Final = 0x2_0002  # version 4 or 6, as the first four bits say
LINK: Final = 0x2_0003  # another link type, in `Layer.link_type`

# The ends.
END_OTHER: Final = 0x3_0000
END_UNDECODED: Final = 0x3_0001
END_FRAGMENT: Final = 0x3_0002

# Kinds of frames without TCP, `Layer.other`: an EtherType or IP protocol as above, or one of these
# plus a port, a PPP protocol or a service access point.
OTHER_UDP_PORT: Final = 0x4_0000
OTHER_QUIC_PORT: Final = 0x5_0000
OTHER_PPP: Final = 0x6_0000
OTHER_LLC: Final = 0x7_0000
OTHER_LINK: Final = 0x8_0000


class Layer:
    """The next header of a frame, and what the headers before it said.

    Attributes:
        buffer: octets that hold the frame, or a datagram put together from fragments.
        start: where the next header begins.
        end: end of the captured octets.
        wire_end: end of the octets that were sent.
        protocol: what begins at `start`.
        link_type: with protocol LINK, the number of the link type.
        vlan: outermost VLAN id, or ABSENT.
        interface: interface index that the frame itself names (Linux cooked v2), or ABSENT.
        depth: IP headers read so far.
        address_len: 4 or 16, of the last IP header read; 0 before the first.
        source_at, destination_at: where its addresses are.
        ttl: its time to live or hop limit.
        ip_id: its identification, or ABSENT.
        fragment_at: with END_FRAGMENT, offset of the fragment's octets in its datagram.
        fragment_more: whether further fragments follow.
        fragment_protocol: what the datagram carries.
        tunnel: the tunnels around `start`, one record each as `tunnels.enter_tunnel` writes them.
        tunnel_head, tunnel_head_octets: kind and identifier of the last tunnel of any frame, as a
            number and as octets, because most frames of a capture are in the same one.
        other: with END_OTHER, what the frame was.
        reason: with END_UNDECODED, a key of `reasons.REASONS`.
    """

    def __init__(self) -> None:
        """Make a layer without octets."""
        self.buffer: bytes = b""
        self.start: i64 = 0
        self.end: i64 = 0
        self.wire_end: i64 = 0
        self.protocol: i64 = END_OTHER
        self.link_type: i64 = 0
        self.vlan: i64 = ABSENT
        self.interface: i64 = ABSENT
        self.depth: i64 = 0
        self.address_len: i64 = 0
        self.source_at: i64 = 0
        self.destination_at: i64 = 0
        self.ttl: i64 = 0
        self.ip_id: i64 = ABSENT
        self.fragment_at: i64 = 0
        self.fragment_more: bool = False
        self.fragment_protocol: i64 = 0
        self.tunnel: bytes = b""
        self.tunnel_head: i64 = -1
        self.tunnel_head_octets: bytes = b""
        self.other: i64 = 0
        self.reason: str = ""

    def begin(self, buffer: bytes, start: i64, end: i64, wire_end: i64) -> None:
        """Forget the frame before and stand at the start of another one."""
        self.buffer = buffer
        self.start = start
        self.end = end
        self.wire_end = wire_end
        self.vlan = ABSENT
        self.interface = ABSENT
        self.depth = 0
        self.address_len = 0
        self.tunnel = b""

    def skip(self, octets: i64, protocol: i64) -> None:
        """Stand behind a header of `octets` octets, at the start of `protocol`."""
        self.start += octets
        self.protocol = protocol

    def limit(self, wire_end: i64) -> None:
        """Let the frame end at `wire_end` at the latest: what follows is padding or a trailer."""
        if wire_end < self.wire_end:
            self.wire_end = wire_end
            self.end = min(self.end, wire_end)

    def fail(self, reason: str) -> None:
        """End undecoded, for a reason of `reasons.REASONS`."""
        self.protocol = END_UNDECODED
        self.reason = reason

    def set_other(self, other: i64) -> None:
        """End with a frame that is readable and has no TCP; `other` says what it is."""
        self.protocol = END_OTHER
        self.other = other


def layer_of(octets: bytes, wire_len: i64, link_type: i64) -> Layer:
    """Stand at the start of a frame.

    Args:
        octets: as far as it was captured. wire_len: octets on the wire.
        link_type: number of the link type.
    """
    layer = Layer()
    end: i64 = len(octets)
    layer.begin(octets, 0, end, wire_len if wire_len > end else end)
    layer.link_type = link_type
    layer.protocol = LINK
    return layer
