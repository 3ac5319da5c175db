"""IPv4 and IPv6 headers, and the extension headers behind them.

Compiled: yes

Rules: the length in the IP header decides where a packet ends, so that neither Ethernet padding nor
a snapshot length changes how much payload a segment has; a length of 0 is unfinished offload, then
the frame's length on the wire decides. RFC 791, RFC 8200, RFC 2675 (jumbograms), RFC 4302 (AH).
"""

from typing import Final

from mypy_extensions import i64

from tcpflow_analyzer.decode.layer import (
    END_FRAGMENT,
    ETHERTYPE_IPV4,
    ETHERTYPE_IPV6,
    IP_PROTOCOL,
    Layer,
)
from tcpflow_analyzer.decode.octets import read_u16, read_u32
from tcpflow_analyzer.decode.reasons import (
    IP_HEADER_MALFORMED,
    IP_HEADER_TRUNCATED,
    NESTING_TOO_DEEP,
)
from tcpflow_analyzer.decode.segment import ABSENT

IPV4_HEADER_LEN: Final = 20
IPV6_HEADER_LEN: Final = 40

# Not in any RFC: hosts nest two or three headers; eight leave room for a capture in a tunnel.
MAX_DEPTH: Final = 8

HOP_BY_HOP: Final = 0
ROUTING: Final = 43
FRAGMENT_HEADER: Final = 44
AUTHENTICATION_HEADER: Final = 51
DESTINATION_OPTIONS: Final = 60
HOST_IDENTITY: Final = 139
SHIM6: Final = 140

ROUTING_SOURCE_ROUTE: Final = 0  # RFC 5095 deprecates it
ROUTING_MOBILE: Final = 2  # RFC 6275 section 6.4
ROUTING_SEGMENTS: Final = 4  # RFC 8754 section 2

IPV4_END_OF_LIST: Final = 0
IPV4_NO_OPERATION: Final = 1
IPV4_LOOSE_ROUTE: Final = 131
IPV4_STRICT_ROUTE: Final = 137

OPTION_PAD_1: Final = 0
OPTION_JUMBO: Final = 0xC2  # RFC 2675 section 2


def enter_ip(layer: Layer) -> None:
    """Read an IP header of the version that its first four bits name."""
    if layer.start >= layer.end:
        _cut(layer)
    elif i64(layer.buffer[layer.start]) >> 4 == 6:
        enter_ipv6(layer)
    else:
        enter_ipv4(layer)


def enter_ipv4(layer: Layer) -> None:
    """Read an IPv4 header with its options and stand at what it carries."""
    buffer = layer.buffer
    start: i64 = layer.start
    if layer.end - start < IPV4_HEADER_LEN:
        _cut(layer)
        return
    first: i64 = buffer[start]
    if first >> 4 != 4:
        # An EtherType that says 4 before a header that says 6 is read, as Wireshark does.
        if first >> 4 == 6:
            enter_ipv6(layer)
        else:
            layer.fail(IP_HEADER_MALFORMED)
        return
    header_len: i64 = (first & 15) << 2
    total_len: i64 = read_u16(buffer, start + 2)
    if total_len == 0:
        total_len = layer.wire_end - start
    if header_len < IPV4_HEADER_LEN or total_len < header_len:
        layer.fail(IP_HEADER_MALFORMED)
        return
    if layer.end - start < header_len:
        _cut(layer)
        return
    if not _count_header(layer):
        return
    layer.wire_end = start + total_len
    layer.end = min(layer.end, layer.wire_end)
    layer.address_len = 4
    layer.source_at = start + 12
    layer.destination_at = start + 16
    layer.ip_id = read_u16(buffer, start + 4)
    layer.ttl = buffer[start + 8]
    layer.start = start + header_len
    if header_len > IPV4_HEADER_LEN:
        _follow_source_route(layer, start + IPV4_HEADER_LEN)
    layer.protocol = IP_PROTOCOL + i64(buffer[start + 9])
    fragment: i64 = read_u16(buffer, start + 6)
    if fragment & 0x3FFF != 0:
        layer.fragment_at = (fragment & 0x1FFF) << 3
        layer.fragment_more = fragment & 0x2000 != 0
        layer.fragment_protocol = layer.protocol
        layer.protocol = END_FRAGMENT


def enter_ipv6(layer: Layer) -> None:
    """Read an IPv6 header with its extension headers and stand at what it carries."""
    buffer = layer.buffer
    start: i64 = layer.start
    if layer.end - start < IPV6_HEADER_LEN:
        _cut(layer)
        return
    if i64(buffer[start]) >> 4 != 6:
        if i64(buffer[start]) >> 4 == 4:
            enter_ipv4(layer)
        else:
            layer.fail(IP_HEADER_MALFORMED)
        return
    if not _count_header(layer):
        return
    payload_len: i64 = read_u16(buffer, start + 4)
    next_header: i64 = buffer[start + 6]
    layer.address_len = 16
    layer.source_at = start + 8
    layer.destination_at = start + 24
    layer.ip_id = ABSENT
    layer.ttl = buffer[start + 7]
    layer.start = start + IPV6_HEADER_LEN
    if payload_len == 0 and next_header == HOP_BY_HOP:
        payload_len = _jumbo_len(layer)
    if payload_len != 0:
        layer.wire_end = layer.start + payload_len
        layer.end = min(layer.end, layer.wire_end)
    _walk_extensions(layer, next_header)


