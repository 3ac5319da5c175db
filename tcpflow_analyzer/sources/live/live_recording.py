"""A live capture as the pipeline reads it: like a recording, whose end is a wish or a limit.

In: a request. Out: steps, as of `Recording`. The octets that are walked are those of a pcapng
file, clock records included, so that reading what was saved gives the same answer. Between frames
the clock goes on: once a second, and four times a second shortly after frames, a record says how
far the capture has come, a little behind the present, since frames may still be on their way
through the engine.
"""

import time
from collections.abc import Callable, Iterator
from typing import Final

from tcpflow_analyzer.errors import InputError
from tcpflow_analyzer.sources import pcapng_blocks
from tcpflow_analyzer.sources.live.block_scan import ENOUGH, OTHER_BLOCK, BlockScan
from tcpflow_analyzer.sources.live.capture_engine import CaptureRequest, EngineEnded
from tcpflow_analyzer.sources.live.choice import open_engine
from tcpflow_analyzer.sources.live.time_order import TimeOrder
from tcpflow_analyzer.sources.live.time_shift import TimeShift
from tcpflow_analyzer.sources.recording import ANY_TIME, FileSummary
from tcpflow_analyzer.sources.records import RecordWalk

SECOND_NS: Final = 1_000_000_000
CLOCK_NS: Final = SECOND_NS // 4
BUSY_NS: Final = 2 * SECOND_NS  # so long after a frame the clock comes every CLOCK_NS
WAIT_S: Final = 0.1  # a wish to end is heard after so long at the latest
# An engine that ended is started again after this many seconds, then after twice as many ...
FIRST_PAUSE_S: Final = 0.1
LONGEST_PAUSE_S: Final = 5.0
LONGEST_DRAIN_NS: Final = 10 * SECOND_NS
NOTES_KEPT: Final = 100

Tee = Callable[[bytes], object]


