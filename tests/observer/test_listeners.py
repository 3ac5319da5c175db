"""Answered neighbours of a SYN that was dropped."""

from tcpflow_analyzer.observer.listeners import neighbours, note_answered
from tcpflow_analyzer.table.connection import Connection
from tcpflow_analyzer.table.counts import ListenerCensus

SECOND = 1_000_000_000
KEY = bytes((192, 0, 2, 1, 198, 51, 100, 1)) + (40000).to_bytes(2, "big") + b"\x00\x50"


def answer(
    listener: ListenerCensus | None, time_ns: int, frame: int, *, after_ns: int = 1000
) -> None:
    connection = Connection(KEY, 1)
    connection.syn_time_ns, connection.synack_time_ns = time_ns, time_ns + after_ns
    connection.syn_frame = frame
    connection.listener = listener
    note_answered(connection)


def test_neighbours_within_a_second_are_counted() -> None:
    listener = ListenerCensus(0, None, 4)
    for frame, time_ns in enumerate((10 * SECOND, 10 * SECOND + 5, 11 * SECOND, 15 * SECOND), 1):
        answer(listener, time_ns, frame)
    assert neighbours(listener, 10 * SECOND + 100) == (3, 3)
    assert neighbours(listener, 15 * SECOND) == (0, 0)  # one alone proves little


def test_late_answers_do_not_count() -> None:
    listener = ListenerCensus(0, None, 4)
    for frame in range(1, 6):
        answer(listener, 10 * SECOND, frame, after_ns=600_000_000)
    assert neighbours(listener, 10 * SECOND) == (0, 0)


def test_only_the_newest_are_remembered() -> None:
    listener = ListenerCensus(0, None, 4)
    for frame in range(1, 30):
        answer(listener, frame * SECOND, frame)
    assert neighbours(listener, 5 * SECOND) == (0, 0)
    assert neighbours(listener, 28 * SECOND) == (3, 29)


def test_a_listener_that_is_not_counted_has_no_neighbours() -> None:
    answer(None, SECOND, 1)
    assert neighbours(None, SECOND) == (0, 0)


def test_newest_neighbour_is_the_one_with_the_highest_frame() -> None:
    listener = ListenerCensus(0, None, 4)
    for frame, time_ns in ((7, 10 * SECOND + 5), (9, 10 * SECOND + 6), (8, 10 * SECOND)):
        answer(listener, time_ns, frame)
    assert neighbours(listener, 10 * SECOND) == (3, 9)
