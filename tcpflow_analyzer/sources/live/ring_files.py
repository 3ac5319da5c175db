"""Keeps what is captured: a ring of pcapng files, the oldest of which make room.

In: whole pcapng blocks, as `LiveRecording` gives them. Out: files that each begin with the section
and the interfaces, so that each can be read alone, and all together as one recording.
"""

import contextlib
import os
import stat
import struct
from pathlib import Path
from typing import IO, Final

from tcpflow_analyzer.errors import OutputError
from tcpflow_analyzer.sources.records import INTERFACE_BLOCK, SECTION_HEADER

FIRST_MODE: Final = 0o600  # packets are nobody else's business


class RingFiles:
    """Files NAME_00001.pcapng, NAME_00002.pcapng ..., or NAME itself where there is one only.

    Attributes:
        paths: of the files that are kept, the oldest first.
    """

    def __init__(self, path: str, file_octets: int | None, most_files: int | None) -> None:
        """Open the first file.

        Args:
            path: as given by the user; the number goes in front of its suffix.
            file_octets: when the next file begins, None for never.
            most_files: how many are kept, None for all.

        Raises:
            OutputError: the file cannot be made.
        """
        self._path = Path(path)
        self._file_octets = file_octets
        self._most_files = most_files
        self._head: list[bytes] = []
        self._number = 0
        self._written = 0
        self._file: IO[bytes] | None = None
        self.paths: list[Path] = []
        self._begin_file()

    def write(self, octets: bytes) -> None:
        """Write whole blocks, in the next file if this one is full.

        Raises:
            OutputError: they cannot be written; nothing more is, then.
        """
        if self._file is None:
            return
        head_len = self._note_head(octets)
        limit = self._file_octets
        is_full = limit is not None and self._written + len(octets) > limit
        try:
            if is_full and self._written > len(self.head()) and head_len == 0:
                self._begin_file()
                self._put(self.head())
            self._put(octets)
        except OSError as error:
            self.close()
            raise OutputError(f"{self.paths[-1]}: {error.strerror}") from error

    def reopen(self) -> None:
        """Begin the next file, as asked for; a lone one only if its path leads elsewhere by now.

        An empty file of the user's in the place of a lone one (`create` of logrotate) is taken with
        its permissions.

        Raises:
            OutputError: it cannot be made or written; the old one is written on.
        """
        if self._file is None:
            return
        if self._file_octets is None and self._is_in_place(self._file):
            return
        old, written, paths = self._file, self._written, list(self.paths)
        self._file = None
        has_begun = False
        try:
            self._begin_file(_open_made_for_it(self._path) if self._file_octets is None else None)
            self._put(self.head())
            has_begun = True
        except OSError as error:
            raise OutputError(f"{self._path}: {error.strerror}") from error
        finally:
            if not has_begun:
                self._file, self._written, self.paths = old, written, paths
        with contextlib.suppress(OSError):
            old.close()

    def _is_in_place(self, file: IO[bytes]) -> bool:
        """Whether the path still leads to a file."""
        try:
            return os.path.samestat(os.stat(self._path), os.fstat(file.fileno()))
        except OSError:
            return False

    def head(self) -> bytes:
        """The section and the interfaces of what is being written."""
        return b"".join(self._head)

    def close(self) -> None:
        """Close the file; nothing is written any more."""
        if self._file is not None:
            with contextlib.suppress(OSError):
                self._file.close()
            self._file = None

    def _put(self, octets: bytes) -> None:
        if self._file is not None:
            self._file.write(octets)
            self._file.flush()
            self._written += len(octets)

    def _note_head(self, octets: bytes) -> int:
        """Keep the section and the interfaces that stand at the beginning; gives their length."""
        offset = 0
        while offset + 12 <= len(octets):
            kind, length = struct.unpack_from("=II", octets, offset)
            if kind == SECTION_HEADER:
                self._head = [octets[offset : offset + length]]
            elif kind == INTERFACE_BLOCK:
                self._head.append(octets[offset : offset + length])
            else:
                break
            offset += length
        return offset

    def _begin_file(self, number: int | None = None) -> None:
        """Begin a file, whose descriptor is `number` if it is open already."""
        self._number += 1
        path = self._path
        if self._file_octets is not None:
            path = path.with_name(f"{path.stem}_{self._number:05d}{path.suffix}")
        if self._file is not None:
            self._file.close()
        try:
            number = _open_anew(path) if number is None else number
        except OSError as error:
            self._file = None
            raise OutputError(f"{path}: {error.strerror}") from error
        self._file = open(number, "wb", buffering=0)  # noqa: SIM115  closed by close()
        self._written = 0
        self.paths.append(path)
        while self._most_files is not None and len(self.paths) > self._most_files:
            with contextlib.suppress(OSError):
                self.paths.pop(0).unlink()


def _open_made_for_it(path: Path) -> int | None:
    """Open an empty file of the user's own that has no other name; None if there is none."""
    flags = os.O_WRONLY | os.O_APPEND | getattr(os, "O_NOFOLLOW", 0)
    try:
        number = os.open(path, flags | getattr(os, "O_NONBLOCK", 0))
    except OSError:
        return None
    found = os.fstat(number)
    is_own = not hasattr(os, "geteuid") or found.st_uid == os.geteuid()
    if stat.S_ISREG(found.st_mode) and is_own and found.st_size == 0 and found.st_nlink == 1:
        return number
    os.close(number)
    return None


def _open_anew(path: Path) -> int:
    """Make a file that only its owner may read, in place of an older one.

    Whoever lays a link, or a file that all may read, where packets are expected in a folder such as
    /tmp, gets none of them. Devices and pipes are opened.

    Raises:
        OSError: it cannot be made.
        OutputError: a link is in its place.
    """
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        pass
    else:
        if path.is_relative_to("/dev") or not (stat.S_ISREG(mode) or stat.S_ISLNK(mode)):
            return os.open(path, os.O_WRONLY)
        if stat.S_ISLNK(mode):
            raise OutputError(f"{path}: packets are not written through a symbolic link")
        path.unlink()
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, FIRST_MODE)