class LiveRecording:
    """A capture that is going on, in the form of `Recording`.

    Attributes:
        files: one summary, for all interfaces.
        engine_name: which engine captures.
        needs_rights: whether the right to capture must be kept.
        tee: is given the octets of the capture in whole blocks; None for nobody.
    """

    def __init__(self, request: CaptureRequest) -> None:
        """Start the capture; raises InputError where that cannot be."""
        self._request = request
        self._engine = open_engine(request)
        self.engine_name = self._engine.name
        self.needs_rights = self._engine.needs_rights
        names = ", ".join(request.interfaces)
        self.files = [FileSummary(names, names)]
        self.tee: Tee | None = None
        self._walk = RecordWalk(names)
        self._scan = BlockScan(pcapng_blocks.IS_BIG_ENDIAN)
        several = len(request.interfaces) > 1
        self._order = TimeOrder(pcapng_blocks.IS_BIG_ENDIAN) if several else None
        self._shift = TimeShift(time.time_ns, _steady_ns)
        self._octets_read = 0
        self._is_ending = False
        self._is_stopped = False
        self._next_clock_ns = 0
        self._packets_left = request.count
        duration_ns = request.duration_ns
        now = time.monotonic_ns()
        self._deadline_ns = None if duration_ns is None else now + duration_ns

    def steps(self) -> Iterator[tuple[RecordWalk, int]]:
        """Give the walk whenever something came, and several times a second in any case."""
        while not self._is_over():
            octets = self._ordered(self._read())
            yield from self._give(self._limited(octets) + self._due_clock())
        yield from self._drain()
        yield from self._give(self._limited(self._ordered(self._stop(), is_last=True)))
        self._walk.finish()
        self._note_progress()

    def _drain(self) -> Iterator[tuple[RecordWalk, int]]:
        """Wait for the frames that came until now and are on their way through the engine.

        An engine that is behind loses what it still holds when it is ended, and does not say so: as
        long as it gives what is older than the wish to end, it is waited for.
        """
        wish_ns = self._shift.now_ns()
        end_ns = time.monotonic_ns() + self._engine.delay_ns
        latest_ns = end_ns + LONGEST_DRAIN_NS
        behind_ns = 0
        while self._packets_left != 0 and (left_ns := end_ns - time.monotonic_ns()) > 0:
            try:
                octets = self._engine.read(min(left_ns / SECOND_NS, WAIT_S))
            except EngineEnded:
                return
            yield from self._give(self._limited(self._ordered(octets)))
            if octets:
                behind_ns = max(wish_ns - self._walk.time_ns, 0)
                if behind_ns:
                    end_ns = min(time.monotonic_ns() + self._engine.delay_ns, latest_ns)
        if behind_ns > self._engine.delay_ns and time.monotonic_ns() >= latest_ns:
            self.files[0].gaps += 1
            self._note(
                f"ended {behind_ns / SECOND_NS:.1f} s behind: what {self.engine_name} still held "
                "is lost"
            )

    def _give(self, octets: bytes) -> Iterator[tuple[RecordWalk, int]]:
        if octets:
            self._octets_read += len(octets)
            self._walk.feed(octets)
            if self.tee is not None:
                self.tee(octets)
        yield self._walk, ANY_TIME
        self._note_progress()

    def _is_over(self) -> bool:
        if self._is_ending or self._packets_left == 0:
            return True
        return self._deadline_ns is not None and time.monotonic_ns() >= self._deadline_ns

    def _read(self) -> bytes:
        """Read from the engine, and start it again where it ended."""
        self._look_at_clock()
        wait_s = WAIT_S
        if self._deadline_ns is not None:
            wait_s = min(wait_s, (self._deadline_ns - time.monotonic_ns()) / SECOND_NS)
        try:
            return self._engine.read(max(wait_s, 0))
        except EngineEnded as ended:
            return self._restart(str(ended))

    def _look_at_clock(self) -> None:
        """Go on with the time of the capture where the system's clock was set back."""
        back_ns = self._shift.look()
        if back_ns:
            self._note(
                f"the system's clock was set back by {back_ns / SECOND_NS:.1f} s: the times of "
                f"this capture go on, now {self._shift.offset_ns / SECOND_NS:.1f} s ahead of it"
            )

    def _restart(self, why: str) -> bytes:
        """Start the engine again, as often as it takes; gives its first octets."""
        began_ns = time.time_ns()
        began = time.monotonic()
        self.files[0].gaps += 1
        pause_s = FIRST_PAUSE_S
        while not self._is_over():
            try:
                octets = self._engine.restart()
            except InputError as error:
                why = str(error)
                self._pause(pause_s)
                pause_s = min(pause_s * 2, LONGEST_PAUSE_S)
                continue
            gap_s = time.monotonic() - began
            self._note(
                f"{self.engine_name} ended ({why}) and was started again: nothing was captured "
                f"for {gap_s:.1f} s from {_clock_time(began_ns)} on"
            )
            return octets
        self._note(
            f"{self.engine_name} ended ({why}) and could not be started again: nothing was "
            f"captured from {_clock_time(began_ns)} on"
        )
        return b""

    def _pause(self, seconds: float) -> None:
        """Sleep, but hear a wish to end."""
        end = time.monotonic() + seconds
        while not self._is_over() and (left := end - time.monotonic()) > 0:
            time.sleep(min(left, WAIT_S))

    def _ordered(self, octets: bytes, is_last: bool = False) -> bytes:
        """Date what came by the time of the capture, packets of several interfaces in its order.

        Each interface is read for itself, some blocks at a time; what came in the last moment
        waits until the others were read as far.
        """
        octets = self._shift.apply(octets, self._walk.interfaces)
        if self._order is None:
            return octets
        self._order.feed(octets)
        return self._order.take(
            ANY_TIME if is_last else self._shift.now_ns() - self._engine.delay_ns
        )

    def _limited(self, octets: bytes) -> bytes:
        """Cut what goes beyond the number of frames that was asked for."""
        if self._packets_left is None:
            return octets
        start = 0
        while True:
            reason = self._scan.scan(octets, start, self._packets_left)
            self._packets_left -= self._scan.packets
            start = self._scan.position
            if reason == OTHER_BLOCK:
                start += self._scan.length
            elif reason == ENOUGH:
                return octets[:start]
            else:
                return octets

    def _due_clock(self) -> bytes:
        """A clock record once a second, more often where something was going on just now."""
        clock_ns = self._shift.now_ns() - self._engine.delay_ns
        is_quiet = clock_ns > self._walk.time_ns + BUSY_NS
        if clock_ns < self._next_clock_ns + (SECOND_NS - CLOCK_NS if is_quiet else 0):
            return b""
        self._next_clock_ns = (clock_ns // CLOCK_NS + 1) * CLOCK_NS
        return self._engine.clock(clock_ns)

    def _stop(self) -> bytes:
        if self._is_stopped:
            return b""
        self._is_stopped = True
        return self._engine.stop()

    def _note(self, text: str) -> None:
        notes = self.files[0].notes
        if len(notes) < NOTES_KEPT:
            notes.append(text)

    def _note_progress(self) -> None:
        for note in self._engine.take_notes():
            self.files[0].gaps += 1
            self._note(note)
        self.files[0].note_walk(self._walk)

    def locate(self, frame: int) -> tuple[FileSummary, int] | None:
        """Find a frame: there is only one file."""
        return (self.files[0], frame) if 1 <= frame <= self._walk.frames else None

    @property
    def octets_read(self) -> int:
        """Octets captured so far, as they would lie in a file."""
        return self._octets_read

    @property
    def octets_total(self) -> int | None:
        """Give None: nobody knows."""
        return None

    def can_end_early(self) -> bool:
        """Whether the capture is going on."""
        return not self._is_ending

    def end_early(self) -> None:
        """End the capture; what came is still given. May be called from a signal handler."""
        self._is_ending = True

    def close(self) -> None:
        """End the engine."""
        if not self._is_stopped:
            self._is_stopped = True
            self._engine.stop()


def _steady_ns() -> int:
    """Nanoseconds of a clock that nobody sets; it goes on while the system is suspended (Linux)."""
    number: int | None = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic_ns() if number is None else time.clock_gettime_ns(number)


def _clock_time(time_ns: int) -> str:
    """A time of the day, UTC."""
    seconds, fraction = divmod(time_ns // 1_000_000, 1000)
    return time.strftime("%H:%M:%S", time.gmtime(seconds)) + f".{fraction:03d} UTC"
