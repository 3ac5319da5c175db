"""IPv4 and IPv6 headers with options and extensions, and which octets are payload."""

import struct

import pytest

from decode.frames import (
    LINK_RAW,
    MACS,
    PAYLOAD,
    SEEN,
    SEEN_IPV6,
    TCP_IN_IPV4,
    TCP_IN_IPV6,
    decode,
    seen,
)
from tcpflow_analyzer.decode.internet_layer import version_of_packet
from tcpflow_analyzer.decode.segment import ABSENT, FRAGMENT, OTHER, TCP_SEGMENT, UNDECODED

TCP4 = TCP_IN_IPV4[20:]
TCP6 = TCP_IN_IPV6[40:]
PADDING = bytes((1, 4, 0, 0, 0, 0))  # PadN option


def changed(packet: bytes, at: int, value: bytes) -> bytes:
    """The packet with some octets replaced."""
    return packet[:at] + value + packet[at + len(value) :]


def ipv4_with_options(options: bytes) -> bytes:
    """TCP_IN_IPV4 with IPv4 options, a multiple of 4 octets."""
    words = 5 + len(options) // 4
    head = bytes((0x40 | words, 0)) + struct.pack("!H", 20 + len(options) + len(TCP4))
    return head + TCP_IN_IPV4[4:20] + options + TCP4


def ipv6_with_extensions(first: int, extensions: bytes, content: bytes = TCP6) -> bytes:
    """TCP_IN_IPV6 with extension headers of which `first` is the first one's number."""
    head = struct.pack("!IHBB", 6 << 28, len(extensions) + len(content), first, 63)
    return head + TCP_IN_IPV6[8:40] + extensions + content


