"""Several capture files as one recording, in the order of time.

In: paths, folders, "-". Out: steps, each a walk and the time up to which its frames come next.
Files whose times overlap are merged by time, equal times in the order of the files' first frames;
within a file the order of the file is kept, even where its times run backwards. Each octet is read
once (apart from the first few of each file, which tell when it begins), and only files whose
times overlap are open at once.
"""

import os
from array import array
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from typing import Final, Protocol

from tcpflow_analyzer.errors import InputError
from tcpflow_analyzer.sources.capture_file import CaptureFile, is_capture
from tcpflow_analyzer.sources.link_types import link_type_name
from tcpflow_analyzer.sources.octets import BLOCK_OCTETS, PROBE_OCTETS, reason
from tcpflow_analyzer.sources.records import RecordWalk

# Later than any time that a walk gives.
ANY_TIME: Final = 1 << 62
# Where frame numbers map back to files, one entry a change of file; 24 octets each.
MAP_LIMIT: Final = 1 << 17


class Capture(Protocol):
    """What a recording needs of an open capture; `CaptureFile` is the usual one."""

    path: str
    name: str
    walk: RecordWalk
    ended: bool
    compression: str

    @property
    def container(self) -> str:
        """What the frames lie in."""
        ...

    @property
    def notes(self) -> list[str]:
        """What could not be read as it stood."""
        ...

    @property
    def octets_read(self) -> int:
        """Octets read so far."""
        ...

    @property
    def octets_total(self) -> int | None:
        """Octets in all, None where that is not known."""
        ...

    def feed_next(self) -> bool:
        """Feed the walk; False at the end."""
        ...

    def can_end_early(self) -> bool:
        """Whether it is a pipe, which may end anywhere."""
        ...

    def end_early(self) -> None:
        """Make a pipe end where it was read to."""
        ...

    def close(self) -> None:
        """Close what is open."""
        ...


class Source(Protocol):
    """What the pipeline reads: a recording, or a capture that is going on.

    Attributes:
        files: a summary each.
        needs_rights: whether something may have to be opened yet.
        tee: is given what is captured, in whole pcapng blocks; None for nobody.
    """

    files: "list[FileSummary]"
    needs_rights: bool
    tee: Callable[[bytes], object] | None

    def steps(self) -> Iterator[tuple[RecordWalk, int]]:
        """Give walks in turn, as `Recording.steps` says."""
        ...

    def locate(self, frame: int) -> "tuple[FileSummary, int] | None":
        """Find the file that a frame came from, and its own number there."""
        ...

    @property
    def octets_read(self) -> int:
        """Octets read so far."""
        ...

    @property
    def octets_total(self) -> int | None:
        """Octets in all, None where that is not known."""
        ...

    def can_end_early(self) -> bool:
        """Whether `end_early` would end it."""
        ...

    def end_early(self) -> None:
        """Make it end where it was read to."""
        ...

    def close(self) -> None:
        """Close what is open."""
        ...


class FileSummary:
    """What is known of one file of a recording; complete when its last frame was taken.

    Attributes:
        path: as given ("-" for standard input).
        name: what messages call it.
        format: "pcap", "pcapng", "text", "hex" or "tshark".
        compression: "gzip", "bz2", "xz", "zstd", "lz4" or "".
        link_types: names of the link types of its interfaces, each once.
        link_type_offset: where the first of them is named, in octets of the uncompressed file.
        first_frame: number of its first frame in the whole input, from 1; where it has none, the
            number that it would have. Files that were merged share a range of numbers:
            `Recording.locate` maps each one back.
        frames: frames taken from it so far.
        truncated: whether it ends in the middle of a record or of a compressed stream.
        error: one line that says what is wrong with it, or None.
        error_offset: where, in octets of the uncompressed file.
        drops: frames that the capture lost by the file's own count, None where it does not say.
        gaps: how often a live capture was interrupted, by its engine or by an interface.
        notes: what could not be taken from a text as it stood, one line each.
    """

    def __init__(self, path: str, name: str) -> None:
        """Know nothing yet of the file at `path`."""
        self.path = path
        self.name = name
        self.format = ""
        self.compression = ""
        self.link_types: list[str] = []
        self.link_type_offset = 0
        self.first_frame = 1
        self.frames = 0
        self.truncated = False
        self.error: str | None = None
        self.error_offset = 0
        self.drops: int | None = None
        self.gaps = 0
        self.notes: list[str] = []
        self._interfaces = 0  # of the walk whose link types are noted
        self._link_types: dict[str, None] = {}

    def problem(self) -> str | None:
        """The one line for standard error: file, octet offset, what is wrong. None if nothing."""
        if self.error is None:
            return None
        if self.format == "tshark":  # which does not say where
            return f"{self.name}: {self.error}"
        return f"{self.name}: octet {self.error_offset}: {self.error}"

    def take_over(self, capture: Capture) -> None:
        """Note down what `capture` has shown so far."""
        self.note_walk(capture.walk)
        self.format = capture.container
        self.compression = capture.compression
        self.notes = capture.notes

    def note_walk(self, walk: RecordWalk) -> None:
        """Note down what was found in the octets so far."""
        self.format = walk.format
        if len(walk.interfaces) != self._interfaces:
            for interface in walk.interfaces[self._interfaces :]:
                self._link_types[link_type_name(interface.link_type)] = None
            self._interfaces = len(walk.interfaces)
            self.link_types = list(self._link_types)
            self.link_type_offset = walk.interfaces[0].offset if walk.interfaces else 0
        self.frames = walk.frames - walk.held
        self.truncated = walk.truncated
        self.error = walk.error or None
        self.error_offset = walk.error_offset
        self.drops = walk.drops if walk.drops >= 0 else None


