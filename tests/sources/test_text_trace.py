"""Text traces as people paste them: old and new tcpdump, windump, pages that lost half of it."""

import shutil
import subprocess
import time
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.places import RECORDINGS, shared_folder
from support.text_reader import Segment, read_text, segment_of
from tcpflow_analyzer.sources import text_trace
from tcpflow_analyzer.sources.capture_file import looks_like_text
from tcpflow_analyzer.sources.recording import Recording
from tcpflow_analyzer.tcp.control_bits import ACK, ECE, FIN, PSH, RST, SYN

A, B = bytes((192, 0, 2, 1)), bytes((192, 0, 2, 2))

OLD = """\
12:00:00.000001 IP 192.0.2.1.1025 > 192.0.2.2.http: S 1000:1000(0) win 5840 <mss 1460,sackOK>
12:00:00.000002 IP 192.0.2.2.http > 192.0.2.1.1025: S 9000:9000(0) ack 1001 win 5792 <mss 1460>
12:00:00.000003 IP 192.0.2.1.1025 > 192.0.2.2.http: . ack 1 win 5840
12:00:00.000004 IP 192.0.2.1.1025 > 192.0.2.2.http: P 1:101(100) ack 1 win 5840
12:00:00.000005 IP 192.0.2.2.http > 192.0.2.1.1025: F 1:1(0) ack 101 win 5792
12:00:00.000006 IP 192.0.2.1.1025 > 192.0.2.2.http: R 101:101(0) win 0
"""


def bits(text: str | bytes) -> list[int]:
    return [segment.control_bits for _, segment in read_text(text)[0]]


@pytest.mark.parametrize("piece_len", [1, 7, 4096])
def test_old_tcpdump_gives_absolute_numbers(piece_len: int) -> None:
    found, _ = read_text(OLD, piece_len)
    assert [(s.control_bits, s.seq, s.ack, s.payload_len) for _, s in found] == [
        (SYN, 1000, 0, 0),
        (SYN | ACK, 9000, 1001, 0),
        (ACK, 1001, 9001, 0),
        (PSH | ACK, 1001, 9001, 100),
        (FIN | ACK, 9001, 1101, 0),
        (RST, 1101, 0, 0),
    ]
    noon_ns = 12 * 3600 * 1_000_000_000
    assert [time_ns - noon_ns for time_ns, _ in found] == [1000 * n for n in range(1, 7)]
    first = found[0][1]
    assert (first.source, first.source_port) == (A, 1025)
    assert (first.destination, first.destination_port) == (B, 80)
    assert (first.window, first.options) == (5840, b"\2\4\5\xb4\4\2")


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace(" > ", " "),  # swallowed as a tag
        lambda text: text.replace(">", "&gt;").replace("<", "&lt;"),
        lambda text: text.replace(" ", "\n   "),  # wrapped at every blank
        lambda text: text.replace("\n", " "),  # glued
        lambda text: text.replace("\n", ""),  # glued without a blank
        lambda text: text.replace(":", ": ").replace(".000", " .000".strip()),
        lambda text: "words before\n" + text.replace("\n", "\nwords. between\n"),
        lambda text: text.replace("\n", "\r\n"),
    ],
)
def test_mangled_text_gives_the_same_segments(change: object) -> None:
    assert callable(change)
    mangled = str(change(OLD.replace(" <mss 1460,sackOK>", "").replace(" <mss 1460>", "")))
    plain = [segment._replace(options=b"") for _, segment in read_text(OLD)[0]]
    assert [segment for _, segment in read_text(mangled)[0]] == plain


def test_new_tcpdump() -> None:
    text = (
        "2026-01-02 03:04:05.000006 IP6 2001:db8::1.40000 > 2001:db8::2.443: Flags [SEW], "
        "seq 7, win 64800, options [mss 1440,sackOK,TS val 5 ecr 0,nop,wscale 7], length 0\n"
        "2026-01-02 03:04:05.000007 IP6 2001:db8::1.40000 > 2001:db8::2.443: Flags [P.], "
        "seq 1:518, ack 1, win 502, options [nop,nop,sack 1 {1:2}], length 517: HTTP\n"
    )
    found, trace = read_text(text)
    assert trace.container == "text"
    assert [time_ns for time_ns, _ in found] == [
        1_767_323_045_000_006_000,
        1_767_323_045_000_007_000,
    ]
    syn, data = (segment for _, segment in found)
    assert syn.source.hex() == "20010db8000000000000000000000001"
    assert (syn.control_bits & (SYN | ECE), syn.seq, syn.window) == (SYN | ECE, 7, 64800)
    assert syn.options.hex() == "020405a00402080a00000005000000000103030" + "7"
    assert (data.seq, data.payload_len, data.control_bits) == (8, 517, PSH | ACK)


