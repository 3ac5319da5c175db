"""Written pcapng: our own reader and dpkt's read back octets, times, link types and comments."""

from io import BytesIO
from pathlib import Path

import dpkt

from tcpflow_analyzer.sources.chosen_frames import Frame, chosen_frames
from tcpflow_analyzer.sources.pcapng_blocks import section
from tcpflow_analyzer.sources.pcapng_file import PcapngFile
from tcpflow_analyzer.sources.records import Interface, RecordWalk

ETHERNET, RAW = 1, 101


def made_frames() -> list[Frame]:
    first, second = Interface(ETHERNET, 96, 0), Interface(RAW, 0, 0)
    first.name = "eth0"
    return [
        Frame(1, 1_700_000_000_123_456_789, first, b"abc", 60),
        Frame(5, 1_700_000_001_000_000_001, second, b"0123456", 7),
        Frame(9, 1_700_000_002_000_000_000, first, b"", 0),
    ]


def written(comments: list[str], captured_len: int | None = None) -> bytes:
    stream = BytesIO()
    file = PcapngFile(stream.write, "of a test")
    for frame in made_frames():
        file.add(frame, comments, captured_len)
    return stream.getvalue()


def test_frames_are_read_back(tmp_path: Path) -> None:
    path = tmp_path / "x.pcapng"
    path.write_bytes(written([]))
    frames = list(chosen_frames([str(path)], {1, 2, 3}))
    assert [(each.time_ns, each.octets, each.wire_len) for each in frames] == [
        (each.time_ns, each.octets, each.wire_len) for each in made_frames()
    ]
    assert [each.interface.link_type for each in frames] == [ETHERNET, RAW, ETHERNET]
    assert [each.interface.name for each in frames] == ["eth0", "", "eth0"]
    assert frames[0].interface is frames[2].interface


def test_comments_are_options_of_the_packet() -> None:
    content = written(["first \N{RIGHTWARDS ARROW}", "second"])
    assert content.count("first \N{RIGHTWARDS ARROW}".encode()) == len(made_frames())
    times = [time for time, _ in dpkt.pcapng.Reader(BytesIO(written(["a"])))]
    assert len(times) == len(made_frames())


def test_cut_frames_keep_their_length_on_the_wire(tmp_path: Path) -> None:
    path = tmp_path / "x.pcapng"
    path.write_bytes(written([], captured_len=2))
    frames = list(chosen_frames([str(path)], {1, 2, 3}))
    assert [(each.octets, each.wire_len) for each in frames] == [(b"ab", 60), (b"01", 7), (b"", 0)]


def test_end_of_the_capture_is_a_clock_record() -> None:
    stream = BytesIO()
    file = PcapngFile(stream.write, "of a test")
    file.end(5)
    assert stream.getvalue() == section("of a test")
    for frame in made_frames():
        file.add(frame, [])
    end_ns = 1_700_000_100_000_000_007
    file.end(end_ns)
    walk = RecordWalk("x.pcapng")
    walk.feed(stream.getvalue())
    frames = 0
    while walk.advance():
        frames += 1
    assert (frames, walk.take_clock()) == (3, end_ns)
