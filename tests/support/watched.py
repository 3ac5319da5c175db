"""A running `tcpflow live` that reads a capture of a test's making as it grows."""

import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import IO

from support.capture_builder import SECOND_NS, START_NS, clock_packet, ethernet, pcap
from support.program import start_program
from support.services import talk


def resets(count: int, end: str = "reset") -> bytes:
    """A capture with so many connections that end by a RST, and half a minute after them."""
    frames = [
        frame
        for number in range(count)
        for frame in talk(end, 40000 + number, at_ns=START_NS + number * 20_000_000)
    ]
    quiet = [
        (START_NS + at * SECOND_NS, ethernet(clock_packet()))
        for at in range(count // 50 + 2, count // 50 + 32)
    ]
    return pcap([*frames, *quiet])


def start_following(
    folder: Path, octets: bytes, arguments: Sequence[str]
) -> subprocess.Popen[bytes]:
    """Start `tcpflow live --follow` on a file that holds these octets, and goes on."""
    path = folder / "growing.pcap"
    path.write_bytes(octets)
    return start_program(["live", "--follow", path, *arguments])


def line_of(stream: IO[bytes] | None) -> str:
    """The next line of an output."""
    assert stream is not None
    return stream.readline().decode().rstrip("\n")
