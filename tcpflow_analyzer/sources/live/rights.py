"""The right to capture: what to say without it, and giving it up once it is no longer needed."""

import os
import sys
from collections.abc import Sequence
from typing import Final

from tcpflow_analyzer.sources.live.capture_engine import NoRightToCapture

CAP_NET_RAW: Final = 13  # linux/capability.h


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
