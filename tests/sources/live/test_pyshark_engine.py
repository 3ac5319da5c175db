"""The capture engine pyshark on real sockets, and what it says where it cannot work."""

import json
import os
import shutil
import time

import pytest

from support.network import Network, abort
from support.program import start_program
from tcpflow_analyzer.errors import InputError, UsageError
from tcpflow_analyzer.sources.live import pyshark_engine
from tcpflow_analyzer.sources.live.capture_engine import (
    CaptureRequest,
    EngineMissing,
    NoRightToCapture,
)
from tcpflow_analyzer.sources.live.pyshark_engine import PysharkEngine
from tcpflow_analyzer.sources.records import RecordWalk

needs_tshark = pytest.mark.skipif(
    shutil.which("tshark") is None or shutil.which("dumpcap") is None, reason="no tshark"
)


@pytest.mark.slow
@needs_tshark
def test_report_of_what_tshark_dissected(hosts: Network) -> None:
    arguments = ["live", "-i", "eth0", "--engine", "pyshark", "--format", "ndjson"]
    program = start_program([*arguments, "-f", "tcp"], prefix=hosts.a.prefix)
    hosts.a.await_capture()
    with hosts.b.listen() as listener:
        client, server = hosts.connect(listener)
        client.sendall(b"question")
        assert server.recv(100) == b"question"
        abort(client)
        server.close()
    assert program.stdout is not None
    for line in program.stdout:  # tshark takes some seconds to begin
        if b'"RS001"' in line:
            break
    program.terminate()
    output, messages = program.communicate(timeout=30)
    assert (program.returncode, messages) == (0, b"")
    events = {event["kind"]: event for event in map(json.loads, output.splitlines())}
    connection, capture, summary = events["connection"], events["capture"], events["summary"]
    assert connection["handshake"]["outcome"] == "completed"
    assert connection["originator"]["payload_octets"] == 8
    assert "RS001" in summary["codes"]
    assert "CP005" not in summary["codes"]
    assert capture["frames"] == capture["tcp_segments"] == connection["frames"]


def test_engine_needs_dumpcap_and_tshark(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pyshark_engine, "find_dumpcap", lambda: None)
    with pytest.raises(EngineMissing, match="dumpcap was not found"):
        PysharkEngine(CaptureRequest(("lo",), "pyshark"))


@needs_tshark
def test_user_without_the_right_is_told_what_to_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pyshark_engine, "has_raw_sockets", lambda: False)
    monkeypatch.setattr(os, "getxattr", lambda *_: b"", raising=False)
    with pytest.raises(NoRightToCapture, match="run it with sudo"):
        PysharkEngine(CaptureRequest(("lo",), "pyshark"))


@needs_tshark
def test_wrong_filter_is_told_before_anything_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pyshark_engine, "_may_capture", lambda _: True)
    with pytest.raises(UsageError, match="tpc port 1"):
        PysharkEngine(CaptureRequest(("lo",), "pyshark", "tpc port 1"))


def fail(*_: object) -> object:
    raise ImportError("no\nsuch module")


@needs_tshark
def test_what_cannot_start_at_all_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_program(*_: object) -> object:
        raise OSError("no such program")

    monkeypatch.setattr(pyshark_engine, "_may_capture", lambda _: True)
    monkeypatch.setattr(pyshark_engine, "live_packets", fail)
    monkeypatch.setattr(pyshark_engine, "own_live_packets", no_program)
    with pytest.raises(InputError, match="pyshark: no such program"):
        PysharkEngine(CaptureRequest(("lo",), "pyshark"))


@pytest.mark.slow
@needs_tshark
def test_tshark_is_read_directly_where_pyshark_cannot_start(
    hosts: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pyshark_engine, "live_packets", fail)
    with hosts.a.inside():
        engine = PysharkEngine(CaptureRequest(("lo",), "pyshark"))
        hosts.a.await_capture()
    assert engine.take_notes() == ["pyshark cannot start (no such module): tshark is read directly"]
    head = engine.read(1)
    deadline = time.monotonic() + 25
    octets = b""
    while not octets and time.monotonic() < deadline:
        with hosts.a.open_socket() as refused:
            refused.connect_ex(("127.0.0.1", 9))
        octets = engine.read(0.5)
    octets += engine.stop()
    walk = RecordWalk("live")
    walk.feed(head + octets)
    ports = []
    while walk.advance():
        frame = walk.buffer[walk.start : walk.start + walk.captured_len]
        ports.append((int.from_bytes(frame[20:22], "big"), int.from_bytes(frame[22:24], "big")))
    # tshark looks for devices on other ports when it begins.
    assert sum(9 in pair for pair in ports) >= 2  # a SYN and its refusal
    assert not walk.error
