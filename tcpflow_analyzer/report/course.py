"""Puts the segments of a connection and the changes of its states into one order.

In: a connection's record and its segments. Out: `Step`s, one for each segment and for each change
that no segment at its place brings: a timer's, an ICMP error's, a receipt that comes after what
its receiver had sent meanwhile. This is what all drawings of a connection show.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from tcpflow_analyzer.report.record import ConnectionRecord, EndpointRecord, TransitionRecord
from tcpflow_analyzer.report.rungs import Rung
from tcpflow_analyzer.tcp.states import State

ORIGINATOR: Final = "originator"
RESPONDER: Final = "responder"
OBSERVED: Final = "observed"


class Standing(NamedTuple):
    """The state that an end is in, and how sure that is.

    Attributes:
        state: the believed state.
        certainty: "observed", also where a later frame proved it, "inferred" or "assumed".
    """

    state: State
    certainty: str


class Step(NamedTuple):
    """A segment or a change of a state.

    Attributes:
        time_ns: nanoseconds since the epoch; of a change without a segment its own.
        frame: its frame; of a receipt the frame received; None for a timer.
        rung: the segment, None where only a state changes.
        changes: the transitions that belong here, in order.
        originator, responder: where the ends stand afterwards.
    """

    time_ns: int
    frame: int | None
    rung: Rung | None
    changes: tuple[TransitionRecord, ...]
    originator: Standing
    responder: Standing


def standing_at_first(connection: ConnectionRecord, side: str) -> Standing:
    """Give where an end stood before the first segment.

    Args:
        connection: its record.
        side: "originator" or "responder".
    """
    for transition in connection.transitions:
        if transition.endpoint == side:
            return Standing(transition.from_state, OBSERVED)
    end: EndpointRecord = connection.originator if side == ORIGINATOR else connection.responder
    return Standing(end.state, end.certainty)


def course(connection: ConnectionRecord, rungs: Iterable[Rung]) -> Iterator[Step]:
    """Give all segments of a connection, and the changes of its states between and at them.

    The changes of each end come in the order of its transitions, whatever the frames' order.

    Args:
        connection: its record, with its transitions.
        rungs: its segments in the order of the capture.
    """
    walk = _Walk(connection)
    for rung in rungs:
        yield from walk.before(rung)
        changes = walk.at(rung.frame)
        yield Step(rung.time_ns, rung.frame, rung, changes, walk.originator, walk.responder)
    yield from walk.rest()


class _Walk:
    """Where both ends stand, and what is still to come."""

    def __init__(self, connection: ConnectionRecord) -> None:
        self.originator = standing_at_first(connection, ORIGINATOR)
        self.responder = standing_at_first(connection, RESPONDER)
        self._waiting: dict[str, deque[TransitionRecord]] = {
            side: deque(each for each in connection.transitions if each.endpoint == side)
            for side in (ORIGINATOR, RESPONDER)
        }

    def before(self, rung: Rung) -> Iterator[Step]:
        """Give the changes that come before a segment and are of no segment at its place."""
        while True:
            due = [
                waiting[0]
                for waiting in self._waiting.values()
                if waiting and _is_due(waiting[0], rung)
            ]
            if not due:
                return
            yield self._step_of(min(due, key=_time))

    def at(self, frame: int) -> tuple[TransitionRecord, ...]:
        """Take the changes that a frame brings to both ends."""
        changes = []
        for waiting in self._waiting.values():
            while waiting and waiting[0].frame == frame:
                changes.append(self._apply(waiting[0]))
        return tuple(changes)

    def rest(self) -> Iterator[Step]:
        """Give the changes behind the last segment."""
        while True:
            heads = [waiting[0] for waiting in self._waiting.values() if waiting]
            if not heads:
                return
            yield self._step_of(min(heads, key=_time))

    def _step_of(self, change: TransitionRecord) -> Step:
        self._apply(change)
        return Step(change.time_ns, change.frame, None, (change,), self.originator, self.responder)

    def _apply(self, change: TransitionRecord) -> TransitionRecord:
        """Make a change, which is the next one of its end."""
        self._waiting[change.endpoint].popleft()
        standing = Standing(change.to_state, certainty_of(change))
        if change.endpoint == ORIGINATOR:
            self.originator = standing
        else:
            self.responder = standing
        return change


def certainty_of(change: TransitionRecord) -> str:
    """Give how sure a change is with all that the capture shows."""
    return OBSERVED if change.proved_by_frame is not None else change.certainty


def _is_due(change: TransitionRecord, rung: Rung) -> bool:
    """Whether a change comes before a segment: a timer by its time, all others by their frame."""
    if change.frame is None:
        return change.time_ns <= rung.time_ns
    return change.frame < rung.frame


def _time(change: TransitionRecord) -> int:
    return change.time_ns