class _Part:
    """One file of the recording: when it begins, and the capture while it is open."""

    def __init__(self, path: str, decoder: str, block_octets: int, alone: bool) -> None:
        self.path = path
        self.decoder = decoder
        self.block_octets = block_octets
        self.number = 0
        # Of several files the beginnings are read twice, so only as much as there must be.
        first_octets = block_octets if alone else min(block_octets, PROBE_OCTETS)
        self.capture: Capture | None = self._open(first_octets)
        self.summary = FileSummary(path, self.capture.name)
        self.octets_read = 0
        self.octets_total = self.capture.octets_total
        self.done = False
        self.time_ns = ANY_TIME
        if not self.find_next() and self.summary.format == "":
            raise InputError(self.summary.problem() or f"{self.summary.name}: not a capture")
        if not alone:
            self._put_aside()

    def _open(self, block_octets: int) -> Capture:
        if self.decoder == "tshark":
            # The import costs half a second, and few want it.
            from tcpflow_analyzer.sources.tshark import TsharkCapture  # noqa: PLC0415

            return TsharkCapture(self.path)
        return CaptureFile(self.path, block_octets)

    def find_next(self) -> bool:
        """Read up to the next frame and hold it; False when there is none."""
        capture = self.capture
        if capture is None:
            try:
                capture = self.capture = self._open(self.block_octets)
            except InputError as error:  # it was there a moment ago
                self.summary.error = str(error).removeprefix(f"{self.summary.name}: ")
                self.done = True
                return False
        walk = capture.walk
        while not walk.advance():
            if walk.take_clock() >= 0:  # nothing has begun that the time could end
                continue
            if not capture.feed_next():
                self.finish()
                return False
        walk.hold()
        self.time_ns = walk.time_ns
        self.note_progress()
        return True

    def _put_aside(self) -> None:
        """Close the file until its turn comes, if it can be opened again."""
        if self.capture is None or self.done:
            return
        if self.octets_total is None:
            if isinstance(self.capture, CaptureFile):
                self.capture.read_in_blocks(self.block_octets)
            return
        self.capture.close()
        self.capture = None
        self.octets_read = 0

    def note_progress(self) -> None:
        """Note how far the file was read and what it has shown."""
        if self.capture is not None:
            self.octets_read = self.capture.octets_read
            self.summary.take_over(self.capture)

    def finish(self) -> None:
        """Note down the last of the file and close it."""
        self.note_progress()
        self.done = True
        if self.capture is not None:
            self.capture.close()
            self.capture = None


