"""The TCP header: all stays but what identifies somebody; payload is replaced."""

from dataclasses import replace

import pytest

from decode.frames import LINK_RAW, PAYLOAD, SENT, SENT_IPV6
from support.anonymity import SECRET, Reading, anonymous, assert_tells_the_same
from support.capture_builder import Options, Segment, packet
from tcpflow_analyzer.decode.checksum import BAD, GOOD, UNFINISHED
from tcpflow_analyzer.decode.segment import UNDECODED
from tcpflow_analyzer.tcp.control_bits import SYN


def options_of(octets: bytes) -> bytes:
    """The options of an IPv4 packet."""
    return octets[40 : 20 + (octets[32] >> 4) * 4]


def with_options(raw: bytes) -> bytes:
    return packet(replace(SENT, options=Options(raw=raw)))


@pytest.mark.parametrize("sent", [SENT, SENT_IPV6])
def test_header_stays_and_payload_goes(sent: Segment) -> None:
    octets = packet(sent)
    out = assert_tells_the_same(octets, LINK_RAW)
    assert Reading(out, LINK_RAW).checksum == GOOD
    same = sum(one == other for one, other in zip(out, octets, strict=True))
    assert same <= len(octets) - len(PAYLOAD) - 2 * len(Reading(octets, LINK_RAW).addresses[0]) + 6
    assert PAYLOAD[:4] not in out


@pytest.mark.parametrize(
    "raw",
    [
        b"\x02\x04\x05\xb4\x01\x03\x03\x07",
        b"\x04\x02\x05\x0a\x00\x00\x00\x01\x00\x00\x00\x09",
        b"\x1c\x04\x80\x05\x01\x01\x01\x01",
        b"\xac\x05\x01\x02\x03\x01\x01\x01",
    ],
)
def test_options_of_numbers_stay(raw: bytes) -> None:
    out = assert_tells_the_same(with_options(raw), LINK_RAW)
    assert options_of(out) == raw


@pytest.mark.parametrize(
    ("raw", "kept"),
    [
        (b"\x22\x08" + SECRET, 2),  # Fast Open
        (b"\x13\x12" + SECRET * 2 + b"Secr\x01\x01", 2),  # MD5
        (b"\x1d\x0c\x01\x02" + SECRET + b"Se", 4),  # TCP-AO
        (b"\x1e\x0c\x30\x05" + SECRET + b"Se", 4),  # MPTCP: an address
        (b"\x1e\x0b\x20\x01" + b"acks" + SECRET[:3] + b"\x01", 8),  # its numbers, a checksum
        (b"\x1e\x14\x20\x0e" + b"8 octets, and6" + SECRET[:2], 18),
        (b"\x1e\x12\x20\x05" + b"acks4no, and6w", 18),
        (b"\x1e\x03\x20\x01", 4),
        (b"\xfe\x0c\xf9\x89" + SECRET + b"Se", 4),  # Fast Open, experiment
        (b"\x4b\x08" + SECRET, 2),  # of unknown kind
        (b"\x02\x08" + SECRET, 2),  # malformed for its kind
        (b"\x08\x28" + SECRET, 2),  # longer than the header
        (b"\x08\x01" + SECRET, 2),  # shorter than itself
    ],
)
def test_options_that_identify_are_replaced(raw: bytes, kept: int) -> None:
    out = assert_tells_the_same(with_options(raw), LINK_RAW)
    options = options_of(out)
    assert options[:kept] == raw[:kept]
    assert b"Sec" not in options
    other = packet(replace(SENT, seq=7, options=Options(raw=raw)))
    assert options_of(anonymous(other, LINK_RAW)) == options


def test_padding_stays_zero_or_not() -> None:
    out = assert_tells_the_same(with_options(b"\x01\x00\x00\x00"), LINK_RAW)
    assert options_of(out) == b"\x01\x00\x00\x00"
    out = assert_tells_the_same(with_options(b"\x01\x00\x07\x00"), LINK_RAW)
    assert options_of(out) == b"\x01\x00\xff\x00"


@pytest.mark.parametrize("delta", [1, 255, 0x8000])
def test_wrong_checksum_stays_wrong(delta: int) -> None:
    octets = packet(SENT)
    stored = (int.from_bytes(octets[36:38], "big") + delta) % 0xFFFF
    octets = octets[:36] + stored.to_bytes(2, "big") + octets[38:]
    assert Reading(octets, LINK_RAW).checksum == BAD
    assert_tells_the_same(octets, LINK_RAW)


def test_unfinished_checksum_stays_unfinished() -> None:
    octets = packet(SENT)
    pseudo = octets[12:20] + bytes([0, 6]) + (len(octets) - 20).to_bytes(2, "big")
    total = sum(int.from_bytes(pseudo[at : at + 2], "big") for at in range(0, 12, 2))
    total = (total & 0xFFFF) + (total >> 16)
    for stored in (0, total, total ^ 0xFFFF):
        changed = octets[:36] + stored.to_bytes(2, "big") + octets[38:]
        assert Reading(changed, LINK_RAW).checksum == UNFINISHED
        assert_tells_the_same(changed, LINK_RAW)


def test_payload_of_a_syn_begins_behind_it() -> None:
    syn = anonymous(packet(replace(SENT, control_bits=SYN, seq=41)), LINK_RAW)
    data = anonymous(packet(replace(SENT, seq=42)), LINK_RAW)
    assert syn[-len(PAYLOAD) :] == data[-len(PAYLOAD) :]


def test_retransmission_cut_otherwise_has_the_same_octets() -> None:
    whole = anonymous(packet(SENT), LINK_RAW)[-len(PAYLOAD) :]
    later = replace(SENT, seq=SENT.seq + 5, payload=PAYLOAD[5:9])
    assert anonymous(packet(later), LINK_RAW)[-4:] == whole[5:9]


@pytest.mark.parametrize("captured", [24, 28, 39, 40, 45, 52, 55])
def test_cut_segment_is_read_as_before(captured: int) -> None:
    octets = packet(SENT)
    out = assert_tells_the_same(octets[:captured], LINK_RAW, len(octets))
    if captured > 38:
        assert out[36:38] != octets[36:38]


def test_header_of_a_length_that_cannot_be_keeps_its_fields() -> None:
    octets = bytearray(packet(replace(SENT, payload=SECRET)))
    octets[32] = 0x40
    out = assert_tells_the_same(bytes(octets), LINK_RAW)
    assert Reading(out, LINK_RAW).status == UNDECODED
    assert SECRET not in out
    assert out[20:36] == octets[20:36]
