"""A keyed permutation of octet strings that keeps how many leading octets two of them share.

Octet by octet: which octet stands for another depends on the key and on all octets before it, as in
Crypto-PAn (Xu, Fan, Ammar, Moon 2002), there bit by bit. Octets may be bound to a group, within
which they are exchanged: that keeps a class of addresses (loopback, multicast) in itself, which
Crypto-PAn cannot, and shows nothing of the other octets.
"""

import struct
from collections.abc import Callable, Collection, Sequence
from typing import Final

from tcpflow_analyzer.anonymise.secret import pseudo_random

# The octets that are exchanged among themselves behind a prefix; those in no group are one.
Groups = Callable[[bytes], Sequence[Collection[int]]]

# Bounds of memory: 256 octets a table; addresses that come again are looked up.
_MOST_TABLES: Final = 65_536
_MOST_KNOWN: Final = 65_536


def no_groups(_: bytes) -> Sequence[Collection[int]]:
    """Exchange every octet with every other."""
    return ()


def keep_zeros(prefix: bytes) -> Sequence[Collection[int]]:
    """Let a string of zeros stand for itself."""
    return () if any(prefix) else ((0,),)


class Permutation:
    """Replaces octet strings, each by one of its length, no two by the same."""

    def __init__(self, secret: bytes, groups: Groups = no_groups) -> None:
        """Make a permutation.

        Args:
            secret: the same gives the same permutation.
            groups: which octets stay among themselves, by the octets before them.
        """
        self._secret = secret
        self._groups = groups
        self._tables: dict[bytes, bytes] = {}
        self._known: dict[bytes, bytes] = {}

    def replace(self, octets: bytes) -> bytes:
        """Give what stands for these octets."""
        replaced = self._known.get(octets)
        if replaced is None:
            if len(self._known) >= _MOST_KNOWN:
                self._known.clear()
            places = range(len(octets))
            replaced = bytes(self._table(octets[:place])[octets[place]] for place in places)
            self._known[octets] = replaced
        return replaced

    def _table(self, prefix: bytes) -> bytes:
        """Give what stands for each octet behind a prefix."""
        table = self._tables.get(prefix)
        if table is None:
            if len(self._tables) >= _MOST_TABLES:
                self._tables.clear()
            table = self._tables[prefix] = self._make_table(prefix)
        return table

    def _make_table(self, prefix: bytes) -> bytes:
        # Sorting by words of 32 bits gives every order alike, but for about one in 10**5 tables,
        # in which two words are the same and their octets stay in order.
        words = struct.unpack("<256I", pseudo_random(self._secret, prefix, 1024))
        rest = set(range(256))
        table = bytearray(256)
        for group in (*self._groups(prefix), rest):
            members = sorted(group)
            for octet, other in zip(members, sorted(members, key=words.__getitem__), strict=True):
                table[octet] = other
            rest -= set(members)
        return bytes(table)
