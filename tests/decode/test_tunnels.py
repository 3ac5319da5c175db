"""Tunnels, each from a header written out, and what only looks like one."""

import struct

import pytest

from decode.frames import (
    ETHERNET,
    LINK_RAW,
    MACS,
    SEEN,
    SEEN_IPV6,
    TCP_IN_IPV4,
    TCP_IN_IPV6,
    decode,
    new_decoder,
    seen,
    tunnel_packet,
    udp,
)
from support.capture_builder import ip
from tcpflow_analyzer.decode.segment import OTHER, TCP_SEGMENT

ENDS = "192.0.2.201 192.0.2.202"
ETHERNET_IPV6 = MACS + b"\x86\xdd" + TCP_IN_IPV6
PPP4 = b"\xff\x03\x00\x21" + TCP_IN_IPV4
WIRELESS = bytes.fromhex("0801" + "0000") + bytes(20) + bytes.fromhex("aaaa030000000800")
TEREDO_ORIGIN = bytes.fromhex("0000") + bytes(6)
TEREDO_SECRET = bytes.fromhex("0001" + "0204") + b"id" + b"pass" + bytes(9)
AYIYA = bytes.fromhex("42520129") + bytes(4) + bytes(16) + bytes(20)
GTP_EXTENDED = bytes.fromhex("34ff00400000000100000085" + "01100900")


def gre(bits: int, protocol: int, optional: bytes = b"") -> bytes:
    """A GRE header with its optional fields."""
    return struct.pack("!HH", bits, protocol) + optional


# IP protocol, content of the outer packet, name of the scope without the ends.
IN_IP = {
    "ipv4": (4, TCP_IN_IPV4, "ip"),
    "ipip": (94, TCP_IN_IPV4, "ip"),
    "etherip": (97, b"\x30\x00" + ETHERNET, "etherip"),
    "mpls": (137, bytes.fromhex("00064140") + TCP_IN_IPV4, "mpls-in-ip"),
    "ethernet": (143, ETHERNET, "ethernet-in-ip"),
    "gre": (47, gre(0, 0x0800) + TCP_IN_IPV4, "gre"),
    "gre checksum": (47, gre(0x8000, 0x0800, bytes(4)) + TCP_IN_IPV4, "gre"),
    "gre key": (47, gre(0x2000, 0x0800, b"\0\0\0\7") + TCP_IN_IPV4, "gre key 7"),
    "gre all": (
        47,
        gre(0xB000, 0x0800, bytes(4) + b"\0\0\0\7" + b"\0\0\0\1") + TCP_IN_IPV4,
        "gre key 7",
    ),
    "gre routes": (
        47,
        gre(0x4000, 0x0800, bytes(4) + b"\x08\x00\x00\x04abcd" + bytes(4)) + TCP_IN_IPV4,
        "gre",
    ),
    "gre ethernet": (47, gre(0, 0x6558) + ETHERNET, "gre"),
    "gre vlan": (47, gre(0, 0x6558) + MACS + b"\x81\0\0\5\x08\0" + TCP_IN_IPV4, "gre"),
    "gre mpls": (47, gre(0, 0x8847) + bytes.fromhex("00064140") + TCP_IN_IPV4, "gre"),
    "gre ppp": (47, gre(0, 0x880B) + PPP4, "gre"),
    "gre wccp 1": (47, gre(0, 0x883E) + TCP_IN_IPV4, "gre"),
    "gre wccp 2": (47, gre(0, 0x883E) + bytes(4) + TCP_IN_IPV4, "gre"),
    "gre aruba": (47, gre(0, 0x8200) + WIRELESS + TCP_IN_IPV4, "gre"),
    "gre aruba ethernet": (47, gre(0, 0x9000) + ETHERNET, "gre"),
    "nvgre": (47, gre(0x2000, 0x6558, b"\0\0\5\x99") + ETHERNET, "nvgre vsid 5"),
    "pptp": (47, gre(0x3081, 0x880B, struct.pack("!HHII", 99, 1, 2, 3)) + PPP4, "pptp"),
    "pptp no ack": (47, gre(0x3001, 0x880B, struct.pack("!HHI", 99, 1, 2)) + PPP4, "pptp"),
    "erspan 1": (47, gre(0, 0x88BE) + ETHERNET, "erspan"),
    "erspan 2": (
        47,
        gre(0x1000, 0x88BE, bytes(4)) + bytes.fromhex("1005fc0a00000000") + ETHERNET,
        "erspan session 10",
    ),
    "erspan 3": (
        47,
        gre(0x1000, 0x22EB, bytes(4)) + bytes.fromhex("2005000a") + bytes(8) + ETHERNET,
        "erspan session 10",
    ),
    "erspan 3 platform": (
        47,
        gre(0x1000, 0x22EB, bytes(4))
        + bytes.fromhex("2005000a000000000000000100000000")
        + bytes(4)
        + ETHERNET,
        "erspan session 10",
    ),
}

