"""Tunnels: IP, Ethernet or PPP inside IP, GRE or UDP.

Compiled: yes

Rules: a UDP port alone never makes a tunnel, what is inside has to fit too; the tunnels around a
packet are written down in `Layer.tunnel`, both directions alike, because they belong to the key of
a connection. Identifiers that each direction chooses for itself (GTP-U, L2TP, PPTP) are left out.
"""

from typing import Final

from mypy_extensions import i64

from tcpflow_analyzer.decode.internet_layer import version_of_packet
from tcpflow_analyzer.decode.layer import (
    ETHERTYPE_ETHERNET,
    ETHERTYPE_IPV4,
    ETHERTYPE_IPV6,
    ETHERTYPE_MPLS,
    IP,
    IP_PROTOCOL,
    LINK,
    OTHER_QUIC_PORT,
    OTHER_UDP_PORT,
    PPP,
    UDP,
    Layer,
)
from tcpflow_analyzer.decode.link_layer import ETHERTYPE_FIRST, ETHERTYPE_NSH, ETHERTYPE_PPP
from tcpflow_analyzer.decode.octets import read_u16, read_u32
from tcpflow_analyzer.decode.segment import ABSENT

PROTOCOL_IPV4: Final = 4  # RFC 2003
PROTOCOL_IPV6: Final = 41  # RFC 4213
PROTOCOL_GRE: Final = 47  # RFC 2784, RFC 2890
PROTOCOL_IPIP: Final = 94
PROTOCOL_ETHERIP: Final = 97  # RFC 3378
PROTOCOL_MPLS: Final = 137  # RFC 4023
PROTOCOL_ETHERNET: Final = 143  # RFC 8986

PORT_L2TP: Final = 1701  # RFC 2661
PORT_GTP_USER: Final = 2152  # 3GPP TS 29.281
PORT_GTP_0: Final = 3386  # 3GPP TS 09.60
PORT_TEREDO: Final = 3544  # RFC 4380
PORT_GRE: Final = 4754  # RFC 8086
PORT_VXLAN: Final = 4789  # RFC 7348
PORT_VXLAN_GPE: Final = 4790  # draft-ietf-nvo3-vxlan-gpe
PORT_AYIYA: Final = 5072  # draft-massar-v6ops-ayiya
PORT_GENEVE: Final = 6081  # RFC 8926
PORT_MPLS: Final = 6635  # RFC 7510
PORT_VXLAN_LINUX: Final = 8472  # Linux drivers/net/vxlan: default before the port had a number

# What `Layer.tunnel` records as the kind of a tunnel; an index into KIND_NAMES.
KIND_IP: Final = 0
KIND_GRE: Final = 1
KIND_ERSPAN: Final = 2
KIND_VXLAN: Final = 3
KIND_VXLAN_GPE: Final = 4
KIND_GENEVE: Final = 5
KIND_GTP: Final = 6
KIND_TEREDO: Final = 7
KIND_AYIYA: Final = 8
KIND_L2TP: Final = 9
KIND_PPTP: Final = 10
KIND_ETHERIP: Final = 11
KIND_MPLS: Final = 12
KIND_NVGRE: Final = 13
KIND_ETHERNET: Final = 14

KIND_NAMES: Final = (
    ("ip", ""),
    ("gre", "key"),
    ("erspan", "session"),
    ("vxlan", "vni"),
    ("vxlan-gpe", "vni"),
    ("geneve", "vni"),
    ("gtp", ""),
    ("teredo", ""),
    ("ayiya", ""),
    ("l2tp", ""),
    ("pptp", ""),
    ("etherip", ""),
    ("mpls-in-ip", ""),
    ("nvgre", "vsid"),
    ("ethernet-in-ip", ""),
)
NO_IDENTIFIER: Final = 0xFFFF_FFFF
RECORD_HEAD_LEN: Final = 6  # kind, length of an address, identifier

GRE_CHECKSUM: Final = 0x8000  # RFC 2784
GRE_ROUTING: Final = 0x4000  # RFC 1701
GRE_KEY: Final = 0x2000  # RFC 2890
GRE_SEQUENCE: Final = 0x1000
GRE_ACKNOWLEDGEMENT: Final = 0x0080  # RFC 2637
GRE_ERSPAN: Final = 0x88BE  # draft-foschiano-erspan, types I and II
GRE_ERSPAN_3: Final = 0x22EB
GRE_WCCP: Final = 0x883E
GRE_ARUBA_FIRST: Final = 0x8200  # not registered: Aruba access points carry 802.11 frames
GRE_ARUBA_LAST: Final = 0x83FF
GRE_ARUBA_ETHERNET: Final = 0x9000
LINK_IEEE_802_11: Final = 105


