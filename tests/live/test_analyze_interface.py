"""`tcpflow analyze --interface`: real sockets, every installed engine, every way to end."""

import json
import signal
import socket
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from support.network import PORT, Network, abort, installed_engines
from support.program import await_read_to_end, run_program, start_program

ENGINES = installed_engines()


def end(program: subprocess.Popen[bytes], number: int | None = None) -> tuple[int, bytes, str]:
    """Send a signal, wait for the end; gives status, output, messages."""
    if number is not None:
        program.send_signal(number)
    output, messages = program.communicate(timeout=60)
    return program.returncode, output, messages.decode()


def start(hosts: Network, engine: str, *arguments: str) -> subprocess.Popen[bytes]:
    """Start the analysis of host A's eth0 and wait until the capture runs."""
    common = ("analyze", "--interface", "eth0", "--engine", engine, "--format", "json")
    program = start_program([*common, *arguments], prefix=hosts.a.prefix)
    hosts.a.await_capture()
    return program


def exchange(hosts: Network, listener: socket.socket) -> None:
    """Open a connection, exchange data, close it from A."""
    client, server = hosts.connect(listener)
    client.sendall(b"question")
    assert server.recv(100) == b"question"
    server.sendall(b"answer")
    assert client.recv(100) == b"answer"
    client.close()
    assert server.recv(100) == b""
    server.close()
    time.sleep(0.1)


def await_quiet(path: Path, seconds: float = 1) -> None:
    """Wait until a file has not grown for so long."""
    size, since = -1, time.monotonic()
    while time.monotonic() < since + seconds:
        if path.stat().st_size != size:
            size, since = path.stat().st_size, time.monotonic()
        time.sleep(0.05)


def states(report: dict[str, Any]) -> list[tuple[str, str]]:
    """The states of both ends of each connection."""
    return [
        (each["originator"]["state"], each["responder"]["state"]) for each in report["connections"]
    ]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("engine", ENGINES)
def test_signal_ends_the_capture_with_the_report(hosts: Network, engine: str, number: int) -> None:
    with hosts.b.listen() as listener:
        program = start(hosts, engine)
        exchange(hosts, listener)
        refused = hosts.a.open_socket()
        assert refused.connect_ex((hosts.b.address, PORT + 1)) != 0
        refused.close()
        client, server = hosts.connect(listener)
        abort(client)
        server.close()
        time.sleep(0.1)
        status, output, messages = end(program, number)
    assert (status, messages) == (0, "")
    report = json.loads(output)
    assert states(report) == [("TIME-WAIT", "CLOSED"), ("CLOSED", "CLOSED"), ("CLOSED", "CLOSED")]
    assert {"LC001", "HS004", "RS001"} <= report["summary"]["codes"].keys()
    assert report["capture"]["files"][0]["path"] == "eth0"
    assert report["capture"]["files"][0]["link_types"] == ["EN10MB"]
    assert report["capture"]["undecoded"] == {}


@pytest.mark.parametrize("engine", ENGINES)
def test_count_ends_the_capture_after_so_many_frames(hosts: Network, engine: str) -> None:
    with hosts.b.listen() as listener:
        program = start(hosts, engine, "--count", "7")
        exchange(hosts, listener)
        exchange(hosts, listener)
        status, output, messages = end(program)
    assert (status, messages) == (0, "")
    assert json.loads(output)["capture"]["frames"] == 7


@pytest.mark.parametrize("engine", ENGINES)
def test_duration_ends_the_capture_of_a_quiet_wire(hosts: Network, engine: str) -> None:
    began = time.monotonic()
    status, output, messages = end(start(hosts, engine, "--duration", "0.8s"))
    assert (status, messages) == (0, "")
    assert time.monotonic() - began >= 0.8
    report = json.loads(output)
    assert report["capture"]["tcp_segments"] == 0
    assert report["capture"]["files"][0]["error"] is None


@pytest.mark.slow
@pytest.mark.parametrize("engine", ENGINES)
def test_several_interfaces_are_one_capture(hosts: Network, engine: str) -> None:
    with hosts.b.listen() as listener, hosts.a.open_socket() as local:
        local.bind(("127.0.0.1", PORT))
        local.listen()
        arguments = ("--interface", "eth0", "--interface", "lo", "--engine", engine)
        program = start_program(["analyze", *arguments, "--format", "json"], prefix=hosts.a.prefix)
        hosts.a.await_capture(devices=2)
        exchange(hosts, listener)
        with hosts.a.open_socket() as client:
            client.connect(("127.0.0.1", PORT))
            server, _ = local.accept()
            server.close()
        time.sleep(0.1)
        status, output, messages = end(program, signal.SIGINT)
    assert (status, messages) == (0, "")
    report = json.loads(output)
    ends = sorted((c["responder"]["address"], c["frames"]) for c in report["connections"])
    # Nothing is seen twice on the loopback device.
    assert [address for address, _ in ends] == ["127.0.0.1", hosts.b.address]
    assert report["capture"]["duplicate_frames"] == 0
    assert sorted(states(report)) == [("CLOSED", "TIME-WAIT"), ("TIME-WAIT", "CLOSED")]


@pytest.mark.slow
@pytest.mark.parametrize("engine", ENGINES)
def test_filter_leaves_frames_out(hosts: Network, engine: str) -> None:
    with hosts.b.listen() as listener, hosts.b.listen(PORT + 1) as other:
        program = start(hosts, engine, "--filter", f"tcp port {PORT + 1}")
        exchange(hosts, listener)
        exchange(hosts, other)
        status, output, messages = end(program, signal.SIGINT)
    assert (status, messages) == (0, "")
    report = json.loads(output)
    assert [c["responder"]["port"] for c in report["connections"]] == [PORT + 1]
    assert report["capture"]["frames"] == report["capture"]["tcp_segments"]