# UDP port, content of the datagram, name of the scope without the ends.
IN_UDP = {
    "vxlan": (4789, struct.pack("!II", 0x0800_0000, 5 << 8) + ETHERNET, "vxlan vni 5"),
    "vxlan linux": (8472, struct.pack("!II", 0x0800_0000, 5 << 8) + ETHERNET, "vxlan vni 5"),
    "vxlan policy": (4789, struct.pack("!II", 0x8800_0007, 5 << 8) + ETHERNET, "vxlan vni 5"),
    "vxlan-gpe ip": (
        4790,
        struct.pack("!II", 0x0C00_0001, 5 << 8) + TCP_IN_IPV4,
        "vxlan-gpe vni 5",
    ),
    "vxlan-gpe eth": (4790, struct.pack("!II", 0x0C00_0003, 5 << 8) + ETHERNET, "vxlan-gpe vni 5"),
    "vxlan-gpe nsh": (
        4790,
        struct.pack("!II", 0x0C00_0004, 5 << 8)
        + bytes.fromhex("0fc20201")
        + bytes(4)
        + TCP_IN_IPV4,
        "vxlan-gpe vni 5",
    ),
    "geneve": (6081, struct.pack("!HHI", 0, 0x6558, 5 << 8) + ETHERNET, "geneve vni 5"),
    "geneve options": (
        6081,
        struct.pack("!HHI", 0x0200, 0x6558, 5 << 8) + bytes(8) + ETHERNET,
        "geneve vni 5",
    ),
    "geneve ip": (6081, struct.pack("!HHI", 0, 0x0800, 5 << 8) + TCP_IN_IPV4, "geneve vni 5"),
    "gtp": (2152, struct.pack("!BBHI", 0x30, 255, 69, 1) + TCP_IN_IPV4, "gtp"),
    "gtp sequence": (
        2152,
        struct.pack("!BBHIHBB", 0x32, 255, 73, 1, 9, 0, 0x85) + TCP_IN_IPV4,
        "gtp",
    ),
    "gtp extension": (2152, GTP_EXTENDED + TCP_IN_IPV4, "gtp"),
    "gtp 0": (3386, struct.pack("!BBHHH12x", 0x1E, 255, 69, 1, 2) + TCP_IN_IPV4, "gtp"),
    "l2tp": (1701, struct.pack("!HHH", 2, 1, 2) + PPP4, "l2tp"),
    "l2tp length": (1701, struct.pack("!HHHH", 0x4002, 8 + len(PPP4), 1, 2) + PPP4, "l2tp"),
    "l2tp all": (
        1701,
        struct.pack("!HHHHHHH2x", 0x4A02, 16 + len(PPP4), 1, 2, 3, 4, 2) + PPP4,
        "l2tp",
    ),
    "gre": (4754, gre(0x2000, 0x0800, b"\0\0\0\7") + TCP_IN_IPV4, "gre key 7"),
    "ayiya": (5072, AYIYA[:3] + b"\x04" + AYIYA[4:] + TCP_IN_IPV4, "ayiya"),
    "mpls": (6635, bytes.fromhex("00064140") + TCP_IN_IPV4, "mpls-in-ip"),
}

IN_UDP_IPV6 = {
    "teredo": (3544, TCP_IN_IPV6, "teredo"),
    "teredo origin": (3544, TEREDO_ORIGIN + TCP_IN_IPV6, "teredo"),
    "teredo both": (3544, TEREDO_SECRET + TEREDO_ORIGIN + TCP_IN_IPV6, "teredo"),
    "ayiya": (5072, AYIYA + TCP_IN_IPV6, "ayiya"),
    "gtp": (2152, struct.pack("!BBHI", 0x30, 255, 77, 1) + TCP_IN_IPV6, "gtp"),
    "vxlan": (4789, struct.pack("!II", 0x0800_0000, 5 << 8) + ETHERNET_IPV6, "vxlan vni 5"),
    "vxlan-gpe": (4790, struct.pack("!II", 0x0C00_0002, 5 << 8) + TCP_IN_IPV6, "vxlan-gpe vni 5"),
    "geneve": (6081, struct.pack("!HHI", 0, 0x86DD, 5 << 8) + TCP_IN_IPV6, "geneve vni 5"),
}


