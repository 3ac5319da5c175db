"""Capture filters: libpcap and tcpdump agree, mistakes are told."""

import shutil

import pytest

from tcpflow_analyzer.errors import InputError, UsageError
from tcpflow_analyzer.sources import bpf_compiler
from tcpflow_analyzer.sources.bpf_compiler import Instruction, compile_filter, read_program

EN10MB, RAW = 1, 101
needs_libpcap = pytest.mark.skipif(bpf_compiler.find_library() is None, reason="no libpcap")
needs_tcpdump = pytest.mark.skipif(shutil.which("tcpdump") is None, reason="no tcpdump")


@needs_libpcap
def test_program_returns_the_snapshot_length() -> None:
    program = compile_filter("tcp port 80", EN10MB, 96)
    assert program[0] == Instruction(0x28, 0, 0, 12)  # ldh [12]: the EtherType
    assert {each.operand for each in program if each.code == 0x06} == {0, 96}
    assert compile_filter("tcp port 80", RAW)[0] != program[0]


@needs_libpcap
@needs_tcpdump
@pytest.mark.parametrize("expression", ["tcp port 80", "host 192.0.2.1 and not icmp", "ip6", ""])
@pytest.mark.parametrize("link_type", [EN10MB, RAW])
def test_tcpdump_compiles_the_same(
    expression: str, link_type: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = compile_filter(expression, link_type, 1000)
    monkeypatch.setattr(bpf_compiler, "find_library", lambda: None)
    assert compile_filter(expression, link_type, 1000) == program


@pytest.mark.parametrize("by_library", [True, False])
@pytest.mark.parametrize("expression", ["tpc port 1", "port 99999", "-w x", "tcp port 80\0"])
def test_wrong_expression_is_told_with_the_reason(
    expression: str, by_library: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not by_library:
        if shutil.which("tcpdump") is None:
            pytest.skip("no tcpdump")
        monkeypatch.setattr(bpf_compiler, "find_library", lambda: None)
    elif bpf_compiler.find_library() is None:
        pytest.skip("no libpcap")
    with pytest.raises(UsageError, match=r"^filter '.*' \(for EN10MB\): ") as caught:
        compile_filter(expression, EN10MB)
    assert "\n" not in str(caught.value)


def test_without_libpcap_and_tcpdump_the_filter_is_unusable(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(bpf_compiler, "find_library", lambda: None)
    monkeypatch.setattr(shutil, "which", lambda _: None)
    with pytest.raises(InputError, match="needs libpcap or tcpdump"):
        compile_filter("tcp", EN10MB)


def test_printed_program_is_read() -> None:
    text = "2\n40 0 0 12\n6 0 0 262144\n"
    assert read_program(text) == (Instruction(40, 0, 0, 12), Instruction(6, 0, 0, 262144))
