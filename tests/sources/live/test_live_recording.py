"""A live capture as the pipeline sees it: clock records, limits, an engine that ends."""

import itertools
from collections.abc import Iterable, Iterator
from types import SimpleNamespace

import pytest

from support import container_builder as build
from tcpflow_analyzer.errors import InputError
from tcpflow_analyzer.sources import pcapng_blocks
from tcpflow_analyzer.sources.live import live_recording
from tcpflow_analyzer.sources.live.capture_engine import CaptureRequest, EngineEnded
from tcpflow_analyzer.sources.live.live_recording import LiveRecording
from tcpflow_analyzer.sources.records import RecordWalk

HEAD = pcapng_blocks.section() + pcapng_blocks.interface(1, "eth0")
SECOND_NS = 1_000_000_000
WALL_NS = 1_800_000_000 * SECOND_NS

Event = bytes | EngineEnded | InputError


class ScriptedEngine:
    """An engine that does what a list says: octets to give, errors to raise."""

    name = "dumpcap"
    delay_ns = 0
    needs_rights = True

    def __init__(self, events: Iterable[Event]) -> None:
        """Do what `events` say, one at a time; then nothing comes any more."""
        self.events = iter(events)
        self.stopped = 0

    def _next(self) -> bytes:
        event = next(self.events, b"")
        if isinstance(event, bytes):
            return event
        raise event

    def read(self, timeout_s: float) -> bytes:
        """Give the next event."""
        return self._next()

    def restart(self) -> bytes:
        """Give the next event."""
        return self._next()

    def clock(self, time_ns: int) -> bytes:
        """Give a clock record."""
        return pcapng_blocks.statistics(0, time_ns)

    def take_notes(self) -> list[str]:
        """Have nothing to say."""
        return []

    def stop(self) -> bytes:
        """Be stopped."""
        self.stopped += 1
        return b""


@pytest.fixture(autouse=True)
def _quick_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """A clock that goes on by a quarter of a second whenever somebody looks."""
    ticks = itertools.count()

    def monotonic_ns() -> int:
        return next(ticks) * SECOND_NS // 4

    clock = SimpleNamespace(
        monotonic_ns=monotonic_ns,
        monotonic=lambda: monotonic_ns() / SECOND_NS,
        time_ns=lambda: WALL_NS + monotonic_ns(),
        sleep=lambda _: None,
        strftime=lambda *_: "12:00:00",
        gmtime=lambda _: None,
    )
    monkeypatch.setattr(live_recording, "time", clock)


def recorded(
    monkeypatch: pytest.MonkeyPatch,
    events: Iterable[Event],
    duration_ns: int | None = None,
    count: int | None = None,
) -> tuple[LiveRecording, list[str], bytes]:
    """Run a capture; gives it, what came in order, and the octets that went to the tee."""
    engine = ScriptedEngine(events)
    monkeypatch.setattr(live_recording, "open_engine", lambda _: engine)
    recording = LiveRecording(CaptureRequest(("eth0",), duration_ns=duration_ns, count=count))
    parts: list[bytes] = []
    recording.tee = parts.append
    seen = []
    for step, (walk, _) in enumerate(recording.steps()):
        while True:
            while walk.advance():
                seen.append("frame")
            if walk.take_clock() < 0:
                break
            seen.append("clock")
        if step == 50:
            recording.end_early()
    assert engine.stopped == 1
    return recording, seen, b"".join(parts)


def packets(count: int) -> bytes:
    """So many packets."""
    return b"".join(build.enhanced(b"x", WALL_NS + number) for number in range(count))


def test_clock_goes_on_once_a_second_though_nothing_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    recording, seen, _ = recorded(monkeypatch, [HEAD], duration_ns=10 * SECOND_NS)
    assert set(seen) == {"clock"}
    assert 3 <= len(seen) <= 11
    assert recording.files[0].error is None


def test_count_cuts_behind_the_last_frame(monkeypatch: pytest.MonkeyPatch) -> None:
    events = [HEAD + packets(2), packets(3) + pcapng_blocks.statistics(0, WALL_NS), packets(9)]
    recording, seen, octets = recorded(monkeypatch, events, count=7)
    assert seen.count("frame") == 7
    assert recording.files[0].frames == 7
    assert octets.startswith(HEAD)
    assert recording.locate(7) == (recording.files[0], 7)
    assert recording.locate(8) is None