def check(packet: bytes, expected: object, scope: str) -> None:
    """The packet holds the segment within one tunnel."""
    decoder = new_decoder()
    outcome, segment = decode(packet, LINK_RAW, decoder=decoder)
    assert (outcome, seen(segment)) == (TCP_SEGMENT, expected)
    assert decoder.scope_name(segment.scope).tunnel == f"{scope} {ENDS}"


@pytest.mark.parametrize("name", IN_IP)
def test_tunnel_in_ip(name: str) -> None:
    protocol, content, scope = IN_IP[name]
    check(tunnel_packet(protocol, content), SEEN, scope)


@pytest.mark.parametrize("name", IN_UDP)
def test_tunnel_in_udp(name: str) -> None:
    port, content, scope = IN_UDP[name]
    check(tunnel_packet(17, udp(content, port)), SEEN, scope)
    # What answers from the tunnel's port is in the same tunnel.
    check(tunnel_packet(17, udp(content, 50000, port)), SEEN, scope)


@pytest.mark.parametrize("name", IN_UDP_IPV6)
def test_tunnel_in_udp_with_ipv6(name: str) -> None:
    port, content, scope = IN_UDP_IPV6[name]
    check(tunnel_packet(17, udp(content, port)), SEEN_IPV6, scope)


def test_ipv6_in_ipv4() -> None:
    check(tunnel_packet(41, TCP_IN_IPV6), SEEN_IPV6, "ip")


def test_ipv4_in_ipv6() -> None:
    decoder = new_decoder()
    outer = ip("2001:db8::c9", "2001:db8::ca", 4, TCP_IN_IPV4)
    outcome, segment = decode(outer, LINK_RAW, decoder=decoder)
    assert (outcome, seen(segment)) == (TCP_SEGMENT, SEEN)
    assert decoder.scope_name(segment.scope).tunnel == "ip 2001:db8::c9 2001:db8::ca"


def test_tunnel_in_a_tunnel_names_both() -> None:
    decoder = new_decoder()
    inner = tunnel_packet(47, gre(0x2000, 0x0800, b"\0\0\0\7") + TCP_IN_IPV4)
    port, _, _ = IN_UDP["vxlan"]
    header = struct.pack("!II", 0x0800_0000, 5 << 8)
    outer = ip("192.0.2.212", "192.0.2.211", 17, udp(header + MACS + b"\x08\0" + inner, port))
    _, segment = decode(outer, LINK_RAW, decoder=decoder)
    assert seen(segment) == SEEN
    name = decoder.scope_name(segment.scope).tunnel
    assert name == f"vxlan vni 5 192.0.2.211 192.0.2.212, gre key 7 {ENDS}"


@pytest.mark.parametrize("name", [*IN_UDP, *IN_UDP_IPV6])
def test_port_alone_makes_no_tunnel(name: str) -> None:
    port, content, _ = (IN_UDP | IN_UDP_IPV6)[name]
    for other in (b"", b"\x00", b"hello, world, this is no tunnel at all, is it", b"\xff" * 60):
        assert decode(tunnel_packet(17, udp(other, port)), LINK_RAW)[0] == OTHER
    # The same content on another port is nothing either.
    assert decode(tunnel_packet(17, udp(content, 7777)), LINK_RAW)[0] == OTHER


@pytest.mark.parametrize(
    "content",
    [
        gre(3, 0x0800) + TCP_IN_IPV4,  # a version that does not exist
        gre(0x0001, 0x880B, bytes(4)),  # PPTP acknowledgement without payload
        gre(0xB000, 0x0800),  # ends within its optional fields
        gre(0, 0x0102) + TCP_IN_IPV4,  # no EtherType
        gre(0, 0x2222) + TCP_IN_IPV4,
        b"\x00",
    ],
)
def test_gre_that_carries_nothing_readable_is_other(content: bytes) -> None:
    assert decode(tunnel_packet(47, content), LINK_RAW)[0] == OTHER


def test_inner_packet_cut_by_the_snapshot_length() -> None:
    port, content, _ = IN_UDP["vxlan"]
    frame = tunnel_packet(17, udp(content, port))
    outcome, segment = decode(frame, LINK_RAW, captured=len(frame) - 10)
    assert (outcome, seen(segment)) == (TCP_SEGMENT, SEEN)
    assert segment.truncated


def test_pptp_length_cuts_what_follows() -> None:
    header = gre(0x3001, 0x880B, struct.pack("!HHI", len(PPP4), 1, 2))
    frame = tunnel_packet(47, header + PPP4 + bytes(30))
    assert seen(decode(frame, LINK_RAW)[1]) == SEEN
