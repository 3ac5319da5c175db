"""The runner: what it refuses, what it says of a ratio, and whether its programs are really run."""

import sys
from pathlib import Path

import pytest

from benchmarks import compare
from benchmarks.captures import Made, Options, make
from benchmarks.process import Usage, check_counts, measure
from benchmarks.soak import Soak, soak
from support.program import program_command


@pytest.fixture
def program(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    """A command line of the program that the tests import."""
    command, variables = program_command([])
    monkeypatch.setenv("PYTHONPATH", variables["PYTHONPATH"])
    script = tmp_path / "program.py"
    script.write_text(command[-1])
    return f"{sys.executable} -P {script}"


def test_measure_tells_time_and_memory() -> None:
    held = bytearray(200 << 20)  # by the parent, which must not count
    code = "import time; octets = bytearray(60 << 20); time.sleep(0.2)"
    usage = measure([sys.executable, "-c", code])
    assert 0.2 <= usage.seconds < 20
    assert 60 < usage.peak_mib < 120
    del held


def test_measure_refuses_a_program_that_fails() -> None:
    with pytest.raises(RuntimeError, match="exit status 3"):
        measure([sys.executable, "-c", "raise SystemExit(3)"])


@pytest.mark.slow
def test_a_time_does_not_count_when_the_counts_are_wrong(program: str, tmp_path: Path) -> None:
    made = make(Options("web", connections=50), tmp_path / "made.pcap")
    analyze = [*program.split(), "analyze", str(tmp_path / "made.pcap"), "--no-progress"]
    check_counts(analyze, made.packets, 50)
    with pytest.raises(RuntimeError, match="50 connections, not 51"):
        check_counts(analyze, made.packets, 51)
    with pytest.raises(RuntimeError, match=f"{made.packets} frames, not 7"):
        check_counts(analyze, 7, None)


@pytest.mark.parametrize(
    ("peer_by_ours", "wanted", "met"),
    [
        (0.5, {"slower": 2.0}, True),
        (0.49, {"slower": 2.0}, False),
        (2.5, {"faster": 2.5}, True),
        (2.4, {"faster": 2.5}, False),
        (0.01, {}, True),
    ],
)
def test_judge_compares_with_the_target(
    peer_by_ours: float, wanted: dict[str, float], met: bool
) -> None:
    assert compare.judge(peer_by_ours, wanted)[1] is met


@pytest.mark.slow
def test_compare_runs_both_programs(
    program: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    capture = tmp_path / "web.pcap"
    make(Options("web", connections=20), capture)
    slow = tmp_path / "slow.py"
    slow.write_text("import sys, time; open(sys.argv[1]).close(); time.sleep(0.5)")
    monkeypatch.setitem(compare.PEERS, "slow", f"{sys.executable} {slow} {{}}")
    row = compare.compare(program, capture, "slow", 1)
    assert row.peer_seconds > 0.5
    assert row.peer_by_ours == pytest.approx(row.peer_seconds / row.ours_seconds)
    assert row.memory_target_mib == compare.targets()["compare"]["web"]["peak_mib"]
    lines = compare.markdown([row]).splitlines()
    assert {line.count("|") for line in lines} == {9}
    assert "120 MiB, met" in lines[-1]


def test_every_target_is_about_a_peer_and_a_capture() -> None:
    for capture, wanted in compare.targets()["compare"].items():
        assert capture in {"bulk", "web", "scan"}
        assert wanted.keys() - {"peak_mib"} <= compare.PEERS.keys()


@pytest.mark.slow
def test_soak_compares_a_recording_with_a_longer_one(program: str, tmp_path: Path) -> None:
    folder = tmp_path / "soak"
    folder.mkdir()
    result = soak(program, "web", 400, 3, 1, folder)
    assert result.long.connections == 3 * result.short.connections
    assert list(folder.iterdir()) == []


def test_soak_is_linear_up_to_a_tenth() -> None:

    short, long = Made(100, 10, 0, ""), Made(1000, 100, 0, "")

    def is_linear(seconds: float, peak_mib: float) -> bool:
        return Soak(short, long, Usage(1.0, 1.0, 50.0), Usage(seconds, 1.0, peak_mib)).is_linear

    assert is_linear(10.9, 54.9)
    assert not is_linear(11.1, 50.0)
    assert not is_linear(10.0, 55.1)
