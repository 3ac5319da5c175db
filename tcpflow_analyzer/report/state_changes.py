"""Notes when sockets leave states and enter others, in buckets of time.

Compiled: yes

Memory is bounded: where there are too many buckets they become twice as wide.
"""

from typing import Final

from mypy_extensions import i64

from tcpflow_analyzer.report.connection_json import in_time_order
from tcpflow_analyzer.table.connection import Connection
from tcpflow_analyzer.tcp.states import CLOSED, STATE_COUNT, TIME_WAIT

_CLOSED: Final[i64] = CLOSED


class StateChanges:
    """Differences of the numbers of sockets in each state.

    Attributes:
        width: of a bucket, nanoseconds.
        buckets: number of the bucket (times are `number * width`, nanoseconds since the epoch) ->
            for each state how many sockets more, or fewer, were in it afterwards.
    """

    def __init__(self, width: int, most: int) -> None:
        """Note nothing yet.

        Args:
            width: of a bucket at first, nanoseconds.
            most: buckets that are kept.
        """
        self.width: i64 = width
        self.buckets: dict[int, list[int]] = {}
        self._most: i64 = most

    def count(self, connection: Connection, of_originator: bool) -> None:
        """Note the states that one end of a connection went through."""
        state: i64 = _CLOSED
        transitions = connection.transitions
        if transitions is not None:
            for transition in in_time_order(transitions):
                if transition.from_originator == of_originator:
                    self._change(transition.time_ns, state, transition.to_state)
                    state = transition.to_state
        if state == TIME_WAIT:
            end = connection.originator if of_originator else connection.responder
            self._change(end.time_wait_until_ns, state, _CLOSED)

    def _change(self, time_ns: i64, before: i64, after: i64) -> None:
        """Note that a socket left a state and entered another."""
        bucket: i64 = time_ns // self.width
        change = self.buckets.get(bucket)
        if change is None:
            if len(self.buckets) >= self._most:
                self._widen()
                bucket = time_ns // self.width
            change = self.buckets.setdefault(bucket, [0] * STATE_COUNT)
        change[before] -= 1
        change[after] += 1

    def _widen(self) -> None:
        """Make buckets twice as wide."""
        self.width *= 2
        wider: dict[int, list[int]] = {}
        for bucket, change in self.buckets.items():
            add(wider.setdefault(bucket // 2, [0] * STATE_COUNT), change)
        self.buckets = wider


def add(counts: list[int], change: list[int]) -> None:
    """Add the differences of a bucket to counts of each state."""
    for number in range(len(change)):
        counts[number] += change[number]
