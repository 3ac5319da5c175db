"""Link layers, each from a header written out."""

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
)
from tcpflow_analyzer.decode.segment import ABSENT, OTHER, TCP_SEGMENT, UNDECODED

SNAP = bytes.fromhex("aaaa03000000")
LABEL = bytes.fromhex("00064140")  # label 100, bottom of stack
UPPER_LABEL = bytes.fromhex("00064040")
PPPOE_LEN = struct.pack("!H", 2 + len(TCP_IN_IPV4))
PKTAP = struct.pack("<III", 108, 1, 1) + bytes(96)

# Link type and what stands before the packet of TCP_IN_IPV4.
HEADERS_BEFORE_IPV4 = {
    "ethernet": (1, MACS + b"\x08\x00"),
    "802.1Q": (1, MACS + bytes.fromhex("8100a0050800")),
    "802.1ad": (1, MACS + bytes.fromhex("88a80005810000060800")),
    "QinQ 9100": (1, MACS + bytes.fromhex("9100000592000006930000070800")),
    "802.1BR": (1, MACS + bytes.fromhex("893f0000000000000800")),
    "VN-Tag": (1, MACS + bytes.fromhex("8926000000008100" + "0005" + "0800")),
    "Cisco MetaData": (1, MACS + bytes.fromhex("8909010100010005" + "0800")),
    "802.3 LLC SNAP": (1, MACS + struct.pack("!H", 8 + len(TCP_IN_IPV4)) + SNAP + b"\x08\x00"),
    "802.1Q LLC SNAP": (
        1,
        MACS + b"\x81\x00\x00\x05" + struct.pack("!H", 8 + len(TCP_IN_IPV4)) + SNAP + b"\x08\x00",
    ),
    "802.3 LLC IP": (1, MACS + struct.pack("!H", 3 + len(TCP_IN_IPV4)) + b"\x06\x06\x03"),
    "802.3 LLC OSI": (1, MACS + struct.pack("!H", 4 + len(TCP_IN_IPV4)) + b"\xfe\xfe\x03\xcc"),
    "SNAP bridge tunnel": (1, MACS + struct.pack("!H", 60) + bytes.fromhex("aaaa030000f80800")),
    "MPLS": (1, MACS + b"\x88\x47" + UPPER_LABEL + LABEL),
    "MPLS multicast": (1, MACS + b"\x88\x48" + LABEL),
    "MPLS control word Ethernet": (1, MACS + b"\x88\x47" + LABEL + bytes(4) + MACS + b"\x08\x00"),
    "MPLS Ethernet": (1, MACS + b"\x88\x47" + LABEL + MACS + b"\x08\x00"),
    "MPLS Ethernet 00": (1, MACS + b"\x88\x47" + LABEL + b"\x00" + MACS[1:] + b"\x08\x00"),
    "PPPoE": (1, MACS + bytes.fromhex("886411000001") + PPPOE_LEN + b"\x00\x21"),
    "PPPoE compressed protocol": (1, MACS + bytes.fromhex("886411000001") + PPPOE_LEN + b"\x21"),
    "MACsec": (1, MACS + bytes.fromhex("88e50000000000010800")),
    "MACsec SCI": (1, MACS + bytes.fromhex("88e520000000000102000000000100010800")),
    "backbone": (1, MACS + bytes.fromhex("88e700000005") + MACS + b"\x08\x00"),
    "NSH": (1, MACS + bytes.fromhex("894f0fc20201") + bytes(4)),
    "NSH Ethernet": (1, MACS + bytes.fromhex("894f0fc60103") + bytes(20) + MACS + b"\x08\x00"),
    "NULL little": (0, b"\x02\x00\x00\x00"),
    "NULL big": (0, b"\x00\x00\x00\x02"),
    "NULL EtherType": (0, b"\x00\x00\x08\x00"),
    "NULL PPP": (0, b"\xff\x03\x00\x21"),
    "LOOP": (108, b"\x00\x00\x00\x02"),
    "raw": (101, b""),
    "raw BSD": (12, b""),
    "raw OpenBSD": (14, b""),
    "IPv4": (228, b""),
    "cooked": (113, bytes.fromhex("000000010006") + bytes(8) + b"\x08\x00"),
    "cooked LLC": (
        113,
        bytes.fromhex("000000010006") + bytes(8) + b"\x00\x04" + SNAP + b"\x08\x00",
    ),
    "cooked VLAN": (113, bytes(14) + bytes.fromhex("810000050800")),
    "cooked 2": (276, bytes.fromhex("0800000000000007000100060200000000010000")),
    "PPP": (9, b"\xff\x03\x00\x21"),
    "PPP without address": (9, b"\x00\x21"),
    "PPP compressed": (9, b"\x21"),
    "PPP MPLS": (9, b"\xff\x03\x02\x81" + LABEL),
    "PPP HDLC": (50, b"\xff\x03\x00\x21"),
    "PPP HDLC Cisco": (50, b"\x0f\x00\x08\x00"),
    "PPP Ethernet": (51, b"\x11\x00\x00\x01" + PPPOE_LEN + b"\x00\x21"),
    "PPP direction": (204, b"\x01\xff\x03\x00\x21"),
    "PPP pppd": (166, b"\x01\x03\x00\x21"),
    "Cisco HDLC": (104, b"\x0f\x00\x08\x00"),
    "Cisco HDLC direction": (205, b"\x00\x0f\x00\x08\x00"),
    "Frame Relay": (107, b"\x18\x41\x03\xcc"),
    "Frame Relay padded SNAP": (107, b"\x18\x41\x03\x00\x80\x00\x00\x00\x08\x00"),
    "Frame Relay Cisco": (107, b"\x18\x41\x08\x00"),
    "Frame Relay 4 octets": (107, b"\x18\x40\x40\x01\x03\xcc"),
    "Frame Relay direction": (206, b"\x01\x18\x41\x03\xcc"),
    "ATM RFC 1483": (100, SNAP + b"\x08\x00"),
    "ATM bridged": (100, bytes.fromhex("aaaa030080c200070000") + MACS + b"\x08\x00"),
    "ATM CLIP": (106, SNAP + b"\x08\x00"),
    "FDDI": (10, b"\x50" + MACS + SNAP + b"\x08\x00"),
    "Token Ring": (6, b"\x10\x40" + MACS + SNAP + b"\x08\x00"),
    "Token Ring routed": (
        6,
        b"\x10\x40"
        + MACS[:6]
        + b"\x82"
        + MACS[7:]
        + b"\x06\x30\x00\x11\x00\x20"
        + SNAP
        + b"\x08\x00",
    ),
    "SLIP": (8, b"\x00\x45" + bytes(14)),
    "ARCNET RFC 1051": (129, bytes.fromhex("01020000f0")),
    "ARCNET RFC 1201": (129, bytes.fromhex("01020000d4000001")),
    "ARCNET exception": (129, bytes.fromhex("01020000d4ffffffd4000001")[:12]),
    "ARCNET BSD": (7, bytes.fromhex("0102d4000001")),
    "IP over FC": (122, bytes(16) + SNAP + b"\x08\x00"),
    "IP over FireWire": (138, bytes(16) + b"\x08\x00"),
    "IP over InfiniBand": (242, bytes(40) + b"\x08\x00\x00\x00"),
    "ENC": (109, b"\x02\x00\x00\x00" + bytes(8)),
    "PFLOG": (117, b"\x3d\x02" + bytes(62)),
    "NFLOG": (
        239,
        b"\x02\x00\x00\x00"
        + struct.pack("<HH4x", 8, 1)
        + struct.pack("<HHB3x", 5, 10, 0)
        + struct.pack("<HH", 4 + len(TCP_IN_IPV4), 9),
    ),
    "PPI": (192, struct.pack("<BBHI", 0, 0, 12, 1) + bytes(4) + MACS + b"\x08\x00"),
    "PKTAP": (258, PKTAP + MACS + b"\x08\x00"),
    "PKTAP of DLT_USER2": (149, PKTAP + MACS + b"\x08\x00"),
    "netANALYZER": (240, bytes(4) + MACS + b"\x08\x00"),
    "netANALYZER transparent": (241, bytes(12) + MACS + b"\x08\x00"),
    "mPacket": (274, b"\x55" * 7 + b"\xd5" + MACS + b"\x08\x00"),
    "DSA Broadcom": (281, MACS + bytes(4) + b"\x08\x00"),
    "DSA Broadcom prepended": (282, bytes(4) + MACS + b"\x08\x00"),
    "DSA": (284, MACS + bytes(4) + b"\x08\x00"),
    "DSA EtherType": (285, MACS + b"\xda\xda\x00\x00" + bytes(4) + b"\x08\x00"),
}


