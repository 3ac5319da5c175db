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

needs_tshark = pytest.mark.skipif(
    shutil.which("tshark") is None or shutil.which("dumpcap") is None, reason="no tshark"
)


@pytest.mark.slow
@needs_tshark
def test_report_of_what_tshark_dissected(hosts: Network) -> None:
    arguments = ["analyze", "-i", "eth0", "--engine", "pyshark", "--format", "json"]
    program = start_program([*arguments, "-f", "tcp"], prefix=hosts.a.prefix)
    hosts.a.await_capture()
    with hosts.b.listen() as listener:
        client, server = hosts.connect(listener)
        client.sendall(b"question")
        assert server.recv(100) == b"question"
        abort(client)
        server.close()
        time.sleep(5)  # tshark takes some seconds to begin
    program.terminate()
    output, messages = program.communicate(timeout=30)
    assert (program.returncode, messages) == (0, b"")
    report = json.loads(output)
    (connection,) = report["connections"]
    assert connection["handshake"]["outcome"] == "completed"
    assert connection["originator"]["payload_octets"] == 8
    assert "RS001" in report["summary"]["codes"]
    assert "CP005" not in report["summary"]["codes"]
    assert report["capture"]["frames"] == report["capture"]["tcp_segments"] == connection["frames"]


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


@needs_tshark
def test_what_pyshark_trips_over_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> object:
        raise OSError("no\nsuch thing")

    monkeypatch.setattr(pyshark_engine, "_may_capture", lambda _: True)
    monkeypatch.setattr(pyshark_engine, "live_packets", fail)
    with pytest.raises(InputError, match="pyshark: no such thing"):
        PysharkEngine(CaptureRequest(("lo",), "pyshark"))
