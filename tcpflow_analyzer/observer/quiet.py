"""Which connections fell quiet since the last look, each once for every time that matters.

Compiled: yes

In: the entries of an engine. Out: those whose silence has reached a length between two looks.
Nothing is kept of a connection, so that a look costs memory only for what it finds.
"""

from typing import Final

from mypy_extensions import i64

from tcpflow_analyzer.table.connection import (
    OUTCOME_COMPLETED,
    OUTCOME_MIDSTREAM,
    Connection,
    Entry,
    Request,
)

_SECOND: Final = 1_000_000_000
# Something may still be on its way for two round trips, but this is waited for at most.
_LONGEST_PROVISIONAL: Final = 3 * _SECOND


class QuietLook:
    """One look.

    Attributes:
        found: what fell quiet, first that of which something was observed that is wanted, else in
            the order in which it began.
        left_out: what fell quiet besides, beyond `most`.
        wanted, stream_wanted: masks of observations, of the two words that a connection has.
    """

    def __init__(self, lengths: list[int], retried: int, most: int) -> None:
        """Say what is looked for.

        Args:
            lengths: of silence that matter, ascending, nanoseconds.
            retried: index of the length from which on an attempt that failed is looked at.
            most: how much one look gives.
        """
        self.found: list[Entry] = []
        self.left_out: i64 = 0
        self.wanted: i64 = 0
        self.stream_wanted: i64 = 0
        self._others: list[Entry] = []
        self._lengths: list[int] = lengths
        self._retried: i64 = retried
        self._most: i64 = most

    def look(
        self, entries: list[Entry | None], after_ns: i64, until_ns: i64, known_frames: i64
    ) -> None:
        """Find what reached a length of silence after `after_ns` and by `until_ns`.

        Args:
            entries: of an engine.
            after_ns, until_ns: times of the last look and of this one.
            known_frames: frames that had come by the last look: what came later counts even where
                its time is earlier.
        """
        self.found = []
        self.left_out = 0
        self._others = []
        shortest: i64 = self._lengths[0]
        for entry in entries:
            if isinstance(entry, Connection):
                last_ns: i64 = entry.last_time_ns
                if entry.finished or last_ns + shortest > until_ns:
                    continue
                first: i64 = 0
                if OUTCOME_MIDSTREAM < entry.outcome < OUTCOME_COMPLETED:
                    first = self._retried
                provisional = provisional_ns(entry)
                is_new = entry.last_frame > known_frames
                if self._is_due(last_ns, first, provisional, is_new, after_ns, until_ns):
                    is_wanted = (
                        entry.observed & self.wanted != 0
                        or entry.stream_observed & self.stream_wanted != 0
                    )
                    self._take(entry, is_wanted)
            elif isinstance(entry, Request):
                if entry.number == 0 or entry.reset_frame != 0:
                    continue  # one that was refused leaves by itself when it is time
                is_new = entry.last_frame > known_frames
                if self._is_due(entry.last_time_ns, self._retried, 0, is_new, after_ns, until_ns):
                    self._take(entry, True)
        room: i64 = self._most - len(self.found)
        self.left_out += max(len(self._others) - room, 0)
        self.found.extend(self._others[:room])
        self._others = []

    def _is_due(
        self,
        last_ns: i64,
        first: i64,
        provisional: i64,
        is_new: bool,
        after_ns: i64,
        until_ns: i64,
    ) -> bool:
        """Whether one of the lengths from index `first` on was reached in between."""
        lengths = self._lengths
        for index in range(first, len(lengths)):
            length: i64 = lengths[index]
            if length < provisional:
                length = provisional
            at = last_ns + length
            if at > until_ns:
                return False
            if at > after_ns or is_new:
                return True
        return False

    def _take(self, entry: Entry, is_wanted: bool) -> None:
        if is_wanted and len(self.found) < self._most:
            self.found.append(entry)
        elif not is_wanted and len(self._others) < self._most:
            self._others.append(entry)
        else:
            self.left_out += 1


def provisional_ns(connection: Connection) -> i64:
    """How long something may still come that is on its way: two round trips."""
    trips = connection.originator.rtt_ns
    if connection.responder.rtt_ns > trips:
        trips = connection.responder.rtt_ns
    if trips < 0:
        return 0
    if trips > _LONGEST_PROVISIONAL // 2:
        return _LONGEST_PROVISIONAL
    return 2 * trips
