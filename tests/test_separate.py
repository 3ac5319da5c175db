"""`tcpflow analyze --separate` with several processes: same octets, clean ends, nothing left."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import tcpflow_analyzer
from support.capture_builder import pcap
from support.in_process import run_here
from support.program import run_program
from support.small_captures import closed, mixed, refused, without_tcp

PROGRAM = [sys.executable, "-P", "-m", "tcpflow_analyzer", "analyze", "--separate"]
ENVIRONMENT = os.environ | {"PYTHONPATH": str(Path(tcpflow_analyzer.__path__[0]).parent)}
LINUX = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")


@pytest.fixture
def captures(tmp_path: Path) -> Path:
    """A folder with captures of all sorts, damaged and unusable ones among them."""
    folder = tmp_path / "captures"
    folder.mkdir()
    contents = {
        "1.pcap": closed(),
        "2.pcap": mixed(),
        "3.pcap": mixed()[:-5],
        "4.pcap": without_tcp(link_type=65_000),
        "5.pcap": refused(),
        "6.pcap": pcap([]),
    }
    for name, octets in contents.items():
        (folder / name).write_bytes(octets)
    return folder


def test_jobs_change_no_octet(captures: Path, tmp_path: Path) -> None:
    names = ("out.txt", "out.json", "out.ndjson")
    results = []
    for jobs in ("1", "2", "9"):
        folder = tmp_path / jobs
        folder.mkdir()
        outputs = [word for name in names for word in ("-o", str(folder / name))]
        arguments = ["analyze", "--separate", "--jobs", jobs, captures, captures / "none", captures]
        done = run_program([*arguments, "-o", "text:-", *outputs])
        results.append((done.stdout, done.stderr, [(folder / name).read_bytes() for name in names]))
        assert done.returncode == 2
    assert results[0][1].count(b"\n") == 5
    assert all(results[0][2])
    assert results[1:] == [results[0]] * 2


def test_reports_equal_those_of_each_capture_alone(captures: Path, tmp_path: Path) -> None:
    paths = [captures / name for name in ("1.pcap", "2.pcap", "5.pcap")]
    lines = b"".join(run_here(["analyze", path, "--format", "ndjson"]).stdout for path in paths)
    texts = b"\n".join(run_here(["analyze", path]).stdout for path in paths)
    outputs = [tmp_path / "out.ndjson", tmp_path / "out.txt"]
    done = run_program(
        ["analyze", "--separate", "--jobs", "2", *paths, "-o", outputs[0], "-o", outputs[1]]
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    assert [output.read_bytes() for output in outputs] == [lines, texts]


@pytest.mark.parametrize("jobs", ["0", "-3", "many"])
def test_jobs_that_make_no_sense(captures: Path, jobs: str) -> None:
    done = run_program(["analyze", "--separate", "--jobs", jobs, captures])
    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr.startswith(b"tcpflow: error: invalid value for '--jobs': ")
    assert done.stderr.count(b"\n") == 1


def test_settings_that_make_no_sense_are_told_once(captures: Path) -> None:
    done = run_program(["analyze", "--separate", "--jobs", "2", captures, "--select", "ZZ"])
    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr.count(b"\n") == 1


def test_standard_input_among_files(captures: Path) -> None:
    done = run_program(
        ["analyze", "--separate", "--jobs", "2", captures / "1.pcap", "-"], stdin=refused()
    )
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"\n\nstandard input" in done.stdout


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_reports_that_cannot_be_written_are_status_4(captures: Path) -> None:
    done = run_program(["analyze", "--separate", "--jobs", "2", captures, "-o", "text:/dev/full"])
    assert done.returncode == 4
    assert done.stderr.count(b"/dev/full") == 1


def test_temporary_folder_that_is_missing_is_status_4(captures: Path) -> None:
    arguments = ["analyze", "--separate", "--jobs", "2", captures]
    # Python looks for other places; none of them can be written here.
    blocked = "import tempfile; tempfile.tempdir = '/nowhere/at/all'\n"
    (captures / "sitecustomize.py").write_text(blocked)
    path = f"{captures}{os.pathsep}{ENVIRONMENT['PYTHONPATH']}"
    done = subprocess.run(
        [sys.executable, "-m", "tcpflow_analyzer", *map(str, arguments)],
        env=ENVIRONMENT | {"PYTHONPATH": path}, capture_output=True, check=False,
    )  # fmt: skip
    assert done.returncode == 4
    assert done.stderr.startswith(b"tcpflow: error: /nowhere/at/all/tcpflow-")


def test_closed_pipe_ends_quietly(captures: Path) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [*PROGRAM, "--jobs", "2", captures / "1.pcap", captures / "2.pcap"],
        stdout=writer, stderr=subprocess.PIPE, env=ENVIRONMENT, check=False,
    )  # fmt: skip
    os.close(writer)
    assert (done.returncode, done.stderr) == (0, b"")


@contextlib.contextmanager
def at_work(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[bytes], list[int]]]:
    """The program and its two workers, who have more to do than anybody waits for."""
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    for name in ("long-1.pcap", "long-2.pcap"):
        with (tmp_path / name).open("wb") as file:
            file.write(pcap([]))
            file.truncate(1 << 34)  # a hole: a thousand million frames without an octet
    with subprocess.Popen(
        [*PROGRAM, "--jobs", "2", tmp_path / "long-1.pcap", tmp_path / "long-2.pcap"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
        env=ENVIRONMENT | {"TMPDIR": str(temporary)},
    ) as child:  # fmt: skip
        try:
            yield child, workers_of(child.pid)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)


def workers_of(process: int) -> list[int]:
    """Its two children, when they are there and at work."""
    for _ in range(1200):
        children = Path(f"/proc/{process}/task/{process}/children").read_text().split()
        times = [Path(f"/proc/{child}/stat").read_text().split()[13] for child in children]
        if len(children) == 2 and all(int(ticks) > 10 for ticks in times):
            return [int(child) for child in children]
        time.sleep(0.05)
    raise AssertionError("no workers")


def nobody_is_left(group: int) -> bool:
    """Whether all processes of a group end, on a busy machine after some seconds."""
    for _ in range(600):
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.05)
    return False


@LINUX
@pytest.mark.parametrize(
    ("number", "to_all", "status", "error"),
    [
        (signal.SIGINT, True, 130, b"tcpflow: error: interrupted\n"),  # as a terminal does
        (signal.SIGINT, False, 130, b"tcpflow: error: interrupted\n"),
        (signal.SIGTERM, False, 143, b""),
    ],
)
def test_signals_end_the_workers_too(
    tmp_path: Path, number: signal.Signals, to_all: bool, status: int, error: bytes
) -> None:
    with at_work(tmp_path) as (child, _):
        (os.killpg if to_all else os.kill)(child.pid, number)
        assert child.communicate(timeout=60) == (b"", error)
        assert child.returncode == status
        assert nobody_is_left(child.pid)
    assert list((tmp_path / "temporary").iterdir()) == []


@LINUX
def test_worker_that_is_killed_is_one_line_and_status_4(tmp_path: Path) -> None:
    with at_work(tmp_path) as (child, workers):
        os.kill(workers[1], signal.SIGKILL)
        output, error = child.communicate(timeout=60)
        assert (child.returncode, output) == (4, b"")
        assert error.count(b"\n") == 1
        assert error.startswith(b"tcpflow: error: ")
        assert b"long-2.pcap: the worker that analysed it was killed by SIGKILL" in error
        assert nobody_is_left(child.pid)
    assert list((tmp_path / "temporary").iterdir()) == []


@LINUX
def test_workers_end_when_the_program_is_killed(tmp_path: Path) -> None:
    with at_work(tmp_path) as (child, _):
        child.kill()
        child.wait(60)
        assert nobody_is_left(child.pid)