def enter_tunnel(layer: Layer, kind: i64, identifier: i64) -> None:
    """Write down a tunnel between the ends of the last IP header.

    Args:
        layer: where decoding stands, in the payload of that header.
        kind: one of KIND_*.
        identifier: 32 bits that tell tunnels between the same ends apart, or NO_IDENTIFIER.
    """
    octets: i64 = layer.address_len
    source = layer.buffer[layer.source_at : layer.source_at + octets]
    destination = layer.buffer[layer.destination_at : layer.destination_at + octets]
    ends = source + destination if source < destination else destination + source
    head: i64 = (kind << 40) | (octets << 32) | identifier
    if head != layer.tunnel_head:
        layer.tunnel_head = head
        layer.tunnel_head_octets = int(head).to_bytes(RECORD_HEAD_LEN, "big")
    layer.tunnel = layer.tunnel + layer.tunnel_head_octets + ends


def is_tunnel_protocol(protocol: i64) -> bool:
    """Whether `protocol`, as in `Layer.protocol`, is an IP protocol that `enter_protocol` reads."""
    number: i64 = protocol - IP_PROTOCOL
    return number in (
        PROTOCOL_GRE,
        PROTOCOL_IPV4,
        PROTOCOL_IPV6,
        PROTOCOL_IPIP,
        PROTOCOL_ETHERIP,
        PROTOCOL_MPLS,
        PROTOCOL_ETHERNET,
    )


def enter_protocol(layer: Layer) -> None:
    """Read a tunnel that has an IP protocol number of its own."""
    number: i64 = layer.protocol - IP_PROTOCOL
    if number == PROTOCOL_GRE:
        enter_gre(layer)
    elif number in (PROTOCOL_IPV4, PROTOCOL_IPIP):
        enter_tunnel(layer, KIND_IP, NO_IDENTIFIER)
        layer.protocol = ETHERTYPE_IPV4
    elif number == PROTOCOL_IPV6:
        enter_tunnel(layer, KIND_IP, NO_IDENTIFIER)
        layer.protocol = ETHERTYPE_IPV6
    elif number == PROTOCOL_ETHERIP:
        enter_tunnel(layer, KIND_ETHERIP, NO_IDENTIFIER)
        layer.skip(2, ETHERTYPE_ETHERNET)
    elif number == PROTOCOL_MPLS:
        enter_tunnel(layer, KIND_MPLS, NO_IDENTIFIER)
        layer.protocol = ETHERTYPE_MPLS
    else:
        enter_tunnel(layer, KIND_ETHERNET, NO_IDENTIFIER)
        layer.protocol = ETHERTYPE_ETHERNET


def enter_gre(layer: Layer) -> None:
    """Read a GRE header of version 0 or 1 (PPTP)."""
    buffer = layer.buffer
    start: i64 = layer.start
    carrier: i64 = layer.protocol
    if layer.end - start < 4:
        layer.set_other(carrier)
        return
    bits: i64 = read_u16(buffer, start)
    protocol: i64 = read_u16(buffer, start + 2)
    if bits & 7 == 1:
        _enter_pptp(layer, bits)
        return
    position: i64 = start + 4
    if bits & (GRE_CHECKSUM | GRE_ROUTING) != 0:
        position += 4
    identifier: i64 = NO_IDENTIFIER
    if bits & GRE_KEY != 0 and layer.end - position >= 4:
        identifier = read_u32(buffer, position)
        position += 4
    if bits & GRE_SEQUENCE != 0:
        position += 4
    if bits & GRE_ROUTING != 0:
        position = _skip_routes(buffer, position, layer.end)
    if bits & 7 != 0 or position > layer.end:
        layer.set_other(carrier)
        return
    layer.start = position
    if protocol in (GRE_ERSPAN, GRE_ERSPAN_3):
        _enter_erspan(layer, protocol, bits & GRE_SEQUENCE != 0)
    else:
        _set_gre_protocol(layer, protocol, identifier, carrier)


