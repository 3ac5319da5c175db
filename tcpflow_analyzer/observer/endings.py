"""Counts how connections ended, and which observations they had.

Compiled: yes

Nothing is kept of a connection itself. There are few different endings, so counting one is to find
it and to add one; what is asked of the counts is added up when it is asked.
"""

from mypy_extensions import i64

from tcpflow_analyzer.observer.outcome import final_state
from tcpflow_analyzer.table.connection import (
    OUTCOME_NAMES,
    SHAPE_NAMES,
    WHO_NAMES,
    Connection,
)
from tcpflow_analyzer.table.stream_observation import both_words


class Ending:
    """Connections that ended alike.

    Attributes:
        observed, stream_observed: masks of their observations.
        states: originator's final state * 16 + responder's.
        outcome, shape, active_closer: numbers of table/connection.py.
        count: how many.
        following: another ending with the same `observed`.
    """

    def __init__(
        self,
        observed: i64,
        stream_observed: i64,
        states: i64,
        outcome: i64,
        shape: i64,
        active_closer: i64,
    ) -> None:
        """Begin with no connection."""
        self.observed: i64 = observed
        self.stream_observed: i64 = stream_observed
        self.states: i64 = states
        self.outcome: i64 = outcome
        self.shape: i64 = shape
        self.active_closer: i64 = active_closer
        self.count: i64 = 0
        self.following: Ending | None = None


class Endings:
    """All endings so far."""

    def __init__(self) -> None:
        """Begin with none."""
        self._first: dict[int, Ending] = {}
        # The chain that was looked at last: connections that are alike come together.
        self._last: Ending = Ending(-1, 0, 0, 0, 0, 0)

    def count(self, connection: Connection) -> None:
        """Count a connection that is concluded."""
        self.add(
            connection.observed,
            connection.stream_observed,
            final_state(connection.originator) * 16 + final_state(connection.responder),
            connection.outcome,
            connection.shape,
            connection.active_closer,
        )

    def add(
        self,
        observed: i64,
        stream_observed: i64,
        states: i64,
        outcome: i64,
        shape: i64,
        active_closer: i64,
    ) -> None:
        """Count one; the numbers are those of `Ending`."""
        first: Ending | None = self._last
        if self._last.observed != observed:
            first = self._first.get(observed)
            if first is not None:
                self._last = first
        ending = first
        while ending is not None and (
            ending.states != states
            or ending.stream_observed != stream_observed
            or ending.outcome != outcome
            or ending.shape != shape
            or ending.active_closer != active_closer
        ):
            ending = ending.following
        if ending is None:
            ending = Ending(observed, stream_observed, states, outcome, shape, active_closer)
            ending.following = first
            self._first[observed] = self._last = ending
        ending.count += 1

    def all(self) -> list[Ending]:
        """Every ending."""
        endings: list[Ending] = []
        for first in self._first.values():
            ending: Ending | None = first
            while ending is not None:
                endings.append(ending)
                ending = ending.following
        return endings

    def masks(self) -> dict[int, int]:
        """Connections by the mask of their observations, of both words."""
        masks: dict[int, int] = {}
        for ending in self.all():
            mask = both_words(ending.observed, ending.stream_observed)
            masks[mask] = masks.get(mask, 0) + ending.count
        return masks

    def states(self) -> dict[int, int]:
        """Connections by originator's final state * 16 + responder's."""
        states: dict[int, int] = {}
        for ending in self.all():
            states[ending.states] = states.get(ending.states, 0) + ending.count
        return states

    def outcomes(self) -> list[int]:
        """Connections by outcome."""
        counts = [0] * len(OUTCOME_NAMES)
        for ending in self.all():
            counts[ending.outcome] += ending.count
        return counts

    def shapes(self) -> list[int]:
        """Connections by shape of their close."""
        counts = [0] * len(SHAPE_NAMES)
        for ending in self.all():
            counts[ending.shape] += ending.count
        return counts

    def closers(self) -> list[int]:
        """Connections by active closer."""
        counts = [0] * len(WHO_NAMES)
        for ending in self.all():
            counts[ending.active_closer] += ending.count
        return counts
