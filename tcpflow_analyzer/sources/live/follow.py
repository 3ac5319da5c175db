"""Reads captures that somebody else writes: a file that grows, a folder that files rotate into.

In: a path. Out: steps, as of `Recording`. Time is that of the frames, and of clock records where
they stand in the file: what its writer still holds back nobody knows, so the present is no clock
for it. Files are plain pcap or pcapng; those of a folder follow one another by the time of their
last change, and a file is over when the next one is there and it does not grow any more.
"""

import os
import stat
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Final

from tcpflow_analyzer.errors import InputError
from tcpflow_analyzer.sources.capture_file import CAPTURE_MAGICS
from tcpflow_analyzer.sources.octets import BLOCK_OCTETS, reason
from tcpflow_analyzer.sources.recording import ANY_TIME, FileSummary
from tcpflow_analyzer.sources.records import RecordWalk

SECOND_NS: Final = 1_000_000_000
WAIT_S: Final = 0.1  # between two looks at a file that does not grow
LOOK_S: Final = 0.5  # between two looks into the folder


class _Followed:
    """One file: what is read of it, and its walk."""

    def __init__(self, path: Path) -> None:
        """Open the file; raises OSError."""
        self.path = path
        self.file: IO[bytes] = open(path, "rb", buffering=0)  # noqa: SIM115  closed by the owner
        self.identity = _identity(os.fstat(self.file.fileno()))
        self.walk = RecordWalk(str(path))
        self.summary = FileSummary(str(path), str(path))
        self.octets = 0

    def is_cut_off(self) -> bool:
        """Whether the file was begun anew under the same name."""
        return os.fstat(self.file.fileno()).st_size < self.octets


class FollowRecording:
    """Files that grow, in the form of `Recording`.

    Attributes:
        files: a summary of each file that was read.
        needs_rights: True: files are opened as they come.
        tee: unused: what is read lies in files already.
    """

    needs_rights = True
    tee: Callable[[bytes], object] | None = None

    def __init__(self, path: str, duration_ns: int | None = None) -> None:
        """Follow a file or a folder.

        Args:
            path: of a file, which must be there, or of a folder, which may be empty.
            duration_ns: when to end, nanoseconds after the start; None for never.

        Raises:
            InputError: there is no such file, or it is no plain capture.
        """
        self._path = Path(path)
        self._is_folder = self._path.is_dir()
        self.files: list[FileSummary] = []
        self._known: dict[tuple[int, int], int] = {}  # file -> octets read of it
        self._current: _Followed | None = None
        self._octets_read = 0
        self._frames_done = 0
        self._is_ending = False
        self._due_look = 0.0
        now = time.monotonic_ns()
        self._deadline_ns = None if duration_ns is None else now + duration_ns
        if not self._is_folder:
            self._open(self._path)
            if not _may_be_capture(self._path):
                self.close()
                raise InputError(f"{path}: --follow reads plain pcap or pcapng, which this is not")

    def steps(self) -> Iterator[tuple[RecordWalk, int]]:
        """Give a walk whenever a file has grown, and several times a second in any case."""
        while True:
            is_over = self._is_over()
            current = self._current
            block = b"" if current is None else current.file.read(BLOCK_OCTETS)
            if block and current is not None:
                current.octets += len(block)
                self._octets_read += len(block)
                current.walk.feed(block)
                yield current.walk, ANY_TIME
                self._note(current)
                continue  # what is there is read, also after the wish to end
            if is_over:
                break
            if not self._turn_over():
                yield RecordWalk("") if current is None else current.walk, ANY_TIME
                time.sleep(WAIT_S)
        self._finish()

    def _is_over(self) -> bool:
        if self._is_ending:
            return True
        return self._deadline_ns is not None and time.monotonic_ns() >= self._deadline_ns

    def _turn_over(self) -> bool:
        """Go to the next file, if there is one; the current one has nothing more to read."""
        current = self._current
        if current is not None and current.is_cut_off():
            self._finish()
            self._open(current.path)
            return True
        if not self._is_folder or time.monotonic() < self._due_look:
            return False
        self._due_look = time.monotonic() + LOOK_S
        for path in self._newer_files():
            if current is not None and current.file.read(1):
                current.file.seek(-1, os.SEEK_CUR)  # it grew just now
                return True
            self._finish()
            self._open(path)
            return True
        return False

    def _newer_files(self) -> list[Path]:
        """Captures in the folder that were not read, the one changed first in front."""
        found: list[tuple[int, str, Path]] = []
        try:
            entries = list(os.scandir(self._path))
        except OSError:
            return []
        for entry in entries:
            path = Path(entry.path)
            try:
                status = entry.stat()
            except OSError:  # a ring removes files
                continue
            if not stat.S_ISREG(status.st_mode):
                continue
            read = self._known.get(_identity(status))
            is_new = read is None or status.st_size < read
            if is_new and _may_be_capture(path):
                found.append((status.st_mtime_ns, entry.name, path))
        return [path for _, _, path in sorted(found)]

    def _open(self, path: Path) -> None:
        try:
            self._current = current = _Followed(path)
        except OSError as error:
            if self._is_folder:  # it was there a moment ago
                return
            raise InputError(f"{path}: {reason(error)}") from error
        self._known[current.identity] = 0
        current.summary.first_frame = self._frames_done + 1
        self.files.append(current.summary)

    def _finish(self) -> None:
        """The current file is over."""
        current, self._current = self._current, None
        if current is not None:
            if current.octets:
                current.walk.finish()
            self._note(current)
            self._known[current.identity] = current.octets
            self._frames_done += current.walk.frames
            current.file.close()

    def _note(self, current: _Followed) -> None:
        current.summary.note_walk(current.walk)

    def locate(self, frame: int) -> tuple[FileSummary, int] | None:
        """Find the file that a frame came from, and its own number there."""
        for file in reversed(self.files):
            if frame >= file.first_frame:
                return file, frame - file.first_frame + 1
        return None

    @property
    def octets_read(self) -> int:
        """Octets read so far."""
        return self._octets_read

    @property
    def octets_total(self) -> int | None:
        """Give None: the files grow."""
        return None

    def can_end_early(self) -> bool:
        """Whether it goes on."""
        return not self._is_ending

    def end_early(self) -> None:
        """End when all that is there is read. May be called from a signal handler."""
        self._is_ending = True

    def close(self) -> None:
        """Close what is open."""
        if self._current is not None:
            self._current.file.close()


def _identity(status: os.stat_result) -> tuple[int, int]:
    return status.st_dev, status.st_ino


def _may_be_capture(path: Path) -> bool:
    """Whether a file begins as pcap or pcapng; an empty one may still become one."""
    try:
        with path.open("rb") as file:
            head = file.read(4)
    except OSError:
        return False
    return not head or head in CAPTURE_MAGICS
