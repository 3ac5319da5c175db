"""Link layers: from the start of a frame to its EtherType, or to what stands for one.

Compiled: yes

Link types are the numbers of https://www.tcpdump.org/linktypes.html, where their headers are
described too. What a function finds goes into the `Layer`; a header that the snapshot length cut
ends the frame undecoded.
"""

from typing import Final

from mypy_extensions import i64

from tcpflow_analyzer.decode.internet_layer import version_of_packet
from tcpflow_analyzer.decode.layer import (
    END_OTHER,
    ETHERTYPE_ETHERNET,
    ETHERTYPE_IPV4,
    ETHERTYPE_IPV6,
    ETHERTYPE_MPLS,
    IP,
    LINK,
    LLC,
    OTHER_LINK,
    OTHER_LLC,
    OTHER_PPP,
    PPP,
    Layer,
)
from tcpflow_analyzer.decode.octets import (
    read_u16,
    read_u16_little,
    read_u32,
    read_u32_little,
)
from tcpflow_analyzer.decode.reasons import (
    ENCRYPTED,
    HEADER_COMPRESSED,
    LINK_FRAGMENT,
    LINK_HEADER_MALFORMED,
    LINK_HEADER_TRUNCATED,
    LINK_TYPE_UNKNOWN,
)
from tcpflow_analyzer.decode.segment import ABSENT

LINK_NULL: Final = 0
LINK_ETHERNET: Final = 1
LINK_TOKEN_RING: Final = 6
LINK_ARCNET_BSD: Final = 7
LINK_SLIP: Final = 8
LINK_PPP: Final = 9
LINK_FDDI: Final = 10
LINK_RAW_BSD: Final = 12  # DLT_RAW of most systems, written into files by some programs
LINK_RAW_OPENBSD: Final = 14  # DLT_RAW of OpenBSD, likewise
LINK_PPP_HDLC: Final = 50
LINK_PPP_ETHERNET: Final = 51
LINK_ATM_RFC1483: Final = 100
LINK_RAW: Final = 101
LINK_CISCO_HDLC: Final = 104
LINK_ATM_CLIP: Final = 106
LINK_FRAME_RELAY: Final = 107
LINK_LOOP: Final = 108
LINK_ENC: Final = 109
LINK_LINUX_COOKED: Final = 113
LINK_PFLOG: Final = 117
LINK_IP_OVER_FC: Final = 122
LINK_ARCNET_LINUX: Final = 129
LINK_APPLE_FIREWIRE: Final = 138
LINK_PKTAP_USER: Final = 149  # DLT_USER2, which macOS used before PKTAP had a number
LINK_PPP_PPPD: Final = 166
LINK_PPI: Final = 192
LINK_PPP_WITH_DIRECTION: Final = 204
LINK_CISCO_HDLC_WITH_DIRECTION: Final = 205
LINK_FRAME_RELAY_WITH_DIRECTION: Final = 206
LINK_IPV4: Final = 228
LINK_IPV6: Final = 229
LINK_NFLOG: Final = 239
LINK_NETANALYZER: Final = 240
LINK_NETANALYZER_TRANSPARENT: Final = 241
LINK_IPOIB: Final = 242
LINK_NETLINK: Final = 253
LINK_PKTAP: Final = 258
LINK_ETHERNET_MPACKET: Final = 274
LINK_LINUX_COOKED_2: Final = 276
LINK_DSA_BROADCOM: Final = 281
LINK_DSA_BROADCOM_PREPENDED: Final = 282
LINK_DSA: Final = 284
LINK_DSA_ETHERTYPE: Final = 285

ETHERNET_HEADER_LEN: Final = 14
# IEEE 802.3 clause 3.2.6: below this the field is a length and LLC follows.
ETHERTYPE_FIRST: Final = 0x0600

