"""Whatever octets a frame holds, the program gives a report and no exception."""

import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.capture_builder import (
    LINKTYPE_ETHERNET,
    LINKTYPE_RAW,
    START_NS,
    Options,
    Segment,
    ethernet,
    packet,
    pcap,
)
from support.consistency import check_analysis
from support.states import analysis_of_octets

EXAMPLES = settings(max_examples=settings().max_examples)
NUMBERS = st.integers(0, 2**32 - 1)
NEAR = st.integers(-3, 3)


def times(count: int) -> list[int]:
    return [START_NS + number * 1_000_000 for number in range(count)]


def check(frames: list[bytes], link_type: int = LINKTYPE_ETHERNET) -> None:
    """The report is consistent, and counts each of these frames."""
    octets = pcap(zip(times(len(frames)), frames, strict=True), link_type=link_type)
    analysis = analysis_of_octets(octets)
    check_analysis(analysis)
    assert analysis["capture"]["frames"] == len(frames)


@EXAMPLES
@given(st.lists(st.binary(max_size=120), min_size=1, max_size=8), st.booleans())
def test_random_octets(frames: list[bytes], raw: bool) -> None:
    check(frames, LINKTYPE_RAW if raw else LINKTYPE_ETHERNET)


@EXAMPLES
@given(st.lists(st.tuples(st.binary(max_size=80), st.booleans()), min_size=1, max_size=8))
def test_random_octets_behind_an_ip_header(contents: list[tuple[bytes, bool]]) -> None:
    frames = []
    for content, six in contents:
        if six:
            head = struct.pack("!IHBB", 6 << 28, len(content), 6, 64) + bytes(31) + b"\1" * 1
            frames.append(b"\0" * 12 + b"\x86\xdd" + head + content)
        else:
            length = 20 + len(content)
            head = struct.pack(
                "!BBHHHBBH4s4s", 0x45, 0, length, 1, 0, 64, 6, 0, b"\1" * 4, b"\2" * 4
            )
            frames.append(b"\0" * 12 + b"\x08\0" + head + content)
    check(frames)


@st.composite
def segments(draw: st.DrawFn) -> bytes:
    """A segment of one of two directions with any numbers and control bits, often near others."""
    forward = draw(st.booleans())
    addresses = ("192.0.2.1", 40000, "198.51.100.1", 80)
    source = addresses[:2] if forward else addresses[2:]
    destination = addresses[2:] if forward else addresses[:2]
    seq = (
        draw(NUMBERS)
        if draw(st.booleans())
        else 1000 + draw(NEAR) * draw(st.sampled_from([1, 500]))
    )
    ack = draw(NUMBERS) if draw(st.booleans()) else 1000 + draw(NEAR)
    options = Options(
        mss=draw(st.none() | st.integers(0, 65535)),
        window_scale=draw(st.none() | st.integers(0, 255)),
        timestamps=draw(st.none() | st.tuples(NUMBERS, NUMBERS)),
        sack_blocks=tuple(draw(st.lists(st.tuples(NUMBERS, NUMBERS), max_size=1))),
    )
    segment = Segment(
        str(source[0]), int(source[1]), str(destination[0]), int(destination[1]),
        seq=seq % 2**32, ack=ack % 2**32, control_bits=draw(st.integers(0, 0x1FF)),
        window=draw(st.integers(0, 65535)), options=options,
        payload=bytes(draw(st.sampled_from([0, 0, 1, 2, 500]))),
        ttl=draw(st.integers(0, 255)), ip_id=draw(st.integers(0, 65535)),
    )  # fmt: skip
    frame = ethernet(packet(segment))
    return frame[: draw(st.integers(30, len(frame)))] if draw(st.integers(0, 9)) == 0 else frame


@EXAMPLES
@given(st.lists(segments(), min_size=1, max_size=25))
def test_any_segments_of_one_socket_pair(frames: list[bytes]) -> None:
    check(frames)


@pytest.mark.slow
@settings(max_examples=settings().max_examples * 4)
@given(st.lists(segments(), min_size=1, max_size=25))
def test_many_segments_of_one_socket_pair(frames: list[bytes]) -> None:
    check(frames)
