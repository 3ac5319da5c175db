"""What comes again stays, what comes once gives way."""

from tcpflow_analyzer.observer.sieve import PLACES, Sieve
from tcpflow_analyzer.table.openings import mixed

WINDOW = 100


def colliding(word: int) -> int:
    """Another number with the same place."""
    other = word + 1
    while mixed(other) % PLACES != mixed(word) % PLACES:
        other += 1
    return other


def test_number_is_counted_within_the_window() -> None:
    sieve = Sieve(WINDOW)
    counts = []
    for time_ns in (10, 60, 110, 111):
        place = sieve.note(7, 70, time_ns, time_ns)
        assert place is not None
        counts.append(place.count)
    assert counts == [1, 2, 3, 1]


def test_first_time_is_kept() -> None:
    sieve = Sieve(WINDOW)
    sieve.note(7, 70, 10, 1)
    place = sieve.note(7, 71, 20, 2)
    assert place is not None
    assert (place.other, place.first_ns, place.frame) == (70, 10, 1)


def test_lone_number_gives_way_at_once() -> None:
    sieve = Sieve(WINDOW)
    sieve.note(7, 0, 10, 1)
    place = sieve.note(colliding(7), 0, 11, 2)
    assert place is not None
    assert place.count == 1
    assert sieve.worn == 0


def test_frequent_number_is_worn_down_first() -> None:
    sieve = Sieve(WINDOW)
    for _ in range(3):
        sieve.note(7, 0, 10, 1)
    other = colliding(7)
    assert sieve.note(other, 0, 11, 2) is None
    assert sieve.note(other, 0, 12, 3) is None
    assert sieve.worn == 1
    assert sieve.note(other, 0, 13, 4) is not None


def test_forgotten_number_begins_anew() -> None:
    sieve = Sieve(WINDOW)
    place = sieve.note(7, 0, 10, 1)
    assert place is not None
    sieve.forget(place)
    again = sieve.note(7, 0, 11, 2)
    assert again is not None
    assert again.count == 1
