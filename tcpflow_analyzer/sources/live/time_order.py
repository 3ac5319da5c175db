"""Puts the packets of several interfaces in the order of their times.

Compiled: yes

In: whole pcapng blocks, the packets of each interface in order. Out: the same blocks, packets by
time, those of equal time as they came. A block of another kind stays behind all packets that came
before it.
"""

from typing import Literal

from mypy_extensions import i64

from tcpflow_analyzer.sources.live.block_scan import OTHER_BLOCK, UNLIMITED, BlockScan
from tcpflow_analyzer.sources.records import Interface, RecordWalk, unsigned_32


class TimeOrder:
    """Keeps packets until it is certain that none before them will come."""

    def __init__(self, big_endian: bool) -> None:
        """Keep nothing yet; the argument is the byte order of the blocks."""
        self._big = big_endian
        self._scan = BlockScan(big_endian)
        # Time, number of arrival, octets.
        self._waiting: list[tuple[int, int, bytes]] = []
        self._ready: list[bytes] = []
        self._arrived: i64 = 0
        self._interfaces: list[Interface] = []

    def feed(self, octets: bytes) -> None:
        """Take whole blocks."""
        start: i64 = 0
        end: i64 = len(octets)
        while start < end:
            reason = self._scan.scan(octets, start, 1)
            position = self._scan.position
            if position > start:
                self._keep(octets, start, position)
                start = position
            elif reason == OTHER_BLOCK:
                start += self._scan.length
                self._pass(octets[position:start])
            else:
                return

    def take(self, until_ns: i64) -> bytes:
        """Give what is earlier than a time, nanoseconds since the epoch."""
        waiting = self._waiting
        waiting.sort()
        count: i64 = 0
        for time_ns, _, _ in waiting:
            if time_ns >= until_ns:
                break
            count += 1
        for _, _, packet in waiting[:count]:
            self._ready.append(packet)
        del waiting[:count]
        octets = b"".join(self._ready)
        self._ready = []
        return octets

    def _keep(self, octets: bytes, start: i64, end: i64) -> None:
        number = unsigned_32(octets, start + 8, self._big)
        time_ns: i64 = 0
        if number < len(self._interfaces):
            high = unsigned_32(octets, start + 12, self._big)
            low = unsigned_32(octets, start + 16, self._big)
            time_ns = self._interfaces[number].nanoseconds(high, low)
        self._waiting.append((time_ns, self._arrived, octets[start:end]))
        self._arrived += 1

    def _pass(self, block: bytes) -> None:
        """Another block: all packets that wait go before it."""
        earlier = self.take(UNLIMITED)
        self._ready = [earlier, block]
        kind = unsigned_32(block, 0, self._big)
        if kind == 0x0A0D0D0A:
            self._interfaces = []
        elif kind == 1:
            self._interfaces.append(described(block, self._big))


def described(block: bytes, big: bool) -> Interface:
    """The interface that an interface description block describes."""
    walk = RecordWalk("")
    header = (0x0A0D0D0A, 28, 0x1A2B3C4D, 0x0001_0000 if big else 1, 0xFFFF_FFFF, 0xFFFF_FFFF, 28)
    order: Literal["big", "little"] = "big" if big else "little"
    walk.feed(b"".join([number.to_bytes(4, order) for number in header]) + block)
    walk.advance()
    return walk.interfaces[0]
