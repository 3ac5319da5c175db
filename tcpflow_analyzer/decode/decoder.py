"""Front of the decoder: from the octets of a frame to a TCP segment, or to why there is none.

Compiled: yes

Rules: any octets give a value, nothing is raised; every field is checked against the captured
length before it is read. The most common frame (Ethernet, IPv4 without options, TCP) has a path of
its own, and every other frame goes header by header through link_layer, internet_layer and tunnels
until the innermost TCP header; both paths give the same. Design: docs, "Which octets are payload"
and "Keys".
"""

from collections.abc import Callable
from typing import Final

from librt.strings import read_i64_be
from mypy_extensions import i64

from tcpflow_analyzer.decode import internet_layer, link_layer, tcp_header, tunnels
from tcpflow_analyzer.decode.fragments import MAX_OCTETS, Fragments
from tcpflow_analyzer.decode.layer import (
    END_FRAGMENT,
    END_OTHER,
    ETHERTYPE_IPV4,
    ETHERTYPE_IPV6,
    ICMP,
    ICMPV6,
    IP,
    IP_PROTOCOL,
    LINK,
    LLC,
    OTHER_LINK,
    PPP,
    TCP,
    UDP,
    Layer,
)
from tcpflow_analyzer.decode.octets import read_u16, read_u32
from tcpflow_analyzer.decode.other_kinds import name_of_kind
from tcpflow_analyzer.decode.reasons import (
    ENCRYPTED,
    LINK_TYPE_UNKNOWN,
    TCP_HEADER_MALFORMED,
)
from tcpflow_analyzer.decode.scope import NO_PLACE, Scope, read_scope
from tcpflow_analyzer.decode.segment import (
    ABSENT,
    FRAGMENT,
    ICMP_ERROR,
    OTHER,
    TCP_SEGMENT,
    UNDECODED,
    Segment,
)

# From octets and link type to the octets within, what they are (as `Layer.protocol`) and a reason;
# no octets and no reason for a frame that is readable and carries no packet. slow_path.read_frame.
SlowPath = Callable[[bytes, int], tuple[bytes, int, str]]

ETHERNET_IPV4_TCP_LEN: Final = 54  # 14 + 20 + 20 octets
IPV4_TCP_LEN: Final = 40
ETHERTYPE_IPV4_NO_OPTIONS: Final = 0x080045  # EtherType, version 4, header of 5 words
# Second word of an IPv4 header without the flag "don't fragment" and the time to live.
NOT_A_FRAGMENT_MASK: Final = 0x3FFF_00FF
IPV4_PROTOCOL_TCP: Final = 6

ENCAPSULATING_SECURITY: Final = IP_PROTOCOL + 50  # RFC 4303
AUTHENTICATION: Final = IP_PROTOCOL + internet_layer.AUTHENTICATION_HEADER

GO_ON: Final = -1

PORTS_LEN: Final = 4  # octets of a TCP header that hold both ports

# Not in any RFC: more would cost memory that a flood of tunnel ids could ask for.
MAX_SCOPES: Final = 65535
MAX_OTHER_KINDS: Final = 512