@pytest.mark.parametrize("engine", ENGINES)
def test_wrong_filter_is_refused(hosts: Network, engine: str) -> None:
    arguments = ["analyze", "-i", "eth0", "--engine", engine, "-f", "tpc port 1"]
    status, output, messages = end(start_program(arguments, prefix=hosts.a.prefix))
    assert (status, output) == (2, b"")
    assert "tpc port 1" in messages
    assert messages.count("\n") == 1


@pytest.mark.slow
@pytest.mark.parametrize("engine", ENGINES)
def test_snaplen_cuts_frames_and_keeps_their_lengths(hosts: Network, engine: str) -> None:
    with hosts.b.listen() as listener:
        program = start(hosts, engine, "--snaplen", "96")
        client, server = hosts.connect(listener)
        client.sendall(bytes(5000))
        got = 0
        while got < 5000:
            got += len(server.recv(5000))
        client.close()
        server.close()
        time.sleep(0.1)
        status, output, messages = end(program, signal.SIGINT)
    assert (status, messages) == (0, "")
    (connection,) = json.loads(output)["connections"]
    assert connection["originator"]["unique_octets"] == 5000


@pytest.mark.slow
@pytest.mark.parametrize("engine", ENGINES)
def test_any_captures_all_devices_and_loopback_once(hosts: Network, engine: str) -> None:
    with hosts.b.listen() as listener, hosts.a.open_socket() as local:
        local.bind(("127.0.0.1", PORT))
        local.listen()
        arguments = ["analyze", "-i", "any", "--engine", engine, "--format", "json"]
        program = start_program(arguments, prefix=hosts.a.prefix)
        hosts.a.await_capture()
        exchange(hosts, listener)
        with hosts.a.open_socket() as client:
            client.connect(("127.0.0.1", PORT))
            server, _ = local.accept()
            server.close()
        time.sleep(0.1)
        status, output, messages = end(program, signal.SIGINT)
    assert (status, messages) == (0, "")
    report = json.loads(output)
    addresses = sorted(c["responder"]["address"] for c in report["connections"])
    assert addresses == ["127.0.0.1", hosts.b.address]
    assert report["capture"]["duplicate_frames"] == 0


@pytest.mark.slow
@pytest.mark.parametrize("engine", ENGINES)
def test_second_interrupt_stops_at_once(hosts: Network, engine: str) -> None:
    program = start(hosts, engine)
    program.send_signal(signal.SIGINT)
    status, _, messages = end(program, signal.SIGINT)
    # Both may arrive as one; then the report was written.
    assert (status, messages) in ((0, ""), (130, "tcpflow: error: interrupted\n"))


def test_without_the_right_to_capture_one_line_says_what_to_run(hosts: Network) -> None:
    # The user stays, so that it may read this tree; without capabilities it is like any other.
    prefix = (*hosts.a.prefix, "setpriv", "--bounding-set=-all", "--inh-caps=-all")
    for engine in ("auto", *ENGINES):
        program = start_program(["analyze", "-i", "eth0", "--engine", engine], prefix=prefix)
        status, output, messages = end(program)
        assert (status, output) == (2, b""), messages
        assert messages.startswith("tcpflow: error: no right to capture on eth0: run it with sudo")
        assert "setcap cap_net_raw" in messages or "install dumpcap" in messages
        assert messages.count("\n") == 1


def test_unknown_interface_names_those_that_exist(hosts: Network) -> None:
    program = start_program(["analyze", "-i", "eth9"], prefix=hosts.a.prefix)
    status, _, messages = end(program)
    assert status == 2
    assert messages == "tcpflow: error: no such interface: 'eth9'; there are lo, eth0\n"


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ([], "missing argument 'CAPTURE...' or option '--interface'"),
        (["x.pcap", "-i", "lo"], "captures, --interface and --follow exclude one another"),
        (["--follow", "x", "-i", "lo"], "captures, --interface and --follow exclude one another"),
        (["--follow", "x", "--count", "3"], "--count, --write and --save-on need --interface"),
        (["--follow", "/missing"], "/missing: no such file"),
        (
            ["x.pcap", "--duration", "3s"],
            "--duration, --count, --write and --save-on need --interface",
        ),
        (["x.pcap", "--count", "3"], "--duration, --count, --write and --save-on need"),
    ],
)
def test_options_that_contradict_are_refused(arguments: list[str], complaint: str) -> None:
    done = run_program(["analyze", *arguments])
    assert done.returncode == 2
    assert complaint in done.stderr.decode()


@pytest.mark.parametrize("command", ["analyze", "live"])
def test_follow_reads_what_another_program_captures(
    hosts: Network, command: str, tmp_path: Path
) -> None:
    path = tmp_path / "growing.pcap"
    with hosts.b.listen() as listener:
        tcpdump = [*hosts.a.prefix, "tcpdump", "-i", "eth0", "-U", "-w", str(path)]
        with subprocess.Popen(tcpdump, stderr=subprocess.DEVNULL) as writer:
            hosts.a.await_capture()
            while not path.exists() or not path.stat().st_size:
                time.sleep(0.05)
            program = start_program([command, "--follow", path, "--format", "ndjson"])
            exchange(hosts, listener)
            client, server = hosts.connect(listener)
            abort(client)
            server.close()
            await_quiet(path)
            writer.terminate()
        await_read_to_end(program, path)
        status, output, messages = end(program, signal.SIGINT)
    assert (status, messages) == (0, "")
    events = [json.loads(line) for line in output.splitlines()]
    assert sum(event["kind"] == "connection" for event in events) == 2
    assert "RS001" in [event.get("code") for event in events]
