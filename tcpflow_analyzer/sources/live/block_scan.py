"""Finds where whole pcapng blocks end in octets that arrive in pieces.

Compiled: yes

In: octets of this machine's byte order that begin with a block. Out: a place, and why the scan
stopped there. Nothing is copied.
"""

from typing import Final

from mypy_extensions import i64

from tcpflow_analyzer.sources.records import BLOCK_LIMIT, ENHANCED_PACKET_BLOCK, unsigned_32

# Why a scan stopped.
INCOMPLETE: Final = 0  # the block at `position` is not all there
ENOUGH: Final = 1  # as many packets as were asked for end at `position`
OTHER_BLOCK: Final = 2  # a whole block that is no packet begins at `position`
BROKEN: Final = 3  # what stands at `position` cannot be a block

UNLIMITED: Final = 1 << 62


class BlockScan:
    """Walks over packet blocks.

    Attributes:
        position: where the scan stopped.
        packets: packet blocks passed since the scan began.
        kind, length: of the block at `position` where it is OTHER_BLOCK; length in octets.
    """

    def __init__(self, big_endian: bool) -> None:
        """Be ready for octets of a byte order."""
        self.position: i64 = 0
        self.packets: i64 = 0
        self.kind: i64 = 0
        self.length: i64 = 0
        self._big = big_endian

    def scan(self, octets: bytes, start: i64, most_packets: i64) -> i64:
        """Pass over packet blocks from `start` on; gives why it stopped."""
        big = self._big
        end: i64 = len(octets)
        position: i64 = start
        packets: i64 = 0
        reason: i64 = INCOMPLETE
        while position + 12 <= end:
            if packets >= most_packets:
                reason = ENOUGH
                break
            length = unsigned_32(octets, position + 4, big)
            if length < 12 or length & 3 != 0 or length > BLOCK_LIMIT:
                reason = BROKEN
                break
            if position + length > end:
                break
            kind = unsigned_32(octets, position, big)
            if kind != ENHANCED_PACKET_BLOCK:
                self.kind = kind
                self.length = length
                reason = OTHER_BLOCK
                break
            packets += 1
            position += length
        if packets >= most_packets:
            reason = ENOUGH
        self.position = position
        self.packets = packets
        return reason
