"""The engine dumpcap, with programs in its place that behave and that do not."""

import signal
import stat
import struct
import subprocess
import sys
import time
from pathlib import Path

import pytest

from support import container_builder as build
from support.program import await_true
from tcpflow_analyzer.errors import InputError
from tcpflow_analyzer.sources.live import dumpcap
from tcpflow_analyzer.sources.live.capture_engine import (
    CaptureRequest,
    EngineEnded,
    EngineMissing,
    NoRightToCapture,
)
from tcpflow_analyzer.sources.live.dumpcap import (
    DumpcapEngine,
    HaltWatch,
    command_line,
    find_dumpcap,
    is_halted,
)
from tcpflow_analyzer.sources.records import ENHANCED_PACKET_BLOCK, STATISTICS_BLOCK

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="scripts stand in for dumpcap")
REQUEST = CaptureRequest(("eth0", "lo"), capture_filter="tcp port 80", promiscuous=False)
ORDER = "<" if sys.byteorder == "little" else ">"
HEAD = build.section(ORDER) + build.interface(order=ORDER)
PACKET = build.enhanced(b"frame", 5, order=ORDER)


def stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> Path:
    """Put a shell script in dumpcap's place."""
    program = tmp_path / "dumpcap"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH)
    (tmp_path / "head").write_bytes(HEAD)
    (tmp_path / "packet").write_bytes(PACKET)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    return program


def kinds(octets: bytes) -> list[int]:
    """The kinds of the blocks."""
    found = []
    offset = 0
    while offset < len(octets):
        kind, length = struct.unpack_from("=II", octets, offset)
        found.append(kind)
        offset += length
    return found


def test_options_stand_before_the_interfaces_that_they_are_for() -> None:
    command = command_line("/usr/bin/dumpcap", REQUEST)
    assert command.index("-f") < command.index("-i")
    assert command[command.index("-s") + 1] == "256"
    assert command[-6:] == ["-i", "eth0", "-i", "lo", "-w", "-"]
    assert "-p" in command


def test_packets_come_and_an_end_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gate = "while [ ! -e go ]; do sleep 0.02; done"
    stand_in(tmp_path, monkeypatch, f"cd {tmp_path}; cat head; {gate}; cat packet; kill -9 $$")
    engine = DumpcapEngine(REQUEST)
    head = engine.read(0)
    assert b"tcpflow-analyzer" in head
    assert engine.read(0) == b""
    (tmp_path / "go").touch()
    assert engine.read(60) == PACKET
    with pytest.raises(EngineEnded, match="killed by signal 9"):
        engine.read(60)
    (tmp_path / "go").unlink()
    assert engine.restart() == b""  # the same interfaces: nothing to describe
    (tmp_path / "go").touch()
    assert engine.read(60) == PACKET
    assert kinds(engine.stop()) == [STATISTICS_BLOCK]


def test_stop_gives_what_dumpcap_still_writes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = (
        f"cd {tmp_path}; trap 'cat packet; exit 0' TERM; cat head; while :; do sleep 0.01; done"
    )
    stand_in(tmp_path, monkeypatch, script)
    engine = DumpcapEngine(REQUEST)
    engine.read(0)
    rest = engine.stop()
    assert rest.startswith(PACKET)
    assert kinds(rest) == [ENHANCED_PACKET_BLOCK, STATISTICS_BLOCK]
    assert engine.stop() == b""
    assert engine.take_notes() == []


def test_stop_ends_a_dumpcap_that_does_not_listen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dumpcap, "STOP_S", 0.2)
    stand_in(tmp_path, monkeypatch, f"trap '' TERM; cat {tmp_path}/head; exec sleep 60")
    engine = DumpcapEngine(REQUEST)
    began = time.monotonic()
    engine.stop()
    assert time.monotonic() - began < 30


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("exit 3", "dumpcap: exit status 3"),
        ("echo 'dumpcap: There is no device named \"x\".\n(No such device exists)' >&2; exit 1",
         'dumpcap: There is no device named "x". (No such device exists)'),
        ("echo \"Capturing on 'lo'\ndumpcap: Invalid capture filter \\\"y\\\"\" >&2; exit 1",
         'dumpcap: Invalid capture filter "y"'),
        ("echo no pcapng at all", "dumpcap: what it gives is no pcapng"),
        ("exec sleep 60", "dumpcap: did not begin within 0 s"),
    ],
)  # fmt: skip
def test_dumpcap_that_cannot_begin_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, message: str
) -> None:
    if "sleep" in script:
        monkeypatch.setattr(dumpcap, "START_S", 0.3)
    stand_in(tmp_path, monkeypatch, script)
    with pytest.raises(InputError) as caught:
        DumpcapEngine(REQUEST)
    assert str(caught.value) == message


def test_dumpcap_without_permission_has_no_right(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = "dumpcap: You do not have permission to capture on device lo."
    stand_in(tmp_path, monkeypatch, f"echo '{said}' >&2; exit 1")
    with pytest.raises(NoRightToCapture, match="no right to capture on eth0, lo"):
        DumpcapEngine(REQUEST)


def test_missing_dumpcap_is_told_from_one_that_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dumpcap, "find_dumpcap", lambda: None)
    with pytest.raises(EngineMissing):
        DumpcapEngine(REQUEST)


def test_dumpcap_is_found_on_the_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert str(stand_in(tmp_path, monkeypatch, "exit 0")) == find_dumpcap()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs proc(5)")
def test_process_that_is_halted_is_told_once() -> None:
    watch = HaltWatch()
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        watch.look(process.pid)
        assert watch.take_notes() == []
        process.send_signal(signal.SIGSTOP)
        await_true(lambda: is_halted(process.pid), "it is halted")
        for _ in range(2):
            watch._due = 0.0
            watch.look(process.pid)
        (note,) = watch.take_notes()
        assert f"kill -CONT {process.pid}" in note
        process.send_signal(signal.SIGCONT)
        process.kill()
    assert not is_halted(process.pid)
