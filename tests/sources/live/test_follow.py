"""Files that grow and folders that files rotate into, written while they are read."""

import itertools
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from support import container_builder as build
from tcpflow_analyzer.errors import InputError
from tcpflow_analyzer.sources.live import follow
from tcpflow_analyzer.sources.live.follow import FollowRecording

FRAMES = build.records(12)
WHOLE = build.pcap_file(FRAMES)


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(follow, "WAIT_S", 0)
    monkeypatch.setattr(follow, "LOOK_S", 0)


def followed(path: Path, acts: list[Callable[[], object]]) -> tuple[FollowRecording, list[bytes]]:
    """Read while things happen, one whenever nothing came for some steps, until all is done."""
    recording = FollowRecording(str(path))
    found: list[bytes] = []
    todo = iter(acts)
    idle = 0
    for walk, until_ns in recording.steps():
        before = len(found)
        while walk.advance():
            assert walk.time_ns < until_ns
            found.append(walk.buffer[walk.start : walk.start + walk.captured_len])
        idle = 0 if len(found) > before else idle + 1
        if idle > 5:
            idle = 0
            act = next(todo, None)
            if act is None:
                recording.end_early()
            else:
                act()
    return recording, found


def expected(count: int) -> list[bytes]:
    """The octets of the first frames."""
    return [frame.octets for frame in FRAMES[:count]]


@pytest.mark.parametrize("piece", [1, 13, 100, 5000])
def test_file_that_grows_is_read_to_where_it_is(tmp_path: Path, piece: int) -> None:
    path = tmp_path / "growing.pcap"
    file = path.open("wb", buffering=0)
    pieces = [WHOLE[at : at + piece] for at in range(0, len(WHOLE), piece)]
    recording, found = followed(path, [partial(file.write, octets) for octets in pieces])
    file.close()
    assert found == expected(12)
    assert [(each.frames, each.error) for each in recording.files] == [(12, None)]


def test_frame_that_is_not_all_there_in_the_end_is_told(tmp_path: Path) -> None:
    path = tmp_path / "cut.pcap"
    path.write_bytes(WHOLE[:-3])
    recording, found = followed(path, [])
    assert found == expected(11)
    assert recording.files[0].truncated


def test_folder_gives_files_as_they_come(tmp_path: Path) -> None:
    def write(name: str, start: int, end: int) -> Callable[[], object]:
        octets = build.pcap_file(FRAMES[start:end])
        return lambda: (tmp_path / name).write_bytes(octets)

    (tmp_path / "notes.txt").write_text("no capture")
    acts = [write("b.pcap", 0, 3), write("a.pcap", 3, 4), write("c.pcap", 4, 12)]
    recording, found = followed(tmp_path, acts)
    assert found == expected(12)
    assert [Path(each.path).name for each in recording.files] == ["b.pcap", "a.pcap", "c.pcap"]
    assert [each.first_frame for each in recording.files] == [1, 4, 5]
    assert recording.locate(4) == (recording.files[1], 1)
    assert recording.locate(12) == (recording.files[2], 8)


def test_file_that_is_begun_anew_under_its_name_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "ring0.pcap"
    path.write_bytes(build.pcap_file(FRAMES[:5]))
    again = build.pcap_file(FRAMES[5:7])
    _, found = followed(path, [lambda: path.write_bytes(again)])
    assert found == expected(7)


def test_files_that_a_ring_removes_are_still_read_to_their_end(tmp_path: Path) -> None:
    first, second = tmp_path / "1.pcap", tmp_path / "2.pcap"
    first.write_bytes(build.pcap_file(FRAMES[:5]))
    octets = build.pcap_file(FRAMES[5:9])
    _, found = followed(tmp_path, [first.unlink, lambda: second.write_bytes(octets)])
    assert found == expected(9)


def test_duration_ends_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ticks = itertools.count()
    monkeypatch.setattr(time, "monotonic_ns", lambda: next(ticks))
    path = tmp_path / "whole.pcap"
    path.write_bytes(WHOLE)
    recording = FollowRecording(str(path), 3)
    assert sum(1 for _ in recording.steps()) < 10
    assert recording.octets_read == len(WHOLE)
    assert recording.octets_total is None


@pytest.mark.parametrize(
    ("octets", "message"),
    [(None, "no such file"), (b"PK\x03\x04", "reads plain pcap or pcapng")],
)
def test_what_cannot_be_followed_is_refused(
    tmp_path: Path, octets: bytes | None, message: str
) -> None:
    path = tmp_path / "x"
    if octets is not None:
        path.write_bytes(octets)
    with pytest.raises(InputError, match=message):
        FollowRecording(str(path))
