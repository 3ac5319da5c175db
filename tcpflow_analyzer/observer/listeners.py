"""Which SYNs a listener answered lately, to tell a dropped SYN from a dead listener (HS014).

Compiled: yes
"""

from typing import Final

from mypy_extensions import i64

from tcpflow_analyzer.table.connection import Connection
from tcpflow_analyzer.table.counts import ANSWERED_KEPT, Answered, ListenerCensus

_PROMPT: Final = 500_000_000  # nanoseconds: answered within this time
_NEAR: Final = 1_000_000_000  # nanoseconds: neighbours of a dropped SYN
_ENOUGH: Final = 3  # answered neighbours


def note_answered(connection: Connection) -> None:
    """A SYN-ACK was seen; keep its SYN at the listener if it was answered promptly."""
    listener = connection.listener
    if listener is None or connection.synack_time_ns - connection.syn_time_ns >= _PROMPT:
        return
    ring = listener.answered
    if ring is None:
        ring = Answered()
        listener.answered = ring
    at = ring.next
    ring.times[at] = connection.syn_time_ns
    ring.frames[at] = connection.syn_frame
    ring.next = (at + 1) % ANSWERED_KEPT


def neighbours(listener: ListenerCensus | None, time_ns: i64) -> tuple[int, int]:
    """Answered SYNs to the same listener within a second of `time_ns`: count, newest frame."""
    ring = None if listener is None else listener.answered
    if ring is None:
        return 0, 0
    count: i64 = 0
    newest: i64 = 0
    for i in range(ANSWERED_KEPT):
        when: i64 = ring.times[i]
        if when != 0 and -_NEAR <= when - time_ns <= _NEAR:
            count += 1
            if ring.frames[i] > newest:
                newest = ring.frames[i]
    if count < _ENOUGH:
        return 0, 0
    return count, newest
