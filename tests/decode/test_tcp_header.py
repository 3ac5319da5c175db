"""TCP header and options, read from octets written out."""

import pytest

from tcpflow_analyzer.decode.segment import ABSENT, ODD_OPTIONS, TCP_SEGMENT, UNDECODED, Segment
from tcpflow_analyzer.decode.tcp_header import read_quoted, read_segment

# Ports 40000 to 80, SEQ 0x01020304, ACK 0xfffefdfc; window 0x1234, checksum 0x5678, no urgent data.
PORTS_AND_NUMBERS = bytes.fromhex("9c40 0050 01020304 fffefdfc".replace(" ", ""))
WINDOW_AND_CHECKSUM = bytes.fromhex("1234 5678 0000".replace(" ", ""))


def header(options: bytes = b"", control_bits: int = 0x10, offset: int | None = None) -> bytes:
    """A header with options padded to words; `offset` overrides its length in words."""
    padded = options + bytes(-len(options) % 4)
    words = 5 + len(padded) // 4 if offset is None else offset
    bits = (words << 12 | control_bits).to_bytes(2, "big")
    return PORTS_AND_NUMBERS + bits + WINDOW_AND_CHECKSUM + padded


def read(octets: bytes, captured: int | None = None, wire: int | None = None) -> Segment:
    """Read a header that stands in the middle of other octets."""
    segment = Segment()
    end = 3 + (len(octets) if captured is None else captured)
    buffer = b"\xff" * 3 + octets[: end - 3] + b"\xff" * 60
    wire_end = 3 + (len(octets) if wire is None else wire)
    assert read_segment(buffer, 3, end, wire_end, segment) == TCP_SEGMENT
    return segment


def refuse(octets: bytes, captured: int | None = None, wire: int | None = None) -> str:
    """Read a header that is not one; the reason."""
    segment = Segment()
    end = len(octets) if captured is None else captured
    wire_end = len(octets) if wire is None else wire
    assert read_segment(octets + bytes(60), 0, end, wire_end, segment) == UNDECODED
    return segment.reason


def test_fixed_header() -> None:
    segment = read(header() + b"data")
    assert (segment.seq, segment.ack) == (0x01020304, 0xFFFEFDFC)
    assert (segment.control_bits, segment.window, segment.checksum) == (0x10, 0x1234, 0x5678)
    assert (segment.tcp_start, segment.options_len, segment.payload_start) == (3, 0, 23)
    assert (segment.payload_len, segment.payload_captured, segment.truncated) == (4, 4, False)


@pytest.mark.parametrize("bit", [1, 2, 4, 8, 0x10, 0x20, 0x40, 0x80, 0x100])
def test_each_control_bit(bit: int) -> None:
    assert read(header(control_bits=bit)).control_bits == bit


def test_reserved_bits_are_not_control_bits() -> None:
    assert read(header(control_bits=0xE02)).control_bits == 2


@pytest.mark.parametrize("offset", [0, 4])
def test_data_offset_below_five_is_malformed(offset: int) -> None:
    assert refuse(header(offset=offset)) == "tcp-header-malformed"


def test_data_offset_beyond_the_segment_is_malformed() -> None:
    assert refuse(header(offset=6)) == "tcp-header-malformed"


def test_segment_shorter_than_a_header_is_malformed() -> None:
    assert refuse(header()[:19]) == "tcp-header-malformed"
    assert refuse(b"") == "tcp-header-malformed"


@pytest.mark.parametrize("captured", [0, 3, 19])
def test_header_cut_by_the_snapshot_length_is_truncated(captured: int) -> None:
    assert refuse(header(), captured=captured, wire=20) == "tcp-header-truncated"


def is_malformed(segment: Segment) -> bool:
    """Whether some option breaks the format."""
    return segment.oddities & ODD_OPTIONS != 0


def test_options_are_whole_where_only_the_payload_was_cut() -> None:
    segment = read(header(bytes.fromhex("020405b4"), 2) + b"data", captured=24)
    assert (segment.truncated, segment.payload_captured, segment.options_cut) == (True, 0, False)


def test_syn_options_of_linux() -> None:
    segment = read(header(bytes.fromhex("020405b40402080a0000000a0000000001030307"), 2))
    assert (segment.mss, segment.window_scale, segment.sack_permitted) == (1460, 7, True)
    assert (segment.tsval, segment.tsecr, segment.options_len) == (10, 0, 20)
    assert not is_malformed(segment)


def test_timestamps_aligned_and_alone() -> None:
    aligned = read(header(bytes.fromhex("0101080affffffff80000000")))
    alone = read(header(bytes.fromhex("080affffffff800000000000")))
    for segment in (aligned, alone):
        assert (segment.tsval, segment.tsecr) == (0xFFFFFFFF, 0x80000000)


