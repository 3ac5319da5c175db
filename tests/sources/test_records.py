"""Frames found in octets of pcap and pcapng, whatever the blocks, and what is said of damage."""

import struct
import time
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support import container_builder as build
from support.container_builder import EPOCH_S, Record
from tcpflow_analyzer.sources.records import TIME_LIMIT, RecordWalk

SECOND_NS = 1_000_000_000


class Found(NamedTuple):
    """A frame as the walk gave it."""

    time_ns: int
    octets: bytes
    wire_len: int
    link_type: int
    interface: int


def drain(walk: RecordWalk) -> list[Found]:
    found = []
    while walk.advance():
        octets = walk.buffer[walk.start : walk.start + walk.captured_len]
        found.append(Found(walk.time_ns, octets, walk.wire_len, walk.link_type, walk.interface))
    return found


def walk_over(octets: bytes, block_len: int = 65_536) -> tuple[RecordWalk, list[Found]]:
    walk = RecordWalk("x")
    found = []
    for start in range(0, len(octets), block_len):
        walk.feed(octets[start : start + block_len])
        found += drain(walk)
    walk.finish()
    return walk, found


def expected(frames: list[Record], unit_ns: int = 1000, link_type: int = 1) -> list[Found]:
    return [
        Found(f.seconds * SECOND_NS + f.fraction * unit_ns, f.octets, f.wire_len, link_type, 0)
        for f in frames
    ]


@pytest.mark.parametrize("block_len", [1, 7, 4096])
@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize(
    ("magic", "unit_ns"), [(0xA1B2C3D4, 1000), (0xA1B23C4D, 1), (0xA1B2CD34, 1000)]
)
def test_pcap_gives_every_frame(magic: int, unit_ns: int, order: str, block_len: int) -> None:
    frames = build.records(40)
    walk, found = walk_over(build.pcap_file(frames, magic, order), block_len)
    assert found == expected(frames, unit_ns)
    assert (walk.frames, walk.format, walk.error) == (40, "pcap", "")


@pytest.mark.parametrize("block_len", [1, 7, 4096])
@pytest.mark.parametrize("order", ["<", ">"])
def test_pcapng_gives_every_frame(order: str, block_len: int) -> None:
    frames = build.records(40)
    walk, found = walk_over(build.pcapng_file(frames, order), block_len)
    assert found == expected(frames)
    assert (walk.frames, walk.format, walk.error) == (40, "pcapng", "")


def test_advance_frame_of_no_octets() -> None:
    _, found = walk_over(build.pcap_file([Record(1, 0, b"", 0), Record(2, 0, b"x", 1)]), 5)
    assert [frame.octets for frame in found] == [b"", b"x"]


def test_advance_after_hold_gives_the_frame_again() -> None:
    walk = RecordWalk("x")
    walk.feed(build.pcap_file(build.records(2)))
    assert walk.advance()
    first = walk.time_ns, walk.start
    walk.hold()
    assert walk.held
    assert walk.frames == 1
    assert walk.advance()
    assert (walk.time_ns, walk.start, walk.frames, walk.held) == (*first, 1, False)
    assert walk.advance()
    assert walk.time_ns == first[0] + SECOND_NS + 1000


def test_feed_while_frames_wait_keeps_their_order() -> None:
    frames = build.records(30)
    octets = build.pcap_file(frames)
    walk = RecordWalk("x")
    walk.feed(octets[:100])
    assert walk.advance()
    walk.hold()
    for start in range(100, len(octets), 50):
        walk.feed(octets[start : start + 50])
    assert drain(walk) == expected(frames)


def test_record_over_many_blocks_is_joined() -> None:
    frame = Record(1, 0, bytes(range(256)) * 800, 204_800)
    walk, found = walk_over(build.pcap_file([frame, frame]), 1000)
    assert found == expected([frame, frame])
    assert walk.error == ""


def test_pcap_fraction_of_more_than_a_second_carries() -> None:
    _, found = walk_over(build.pcap_file([Record(5, 2_500_000, b"x", 1)]))
    assert found[0].time_ns == 7_500_000_000