def test_ip_header_of_verbose_output() -> None:
    text = (
        "12:00:00.1 IP (tos 0x0, ttl 57, id 4321, offset 0, flags [DF], proto TCP (6), length 40)\n"
        "    192.0.2.1.1 > 192.0.2.2.2: Flags [R], cksum 0x1 (correct), seq 5, win 0, length 0\n"
    )
    found, _ = read_text(text)
    assert [(s.control_bits, s.seq, s.window) for _, s in found] == [(RST, 5, 0)]


def test_time_past_midnight_goes_on() -> None:
    line = "{} IP 192.0.2.1.1 > 192.0.2.2.2: Flags [.], ack 1, win 1, length 0\n"
    found, _ = read_text(line.format("23:59:59.9") + line.format("00:00:00.1"))
    assert found[1][0] - found[0][0] == 200_000_000


def test_epoch_times() -> None:
    found, _ = read_text("1767225600.000001 IP 192.0.2.1.1 > 192.0.2.2.2: Flags [S], seq 1\n")
    assert found[0][0] == 1_767_225_600_000_001_000


def test_made_up_values_are_noted() -> None:
    text = "IP client.1 > server.domain.example.frobnicate: S 1:1(0)\n"
    found, trace = read_text(text)
    segment = found[0][1]
    assert segment.source == bytes((198, 51, 100, 1))
    assert segment.destination == bytes((198, 51, 100, 2))
    assert segment.destination_port == 61_000
    assert trace.notes() == [
        "1 packets have no time: each was put 1 ms after the one before",
        "1 service names are not known: each was given a port of its own",
        "1 packets have no window: 65535 was put in",
        "names were given addresses: 198.51.100.1 client, 198.51.100.2 server.domain.example",
    ]


def test_name_beside_an_ipv6_address() -> None:
    found, _ = read_text("IP6 2001:db8::1.1 > server.2: S 1:1(0)\n")
    assert found[0][1].destination.hex() == "20010db8000000000000000000000001"


def test_large_payload_keeps_its_length() -> None:
    text = "IP 192.0.2.1.1 > 192.0.2.2.2: Flags [.], seq 1:60001, ack 1, win 1, length 60000\n"
    assert read_text(text)[0][0][1].payload_len == 60_000


def test_absolute_numbers_of_dash_s_stay() -> None:
    text = (
        "IP 192.0.2.1.1 > 192.0.2.2.2: S 4000000000:4000000000(0)\n"
        "IP 192.0.2.2.2 > 192.0.2.1.1: S 7:7(0) ack 4000000001\n"
        "IP 192.0.2.1.1 > 192.0.2.2.2: P 4000000001:4000000002(1) ack 8\n"
    )
    found, _ = read_text(text)
    assert [(s.seq, s.ack) for _, s in found] == [
        (4_000_000_000, 0),
        (7, 4_000_000_001),
        (4_000_000_001, 8),
    ]


def test_midstream_numbers_count_from_the_first_segment() -> None:
    text = (
        "IP 192.0.2.1.1 > 192.0.2.2.2: P 3000000000:3000000100(100) ack 2000000000\n"
        "IP 192.0.2.2.2 > 192.0.2.1.1: . ack 100\n"
        "IP 192.0.2.2.2 > 192.0.2.1.1: P 1:11(10) ack 100\n"
    )
    found, _ = read_text(text)
    assert [(s.seq, s.ack) for _, s in found] == [
        (3_000_000_000, 2_000_000_000),
        (2_000_000_000, 3_000_000_100),
        (2_000_000_000, 3_000_000_100),
    ]


