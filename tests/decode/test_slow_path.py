"""IEEE 802.11 by dpkt: what the frame carries, or why it cannot be read."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from decode.frames import SEEN, TCP_IN_IPV4, decode, seen
from tcpflow_analyzer.decode.layer import LLC
from tcpflow_analyzer.decode.reasons import REASONS
from tcpflow_analyzer.decode.segment import OTHER, TCP_SEGMENT, UNDECODED
from tcpflow_analyzer.decode.slow_path import read_frame

SNAP = bytes.fromhex("aaaa030000000800")
ADDRESSES = bytes.fromhex("020000000001020000000002020000000003")
CONTENT = SNAP + TCP_IN_IPV4
SUBFRAME = bytes(12) + struct.pack("!H", len(CONTENT))


def wireless(control: str, *, sequence: int = 0x10, behind: bytes = b"") -> bytes:
    """A data frame; `behind` stands between its sequence control and the LLC header."""
    head = bytes.fromhex(control) + bytes(2) + ADDRESSES + struct.pack("<H", sequence)
    return head + behind + CONTENT


FRAMES = {
    "ad hoc": wireless("0800"),
    "to the access point": wireless("0801"),
    "from the access point": wireless("0802"),
    "retransmitted": wireless("080a"),
    "four addresses": wireless("0803", behind=bytes(6)),
    "quality of service": wireless("8801", behind=b"\x06\x00"),
    "quality of service, four addresses": wireless("8803", behind=bytes(6) + b"\x06\x00"),
    "high throughput control": wireless("8882", behind=b"\x06\x00" + bytes(4)),
    "aggregate": wireless("8802", behind=b"\x80\x00" + SUBFRAME),
    "aggregate with high throughput control": wireless(
        "8882", behind=b"\x80\x00" + bytes(4) + SUBFRAME
    ),
}


@pytest.mark.parametrize("name", FRAMES)
def test_data_frame(name: str) -> None:
    assert read_frame(FRAMES[name], 105) == (CONTENT, LLC, "")
    outcome, segment = decode(FRAMES[name], 105)
    assert (outcome, seen(segment)) == (TCP_SEGMENT, SEEN)


RADIOTAP = struct.pack("<BBHI", 0, 0, 13, 0) + bytes(5)
AVS = struct.pack("!II", 0x80211001, 64) + bytes(56)


@pytest.mark.parametrize(
    ("link_type", "header"),
    [(127, RADIOTAP), (163, AVS), (119, AVS), (119, bytes(144))],
)
def test_header_before_the_frame(link_type: int, header: bytes) -> None:
    frame = header + FRAMES["quality of service"]
    outcome, segment = decode(frame, link_type)
    assert (outcome, seen(segment)) == (TCP_SEGMENT, SEEN)
    for captured in range(len(header) + 1):
        outcome, segment = decode(frame, link_type, captured=captured)
        assert (outcome, segment.reason) == (UNDECODED, "link-header-truncated")


def test_frame_cut_by_the_snapshot_length_keeps_the_payload_length() -> None:
    frame = FRAMES["quality of service"]
    outcome, segment = decode(frame, 105, captured=len(frame) - 5)
    assert (outcome, seen(segment), segment.truncated) == (TCP_SEGMENT, SEEN, True)


@pytest.mark.parametrize(
    ("frame", "reason"),
    [
        (wireless("0841"), "encrypted"),
        (wireless("8841", behind=b"\x06\x00"), "encrypted"),
        (wireless("0804"), "link-fragment"),
        (wireless("0800", sequence=0x11), "link-fragment"),
        (wireless("0800")[:20], "link-header-truncated"),
        (wireless("8801", behind=b"\x06\x00")[:24], "link-header-truncated"),
        (b"\x08", "link-header-truncated"),
        (b"", "link-header-truncated"),
        (wireless("1800"), "link-header-malformed"),  # data with a contention-free acknowledgement
    ],
)
def test_frame_that_cannot_be_read(frame: bytes, reason: str) -> None:
    assert read_frame(frame, 105) == (b"", 0, reason)


@pytest.mark.parametrize("control", ["8000", "d400", "4801", "c801"])
def test_frame_without_packet_is_other(control: str) -> None:
    # Beacon, acknowledgement, data without data, the same with quality of service.
    frame = bytes.fromhex(control) + bytes(40)
    assert read_frame(frame, 105) == (b"", 0, "")
    assert decode(frame, 105)[0] == OTHER


def test_unknown_link_type() -> None:
    assert read_frame(b"anything", 147) == (b"", 0, "link-type-unknown")


@given(st.binary(max_size=80), st.sampled_from((105, 119, 127, 163)))
def test_any_octets_give_a_value(octets: bytes, link_type: int) -> None:
    content, _, reason = read_frame(octets, link_type)
    assert reason == "" or (reason in REASONS and content == b"")
    # The same behind a frame control field of each kind of data.
    for first in (0x08, 0x88):
        read_frame(bytes((first, 0)) + octets, 105)