class Decoder:
    """Decodes frames, one after another.

    Attributes:
        other_counts: frames without TCP by kind, as `other_kinds` tells in words.
        scopes_left_out: segments whose scope found no room and was taken for none.
        fragments: datagrams that are not complete yet, and how many were given up.
    """

    def __init__(
        self,
        tunnel_outer: bool,
        vlan_separates: bool,
        slow_path: SlowPath | None,
        most_fragment_octets: i64 = MAX_OCTETS,
    ) -> None:
        """Make a decoder.

        Args:
            tunnel_outer: stay at the first IP header that carries TCP or a tunnel.
            vlan_separates: take the outermost VLAN id into the key of a connection.
            slow_path: called with the octets and the link type of a frame whose link type is not
                known here, or None.
            most_fragment_octets: as of Fragments.
        """
        self._tunnel_outer = tunnel_outer
        self._vlan_separates = vlan_separates
        self._slow_path = slow_path
        self._layer = Layer()
        self._quote = Layer()
        self._scopes: dict[bytes, int] = {}
        self._scope_octets: list[bytes] = [b""]
        self._scope_suffixes: list[bytes] = [b""]
        self.other_counts: dict[int, int] = {}
        self.scopes_left_out: i64 = 0
        self.fragments = Fragments(most_fragment_octets)

    def decode(
        self,
        buffer: bytes,
        start: i64,
        captured_len: i64,
        wire_len: i64,
        link_type: i64,
        segment: Segment,
    ) -> i64:
        """Decode one frame.

        Args:
            buffer: octets that hold the frame.
            start: where the frame begins.
            captured_len: octets captured; what the buffer does not hold counts as not captured.
            wire_len: octets on the wire.
            link_type: number of the link type, https://www.tcpdump.org/linktypes.html.
            segment: overwritten, but for frame, time_ns and interface, which the caller has set.

        Returns:
            TCP_SEGMENT, OTHER, FRAGMENT, ICMP_ERROR or UNDECODED (then `segment.reason` is set).
        """
        buffer_len: i64 = len(buffer)
        end: i64 = start + captured_len
        if end > buffer_len:
            end = buffer_len
        if link_type == link_layer.LINK_ETHERNET and end - start >= ETHERNET_IPV4_TCP_LEN:
            # EtherType, version, header length, type of service, total length, identification.
            head: i64 = read_i64_be(buffer, start + 12)
            # Flags, fragment offset, time to live, protocol.
            middle: i64 = read_u32(buffer, start + 20)
            total_len: i64 = (head >> 16) & 0xFFFF
            if (
                head >> 40 == ETHERTYPE_IPV4_NO_OPTIONS
                and middle & NOT_A_FRAGMENT_MASK == IPV4_PROTOCOL_TCP
                and total_len >= IPV4_TCP_LEN
            ):
                wire_end: i64 = start + 14 + total_len
                if end > wire_end:
                    end = wire_end
                segment.set_ipv4_key(buffer, start + 26)
                segment.address_len = 4
                segment.scope = 0
                segment.vlan = ABSENT
                segment.ttl = (middle >> 8) & 0xFF
                segment.ip_id = head & 0xFFFF
                return tcp_header.read_segment(buffer, start + 34, end, wire_end, segment)
        end = max(end, start)
        layer = self._layer
        layer.begin(buffer, start, end, start + wire_len if wire_len > end - start else end)
        layer.link_type = link_type
        layer.protocol = LINK
        return self._walk(layer, segment)

    def scope_name(self, scope: i64) -> Scope:
        """Say what the number in `Segment.scope` stands for."""
        return read_scope(self._scope_octets[scope])

    def other_kinds(self) -> dict[str, int]:
        """Count the frames without TCP by what they are, in words, the most frequent first."""
        counts: dict[str, int] = {}
        for kind, count in self.other_counts.items():
            name = name_of_kind(kind)
            counts[name] = counts.get(name, 0) + count
        return dict(sorted(counts.items(), key=_by_count))

    def _walk(self, layer: Layer, segment: Segment) -> i64:
        """Read header after header until one of the ends.

        Every header has at least one octet and IP headers are counted, so this ends.
        """
        while True:
            protocol: i64 = layer.protocol
            if protocol == TCP:
                return self._finish(layer, segment)
            if protocol in (ICMP, ICMPV6):
                return self._finish_icmp(layer, segment)
            if protocol >= END_OTHER:
                outcome: i64 = self._end(layer, segment)
                if outcome != GO_ON:
                    return outcome
            else:
                enter_header(layer, self._tunnel_outer)

    def _end(self, layer: Layer, segment: Segment) -> i64:
        """Give the outcome of one of the ends; GO_ON if there is more to read after all."""
        protocol: i64 = layer.protocol
        if protocol == END_OTHER:
            return self._count_other(layer.other)
        if protocol == END_FRAGMENT:
            if self._complete(layer, segment):
                return GO_ON
            self._set_owner(layer, segment)
            return FRAGMENT
        if layer.reason == LINK_TYPE_UNKNOWN and self._ask_slow_path(layer):
            return GO_ON
        segment.reason = layer.reason
        return UNDECODED

    def _finish(self, layer: Layer, segment: Segment) -> i64:
        """Read the TCP header at which `layer` stands."""
        outcome: i64 = tcp_header.read_segment(
            layer.buffer, layer.start, layer.end, layer.wire_end, segment
        )
        if outcome == TCP_SEGMENT:
            self._set_addresses(layer, segment)
        elif segment.reason == TCP_HEADER_MALFORMED:
            # Whose it was can be told all the same (OP006).
            if layer.end - layer.start >= PORTS_LEN:
                self._set_addresses(layer, segment)
            else:
                segment.key = b""
        return outcome

    def _set_owner(self, layer: Layer, segment: Segment) -> None:
        """Say whose a fragment is, which only the first one of a datagram tells."""
        if (
            layer.fragment_protocol == TCP
            and layer.fragment_at == 0
            and layer.end - layer.start >= PORTS_LEN
        ):
            self._set_addresses(layer, segment)
        else:
            segment.key = b""

    def _set_addresses(self, layer: Layer, segment: Segment) -> None:
        """Fill in what the headers before TCP said."""
        buffer = layer.buffer
        octets: i64 = layer.address_len
        source_at: i64 = layer.source_at
        destination_at: i64 = layer.destination_at
        ports_at: i64 = layer.start
        if destination_at == source_at + octets and ports_at == destination_at + octets:
            key = buffer[source_at : ports_at + 4]
        else:
            key = (
                buffer[source_at : source_at + octets]
                + buffer[destination_at : destination_at + octets]
                + buffer[ports_at : ports_at + 4]
            )
        segment.address_len = octets
        segment.vlan = layer.vlan
        segment.ttl = layer.ttl
        segment.ip_id = layer.ip_id
        is_local: bool = octets == 16 and (
            read_u16(buffer, source_at) & 0xFFC0 == 0xFE80
            or read_u16(buffer, destination_at) & 0xFFC0 == 0xFE80
        )
        if is_local or len(layer.tunnel) > 0 or (self._vlan_separates and layer.vlan != ABSENT):
            segment.scope = self._find_scope(layer, segment, is_local)
            key = key + self._scope_suffixes[segment.scope]
        else:
            segment.scope = 0
        segment.key = key

    def _find_scope(self, layer: Layer, segment: Segment, is_local: bool) -> i64:
        """Number of the scope around `layer`; the same for both directions."""
        interface: i64 = ABSENT
        device: i64 = ABSENT
        if is_local:
            interface = segment.interface
            device = layer.interface
        vlan: i64 = layer.vlan if self._vlan_separates else ABSENT
        octets = NO_PLACE + layer.tunnel
        if interface != ABSENT or device != ABSENT or vlan != ABSENT:
            octets = (
                int(interface + 1).to_bytes(5, "big")
                + int(device + 1).to_bytes(5, "big")
                + int(vlan + 1).to_bytes(2, "big")
                + layer.tunnel
            )
        number = self._scopes.get(octets)
        if number is not None:
            return number
        if len(self._scope_octets) > MAX_SCOPES:
            self.scopes_left_out += 1
            return 0
        number = len(self._scope_octets)
        self._scopes[octets] = number
        self._scope_octets.append(octets)
        self._scope_suffixes.append(int(number).to_bytes(2, "big"))
        return number

    def _finish_icmp(self, layer: Layer, segment: Segment) -> i64:
        """Read an ICMP or ICMPv6 message; an error describes the TCP segment that it quotes."""
        buffer = layer.buffer
        start: i64 = layer.start
        version: i64 = 4 if layer.protocol == ICMP else 6
        if layer.end - start < 8 or not is_icmp_error(version, buffer[start]):
            return self._count_other(layer.protocol)
        quote = self._quote
        quote.begin(buffer, start + 8, layer.end, layer.wire_end)
        quote.vlan = layer.vlan
        quote.interface = layer.interface
        quote.tunnel = layer.tunnel
        if version == 4:
            internet_layer.enter_ipv4(quote)
        else:
            internet_layer.enter_ipv6(quote)
        if quote.protocol == END_FRAGMENT and quote.fragment_at == 0:
            quote.protocol = quote.fragment_protocol
        if quote.protocol != TCP or not tcp_header.read_quoted(
            buffer, quote.start, quote.end, quote.wire_end, segment
        ):
            return self._count_other(layer.protocol)
        self._set_addresses(quote, segment)
        segment.icmp_version = version
        segment.icmp_type = buffer[start]
        segment.icmp_code = buffer[start + 1]
        segment.icmp_mtu = _next_hop_mtu(version, buffer, start)
        segment.icmp_source = buffer[layer.source_at : layer.source_at + layer.address_len]
        self._count_other(layer.protocol)
        return ICMP_ERROR

    def _complete(self, layer: Layer, segment: Segment) -> bool:
        """Give a fragment to its datagram; go on with the datagram if that completes it."""
        return add_fragment(layer, self.fragments, segment.frame, segment.time_ns)

    def _ask_slow_path(self, layer: Layer) -> bool:
        """Let the slow path read a frame of a link type that is not known here.

        Returns:
            Whether decoding goes on; if not, `layer.reason` says why.
        """
        if self._slow_path is None:
            return False
        cut: i64 = layer.wire_end - layer.end
        octets, protocol, reason = self._slow_path(
            layer.buffer[layer.start : layer.end], layer.link_type
        )
        if len(octets) > 0:
            layer.buffer = octets
            layer.start = 0
            layer.end = len(octets)
            layer.wire_end = layer.end + cut
            layer.protocol = protocol
            return True
        if reason == "":
            layer.set_other(OTHER_LINK + layer.link_type)
            return True
        layer.reason = reason
        return False

    def _count_other(self, kind: i64) -> i64:
        """Count a frame without TCP."""
        counts = self.other_counts
        if kind in counts:
            counts[kind] += 1
        elif len(counts) < MAX_OTHER_KINDS:
            counts[kind] = 1
        else:
            counts[-1] = counts.get(-1, 0) + 1
        return OTHER


