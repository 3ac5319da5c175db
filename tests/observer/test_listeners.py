"""Answered neighbours of a SYN that was dropped."""

from tcpflow_analyzer.observer.listeners import Listeners, listener_key
from tcpflow_analyzer.table.connection import Connection

SECOND = 1_000_000_000
KEY = bytes((192, 0, 2, 1, 198, 51, 100, 1)) + (40000).to_bytes(2, "big") + b"\x00\x50"


def answered(listeners: Listeners, time_ns: int, frame: int, *, after_ns: int = 1000) -> None:
    connection = Connection(KEY, 1)
    connection.syn_time_ns, connection.synack_time_ns = time_ns, time_ns + after_ns
    connection.syn_frame = frame
    listeners.answered(connection)


def test_neighbours_within_a_second_are_counted() -> None:
    listeners = Listeners()
    for frame, time_ns in enumerate((10 * SECOND, 10 * SECOND + 5, 11 * SECOND, 15 * SECOND), 1):
        answered(listeners, time_ns, frame)
    assert listeners.neighbours(KEY, 4, 10 * SECOND + 100) == (3, 3)
    assert listeners.neighbours(KEY, 4, 15 * SECOND) == (0, 0)  # one alone proves little


def test_late_answers_do_not_count() -> None:
    listeners = Listeners()
    for frame in range(1, 6):
        answered(listeners, 10 * SECOND, frame, after_ns=600_000_000)
    assert listeners.neighbours(KEY, 4, 10 * SECOND) == (0, 0)


def test_only_the_newest_are_remembered() -> None:
    listeners = Listeners()
    for frame in range(1, 30):
        answered(listeners, frame * SECOND, frame)
    assert listeners.neighbours(KEY, 4, 5 * SECOND) == (0, 0)
    assert listeners.neighbours(KEY, 4, 28 * SECOND) == (3, 29)


def test_another_listener_has_its_own() -> None:
    listeners = Listeners()
    for frame in range(1, 6):
        answered(listeners, 10 * SECOND, frame)
    other = KEY[:10] + b"\x00\x51"
    assert listener_key(other, 4) != listener_key(KEY, 4)
    assert listeners.neighbours(other, 4, 10 * SECOND) == (0, 0)


def test_listener_key_is_the_destination_and_its_scope() -> None:
    assert listener_key(KEY + b"scope", 4) == KEY[4:8] + KEY[10:12] + b"scope"
