"""`tcpflow live` on real sockets: events come in time and agree with the packets that are kept."""

import itertools
import json
import os
import queue
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from support.network import PORT, Host, Network, abort, installed_engines
from support.program import run_program, start_program

ENGINES = installed_engines()
Json = dict[str, Any]


class Watcher:
    """A running `tcpflow live --format ndjson` on host A, and its events."""

    def __init__(self, hosts: Network, *arguments: str, host_b: bool = False) -> None:
        """Start it and wait until the capture runs."""
        host = hosts.b if host_b else hosts.a
        command = ["live", "--interface", "eth0", "--format", "ndjson", *arguments]
        self.program = start_program(command, prefix=host.prefix)
        host.await_capture()
        self.events: list[Json] = []
        self._queue: queue.Queue[Json | None] = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self.program.stdout is not None
        for line in self.program.stdout:
            self._queue.put(json.loads(line))
        self._queue.put(None)

    def await_code(self, code: str, connection: int | None = None, seconds: float = 60) -> float:
        """Wait for a finding, about this connection if one is named; gives how long it took."""
        began = time.monotonic()
        while (left := began + seconds - time.monotonic()) > 0:
            try:
                event = self._queue.get(timeout=left)
            except queue.Empty:
                break
            assert event is not None, "it ended"
            self.events.append(event)
            if event.get("code") == code and connection in (None, event["connection"]):
                return time.monotonic() - began
        raise AssertionError(f"no {code} in {seconds} s; there were {self.events}")

    def end(self, number: int = signal.SIGTERM) -> tuple[int, str]:
        """Send a signal and read the rest; gives status and messages."""
        self.program.send_signal(number)
        while (event := self._queue.get(timeout=60)) is not None:
            self.events.append(event)
        assert self.program.stderr is not None
        assert self.program.stdout is not None
        messages = self.program.stderr.read().decode()
        self.program.stderr.close()
        self.program.stdout.close()
        return self.program.wait(timeout=60), messages

    def findings(self) -> list[Json]:
        """The last revisions of those not withdrawn, as the JSON report has them."""
        last = {e["id"]: e for e in self.events if e["kind"] == "finding"}
        kept = [e for e in last.values() if not e["withdrawn"]]
        left_out = ("kind", "revision", "withdrawn")
        return sorted(
            ({k: v for k, v in e.items() if k not in left_out} for e in kept),
            key=lambda e: str(e["id"]),
        )


def closed(hosts: Network, listener: socket.socket) -> None:
    client, server = hosts.connect(listener)
    client.close()
    assert server.recv(1) == b""
    server.close()


def half_closed(hosts: Network, listener: socket.socket) -> None:
    client, server = hosts.connect(listener)
    client.shutdown(socket.SHUT_WR)
    assert server.recv(1) == b""
    time.sleep(0.1)  # longer than a delayed ACK of the FIN
    server.send(b"still here")
    assert client.recv(100) == b"still here"
    server.close()
    client.close()


def aborted(hosts: Network, listener: socket.socket) -> None:
    client, server = hosts.connect(listener)
    abort(client)
    server.close()


def link_address(host: Host) -> str:
    """The Ethernet address of a host's eth0."""
    return str(json.loads(host.run("ip", "-j", "link", "show", "eth0"))[0]["address"])


def closed_by_both(hosts: Network, listener: socket.socket) -> None:
    """Let both ends close before either hears of it: the FINs wait for the link addresses."""
    client, server = hosts.connect(listener)
    both = ((hosts.a, hosts.b), (hosts.b, hosts.a))
    for host, _ in both:
        host.run("sysctl", "-q", "-w", "net.ipv4.conf.eth0.arp_ignore=8")
        host.run("ip", "neigh", "flush", "dev", "eth0", "nud", "all")
    client.close()
    server.close()
    for host, peer in both:
        there = ("lladdr", link_address(peer), "nud", "permanent")
        host.run("ip", "neigh", "replace", peer.address, *there, "dev", "eth0")


# What happens, and the finding that tells it.
SCENARIOS: list[tuple[Callable[[Network, socket.socket], None], list[str]]] = [
    (closed, ["LC001", "TW001"]),
    (half_closed, ["LC007"]),
    (aborted, ["RS001"]),
    (closed_by_both, ["LC005"]),
]
ATTEMPTS = 8  # what else the machine does takes its time of some; a delay of ours, of all


@pytest.mark.parametrize(
    "engine",
    [
        *ENGINES,
        *(pytest.param(name, marks=pytest.mark.slow) for name in installed_engines(["pyshark"])),
    ],
)
def test_events_come_within_a_second(hosts: Network, engine: str) -> None:
    acts = itertools.count(2)
    with hosts.b.listen() as listener:
        watcher = Watcher(hosts, "--engine", engine)
        closed(hosts, listener)
        watcher.await_code("TW001")  # the last of these; tshark takes some seconds to begin
        for act, codes in SCENARIOS:
            took: list[float] = []
            while not took or (took[-1] >= 1 and len(took) < ATTEMPTS):
                number = next(acts)
                act(hosts, listener)
                began = time.monotonic()
                for code in codes:
                    watcher.await_code(code, number)
                took.append(time.monotonic() - began)
            assert min(took) < 1, (codes, took)
        assert watcher.end() == (0, "")
    assert [e["kind"] for e in watcher.events[-2:]] == ["capture", "summary"]


