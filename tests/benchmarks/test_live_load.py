"""What is measured of live captures is what happened."""

import shlex
import shutil

import pytest

from benchmarks.live_load import (
    UNRELATED_FRAMES,
    Outcome,
    Sample,
    complaints,
    lines,
    run_connections,
    run_iperf,
    totals,
)
from support.network import installed_engines, why_not
from support.program import program_command

OUTCOME = Outcome(
    made=100, counted=100, passed=1000, frames=990, dropped=0, seconds=10,
    samples=[], messages="", status=0, gigabits=None,
)  # fmt: skip
needs_network = pytest.mark.skipif(bool(why_not()), reason=why_not() or "it can")


def test_totals_of_text_and_ndjson() -> None:
    text = "2026-01-01T00:00:00.000Z end: 12 frames, 3 connections; findings: 0 error"
    assert totals(f"...\n{text}, 1 warning, 2 info\n") == (3, 12, 0)
    assert totals(f"{text}; 7 dropped frames\n") == (3, 12, 7)
    ndjson = '{"kind":"capture","frames":12}\n{"kind":"summary","connections":3,"left_out":%s}\n'
    assert totals(ndjson % "{}") == (3, 12, 0)
    assert totals(ndjson % '{"dropped_frames":7}') == (3, 12, 7)


def test_slope_is_that_after_warming_up() -> None:
    samples = [Sample(at, 50.0 + min(at, 60) + at / 30, 0, 0) for at in range(0, 600, 10)]
    outcome = OUTCOME._replace(samples=samples)
    assert outcome.slope(60) == pytest.approx(2.0)
    assert outcome.slope(1000) == 0
    assert list(complaints(outcome, 60, 1.0))[-1] == "memory grows by 2.00 MiB a minute"
    assert "slope +2.00 MiB a minute after 60 s" in list(lines(outcome, 60))


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"frames": 900}, "100 frames are unaccounted for"),
        ({"frames": 900, "dropped": 100}, "100 frames were dropped"),
        ({"counted": 99}, "99 connections were counted, 100 made"),
        ({"status": 4, "messages": "x"}, "it ended with status 4 and said: x"),
    ],
)
def test_what_is_wrong_is_said(change: dict[str, object], complaint: str) -> None:
    assert list(complaints(OUTCOME, 0, 1.0)) == []
    outcome = Outcome(**(OUTCOME._asdict() | change))
    assert complaint in list(complaints(outcome, 0, 1.0))


@pytest.fixture
def program(monkeypatch: pytest.MonkeyPatch) -> str:
    """The program that the tests import, as a command line."""
    command, environment = program_command([])
    monkeypatch.setenv("PYTHONPATH", environment["PYTHONPATH"])
    return shlex.join(command)


@pytest.mark.slow
@needs_network
def test_every_connection_and_frame_is_accounted_for(program: str) -> None:
    outcome = run_connections(program, ["--engine", "af-packet"], rate=100, seconds=2)
    assert list(complaints(outcome, 1000, 1.0)) == []
    assert outcome.made is not None
    assert outcome.made > 50
    assert outcome.frames >= 10 * outcome.made


@pytest.mark.slow
@needs_network
@pytest.mark.skipif(shutil.which("iperf3") is None, reason="iperf3 is not installed")
@pytest.mark.parametrize("engine", installed_engines())
def test_frames_that_the_system_drops_are_reported(program: str, engine: str) -> None:
    options = ["--engine", engine, "--snaplen", "0"]
    outcome = run_iperf(program, options, seconds=3, paused_s=1.5)
    assert outcome.status == 0
    assert outcome.dropped > 0
    assert abs(outcome.unaccounted) <= max(UNRELATED_FRAMES, outcome.passed // 10_000)
