"""Passes on the pcapng octets of another program as whole blocks of a section of our own.

The section header is replaced, so that clock records may be added. A program that was started
again describes the same interfaces: they are left out, and its packets continue the section.
"""

import struct
from typing import NamedTuple

from tcpflow_analyzer.sources import pcapng_blocks
from tcpflow_analyzer.sources.live.block_scan import (
    BROKEN,
    INCOMPLETE,
    UNLIMITED,
    BlockScan,
)
from tcpflow_analyzer.sources.live.capture_engine import EngineEnded
from tcpflow_analyzer.sources.records import (
    INTERFACE_BLOCK,
    OPTION_IF_TSRESOL,
    SECTION_HEADER,
    STATISTICS_BLOCK,
)


class RelayedInterface(NamedTuple):
    """An interface as the other program describes it.

    Attributes:
        octets: its block.
        units: of time in a second.
    """

    octets: bytes
    units: int


class Relay:
    """Octets in, whole blocks out.

    Attributes:
        interfaces: of the section, in order.
        has_begun: whether a section header and an interface came.
    """

    def __init__(self) -> None:
        """Begin before the first octet."""
        self.interfaces: list[RelayedInterface] = []
        self.has_begun = False
        self._scan = BlockScan(pcapng_blocks.IS_BIG_ENDIAN)
        self._rest = b""
        self._described: list[RelayedInterface] = []
        self._is_describing = False

    def begin_anew(self) -> None:
        """The other program was started again."""
        self._rest = b""
        self.has_begun = False

    def feed(self, octets: bytes, now_ns: int) -> bytes:
        """Give the whole blocks of what came so far.

        Args:
            octets: next ones of the other program.
            now_ns: nanoseconds since the epoch, for its statistics: dumpcap dates them in
                microseconds whatever the interface's unit is (Wireshark writecap/pcapio.c).

        Raises:
            EngineEnded: it is no pcapng.
        """
        octets = self._rest + octets if self._rest else octets
        parts: list[bytes] = []
        start = 0
        while True:
            reason = self._scan.scan(octets, start, UNLIMITED)
            position = self._scan.position
            if position > start:
                parts.append(self._end_description())
                parts.append(octets[start:position])
            if reason == BROKEN:
                raise EngineEnded("what it gives is no pcapng")
            if reason == INCOMPLETE:
                self._rest = octets[position:]
                return b"".join(parts)
            start = position + self._scan.length
            parts.append(self._take_block(self._scan.kind, octets[position:start], now_ns))

    def _take_block(self, kind: int, block: bytes, now_ns: int) -> bytes:
        if kind == SECTION_HEADER:
            self._described = []
            self._is_describing = True
            return b""
        if kind == INTERFACE_BLOCK:
            self._described.append(RelayedInterface(block, units_of(block)))
            self.has_begun = True
            return b""
        described = self._end_description()
        if kind == STATISTICS_BLOCK:
            return described + self._dated(block, now_ns)
        return described + block

    def flush(self) -> bytes:
        """Give the description of the interfaces although no packet came yet."""
        return self._end_description() if self.has_begun else b""

    def _end_description(self) -> bytes:
        """Give the section and its interfaces, unless they are those of before."""
        if not self._is_describing:
            return b""
        self._is_describing = False
        if self._described == self.interfaces:
            return b""
        self.interfaces = self._described
        return pcapng_blocks.section() + b"".join(each.octets for each in self.interfaces)

    def _dated(self, block: bytes, now_ns: int) -> bytes:
        number = int(struct.unpack_from("=I", block, 8)[0])
        if number >= len(self.interfaces):
            return b""
        ticks = self.ticks(number, now_ns)
        return block[:12] + struct.pack("=II", ticks >> 32, ticks & 0xFFFF_FFFF) + block[20:]

    def ticks(self, number: int, time_ns: int) -> int:
        """A time in the units of an interface."""
        return time_ns * self.interfaces[number].units // 1_000_000_000

    def clock(self, time_ns: int) -> bytes:
        """A clock record of the first interface."""
        if not self.interfaces:
            return b""
        return pcapng_blocks.statistics(0, self.ticks(0, time_ns))


def units_of(block: bytes) -> int:
    """Units of time in a second, of an interface description block."""
    offset = 16
    while offset + 4 <= len(block) - 4:
        code, length = struct.unpack_from("=HH", block, offset)
        if code == 0:
            break
        if code == OPTION_IF_TSRESOL and length >= 1:
            resolution = block[offset + 4]
            base = 2 if resolution & 0x80 else 10
            return int(base ** (resolution & 0x7F))
        offset += 4 + length + (-length % 4)
    return 1_000_000
