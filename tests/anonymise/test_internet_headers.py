"""IP headers: addresses are replaced wherever they stand, checksums are right where they were."""

import ipaddress
import struct

import pytest

from decode.frames import LINK_RAW, TCP_IN_IPV4, TCP_IN_IPV6
from decode.test_internet_layer import extension, ipv4_with_options, ipv6_with_extensions
from support.anonymity import KEY, SECRET, anonymous, assert_tells_the_same
from support.capture_builder import checksum
from tcpflow_analyzer.anonymise.addresses import Addresses

INTERNET = Addresses(KEY).internet
HOP = bytes([203, 0, 113, 7])
HOME = b"\x01\x02\x00\x00\xc9\x10"  # padding, then the home address option
HOP_IPV6 = ipaddress.ip_address("2001:db8:77::7").packed


def with_checksum(packet: bytes) -> bytes:
    """The packet with a right checksum of its IPv4 header."""
    length = (packet[0] & 15) * 4
    head = packet[:10] + bytes(2) + packet[12:length]
    return head[:10] + struct.pack("!H", checksum(head)) + head[12:] + packet[length:]


def test_ipv4_header() -> None:
    out = assert_tells_the_same(TCP_IN_IPV4, LINK_RAW)
    assert out[:10] == TCP_IN_IPV4[:10]
    assert out[12:16] == INTERNET(TCP_IN_IPV4[12:16])
    assert checksum(out[:20]) == 0


@pytest.mark.parametrize("stored", [0, 0x1234])
def test_wrong_checksum_of_a_header_stays_wrong(stored: int) -> None:
    packet = TCP_IN_IPV4[:10] + stored.to_bytes(2, "big") + TCP_IN_IPV4[12:]
    out = assert_tells_the_same(packet, LINK_RAW)
    assert checksum(out[:20]) != 0
    assert (out[10:12] == bytes(2)) == (stored == 0)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (b"\x94\x04\x00\x00", b"\x94\x04\x00\x00"),  # router alert
        (b"\x07\x07\x08" + HOP + b"\x00", b"\x07\x07\x08" + INTERNET(HOP) + b"\x00"),
        (b"\x83\x07\x04" + HOP + b"\x00", b"\x83\x07\x04" + INTERNET(HOP) + b"\x00"),
        (b"\x01\x89\x07\x08" + HOP, b"\x01\x89\x07\x08" + INTERNET(HOP)),
        (
            b"\x44\x0c\x0d\x01" + HOP + b"\x00\x00\x00\x05",
            b"\x44\x0c\x0d\x01" + INTERNET(HOP) + b"\x00\x00\x00\x05",
        ),
        (b"\x44\x08\x09\x00\x00\x00\x00\x05", b"\x44\x08\x09\x00\x00\x00\x00\x05"),
        (b"\x82\x08" + SECRET, b"\x82\x08" + bytes(6)),  # security
        (b"\x00\x07" + SECRET, bytes(8)),  # behind the end of the list
        (b"\x88\x28" + SECRET, b"\x88\x28" + bytes(6)),  # longer than the header
        (b"\x01\x01\x01\x83", b"\x01\x01\x01\x83"),
    ],
)
def test_ipv4_options(options: bytes, expected: bytes) -> None:
    out = assert_tells_the_same(with_checksum(ipv4_with_options(options)), LINK_RAW)
    length = 20 + len(options)
    assert out[20:length] == expected
    assert checksum(out[:length]) == 0


def test_ipv6_header() -> None:
    out = assert_tells_the_same(TCP_IN_IPV6, LINK_RAW)
    assert out[:8] == TCP_IN_IPV6[:8]
    assert out[8:24] == INTERNET(TCP_IN_IPV6[8:24])


@pytest.mark.parametrize(
    ("first", "content", "expected"),
    [
        (0, b"\x05\x02\x00\x01\x01\x00", b"\x05\x02\x00\x01\x01\x00"),  # router alert
        (60, b"\x01\x0c" + SECRET * 2, b"\x01\x0c" + bytes(12)),
        (60, b"\x3e\x0c" + SECRET * 2, b"\x3e\x0c" + bytes(12)),
        (60, HOME + HOP_IPV6, HOME + INTERNET(HOP_IPV6)),
        (60, b"\x00\x00\x00\x00\x1e\x40", b"\x00\x00\x00\x00\x1e\x40"),  # longer than the header
        (140, SECRET, bytes(6)),
        (139, SECRET, bytes(6)),
        (43, b"\x03\x00" + SECRET[:4], b"\x03\x00" + SECRET[:4]),
        (43, b"\x00\x01" + bytes(4) + HOP_IPV6, b"\x00\x01" + bytes(4) + INTERNET(HOP_IPV6)),
        (43, b"\x02\x01" + bytes(4) + HOP_IPV6, b"\x02\x01" + bytes(4) + INTERNET(HOP_IPV6)),
        (
            43,
            b"\x04\x01\x00\x00\x00\x00" + HOP_IPV6 + SECRET + bytes(10),
            b"\x04\x01\x00\x00\x00\x00" + INTERNET(HOP_IPV6) + bytes(16),
        ),
        (43, b"\x03\x01" + bytes(4) + HOP_IPV6, b"\x03\x01" + bytes(4) + bytes(16)),
    ],
)  # fmt: skip
def test_ipv6_extension_headers(first: int, content: bytes, expected: bytes) -> None:
    packet = ipv6_with_extensions(first, extension(6, content))
    out = assert_tells_the_same(packet, LINK_RAW)
    assert out[42 : 42 + len(content)] == expected


def test_ipv6_chain_with_fragment_header_of_a_whole_packet() -> None:
    chain = extension(44) + bytes([6, 0, 0, 0, 0, 0, 0, 9])
    packet = ipv6_with_extensions(0, chain)
    out = assert_tells_the_same(packet, LINK_RAW)
    assert out[48:56] == chain[8:]


def test_authentication_header_keeps_no_check_value() -> None:
    header = bytes([6, 5, 0, 0]) + bytes(7) + b"\x01" + SECRET * 2 + bytes(4)
    packet = ipv6_with_extensions(51, header)
    out = assert_tells_the_same(packet, LINK_RAW)
    assert out[40:52] == header[:12]
    assert out[52:68] == bytes(16)


def test_header_that_was_cut_becomes_zeros() -> None:
    assert anonymous(TCP_IN_IPV4[:19], LINK_RAW, 100) == bytes(19)
    assert anonymous(TCP_IN_IPV6[:39], LINK_RAW, 100) == bytes(39)
