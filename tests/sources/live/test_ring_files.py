"""Packets that are kept: every file can be read alone, all together as one recording."""

import os
from pathlib import Path

import pytest

from support import container_builder as build
from tcpflow_analyzer.errors import OutputError
from tcpflow_analyzer.sources import pcapng_blocks
from tcpflow_analyzer.sources.live.ring_files import RingFiles
from tcpflow_analyzer.sources.recording import Recording

HEAD = pcapng_blocks.section() + pcapng_blocks.interface(1, "eth0")


def packet(number: int) -> bytes:
    """A packet that can be told from others."""
    return build.enhanced(bytes([number]) * 100, number)


def frames(paths: list[Path]) -> list[int]:
    """The numbers of the packets in files, read as one recording."""
    found = []
    recording = Recording([str(path) for path in paths])
    for walk, until_ns in recording.steps():
        while True:
            while walk.advance():
                if walk.time_ns >= until_ns:
                    walk.hold()
                    break
                found.append(walk.buffer[walk.start])
            if walk.take_clock() < 0:
                break
    assert [file.error for file in recording.files] == [None] * len(paths)
    return found


def test_one_file_holds_what_was_given(tmp_path: Path) -> None:
    path = tmp_path / "kept.pcapng"
    files = RingFiles(str(path), None, None)
    octets = [HEAD + packet(1), packet(2), pcapng_blocks.statistics(0, 5), packet(3)]
    for each in octets:
        files.write(each)
    files.close()
    files.write(packet(4))
    assert path.read_bytes() == b"".join(octets)
    assert path.stat().st_mode & 0o777 == 0o600


def test_ring_keeps_the_newest_files_and_each_can_be_read(tmp_path: Path) -> None:
    files = RingFiles(str(tmp_path / "kept.pcapng"), 500, 3)
    files.write(HEAD + packet(0))
    for number in range(1, 20):
        files.write(packet(number))
    files.close()
    assert sorted(tmp_path.iterdir()) == files.paths
    assert len(files.paths) == 3
    assert files.paths[-1].name.startswith("kept_000")
    assert all(path.stat().st_size <= 500 for path in files.paths)
    for path in files.paths:
        assert frames([path])
    kept = frames(files.paths)
    assert kept == list(range(kept[0], 20))


def test_other_interfaces_begin_the_next_files(tmp_path: Path) -> None:
    files = RingFiles(str(tmp_path / "kept.pcapng"), 400, None)
    other = pcapng_blocks.section() + pcapng_blocks.interface(1, "eth1")
    for octets in (HEAD + packet(1), other + packet(2), packet(3), packet(4)):
        files.write(octets)
    files.close()
    assert b"eth1" in files.paths[-1].read_bytes()
    assert frames(files.paths) == [1, 2, 3, 4]


def test_file_that_cannot_be_made_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="No such file"):
        RingFiles(str(tmp_path / "missing" / "kept.pcapng"), None, None)


def test_full_disk_ends_the_writing_once() -> None:
    files = RingFiles("/dev/full", None, None)
    with pytest.raises(OutputError, match="/dev/full: No space left"):
        files.write(HEAD)
    files.write(packet(1))


def test_lone_file_is_opened_anew_only_after_it_was_moved(tmp_path: Path) -> None:
    path = tmp_path / "kept.pcapng"
    files = RingFiles(str(path), None, None)
    files.write(HEAD + packet(1))
    files.reopen()
    files.write(packet(2))
    moved = path.rename(tmp_path / "kept.1.pcapng")
    files.reopen()
    files.write(packet(3))
    files.close()
    files.reopen()  # nothing is written any more
    assert frames([moved]) == [1, 2]
    assert frames([path]) == [3]
    assert frames([moved, path]) == [1, 2, 3]


def test_empty_file_that_was_made_for_it_keeps_its_permissions(tmp_path: Path) -> None:
    path = tmp_path / "kept.pcapng"
    files = RingFiles(str(path), None, None)
    files.write(HEAD + packet(1))
    path.rename(tmp_path / "kept.1.pcapng")
    path.touch()
    path.chmod(0o640)  # logrotate, create 0640
    files.reopen()
    files.write(packet(2))
    files.close()
    assert path.stat().st_mode & 0o777 == 0o640
    assert frames([path]) == [2]


@pytest.mark.parametrize("what", ["old", "link", "hard link", "other"])
def test_file_that_was_not_made_for_it_is_not_written_to(tmp_path: Path, what: str) -> None:
    path, other = tmp_path / "kept.pcapng", tmp_path / "other"
    files = RingFiles(str(path), None, None)
    files.write(HEAD + packet(1))
    path.rename(tmp_path / "kept.1.pcapng")
    other.touch()
    if what == "link":
        path.symlink_to(other)
    elif what == "hard link":
        path.hardlink_to(other)
    else:
        path.write_bytes(b"old" if what == "old" else b"")
        if what == "other":
            if os.geteuid() != 0:
                pytest.skip("only root gives files away")
            os.chown(path, 1, 1)
    if what == "link":
        with pytest.raises(OutputError, match="symbolic link"):
            files.reopen()
    else:
        files.reopen()
        assert path.stat().st_mode & 0o777 == 0o600
        assert path.stat().st_uid == os.geteuid()
        assert frames([path]) == []
    files.close()
    assert other.stat().st_size == 0


def test_ring_begins_its_next_file_when_it_is_opened_anew(tmp_path: Path) -> None:
    files = RingFiles(str(tmp_path / "kept.pcapng"), 10_000, 2)
    files.write(HEAD + packet(1))
    files.reopen()
    files.write(packet(2))
    assert [path.name for path in files.paths] == ["kept_00001.pcapng", "kept_00002.pcapng"]
    files.close()
    assert frames(files.paths) == [1, 2]


def test_file_that_cannot_be_opened_anew_is_written_on(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    files = RingFiles(str(folder / "kept.pcapng"), None, None)
    files.write(HEAD + packet(1))
    moved = folder.rename(tmp_path / "moved") / "kept.pcapng"
    with pytest.raises(OutputError, match="No such file or directory"):
        files.reopen()
    files.write(packet(2))
    files.close()
    assert frames([moved]) == [1, 2]
    assert files.paths == [folder / "kept.pcapng"]


@pytest.mark.parametrize("octets", [None, 10_000])
def test_nothing_is_written_through_a_link(tmp_path: Path, octets: int | None) -> None:
    victim = tmp_path / "victim"
    victim.write_bytes(b"precious")
    name = "kept.pcapng" if octets is None else "kept_00001.pcapng"
    (tmp_path / name).symlink_to(victim)
    with pytest.raises(OutputError, match="not written through a symbolic link"):
        RingFiles(str(tmp_path / "kept.pcapng"), octets, None)
    assert victim.read_bytes() == b"precious"


def test_file_that_was_there_for_all_to_read_is_replaced(tmp_path: Path) -> None:
    path, other = tmp_path / "kept.pcapng", tmp_path / "other"
    path.write_bytes(b"old")
    path.chmod(0o666)
    other.hardlink_to(path)
    files = RingFiles(str(path), None, None)
    files.write(HEAD)
    files.close()
    assert path.stat().st_mode & 0o777 == 0o600
    assert other.read_bytes() == b"old"


def test_pipe_is_written_to(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    files = RingFiles(str(path), None, None)
    files.write(HEAD)
    assert os.read(reader, 4096) == HEAD
    files.close()
    os.close(reader)