ETHERTYPE_VLAN: Final = 0x8100  # IEEE 802.1Q
ETHERTYPE_QINQ: Final = 0x88A8  # IEEE 802.1ad
ETHERTYPE_QINQ_OLD_1: Final = 0x9100  # not registered, as the next two; used before 802.1ad
ETHERTYPE_QINQ_OLD_2: Final = 0x9200
ETHERTYPE_QINQ_OLD_3: Final = 0x9300
ETHERTYPE_MPLS_MULTICAST: Final = 0x8848
ETHERTYPE_PPPOE: Final = 0x8864  # session stage, RFC 2516
ETHERTYPE_PPP: Final = 0x880B  # GRE of PPTP, RFC 2637
ETHERTYPE_MACSEC: Final = 0x88E5  # IEEE 802.1AE
ETHERTYPE_BACKBONE: Final = 0x88E7  # IEEE 802.1ah
ETHERTYPE_METADATA: Final = 0x8909  # Cisco MetaData
ETHERTYPE_VNTAG: Final = 0x8926  # Cisco VN-Tag
ETHERTYPE_ETAG: Final = 0x893F  # IEEE 802.1BR
ETHERTYPE_NSH: Final = 0x894F  # RFC 8300

# Address families of NULL, LOOP, ENC, PFLOG and NFLOG: IPv4 is 2 everywhere, IPv6 differs.
FAMILY_IPV4: Final = 2
FAMILY_IPV6_LINUX: Final = 10
FAMILY_IPV6_WINDOWS: Final = 23
FAMILY_IPV6_BSD: Final = 24  # NetBSD, OpenBSD
FAMILY_IPV6_SOLARIS: Final = 26
FAMILY_IPV6_FREEBSD: Final = 28
FAMILY_IPV6_DARWIN: Final = 30

PPP_IPV4: Final = 0x0021  # RFC 1332
PPP_VJ_COMPRESSED: Final = 0x002D  # RFC 1144
PPP_VJ_UNCOMPRESSED: Final = 0x002F
PPP_IPV6: Final = 0x0057  # RFC 5072
PPP_FULL_HEADER: Final = 0x0061  # RFC 2509, as are the compressed ones
PPP_COMPRESSED_TCP: Final = 0x0063
PPP_MPLS: Final = 0x0281  # RFC 3032 section 4.3
PPP_MPLS_MULTICAST: Final = 0x0283

NLPID_SNAP: Final = 0x80  # ISO/IEC TR 9577
NLPID_IPV6: Final = 0x8E
NLPID_IPV4: Final = 0xCC

ORGANISATION_ETHERTYPE: Final = 0x000000  # SNAP with an EtherType, RFC 1042
ORGANISATION_BRIDGE_TUNNEL: Final = 0x0000F8  # the same, IEEE 802.1H
ORGANISATION_802_1: Final = 0x0080C2  # bridged frames, RFC 2684

HARDWARE_NETLINK: Final = 824  # Linux include/uapi/linux/if_arp.h


def enter_link(layer: Layer) -> None:
    """Read the header of link type `layer.link_type`.

    A link type that is not known here gives LINK_TYPE_UNKNOWN; the decoder then asks its slow path.
    """
    link_type: i64 = layer.link_type
    if link_type == LINK_ETHERNET:
        enter_ethernet(layer)
    elif link_type == LINK_LINUX_COOKED:
        _enter_cooked(layer)
    elif link_type == LINK_LINUX_COOKED_2:
        _enter_cooked_2(layer)
    elif link_type in (LINK_NULL, LINK_LOOP):
        _enter_loopback(layer)
    elif link_type in (LINK_RAW, LINK_RAW_BSD, LINK_RAW_OPENBSD, LINK_IPV4, LINK_IPV6):
        layer.protocol = IP
    elif link_type in (
        LINK_PPP,
        LINK_PPP_ETHERNET,
        LINK_PPP_HDLC,
        LINK_PPP_WITH_DIRECTION,
        LINK_PPP_PPPD,
    ):
        _enter_point_to_point(layer)
    else:
        _enter_rare_link(layer)


