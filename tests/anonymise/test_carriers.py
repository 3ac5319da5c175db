"""Tunnels: every layer's addresses are replaced, and what carries them is read as before."""

import struct

import pytest

from decode.frames import LINK_RAW, MACS, TCP_IN_IPV4, TCP_IN_IPV6, tunnel_packet, udp
from decode.test_tunnels import IN_IP, IN_UDP, IN_UDP_IPV6, gre
from support.anonymity import SECRET, assert_tells_the_same
from support.capture_builder import checksum

OUTER = bytes([192, 0, 2, 201]), bytes([192, 0, 2, 202])
ORIGINALS = (*OUTER, MACS[:6], MACS[6:], TCP_IN_IPV4[12:16], TCP_IN_IPV4[16:20])
CASES = {
    **{f"{name} in IP": (protocol, content) for name, (protocol, content, _) in IN_IP.items()},
    **{
        f"{name} in UDP": (17, udp(content, port))
        for name, (port, content, _) in [*IN_UDP.items(), *IN_UDP_IPV6.items()]
    },
    "IPv6 in IPv4": (41, TCP_IN_IPV6),
}


@pytest.mark.parametrize("name", CASES)
def test_tunnel_is_read_as_before(name: str) -> None:
    protocol, content = CASES[name]
    out = assert_tells_the_same(tunnel_packet(protocol, content), LINK_RAW)
    assert [each for each in ORIGINALS if each in out] == []
    assert checksum(out[:20]) == 0


TALKATIVE = {
    "GRE routes": (47, gre(0x4000, 0x0800, bytes(4) + b"\x08\x00\x00\x06" + SECRET + bytes(4))),
    "Geneve options": (
        17,
        struct.pack("!HHI", 0x0300, 0x0800, 5 << 8) + b"\x01\x02\x03\x02" + SECRET + b"it",
    ),
    "GTP extension": (
        17,
        bytes.fromhex("34ff00480000000100000085") + b"\x02" + SECRET + b"\x00",
    ),
    "GTP 0": (17, struct.pack("!BBHHHI", 0x1E, 255, 69, 1, 2, 3) + SECRET + b"it"),
}
PORTS = {"Geneve options": 6081, "GTP extension": 2152, "GTP 0": 3386}


@pytest.mark.parametrize("name", TALKATIVE)
def test_what_tells_of_subscribers_and_routes_is_left_out(name: str) -> None:
    protocol, header = TALKATIVE[name]
    content = header + TCP_IN_IPV4
    if protocol == 17:
        content = udp(content, PORTS[name])
    out = assert_tells_the_same(tunnel_packet(protocol, content), LINK_RAW)
    assert SECRET not in out


def test_teredo_and_ayiya_keep_no_identity() -> None:
    teredo = bytes.fromhex("0001" + "0206") + b"id" + SECRET + SECRET + bytes(3)
    origin = bytes(2) + b"\x12\x34" + bytes(octet ^ 0xFF for octet in OUTER[0])
    out = assert_tells_the_same(
        tunnel_packet(17, udp(teredo + origin + TCP_IN_IPV6, 3544)), LINK_RAW
    )
    assert SECRET not in out
    at = 28 + len(teredo) + 4
    assert bytes(octet ^ 0xFF for octet in out[at : at + 4]) == out[12:16]
    ayiya = bytes.fromhex("42520129") + bytes(4) + b"SecretSecretSecr" + SECRET * 3 + b"it"
    out = assert_tells_the_same(tunnel_packet(17, udp(ayiya + TCP_IN_IPV6, 5072)), LINK_RAW)
    assert SECRET not in out


def test_checksum_of_gre_stays_right() -> None:
    head = gre(0x8000, 0x0800)
    content = head + bytes(4) + TCP_IN_IPV4
    content = head + struct.pack("!HH", checksum(content), 0) + TCP_IN_IPV4
    out = assert_tells_the_same(tunnel_packet(47, content), LINK_RAW)
    assert checksum(out[20:]) == 0


def test_checksum_of_udp_stays_right_and_none_stays_none() -> None:
    vxlan = struct.pack("!II", 0x0800_0000, 5 << 8) + MACS + b"\x08\x00" + TCP_IN_IPV4
    datagram = udp(vxlan, 4789)
    pseudo = b"".join(OUTER) + struct.pack("!HH", 17, len(datagram))
    value = checksum(pseudo + datagram)
    whole = datagram[:6] + value.to_bytes(2, "big") + datagram[8:]
    out = assert_tells_the_same(tunnel_packet(17, whole), LINK_RAW)
    assert checksum(out[12:20] + struct.pack("!HH", 17, len(datagram)) + out[20:]) == 0
    out = assert_tells_the_same(tunnel_packet(17, datagram), LINK_RAW)
    assert out[26:28] == bytes(2)


def test_datagram_that_is_no_tunnel_becomes_zeros() -> None:
    out = assert_tells_the_same(tunnel_packet(17, udp(SECRET * 5, 53)), LINK_RAW)
    assert out[20:] == bytes(8 + 5 * len(SECRET))
