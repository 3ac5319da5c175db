"""What kind of device stands behind a name, and whether it is up. Linux only."""

import socket
import struct
import sys
import time
from collections.abc import Sequence
from typing import Final

from tcpflow_analyzer.sources.live.capture_engine import ANY_INTERFACE

# linux/sockios.h
SIOCGIFFLAGS: Final = 0x8913
SIOCGIFHWADDR: Final = 0x8927
IFF_UP: Final = 1
LOOK_S: Final = 0.5


def hardware_type(name: str) -> int:
    """ARPHRD number of a device; -1 where the system does not say (Linux)."""
    return _ask(name, SIOCGIFHWADDR)


def is_up(name: str) -> bool:
    """Whether a device is up; `any` always is (Linux)."""
    flags = _ask(name, SIOCGIFFLAGS)
    return name == ANY_INTERFACE or (flags >= 0 and flags & IFF_UP == IFF_UP)


def _ask(name: str, question: int) -> int:
    """The number that an ioctl gives for a device, -1 if there is no such device.

    /sys/class/net would say the same, but of the network namespace in which it was mounted.
    """
    import fcntl  # noqa: PLC0415 -- Windows has none

    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asked:
            answer = fcntl.ioctl(asked, question, struct.pack("=16s24x", name.encode()))
    except OSError:
        return -1
    return int(struct.unpack_from("=H", answer, 16)[0])


class DeviceWatch:
    """Notices that a device is down although the capture goes on: the kernel just gives no frames.

    dumpcap, with a libpcap that survives it, says nothing about it.
    """

    def __init__(self, names: Sequence[str]) -> None:
        """Watch the devices of these names; `any` is always up."""
        self._names = names if sys.platform.startswith("linux") else ()
        self._since: dict[str, float] = {}
        self._notes: list[str] = []
        self._due = 0.0

    def look(self) -> None:
        """Look, unless it was just now."""
        now = time.monotonic()
        if now < self._due:
            return
        self._due = now + LOOK_S
        for name in self._names:
            if not is_up(name):
                self._since.setdefault(name, now)
            elif (since := self._since.pop(name, None)) is not None:
                self._notes.append(f"{name} was down or gone for {now - since:.1f} s")

    def forget(self) -> None:
        """Forget which are down: the engine has ended, and that is told."""
        self._since = {}

    def take_notes(self, is_last: bool = False) -> list[str]:
        """What happened since the last call, a line each; in the end also what still is down."""
        if is_last:
            now = time.monotonic()
            for name, since in self._since.items():
                self._notes.append(f"{name} was down or gone for the last {now - since:.1f} s")
            self.forget()
        notes, self._notes = self._notes, []
        return notes