def enter_ethernet(layer: Layer) -> None:
    """Read destination, source, and EtherType or length."""
    start: i64 = layer.start
    if layer.end - start < ETHERNET_HEADER_LEN:
        _cut(layer)
        return
    layer.start = start + ETHERNET_HEADER_LEN
    _set_ethertype(layer, read_u16(layer.buffer, start + 12))


def enter_ethertype(layer: Layer) -> None:
    """Read the header of a tag or carrier that has an EtherType; anything else ends as OTHER."""
    ethertype: i64 = layer.protocol
    if ethertype in (
        ETHERTYPE_VLAN,
        ETHERTYPE_QINQ,
        ETHERTYPE_QINQ_OLD_1,
        ETHERTYPE_QINQ_OLD_2,
        ETHERTYPE_QINQ_OLD_3,
    ):
        _enter_vlan(layer)
    elif ethertype in (ETHERTYPE_MPLS, ETHERTYPE_MPLS_MULTICAST):
        enter_mpls(layer)
    elif ethertype == ETHERTYPE_PPPOE:
        _enter_pppoe(layer)
    elif ethertype == ETHERTYPE_ETHERNET:
        enter_ethernet(layer)
    elif ethertype == ETHERTYPE_VNTAG:
        _enter_tag(layer, 6)
    elif ethertype in (ETHERTYPE_ETAG, ETHERTYPE_METADATA):
        _enter_tag(layer, 8)
    elif ethertype == ETHERTYPE_PPP:
        layer.protocol = PPP
    else:
        _enter_rare_ethertype(layer, ethertype)


def enter_llc(layer: Layer) -> None:
    """Read an LLC header, and SNAP behind it (IEEE 802.2, RFC 1042)."""
    buffer = layer.buffer
    start: i64 = layer.start
    if layer.end - start < 3:
        _cut(layer)
        return
    access_point: i64 = buffer[start]
    if access_point == 0xAA and buffer[start + 2] == 0x03:
        layer.start = start + 3
        _enter_snap(layer)
    elif access_point == 0x06 and buffer[start + 2] == 0x03:
        layer.skip(3, IP)
    elif access_point == 0xFE and buffer[start + 2] == 0x03:
        layer.start = start + 3
        _enter_network_layer_id(layer)
    else:
        layer.set_other(OTHER_LLC + access_point)


def enter_ppp(layer: Layer) -> None:
    """Read a PPP protocol number, with or without address and control (RFC 1661, RFC 1662)."""
    buffer = layer.buffer
    start: i64 = layer.start
    if layer.end - start >= 2 and buffer[start] == 0xFF and buffer[start + 1] == 0x03:
        start += 2
    if layer.end - start < 2:
        _cut(layer)
        return
    protocol: i64 = buffer[start]
    # RFC 1661 section 6.5: the first octet of a compressed number is odd, of a full one even.
    if protocol & 1 != 0:
        layer.start = start + 1
    else:
        protocol = (protocol << 8) | i64(buffer[start + 1])
        layer.start = start + 2
    if protocol == PPP_IPV4:
        layer.protocol = ETHERTYPE_IPV4
    elif protocol == PPP_IPV6:
        layer.protocol = ETHERTYPE_IPV6
    elif protocol in (PPP_MPLS, PPP_MPLS_MULTICAST):
        layer.protocol = ETHERTYPE_MPLS
    elif protocol in (PPP_VJ_COMPRESSED, PPP_VJ_UNCOMPRESSED, PPP_FULL_HEADER, PPP_COMPRESSED_TCP):
        layer.fail(HEADER_COMPRESSED)
    else:
        layer.set_other(OTHER_PPP + protocol)