@pytest.mark.parametrize("blocks", [1, 2, 3, 4])
def test_sack_blocks(blocks: int) -> None:
    edges = [(0xF0000000 + index, 0xF0000100 + index) for index in range(blocks)]
    octets = b"".join(left.to_bytes(4, "big") + right.to_bytes(4, "big") for left, right in edges)
    segment = read(header(b"\x01\x01\x05" + bytes((2 + len(octets),)) + octets))
    assert segment.sack_count == blocks
    found = [(segment.sack_left(index), segment.sack_right(index)) for index in range(blocks)]
    assert found == edges


def test_sack_behind_aligned_timestamps() -> None:
    options = bytes.fromhex("0101080a0000000100000002 0101050a0000000300000004".replace(" ", ""))
    segment = read(header(options))
    assert (segment.tsval, segment.sack_count) == (1, 1)
    assert (segment.sack_left(0), segment.sack_right(0)) == (3, 4)


@pytest.mark.parametrize(
    ("option", "cookie_len"),
    [
        ("2202", 0),
        ("2206aabbccdd", 4),
        ("2212" + "aa" * 16, 16),
        ("fd04f989", 0),
        ("fe0cf989aabbccddeeff0011", 8),
        ("fd041234", ABSENT),
    ],
)
def test_fast_open(option: str, cookie_len: int) -> None:
    segment = read(header(bytes.fromhex(option), 2))
    assert (segment.fast_open, is_malformed(segment)) == (cookie_len, False)


@pytest.mark.parametrize("option", ["1312" + "00" * 16, "1d10" + "00" * 14])
def test_authentication(option: str) -> None:
    assert read(header(bytes.fromhex(option))).authenticated


@pytest.mark.parametrize(
    ("option", "subtype"), [("1e0c01" + "00" * 9, 0), ("1e0c70" + "00" * 9, 7)]
)
def test_multipath(option: str, subtype: int) -> None:
    assert read(header(bytes.fromhex(option))).multipath == subtype


@pytest.mark.parametrize(
    "options",
    [
        "0200",  # length 0
        "0201",
        "02ff05b4",  # beyond the header
        "020305",  # MSS of a wrong length
        "03020101",
        "04030001",
        "050901010101010101",  # a SACK block of 7 octets
        "0502",  # no block
        "0809000000000000",
        "220304",
        "1303aa",
        "1d0200",
        "1e0200",
        "01010108",  # a kind as the last octet
    ],
)
def test_malformed_option_is_noted_and_nothing_is_taken_from_it(options: str) -> None:
    segment = read(header(bytes.fromhex(options)) + b"data")
    assert is_malformed(segment)
    assert (segment.mss, segment.window_scale, segment.tsval) == (ABSENT, ABSENT, ABSENT)
    assert (segment.sack_permitted, segment.sack_count) == (False, 0)
    assert (segment.authenticated, segment.multipath, segment.fast_open) == (False, ABSENT, ABSENT)
    assert segment.payload_len == 4


def test_kind_as_the_last_octet_is_malformed_without_payload_too() -> None:
    assert is_malformed(read(header(bytes.fromhex("01010108"))))
    # Cut there, the header may well go on with a length.
    octets = header(bytes.fromhex("01010108" + "0a000000"))
    assert not is_malformed(read(octets, captured=20 + 4))


def test_option_of_wrong_length_hides_no_later_one() -> None:
    segment = read(header(bytes.fromhex("0303070204" + "05b401")))
    assert segment.mss == 1460
    segment = read(header(bytes.fromhex("030407ff020405b4")))
    assert (segment.mss, segment.window_scale, is_malformed(segment)) == (1460, ABSENT, True)


def test_end_of_list_ends_the_options() -> None:
    assert read(header(bytes.fromhex("00020405b4"))).mss == ABSENT


def test_options_cut_by_the_snapshot_length() -> None:
    octets = header(bytes.fromhex("020405b40402080a0000000a0000000001030307"), 2)
    segment = read(octets, captured=20 + 10)
    assert (segment.mss, segment.sack_permitted, segment.tsval) == (1460, True, ABSENT)
    assert (segment.truncated, segment.options_cut, is_malformed(segment)) == (True, True, False)
    assert (segment.options_len, segment.payload_len, segment.payload_captured) == (20, 0, 0)
    # Cut between kind and length.
    assert not is_malformed(read(octets, captured=20 + 7))


def test_aligned_timestamps_cut_by_the_snapshot_length() -> None:
    segment = read(header(bytes.fromhex("0101080a0000000100000002")), captured=31)
    assert (segment.tsval, segment.truncated) == (ABSENT, True)


def test_quoted_segment_of_eight_octets() -> None:
    segment = Segment()
    segment.mss = 5
    assert read_quoted(header()[:8], 0, 8, 20, segment)
    assert (segment.seq, segment.ack, segment.control_bits) == (0x01020304, 0, 0)
    assert (segment.mss, segment.payload_len, segment.truncated) == (ABSENT, 0, True)
    assert not read_quoted(header()[:7], 0, 7, 20, segment)


def test_quoted_segment_with_a_broken_header_still_gives_its_number() -> None:
    segment = Segment()
    assert read_quoted(header(offset=2), 0, 20, 20, segment)
    assert (segment.seq, segment.control_bits) == (0x01020304, 0)