def extension(following: int, content: bytes = PADDING) -> bytes:
    """An extension header with `content` octets behind its two first ones."""
    return bytes((following, (len(content) + 2) // 8 - 1)) + content


def test_ipv4_options_are_stepped_over() -> None:
    outcome, segment = decode(ipv4_with_options(b"\x94\x04\x00\x00"), LINK_RAW)
    assert (outcome, seen(segment)) == (TCP_SEGMENT, SEEN)
    assert segment.key == TCP_IN_IPV4[12:24]


@pytest.mark.parametrize("kind", [0x83, 0x89])
def test_ipv4_source_route_under_way_names_the_destination(kind: int) -> None:
    route = bytes((1, kind, 11, 4)) + bytes((192, 0, 2, 77)) + bytes((192, 0, 2, 99))
    _, segment = decode(ipv4_with_options(route), LINK_RAW)
    assert seen(segment)[2] == "192.0.2.99"
    arrived = bytes((1, kind, 11, 12)) + route[4:]
    _, segment = decode(ipv4_with_options(arrived), LINK_RAW)
    assert seen(segment) == SEEN


@pytest.mark.parametrize("options", [b"\x83\x00\x00\x00", b"\x83\x28\x04\x00", b"\x01\x01\x01\x83"])
def test_ipv4_options_that_break_their_format_are_ignored(options: bytes) -> None:
    outcome, segment = decode(ipv4_with_options(options), LINK_RAW)
    assert (outcome, seen(segment)) == (TCP_SEGMENT, SEEN)


@pytest.mark.parametrize(
    "packet",
    [
        changed(TCP_IN_IPV4, 0, b"\x44"),  # header of 16 octets
        changed(TCP_IN_IPV4, 0, b"\x55"),  # version 5
        changed(TCP_IN_IPV4, 2, b"\x00\x13"),  # total length 19
        TCP_IN_IPV4[:12],
        b"",
    ],
)
def test_ipv4_header_malformed(packet: bytes) -> None:
    outcome, segment = decode(packet, LINK_RAW)
    assert (outcome, segment.reason) == (UNDECODED, "ip-header-malformed")


def test_ipv4_options_cut_by_the_snapshot_length() -> None:
    outcome, segment = decode(ipv4_with_options(bytes(8)), LINK_RAW, captured=24)
    assert (outcome, segment.reason) == (UNDECODED, "ip-header-truncated")


def test_ipv4_length_zero_takes_the_length_on_the_wire() -> None:
    # Segmentation offload: the length does not fit or is not filled in yet.
    packet = changed(TCP_IN_IPV4, 2, b"\x00\x00")
    outcome, segment = decode(MACS + b"\x08\x00" + packet, wire_len=14 + 52 + 70000)
    assert (outcome, segment.payload_len) == (TCP_SEGMENT, 70000)
    assert (segment.payload_captured, segment.truncated) == (len(PAYLOAD), True)


def test_ipv4_length_beyond_the_wire_stays() -> None:
    # Programs that cut frames and forget the original length; the IP header still knows it.
    _, segment = decode(MACS + b"\x08\x00" + TCP_IN_IPV4[:60], wire_len=74)
    assert (segment.payload_len, segment.payload_captured) == (len(PAYLOAD), 8)


def test_ipv4_reserved_and_dont_fragment_bits_are_no_fragment() -> None:
    for bits in (b"\x40\x00", b"\x80\x00", b"\xc0\x00"):
        assert decode(changed(TCP_IN_IPV4, 6, bits), LINK_RAW)[0] == TCP_SEGMENT
    for bits in (b"\x20\x00", b"\x00\x01", b"\x1f\xff"):
        assert decode(changed(TCP_IN_IPV4, 6, bits), LINK_RAW)[0] == FRAGMENT


def test_ethertype_and_version_that_differ() -> None:
    assert seen(decode(MACS + b"\x08\x00" + TCP_IN_IPV6)[1]) == SEEN_IPV6
    assert seen(decode(MACS + b"\x86\xdd" + TCP_IN_IPV4)[1]) == SEEN


def test_ipv6_header() -> None:
    outcome, segment = decode(TCP_IN_IPV6, LINK_RAW)
    assert (outcome, seen(segment)) == (TCP_SEGMENT, SEEN_IPV6)
    assert (segment.ttl, segment.ip_id, segment.address_len) == (63, ABSENT, 16)
    assert segment.key == TCP_IN_IPV6[8:44]


@pytest.mark.parametrize("first", [0, 60, 139, 140])
def test_ipv6_extension_header_is_stepped_over(first: int) -> None:
    for octets in (6, 14, 2046):
        frame = ipv6_with_extensions(first, extension(6, bytes(octets)))
        outcome, segment = decode(frame, LINK_RAW)
        assert (outcome, seen(segment)) == (TCP_SEGMENT, SEEN_IPV6)


def test_ipv6_chain_of_all_headers() -> None:
    chain = (
        extension(60)
        + extension(43)
        + extension(44, bytes((0, 0)) + PADDING[:4])
        + struct.pack("!BBHI", 51, 0, 0, 0x01020304)
        + bytes((6, 4))
        + bytes(22)
    )
    outcome, segment = decode(ipv6_with_extensions(0, chain), LINK_RAW)
    assert (outcome, seen(segment)) == (TCP_SEGMENT, SEEN_IPV6)
    assert segment.ip_id == 0x01020304


def test_authentication_header_behind_ipv4() -> None:
    header = bytes((6, 4)) + bytes(22)
    packet = changed(TCP_IN_IPV4[:20] + header + TCP4, 9, b"\x33")
    packet = changed(packet, 2, struct.pack("!H", len(packet)))
    outcome, segment = decode(packet, LINK_RAW)
    assert (outcome, seen(segment)) == (TCP_SEGMENT, SEEN)
    outcome, segment = decode(packet, LINK_RAW, captured=20 + 11)
    assert (outcome, segment.reason) == (UNDECODED, "ip-header-truncated")


@pytest.mark.parametrize("kind", [0, 4])
def test_ipv6_routing_header_names_the_last_destination(kind: int) -> None:
    last = bytes.fromhex("20010db8000000000000000000000099")
    stop = bytes.fromhex("20010db8000000000000000000000077")
    # A source route lists the last address last, a segment list first.
    addresses = stop + last if kind == 0 else last + stop
    for left, destination in ((1, "2001:db8::99"), (0, "2001:db8::2")):
        header = extension(6, bytes((kind, left, 0, 0, 0, 0)) + addresses)
        _, segment = decode(ipv6_with_extensions(43, header), LINK_RAW)
        assert seen(segment) == (*SEEN_IPV6[:2], destination, *SEEN_IPV6[3:])
        assert len(segment.key) == 36


def test_ipv6_jumbo_payload() -> None:
    option = bytes((0xC2, 4)) + struct.pack("!I", 8 + 20 + 100_000)
    packet = ipv6_with_extensions(0, extension(6, option))
    packet = changed(packet, 4, b"\x00\x00")
    _, segment = decode(packet, LINK_RAW, wire_len=40 + 8 + 20 + 100_000 + 12)
    assert (segment.payload_len, segment.truncated) == (100_000, True)


def test_ipv6_length_zero_takes_the_length_on_the_wire() -> None:
    packet = changed(TCP_IN_IPV6, 4, b"\x00\x00")
    _, segment = decode(packet, LINK_RAW, wire_len=40 + 20 + 70000)
    assert segment.payload_len == 70000


def test_ipv6_padding_is_not_payload() -> None:
    _, segment = decode(MACS + b"\x86\xdd" + TCP_IN_IPV6 + bytes(9))
    assert (segment.payload_len, segment.payload_captured) == (len(PAYLOAD), len(PAYLOAD))


def test_ipv6_without_next_header_is_other() -> None:
    assert decode(ipv6_with_extensions(59, b"", b""), LINK_RAW)[0] == OTHER


@pytest.mark.parametrize("captured", [1, 39, 40, 47, 55])
def test_ipv6_header_cut_by_the_snapshot_length(captured: int) -> None:
    packet = ipv6_with_extensions(0, extension(6, bytes(14)))
    outcome, segment = decode(packet, LINK_RAW, captured=captured)
    assert (outcome, segment.reason) == (UNDECODED, "ip-header-truncated")


def test_ipv6_extension_beyond_the_packet_is_malformed() -> None:
    outcome, segment = decode(ipv6_with_extensions(0, b"\x06\x09" + PADDING, b""), LINK_RAW)
    assert (outcome, segment.reason) == (UNDECODED, "ip-header-malformed")


def test_version_of_packet() -> None:
    def version(packet: bytes, wire: int | None = None) -> int:
        return version_of_packet(packet, 0, len(packet), len(packet) if wire is None else wire)

    assert version(TCP_IN_IPV4) == 0x0800
    assert version(TCP_IN_IPV6) == 0x86DD
    assert version(TCP_IN_IPV4[:40], len(TCP_IN_IPV4)) == 0x0800
    for packet in (TCP_IN_IPV4[:-1], TCP_IN_IPV6[:-1], TCP_IN_IPV4[:19], TCP_IN_IPV6[:39], b""):
        assert version(packet) == ABSENT
    assert version(changed(TCP_IN_IPV4, 0, b"\x44")) == ABSENT
    assert version(changed(TCP_IN_IPV4, 2, b"\x00\x13")) == ABSENT
    assert version(changed(TCP_IN_IPV4, 0, b"\x35")) == ABSENT