def enter_mpls(layer: Layer) -> None:
    """Step over a label stack and guess what it carries, as nothing in it says so.

    RFC 4928 section 3: a first half-octet of 4 or 6 is IP, of 0 a pseudowire control word
    (RFC 4385), of 1 its associated channel. Without control word an Ethernet header is possible.
    """
    buffer = layer.buffer
    start: i64 = layer.start
    while True:
        if layer.end - start < 4:
            layer.start = start
            _cut(layer)
            return
        bottom: i64 = i64(buffer[start + 2]) & 1
        start += 4
        if bottom != 0:
            break
    layer.start = start
    version: i64 = version_of_packet(buffer, start, layer.end, layer.wire_end)
    if version != ABSENT:
        layer.protocol = version
    elif (
        layer.end - start >= 4
        and i64(buffer[start]) >> 4 == 0
        and (_is_ethernet(layer, start + 4) or not _is_ethernet(layer, start))
    ):
        layer.skip(4, ETHERTYPE_ETHERNET)
    elif _is_ethernet(layer, start):
        layer.protocol = ETHERTYPE_ETHERNET
    else:
        layer.set_other(ETHERTYPE_MPLS)


def _is_ethernet(layer: Layer, start: i64) -> bool:
    """Whether a frame with an EtherType that is followed further can begin at `start`."""
    if layer.end - start < ETHERNET_HEADER_LEN:
        return False
    ethertype: i64 = read_u16(layer.buffer, start + 12)
    if ethertype in (ETHERTYPE_IPV4, ETHERTYPE_IPV6):
        return (
            version_of_packet(layer.buffer, start + ETHERNET_HEADER_LEN, layer.end, layer.wire_end)
            == ethertype
        )
    return ethertype in (ETHERTYPE_VLAN, ETHERTYPE_QINQ, ETHERTYPE_MPLS, ETHERTYPE_PPPOE)


def _cut(layer: Layer) -> None:
    """End undecoded where a link header does not fit."""
    layer.fail(LINK_HEADER_TRUNCATED if layer.end < layer.wire_end else LINK_HEADER_MALFORMED)


def _set_ethertype(layer: Layer, ethertype: i64) -> None:
    """Go on with an EtherType; a number too small for one is the length of LLC data."""
    if ethertype >= ETHERTYPE_FIRST:
        layer.protocol = ethertype
        return
    layer.limit(layer.start + ethertype)
    # IPX without LLC begins with its checksum, always FFFF.
    if layer.end - layer.start >= 2 and read_u16(layer.buffer, layer.start) == 0xFFFF:
        layer.set_other(OTHER_LLC + 0xE0)
    else:
        layer.protocol = LLC


def _set_family(layer: Layer, family: i64) -> None:
    """Go on with the IP version of an address family."""
    if family == FAMILY_IPV4:
        layer.protocol = ETHERTYPE_IPV4
    elif family in (
        FAMILY_IPV6_LINUX,
        FAMILY_IPV6_WINDOWS,
        FAMILY_IPV6_BSD,
        FAMILY_IPV6_SOLARIS,
        FAMILY_IPV6_FREEBSD,
        FAMILY_IPV6_DARWIN,
    ):
        layer.protocol = ETHERTYPE_IPV6
    elif family >= ETHERTYPE_FIRST and family <= 0xFFFF:
        layer.protocol = family
    else:
        layer.set_other(OTHER_LINK + layer.link_type)


def _enter_vlan(layer: Layer) -> None:
    """Read a VLAN tag; the outermost id is kept."""
    start: i64 = layer.start
    if layer.end - start < 4:
        _cut(layer)
        return
    if layer.vlan == ABSENT:
        layer.vlan = read_u16(layer.buffer, start) & 0xFFF
    layer.start = start + 4
    _set_ethertype(layer, read_u16(layer.buffer, start + 2))


def _enter_tag(layer: Layer, octets: i64) -> None:
    """Step over a tag of `octets` octets whose last two are an EtherType."""
    start: i64 = layer.start
    if layer.end - start < octets:
        _cut(layer)
        return
    layer.start = start + octets
    _set_ethertype(layer, read_u16(layer.buffer, start + octets - 2))