@pytest.mark.parametrize("name", HEADERS_BEFORE_IPV4)
def test_packet_is_found_behind(name: str) -> None:
    link_type, header = HEADERS_BEFORE_IPV4[name]
    outcome, segment = decode(header + TCP_IN_IPV4, link_type)
    assert outcome == TCP_SEGMENT, segment.reason
    assert seen(segment) == SEEN


@pytest.mark.parametrize("name", HEADERS_BEFORE_IPV4)
def test_every_cut_in_the_header_is_undecoded(name: str) -> None:
    link_type, header = HEADERS_BEFORE_IPV4[name]
    frame = header + TCP_IN_IPV4
    for captured in range(len(header) + 40):
        outcome, segment = decode(frame, link_type, captured=captured)
        assert outcome in (UNDECODED, OTHER)
        if outcome == UNDECODED:
            assert segment.reason.endswith("-truncated")


IPV6_LINKS = [
    *((0, struct.pack("<I", family)) for family in (10, 23, 24, 26, 28, 30)),
    *((108, struct.pack(">I", family)) for family in (10, 23, 24, 26, 28, 30)),
    (9, b"\xff\x03\x00\x57"),
    (1, MACS + b"\x86\xdd"),
    (113, bytes(14) + b"\x86\xdd"),
    (107, b"\x18\x41\x03\x8e"),
    (129, bytes.fromhex("01020000c4000001")),
    (1, MACS + bytes.fromhex("894f0fc20202") + bytes(4)),
    (229, b""),
    (101, b""),
]


