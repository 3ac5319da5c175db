"""Several files as one recording: order, merging, numbers, damage, and what reads it."""

import gzip
import io
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from support import container_builder as build
from support.container_builder import Record
from tcpflow_analyzer.errors import InputError
from tcpflow_analyzer.sources import recording as recording_module
from tcpflow_analyzer.sources.octets import PROBE_OCTETS, FileOctets
from tcpflow_analyzer.sources.recording import ANY_TIME, Recording, expand_paths


def write(folder: Path, name: str, *times: int, link_type: int = 1) -> str:
    """A capture with a frame for each time (seconds) whose octets are name and number."""
    frames = [Record(time, 0, f"{name}{n}".encode(), 9) for n, time in enumerate(times, 1)]
    path = folder / name
    path.write_bytes(build.pcap_file(frames, link_type=link_type))
    return str(path)


def take(recording: Recording) -> list[str]:
    """Octets of all frames in the order of the recording."""
    frames = []
    for walk, until_ns in recording.steps():
        while walk.advance():
            if walk.time_ns >= until_ns:
                walk.hold()
                break
            octets = walk.buffer[walk.start : walk.start + walk.captured_len]
            frames.append(octets.decode())
    return frames


def test_one_file_has_no_limit_of_time(tmp_path: Path) -> None:
    limits = []
    for walk, until_ns in Recording([write(tmp_path, "a", 1, 2)]).steps():
        limits.append(until_ns)
        while walk.advance():
            pass
    assert limits == [ANY_TIME]


def test_frame_that_is_not_taken_is_an_error(tmp_path: Path) -> None:
    recording = Recording([write(tmp_path, "a", 1, 2)])
    steps = recording.steps()
    next(steps)
    with pytest.raises(RuntimeError, match="not been taken"):
        next(steps)
    recording.close()


def test_files_follow_by_their_first_frames(tmp_path: Path) -> None:
    paths = [write(tmp_path, "late", 10, 11), write(tmp_path, "early", 1, 2)]
    recording = Recording(paths)
    assert take(recording) == ["early1", "early2", "late1", "late2"]
    assert [(Path(file.path).name, file.first_frame, file.frames) for file in recording.files] == [
        ("early", 1, 2),
        ("late", 3, 2),
    ]


def test_files_that_overlap_are_merged(tmp_path: Path) -> None:
    paths = [write(tmp_path, "a", 1, 4, 6), write(tmp_path, "b", 2, 3, 9), write(tmp_path, "c", 5)]
    recording = Recording(paths)
    assert take(recording) == ["a1", "b1", "b2", "a2", "c1", "a3", "b3"]
    located = [recording.locate(frame) for frame in range(9)]
    assert [(Path(found[0].path).name, found[1]) for found in located if found] == [
        ("a", 1),
        ("b", 1),
        ("b", 2),
        ("a", 2),
        ("c", 1),
        ("a", 3),
        ("b", 3),
    ]
    assert located[0] is None
    assert located[8] is None


def test_equal_times_keep_the_order_of_the_files(tmp_path: Path) -> None:
    paths = [write(tmp_path, "b", 5, 5, 6), write(tmp_path, "a", 5, 5, 6)]
    assert take(Recording(paths)) == ["b1", "b2", "a1", "a2", "b3", "a3"]


def test_times_that_run_backwards_stay_in_their_file(tmp_path: Path) -> None:
    paths = [write(tmp_path, "a", 5, 2, 8), write(tmp_path, "b", 6)]
    assert take(Recording(paths)) == ["a1", "a2", "b1", "a3"]


def test_locate_during_a_step(tmp_path: Path) -> None:
    recording = Recording([write(tmp_path, "a", 1, 2), write(tmp_path, "b", 3)])
    number = 0
    for walk, until_ns in recording.steps():
        while walk.advance():
            if walk.time_ns >= until_ns:
                walk.hold()
                break
            number += 1
            found = recording.locate(number)
            assert found is not None
            assert found[1] == walk.frames
            assert found[0].path == walk.name
    assert number == 3


def test_locate_behind_the_map(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recording_module, "MAP_LIMIT", 3)
    recording = Recording([write(tmp_path, "a", 1, 3, 5), write(tmp_path, "b", 2, 4, 6)])
    assert len(take(recording)) == 6
    assert [recording.locate(frame) is not None for frame in range(1, 7)] == [True] * 2 + [
        False
    ] * 4


def test_many_files_are_not_open_at_once(tmp_path: Path) -> None:
    paths = [write(tmp_path, f"ring{number:04}", number) for number in range(1500)]
    recording = Recording([str(tmp_path)])
    assert recording.octets_total == sum(Path(path).stat().st_size for path in paths)
    assert len(take(recording)) == 1500
    assert recording.octets_read == recording.octets_total


def octets_read_by(work: Callable[[], object], monkeypatch: pytest.MonkeyPatch) -> int:
    """How many octets are read of all files while some work is done."""
    lengths = []
    read = FileOctets.read

    def counted(file: FileOctets) -> bytes:
        block = read(file)
        lengths.append(len(block))
        return block

    with monkeypatch.context() as patch:
        patch.setattr(FileOctets, "read", counted)
        work()
    return sum(lengths)