def enter_header(layer: Layer, tunnel_outer: bool) -> None:
    """Read the header at which `layer` stands, whatever it is besides TCP and ICMP.

    Args:
        layer: moves behind the header, or comes to one of the ends.
        tunnel_outer: as of the Decoder.
    """
    protocol: i64 = layer.protocol
    if protocol == ETHERTYPE_IPV4:
        internet_layer.enter_ipv4(layer)
    elif protocol == ETHERTYPE_IPV6:
        internet_layer.enter_ipv6(layer)
    elif protocol == LINK:
        link_layer.enter_link(layer)
    elif protocol < IP_PROTOCOL:
        link_layer.enter_ethertype(layer)
    elif protocol == UDP:
        tunnels.enter_udp(layer, tunnel_outer)
    elif protocol == IP:
        internet_layer.enter_ip(layer)
    elif protocol == LLC:
        link_layer.enter_llc(layer)
    elif protocol == PPP:
        link_layer.enter_ppp(layer)
    elif protocol == AUTHENTICATION:
        internet_layer.enter_authentication_header(layer)
    elif protocol == ENCAPSULATING_SECURITY:
        layer.fail(ENCRYPTED)
    elif not tunnel_outer and tunnels.is_tunnel_protocol(protocol):
        tunnels.enter_protocol(layer)
    else:
        layer.set_other(protocol)