def enter_udp(layer: Layer, outer: bool) -> None:
    """Read a UDP header; go on if a tunnel is inside and `outer` is not asked for."""
    buffer = layer.buffer
    start: i64 = layer.start
    if layer.end - start < 8:
        layer.set_other(UDP)
        return
    source: i64 = read_u16(buffer, start)
    destination: i64 = read_u16(buffer, start + 2)
    udp_len: i64 = read_u16(buffer, start + 4)
    if udp_len >= 8:
        layer.limit(start + udp_len)
    layer.start = start + 8
    if not outer:
        if _enter_udp_tunnel(layer, destination):
            return
        if _enter_udp_tunnel(layer, source):
            return
    port: i64 = destination if destination < source else source
    if _looks_like_quic(layer, port):
        layer.set_other(OTHER_QUIC_PORT + port)
    else:
        layer.set_other(OTHER_UDP_PORT + port)


def _looks_like_quic(layer: Layer, port: i64) -> bool:
    """Whether the fixed bit of RFC 9000 section 17 is set on a port where QUIC is usual."""
    if layer.start >= layer.end or (port not in {443, 80, 8443, 853}):
        return False
    return i64(layer.buffer[layer.start]) & 0x40 != 0


def _enter_udp_tunnel(layer: Layer, port: i64) -> bool:
    """Go on behind the header of the tunnel that `port` stands for, if there is one."""
    if port in (PORT_VXLAN, PORT_VXLAN_LINUX):
        return _enter_vxlan(layer)
    if port == PORT_GENEVE:
        return _enter_geneve(layer)
    if port == PORT_GTP_USER:
        return _enter_gtp(layer)
    if port == PORT_L2TP:
        return _enter_l2tp(layer)
    if port == PORT_TEREDO:
        return _enter_teredo(layer)
    if port == PORT_VXLAN_GPE:
        return _enter_vxlan_gpe(layer)
    if port == PORT_GRE:
        return _enter_gre_in_udp(layer)
    if port == PORT_AYIYA:
        return _enter_ayiya(layer)
    if port == PORT_GTP_0:
        return _enter_gtp_0(layer)
    if port == PORT_MPLS:
        return _enter_mpls_in_udp(layer)
    return False


def _set_gre_protocol(layer: Layer, protocol: i64, identifier: i64, carrier: i64) -> None:
    """Go on with what a GRE header says that it carries."""
    following: i64 = protocol
    kind: i64 = KIND_GRE
    if protocol == ETHERTYPE_ETHERNET and identifier != NO_IDENTIFIER:
        # RFC 7637 section 3.2: the low octet of NVGRE's key is a flow id, not the subnet.
        kind = KIND_NVGRE
        identifier = identifier >> 8
    elif protocol == ETHERTYPE_PPP:
        following = PPP
    elif protocol == GRE_WCCP:
        # WCCP version 2 puts four octets before the packet, version 1 none.
        if version_of_packet(layer.buffer, layer.start, layer.end, layer.wire_end) == ABSENT:
            layer.start += 4
        following = IP
    elif protocol >= GRE_ARUBA_FIRST and protocol <= GRE_ARUBA_LAST:
        layer.link_type = LINK_IEEE_802_11
        following = LINK
    elif protocol == GRE_ARUBA_ETHERNET:
        following = ETHERTYPE_ETHERNET
    elif protocol < ETHERTYPE_FIRST:
        layer.set_other(carrier)
        return
    enter_tunnel(layer, kind, identifier)
    layer.protocol = following


def _skip_routes(buffer: bytes, start: i64, end: i64) -> i64:
    """Step over the source routes of RFC 1701; a route of length 0 is the last one."""
    position: i64 = start
    while end - position >= 4:
        route_len: i64 = buffer[position + 3]
        position += 4 + route_len
        if route_len == 0:
            break
    return position


def _enter_pptp(layer: Layer, bits: i64) -> None:
    """Read the rest of a GRE header of version 1 (RFC 2637 section 4.1)."""
    octets: i64 = 8
    if bits & GRE_SEQUENCE != 0:
        octets += 4
    if bits & GRE_ACKNOWLEDGEMENT != 0:
        octets += 4
    if bits & GRE_SEQUENCE == 0 or layer.end - layer.start < octets:
        # Without a sequence number there is no payload, only an acknowledgement.
        layer.set_other(layer.protocol)
        return
    payload_len: i64 = read_u16(layer.buffer, layer.start + 4)
    enter_tunnel(layer, KIND_PPTP, NO_IDENTIFIER)
    layer.limit(layer.start + octets + payload_len)
    layer.skip(octets, PPP)


