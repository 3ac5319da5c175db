"""Tells what comes again from what comes once, in constant memory.

Compiled: yes

A flood of random addresses brings hundreds of thousands of numbers once. Each has one place, found
by the number; what stands there and came only once gives way to what comes. What has come more
often is worn down first, so that under any load the frequent stay.
"""

from typing import Final

from mypy_extensions import i64

from tcpflow_analyzer.table.openings import Single, mixed

PLACES: Final = 4096  # a power of two


class Sieve:
    """Places for numbers that were seen lately.

    Attributes:
        worn: how often something that had come more than once gave way.
    """

    def __init__(self, window_ns: i64) -> None:
        """Make an empty sieve; what was first seen longer ago than `window_ns` is forgotten."""
        self.worn: i64 = 0
        self._window_ns: i64 = window_ns
        self._places: list[Single | None] = [None] * PLACES

    def note(self, word: i64, other: i64, time_ns: i64, frame: i64) -> Single | None:
        """See a number once more.

        Args:
            word: the number.
            other: what is kept beside it at the first time.
            time_ns, frame: of this time.

        Returns:
            Its place, whose `count` tells how often it was seen; None if there is no room.
        """
        index = mixed(word) & (PLACES - 1)
        place = self._places[index]
        if place is None:
            place = Single()
            self._places[index] = place
        elif time_ns - place.first_ns <= self._window_ns:
            if place.word == word:
                place.count += 1
                return place
            if place.count > 1:
                place.count -= 1
                if place.count == 1:
                    self.worn += 1
                return None
        place.word = word
        place.other = other
        place.first_ns = time_ns
        place.frame = frame
        place.count = 1
        return place

    def forget(self, place: Single) -> None:
        """Empty a place whose number has an entry elsewhere now."""
        place.word = -1
        place.count = 0