class Recording:
    """Capture files as one input.

    Attributes:
        files: a summary each, in the order by first frame; files without frames come last.
        needs_rights: True: files are opened when their turn comes.
        tee: unused: what is read lies in files already.
    """

    needs_rights = True
    tee: Callable[[bytes], object] | None = None

    def __init__(
        self,
        paths: Sequence[str],
        decoder: str = "native",
        block_octets: int = BLOCK_OCTETS,
    ) -> None:
        """Open every file once to see when it begins.

        Args:
            paths: files, folders (the captures in them, by name, not in folders below) and "-".
            decoder: "native", or "tshark" to have tshark read the files.
            block_octets: how much is read at a time; changes no result.

        Raises:
            InputError: a path is missing, no capture, empty, or a folder without captures.
        """
        if list(paths).count("-") > 1:
            raise InputError("standard input is given twice")
        expanded = expand_paths(paths)
        parts = []
        for path in expanded:
            parts.append(_Part(path, decoder, block_octets, alone=len(expanded) == 1))
        parts.sort(key=lambda part: part.time_ns)
        for number, part in enumerate(parts):
            part.number = number
        self._parts = parts
        self.files = [part.summary for part in parts]
        self._frames_done = 0
        self._map_starts = array("q")
        self._map_files = array("q")
        self._map_frames = array("q")
        self._started = False

    def steps(self) -> Iterator[tuple[RecordWalk, int]]:
        """Give walks in turn, each with a time `until_ns` (nanoseconds since the epoch).

        The consumer takes frames by `advance()`, and clock records by `take_clock()`, as long as
        their `time_ns` is below `until_ns`; the first frame that is not it gives back by
        `hold()`. It then asks for the next step, which may be the same walk with more octets.
        Works once.

        Raises:
            RuntimeError: called twice, or a frame below `until_ns` was not taken.
        """
        if self._started:
            raise RuntimeError("the steps of a recording can be taken once")
        self._started = True
        waiting = [part for part in self._parts if not part.done]
        waiting.reverse()
        active: list[_Part] = []
        while waiting or active:
            self._activate(waiting, active)
            if not active:
                continue
            part = min(active, key=_turn)
            # A frame of the same time as the next one of another file goes first if its file does.
            limits = [
                other.time_ns + (other.number > part.number)
                for other in (*active, *waiting[-1:])
                if other is not part
            ]
            yield from self._take(part, min([*limits, ANY_TIME]))
            if part.done:
                active.remove(part)
        for part in self._parts:
            if part.summary.frames == 0:
                part.summary.first_frame = self._frames_done + 1

    def _activate(self, waiting: list[_Part], active: list[_Part]) -> None:
        """Open the files whose first frame comes no later than what is open."""
        while waiting:
            if active and waiting[-1].time_ns > min(part.time_ns for part in active):
                return
            part = waiting.pop()
            if part.capture is not None or part.find_next():
                active.append(part)

    def _take(self, part: _Part, until_ns: int) -> Iterator[tuple[RecordWalk, int]]:
        """Give steps of one file until a frame is held or the file ends."""
        capture = part.capture
        if capture is None:
            return
        walk = capture.walk
        self._enter(part, walk)
        while True:
            before = walk.frames - walk.held
            yield walk, until_ns
            self._frames_done += walk.frames - walk.held - before
            if walk.held:
                if walk.time_ns < until_ns:
                    raise RuntimeError("a frame whose turn it was has not been taken")
                part.time_ns = walk.time_ns
                return
            if not capture.feed_next():
                part.finish()
                return
            part.note_progress()

    def _enter(self, part: _Part, walk: RecordWalk) -> None:
        own_frame = walk.frames - walk.held + 1
        if own_frame == 1:
            part.summary.first_frame = self._frames_done + 1
        if self._map_files and self._map_files[-1] == part.number:
            return
        if len(self._map_starts) < MAP_LIMIT:
            self._map_starts.append(self._frames_done + 1)
            self._map_files.append(part.number)
            self._map_frames.append(own_frame)

    def locate(self, frame: int) -> tuple[FileSummary, int] | None:
        """Find the file that frame number `frame` of the whole input came from.

        Returns:
            The file and the frame's own number in it, from 1; None for a frame that was not read
            yet, or lies behind the first `MAP_LIMIT` changes between merged files.
        """
        walked = self._frames_done
        if self._map_starts:
            # The step that is under way is not counted yet.
            walk_part = self._parts[self._map_files[-1]]
            if walk_part.capture is not None:
                walk = walk_part.capture.walk
                own = walk.frames - walk.held - self._map_frames[-1] + 1
                walked = max(walked, self._map_starts[-1] + own - 1)
        if not 1 <= frame <= walked:
            return None
        entry = bisect_right(self._map_starts, frame) - 1
        if entry == MAP_LIMIT - 1:
            return None
        own_frame = self._map_frames[entry] + frame - self._map_starts[entry]
        return self.files[self._map_files[entry]], own_frame

    @property
    def octets_read(self) -> int:
        """Octets of the files read so far, as they lie there."""
        return sum(part.octets_read for part in self._parts)

    @property
    def octets_total(self) -> int | None:
        """Octets of all files as they lie there; None where one is a pipe."""
        total = 0
        for part in self._parts:
            if part.octets_total is None:
                return None
            total += part.octets_total
        return total

    def can_end_early(self) -> bool:
        """Whether a pipe is being read, which may end anywhere."""
        return bool(self._open_pipes())

    def end_early(self) -> None:
        """Make the pipes that are being read end where they were read to.

        May be called from a signal handler, also while a step waits for data.
        """
        for pipe in self._open_pipes():
            pipe.end_early()

    def _open_pipes(self) -> list[Capture]:
        captures = [part.capture for part in self._parts if part.capture is not None]
        return [capture for capture in captures if capture.can_end_early()]

    def close(self) -> None:
        """Close what is open; for a recording that is not read to its end."""
        for part in self._parts:
            if part.capture is not None:
                part.capture.close()


def _turn(part: _Part) -> tuple[int, int]:
    return part.time_ns, part.number


def expand_paths(paths: Sequence[str]) -> list[str]:
    """Replace each folder by the captures in it, sorted by name.

    Files in a folder that are no pcap or pcapng by their first octets are passed over.

    Raises:
        InputError: a folder holds no capture, or cannot be listed.
    """
    expanded: list[str] = []
    for path in paths:
        if not path or path == "-" or not os.path.isdir(path):
            expanded.append(path)
            continue
        try:
            with os.scandir(path) as entries:
                inside = sorted(entry.path for entry in entries if entry.is_file())
        except OSError as error:
            raise InputError(f"{path}: {reason(error)}") from error
        captures = [entry for entry in inside if is_capture(entry)]
        if not captures:
            raise InputError(f"{path}: no captures in this folder ({len(inside)} other files)")
        expanded.extend(captures)
    return expanded
