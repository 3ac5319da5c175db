"""What goes wrong around a live capture: engines, interfaces, disks, signals.

Whatever happens there is no traceback, the report says what is missing, and the status is right.
"""

import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from support.network import Network, abort, installed_engines
from support.program import start_program

pytestmark = pytest.mark.slow
Json = dict[str, Any]
ENGINES = installed_engines()
has_dumpcap = pytest.mark.skipif("dumpcap" not in ENGINES, reason="dumpcap is not installed")


STARTED: list[subprocess.Popen[bytes]] = []


@pytest.fixture(autouse=True)
def _nothing_stays() -> Iterator[None]:
    """Kill what a test that fails leaves behind."""
    yield
    while STARTED:
        with STARTED.pop() as program:
            program.kill()


class Running:
    """`tcpflow live` on host A, whose events go to a file."""

    def __init__(self, hosts: Network, said: Path, *arguments: str | Path) -> None:
        """Start it; `Network.a.await_capture` waits until the capture runs."""
        self.said = said
        common = ("live", "-i", "eth0", "--format", "ndjson", "-o", said)
        self.program = start_program([*common, *arguments], prefix=hosts.a.prefix)
        STARTED.append(self.program)

    def events(self) -> list[Json]:
        """The whole lines so far."""
        lines = self.said.read_bytes().split(b"\n")[:-1] if self.said.exists() else []
        return [json.loads(line) for line in lines]

    def await_resets(self, count: int, seconds: float = 60) -> None:
        """Wait until so many aborted connections were told."""
        deadline = time.monotonic() + seconds
        while True:
            told = {e["connection"] for e in self.events() if e.get("code") == "RS001"}
            if len(told) >= count:
                return
            assert time.monotonic() < deadline, f"{len(told)} of {count} in {seconds} s"
            assert self.program.poll() is None, self.program.communicate()
            time.sleep(0.05)

    def end(self, number: int = signal.SIGTERM) -> tuple[int, list[str]]:
        """Send a signal and wait for the end; gives status and messages."""
        self.program.send_signal(number)
        return self.wait()

    def wait(self) -> tuple[int, list[str]]:
        """Wait for the end; gives status and messages."""
        messages = self.program.communicate(timeout=60)[1].decode()
        assert "Traceback" not in messages
        return self.program.returncode, messages.splitlines()

    def summary(self) -> Json:
        """The last line."""
        last = self.events()[-1]
        assert last["kind"] == "summary"
        return last


@pytest.fixture
def listener(hosts: Network) -> Iterator[socket.socket]:
    """A listening socket of host B."""
    with hosts.b.listen() as made:
        yield made


def aborted(hosts: Network, listener: socket.socket) -> None:
    """Open a connection and abort it."""
    client, server = hosts.connect(listener)
    abort(client)
    server.close()


def dumpcap_of(running: Running) -> int:
    """Process number of the engine."""
    number = running.program.pid
    return int(Path(f"/proc/{number}/task/{number}/children").read_text().split()[0])


@has_dumpcap
def test_engine_that_is_killed_twice_leaves_two_gaps_in_the_report(
    hosts: Network, listener: socket.socket, tmp_path: Path
) -> None:
    running = Running(hosts, tmp_path / "events", "--engine", "dumpcap")
    hosts.a.await_capture()
    for killer in (signal.SIGKILL, signal.SIGTERM):
        before = dumpcap_of(running)
        os.kill(before, killer)
        while Path(f"/proc/{before}").exists():  # until it is waited for
            time.sleep(0.02)
        time.sleep(0.3)
        hosts.a.await_capture()
    aborted(hosts, listener)
    running.await_resets(1)
    status, messages = running.end()
    assert status == 0
    assert len(messages) == 2
    assert messages[0].startswith("tcpflow: note: eth0: dumpcap ended (killed by signal 9) and was")
    assert running.summary()["left_out"] == {"capture_gaps": 2}
    assert running.summary()["connections"] == 1


@has_dumpcap
def test_engine_that_is_halted_is_no_quiet_wire(
    hosts: Network, listener: socket.socket, tmp_path: Path
) -> None:
    running = Running(hosts, tmp_path / "events", "--engine", "dumpcap")
    hosts.a.await_capture()
    engine = dumpcap_of(running)
    os.kill(engine, signal.SIGSTOP)
    time.sleep(1.2)
    aborted(hosts, listener)
    os.kill(engine, signal.SIGCONT)
    running.await_resets(1)  # its buffer was large enough
    status, messages = running.end()
    assert status == 0
    assert messages == [
        "tcpflow: note: eth0: dumpcap was halted by a signal: what comes is lost once its buffers "
        f"are full; kill -CONT {engine} lets it go on"
    ]
    assert running.summary()["left_out"] == {"capture_gaps": 1}