@pytest.mark.parametrize(("link_type", "header"), IPV6_LINKS)
def test_ipv6_is_found_behind(link_type: int, header: bytes) -> None:
    outcome, segment = decode(header + TCP_IN_IPV6, link_type)
    assert (outcome, seen(segment)) == (TCP_SEGMENT, SEEN_IPV6)


def test_outermost_vlan_is_kept_and_absent_without_tag() -> None:
    inner_tag = bytes.fromhex("88a8a0058100000608 00".replace(" ", ""))
    assert decode(MACS + inner_tag + TCP_IN_IPV4)[1].vlan == 5
    decoder = new_decoder()
    decode(MACS + inner_tag + TCP_IN_IPV4, decoder=decoder)
    assert decode(ETHERNET, decoder=decoder)[1].vlan == ABSENT
    assert decode(TCP_IN_IPV4, LINK_RAW, decoder=decoder)[1].vlan == ABSENT


def test_cooked_2_interface_separates_link_local_addresses() -> None:
    decoder = new_decoder()
    local = b"\xfe\x80" + TCP_IN_IPV6[10:24] + b"\xfe\x80" + TCP_IN_IPV6[26:40]
    packet = TCP_IN_IPV6[:8] + local + TCP_IN_IPV6[40:]
    header = bytes.fromhex("86dd000000000007000100060200000000010000")
    _, segment = decode(header + packet, 276, decoder=decoder)
    assert decoder.scope_name(segment.scope).device == 7