def _enter_pppoe(layer: Layer) -> None:
    """Read a PPPoE session header, RFC 2516 section 4."""
    start: i64 = layer.start
    if layer.end - start < 6:
        _cut(layer)
        return
    if layer.buffer[start] != 0x11 or layer.buffer[start + 1] != 0:
        layer.set_other(ETHERTYPE_PPPOE)
        return
    layer.limit(start + 6 + read_u16(layer.buffer, start + 4))
    layer.skip(6, PPP)


def _enter_rare_ethertype(layer: Layer, ethertype: i64) -> None:
    """MACsec without encryption, provider backbone bridges, network service header."""
    buffer = layer.buffer
    start: i64 = layer.start
    if ethertype == ETHERTYPE_MACSEC:
        _enter_macsec(layer)
    elif ethertype == ETHERTYPE_BACKBONE:
        layer.skip(4, ETHERTYPE_ETHERNET)
    elif ethertype == ETHERTYPE_NSH:
        if layer.end - start < 8:
            _cut(layer)
            return
        following: i64 = buffer[start + 3]
        layer.start = start + ((i64(buffer[start + 1]) & 0x3F) << 2)
        # RFC 8300 section 2.2: next protocols.
        if following == 1:
            layer.protocol = ETHERTYPE_IPV4
        elif following == 2:
            layer.protocol = ETHERTYPE_IPV6
        elif following == 3:
            layer.protocol = ETHERTYPE_ETHERNET
        elif following == 5:
            layer.protocol = ETHERTYPE_MPLS
        else:
            layer.set_other(ethertype)
    else:
        layer.set_other(ethertype)


def _enter_macsec(layer: Layer) -> None:
    """Read a security tag (IEEE 802.1AE clause 9.3); only integrity leaves the frame readable."""
    start: i64 = layer.start
    if layer.end - start < 6:
        _cut(layer)
        return
    control: i64 = layer.buffer[start]
    if control & 0x0C != 0:  # encrypted, or changed text
        layer.fail(ENCRYPTED)
        return
    # The integrity check value of 16 octets ends the frame.
    layer.limit(layer.wire_end - 16)
    _enter_tag(layer, 16 if control & 0x20 != 0 else 8)


def _enter_snap(layer: Layer) -> None:
    """Read organisation and protocol of a SNAP header."""
    start: i64 = layer.start
    if layer.end - start < 5:
        _cut(layer)
        return
    organisation: i64 = read_u32(layer.buffer, start) >> 8
    protocol: i64 = read_u16(layer.buffer, start + 3)
    if organisation in (ORGANISATION_ETHERTYPE, ORGANISATION_BRIDGE_TUNNEL):
        layer.skip(5, protocol if protocol >= ETHERTYPE_FIRST else END_OTHER)
        layer.other = OTHER_LLC + 0xAA
    elif organisation == ORGANISATION_802_1 and (protocol in {1, 7}):
        # RFC 2684 section 5.2: on ATM two octets of padding stand before the frame.
        layer.skip(7 if layer.link_type == LINK_ATM_RFC1483 else 5, ETHERTYPE_ETHERNET)
    else:
        layer.set_other(OTHER_LLC + 0xAA)


def _enter_network_layer_id(layer: Layer) -> None:
    """Read a network layer protocol id, as Frame Relay and OSI's LLC have it (RFC 2427)."""
    if layer.start >= layer.end:
        _cut(layer)
        return
    protocol: i64 = layer.buffer[layer.start]
    if protocol == NLPID_IPV4:
        layer.skip(1, ETHERTYPE_IPV4)
    elif protocol == NLPID_IPV6:
        layer.skip(1, ETHERTYPE_IPV6)
    elif protocol == NLPID_SNAP:
        layer.start += 1
        _enter_snap(layer)
    else:
        layer.set_other(OTHER_LLC + 0xFE)


