"""Notes when sockets leave states and enter others, in buckets of time.

Compiled: yes

Memory is bounded: where there are too many buckets they become wider.
"""

from typing import Final

from mypy_extensions import i64

from tcpflow_analyzer.report.connection_json import in_time_order
from tcpflow_analyzer.table.connection import Connection
from tcpflow_analyzer.tcp.states import CLOSED, LISTEN, STATE_COUNT, TIME_WAIT

_CLOSED: Final[i64] = CLOSED
_WIDENING: Final = 4


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
        self._last: i64 = -1  # the bucket that was asked for last
        self._last_change: list[int] = []

    def count(self, connection: Connection, originator: bool, responder: bool) -> None:
        """Note the states that a connection's ends went through.

        Args:
            connection: over, or left when the capture ended.
            originator, responder: which of its ends are counted.
        """
        own: i64 = _CLOSED
        peer: i64 = _CLOSED
        transitions = connection.transitions
        if transitions is not None:
            for transition in in_time_order(transitions):
                if transition.from_originator:
                    if originator:
                        self._change(transition.time_ns, own, transition.to_state)
                        own = transition.to_state
                elif responder:
                    self._change(transition.time_ns, peer, transition.to_state)
                    peer = transition.to_state
        if own == TIME_WAIT:
            self._change(connection.originator.time_wait_until_ns, own, _CLOSED)
        if peer == TIME_WAIT:
            self._change(connection.responder.time_wait_until_ns, peer, _CLOSED)

    def sample(self, times: list[int], first_ns: int, last_ns: int) -> "Samples":
        """Give how many sockets were in each state at some times.

        Args:
            times: nanoseconds since the epoch, ascending.
            first_ns, last_ns: when the capture begins and ends; buckets reach beyond.
        """
        found = Samples()
        counts = [0] * STATE_COUNT
        buckets = sorted(self.buckets)
        at: i64 = 0
        for time_ns in times:
            top = list(counts)
            while at < len(buckets):
                bucket_ns = max(buckets[at] * self.width, first_ns)
                if bucket_ns > time_ns:
                    break
                add(counts, self.buckets[buckets[at]])
                found.note(counts, top, min(bucket_ns, last_ns))
                at += 1
            found.counts.append(list(counts))
            found.highest.append(top)
        return found

    def _change(self, time_ns: i64, before: i64, after: i64) -> None:
        """Note that a socket left a state and entered another."""
        bucket: i64 = time_ns // self.width
        if bucket != self._last:
            self._last_change = self._bucket(time_ns)
            self._last = time_ns // self.width
        change = self._last_change
        change[before] -= 1
        change[after] += 1

    def _bucket(self, time_ns: i64) -> list[int]:
        """Find the bucket of a time, or make it."""
        change = self.buckets.get(time_ns // self.width)
        if change is None:
            if len(self.buckets) >= self._most:
                self._widen()
            change = self.buckets.setdefault(time_ns // self.width, [0] * STATE_COUNT)
        return change

    def _widen(self) -> None:
        """Make buckets wider: each time takes as long as adding all of them."""
        self.width *= _WIDENING
        wider: dict[int, list[int]] = {}
        for bucket, change in self.buckets.items():
            found = wider.get(bucket // _WIDENING)
            if found is None:
                wider[bucket // _WIDENING] = change
            else:
                add(found, change)
        self.buckets = wider


class Samples:
    """How many sockets were in each state.

    Attributes:
        counts: for each time the numbers by state. highest: the most since the time before.
        peaks, peak_times: for each state the most of all, and when that was first so, nanoseconds
            since the epoch; 0 for states that no socket was in, and for CLOSED and LISTEN.
    """

    def __init__(self) -> None:
        """Begin without samples."""
        self.counts: list[list[int]] = []
        self.highest: list[list[int]] = []
        self.peaks: list[int] = [0] * STATE_COUNT
        self.peak_times: list[int] = [0] * STATE_COUNT

    def note(self, counts: list[int], top: list[int], time_ns: int) -> None:
        """Take counts into the highest since the time before, and into the peaks."""
        for number in range(STATE_COUNT):
            count = counts[number]
            if count > top[number]:
                top[number] = count
            if count > self.peaks[number] and number not in (CLOSED, LISTEN):
                self.peaks[number] = count
                self.peak_times[number] = time_ns


def add(counts: list[int], change: list[int]) -> None:
    """Add the differences of a bucket to counts of each state."""
    for number in range(len(change)):
        difference = change[number]
        if difference != 0:
            counts[number] += difference