def _enter_erspan(layer: Layer, protocol: i64, has_sequence: bool) -> None:
    """Read an ERSPAN header; type I has none and no GRE sequence number either."""
    start: i64 = layer.start
    if protocol == GRE_ERSPAN and not has_sequence:
        enter_tunnel(layer, KIND_ERSPAN, NO_IDENTIFIER)
        layer.protocol = ETHERTYPE_ETHERNET
        return
    if layer.end - start < 12:
        layer.set_other(protocol)
        return
    version: i64 = i64(layer.buffer[start]) >> 4
    session: i64 = read_u16(layer.buffer, start + 2) & 0x3FF
    octets: i64 = 8
    if version == 2:
        # The last bit says that a platform specific part of 8 octets follows.
        octets = 20 if i64(layer.buffer[start + 11]) & 1 != 0 else 12
    enter_tunnel(layer, KIND_ERSPAN, session)
    layer.skip(octets, ETHERTYPE_ETHERNET)


def _is_ethernet(layer: Layer, start: i64) -> bool:
    """Whether a frame may begin at `start`: an EtherType, or a length that fits."""
    if layer.end - start < 14:
        return False
    ethertype: i64 = read_u16(layer.buffer, start + 12)
    if ethertype in (ETHERTYPE_IPV4, ETHERTYPE_IPV6):
        version: i64 = version_of_packet(layer.buffer, start + 14, layer.end, layer.wire_end)
        return version == ethertype or layer.end < layer.wire_end
    return ethertype >= ETHERTYPE_FIRST or ethertype <= layer.wire_end - start - 14


def _enter_vxlan(layer: Layer) -> bool:
    """Read a VXLAN header, RFC 7348 section 5."""
    start: i64 = layer.start
    # The flag that the VNI is valid has to be set, the last octet to be 0.
    if (
        layer.end - start < 8
        or i64(layer.buffer[start]) & 0x08 == 0
        or layer.buffer[start + 7] != 0
        or not _is_ethernet(layer, start + 8)
    ):
        return False
    enter_tunnel(layer, KIND_VXLAN, read_u32(layer.buffer, start + 4) >> 8)
    layer.skip(8, ETHERTYPE_ETHERNET)
    return True


def _enter_vxlan_gpe(layer: Layer) -> bool:
    """Read the header of VXLAN's generic protocol extension."""
    start: i64 = layer.start
    if layer.end - start < 8 or i64(layer.buffer[start]) & 0xCC != 0x0C:
        return False
    following: i64 = layer.buffer[start + 3]
    protocol: i64 = 0
    if following == 1:
        protocol = ETHERTYPE_IPV4
    elif following == 2:
        protocol = ETHERTYPE_IPV6
    elif following == 3:
        protocol = ETHERTYPE_ETHERNET
    elif following == 4:
        protocol = ETHERTYPE_NSH
    else:
        return False
    enter_tunnel(layer, KIND_VXLAN_GPE, read_u32(layer.buffer, start + 4) >> 8)
    layer.skip(8, protocol)
    return True


def _enter_geneve(layer: Layer) -> bool:
    """Read a Geneve header with its options, RFC 8926 section 3.4."""
    start: i64 = layer.start
    if layer.end - start < 8 or i64(layer.buffer[start]) >> 6 != 0:
        return False
    inner: i64 = start + 8 + ((i64(layer.buffer[start]) & 0x3F) << 2)
    protocol: i64 = read_u16(layer.buffer, start + 2)
    if protocol == ETHERTYPE_ETHERNET:
        if not _is_ethernet(layer, inner):
            return False
    elif protocol not in (ETHERTYPE_IPV4, ETHERTYPE_IPV6) or layer.end - inner < 1:
        return False
    enter_tunnel(layer, KIND_GENEVE, read_u32(layer.buffer, start + 4) >> 8)
    layer.start = inner
    layer.protocol = protocol
    return True


