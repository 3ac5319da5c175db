"""Finds the entry of a segment, whichever direction it has, and drops what is over.

Compiled: yes

IPv4 sockets without a scope, nearly all there are, are two numbers and stand in a hash table of
our own: its hash is the same for both directions, so a segment is found with one look and nothing
is allocated. Everything else stands in a dictionary under the key in the direction of its
originator.
"""

from typing import Final

from mypy_extensions import i64

from tcpflow_analyzer.decode.segment import Segment
from tcpflow_analyzer.table.connection import Entry
from tcpflow_analyzer.table.secret import secret

_FIRST_SIZE: Final = 1024  # buckets; a power of two
_MOST_GAPS: Final = 4096  # in LiveEntries, beyond as many as there are entries


def swapped(key: bytes, address_len: i64) -> bytes:
    """The key of the other direction (decode/segment.py says how keys are laid out)."""
    ports = 2 * address_len
    return (
        key[address_len:ports]
        + key[:address_len]
        + key[ports + 2 : ports + 4]
        + key[ports : ports + 2]
        + key[ports + 4 :]
    )


class ConnectionTable:
    """Entries by socket pair.

    Attributes:
        from_originator: of the last `find` that found something: whether the segment had the
            direction of the entry.
        count: entries in the table.
    """

    def __init__(self) -> None:
        """Make an empty table."""
        self.from_originator: bool = True
        self.count: i64 = 0
        self._others: dict[bytes, Entry] = {}
        self._buckets: list[Entry | None] = [None] * _FIRST_SIZE
        self._mask: i64 = _FIRST_SIZE - 1
        # They differ from process to process, so that nobody can aim segments at one bucket.
        self._low_lesser: i64 = secret(b"low half, lesser socket")
        self._high_lesser: i64 = secret(b"high half, lesser socket")
        self._low_greater: i64 = secret(b"low half, greater socket")
        self._high_greater: i64 = secret(b"high half, greater socket")

    def _index(self, source: i64, destination: i64) -> i64:
        """Bucket of a socket pair, the same for both directions.

        A multilinear hash: two pairs meet only for few of all secret factors, whatever they are.
        """
        lesser = source if source < destination else destination
        greater = destination if source < destination else source
        # Products of 24 and 36 bits; four of them stay below 2**62.
        mixed = (
            (lesser & 0xFF_FFFF) * self._low_lesser
            + (lesser >> 24) * self._high_lesser
            + (greater & 0xFF_FFFF) * self._low_greater
            + (greater >> 24) * self._high_greater
        )
        return (mixed ^ (mixed >> 20) ^ (mixed >> 40)) & self._mask

    def find(self, segment: Segment) -> Entry | None:
        """The entry of a segment, or None; sets `from_originator`."""
        source = segment.source
        if source < 0:
            return self._find_other(segment)
        destination = segment.destination
        entry = self._buckets[self._index(source, destination)]
        while entry is not None:
            if entry.source == source and entry.destination == destination:
                self.from_originator = True
                return entry
            if entry.source == destination and entry.destination == source:
                self.from_originator = False
                return entry
            entry = entry.next_entry
        return None

    def _find_other(self, segment: Segment) -> Entry | None:
        entry = self._others.get(segment.key)
        if entry is not None:
            self.from_originator = True
            return entry
        entry = self._others.get(swapped(segment.key, segment.address_len))
        if entry is not None:
            self.from_originator = False
        return entry

    def put(self, entry: Entry) -> None:
        """Add an entry; the socket pair must not be in the table, in either direction."""
        self.count += 1
        if entry.source < 0:
            self._others[entry.key] = entry
            return
        if self.count > self._mask:
            self._grow()
        index = self._index(entry.source, entry.destination)
        entry.next_entry = self._buckets[index]
        self._buckets[index] = entry

    def holds(self, entry: Entry) -> bool:
        """Whether this very entry is in the table."""
        if entry.source < 0:
            return self._others.get(entry.key) is entry
        other = self._buckets[self._index(entry.source, entry.destination)]
        while other is not None:
            if other is entry:
                return True
            other = other.next_entry
        return False

    def drop(self, entry: Entry) -> None:
        """Forget an entry, if it is this very one that is in the table."""
        if entry.source < 0:
            if self._others.get(entry.key) is entry:
                del self._others[entry.key]
                self.count -= 1
            return
        index = self._index(entry.source, entry.destination)
        before: Entry | None = None
        other = self._buckets[index]
        while other is not None:
            following = other.next_entry
            if other is entry:
                if before is None:
                    self._buckets[index] = following
                else:
                    before.next_entry = following
                entry.next_entry = None
                self.count -= 1
                return
            before = other
            other = following

    def replace(self, old: Entry, new: Entry) -> None:
        """Put `new` where `old` was; it is the same socket pair, perhaps the other direction."""
        self.drop(old)
        self.put(new)

    def _grow(self) -> None:
        """Double the buckets."""
        old = self._buckets
        size = 2 * (self._mask + 1)
        self._buckets = [None] * size
        self._mask = size - 1
        for first in old:
            entry = first
            while entry is not None:
                following = entry.next_entry
                index = self._index(entry.source, entry.destination)
                entry.next_entry = self._buckets[index]
                self._buckets[index] = entry
                entry = following


class LiveEntries:
    """Entries that are not handed over yet, in the order in which they began.

    Keeps no entry that was dropped: what is over leaves memory at once.

    Attributes:
        entries: the entries, None where one was dropped.
        count: of those that are there.
    """

    def __init__(self) -> None:
        """Begin with none."""
        self.entries: list[Entry | None] = []
        self.count: i64 = 0

    def put(self, entry: Entry) -> None:
        """Add an entry that began now."""
        entries = self.entries
        if len(entries) > 2 * self.count + _MOST_GAPS:
            self._close_gaps()
            entries = self.entries
        entry.position = len(entries)
        entries.append(entry)
        self.count += 1

    def replace(self, old: Entry, new: Entry) -> None:
        """Put `new` in the place of `old`, in which it began."""
        position = old.position
        old.position = -1
        new.position = position
        self.entries[position] = new

    def drop(self, entry: Entry) -> None:
        """Forget an entry, if it is there."""
        position = entry.position
        if position >= 0 and position < len(self.entries):
            entry.position = -1
            self.entries[position] = None
            self.count -= 1

    def take_all(self) -> list[Entry | None]:
        """All entries in order, None between them; afterwards nothing is kept here."""
        entries = self.entries
        self.entries = []
        self.count = 0
        return entries

    def _close_gaps(self) -> None:
        kept: list[Entry | None] = []
        for entry in self.entries:
            if entry is not None:
                entry.position = len(kept)
                kept.append(entry)
        self.entries = kept
