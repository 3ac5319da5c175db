"""Whole frames: ICMP errors, fragments, tunnels cut into fragments, and octets of any kind."""

import struct
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anonymise.test_carriers import CASES
from decode.frames import (
    ETHERNET,
    LINK_RAW,
    MACS,
    PAYLOAD,
    SENT,
    SENT_IPV6,
    TCP_IN_IPV4,
    tunnel_packet,
    udp,
)
from decode.test_link_layer import HEADERS_BEFORE_IPV4
from support.anonymity import (
    KEY,
    OTHER_KEY,
    SECRET,
    Reading,
    anonymous,
    assert_tells_the_same,
    frame_of,
)
from support.capture_builder import checksum, icmp_error, ip, packet
from support.evidence import ROUTER, fragments_of
from tcpflow_analyzer.anonymise.addresses import Addresses
from tcpflow_analyzer.anonymise.frames import Anonymiser
from tcpflow_analyzer.decode.segment import ICMP_ERROR, TCP_SEGMENT

INTERNET = Addresses(KEY).internet
CARRIED = [
    *((link_type, header + TCP_IN_IPV4) for link_type, header in HEADERS_BEFORE_IPV4.values()),
    *((LINK_RAW, tunnel_packet(*case)) for case in CASES.values()),
]
QUOTED = packet(SENT)


def anonymous_all(packets: list[bytes]) -> list[bytes]:
    """What becomes of the frames of a capture."""
    frames = [frame_of(octets, LINK_RAW, number=at) for at, octets in enumerate(packets, 1)]
    anonymiser = Anonymiser(KEY)
    anonymiser.learn(frames)
    return [anonymiser.frame(frame).octets for frame in frames]


def put_together(packets: list[bytes]) -> bytes:
    """The payload of IPv4 fragments in order."""
    return b"".join(octets[20:] for octets in packets)


def test_interface_has_no_name_and_stays_apart_from_others() -> None:
    anonymiser = Anonymiser(KEY)
    frame, other = frame_of(ETHERNET, 1), frame_of(ETHERNET, 1)
    shown = [anonymiser.frame(each).interface for each in (frame, other, frame)]
    assert [each.name for each in shown] == ["", "", ""]
    assert shown[0] is shown[2]
    assert shown[0] is not shown[1]
    assert anonymiser.frame(frame)._replace(octets=b"", interface=frame.interface) == (
        frame._replace(octets=b"")
    )


def test_key_decides() -> None:
    assert anonymous(ETHERNET) == anonymous(ETHERNET)
    assert anonymous(ETHERNET) != anonymous(ETHERNET, key=OTHER_KEY)


@pytest.mark.parametrize("captured", [28, 40, 1000])
def test_icmp_error_quotes_what_the_segment_has_become(captured: int) -> None:
    error = icmp_error(QUOTED, ROUTER, 3, 4)
    body = bytearray(error[20:28] + QUOTED[:captured])
    body[2:4] = bytes(2)
    body[2:4] = checksum(bytes(body)).to_bytes(2, "big")
    octets = ip(ROUTER, SENT.source, 1, bytes(body))
    out = assert_tells_the_same(octets, LINK_RAW)
    assert Reading(out, LINK_RAW).status == ICMP_ERROR
    assert checksum(out[20:]) == 0
    quote, segment = out[28:], anonymous(QUOTED, LINK_RAW)[:captured]
    assert quote[:36] == segment[:36]
    assert quote[38:] == segment[38:]


def test_icmpv6_error_has_a_right_checksum() -> None:
    out = assert_tells_the_same(icmp_error(packet(SENT_IPV6), "2001:db8::99", 1, 4), LINK_RAW)
    pseudo = out[8:40] + struct.pack("!II", len(out) - 40, 58)
    assert checksum(pseudo + out[40:]) == 0


def test_redirect_names_another_gateway() -> None:
    gateway = bytes([203, 0, 113, 77])
    body = b"\x05\x01\x00\x00" + gateway + QUOTED[:28]
    out = assert_tells_the_same(ip(ROUTER, SENT.source, 1, body), LINK_RAW)
    assert out[24:28] == INTERNET(gateway)


def test_what_follows_a_quotation_is_left_out() -> None:
    quote = QUOTED + bytes(128 - len(QUOTED))
    body = b"\x0b\x00\x00\x00\x00\x20\x00\x00" + quote + b"\x20\x00\x00\x00" + SECRET
    octets = ip(ROUTER, SENT.source, 1, body)
    out = assert_tells_the_same(octets, LINK_RAW)
    assert out[25] == 0
    assert out[28 + 128 :] == bytes(4 + len(SECRET))