def _enter_cooked(layer: Layer) -> None:
    """Read the header that Linux writes for its device `any`, version 1."""
    start: i64 = layer.start
    if layer.end - start < 16:
        _cut(layer)
        return
    layer.start = start + 16
    hardware: i64 = read_u16(layer.buffer, start + 2)
    _set_cooked_protocol(layer, hardware, read_u16(layer.buffer, start + 14))


def _enter_cooked_2(layer: Layer) -> None:
    """Read the same, version 2, which names the interface."""
    start: i64 = layer.start
    if layer.end - start < 20:
        _cut(layer)
        return
    layer.start = start + 20
    layer.interface = read_u32(layer.buffer, start + 4)
    hardware: i64 = read_u16(layer.buffer, start + 8)
    _set_cooked_protocol(layer, hardware, read_u16(layer.buffer, start))


def _set_cooked_protocol(layer: Layer, hardware: i64, protocol: i64) -> None:
    """Go on with a cooked header's protocol, which is an EtherType for most hardware."""
    if hardware == HARDWARE_NETLINK:
        layer.set_other(OTHER_LINK + LINK_NETLINK)
    elif protocol >= ETHERTYPE_FIRST:
        layer.protocol = protocol
    elif protocol == 4:  # Linux ETH_P_802_2
        layer.protocol = LLC
    else:
        layer.set_other(OTHER_LINK + layer.link_type)


def _enter_loopback(layer: Layer) -> None:
    """Read the address family before packets of a loopback device, in either byte order."""
    start: i64 = layer.start
    if layer.end - start < 4:
        _cut(layer)
        return
    if layer.buffer[start] == 0xFF and layer.buffer[start + 1] == 0x03:
        layer.protocol = PPP
        return
    family: i64 = read_u32(layer.buffer, start)
    if family > 0xFFFF:
        family = read_u32_little(layer.buffer, start)
    layer.start = start + 4
    _set_family(layer, family)


def _enter_point_to_point(layer: Layer) -> None:
    """Read what stands before PPP: a direction, a PPPoE header, or Cisco's own framing."""
    start: i64 = layer.start
    if layer.end - start < 4:
        _cut(layer)
        return
    layer.protocol = PPP
    first: i64 = layer.buffer[start]
    if layer.link_type == LINK_PPP_ETHERNET:
        _enter_pppoe(layer)
    elif layer.link_type == LINK_PPP_WITH_DIRECTION:
        layer.start = start + 1
    elif layer.link_type == LINK_PPP_PPPD and layer.buffer[start + 1] == 0x03:
        # The direction replaces the address, FF.
        layer.start = start + 2
    elif (first in {15, 143}) and layer.buffer[start + 1] == 0:
        _enter_tag(layer, 4)


def _enter_rare_link(layer: Layer) -> None:
    """Read the header of a link type that few captures have."""
    link_type: i64 = layer.link_type
    if link_type == LINK_CISCO_HDLC:
        _enter_tag(layer, 4)
    elif link_type == LINK_CISCO_HDLC_WITH_DIRECTION:
        _enter_tag(layer, 5)
    elif link_type in (LINK_FRAME_RELAY, LINK_FRAME_RELAY_WITH_DIRECTION):
        _enter_frame_relay(layer)
    elif link_type in (LINK_ATM_RFC1483, LINK_ATM_CLIP):
        layer.protocol = LLC
    elif link_type == LINK_FDDI:
        _enter_skip(layer, 13, LLC)
    elif link_type == LINK_TOKEN_RING:
        _enter_token_ring(layer)
    elif link_type == LINK_SLIP:
        _enter_slip(layer)
    elif link_type in (LINK_ARCNET_LINUX, LINK_ARCNET_BSD):
        _enter_arcnet(layer)
    elif link_type == LINK_IP_OVER_FC:
        _enter_skip(layer, 16, LLC)
    elif link_type == LINK_APPLE_FIREWIRE:
        _enter_tag(layer, 18)
    elif link_type == LINK_IPOIB:
        _enter_ipoib(layer)
    else:
        _enter_wrapping_link(layer)


