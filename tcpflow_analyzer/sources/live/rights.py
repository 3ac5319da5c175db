"""The right to capture: what to say without it, and giving it up once it is no longer needed."""

import contextlib
import ctypes
import os
import struct
import sys
from collections.abc import Sequence
from typing import Final

from tcpflow_analyzer.sources.live.capture_engine import NoRightToCapture

CAP_NET_RAW: Final = 13  # linux/capability.h
CAPABILITY_VERSION_3: Final = 0x2008_0522
PR_SET_NO_NEW_PRIVS: Final = 38  # linux/prctl.h


def no_right(interfaces: Sequence[str], dumpcap: str | None) -> NoRightToCapture:
    """The error for a user without the right to capture, in one line that says what to run.

    Args:
        interfaces: that were to be captured.
        dumpcap: its path, None where it is not installed.
    """
    names = ", ".join(interfaces)
    if not sys.platform.startswith("linux"):
        return NoRightToCapture(f"no right to capture on {names}: run it as an administrator")
    ways = ["run it with sudo"]
    if dumpcap is None:
        ways.append("install dumpcap (package wireshark-common) for capturing without root")
    elif not os.access(dumpcap, os.X_OK):
        ways.append(
            'join the group of dumpcap (sudo usermod -aG wireshark "$USER") and log in anew'
        )
    else:
        ways.append(
            f"let dumpcap capture (sudo setcap cap_net_raw,cap_net_admin=eip {dumpcap}; on Debian "
            'sudo dpkg-reconfigure wireshark-common and sudo usermod -aG wireshark "$USER")'
        )
    return NoRightToCapture(f"no right to capture on {names}: {', or '.join(ways)}")


def has_raw_sockets() -> bool:
    """Whether this process may open packet sockets, by its effective capabilities (Linux)."""
    try:
        with open("/proc/self/status", encoding="ascii", errors="replace") as status:
            for line in status:
                if line.startswith("CapEff:"):
                    return bool(int(line.split()[1], 16) >> CAP_NET_RAW & 1)
    except (OSError, ValueError, IndexError):
        pass
    return False


def give_up_rights() -> None:
    """Give up what is no longer needed once the capture runs (Linux; nothing elsewhere).

    Root by sudo becomes the user who called sudo; then all capabilities go, so that root of its
    own accord, or a process with only the right to capture, keeps no more than its files.
    """
    if not sys.platform.startswith("linux"):
        return
    user, group = os.environ.get("SUDO_UID", ""), os.environ.get("SUDO_GID", "")
    if os.geteuid() == 0 and user.isdecimal() and group.isdecimal():
        with contextlib.suppress(OSError):
            _become(int(user), int(group))
    libc = ctypes.CDLL(None, use_errno=True)
    # struct __user_cap_header_struct, and twice struct __user_cap_data_struct without any bit
    libc.capset(struct.pack("=Ii", CAPABILITY_VERSION_3, 0), bytes(24))
    libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)


def _become(user: int, group: int) -> None:
    """Become a user for good, unless that user cannot read this program: imports still come."""
    groups = os.getgroups()
    os.setgroups([])
    os.setegid(group)
    os.seteuid(user)
    readable = all(_is_listed(os.path.dirname(module)) for module in (os.__file__, __file__))
    os.seteuid(0)
    if readable:
        os.setresgid(group, group, group)
        os.setresuid(user, user, user)
    else:
        os.setegid(0)
        os.setgroups(groups)


def _is_listed(folder: str) -> bool:
    try:
        return bool(os.listdir(folder))
    except OSError:
        return False