def add_fragment(layer: Layer, fragments: Fragments, frame: i64, time_ns: i64) -> bool:
    """Give the fragment at which `layer` stands to its datagram.

    Args:
        layer: stands at the datagram if this completes it; its buffer then holds both addresses
            and the datagram.
        fragments: where the datagram is put together.
        frame, time_ns: number and capture time of the fragment's frame.

    Returns:
        Whether the datagram is complete.
    """
    buffer = layer.buffer
    octets: i64 = layer.address_len
    addresses = (
        buffer[layer.source_at : layer.source_at + octets]
        + buffer[layer.destination_at : layer.destination_at + octets]
    )
    # RFC 791: identification and protocol; RFC 8200 section 4.5: without the protocol.
    protocol: i64 = layer.fragment_protocol if octets == 4 else 0
    key = (
        addresses
        + int(layer.ip_id).to_bytes(4, "big")
        + int(protocol).to_bytes(4, "big")
        + layer.tunnel
    )
    datagram = fragments.add(
        key,
        frame,
        time_ns,
        layer.fragment_at,
        layer.wire_end - layer.start,
        layer.fragment_more,
        layer.fragment_protocol,
        buffer[layer.start : layer.end],
    )
    if len(datagram) == 0:
        return False
    layer.buffer = addresses + datagram
    layer.source_at = 0
    layer.destination_at = octets
    layer.start = octets + octets
    layer.end = layer.start + fragments.captured_len
    layer.wire_end = layer.start + fragments.total_len
    layer.protocol = fragments.protocol
    return True


def _by_count(item: tuple[str, int]) -> tuple[int, str]:
    """Order of `Decoder.other_kinds`."""
    return (-item[1], item[0])


def _next_hop_mtu(version: i64, buffer: bytes, start: i64) -> i64:
    """Of "fragmentation needed" (RFC 1191 section 4) and "packet too big" (RFC 4443), else 0."""
    if version == 6:
        return read_u32(buffer, start + 4) if buffer[start] == 2 else 0
    if buffer[start] == 3 and buffer[start + 1] == 4:
        return read_u16(buffer, start + 6)
    return 0


def is_icmp_error(version: i64, kind: i64) -> bool:
    """Whether a message of this type quotes the packet that caused it.

    RFC 792: destination unreachable, source quench, redirect, time exceeded, parameter problem.
    RFC 4443: destination unreachable, packet too big, time exceeded, parameter problem.
    """
    if version == 4:
        return kind in {3, 4, 5, 11, 12}
    return kind >= 1 and kind <= 4