def enter_authentication_header(layer: Layer) -> None:
    """Step over an authentication header, whose content stays readable."""
    start: i64 = layer.start
    if layer.end - start < 12:
        _cut(layer)
        return
    header_len: i64 = (i64(layer.buffer[start + 1]) + 2) << 2
    if layer.end - start < header_len:
        _cut(layer)
        return
    layer.skip(header_len, IP_PROTOCOL + i64(layer.buffer[start]))


def version_of_packet(buffer: bytes, start: i64, end: i64, wire_end: i64) -> i64:
    """Say whether an IP packet that its carrier does not announce can begin at `start`.

    Returns:
        ETHERTYPE_IPV4, ETHERTYPE_IPV6, or ABSENT where version and lengths do not fit together.
    """
    if end - start < IPV4_HEADER_LEN:
        return ABSENT
    first: i64 = buffer[start]
    if first >> 4 == 4:
        total_len: i64 = read_u16(buffer, start + 2)
        header_len: i64 = (first & 15) << 2
        if header_len < IPV4_HEADER_LEN or total_len > wire_end - start:
            return ABSENT
        return ETHERTYPE_IPV4 if total_len >= header_len or total_len == 0 else ABSENT
    if first >> 4 == 6 and end - start >= IPV6_HEADER_LEN:
        payload_len: i64 = read_u16(buffer, start + 4)
        return ETHERTYPE_IPV6 if payload_len <= wire_end - start - IPV6_HEADER_LEN else ABSENT
    return ABSENT


def _cut(layer: Layer) -> None:
    """End undecoded where a header does not fit: by the snapshot length, or by its own packet."""
    layer.fail(IP_HEADER_TRUNCATED if layer.end < layer.wire_end else IP_HEADER_MALFORMED)


def _count_header(layer: Layer) -> bool:
    """Count one more IP header; False, and the end, where they are too many."""
    layer.depth += 1
    if layer.depth > MAX_DEPTH:
        layer.fail(NESTING_TOO_DEEP)
        return False
    return True


def _walk_extensions(layer: Layer, first_header: i64) -> None:
    """Step over extension headers up to a fragment or to what the packet carries."""
    buffer = layer.buffer
    header: i64 = first_header
    while header in (
        HOP_BY_HOP,
        ROUTING,
        FRAGMENT_HEADER,
        DESTINATION_OPTIONS,
        HOST_IDENTITY,
        SHIM6,
    ):
        start: i64 = layer.start
        if layer.end - start < 8:
            _cut(layer)
            return
        following: i64 = buffer[start]
        if header == FRAGMENT_HEADER:
            fragment: i64 = read_u16(buffer, start + 2)
            layer.ip_id = read_u32(buffer, start + 4)
            layer.start = start + 8
            if fragment & 0xFFF9 != 0:
                layer.fragment_at = fragment & 0xFFF8
                layer.fragment_more = fragment & 1 != 0
                layer.fragment_protocol = IP_PROTOCOL + following
                layer.protocol = END_FRAGMENT
                return
        else:
            header_len: i64 = (i64(buffer[start + 1]) + 1) << 3
            if layer.end - start < header_len:
                _cut(layer)
                return
            if header == ROUTING:
                _follow_route(layer, header_len)
            layer.start = start + header_len
        header = following
    layer.protocol = IP_PROTOCOL + header


def _follow_source_route(layer: Layer, start: i64) -> None:
    """Take the last address of an IPv4 source route as the destination while it is under way.

    RFC 791 section 3.1: as long as the pointer is not beyond the route, the header's destination
    is only the next stop.
    """
    buffer = layer.buffer
    position: i64 = start
    while position + 1 < layer.start:
        kind: i64 = buffer[position]
        if kind == IPV4_NO_OPERATION:
            position += 1
            continue
        length: i64 = buffer[position + 1]
        if kind == IPV4_END_OF_LIST or length < 2 or position + length > layer.start:
            return
        if (kind in (IPV4_LOOSE_ROUTE, IPV4_STRICT_ROUTE)) and length >= 7:
            if i64(buffer[position + 2]) < length:
                layer.destination_at = position + length - 4
            return
        position += length


def _follow_route(layer: Layer, header_len: i64) -> None:
    """Take the last address of a routing header as the destination, as TCP's checksum does.

    RFC 8200 section 8.1: the pseudo-header holds the final destination.
    """
    buffer = layer.buffer
    start: i64 = layer.start
    kind: i64 = buffer[start + 2]
    if buffer[start + 3] == 0 or header_len < 24:
        return
    if kind in (ROUTING_SEGMENTS, ROUTING_MOBILE):
        layer.destination_at = start + 8
    elif kind == ROUTING_SOURCE_ROUTE and header_len & 15 == 8:
        layer.destination_at = start + header_len - 16


def _jumbo_len(layer: Layer) -> i64:
    """Find the jumbo payload option in the hop-by-hop header at `layer.start`; 0 if absent."""
    buffer = layer.buffer
    if layer.end - layer.start < 8:
        return 0
    options_end: i64 = layer.start + ((i64(buffer[layer.start + 1]) + 1) << 3)
    options_end = min(options_end, layer.end)
    position: i64 = layer.start + 2
    while position + 1 < options_end:
        kind: i64 = buffer[position]
        if kind == OPTION_PAD_1:
            position += 1
            continue
        if kind == OPTION_JUMBO and position + 6 <= options_end:
            return read_u32(buffer, position + 2)
        position += 2 + i64(buffer[position + 1])
    return 0
