"""What is said to a user without the right to capture."""

import os
from pathlib import Path

import pytest

from tcpflow_analyzer.sources.live.rights import has_raw_sockets, no_right

pytestmark = pytest.mark.skipif(os.name != "posix", reason="capabilities are Linux's")


def test_message_says_what_to_run_for_dumpcap_as_it_is_installed(tmp_path: Path) -> None:
    missing = str(no_right(["eth0", "lo"], None))
    assert missing.startswith("no right to capture on eth0, lo: run it with sudo, or install")
    program = tmp_path / "dumpcap"
    program.touch(mode=0o755)
    assert f"setcap cap_net_raw,cap_net_admin=eip {program}" in str(no_right(["lo"], str(program)))
    program.chmod(0o644)
    assert "usermod -aG wireshark" in str(no_right(["lo"], str(program)))
    assert "setcap" not in str(no_right(["lo"], str(program)))


def test_other_systems_are_told_of_administrators(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.platform", "win32")
    assert str(no_right(["eth0"], None)).endswith("run it as an administrator")


def test_raw_sockets_follow_the_capability() -> None:
    text = Path("/proc/self/status").read_text() if Path("/proc/self/status").exists() else ""
    has = "CapEff" in text and int(text.split("CapEff:")[1].split()[0], 16) >> 13 & 1
    assert has_raw_sockets() == bool(has)