def test_pcap_latest_time_fits() -> None:
    _, found = walk_over(build.pcap_file([Record(0xFFFF_FFFF, 0xFFFF_FFFF, b"x", 1)]))
    assert found[0].time_ns == 0xFFFF_FFFF * SECOND_NS + 0xFFFF_FFFF * 1000 < TIME_LIMIT


def test_pcap_link_type_without_check_sequence_bits() -> None:
    walk, found = walk_over(
        build.pcap_header(link_type=0x5400_0001) + build.pcap_record(Record(1, 0, b"abc", 3))
    )
    assert found[0].link_type == 1
    assert [interface.link_type for interface in walk.interfaces] == [1]


def test_pcap_2_3_lengths_the_wrong_way_round() -> None:
    record = struct.pack("<IIII", 1, 0, 9, 4) + b"abcd"
    _, found = walk_over(build.pcap_header(version=(2, 3)) + record)
    assert (found[0].octets, found[0].wire_len) == (b"abcd", 9)


def test_pcap_wire_length_below_the_captured_one_is_raised() -> None:
    _, found = walk_over(build.pcap_file([Record(1, 0, b"abcd", 2)]))
    assert found[0].wire_len == 4


# -- pcapng --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("resolution", "ticks", "time_ns"),
    [
        (0, EPOCH_S, EPOCH_S * SECOND_NS),
        (3, 1_500, 1_500_000_000),
        (6, 1_500_000, 1_500_000_000),
        (9, 1_500_000_001, 1_500_000_001),
        (12, 1_500_000_001_999, 1_500_000_001),
        (18, 1_500_000_000_000_000_000, 1_500_000_000),
        (20, 1 << 62, 46_116_860),
        (0x80, 7, 7 * SECOND_NS),
        (0x80 + 10, 1536, 1_500_000_000),
        (0x80 + 32, 3 << 31, 1_500_000_000),
        (0x80 + 62, 3 << 61, 1_500_000_000),
        (0x80 + 127, 1 << 62, 0),
        (127, 1 << 62, 0),
        (0, 1 << 62, TIME_LIMIT),
        (6, (1 << 64) - 1, TIME_LIMIT),
        (3, (1 << 63) - 1, TIME_LIMIT),
    ],
)
def test_pcapng_time_resolution(resolution: int, ticks: int, time_ns: int) -> None:
    options = build.option(9, bytes((resolution,)))
    octets = build.section() + build.interface(options=options) + build.enhanced(b"x", ticks)
    _, found = walk_over(octets)
    assert found[0].time_ns == time_ns


@pytest.mark.parametrize(
    ("offset_s", "time_ns"),
    [
        (10, 11 * SECOND_NS),
        (-1, 0),
        (-2, 0),
        (1 << 62, TIME_LIMIT),
        ((1 << 63) - 1, TIME_LIMIT),
        (-(1 << 63), 0),
    ],
)
def test_pcapng_time_offset(offset_s: int, time_ns: int) -> None:
    options = build.option(14, struct.pack("<q", offset_s))
    octets = build.section() + build.interface(options=options) + build.enhanced(b"x", 1_000_000)
    _, found = walk_over(octets)
    assert found[0].time_ns == time_ns


def test_pcapng_sections_and_interfaces_count_on() -> None:
    options = build.option(2, b"eth0") + build.option(9, b"\x09")
    octets = (
        build.section()
        + build.interface(1, options=options)
        + build.interface(113)
        + build.enhanced(b"a", 5, 0)
        + build.enhanced(b"b", 5, 1)
        + build.section(">")
        + build.interface(101, ">")
        + build.enhanced(b"c", 5, 0, ">")
    )
    walk, found = walk_over(octets, 11)
    assert [(f.octets, f.time_ns, f.link_type, f.interface) for f in found] == [
        (b"a", 5, 1, 0),
        (b"b", 5000, 113, 1),
        (b"c", 5000, 101, 2),
    ]
    assert [interface.name for interface in walk.interfaces] == ["eth0", "", ""]