LLC_LENGTH_CUTS_PADDING = MACS + struct.pack("!H", 8 + len(TCP_IN_IPV4)) + SNAP + b"\x08\x00"


def test_length_of_802_3_cuts_padding() -> None:
    # With the IP length of unfinished offload only the frame's own length says where it ends.
    packet = TCP_IN_IPV4[:2] + b"\x00\x00" + TCP_IN_IPV4[4:]
    _, segment = decode(LLC_LENGTH_CUTS_PADDING + packet + bytes(9))
    assert seen(segment) == SEEN


@pytest.mark.parametrize(
    ("link_type", "frame", "name"),
    [
        (1, MACS + b"\x08\x06" + bytes(28), "ARP"),
        (1, MACS + b"\x88\xcc" + bytes(28), "LLDP"),
        (1, MACS + b"\x88\x63" + bytes(28), "PPPoE discovery"),
        (1, MACS + b"\x88\x64\x11\x09" + bytes(28), "PPPoE"),
        (1, MACS + b"\x00\x26\x42\x42\x03" + bytes(35), "spanning tree"),
        (1, MACS + b"\x00\x1e\xff\xff" + bytes(28), "IPX"),
        (1, MACS + b"\x00\x20" + bytes.fromhex("aaaa0300000c2000") + bytes(24), "SNAP"),
        (1, MACS + b"\x88\x47" + LABEL + b"\x10" + bytes(30), "MPLS"),
        (1, MACS + bytes.fromhex("894f0fc20204") + bytes(20), "EtherType 0x894f"),
        (9, b"\xff\x03\xc0\x21" + bytes(10), "PPP protocol 0xc021"),
        (0, b"\x07\x00\x00\x00" + bytes(20), "link type 0"),
        (107, b"\x18\x41\x03\x81" + bytes(20), "OSI"),
        (113, bytes.fromhex("00000338") + bytes(10) + b"\x08\x00" + TCP_IN_IPV4, "link type 253"),
        (113, bytes(14) + b"\x00\x0c" + bytes(20), "link type 113"),
        (129, bytes.fromhex("01020000d5000001") + bytes(20), "link type 129"),
        (239, b"\x02\x00\x00\x00" + struct.pack("<HH4x", 8, 1), "link type 239"),
        (253, bytes(40), "link type 253"),
        (258, struct.pack("<III", 108, 0, 1) + bytes(96), "link type 258"),
    ],
)
def test_readable_frame_without_packet_is_other(link_type: int, frame: bytes, name: str) -> None:
    decoder = new_decoder()
    assert decode(frame, link_type, decoder=decoder)[0] == OTHER
    assert decoder.other_kinds() == {name: 1}


@pytest.mark.parametrize(
    ("link_type", "frame", "reason"),
    [
        (1, MACS + bytes.fromhex("88e50c00000000010800") + TCP_IN_IPV4, "encrypted"),
        (9, b"\xff\x03\x00\x2d" + bytes(20), "header-compressed"),
        (9, b"\xff\x03\x00\x2f" + TCP_IN_IPV4, "header-compressed"),
        (8, b"\x00\x80" + bytes(30), "header-compressed"),
        (129, bytes.fromhex("01020000d4010001") + bytes(30), "link-fragment"),
        (1, MACS[:10], "link-header-malformed"),
        (1, MACS + b"\x81\x00\x00", "link-header-malformed"),
        (1, MACS + b"\x88\x47" + UPPER_LABEL, "link-header-malformed"),
        (239, b"\x02\x00\x00\x00\x03\x00\x01\x00", "link-header-malformed"),
        (192, struct.pack("<BBHI", 0, 0, 8, 40000) + ETHERNET, "link-type-unknown"),
    ],
)
def test_frame_that_cannot_be_read(link_type: int, frame: bytes, reason: str) -> None:
    outcome, segment = decode(frame, link_type)
    assert (outcome, segment.reason) == (UNDECODED, reason)