def _enter_wrapping_link(layer: Layer) -> None:
    """Read the header of a link type that wraps another one or says the family."""
    link_type: i64 = layer.link_type
    if link_type == LINK_ENC:
        _enter_enc(layer)
    elif link_type == LINK_PFLOG:
        _enter_pflog(layer)
    elif link_type == LINK_NFLOG:
        _enter_nflog(layer)
    elif link_type == LINK_PPI:
        _enter_ppi(layer)
    elif link_type in (LINK_PKTAP, LINK_PKTAP_USER):
        _enter_pktap(layer)
    elif link_type == LINK_NETANALYZER:
        _enter_skip(layer, 4, ETHERTYPE_ETHERNET)
    elif link_type == LINK_NETANALYZER_TRANSPARENT:
        _enter_skip(layer, 12, ETHERTYPE_ETHERNET)
    elif link_type == LINK_ETHERNET_MPACKET:
        _enter_skip(layer, 8, ETHERTYPE_ETHERNET)
    elif link_type in (LINK_DSA_BROADCOM, LINK_DSA):
        _enter_tag(layer, 18)
    elif link_type == LINK_DSA_BROADCOM_PREPENDED:
        _enter_skip(layer, 4, ETHERTYPE_ETHERNET)
    elif link_type == LINK_DSA_ETHERTYPE:
        _enter_tag(layer, 22)
    elif link_type == LINK_NETLINK:
        layer.set_other(OTHER_LINK + LINK_NETLINK)
    else:
        layer.fail(LINK_TYPE_UNKNOWN)


def _enter_skip(layer: Layer, octets: i64, protocol: i64) -> None:
    """Step over a header of which nothing is needed."""
    if layer.end - layer.start < octets:
        _cut(layer)
    else:
        layer.skip(octets, protocol)


def _enter_frame_relay(layer: Layer) -> None:
    """Read a Frame Relay header: RFC 2427, or Cisco's with an EtherType."""
    buffer = layer.buffer
    position: i64 = layer.start
    if layer.link_type == LINK_FRAME_RELAY_WITH_DIRECTION:
        position += 1
    # Q.922: an address of 2 to 4 octets, the last one odd.
    address_end: i64 = position + 4
    while position < layer.end and position < address_end and i64(buffer[position]) & 1 == 0:
        position += 1
    position += 1
    if layer.end - position < 3:
        _cut(layer)
    elif buffer[position] == 0x03:
        position += 2 if buffer[position + 1] == 0 else 1
        layer.start = position
        _enter_network_layer_id(layer)
    else:
        layer.start = position + 2
        _set_family(layer, read_u16(buffer, position))


def _enter_token_ring(layer: Layer) -> None:
    """Read an IEEE 802.5 header, with its source route."""
    start: i64 = layer.start
    if layer.end - start < 15:
        _cut(layer)
        return
    route_len: i64 = 0
    if i64(layer.buffer[start + 8]) & 0x80 != 0:
        route_len = i64(layer.buffer[start + 14]) & 0x1F
    _enter_skip(layer, 14 + route_len, LLC)


def _enter_slip(layer: Layer) -> None:
    """Read the 16 octets that BSD writes before a SLIP packet."""
    start: i64 = layer.start
    if layer.end - start < 16:
        _cut(layer)
        return
    # Type of the packet as RFC 1144 has it: the top bit means a compressed header.
    if i64(layer.buffer[start + 1]) & 0x80 != 0:
        layer.fail(HEADER_COMPRESSED)
    else:
        layer.skip(16, IP)


