"""`tcpflow check`: exit statuses, configuration, outputs, baseline.

Most run in this process, which takes a hundredth of the time of a process of their own.
"""

import gc
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from support.capture_builder import SECOND_NS, START_NS, pcap
from support.program import run_program
from support.services import talk
from support.small_captures import clock, closed, without_tcp
from tcpflow_analyzer.cli.main import run
from tcpflow_analyzer.compiled import is_compiled
from tcpflow_analyzer.sources.bpf_compiler import find_library

LATE = clock(START_NS + 1000 * SECOND_NS)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A repository with captures of each kind."""
    contents = {
        "closed.pcap": closed(),
        "leak.pcap": pcap([*talk("leak"), *LATE]),
        "again.pcap": pcap([*talk("leak", 50123, at_ns=START_NS + SECOND_NS), *LATE]),
        "cut.pcap": closed()[:-5],
        "cut-leak.pcap": pcap([*talk("leak"), *LATE, *LATE])[:-5],
        "no-tcp.pcap": without_tcp(),
        "empty": b"",
        "text": b"this is no capture at all\n" * 5,
    }
    for name, octets in contents.items():
        (tmp_path / name).write_bytes(octets)
    (tmp_path / ".git").mkdir()
    (tmp_path / "nothing-here").mkdir()
    return tmp_path


Checked = Callable[..., tuple[int, str, str]]


@pytest.fixture
def checked(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Iterator[Checked]:
    """Exit status, output and error output of a check in a folder."""

    def check(folder: Path, *arguments: str | Path) -> tuple[int, str, str]:
        monkeypatch.chdir(folder)
        capfd.readouterr()
        status = run(["check", *map(str, arguments)])
        return status, *capfd.readouterr()

    yield check
    gc.unfreeze()  # what a process of its own would not need again


def checked_alone(folder: Path, *arguments: str | Path) -> tuple[int, str, str]:
    """Likewise, of a process of its own."""
    done = run_program(["check", *arguments], folder=folder)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (["closed.pcap"], 0),
        (["leak.pcap"], 1),
        (["leak.pcap", "closed.pcap"], 1),
        (["cut.pcap"], 3),
        (["cut.pcap", "--allow-truncated"], 0),
        (["no-tcp.pcap"], 3),
        (["no-tcp.pcap", "--allow-empty"], 0),
        (["cut.pcap", "no-tcp.pcap", "--allow-empty"], 3),
        (["missing.pcap"], 2),
        (["empty"], 2),
        (["text"], 2),
        (["nothing-here"], 2),
        (["leak.pcap", "missing.pcap"], 2),  # 2 is higher than 1
        (["leak.pcap", "cut.pcap"], 1),  # 1 is higher than 3
        (["cut-leak.pcap"], 1),
        (["leak.pcap", "--fail-on", "never"], 0),
        (["leak.pcap", "--fail-on", "warning,CL005"], 1),
        (["leak.pcap", "--ignore", "CL"], 0),
        (["leak.pcap", "--select", "RS"], 0),
        (["leak.pcap", "--max", "CL005=1"], 0),
        (["leak.pcap", "--max", "CL005=0"], 1),
        (["leak.pcap", "--where", "port == 8080"], 1),
        (["leak.pcap", "--where", "port == 81"], 0),
        (["leak.pcap", "--where", "port = 81"], 2),
        (["leak.pcap", "--fail-on", "fatal"], 2),
        (["leak.pcap", "--max", "CL005"], 2),
        (["leak.pcap", "--max", "XX001=1"], 2),
        (["leak.pcap", "--min-certainty", "sure"], 2),
        (["leak.pcap", "--config", "missing.toml"], 2),
        (["leak.pcap", "--config", "text", "--no-config"], 2),
        (["leak.pcap", "--baseline", "missing.json"], 2),
        (["leak.pcap", "--format", "yaml"], 2),
        (["leak.pcap", "--checksum", "strict", "--tunnel", "outer"], 1),
        (["leak.pcap", "--tunnel", "both"], 2),
        ([], 2),
        (["closed.pcap", "-o", "no/such/folder/report.txt"], 4),
        (["closed.pcap", "-o", "closed.pcap"], 2),
        (["closed.pcap", "-o", "text:a.txt", "-o", "text:a.txt"], 2),
        (["closed.pcap", "leak.pcap", "--together"], 1),
    ],
)
def test_exit_status(checked: Checked, folder: Path, arguments: list[str], status: int) -> None:
    found, _, errors = checked(folder, *arguments)
    assert found == status, errors
    assert all(line.startswith("tcpflow: ") for line in errors.splitlines())


@pytest.mark.skipif(find_library() is None, reason="no libpcap")
@pytest.mark.parametrize(("expression", "status"), [("tcp", 1), ("udp", 3), ("tpc", 2)])
def test_filter_chooses_the_frames_that_count(
    checked: Checked, folder: Path, expression: str, status: int
) -> None:
    found, _, errors = checked(folder, "leak.pcap", "--filter", expression)
    assert found == status, errors


def test_exit_statuses_are_those_of_the_process(folder: Path) -> None:
    statuses = {name: checked_alone(folder, name)[0] for name in ("closed.pcap", "leak.pcap")}
    statuses |= {name: checked_alone(folder, name)[0] for name in ("missing.pcap", "cut.pcap")}
    assert list(statuses.values()) == [0, 1, 2, 3]


def test_output_that_cannot_be_written_is_4(folder: Path) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("no /dev/full here")
    status, _, errors = checked_alone(folder, "leak.pcap", "-o", "text:/dev/full")
    assert status == 4
    assert errors.startswith("tcpflow: error: /dev/full: ")


def test_two_outputs_at_once_and_the_log(checked: Checked, folder: Path) -> None:
    status, log, _ = checked(folder, "leak.pcap", "-o", "text:a.txt", "-o", "b.txt")
    assert status == 1
    assert log == (folder / "a.txt").read_text() == (folder / "b.txt").read_text()
    status, log, _ = checked(folder, "leak.pcap", "-o", "a.txt", "--quiet")
    assert (status, log) == (1, "")


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("tcpflow.toml", "fail_no = 1", "tcpflow.toml, line 1: unknown key 'fail_no'"),
        ("tcpflow.toml", "a = = 1", "tcpflow.toml, line 1: "),
        ("tcpflow.toml", "\n[counts]\nXX = 1", "tcpflow.toml, line 3: "),
        ("tcpflow.toml", 'msl = "3 parsecs"', "tcpflow.toml, line 1: "),
        ("pyproject.toml", "[tool.tcpflow]\nx = 1", "pyproject.toml, line 2: unknown key 'x'"),
    ],
)
def test_broken_configuration_is_2_and_names_its_line(
    checked: Checked, folder: Path, name: str, text: str, words: str
) -> None:
    (folder / name).write_text(text)
    status, _, errors = checked(folder, "closed.pcap")
    assert status == 2
    assert words in errors
    assert len(errors.splitlines()) == 1
    assert checked(folder, "closed.pcap", "--no-config")[0] == 0


def test_nearest_configuration_holds_and_options_win(checked: Checked, folder: Path) -> None:
    inner = folder / "tests" / "deep"
    inner.mkdir(parents=True)
    (folder / "tcpflow.toml").write_text('fail_on = "never"\n')
    (folder / "tests" / "pyproject.toml").write_text("[project]\nname = 'x'\n")  # says nothing
    capture = folder / "leak.pcap"
    status, log, _ = checked(inner, capture)
    assert status == 0
    assert "by ../../tcpflow.toml" in log
    assert checked(inner, capture, "--fail-on", "error")[0] == 1
    assert checked(inner, capture, "--no-config")[0] == 1
    (folder / "tests" / "pyproject.toml").write_text("[tool.tcpflow]\nfail_on = 'error'\n")
    assert checked(inner, capture)[0] == 1
    assert checked(inner, capture, "--config", folder / "tcpflow.toml")[0] == 0


def test_configuration_beyond_the_repository_does_not_count(checked: Checked, folder: Path) -> None:
    inner = folder / "other"
    (inner / ".git").mkdir(parents=True)
    (folder / "tcpflow.toml").write_text('fail_on = "never"\n')
    assert checked(inner, folder / "leak.pcap")[0] == 1


def test_code_that_is_only_assumed_is_told_with_what_makes_it_count(
    checked: Checked, folder: Path
) -> None:
    said = "tcpflow: warning: 2 findings of CL006 are only assumed and did not count: "
    arguments = ["--no-config", "--fail-on", "CL006", "leak.pcap", "again.pcap"]
    status, _, messages = checked(folder, *arguments, "--format", "junit")
    assert (status, messages) == (0, f"{said}--min-certainty assumed\n")
    status, out, messages = checked(folder, *arguments, "--min-certainty", "assumed")
    assert (status, messages) == (1, "")
    assert "CL006" in out


def test_baseline_of_one_recording_excuses_the_next(checked: Checked, folder: Path) -> None:
    (folder / "sub").mkdir()
    status, log, _ = checked(folder, "leak.pcap", "--write-baseline", "sub/known.json")
    assert status == 0
    assert "1 known to sub/known.json" in log
    assert len(json.loads((folder / "sub/known.json").read_text())["entries"]) == 1
    assert checked(folder, "again.pcap", "--baseline", "sub/known.json")[0] == 0
    # The path in a configuration begins at its folder.
    (folder / "sub" / "tcpflow.toml").write_text('baseline = "known.json"')
    status, log, _ = checked(folder, "closed.pcap", "--config", "sub/tcpflow.toml")
    assert status == 0
    assert "in the baseline, but not seen any more: CL005" in log
    (folder / "known.json").write_text("{}")
    assert checked(folder, "leak.pcap", "--baseline", "known.json")[0] == 2


def test_baseline_that_is_missing_says_how_it_is_made(checked: Checked, folder: Path) -> None:
    (folder / "tcpflow.toml").write_text('baseline = "known.json"')
    status, _, errors = checked(folder, "leak.pcap")
    assert status == 2
    assert errors == (
        "tcpflow: error: known.json: there is no such baseline; --write-baseline makes one\n"
    )
    assert checked(folder, "leak.pcap", "--write-baseline", "known.json")[0] == 0
    assert checked(folder, "again.pcap")[0] == 0


def test_baseline_may_be_written_where_it_is_read(checked: Checked, folder: Path) -> None:
    options = ["--baseline", "known.json", "--write-baseline", "known.json"]
    assert checked(folder, "leak.pcap", *options)[0] == 0
    first = (folder / "known.json").read_text()
    assert checked(folder, "again.pcap", *options)[0] == 0
    assert (folder / "known.json").read_text().count("CL005") == first.count("CL005")


def test_init_writes_a_configuration_that_the_capture_passes(
    checked: Checked, folder: Path
) -> None:
    assert checked(folder, "--init", "closed.pcap", "-o", "tcpflow.toml")[0] == 0
    status, log, _ = checked(folder, "closed.pcap")
    assert status == 0
    assert "by tcpflow.toml" in log
    status, _, errors = checked(folder, "--init", "closed.pcap", "-o", "tcpflow.toml")
    assert status == 2
    assert "is not replaced" in errors
    status, text, _ = checked(folder, "--init", "closed.pcap")
    assert "[[tool.tcpflow.expect]]" in text


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_result_is_the_same_however_many_processes_work(folder: Path, jobs: str) -> None:
    captures = ["leak.pcap", "closed.pcap", "missing.pcap", "cut.pcap", "again.pcap", "empty"]
    status, log, errors = checked_alone(folder, *captures, "--jobs", jobs)
    assert status == 2
    heads = [line.split()[0] for line in log.splitlines() if line[:1] not in ("", " ")]
    assert heads == ["FAIL", "FAIL", "CUT", "FAIL", "FAIL", "FAIL"]
    assert "missing.pcap: no such file" in errors


def test_standard_input_is_checked_as_well(folder: Path) -> None:
    done = run_program(["check", "-", "--no-config"], stdin=(folder / "leak.pcap").read_bytes())
    assert done.returncode == 1
    assert done.stdout.startswith(b"FAIL -\n")


@pytest.mark.slow
def test_200_captures_of_1000_frames_within_10_seconds(tmp_path: Path) -> None:
    frames = [
        frame
        for each in range(100)
        for frame in talk("client", 40000 + each, at_ns=START_NS + each * SECOND_NS)
    ]
    octets = pcap(frames)
    for number in range(200):
        (tmp_path / f"{number}.pcap").write_bytes(octets)
    (tmp_path / "tcpflow.toml").write_text(
        '[[expect]]\nname = "x"\nwhere = "port == 8080"\nclosed_by = "originator"\n'
        'states = ["TIME-WAIT/CLOSED"]\nforbid = ["RS*"]\nhandshake_p99 = "5ms"\n'
    )
    begin = time.monotonic()
    status, log, _ = checked_alone(tmp_path, *sorted(tmp_path.glob("*.pcap")))
    took = time.monotonic() - begin
    assert status == 0, log
    assert "200 captures passed; 20,000 connections" in log
    assert took < (10 if is_compiled() else 30)  # 0.5 and 3.7 s on two cores that do nothing else