def test_pcapng_simple_and_old_packets() -> None:
    octets = (
        build.section()
        + build.interface(snaplen=4)
        + build.old_packet(b"old", 7_000_000)
        + build.simple(b"simp", wire_len=9)
        + build.enhanced(b"new", 8_000_000)
    )
    walk, found = walk_over(octets, 5)
    assert [(f.octets, f.wire_len, f.time_ns // SECOND_NS) for f in found] == [
        (b"old", 3, 7),
        (b"simp", 9, 7),
        (b"new", 3, 8),
    ]
    assert walk.error == ""


@pytest.mark.parametrize("block_len", [1, 9, 4096])
def test_pcapng_unknown_blocks_are_skipped_by_length(block_len: int) -> None:
    octets = (
        build.section()
        + build.block(0x0BAD, b"custom" * 1000)
        + build.interface()
        + build.block(4, b"")
        + build.enhanced(b"x", 1)
    )
    walk, found = walk_over(octets, block_len)
    assert [frame.octets for frame in found] == [b"x"]
    assert walk.error == ""


def clocked_file(writer: bytes, order: str = "<") -> bytes:
    """A frame at 5 us, statistics of 7 us, a frame at 9 us, in a section written by `writer`."""
    return (
        build.section(order, options=build.option(4, writer, order))
        + build.interface(order=order)
        + build.enhanced(b"a", 5, order=order)
        + build.statistics(0, b"", order, ticks=7)
        + build.enhanced(b"b", 9, order=order)
    )


def events(walk: RecordWalk, octets: bytes, block: int) -> list[tuple[str, int]]:
    """Times of the frames and clock records, as they come when fed so many octets at a time."""
    seen = []
    for start in range(0, len(octets), block):
        walk.feed(octets[start : start + block])
        while True:
            while walk.advance():
                seen.append(("frame", walk.time_ns))
            clock_ns = walk.take_clock()
            if clock_ns < 0:
                break
            seen.append(("clock", clock_ns))
    walk.finish()
    return seen


@pytest.mark.parametrize("block", [1, 50, 10_000])
@pytest.mark.parametrize("order", ["<", ">"])
def test_pcapng_statistics_of_our_own_are_clock_records(order: str, block: int) -> None:
    walk = RecordWalk("x")
    assert events(walk, clocked_file(b"tcpflow-analyzer 1.2", order), block) == [
        ("frame", 5000),
        ("clock", 7000),
        ("frame", 9000),
    ]
    assert walk.error == ""


@pytest.mark.parametrize("writer", [b"", b"Dumpcap (Wireshark) 4.0.17", b"tcpflow"])
def test_pcapng_statistics_of_others_are_no_clock(writer: bytes) -> None:
    seen = events(RecordWalk("x"), clocked_file(writer), 10_000)
    assert seen == [("frame", 5000), ("frame", 9000)]


def test_pcapng_drops_are_those_of_the_last_statistics() -> None:
    earlier = build.option(5, struct.pack("<Q", 1))
    later = build.option(5, struct.pack("<Q", 3)) + build.option(7, struct.pack("<Q", 4))
    octets = (
        build.section()
        + build.interface()
        + build.interface()
        + build.statistics(0, earlier)
        + build.statistics(0, later)
        + build.statistics(9, later)
    )
    walk, _ = walk_over(octets)
    assert [interface.drops for interface in walk.interfaces] == [7, -1]


def test_pcapng_options_that_lie_are_passed_over() -> None:
    options = struct.pack("<HH", 2, 5000) + b"abcd"
    octets = build.section() + build.interface(options=options) + build.enhanced(b"x", 1)
    walk, found = walk_over(octets)
    assert len(found) == 1
    assert walk.interfaces[0].name == ""


# -- long blocks: only their beginning is held ----------------------------------------------------

COMMENTS = build.option(1, bytes(65_532)) * 33  # more than 2 MiB


@pytest.mark.parametrize("block_len", [4096, 262_144, 1 << 24])
@pytest.mark.parametrize("order", ["<", ">"])
def test_pcapng_options_of_megabytes_are_passed_over(order: str, block_len: int) -> None:
    name = build.option(2, b"eth0", order)
    comments = COMMENTS if order == "<" else build.option(1, bytes(65_532), order) * 33
    octets = (
        build.section(order, options=comments)
        + build.interface(101, order, name + comments)
        + build.block(6, build.enhanced(b"abc", 5, 0, order)[8:-4] + comments, order)
        + build.block(5, build.statistics(0, b"", order)[8:-4] + comments, order)
        + build.enhanced(b"d", 6, 0, order)
    )
    walk, found = walk_over(octets, block_len)
    assert walk.error == ""
    assert [(f.octets, f.time_ns, f.link_type) for f in found] == [
        (b"abc", 5000, 101),
        (b"d", 6000, 101),
    ]
    assert walk.interfaces[0].name == "eth0"


@pytest.mark.parametrize("block_len", [4096, 262_144, 1 << 24])
@pytest.mark.parametrize("kind", [6, 2, 3])
@pytest.mark.parametrize(
    ("link_type", "captured", "is_read"),
    [(1, 262_144, True), (1, 262_145, False), (231, 300_000, True), (231, 1_200_000, True)],
)
def test_pcapng_frame_is_as_long_as_its_link_type_allows(
    link_type: int, captured: int, is_read: bool, kind: int, block_len: int
) -> None:
    content = bytes(range(250)) * (captured // 250) + bytes(captured % 250)
    packet = {6: build.enhanced(content, 5), 2: build.old_packet(content, 5)}.get(
        kind, build.simple(content)
    )
    octets = build.section() + build.interface(link_type) + build.enhanced(b"a", 1) + packet
    walk, found = walk_over(octets + build.enhanced(b"z", 9), block_len)
    if is_read:
        assert [f.octets for f in found] == [b"a", content, b"z"]
        assert walk.error == ""
    else:
        assert [f.octets for f in found] == [b"a"]
        assert f"{captured} octets were captured; at most 262144 can be" in walk.error


def test_pcapng_end_of_a_long_block_is_checked() -> None:
    long_block = build.block(1, build.interface()[8:-4] + COMMENTS)
    octets = build.section() + build.interface() + long_block[:-4] + struct.pack("<I", 12)
    walk, _ = walk_over(octets + build.enhanced(b"a", 1), 4096)
    assert walk.error.endswith("and ends with the length 12")
    assert walk.error_offset == len(build.section() + build.interface())
    cut, _ = walk_over(octets[:-400], 4096)
    assert cut.truncated
    size = len(long_block)
    assert cut.error == f"block is cut: {size - 400} of {size} octets"


def test_a_record_in_many_blocks_is_put_together_once() -> None:
    """Each block that came was joined to all those before: half a minute for these."""
    content = bytes(32 << 20)
    octets = build.pcap_file([Record(1, 0, content, len(content))], link_type=231)
    start = time.process_time()
    _, found = walk_over(octets, 16_384)
    assert [len(f.octets) for f in found] == [32 << 20]
    assert time.process_time() - start < 5


def test_interfaces_have_a_limit() -> None:
    described = build.section() + build.interface() * 65_536
    walk, found = walk_over(described + build.enhanced(b"a", 1), 1 << 24)
    assert walk.error == ""
    assert len(found) == 1
    walk, found = walk_over(described + build.interface() + build.enhanced(b"a", 1), 1 << 24)
    assert (walk.error, found) == ("more than 65536 interfaces are described", [])
    assert walk.error_offset == len(described)


def test_drops_of_all_interfaces_are_counted_once() -> None:
    def dropped(count: int) -> bytes:
        return build.option(5, struct.pack("<q", count))

    octets = build.section() + build.interface() * 2 + build.interface()
    walk, _ = walk_over(octets)
    assert walk.drops == -1
    octets += build.statistics(0, dropped(3)) + build.statistics(1, dropped(4))
    octets += build.statistics(0, dropped(10))
    walk, _ = walk_over(octets)
    assert walk.drops == 14
    assert [interface.drops for interface in walk.interfaces] == [10, 4, -1]
    walk, _ = walk_over(octets + build.statistics(2, dropped(-1) + dropped(1 << 62)))
    assert walk.drops == 14 + (1 << 46)  # more than any counter holds is no count


# -- damage: (what, octets, frames before it, offset, line, only cut) -----------------------------

ONE = build.pcap_file([Record(1, 0, b"abcd", 4)])
NG_ONE = build.section() + build.interface() + build.enhanced(b"abcd", 1)
DAMAGE = {
    "no octets": (b"", 0, 0, "the file is empty", False),
    "no capture": (b"GIF89a", 0, 0, "not a capture: starts with the octets 47 49 46 38", False),
    "two octets": (b"\xd4\xc3", 0, 0, "file header is cut: 2 of 4 octets", True),
    "file header": (ONE[:23], 0, 0, "file header is cut: 23 of 24 octets", True),
    "record header": (ONE + ONE[24:31], 1, 44, "record is cut: 7 of 16 octets", True),
    "record": (ONE + ONE[24:42], 1, 44, "record is cut: 18 of 20 octets", True),
    "lying record": (
        ONE + struct.pack("<IIII", 1, 0, 262_145, 262_145) + bytes(100),
        1,
        44,
        "record says that 262145 octets were captured; at most 262144 can be",
        False,
    ),
    "block header": (NG_ONE + b"\6\0\0\0", 1, len(NG_ONE), "block is cut: 4 of 12 octets", True),
    "block": (NG_ONE[:-1], 0, 48, "block is cut: 35 of 36 octets", True),
    "unknown block": (
        NG_ONE + build.block(99, bytes(88))[:50],
        1,
        len(NG_ONE),
        "block is cut: 50 of 100 octets",
        True,
    ),
    "unknown block's end": (
        NG_ONE + build.block(99, bytes(88))[:-2],
        1,
        len(NG_ONE),
        "block is cut: 98 of 100 octets",
        True,
    ),
    "block length of 8": (
        NG_ONE + struct.pack("<III", 6, 8, 8),
        1,
        len(NG_ONE),
        "block says that it is 8 octets long",
        False,
    ),
    "odd block length": (
        NG_ONE + struct.pack("<II", 6, 37) + bytes(100),
        1,
        len(NG_ONE),
        "block says that it is 37 octets long",
        False,
    ),
    "huge block": (
        NG_ONE + struct.pack("<II", 99, 0xFFFF_FFFC) + bytes(100),
        1,
        len(NG_ONE),
        "block says that it is 4294967292 octets long",
        False,
    ),
    "block length at the end": (
        NG_ONE[:-4] + struct.pack("<I", 40),
        0,
        48,
        "block starts with the length 36 and ends with the length 40",
        False,
    ),
    "unknown block's length at the end": (
        NG_ONE + build.block(99, bytes(8))[:-4] + bytes(4),
        1,
        len(NG_ONE),
        "block starts with the length 20 and ends with the length 0",
        False,
    ),
    "captured length": (
        NG_ONE[:68] + struct.pack("<I", 5) + NG_ONE[72:],
        0,
        48,
        "packet block of 36 octets says that 5 were captured",
        False,
    ),
    "short packet block": (
        NG_ONE + build.block(6, bytes(16)),
        1,
        len(NG_ONE),
        "packet block is 28 octets long",
        False,
    ),
    "no such interface": (
        NG_ONE + build.enhanced(b"x", 1, 3),
        1,
        len(NG_ONE),
        "packet of interface 3, but the section describes 1",
        False,
    ),
    "simple packet without interface": (
        build.section() + build.simple(b"x"),
        0,
        28,
        "packet of interface 0, but the section describes 0",
        False,
    ),
    "no byte order": (
        build.block(0x0A0D0D0A, bytes(16)),
        0,
        0,
        "section header has no byte-order magic",
        False,
    ),
    "version": (build.section(version=2), 0, 0, "section has the unknown version 2", False),
    "short section": (
        struct.pack("<IIIII", 0x0A0D0D0A, 20, 0x1A2B3C4D, 1, 20),
        0,
        0,
        "section header is 20 octets long",
        False,
    ),
    "short interface": (
        build.section() + build.block(1, bytes(4)),
        0,
        28,
        "interface block is 16 octets long",
        False,
    ),
    "short simple packet": (
        build.section() + build.interface() + build.block(3, b""),
        0,
        48,
        "simple packet block is 12 octets long",
        False,
    ),
    "short statistics": (
        build.section() + build.interface() + build.block(5, bytes(8)),
        0,
        48,
        "statistics block is 20 octets long",
        False,
    ),
}


@pytest.mark.parametrize("block_len", [1, 7, 4096])
@pytest.mark.parametrize("what", DAMAGE)
def test_damage_says_what_and_where(what: str, block_len: int) -> None:
    octets, frames, offset, line, cut = DAMAGE[what]
    walk, found = walk_over(octets, block_len)
    assert (walk.error, walk.error_offset) == (line, offset)
    assert (len(found), walk.damaged, walk.truncated) == (frames, True, cut)


def test_feed_after_damage_is_ignored() -> None:
    walk, _ = walk_over(b"GIF89a")
    walk.feed(ONE)
    assert not walk.advance()
    assert walk.frames == 0


def test_stop_says_where_the_source_ended() -> None:
    walk = RecordWalk("x")
    walk.feed(ONE + b"\1\2\3")
    assert len(drain(walk)) == 1
    walk.stop("gzip stream ends early")
    assert (walk.error, walk.error_offset) == ("gzip stream ends early", len(ONE) + 3)
    assert walk.truncated


@given(
    head=st.sampled_from([b"", ONE[:24], ONE, NG_ONE, build.section(), build.section(">")]),
    octets=st.binary(max_size=300),
    block_len=st.integers(1, 50),
)
def test_any_octets_give_the_same_in_any_blocks(head: bytes, octets: bytes, block_len: int) -> None:
    one, found = walk_over(head + octets)
    other, found_again = walk_over(head + octets, block_len)
    assert found == found_again
    assert (one.error, one.error_offset) == (other.error, other.error_offset)
    assert all(0 <= frame.time_ns <= TIME_LIMIT for frame in found)


@given(
    data=st.data(),
    octets=st.sampled_from(
        [build.pcapng_file(build.records(3)), build.pcap_file(build.records(3))]
    ),
)
def test_any_changed_octet_gives_values(data: st.DataObject, octets: bytes) -> None:
    place = data.draw(st.integers(0, len(octets) - 1))
    changed = octets[:place] + bytes((data.draw(st.integers(0, 255)),)) + octets[place + 1 :]
    walk, found = walk_over(changed, data.draw(st.sampled_from([3, 4096])))
    assert len(found) == walk.frames <= 4
    assert walk.damaged == bool(walk.error)


@given(
    resolutions=st.lists(st.sampled_from([0, 3, 6, 9, 12, 0x80 + 20]), min_size=2, max_size=2),
    packets=st.lists(
        st.tuples(
            st.integers(0, 1),
            st.integers(0, (1 << 64) - 1) | st.sampled_from([(1 << 62) - 1, 1 << 61, 5]),
        ),
        min_size=1,
        max_size=12,
    ),
)
def test_usual_frames_are_read_as_any_other(
    resolutions: list[int], packets: list[tuple[int, int]]
) -> None:
    """The short way for enhanced packets exists for little-endian sections only."""

    def file_in(order: str) -> bytes:
        octets = build.section(order)
        for number, resolution in enumerate(resolutions):
            options = build.option(9, bytes((resolution,)), order)
            octets += build.interface(100 + number, order, options)
        for number, ticks in packets:
            octets += build.enhanced(b"abc", ticks, number, order)
        return octets

    _, quick = walk_over(file_in("<"))
    _, slow = walk_over(file_in(">"))
    assert len(quick) == len(packets)
    assert quick == slow