def _enter_arcnet(layer: Layer) -> None:
    """Read an ARCNET header: RFC 1051, or RFC 1201, which splits packets."""
    buffer = layer.buffer
    # Linux keeps two octets of offset between the addresses and the type.
    kind_at: i64 = layer.start + (4 if layer.link_type == LINK_ARCNET_LINUX else 2)
    if layer.end - kind_at < 5:
        _cut(layer)
        return
    kind: i64 = buffer[kind_at]
    layer.start = kind_at + 1
    if kind == 240:  # IP, RFC 1051
        layer.protocol = ETHERTYPE_IPV4
    elif kind in {212, 196}:  # IP and IPv6, RFC 1201
        split: i64 = buffer[kind_at + 1]
        if split == 0xFF:  # exception packet: the header once more behind padding
            layer.start = kind_at + 8
        else:
            layer.start = kind_at + 4
            if split != 0:
                layer.fail(LINK_FRAGMENT)
                return
        layer.protocol = IP
    else:
        layer.set_other(OTHER_LINK + layer.link_type)


def _enter_ipoib(layer: Layer) -> None:
    """Read the global route header of IP over InfiniBand and the EtherType behind it."""
    start: i64 = layer.start
    if layer.end - start < 44:
        _cut(layer)
        return
    layer.start = start + 44
    _set_ethertype(layer, read_u16(layer.buffer, start + 40))


def _enter_enc(layer: Layer) -> None:
    """Read what the BSDs write before a packet that IPsec has unwrapped."""
    start: i64 = layer.start
    if layer.end - start < 12:
        _cut(layer)
        return
    family: i64 = read_u32(layer.buffer, start)
    if family > 0xFFFF:
        family = read_u32_little(layer.buffer, start)
    layer.start = start + 12
    _set_family(layer, family)


def _enter_pflog(layer: Layer) -> None:
    """Read the header of OpenBSD's packet filter log; its length is its first octet."""
    start: i64 = layer.start
    if layer.end - start < 2:
        _cut(layer)
        return
    octets: i64 = (i64(layer.buffer[start]) + 3) & ~3
    if layer.end - start < octets:
        _cut(layer)
        return
    layer.start = start + octets
    _set_family(layer, i64(layer.buffer[start + 1]))


def _enter_nflog(layer: Layer) -> None:
    """Find the packet among the attributes of a Linux netfilter log message."""
    buffer = layer.buffer
    if layer.end - layer.start < 4:
        _cut(layer)
        return
    family: i64 = buffer[layer.start]
    position: i64 = layer.start + 4
    while layer.end - position >= 4:
        attribute_len: i64 = read_u16_little(buffer, position)
        if attribute_len < 4:
            layer.fail(LINK_HEADER_MALFORMED)
            return
        if read_u16_little(buffer, position + 2) & 0x7FFF == 9:  # NFULA_PAYLOAD
            layer.limit(position + attribute_len)
            layer.start = position + 4
            _set_family(layer, family)
            return
        position += (attribute_len + 3) & ~3
    layer.set_other(OTHER_LINK + LINK_NFLOG)


def _enter_ppi(layer: Layer) -> None:
    """Read a per-packet information header, which wraps another link type."""
    start: i64 = layer.start
    if layer.end - start < 8:
        _cut(layer)
        return
    octets: i64 = read_u16_little(layer.buffer, start + 2)
    _enter_wrapped(layer, octets if octets > 8 else 8, read_u32_little(layer.buffer, start + 4))


def _enter_pktap(layer: Layer) -> None:
    """Read the header of macOS's tap on all interfaces, which wraps another link type."""
    start: i64 = layer.start
    if layer.end - start < 12:
        _cut(layer)
        return
    octets: i64 = read_u32_little(layer.buffer, start)
    link_type: i64 = read_u32_little(layer.buffer, start + 8)
    if read_u32_little(layer.buffer, start + 4) == 0:
        layer.set_other(OTHER_LINK + LINK_PKTAP)
    else:
        _enter_wrapped(layer, octets if octets > 12 else 12, link_type)


def _enter_wrapped(layer: Layer, octets: i64, link_type: i64) -> None:
    """Step over a header and go on with the link type that it names."""
    if layer.end - layer.start < octets:
        _cut(layer)
    else:
        layer.link_type = link_type
        layer.skip(octets, LINK)
