"""Keeps the time of a live capture going on when the system's clock is set back.

All waiting of the analysis is done in the time of the capture: set back by an hour, nothing would
be decided for an hour, and nothing would leave memory. So what comes after such a step is dated
later by as much, in the octets themselves, so that they say the same when they are read again.
A clock that is set forward again takes that back. Steps forward are left as they are.
"""

import struct
from collections.abc import Callable, Sequence
from typing import Final

from tcpflow_analyzer.sources.records import (
    ENHANCED_PACKET_BLOCK,
    STATISTICS_BLOCK,
    Interface,
)

SECOND_NS: Final = 1_000_000_000
# Smaller steps are like frames that come a little late.
LEAST_STEP_NS: Final = SECOND_NS


class TimeShift:
    """Compares the system's clock with one that nobody sets, and dates blocks.

    Attributes:
        offset_ns: what is added to the system's clock, nanoseconds, 0 or more.
    """

    def __init__(self, wall_ns: Callable[[], int], steady_ns: Callable[[], int]) -> None:
        """Begin with clocks that agree.

        Args:
            wall_ns: gives the system's time, nanoseconds since the epoch.
            steady_ns: gives nanoseconds since any moment, never set.
        """
        self.offset_ns = 0
        self._wall_ns = wall_ns
        self._steady_ns = steady_ns
        self._reference_ns = wall_ns() - steady_ns()

    def now_ns(self) -> int:
        """The present, in the time of the capture."""
        return self._wall_ns() + self.offset_ns

    def look(self) -> int:
        """Compare the clocks; gives by how many nanoseconds the system's was set back just now."""
        back_ns = self._reference_ns - (self._wall_ns() - self._steady_ns())
        if back_ns < 0:
            self._reference_ns -= back_ns
        before_ns = self.offset_ns
        if abs(back_ns - before_ns) > LEAST_STEP_NS:
            self.offset_ns = back_ns if back_ns > LEAST_STEP_NS else 0
        return max(self.offset_ns - before_ns, 0)

    def apply(self, octets: bytes, interfaces: Sequence[Interface]) -> bytes:
        """Date whole pcapng blocks, of this machine's byte order.

        What was dated before the step, and was on its way, is left as it is.

        Args:
            octets: the blocks.
            interfaces: of their section.
        """
        if self.offset_ns == 0:
            return octets
        limit_ns = self.now_ns() - self.offset_ns // 2
        dated = bytearray(octets)
        position = 0
        while position + 20 <= len(dated):
            kind, length, number, high, low = struct.unpack_from("=5I", dated, position)
            is_dated = kind in (ENHANCED_PACKET_BLOCK, STATISTICS_BLOCK)
            if is_dated and number < len(interfaces):
                interface = interfaces[number]
                if interface.nanoseconds(high, low) < limit_ns:
                    ticks = (high << 32) + low + self.offset_ns * units_of(interface) // SECOND_NS
                    struct.pack_into("=II", dated, position + 12, ticks >> 32, ticks & 0xFFFF_FFFF)
            if length < 12:
                break
            position += length
        return bytes(dated)


def units_of(interface: Interface) -> int:
    """Units of time in a second of an interface."""
    exponent = int(interface.exponent)
    return 1 << exponent if interface.binary else int(10**exponent)