@pytest.mark.parametrize("how", ["down", "deleted"])
def test_interface_that_goes_and_comes_back_leaves_a_gap_in_the_report(
    hosts: Network, listener: socket.socket, tmp_path: Path, how: str
) -> None:
    every = [Running(hosts, tmp_path / engine, "--engine", engine) for engine in ENGINES]
    hosts.a.await_capture(len(every))
    if how == "down":
        hosts.a.run("ip", "link", "set", "eth0", "down")
        time.sleep(1.2)
        hosts.a.run("ip", "link", "set", "eth0", "up")
    else:
        hosts.a.run("ip", "link", "delete", "eth0")
        time.sleep(0.5)
        hosts.join()
    time.sleep(1.2)  # an engine that could not start tries again
    hosts.a.await_capture(len(every))
    aborted(hosts, listener)
    for running in every:
        running.await_resets(1)
    for running in every:
        status, messages = running.end()
        assert status == 0
        assert len(messages) == 1
        assert messages[0].startswith("tcpflow: note: eth0: ")
        assert running.summary()["left_out"] == {"capture_gaps": 1}
        assert running.summary()["connections"] == 1


def test_interface_that_is_gone_for_good_ends_with_the_report(
    hosts: Network, listener: socket.socket, tmp_path: Path
) -> None:
    every = [Running(hosts, tmp_path / engine, "--engine", engine) for engine in ENGINES]
    hosts.a.await_capture(len(every))
    aborted(hosts, listener)
    for running in every:
        running.await_resets(1)
    hosts.a.run("ip", "link", "delete", "eth0")
    time.sleep(0.8)
    for running in every:
        status, messages = running.end()
        assert status == 0
        assert len(messages) == 1
        assert messages[0].startswith("tcpflow: note: eth0: ")
        assert running.summary()["left_out"] == {"capture_gaps": 1}


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 64 KiB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("this system lets us mount nothing")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def test_full_disk_ends_what_is_written_there_and_nothing_else(
    hosts: Network, listener: socket.socket, tmp_path: Path, small_disk: Path
) -> None:
    kept = small_disk / "kept.pcapng"
    keeping = Running(hosts, tmp_path / "events", "--write", kept, "--snaplen", "0")
    hosts.a.await_capture()
    client, server = hosts.connect(listener)
    client.sendall(bytes(100_000))
    got = 0
    while got < 100_000:
        got += len(server.recv(100_000))
    client.close()
    server.close()
    aborted(hosts, listener)
    keeping.await_resets(1)
    status, messages = keeping.end()
    assert status == 4
    assert messages == [
        f"tcpflow: error: {kept}: No space left on device; no more packets are kept"
    ]
    assert keeping.summary()["connections"] == 2
    assert 0 < kept.stat().st_size <= 65_536

    kept.write_bytes(bytes(40_000))
    telling = Running(hosts, small_disk / "events")
    hosts.a.await_capture()
    for _ in range(20):
        aborted(hosts, listener)
    status, messages = telling.wait()
    assert status == 4
    assert messages == [f"tcpflow: error: {small_disk}/events: No space left on device"]
    assert telling.events()[0]["kind"] == "start"  # what is there can be read


GOES_ON = ("SIGHUP", "SIGPIPE", "SIGWINCH", "SIGCHLD", "SIGCONT", "SIGURG", "SIGTSTP")
REPORTS = ("SIGINT", "SIGTERM")
DIES = ("SIGQUIT", "SIGUSR1", "SIGALRM", "SIGKILL")


def test_signals_end_it_with_the_report_or_mean_nothing_and_never_cut_a_line(
    hosts: Network, listener: socket.socket, tmp_path: Path
) -> None:
    every = {
        name: Running(hosts, tmp_path / name, "--engine", "af-packet") for name in (*REPORTS, *DIES)
    }
    hosts.a.await_capture(len(every), timeout_s=60)
    for running in every.values():
        for name in GOES_ON:
            running.program.send_signal(getattr(signal, name))
    time.sleep(0.1)
    for running in every.values():
        running.program.send_signal(signal.SIGCONT)  # after SIGTSTP
    aborted(hosts, listener)
    for name, running in every.items():
        running.await_resets(1, 60)
        number = getattr(signal, name)
        assert running.end(number) == (0 if name in REPORTS else -number, [])
        assert running.said.read_bytes().endswith(b"\n")
        if name in REPORTS:
            assert running.summary()["connections"] == 1


def test_reader_that_goes_away_ends_it_quietly(hosts: Network, listener: socket.socket) -> None:
    program = start_program(["live", "-i", "eth0", "--format", "ndjson"], prefix=hosts.a.prefix)
    hosts.a.await_capture()
    assert program.stdout is not None
    assert json.loads(program.stdout.readline())["kind"] == "start"
    program.stdout.close()
    aborted(hosts, listener)
    assert program.stderr is not None
    with program.stderr:
        assert program.stderr.read() == b""
    assert program.wait(timeout=20) == 0
