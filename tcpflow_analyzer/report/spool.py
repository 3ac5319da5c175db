"""Sorts more lines than memory should hold: sorted runs in a temporary file, merged at the end.

Connections and findings come in the order in which they are decided; the JSON report has them by
number and by time.
"""

import heapq
import os
from collections.abc import Iterator
from types import TracebackType
from typing import IO, Self

RUN_OCTETS = 4 * 1024 * 1024  # octets of lines held in memory before they are written as a run
READ_OCTETS = 64 * 1024  # of each run while the runs are merged


class SortedSpool:
    """Takes lines in any order, gives them sorted by key; equal keys sort by the line itself."""

    def __init__(self, key_len: int, run_octets: int = RUN_OCTETS) -> None:
        """Make an empty spool.

        Args:
            key_len: length of every key, in characters.
            run_octets: octets of lines held in memory.
        """
        self._key_len = key_len
        self._run_octets = run_octets
        self._lines: list[bytes] = []
        self._held = 0
        self._file: IO[bytes] | None = None
        self._runs: list[tuple[int, int]] = []  # offset and end in the file
        self._end = 0

    def __enter__(self) -> Self:
        """Use the spool in a `with` statement."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Remove the temporary file."""
        self.close()

    def add(self, key: bytes, text: bytes) -> None:
        """Take a line.

        Args:
            key: exactly `key_len` ASCII characters.
            text: ASCII without a line feed.

        Raises:
            OSError: the temporary file cannot be written.
        """
        line = key + text
        self._lines.append(line)
        self._held += len(line)
        if self._held >= self._run_octets:
            self._write_run()

    def sorted_lines(self) -> Iterator[bytes]:
        """Give all lines in the order of their keys, without the keys; may be asked only once."""
        self._lines.sort()
        sources: list[Iterator[bytes]] = [self._run(start, end) for start, end in self._runs]
        sources.append(iter(self._lines))
        key_len = self._key_len
        for line in heapq.merge(*sources) if len(sources) > 1 else sources[0]:
            yield line[key_len:]

    def close(self) -> None:
        """Forget all lines and remove the temporary file."""
        self._lines = []
        if self._file is not None:
            self._file.close()
            self._file = None

    def _write_run(self) -> None:
        """Sort what is held and append it to the file."""
        if self._file is None:
            import tempfile  # noqa: PLC0415  small captures fit into memory

            self._file = tempfile.TemporaryFile(prefix="tcpflow-")  # noqa: SIM115  closed in close()
        self._lines.sort()
        start = self._end
        data = b"\n".join(self._lines) + b"\n"
        self._file.seek(start)
        self._file.write(data)
        self._end = start + len(data)
        self._runs.append((start, self._end))
        self._lines = []
        self._held = 0

    def _run(self, start: int, end: int) -> Iterator[bytes]:
        """Lines of one run; the file position is set anew for each read, as the runs take turns."""
        file = self._file
        if file is None:
            return
        rest = b""
        while start < end:
            file.seek(start, os.SEEK_SET)
            block = file.read(min(READ_OCTETS, end - start))
            start += len(block)
            *lines, rest = (rest + block).split(b"\n")
            yield from lines
