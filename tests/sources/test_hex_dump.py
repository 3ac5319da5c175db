"""Hex dumps in the layouts people paste, whole, cut in front, and with octets lost."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.capture_builder import Options, Segment, ethernet, packet
from tcpflow_analyzer.sources.hex_dump import (
    DumpedFrame,
    find_dumps,
    header_score,
    internet_len,
    lacks_octets,
    read_dump,
)
from tcpflow_analyzer.tcp.control_bits import ACK, FIN, SYN

SYN_SEGMENT = Segment(
    "192.0.2.1",
    40_000,
    "198.51.100.1",
    80,
    seq=0x4649_3EDD,
    control_bits=SYN,
    options=Options(mss=1460, sack_permitted=True, window_scale=7, timestamps=(5, 0)),
)
IP = packet(SYN_SEGMENT)
FRAME = ethernet(IP)


def printable(row: bytes) -> str:
    return "".join(chr(octet) if 32 <= octet < 127 else "." for octet in row)


def wireshark(octets: bytes) -> str:
    rows = [(n, octets[n : n + 16]) for n in range(0, len(octets), 16)]
    return "\n".join(f"{n:04x}  {row.hex(' '):<47}   {printable(row)}" for n, row in rows)


def tcpdump(octets: bytes) -> str:
    rows = [(n, octets[n : n + 16]) for n in range(0, len(octets), 16)]
    return "\n".join(f"\t0x{n:04x}:  {row.hex(' ', -2):<39}  {printable(row)}" for n, row in rows)


def hexdump_c(octets: bytes) -> str:
    rows = [(n, octets[n : n + 16]) for n in range(0, len(octets), 16)]
    return "\n".join(
        f"{n:08x}  {row[:8].hex(' ')}  {row[8:].hex(' '):<23}  |{printable(row)}|"
        for n, row in rows
    )


def run_together(octets: bytes) -> str:
    return " ".join(
        f"{n:04X} {octets[n : n + 16].hex(' ')} ..P.. w{printable(octets[n : n + 16])}"
        for n in range(0, len(octets), 16)
    )


def frames(text: str) -> list[DumpedFrame]:
    found = [read_dump(dump) for dump in find_dumps(text)]
    return [frame for frame in found if frame is not None]


@pytest.mark.parametrize("layout", [wireshark, tcpdump, hexdump_c, run_together])
@pytest.mark.parametrize(("octets", "link_type"), [(IP, 101), (FRAME, 1)])
def test_layouts(layout: object, octets: bytes, link_type: int) -> None:
    assert callable(layout)
    text = f"before\n{layout(octets)}\n\n{layout(octets)}\nafter 0001 and 5000 more"
    assert [(f.link_type, f.octets, f.wire_len, f.mended) for f in frames(text)] == [
        (link_type, octets, len(octets), 0)
    ] * 2


def test_packet_cut_short_keeps_its_length() -> None:
    (frame,) = frames(tcpdump(IP[:40]))
    assert (frame.octets, frame.wire_len) == (IP[:40], len(IP))


def cut_rows(octets: bytes) -> list[bytes]:
    """Rows of a frame from offset 0x20 on, without the last octets of the address."""
    return [octets[34:48], *(octets[n : n + 16] for n in range(48, len(octets), 16))]


def dump_of(rows: list[bytes]) -> str:
    return " ".join(
        f"{0x20 + 16 * number:04x} {row.hex(' ')}..." for number, row in enumerate(rows)
    )


def test_dump_from_the_middle_gives_the_tcp_header() -> None:
    (frame,) = frames(dump_of(cut_rows(FRAME)))
    assert (frame.link_type, frame.octets, frame.mended) == (None, FRAME[34:], 0)


def test_dump_from_the_middle_with_the_whole_row() -> None:
    rows = [FRAME[n : n + 16] for n in range(32, len(FRAME), 16)]
    (frame,) = frames(dump_of(rows))
    assert (frame.link_type, frame.octets) == (None, FRAME[34:])


def test_lost_equal_octets_are_put_in_again() -> None:
    first, *others = cut_rows(FRAME)
    assert b"\0\0\0\0\xa0\2" in first
    lossy = [first.replace(b"\0\0\0\0\xa0", b"\0\0\0\xa0"), *others]
    lossy[-1] = lossy[-1].replace(b"\3\3", b"\3")
    (frame,) = frames(dump_of(lossy))
    assert (frame.octets, frame.mended) == (FRAME[34:], 2)


def test_dump_is_left_as_it_is_where_mending_is_not_wanted() -> None:
    rows = cut_rows(FRAME)
    assert not lacks_octets(*find_dumps(dump_of(rows)))
    rows[1] = rows[1][:3] + rows[1][4:]
    (dump,) = find_dumps(dump_of(rows))
    assert lacks_octets(dump)
    frame = read_dump(dump, mend=False)
    assert frame is None or frame.octets == b"".join(rows)


def test_split_octet_is_joined() -> None:
    text = dump_of(cut_rows(FRAME)).replace(" 00 50 ", " 0 0 50 ", 1)
    (frame,) = frames(text)
    assert frame.octets == FRAME[34:]


def test_offset_glued_to_the_readable_column() -> None:
    first, second, third = cut_rows(FRAME)
    text = f"0020 {first.hex(' ')} ..... v0030 {second.hex(' ')} .. v0040 {third.hex(' ')} J"
    (frame,) = frames(text)
    assert frame.octets == FRAME[34:]


@pytest.mark.parametrize(
    "text",
    [
        "0000 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 0010 00 00 00 00",
        "in 2010 12 10 11 09 people, 0020 times",
        "0020 ff ff ff ff ff ff ff ff ff ff ff ff ff ff 0030 ff ff ff ff ff ff",
        "0x0000:",
        "",
    ],
)
def test_what_is_no_packet(text: str) -> None:
    assert frames(text) == []


@pytest.mark.parametrize(
    ("octets", "likely"),
    [
        (FRAME[34:], True),
        (FRAME[34:60], True),
        (FRAME[34:46], False),
        (b"\0\0" + FRAME[36:], False),
        (FRAME[34:46] + b"\x40" + FRAME[47:], False),
        (FRAME[34:47] + bytes((SYN | FIN,)) + FRAME[48:], False),
        (FRAME[34:47] + b"\0" + FRAME[48:], False),
    ],
)
def test_header_score(octets: bytes, likely: bool) -> None:
    assert (header_score(octets) > 0) is likely


def test_header_score_prefers_whole_options() -> None:
    broken = FRAME[34:-3] + b"\3\1\7"
    assert header_score(FRAME[34:]) > header_score(broken)
    acked = FRAME[34:42] + b"\0\0\0\1" + FRAME[46:]
    assert header_score(FRAME[34:]) > header_score(acked)
    assert ACK & SYN == 0


@pytest.mark.parametrize(
    ("octets", "length"),
    [(IP, len(IP)), (b"\x60" + bytes(3) + b"\0\x08" + bytes(34), 48), (b"", 0), (bytes(40), 0)],
)
def test_internet_len(octets: bytes, length: int) -> None:
    assert internet_len(octets, 0) == length


@given(st.text(alphabet="0123456789abcdef xX:.\n", max_size=400))
def test_any_digits_give_values(text: str) -> None:
    for frame in frames(text):
        assert len(frame.octets) <= frame.wire_len