@pytest.mark.parametrize(
    "body",
    [
        b"\x08\x00\x00\x00\x00\x01\x00\x01" + SECRET * 3,  # an echo request
        b"\x03\x03\x00\x00\x00\x00\x00\x00" + ip("192.0.2.1", "192.0.2.2", 17, SECRET * 4),
        b"\x03\x03\x00\x00\x00\x00\x00\x00" + SECRET * 4,
        b"\x03\x03\x00",
    ],
)
def test_other_messages_say_nothing(body: bytes) -> None:
    out = assert_tells_the_same(ip(ROUTER, SENT.source, 1, body), LINK_RAW)
    assert SECRET not in out
    assert TCP_IN_IPV4[12:16] not in out


@pytest.mark.parametrize("order", [(0, 1, 2, 3), (3, 1, 0, 2), (2, 0, 0, 3, 1)])
def test_fragments_hold_what_the_segment_has_become(order: tuple[int, ...]) -> None:
    whole = packet(replace(SENT, payload=PAYLOAD * 3))
    pieces = fragments_of(whole)
    assert len(pieces) == 4
    out = anonymous_all([pieces[place] for place in order])
    in_order = [out[order.index(place)] for place in range(4)]
    assert put_together(in_order) == anonymous(whole, LINK_RAW)[20:]
    for before, after in zip(pieces, in_order, strict=True):
        assert after[:10] == before[:10]
        assert checksum(after[:20]) == 0
        assert after[12:16] == INTERNET(before[12:16])


def test_fragment_without_the_others_shows_only_what_stands_in_it() -> None:
    whole = packet(replace(SENT, payload=SECRET * 9))
    first, second = anonymous_all(fragments_of(whole, 40)[:2])
    expected = anonymous(whole, LINK_RAW)
    assert first[20:36] == expected[20:36]
    assert first[38:] == expected[38 : 20 + 40]
    assert second[20:] == bytes(40)


def test_tunnel_in_fragments() -> None:
    vxlan = struct.pack("!II", 0x0800_0000, 5 << 8) + MACS + b"\x08\x00" + TCP_IN_IPV4
    whole = ip("192.0.2.201", "192.0.2.202", 17, udp(vxlan, 4789))
    out = anonymous_all(fragments_of(whole, 48))
    assert put_together(out) == anonymous(whole, LINK_RAW)[20:]
    assert put_together(out)[30:] == anonymous(ETHERNET)[14:]


def test_fragments_of_fragments_become_zeros() -> None:
    inner = fragments_of(packet(replace(SENT, payload=SECRET * 9)))[0]
    out = anonymous_all(fragments_of(ip("192.0.2.201", "192.0.2.202", 4, inner)))
    assert SECRET not in b"".join(out)


def test_outer_connection_is_what_the_decoder_reads() -> None:
    inner = ip("192.0.2.201", "192.0.2.202", 47, b"\x00\x00\x08\x00" + TCP_IN_IPV4)
    frame = Anonymiser(KEY, tunnel_outer=True).frame(frame_of(inner, LINK_RAW))
    assert frame.octets[20:] == bytes(len(inner) - 20)


@given(st.sampled_from(CARRIED), st.data())
def test_damaged_frames_are_read_as_before(carried: tuple[int, bytes], data: st.DataObject) -> None:
    link_type, whole = carried
    octets = bytearray(whole)
    for _ in range(data.draw(st.integers(0, 4))):
        octets[data.draw(st.integers(0, len(octets) - 1))] = data.draw(st.integers(0, 255))
    cut = bytes(octets[: data.draw(st.integers(0, len(octets)) | st.just(len(octets)))])
    if Reading(cut, link_type, len(octets)).status in (TCP_SEGMENT, ICMP_ERROR):
        assert_tells_the_same(cut, link_type, len(octets))
    else:
        assert len(anonymous(cut, link_type, len(octets))) == len(cut)


@given(st.binary(max_size=200), st.sampled_from([0, 1, 101, 105, 113, 127, 239, 276, 117, 192]))
def test_octets_of_chance_are_never_at_fault(octets: bytes, link_type: int) -> None:
    assert len(anonymous(octets, link_type)) == len(octets)