@pytest.mark.parametrize("packed", [False, True])
def test_ring_of_files_is_read_once(
    tmp_path: Path, packed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = []
    for number in range(10):
        path = Path(
            write(tmp_path, f"ring{number}", *range(number * 10_000, number * 10_000 + 5000))
        )
        if packed:
            path.write_bytes(gzip.compress(path.read_bytes(), 1))
        paths.append(path)
    size = sum(path.stat().st_size for path in paths)
    assert size > 10 * 3 * PROBE_OCTETS

    def follow() -> None:
        assert len(take(Recording([str(path) for path in reversed(paths)]))) == 50_000

    octets = octets_read_by(follow, monkeypatch)
    assert size <= octets <= size + 10 * PROBE_OCTETS
    octets = octets_read_by(lambda: expand_paths([str(tmp_path)]), monkeypatch)
    assert octets <= 10 * PROBE_OCTETS


def test_single_file_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path, "alone", *range(5000))
    octets = octets_read_by(lambda: take(Recording([path])), monkeypatch)
    assert octets == Path(path).stat().st_size


def test_summary_of_a_file(tmp_path: Path) -> None:
    path = tmp_path / "x"
    drops = build.option(5, (7).to_bytes(8, "little"))
    path.write_bytes(
        gzip.compress(
            build.section()
            + build.interface(1)
            + build.interface(113)
            + build.interface(1)
            + build.enhanced(b"x", 5)
            + build.statistics(0, drops)
            + b"\6\0"
        )
    )
    recording = Recording([str(path)])
    take(recording)
    file = recording.files[0]
    assert (file.format, file.compression, file.frames) == ("pcapng", "gzip", 1)
    assert file.link_types == ["EN10MB", "LINUX_SLL"]
    assert (file.truncated, file.error, file.drops) == (True, "block is cut: 2 of 12 octets", 7)
    assert file.problem() == f"{path}: octet {file.error_offset}: block is cut: 2 of 12 octets"


def test_damaged_file_does_not_stop_the_next(tmp_path: Path) -> None:
    first = Path(write(tmp_path, "a", 1, 2))
    first.write_bytes(first.read_bytes()[:-1])
    recording = Recording([str(first), write(tmp_path, "b", 3)])
    assert take(recording) == ["a1", "b1"]
    assert [file.truncated for file in recording.files] == [True, False]
    assert recording.files[0].problem() == f"{first}: octet 42: record is cut: 17 of 18 octets"
    assert recording.files[1].problem() is None


def test_file_without_frames_comes_last(tmp_path: Path) -> None:
    recording = Recording([write(tmp_path, "empty"), write(tmp_path, "a", 1)])
    assert take(recording) == ["a1"]
    assert [(Path(f.path).name, f.first_frame, f.frames) for f in recording.files] == [
        ("a", 1, 1),
        ("empty", 2, 0),
    ]


def test_file_that_vanishes_is_told(tmp_path: Path) -> None:
    gone = Path(write(tmp_path, "b", 2))
    recording = Recording([write(tmp_path, "a", 1), str(gone)])
    gone.unlink()
    assert take(recording) == ["a1"]
    assert recording.files[1].error == "no such file"


def test_pipe_among_files_stays_open(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    octets = Path(write(tmp_path, "p", 2, 4)).read_bytes()
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(octets)))
    recording = Recording([write(tmp_path, "a", 1, 3), "-"])
    assert take(recording) == ["a1", "p1", "a2", "p2"]
    assert recording.octets_total is None


def test_steps_can_be_taken_once(tmp_path: Path) -> None:
    recording = Recording([write(tmp_path, "a", 1)])
    take(recording)
    with pytest.raises(RuntimeError):
        take(recording)


def test_standard_input_twice_is_refused() -> None:
    with pytest.raises(InputError, match="twice"):
        Recording(["-", "-"])


def test_cut_file_header_is_no_capture(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(build.pcap_header()[:20])
    with pytest.raises(InputError) as error:
        Recording([str(path)])
    assert str(error.value) == f"{path}: octet 0: file header is cut: 20 of 24 octets"


@pytest.mark.parametrize("octets", [4, 12, 24])
def test_cut_section_header_is_no_capture(tmp_path: Path, octets: int) -> None:
    path = tmp_path / "x"
    path.write_bytes(build.section()[:octets])
    with pytest.raises(InputError, match="octet 0: block is cut: "):
        Recording([str(path)])


def test_link_type_offset_is_where_the_file_names_it(tmp_path: Path) -> None:
    section = build.section()
    for name, octets, offset in (
        ("a.pcap", build.pcap_header(), 20),
        ("a.pcapng", section + build.interface(), len(section) + 8),
    ):
        path = tmp_path / name
        path.write_bytes(octets)
        assert Recording([str(path)]).files[0].link_type_offset == offset


def test_folder_gives_its_captures_by_name(tmp_path: Path) -> None:
    later, earlier = write(tmp_path, "b", 1), write(tmp_path, "a", 2)
    (tmp_path / "notes.txt").write_text("nothing")
    (tmp_path / "below").mkdir()
    write(tmp_path / "below", "c", 3)
    assert expand_paths([str(tmp_path)]) == [earlier, later]


def test_folder_without_captures_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("nothing")
    with pytest.raises(InputError) as error:
        Recording([str(tmp_path)])
    assert str(error.value) == f"{tmp_path}: no captures in this folder (1 other files)"


def test_close_before_the_end(tmp_path: Path) -> None:
    recording = Recording([write(tmp_path, "a", 1, 2)])
    next(recording.steps())
    recording.close()
    recording.close()
