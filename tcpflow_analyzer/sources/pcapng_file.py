"""Writes captured frames as pcapng, with comments.

In: frames and lines of text about them. Out: octets of blocks, in the order of the calls. Link
types, times (to the nanosecond) and octets are those of the frames; draft-ietf-opsawg-pcapng.
"""

import struct
from collections.abc import Callable, Iterable
from typing import Final

from tcpflow_analyzer.sources.chosen_frames import Frame
from tcpflow_analyzer.sources.pcapng_blocks import (
    COMMENT,
    block,
    interface,
    option,
    options,
    section,
    statistics,
)
from tcpflow_analyzer.sources.records import Interface

_PACKET_BLOCK: Final = 6


class PcapngFile:
    """One section; interfaces are described when their first frame comes."""

    def __init__(self, write: Callable[[bytes], object], comment: str) -> None:
        """Begin the section.

        Args:
            write: takes octets.
            comment: on the file as a whole.
        """
        self._write = write
        self._numbers: dict[int, int] = {}
        self._interfaces: list[Interface] = []  # keeps the objects, whose identity is the key
        write(section(comment))

    def add(self, frame: Frame, comments: Iterable[str], captured_len: int | None = None) -> None:
        """Write a frame.

        Args:
            frame: with its octets.
            comments: a line each; empty for none.
            captured_len: how many octets are kept, None for all.
        """
        octets = frame.octets[:captured_len]
        head = struct.pack(
            "=IIIII",
            self._number_of(frame.interface),
            frame.time_ns >> 32,
            frame.time_ns & 0xFFFF_FFFF,
            len(octets),
            max(frame.wire_len, len(octets)),
        )
        texts = (option(COMMENT, comment.encode("utf-8", "replace")) for comment in comments)
        padding = bytes(-len(octets) % 4)
        self._write(block(_PACKET_BLOCK, head + octets + padding + options(*texts)))

    def end(self, time_ns: int) -> None:
        """Say when the capture ended, behind its last frame: silence until then is a finding.

        Args:
            time_ns: nanoseconds since the epoch.
        """
        if self._interfaces:
            self._write(statistics(0, time_ns))

    def _number_of(self, captured_by: Interface) -> int:
        number = self._numbers.get(id(captured_by))
        if number is None:
            number = self._numbers[id(captured_by)] = len(self._interfaces)
            self._interfaces.append(captured_by)
            self._write(interface(captured_by.link_type, captured_by.name, captured_by.snaplen))
        return number
