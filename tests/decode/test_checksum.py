"""Checksums: right, wrong, left to the network card, not captured."""

import random

import pytest

from support.capture_builder import Segment as Sent
from support.capture_builder import ethernet, packet
from tcpflow_analyzer.decode.checksum import (
    BAD,
    GOOD,
    NOT_VERIFIED,
    UNFINISHED,
    computed,
    verify,
)
from tcpflow_analyzer.decode.decoder import Decoder
from tcpflow_analyzer.decode.segment import TCP_SEGMENT, Segment

V4 = ("192.0.2.1", "198.51.100.1")
V6 = ("2001:db8::1", "2001:db8::ffff:2")
CHECKSUM_AT = {4: 14 + 20 + 16, 6: 14 + 40 + 16}


def decoded(frame: bytes, *, captured: int | None = None) -> Segment:
    segment = Segment()
    length = len(frame) if captured is None else captured
    status = Decoder(False, False, None).decode(frame, 0, length, len(frame), 1, segment)
    assert status == TCP_SEGMENT
    return segment


def frame_of(addresses: tuple[str, str], payload: bytes) -> bytes:
    return ethernet(packet(Sent(addresses[0], 40000, addresses[1], 80, seq=7, payload=payload)))


@pytest.mark.parametrize("addresses", [V4, V6])
@pytest.mark.parametrize("length", [0, 1, 2, 3, 5, 31, 32, 33, 64, 999, 1460])
def test_right_checksum_of_any_length_is_good(addresses: tuple[str, str], length: int) -> None:
    payload = random.Random(length).randbytes(length)
    segment = decoded(frame_of(addresses, payload))
    assert verify(segment) == GOOD
    assert computed(segment) == segment.checksum


@pytest.mark.parametrize("addresses", [V4, V6])
def test_changed_octet_is_bad_and_the_right_sum_is_told(addresses: tuple[str, str]) -> None:
    frame = frame_of(addresses, b"request")
    right = int(decoded(frame).checksum)
    version = 4 if addresses is V4 else 6
    at = CHECKSUM_AT[version]
    wrong = frame[:at] + (right ^ 0x1234).to_bytes(2, "big") + frame[at + 2 :]
    segment = decoded(wrong)
    assert verify(segment) == BAD
    assert computed(segment) == right


def pseudo_sum(length: int) -> int:
    """Sum of the IPv4 pseudo header of V4, as Linux leaves it to the card."""
    words = [0xC000, 0x0201, 0xC633, 0x6401, 6, length]
    total = sum(words)
    return (total & 0xFFFF) + (total >> 16)


@pytest.mark.parametrize("stored", [0, pseudo_sum(27)])
def test_what_the_card_has_to_finish_is_not_bad(stored: int) -> None:
    frame = frame_of(V4, b"request")
    at = CHECKSUM_AT[4]
    unfinished = frame[:at] + stored.to_bytes(2, "big") + frame[at + 2 :]
    assert verify(decoded(unfinished)) == UNFINISHED


def test_cut_segment_is_not_verified() -> None:
    assert verify(decoded(frame_of(V4, b"request" * 9), captured=80)) == NOT_VERIFIED
