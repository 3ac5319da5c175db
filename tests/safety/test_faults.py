"""What goes wrong around the program: disks, readers, pipes, signals, workers.

Whatever happens there is no traceback, nothing that was written is half of something, the status is
that of the contract, and one line says what was lost. `live` has its own tests (tests/live).
"""

import contextlib
import ctypes
import json
import mmap
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from xml.etree import ElementTree

import pytest

from support.in_process import run_here
from support.program import await_signal_handlers, await_true, program_command
from support.small_captures import mixed
from support.writers import WRITERS
from tcpflow_analyzer.compiled import is_compiled

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="needs Linux")
MOMENTS = 6  # in the life of a command
CONNECTIONS = 400  # of a capture whose analysis takes a moment
COPIES = 200  # of a capture that compiled modules are through with at once


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with two captures that take a moment."""
    made = tmp_path_factory.mktemp("faults") / "captures"
    made.mkdir()
    (made.parent / "small.pcap").write_bytes(mixed(6))
    for name in ("a.pcap", "b.pcap"):
        (made / name).write_bytes(mixed(CONNECTIONS))
    return made


@contextlib.contextmanager
def failing_after(octets: bytes) -> Iterator[int]:
    """The number of an open file that gives these octets, and then an error of its disk.

    It is the memory of this process, in which nothing lies behind them.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    libc.munmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t]
    room = -(-len(octets) // mmap.PAGESIZE) * mmap.PAGESIZE
    held = mmap.mmap(-1, room + mmap.PAGESIZE)
    view = (ctypes.c_char * (room + mmap.PAGESIZE)).from_buffer(held)
    address = ctypes.addressof(view)
    held[room - len(octets) : room] = octets
    assert libc.munmap(address + room, mmap.PAGESIZE) == 0
    number = os.open("/proc/self/mem", os.O_RDONLY)
    os.lseek(number, address + room - len(octets), os.SEEK_SET)
    try:
        yield number
    finally:
        os.close(number)
        # The mapping is whole again before it is given back.
        libc.mmap.restype = ctypes.c_void_p
        libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, *[ctypes.c_int] * 3, ctypes.c_long]
        flags = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | 0x10  # MAP_FIXED
        libc.mmap(address + room, mmap.PAGESIZE, mmap.PROT_READ, flags, -1, 0)
        del view
        held.close()


