"""What a live capture is asked for, and what every capture engine gives.

An engine gives whole pcapng blocks of this machine's byte order: first a section begun by
`pcapng_blocks.section` and its interfaces, then packets and statistics.
"""

from dataclasses import dataclass
from typing import Final, Protocol

from tcpflow_analyzer.errors import InputError

ENGINES: Final = ("auto", "dumpcap", "af-packet", "pyshark")
ANY_INTERFACE: Final = "any"

# Link layer with VLAN tags, a tunnel's headers (VXLAN: 50 octets), two IPv6 headers and TCP with
# all its options (60 octets) fit: 18 + 50 + 80 + 60 = 208.
SNAPLEN: Final = 256
# Octets of one frame that any engine can give; libpcap's MAXIMUM_SNAPLEN.
WHOLE_FRAMES: Final = 262_144
BUFFER_MEBIBYTES: Final = 32


@dataclass(frozen=True, slots=True)
class CaptureRequest:
    """What to capture.

    Attributes:
        interfaces: names of devices, "any" for all; at least one unless `follow` is set.
        engine: one of ENGINES.
        capture_filter: in libpcap's language; "" for everything.
        snaplen: most octets kept of a frame, 0 for all.
        promiscuous: whether frames for other hosts are wanted.
        duration_ns: when to end, nanoseconds after the start; None for never.
        count: after how many frames to end; None for never.
        buffer_mebibytes: the system's buffer for frames that were not read yet, per interface.
        follow: a file or folder that somebody writes, instead of interfaces; None for none.
    """

    interfaces: tuple[str, ...]
    engine: str = "auto"
    capture_filter: str = ""
    snaplen: int = SNAPLEN
    promiscuous: bool = True
    duration_ns: int | None = None
    count: int | None = None
    buffer_mebibytes: int = BUFFER_MEBIBYTES
    follow: str | None = None

    @property
    def kept_octets(self) -> int:
        """Octets kept of a frame at most, as a number that is not 0."""
        return self.snaplen or WHOLE_FRAMES


class NoRightToCapture(InputError):
    """The system does not let this user capture; the text says what to run."""


class EngineMissing(InputError):
    """The engine is not installed, or not for this system."""


class EngineEnded(Exception):
    """The engine stopped by itself; the text says why. Stays inside this package."""


class CaptureEngine(Protocol):
    """A running capture.

    Attributes:
        name: one of ENGINES.
        needs_rights: whether it may need the right to capture again.
        delay_ns: a frame has been given by so many nanoseconds after its time, on a machine that
            keeps up.
    """

    name: str
    needs_rights: bool
    delay_ns: int

    def read(self, timeout_s: float) -> bytes:
        """Give what came, whole blocks; b"" if nothing did before the timeout.

        Raises:
            EngineEnded: nothing more will come.
        """
        ...

    def clock(self, time_ns: int) -> bytes:
        """Give statistics blocks that say what was dropped by now, dated `time_ns`."""
        ...

    def restart(self) -> bytes:
        """Begin anew after EngineEnded; gives what `read` would.

        Raises:
            InputError: it cannot begin just now.
        """
        ...

    def take_notes(self) -> list[str]:
        """Give what happened to the devices since the last call, a line each."""
        ...

    def stop(self) -> bytes:
        """End the capture; gives what was still to be read and a last clock. Never raises."""
        ...
