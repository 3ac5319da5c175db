"""Counts of how connections ended."""

from tcpflow_analyzer.observer.endings import Endings
from tcpflow_analyzer.table.connection import (
    NOBODY,
    ORIGINATOR,
    OUTCOME_COMPLETED,
    OUTCOME_REFUSED,
    SHAPE_4_SEGMENT,
    SHAPE_RESET,
    Connection,
)
from tcpflow_analyzer.table.observation import HANDSHAKE_COMPLETED, REFUSED, RESET
from tcpflow_analyzer.table.stream_observation import both_words
from tcpflow_analyzer.tcp.states import CLOSED, ESTABLISHED


def test_no_connection_no_ending() -> None:
    endings = Endings()
    assert endings.masks() == endings.states() == {}
    assert sum(endings.outcomes()) == sum(endings.shapes()) == sum(endings.closers()) == 0


def test_endings_are_counted_by_each_of_their_marks() -> None:
    endings = Endings()
    states = CLOSED * 16 + CLOSED
    for _ in range(3):
        endings.add(REFUSED | RESET, 0, states, OUTCOME_REFUSED, SHAPE_RESET, NOBODY)
        endings.add(1, 0, states, OUTCOME_COMPLETED, SHAPE_4_SEGMENT, ORIGINATOR)
        endings.add(1, 8, states, OUTCOME_COMPLETED, SHAPE_4_SEGMENT, ORIGINATOR)
        endings.add(1, 8, ESTABLISHED, OUTCOME_COMPLETED, SHAPE_4_SEGMENT, ORIGINATOR)
    assert endings.masks() == {REFUSED | RESET: 3, 1: 3, both_words(1, 8): 6}
    assert endings.states() == {states: 9, ESTABLISHED: 3}
    assert (endings.outcomes()[OUTCOME_COMPLETED], endings.outcomes()[OUTCOME_REFUSED]) == (9, 3)
    assert (endings.shapes()[SHAPE_4_SEGMENT], endings.shapes()[SHAPE_RESET]) == (9, 3)
    assert (endings.closers()[ORIGINATOR], endings.closers()[NOBODY]) == (9, 3)
    assert len(endings.all()) == 4


def test_a_connection_is_counted_as_it_was_concluded() -> None:
    endings = Endings()
    connection = Connection(bytes(12), 1)
    connection.observed = HANDSHAKE_COMPLETED
    connection.outcome = OUTCOME_COMPLETED
    endings.count(connection)
    endings.count(connection)
    assert endings.masks() == {HANDSHAKE_COMPLETED: 2}
    assert endings.states() == {CLOSED * 17: 2}