def _enter_gtp(layer: Layer) -> bool:
    """Read a GTP-U header of version 1 with its extension headers, 3GPP TS 29.281 section 5."""
    buffer = layer.buffer
    start: i64 = layer.start
    # Version 1, protocol type GTP, message type G-PDU.
    if layer.end - start < 8 or i64(buffer[start]) >> 4 != 3 or buffer[start + 1] != 0xFF:
        return False
    inner: i64 = start + 8
    if i64(buffer[start]) & 7 != 0:
        inner += 4
        if inner > layer.end:
            return False
        following: i64 = buffer[inner - 1]
        if i64(buffer[start]) & 4 == 0:
            following = 0
        while following != 0:
            if inner >= layer.end:
                return False
            octets: i64 = i64(buffer[inner]) << 2
            if octets == 0 or inner + octets > layer.end:
                return False
            inner += octets
            following = buffer[inner - 1]
    return _enter_inner_ip(layer, inner, KIND_GTP)


def _enter_gtp_0(layer: Layer) -> bool:
    """Read a GTP header of version 0, which has 20 octets (3GPP TS 09.60 section 6)."""
    start: i64 = layer.start
    if (
        layer.end - start < 20
        or i64(layer.buffer[start]) >> 4 != 1
        or layer.buffer[start + 1] != 0xFF
    ):
        return False
    return _enter_inner_ip(layer, start + 20, KIND_GTP)


def _enter_inner_ip(layer: Layer, inner: i64, kind: i64) -> bool:
    """Go on at `inner` if an IP packet fits there."""
    version: i64 = version_of_packet(layer.buffer, inner, layer.end, layer.wire_end)
    if version == ABSENT:
        return False
    enter_tunnel(layer, kind, NO_IDENTIFIER)
    layer.start = inner
    layer.protocol = version
    return True


def _enter_l2tp(layer: Layer) -> bool:
    """Read an L2TP data message of version 2, RFC 2661 section 3.1."""
    buffer = layer.buffer
    start: i64 = layer.start
    if layer.end - start < 6:
        return False
    bits: i64 = read_u16(buffer, start)
    if bits & 0x800F != 0x0002:  # a control message, or another version
        return False
    inner: i64 = start + 6
    if bits & 0x4000 != 0:  # a length field
        inner += 2
    if bits & 0x0800 != 0:  # sequence numbers
        inner += 4
    if bits & 0x0200 != 0:  # an offset
        if layer.end - inner < 2:
            return False
        inner += 2 + read_u16(buffer, inner)
    if layer.end - inner < 2:
        return False
    if bits & 0x4000 != 0:
        layer.limit(start + read_u16(buffer, start + 2))
    enter_tunnel(layer, KIND_L2TP, NO_IDENTIFIER)
    layer.start = inner
    layer.protocol = PPP
    return True


def _enter_teredo(layer: Layer) -> bool:
    """Step over Teredo's authentication and origin indication, RFC 4380 section 5.1.1."""
    buffer = layer.buffer
    inner: i64 = layer.start
    if layer.end - inner >= 13 and read_u16(buffer, inner) == 1:
        # Client identifier, authentication value, then nonce and confirmation of 9 octets.
        inner += 13 + i64(buffer[inner + 2]) + i64(buffer[inner + 3])
    if layer.end - inner >= 8 and read_u16(buffer, inner) == 0:
        inner += 8
    if version_of_packet(buffer, inner, layer.end, layer.wire_end) != ETHERTYPE_IPV6:
        return False
    return _enter_inner_ip(layer, inner, KIND_TEREDO)


def _enter_gre_in_udp(layer: Layer) -> bool:
    """Read a GRE header behind a UDP header, RFC 8086, if its reserved bits are 0."""
    if layer.end - layer.start < 4 or read_u16(layer.buffer, layer.start) & 0x4FFF != 0:
        return False
    enter_gre(layer)
    return True


def _enter_ayiya(layer: Layer) -> bool:
    """Read an AYIYA header: 8 octets, an identity of a power of two, a signature."""
    buffer = layer.buffer
    start: i64 = layer.start
    if layer.end - start < 8:
        return False
    identity_len: i64 = 1
    identity_len = identity_len << (i64(buffer[start]) >> 4)
    signature_len: i64 = (i64(buffer[start + 1]) >> 4) << 2
    return _enter_inner_ip(layer, start + 8 + identity_len + signature_len, KIND_AYIYA)


def _enter_mpls_in_udp(layer: Layer) -> bool:
    """Go on with a label stack behind a UDP header."""
    if layer.end - layer.start < 8:
        return False
    enter_tunnel(layer, KIND_MPLS, NO_IDENTIFIER)
    layer.protocol = ETHERTYPE_MPLS
    return True
