"""Each length of silence is found once, whatever the looks; limits keep what matters."""

import pytest

from support.capture_builder import SECOND_NS
from tcpflow_analyzer.observer.quiet import QuietLook, provisional_ns
from tcpflow_analyzer.table.connection import (
    OUTCOME_COMPLETED,
    OUTCOME_UNANSWERED,
    Connection,
    Entry,
    Request,
)

LENGTHS = [SECOND_NS // 5, 11 * SECOND_NS, 61 * SECOND_NS]
START = 1000 * SECOND_NS
WANTED = 1 << 7


def connection(number: int, outcome: int = OUTCOME_COMPLETED) -> Connection:
    """A connection whose last segment, frame 5, came at START."""
    made = Connection(bytes(12), number)
    made.outcome = outcome
    made.last_time_ns, made.last_frame = START, 5
    return made


def looks(entry: Entry, step_ns: int, until_ns: int, known_frames: int = 5) -> list[float]:
    """When an entry is found, in seconds after START, by a look every `step_ns`."""
    look = QuietLook(LENGTHS, 1, 10)
    found, before = [], START
    for now in range(START + step_ns, START + until_ns, step_ns):
        look.look([None, entry], before, now, known_frames)
        before = now
        if look.found:
            assert look.found == [entry]
            found.append((now - START) / SECOND_NS)
    return found


@pytest.mark.parametrize("step_s", [0.1, 0.25, 1, 7])
def test_each_length_is_found_once_by_the_next_look(step_s: float) -> None:
    found = looks(connection(1), int(step_s * SECOND_NS), 100 * SECOND_NS)
    lengths = [each / SECOND_NS for each in LENGTHS]
    assert len(found) == 3
    assert all(0 <= at - length < step_s for at, length in zip(found, lengths, strict=True))


def test_failed_attempt_waits_until_another_would_have_come() -> None:
    assert looks(connection(1, OUTCOME_UNANSWERED), SECOND_NS, 20 * SECOND_NS) == [11]


def test_unanswered_syn_is_found_and_a_refused_one_is_not() -> None:
    request = Request(bytes(12))
    request.number, request.last_time_ns, request.last_frame = 3, START, 5
    assert looks(request, SECOND_NS, 20 * SECOND_NS) == [11]
    request.reset_frame = 6
    assert looks(request, SECOND_NS, 20 * SECOND_NS) == []
    request.reset_frame, request.number = 0, 0
    assert looks(request, SECOND_NS, 20 * SECOND_NS) == []


def test_finished_connection_is_not_found() -> None:
    made = connection(1)
    made.finished = True
    assert looks(made, SECOND_NS, 20 * SECOND_NS) == []


def test_segment_that_arrives_late_counts_at_the_next_look() -> None:
    look = QuietLook(LENGTHS, 1, 10)
    look.look([connection(1)], START + 2 * SECOND_NS, START + 3 * SECOND_NS, 4)
    assert len(look.found) == 1
    look.look([connection(1)], START + 2 * SECOND_NS, START + 3 * SECOND_NS, 5)
    assert look.found == []


def test_two_round_trips_are_waited_for() -> None:
    made = connection(1)
    made.originator.rtt_ns = SECOND_NS
    assert looks(made, SECOND_NS // 4, 5 * SECOND_NS) == [2]


@pytest.mark.parametrize(
    ("rtt_ns", "expected"), [(-1, 0), (SECOND_NS, 2 * SECOND_NS), (9 * SECOND_NS, 3 * SECOND_NS)]
)
def test_provisional_time_is_bounded(rtt_ns: int, expected: int) -> None:
    made = connection(1)
    made.responder.rtt_ns = rtt_ns
    assert provisional_ns(made) == expected


def test_limit_keeps_what_is_wanted_and_counts_the_rest() -> None:
    entries = [connection(number) for number in range(1, 9)]
    entries[6].observed = entries[7].observed = WANTED
    look = QuietLook(LENGTHS, 1, 3)
    look.wanted = WANTED
    look.look(list(entries), START, START + SECOND_NS, 5)
    assert [each.number for each in look.found if isinstance(each, Connection)] == [7, 8, 1]
    assert look.left_out == 5
