"""Interfaces of this system, and what dumpcap prints of them elsewhere."""

import subprocess
import sys
from pathlib import Path

import pytest

from support.network import Network
from support.program import start_program
from tcpflow_analyzer.errors import InputError
from tcpflow_analyzer.sources.live import interfaces
from tcpflow_analyzer.sources.live.interfaces import Interface, list_interfaces, read_list

linux = pytest.mark.skipif(sys.platform != "linux", reason="asks Linux")


@linux
def test_devices_are_described(hosts: Network) -> None:
    hosts.a.run("ip", "link", "set", "eth0", "down")
    with hosts.a.inside():
        listed = list_interfaces()
    assert Interface("lo", "loopback, up") in listed
    assert Interface("eth0", "Ethernet, down") in listed
    assert listed[-1] == Interface("any", "all of these")


@linux
def test_program_lists_them(hosts: Network) -> None:
    program = start_program(["analyze", "--list-interfaces"], prefix=hosts.a.prefix)
    output, messages = program.communicate(timeout=20)
    assert (program.returncode, messages) == (0, b"")
    assert b"\neth0  Ethernet, up\n" in b"\n" + output


def test_list_of_dumpcap_is_read() -> None:
    text = "1. en0 (Wi-Fi)\n2. lo0 (Loopback)\n3. \\Device\\NPF_{4E} (Ethernet 2)\n4. any\nnoise\n"
    assert read_list(text) == [
        Interface("en0", "Wi-Fi"),
        Interface("lo0", "Loopback"),
        Interface("\\Device\\NPF_{4E}", "Ethernet 2"),
        Interface("any", ""),
    ]


def test_other_systems_ask_dumpcap(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.setattr(interfaces, "find_dumpcap", lambda: None)
    with pytest.raises(InputError, match="dumpcap was not found"):
        list_interfaces()
    monkeypatch.setattr(interfaces, "find_dumpcap", lambda: str(tmp_path / "dumpcap"))
    with pytest.raises(InputError, match="dumpcap: no such file"):
        list_interfaces()
    done = subprocess.CompletedProcess([], 0, stdout="1. en0 (Wi-Fi)\n")
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: done)
    assert list_interfaces() == [Interface("en0", "Wi-Fi")]
