"""Captures made to exhaust are read in memory that has a bound, whatever their size.

The figures of docs/explanation/limits.md are of larger ones: `python -P -m benchmarks hostile`.
"""

import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner

import benchmarks.__main__ as commands
from benchmarks.hostile import CASES, measure_case, measure_streamed
from support.places import ROOT
from support.program import program_command
from support.states import analysis_of_octets
from tcpflow_analyzer.compiled import is_compiled
from tcpflow_analyzer.sources.capture_file import CAPTURE_MAGICS
from tcpflow_analyzer.sources.octets import find_compression

# A tenth of the table's sizes would take plain Python longer than all other tests together.
SHARE = 1 if is_compiled() else 20
MOST_MIB = 300  # compiled; the largest takes two thirds of it
GROWTH_MIB = 40  # from a size to three times that, where the bound is reached before
# Those whose bound is reached at their small size.
BOUNDED = (
    "incarnations", "noise", "holes", "unanswered", "flow", "overlapping-fragments",
    "first-fragments", "gzip", "gzip-in-gzip", "bzip2", "xz", "zstd", "lz4", "options",
    "interfaces", "sections", "endless-line", "attempts-at-once",
)  # fmt: skip


@pytest.fixture
def program(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The program under test, as a command that a process started from here can run."""
    command, environment = program_command([])
    monkeypatch.setenv("PYTHONPATH", environment["PYTHONPATH"])
    return command


@pytest.mark.slow
@pytest.mark.parametrize("name", CASES)
def test_memory_has_a_bound(name: str, tmp_path: Path, program: list[str]) -> None:
    case = CASES[name]
    once = measure_case(case, max(case.size // SHARE, 1), program, tmp_path)
    assert once.usage.peak_mib < MOST_MIB
    assert list(tmp_path.iterdir()) == []
    if name in BOUNDED and SHARE == 1:
        thrice = measure_case(case, 3 * case.size, program, tmp_path)
        assert thrice.usage.peak_mib < once.usage.peak_mib + GROWTH_MIB


@pytest.mark.slow
@pytest.mark.parametrize("name", ["attempts", "midstream"])
def test_connections_without_end_take_time_by_their_number(name: str, program: list[str]) -> None:
    """From a pipe. The same at 50 million: docs/explanation/limits.md."""
    case = CASES[name]._replace(
        options=("--set", f"max_connections={4000 // SHARE}", "--set", "max_remembered=0")
    )
    short, long = (
        measure_streamed(case, count // SHARE, program).usage for count in (60_000, 300_000)
    )
    assert long.processor_seconds < 5 * short.processor_seconds + 1
    assert long.peak_mib < short.peak_mib + 16


@pytest.mark.slow
def test_flow_of_nine_gigabytes_counts_its_octets() -> None:
    """Sequence numbers wrap twice; only headers were captured."""
    segments = 140_000
    analysis = analysis_of_octets(b"".join(CASES["flow"].blocks(segments)))
    (connection,) = analysis["connections"]
    assert connection["originator"]["payload_octets"] == segments * 65_000 > 2 << 32
    assert connection["originator"]["unique_octets"] == segments * 65_000
    assert connection["originator"]["retransmitted_segments"] == 0
    assert not {finding["code"][:2] for finding in analysis["findings"]} & {"SQ", "WN", "RS"}


@pytest.mark.parametrize("name", CASES)
def test_case_begins_as_a_file_of_its_kind(name: str) -> None:
    octets = b"".join(CASES[name].blocks(1000 if name in ("interfaces", "sections") else 1))
    plain = octets.startswith((*CAPTURE_MAGICS, b"12:00:00"))
    assert plain or find_compression(octets) is not None


def test_documentation_names_every_case() -> None:
    told = (ROOT / "docs" / "explanation" / "limits.md").read_text()
    for case in CASES.values():
        assert f"| {case.what} |" in told


def test_command_prints_a_row(tmp_path: Path, program: list[str]) -> None:
    words = ["hostile", "gzip", "--folder", str(tmp_path), "--share", "64"]
    done = CliRunner().invoke(commands.main, [*words, "--program", shlex.join(program)])
    assert done.exit_code == 0, done.output
    assert "MiB of zeros in gzip" in done.output
