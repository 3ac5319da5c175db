"""What is said to a user without the right to capture."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import tcpflow_analyzer
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


GIVE_UP = """
import os, socket, sys
from tcpflow_analyzer.sources.live.rights import give_up_rights, has_raw_sockets
give_up_rights()
try:
    socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    print("still has the right")
except PermissionError:
    print(os.getresuid(), os.getresgid(), os.getgroups(), has_raw_sockets())
"""


def is_readable_by_all(path: str) -> bool:
    """Whether any user may list the folder of a file."""
    return all(each.stat().st_mode & 0o5 == 0o5 for each in Path(path).resolve().parents)


@pytest.mark.skipif(
    sys.platform != "linux" or os.geteuid() != 0, reason="only root on Linux has rights to give up"
)
@pytest.mark.parametrize(("user", "group"), [("", ""), ("x", "567"), ("1234", "567"), ("1234", "")])
def test_rights_are_gone_once_they_were_given_up(user: str, group: str) -> None:
    folder = str(Path(tcpflow_analyzer.__path__[0]).parent)
    inherited = {k: v for k, v in os.environ.items() if not k.startswith("SUDO_")}
    done = subprocess.run(
        [sys.executable, "-P", "-c", GIVE_UP],
        env=inherited | {"PYTHONPATH": folder, "SUDO_UID": user, "SUDO_GID": group},
        capture_output=True,
        text=True,
        check=True,
    )
    # A user who cannot read the program could not go on importing it.
    readable = is_readable_by_all(os.__file__) and is_readable_by_all(tcpflow_analyzer.__file__)
    if (user, group) == ("1234", "567") and readable:
        assert done.stdout == "(1234, 1234, 1234) (567, 567, 567) [] False\n"
    else:
        assert done.stdout.startswith("(0, 0, 0) (0, 0, 0)")
        assert done.stdout.endswith("False\n")
