"""Which SYNs a listener answered lately, to tell a dropped SYN from a dead listener (HS014).

Compiled: yes
"""

from typing import Final

from mypy_extensions import i64

from tcpflow_analyzer.observer.census import listener_key_of
from tcpflow_analyzer.table.connection import Connection

MOST: Final = 16_384  # listeners that are remembered
_RING: Final = 8  # answered SYNs of one listener
_PROMPT: Final = 500_000_000  # nanoseconds: answered within this time
_NEAR: Final = 1_000_000_000  # nanoseconds: neighbours of a dropped SYN
_ENOUGH: Final = 3  # answered neighbours


class Answered:
    """The last answered SYNs of one listener: times and frames in two rings."""

    def __init__(self) -> None:
        """Begin with none."""
        self.times: list[int] = [0] * _RING
        self.frames: list[int] = [0] * _RING
        self.next: i64 = 0


class Listeners:
    """Answered SYNs by listener (address, port and scope).

    Attributes:
        left_out: answers that found no room.
    """

    def __init__(self) -> None:
        """Begin with no listener."""
        self._answered: dict[bytes, Answered] = {}
        self.left_out: i64 = 0

    def answered(self, connection: Connection) -> None:
        """A SYN-ACK was seen; keep its SYN if it was answered promptly."""
        if connection.synack_time_ns - connection.syn_time_ns >= _PROMPT:
            return
        key = listener_key_of(connection)
        ring = self._answered.get(key)
        if ring is None:
            if len(self._answered) >= MOST:
                self.left_out += 1
                return
            ring = Answered()
            self._answered[key] = ring
        at = ring.next
        ring.times[at] = connection.syn_time_ns
        ring.frames[at] = connection.syn_frame
        ring.next = (at + 1) % _RING

    def neighbours(self, key: bytes, address_len: i64, time_ns: i64) -> tuple[int, int]:
        """Answered SYNs to the same listener within a second of `time_ns`: count, newest frame."""
        ring = self._answered.get(listener_key(key, address_len))
        if ring is None:
            return 0, 0
        count: i64 = 0
        newest: i64 = 0
        for i in range(_RING):
            when: i64 = ring.times[i]
            if when != 0 and -_NEAR <= when - time_ns <= _NEAR:
                count += 1
                if ring.frames[i] > newest:
                    newest = ring.frames[i]
        if count < _ENOUGH:
            return 0, 0
        return count, newest


def listener_key(key: bytes, address_len: i64) -> bytes:
    """Address, port and scope of the destination of a key."""
    ports = 2 * address_len
    return key[address_len:ports] + key[ports + 2 :]
