"""A table of counts about hosts, services and listeners, by address or socket. State only.

Compiled: yes

IPv4 without a scope is found by two numbers, which costs one look at a bucket and makes no object;
anything else by octets. What is no longer worth counting leaves again.
"""

from abc import ABCMeta, abstractmethod
from typing import Final, Generic, TypeVar, cast

from mypy_extensions import i64, mypyc_attr

from tcpflow_analyzer.table.secret import secret

_FIRST_SIZE: Final = 1024  # buckets; a power of two


@mypyc_attr(acyclic=True)
class Kept(metaclass=ABCMeta):
    """What stands in a `KeptTable`.

    Attributes:
        first_word, second_word: the numbers it is found by, -1 where it is found by octets.
        next_kept: the next one in the same bucket.
    """

    def __init__(self, first: i64, second: i64, key: bytes | None) -> None:
        """Begin under two numbers from 0 below 2**48, or with -1 and -1 under a key."""
        self.first_word: i64 = first
        self.second_word: i64 = second
        self.next_kept: Kept | None = None
        self._key: bytes | None = key

    @property
    def key(self) -> bytes:
        """The octets it is found by, or would be."""
        key = self._key
        if key is None:
            key = self.octets()
            self._key = key
        return key

    @abstractmethod
    def octets(self) -> bytes:
        """What `key` is for the two numbers; each kind of count writes its own."""


KeptT = TypeVar("KeptT", bound=Kept)


class KeptTable(Generic[KeptT]):
    """Entries by two numbers, or by octets.

    Attributes:
        count: how many there are.
    """

    def __init__(self) -> None:
        """Begin with none."""
        self.count: i64 = 0
        self._buckets: list[Kept | None] = [None] * _FIRST_SIZE
        self._mask: i64 = _FIRST_SIZE - 1
        self._others: dict[bytes, Kept] = {}
        # They differ from process to process, so that nobody can aim connections at one bucket.
        self._low_first: i64 = secret(b"low half, first number")
        self._high_first: i64 = secret(b"high half, first number")
        self._low_second: i64 = secret(b"low half, second number")
        self._high_second: i64 = secret(b"high half, second number")

    def find(self, first: i64, second: i64) -> KeptT | None:
        """The entry of two numbers, or None."""
        entry = self._buckets[self._index(first, second)]
        while entry is not None and (entry.first_word != first or entry.second_word != second):
            entry = entry.next_kept
        return cast("KeptT | None", entry)

    def find_key(self, key: bytes) -> KeptT | None:
        """The entry that is found by octets, or None."""
        return cast("KeptT | None", self._others.get(key))

    def put(self, entry: KeptT) -> None:
        """Add an entry; nothing may be there under its numbers or octets."""
        self.count += 1
        if entry.first_word < 0:
            self._others[entry.key] = entry
            return
        if self.count > self._mask:
            self._grow()
        self._place(entry)

    def drop(self, entry: KeptT) -> None:
        """Take an entry out, if it is there."""
        if entry.first_word < 0:
            if self._others.pop(entry.key, None) is not None:
                self.count -= 1
            return
        index = self._index(entry.first_word, entry.second_word)
        before: Kept | None = None
        each = self._buckets[index]
        while each is not None and each is not entry:
            before = each
            each = each.next_kept
        if each is None:
            return
        if before is None:
            self._buckets[index] = entry.next_kept
        else:
            before.next_kept = entry.next_kept
        entry.next_kept = None
        self.count -= 1

    def all(self) -> list[KeptT]:
        """All entries, in no order."""
        found = list(self._others.values())
        for head in self._buckets:
            entry = head
            while entry is not None:
                found.append(entry)
                entry = entry.next_kept
        return cast("list[KeptT]", found)

    def _index(self, first: i64, second: i64) -> i64:
        """Bucket of two numbers below 2**48: a multilinear hash, as in connection_table.py."""
        mixed = (
            (first & 0xFF_FFFF) * self._low_first
            + (first >> 24) * self._high_first
            + (second & 0xFF_FFFF) * self._low_second
            + (second >> 24) * self._high_second
        )
        return (mixed ^ (mixed >> 20) ^ (mixed >> 40)) & self._mask

    def _place(self, entry: Kept) -> None:
        index = self._index(entry.first_word, entry.second_word)
        entry.next_kept = self._buckets[index]
        self._buckets[index] = entry

    def _grow(self) -> None:
        old = self._buckets
        size = 2 * (self._mask + 1)
        self._buckets = [None] * size
        self._mask = size - 1
        for head in old:
            entry = head
            while entry is not None:
                following = entry.next_kept
                self._place(entry)
                entry = following