@pytest.mark.parametrize(
    ("words", "status"),
    [
        (["analyze", "-"], 0),
        (["check", "--no-config", "-"], 3),
        pytest.param(["check", "--no-config", "--fail-on=LC001", "-"], 1, marks=pytest.mark.slow),
        pytest.param(["show", "-", "--connection", "1"], 0, marks=pytest.mark.slow),
    ],
)
def test_file_that_fails_half_way_is_analysed_up_to_there(words: list[str], status: int) -> None:
    octets = mixed(60)
    command, variables = program_command(words)
    with failing_after(octets[: len(octets) // 2]) as number:
        done = subprocess.run(
            command, env=variables, stdin=number, capture_output=True, check=False
        )
    name = "-" if words[0] == "check" else "standard input"
    place = f"octet {len(octets) // 2}: reading failed: input/output error"
    assert done.returncode == status
    assert done.stderr.decode() == f"tcpflow: warning: {name}: {place}\n"
    assert done.stdout


@pytest.mark.parametrize("command", ["analyze", "check", "extract", "report"])
def test_file_that_fails_at_once_is_unusable(command: str, tmp_path: Path) -> None:
    out = tmp_path / "out"
    choice = ["--connection", "1"] if command == "extract" else []
    done = run_here([command, "/proc/self/mem", *choice, "-o", out])
    assert done.returncode == 2
    assert done.stderr == (
        b"tcpflow: error: /proc/self/mem: octet 0: reading failed: input/output error\n"
    )
    assert command == "check" or not out.exists()


PRINTING = (
    *("analyze text", "analyze json", "analyze csv", "analyze separate", "check text"),
    *("check junit", "check init", "show text", "show svg", "ss text", "extract", "diff text"),
)


def printing(folder: Path) -> Iterator[list[str]]:
    """Every command, writing to standard output."""
    writers = {writer.name: writer for writer in WRITERS}
    for name in PRINTING:
        yield writers[name].command(folder.parent / "small.pcap", "-")


@pytest.mark.slow
def test_standard_output_on_a_full_disk_is_status_4_and_one_line(folder: Path) -> None:
    for words in printing(folder):
        command, variables = program_command(words)
        with Path("/dev/full").open("wb") as full:
            done = subprocess.run(
                command, env=variables, stdout=full, stderr=subprocess.PIPE, check=False
            )
        last = done.stderr.decode().splitlines()[-1]
        assert (done.returncode, last) == (
            4,
            "tcpflow: error: standard output: No space left on device",
        ), words


@pytest.mark.slow
def test_reader_that_goes_away_ends_every_command_quietly(folder: Path) -> None:
    for words in printing(folder):
        command, variables = program_command(words)
        reading, writing = os.pipe()
        os.close(reading)
        done = subprocess.run(
            command, env=variables, stdout=writing, stderr=subprocess.PIPE, check=False
        )
        os.close(writing)
        assert done.returncode == 0, (words, done.stderr)
        said = [line for line in done.stderr.splitlines() if b": note: " not in line]
        assert said == [], words


def is_json(octets: bytes) -> None:
    assert json.loads(octets)


def is_xml(octets: bytes) -> None:
    assert ElementTree.fromstring(octets) is not None  # noqa: S314  our own


def is_lines(octets: bytes) -> None:
    """Events are there line by line, of which the last may be missing its end."""
    assert all(json.loads(line) for line in octets.split(b"\n")[:-1])


def is_frames(octets: bytes) -> None:
    assert octets[:4] == b"\x0a\x0d\x0d\x0a"
    assert octets[-4:] == (int.from_bytes(octets[-4:], "little")).to_bytes(4, "little")


def is_page(octets: bytes) -> None:
    assert octets.startswith(b"<!DOCTYPE html>")
    assert octets.rstrip().endswith(b"</html>")


# What to run, and what a file of it has to be if there is one.
INTERRUPTED: dict[str, tuple[tuple[str, ...], Callable[[bytes], None]]] = {
    "analyze": (("analyze", "CAPTURE", "-o", "json:OUT"), is_json),
    "analyze ndjson": (("analyze", "CAPTURE", "-o", "ndjson:OUT"), is_lines),
    "separate": (("analyze", "--separate", "--jobs", "2", "FOLDER", "-o", "json:OUT"), is_json),
    "check": (("check", "--no-config", "--jobs", "2", "FOLDER", "-o", "junit:OUT"), is_xml),
    "extract": (("extract", "CAPTURE", "--port", "80", "-o", "OUT"), is_frames),
    "report": (("report", "CAPTURE", "-o", "OUT"), is_page),
    "show": (("show", "CAPTURE", "--port", "80", "-o", "json:OUT"), is_json),
}


class Interrupted:
    """A program that is sent a signal, and what it leaves."""

    def __init__(self, words: Sequence[str], folder: Path, number: int, delay_s: float) -> None:
        """Run it to its end; `delay_s` after it takes signals one is sent."""
        self.out = folder / "out"
        self.temporary = folder / "temporary"
        self.temporary.mkdir()
        paths = {"OUT": str(self.out)}
        command, variables = program_command([each.replace("OUT", paths["OUT"]) for each in words])
        variables["TMPDIR"] = str(self.temporary)
        with subprocess.Popen(
            command, env=variables, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        ) as program:
            await_signal_handlers(program)
            time.sleep(delay_s)
            self.children = children_of(program.pid)
            program.send_signal(number)
            self.messages = program.communicate(timeout=60)[1].decode()
            self.status = program.returncode

    def litter(self) -> list[str]:
        """What is left besides the file."""
        here = [path.name for path in self.out.parent.iterdir()]
        here = [name for name in here if name not in ("out", "temporary")]
        return [*here, *(path.name for path in self.temporary.iterdir())]


def children_of(process: int) -> list[int]:
    with contextlib.suppress(OSError):
        text = Path(f"/proc/{process}/task/{process}/children").read_text()
        return [int(word) for word in text.split()]
    return []


def are_gone(processes: Sequence[int]) -> bool:
    return not any(map(is_running, processes))


def is_running(process: int) -> bool:
    """Whether a process is there and no corpse."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


@pytest.mark.slow
@pytest.mark.parametrize("name", INTERRUPTED)
def test_signal_at_any_moment_leaves_nothing_half_done(
    name: str, folder: Path, tmp_path: Path
) -> None:
    words, check = INTERRUPTED[name]
    words = tuple(
        word.replace("CAPTURE", str(folder / "a.pcap")).replace("FOLDER", str(folder))
        for word in words
    )
    begin = time.monotonic()
    whole = Interrupted(words, _made(tmp_path / "whole"), 0, 0)
    lasted = time.monotonic() - begin
    assert whole.status in (0, 1), whole.messages
    moments = [share * lasted / MOMENTS for share in range(MOMENTS)]
    statuses = set()
    for place, delay_s in enumerate(moments):
        number, expected = ((signal.SIGINT, 130), (signal.SIGTERM, 143))[place % 2]
        run = Interrupted(words, _made(tmp_path / str(place)), number, delay_s)
        if run.status in (0, 1):  # it was through
            assert run.out.exists()
        else:
            lost = f"; {run.out} was not written"
            interrupted = [f"tcpflow: error: interrupted{what}\n" for what in ("", lost)]
            terminated = ["", f"tcpflow: error: terminated{lost}\n"]
            assert run.status == expected, (name, delay_s, run.messages)
            assert run.messages in (interrupted if expected == 130 else terminated)
        statuses.add(run.status)
        assert run.litter() == []
        if run.out.exists():
            check(run.out.read_bytes())
        await_true(partial(are_gone, run.children), "workers end")
    assert statuses & {130, 143}


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


def _many_of(capture: Path, folder: Path) -> Path:
    """A folder with so many captures that workers are seen at work, compiled as they may be."""
    folder.mkdir()
    for number in range(COPIES if is_compiled() else 2):
        (folder / f"{number:03}.pcap").hardlink_to(capture)
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("name", ["separate", "check"])
def test_worker_that_is_killed_is_told_in_one_line_and_costs_no_old_report(
    name: str, folder: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    out.write_bytes(b"as it was")
    words, _ = INTERRUPTED[name]
    folder = _many_of(folder / "a.pcap", tmp_path / "many")
    command, variables = program_command(
        [word.replace("FOLDER", str(folder)).replace("OUT", str(out)) for word in words]
    )
    variables["TMPDIR"] = str(_made(tmp_path / "temporary"))
    with subprocess.Popen(
        command, env=variables, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as program:
        await_true(lambda: len(children_of(program.pid)) == 2, "two workers are at work")
        victim, other = children_of(program.pid)
        os.kill(victim, signal.SIGKILL)
        messages = program.communicate(timeout=60)[1].decode()
    assert program.returncode == 4
    assert messages.count("\n") == 1
    assert "the worker that analysed it was killed by SIGKILL" in messages
    assert str(folder) in messages
    assert out.read_bytes() == b"as it was"
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []
    assert list((tmp_path / "temporary").iterdir()) == []
    await_true(lambda: not is_running(other), "the other worker ends")


def test_second_signal_ends_at_once_whatever_the_first_has_begun(
    folder: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    command, variables = program_command(
        ["analyze", str(folder / "a.pcap"), "-o", f"json:{out}", "--quiet"]
    )
    with subprocess.Popen(command, env=variables, stderr=subprocess.PIPE) as program:
        await_signal_handlers(program)
        await_true(lambda: bool(list(tmp_path.iterdir())), "the draft is there")
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGINT):
            with contextlib.suppress(ProcessLookupError):
                program.send_signal(number)
        messages = program.communicate(timeout=60)[1]
    assert program.returncode in (130, 143)
    # Of signals that wait together the kernel delivers the lowest number first, whoever came first.
    lost = [f"{word}; {out} was not written" for word in ("interrupted", "terminated")]
    assert messages.decode() in ("", *(f"tcpflow: error: {each}\n" for each in lost))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("number", "status", "word"),
    [(signal.SIGINT, 130, "interrupted"), (signal.SIGTERM, 143, "terminated")],
)
def test_interrupt_says_which_files_are_not_written(
    tmp_path: Path, folder: Path, number: int, status: int, word: str
) -> None:
    outs = [tmp_path / "a.json", tmp_path / "b.csv"]
    command, variables = program_command(
        ["analyze", folder / "a.pcap", *(f"-o{out}" for out in outs), "-ondjson:-"]
    )
    with subprocess.Popen(
        command, env=variables, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as program:
        assert program.stdout is not None
        assert program.stdout.read(1)  # it is at work, and will wait for its reader
        program.send_signal(number)
        messages = program.communicate(timeout=60)[1].decode()
    assert program.returncode == status
    assert messages == f"tcpflow: error: {word}; {outs[1]}, {outs[0]} were not written\n"
    assert list(tmp_path.iterdir()) == []