def test_hex_below_a_line_takes_its_place() -> None:
    text = (
        "12:00:00.000001 IP 192.0.2.1.9 > 192.0.2.2.8: Flags [S], seq 5, win 2, length 0\n"
        "\t0x0000:  4500 0028 0000 4000 4006 b6cd c000 0201  E..(..@.@.......\n"
        "\t0x0010:  c000 0202 0009 0008 0000 0005 0000 0000  ................\n"
        "\t0x0020:  5002 0003 0000 0000                      P.......\n"
    )
    found, _ = read_text(text)
    assert [(time_ns // 1000 % 1_000_000, s.seq, s.window) for time_ns, s in found] == [(1, 5, 3)]


def test_segment_quoted_by_icmp_is_left_out() -> None:
    text = (
        "12:00:00.1 IP (tos 0x0, ttl 64, id 1, offset 0, flags [none], proto ICMP (1), length 88)\n"
        "    192.0.2.2 > 192.0.2.1: ICMP host 192.0.2.2 unreachable, length 68\n"
        "\tIP (tos 0x0, ttl 64, id 2, offset 0, flags [DF], proto TCP (6), length 60)\n"
        "    192.0.2.1.1 > 192.0.2.2.2: Flags [S], seq 1, win 1, length 0\n"
    )
    found, trace = read_text(text)
    assert found == []
    assert trace.notes() == ["1 segments are quoted by ICMP errors and were left out"]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig"])
def test_encodings_of_other_systems(encoding: str) -> None:
    assert bits(OLD.encode(encoding)) == bits(OLD)
    assert looks_like_text(OLD.encode(encoding))


def test_prose_gives_nothing() -> None:
    text = "The client sends a SYN (seq = x), e.g. a.b c.d: 12:30, ack.x y.z: x. See 4.4.2: ok\n"
    assert read_text(text * 50)[0] == []


# As the web pages have it; what the text says in words is what the segments must say.
GLUED = (
    "windump says: 14: 00: 38.819856 IP host-a.1748> 192.0.2.55.80: F 1:1 (0) ack 1 win 65535"
    "14: 00: 38.863989 IP 192.0.2.55.80> host-a.1748: F 1:1 (0) ack 2 win 2920"
    "14: 00: 38.864412 IP host-a.1748> 192.0.2.55.80 :. ack 2 win 65535 supplementary details:"
)


def test_windump_glued_by_a_page() -> None:
    found, _ = read_text(GLUED)
    assert [(s.control_bits, s.seq, s.ack, s.window) for _, s in found] == [
        (FIN | ACK, 1, 1, 65_535),
        (FIN | ACK, 1, 2, 2920),
        (ACK, 2, 2, 65_535),
    ]
    start_ns = (14 * 3600 + 38) * 1_000_000_000
    assert [time_ns - start_ns for time_ns, _ in found] == [819856000, 863989000, 864412000]


def test_handshake_without_arrows_flags_and_windows() -> None:
    text = (
        "IP 192.0.2.1.3337 192.0.2.2.7788: S 3626544836:3626544836\n\n"
        "IP 192.0.2.2.7788 192.0.2.1.3337: S 1739326486:1739326486 ack 3626544837\n\n"
        "IP 192.0.2.1.3337 192.0.2.2.7788: ack 1739326487,ack 1\n"
    )
    found, _ = read_text(text)
    assert [(s.control_bits, s.seq, s.ack) for _, s in found] == [
        (SYN, 3626544836, 0),
        (SYN | ACK, 1739326486, 3626544837),
        (ACK, 3626544837, 1739326487),
    ]


@pytest.mark.parametrize(("number", "segments"), [(0, 0), (1, 0), (2, 3), (3, 0), (4, 6)])
def test_articles(number: int, segments: int) -> None:
    folder = shared_folder()
    if folder is None or not (folder / "seeds").is_dir():
        pytest.skip("the articles are not part of the repository")
    article = sorted((folder / "seeds").glob(f"{number:03}_*.txt"))[0]
    assert len(read_text(article.read_bytes())[0]) == segments


@given(st.binary(max_size=400) | st.text(max_size=400).map(str.encode), st.integers(1, 100))
def test_any_octets_around_a_line(octets: bytes, piece_len: int) -> None:
    line = b"\n12:00:00.1 IP 192.0.2.1.1 > 192.0.2.2.2: S 5:5(0) win 9\n\n"
    found, _ = read_text(octets.replace(b"\xff\xfe", b"") + line, piece_len)
    if not octets.startswith(b"\xfe\xff"):
        assert found[-1][1][2:6] == (1, 2, 5, 0)


@pytest.mark.parametrize("char", ["a", ".", ":", " ", "1", "0 ", "a.", "00 ", "0000 00 "])
def test_long_runs_take_no_time(char: str) -> None:
    assert read_text(char * (200_000 // len(char)))[0] == []


def test_small_pieces_of_a_long_line_take_no_time() -> None:
    # Searching all that waits again at every piece took 10 s here.
    began = time.process_time()
    assert read_text('{"test": "alert-testmyids-midstream3", "packets": 7} ' * 2_000, 37)[0] == []
    assert time.process_time() - began < 3


@pytest.mark.parametrize("between", ["", "    192.0.2.1.1025 > 192.0.2.2.80: "])
def test_options_cut_by_the_snapshot_length_end_the_line(between: str) -> None:
    head = " IP (tos 0x0, ttl 64, id 7, offset 0, flags [DF], proto TCP (6), length 60)\n"
    start = head + between if between else " IP 192.0.2.1.1025 > 192.0.2.2.80: "
    end = "Flags [.], seq 5, ack 7, win 502, options [nop,nop,TS [|tcp]>\n"
    found, _ = read_text("".join(f"12:00:0{second}.5{start}{end}" for second in range(3)))
    assert [time_ns % 60_000_000_000 for time_ns, _ in found] == [
        500_000_000, 1_500_000_000, 2_500_000_000,
    ]  # fmt: skip
    assert {segment.payload_len for _, segment in found} == {0}


# -- against tcpdump's own output ----------------------------------------------------------------


def captured(path: Path) -> list[Segment]:
    segments = []
    for walk, _ in Recording([str(path)]).steps():
        while walk.advance():
            frame = walk.buffer[walk.start : walk.start + walk.captured_len]
            segment = segment_of(walk.link_type, frame)
            if segment is not None:
                segments.append(segment)
    return segments


@pytest.mark.skipif(shutil.which("tcpdump") is None, reason="tcpdump is not installed")
@pytest.mark.parametrize(
    "options",
    [
        "-nn",
        "-nnXXtt",
        *(
            pytest.param(each, marks=pytest.mark.slow)
            for each in ("-nnS", "-nnvtttt", "-nne", "-nnx")
        ),
    ],
)
def test_tcpdump_output_gives_the_segments_of_the_capture(options: str) -> None:
    # Left out: what tcpdump prints otherwise (tunnels, cooked) or cannot (options cut off, the
    # octets of a Multipath TCP option).
    odd = ("cooked", "gre", "mptcp", "snaplen")
    paths = [path for path in sorted(RECORDINGS.glob("*.pcap")) if path.stat().st_size < 20_000]
    paths = [path for path in paths if not any(word in path.name for word in odd)]
    assert len(paths) > 20
    differences: Counter[str] = Counter()
    segments = 0
    for path in paths:
        printed = subprocess.run(
            ["tcpdump", options, "-r", str(path)], capture_output=True, check=True
        )
        found = [segment for _, segment in read_text(printed.stdout)[0]]
        expected = captured(path)
        assert len(found) == len(expected), path.name
        segments += len(expected)
        for mine, theirs in zip(found, expected, strict=True):
            # The number of a segment without payload, SYN, FIN or RST is not printed.
            if mine._replace(seq=0) != theirs._replace(seq=0):
                differences[f"{path.name}: {mine} != {theirs}"] += 1
            elif mine.seq != theirs.seq:
                differences["guessed sequence numbers"] += 1
    guessed = differences.pop("guessed sequence numbers", 0)
    assert not differences
    assert guessed <= segments // 50


def test_time_and_length_beyond_any_capture_are_the_most_that_there_is() -> None:
    line = (
        "4052-01-01 12:00:00.000001 IP 192.0.2.1.1 > 192.0.2.2.2: Flags [.], seq 9:8, ack 1, win 1"
    )
    (time_ns, segment), _ = read_text(f"{line}\n{line}\n")[0]
    assert time_ns == (1 << 62) - 1
    assert segment.seq == 9


def test_what_is_remembered_of_a_text_has_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text_trace, "MOST_NAMES", 3)
    monkeypatch.setattr(text_trace, "MOST_DIRECTIONS", 4)
    text = "".join(
        f"12:00:00.{number:06} IP host{number}.service{number} > 192.0.2.2.80: "
        f"Flags [S], seq {number}, win 1, length 0\n"
        for number in range(10)
    )
    found, trace = read_text(text)
    assert [segment.seq for _, segment in found] == list(range(10))
    assert len({segment.source for _, segment in found[:3]}) == 3
    assert len({segment.source for _, segment in found}) == 3
    notes = " | ".join(trace.notes())
    assert "7 names were given addresses of others: there are too many" in notes
    assert "directions of conversations were forgotten: there are too many" in notes


def test_dumps_that_lack_octets_are_mended_as_long_as_they_are_few(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def row(offset: int, octets: int) -> str:
        return f"{offset:04x}  " + " ".join(["01"] * octets) + "\n"

    dump = row(0x20, 13) + row(0x30, 15) + row(0x40, 15) + row(0x50, 16) + "\n" + "x" * 300 + "\n"
    monkeypatch.setattr(text_trace, "MOST_MENDED", 2)
    _, trace = read_text(OLD + dump * 4 + OLD, 1 << 20)
    note = "2 hex dumps lack octets and were not mended, as there are many"
    assert note in trace.notes()
