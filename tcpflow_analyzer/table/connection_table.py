"""Finds the entry of a segment, whichever direction it has, and drops what is over.

Compiled: yes

One dictionary; an entry stands under the key in the direction of its originator. A segment of the
responder finds nothing under its own key and is looked up once more, swapped.
"""

from mypy_extensions import i64

from tcpflow_analyzer.table.connection import Entry


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
    """Entries by key.

    Attributes:
        entries: requests, connections and remembered records.
        from_originator: of the last `find` that found something: whether the segment had the
            direction of the entry's key.
    """

    def __init__(self) -> None:
        """Make an empty table."""
        self.entries: dict[bytes, Entry] = {}
        self.from_originator: bool = True

    def find(self, key: bytes, address_len: i64) -> Entry | None:
        """The entry of a segment with this key, or None; sets `from_originator`."""
        entry = self.entries.get(key)
        if entry is not None:
            self.from_originator = True
            return entry
        entry = self.entries.get(swapped(key, address_len))
        if entry is not None:
            self.from_originator = False
        return entry

    def put(self, entry: Entry) -> None:
        """Set or replace the entry of `entry.key`."""
        self.entries[entry.key] = entry

    def replace(self, old: Entry, new: Entry) -> None:
        """Put `new` where `old` was, though its key may have the other direction."""
        if old.key != new.key and self.entries.get(old.key) is old:
            del self.entries[old.key]
        self.entries[new.key] = new

    def drop(self, entry: Entry) -> None:
        """Forget an entry, if it is still the one that stands under its key."""
        if self.entries.get(entry.key) is entry:
            del self.entries[entry.key]

    def drop_key(self, key: bytes) -> None:
        """Forget whatever stands under a key."""
        self.entries.pop(key, None)