@pytest.mark.slow
def test_refusal_comes_once_no_other_attempt_can_follow(hosts: Network) -> None:
    watcher = Watcher(hosts)
    refused = hosts.a.open_socket()
    assert refused.connect_ex((hosts.b.address, PORT)) != 0
    refused.close()
    assert 9 < watcher.await_code("HS004", seconds=30) < 25
    assert watcher.end() == (0, "")


@pytest.mark.parametrize("engine", ENGINES)
def test_kept_packets_give_the_same_findings(hosts: Network, engine: str, tmp_path: Path) -> None:
    kept = tmp_path / "kept.pcapng"
    with hosts.b.listen() as listener:
        watcher = Watcher(
            hosts,
            "--engine",
            engine,
            "--write",
            str(kept),
            "--ring-size",
            "2kB",
            "--ring-files",
            "99",
        )
        for act in (closed, aborted, half_closed, closed):
            act(hosts, listener)
            time.sleep(0.4)
        refused = hosts.a.open_socket()
        assert refused.connect_ex((hosts.b.address, PORT + 1)) != 0
        refused.close()
        assert watcher.end(signal.SIGINT) == (0, "")
    files = sorted(tmp_path.iterdir())
    assert len(files) > 1
    report = json.loads(run_program(["analyze", *files, "--format", "json"]).stdout)
    assert watcher.findings() == sorted(report["findings"], key=lambda each: str(each["id"]))
    connections = [e for e in watcher.events if e["kind"] == "connection"]
    connections.sort(key=lambda each: int(each["id"]))
    assert [{k: v for k, v in c.items() if k != "kind"} for c in connections] == report[
        "connections"
    ]
    (summary,) = [e for e in watcher.events if e["kind"] == "summary"]
    del summary["kind"]
    assert summary == report["summary"]


@pytest.mark.slow
def test_hangup_opens_the_output_anew(hosts: Network, tmp_path: Path) -> None:
    output = tmp_path / "events.log"
    program = start_program(["live", "-i", "eth0", "-o", str(output)], prefix=hosts.a.prefix)
    hosts.a.await_capture()
    with hosts.b.listen() as listener:
        aborted(hosts, listener)
        time.sleep(2)
        output.rename(tmp_path / "events.log.1")
        program.send_signal(signal.SIGHUP)
        time.sleep(0.5)
        aborted(hosts, listener)
        time.sleep(2)
    program.send_signal(signal.SIGTERM)
    assert program.communicate(timeout=60) == (b"", b"")
    assert program.returncode == 0
    before = (tmp_path / "events.log.1").read_text()
    after = output.read_text()
    assert before.count("RS001") == after.count("RS001") == 1
    assert after.splitlines()[-1].count("end:") == 1


def children(program: subprocess.Popen[bytes]) -> list[int]:
    """Process numbers of the children of a program."""
    listed = Path(f"/proc/{program.pid}/task/{program.pid}/children").read_text()
    return [int(number) for number in listed.split()]


@pytest.mark.skipif("dumpcap" not in ENGINES, reason="dumpcap is not installed")
def test_dumpcap_that_is_killed_is_started_again_and_the_gap_told(hosts: Network) -> None:
    watcher = Watcher(hosts, "--engine", "dumpcap")
    (child,) = children(watcher.program)
    os.kill(child, signal.SIGKILL)
    time.sleep(1.5)
    with hosts.b.listen() as listener:
        aborted(hosts, listener)
        watcher.await_code("RS001")
    status, messages = watcher.end()
    assert status == 0
    assert messages.startswith("tcpflow: note: eth0: dumpcap ended (killed by signal 9) and was")
    assert messages.count("\n") == 1


def test_full_disk_stops_the_keeping_and_not_the_watching(hosts: Network) -> None:
    watcher = Watcher(hosts, "--write", "/dev/full")
    with hosts.b.listen() as listener:
        aborted(hosts, listener)
        watcher.await_code("RS001")
    status, messages = watcher.end()
    assert status == 4
    assert messages == (
        "tcpflow: error: /dev/full: No space left on device; no more packets are kept\n"
    )


def test_full_disk_for_the_events_ends_with_status_4(hosts: Network) -> None:
    arguments = ["live", "-i", "eth0", "--format", "ndjson", "-o", "/dev/full"]
    program = start_program(arguments, prefix=hosts.a.prefix)
    output, messages = program.communicate(timeout=60)
    assert (program.returncode, output) == (4, b"")
    assert messages == b"tcpflow: error: /dev/full: No space left on device\n"


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ([], "missing option '--interface' or '--follow'"),
        (["-i", "lo", "--ring-size", "5MB"], "--ring-size and --ring-files need --write"),
        (["-i", "lo", "--write", "x", "--ring-files", "5"], "--ring-files needs --ring-size"),
        (["-i", "lo", "--ring-size", "5 apples"], "is no size such as 100MB or 1GiB"),
        (["-i", "lo", "-o", "x.json"], "live writes text or ndjson, not json"),
    ],
)
def test_wrong_command_lines_are_refused(
    arguments: list[str], complaint: str, tmp_path: Path
) -> None:
    done = run_program(["live", *arguments], folder=tmp_path)
    assert done.returncode == 2
    assert complaint in done.stderr.decode()
    assert list(tmp_path.iterdir()) == []