def test_tee_gets_what_gives_the_same_frames_and_clocks(monkeypatch: pytest.MonkeyPatch) -> None:
    events = [HEAD + packets(2), b"", packets(3), b"", b""]
    _, seen, octets = recorded(monkeypatch, events)
    _, again, _ = recorded(monkeypatch, [octets])
    assert again[: len(seen)] == seen


def test_engine_that_ended_is_started_again_and_the_gap_is_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    events: list[Event] = [
        HEAD + packets(1),
        EngineEnded("killed by signal 9"),
        InputError("no such device"),
        packets(2),
    ]
    recording, seen, _ = recorded(monkeypatch, events)
    assert seen.count("frame") == 3
    assert recording.files[0].gaps == 1
    (note,) = recording.files[0].notes
    assert note.startswith("dumpcap ended (no such device) and was started again: nothing was")
    assert "from 12:00:00" in note


def test_engine_that_cannot_be_started_again_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    events: list[Event] = [HEAD, EngineEnded("gone"), *[InputError("still gone")] * 1000]
    recording, _, _ = recorded(monkeypatch, events, duration_ns=20 * SECOND_NS)
    (note,) = recording.files[0].notes
    assert note.startswith("dumpcap ended (still gone) and could not be started again")


def test_clock_that_is_set_back_stops_neither_frames_nor_clock(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    hour_ns = 3600 * SECOND_NS
    clock = vars(live_recording)["time"]
    system_ns, steps_ns = clock.time_ns, [0]
    monkeypatch.setattr(clock, "time_ns", lambda: system_ns() + sum(steps_ns))

    def script() -> Iterator[bytes]:
        yield HEAD + packets(2)
        steps_ns.append(-hour_ns)
        yield b""
        yield build.enhanced(b"x", WALL_NS + 9 * SECOND_NS - hour_ns)

    recording, seen, octets = recorded(monkeypatch, script(), duration_ns=40 * SECOND_NS)
    assert seen.count("frame") == 3
    assert seen[seen.index("clock") + 1 :].count("clock") >= 5
    (note,) = recording.files[0].notes
    assert note.startswith("the system's clock was set back by 360")
    walk = RecordWalk("")
    walk.feed(octets)
    times = []
    while True:
        while walk.advance():
            times.append(int(walk.time_ns))
        if walk.take_clock() < 0:
            break
    assert times[:2] == [WALL_NS, WALL_NS + 1]
    assert abs(times[2] - (WALL_NS + 9 * SECOND_NS)) < SECOND_NS


def test_engine_that_is_behind_is_waited_for_at_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ScriptedEngine, "delay_ns", 2 * SECOND_NS)
    late = [packets(1)] * 40  # of before the end
    recording, seen, _ = recorded(monkeypatch, [HEAD, *late], duration_ns=SECOND_NS)
    assert 4 < seen.count("frame") < 40  # not for ever
    assert recording.files[0].gaps == 1
    (note,) = recording.files[0].notes
    assert note.startswith("ended ")
    assert note.endswith(" s behind: what dumpcap still held is lost")
    monkeypatch.setattr(live_recording, "LONGEST_DRAIN_NS", 1000 * SECOND_NS)
    recording, seen, _ = recorded(monkeypatch, [HEAD, *late], duration_ns=SECOND_NS)
    assert seen.count("frame") == 40
    assert recording.files[0].gaps == 0
    new = [build.enhanced(b"x", WALL_NS + 10**6 * SECOND_NS)] * 40
    _, seen, _ = recorded(monkeypatch, [HEAD, *new], duration_ns=SECOND_NS)
    assert seen.count("frame") < 10


def test_capture_can_be_ended_once(monkeypatch: pytest.MonkeyPatch) -> None:
    recording, _, _ = recorded(monkeypatch, [HEAD])
    assert not recording.can_end_early()
    recording.close()
    assert recording.octets_total is None
    assert recording.octets_read > len(HEAD)
