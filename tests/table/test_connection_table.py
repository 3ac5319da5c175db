"""A segment finds its entry in either direction, among thousands, and only its own."""

import random

import pytest

from tcpflow_analyzer.decode.segment import Segment, destination_word, source_word
from tcpflow_analyzer.table.connection import Entry
from tcpflow_analyzer.table.connection_table import ConnectionTable, LiveEntries, swapped

KEY = bytes((192, 0, 2, 1, 198, 51, 100, 1)) + (40000).to_bytes(2, "big") + b"\x00\x50"
KEY_V6 = bytes.fromhex("20010db8") + bytes(27) + b"\x01\x9c\x40\x00\x50"
SCOPED = KEY + b"\x00\x00\x00\x05"


def segment(key: bytes, address_len: int = 4) -> Segment:
    made = Segment()
    made.key = key
    made.address_len = address_len
    made.source, made.destination = source_word(key), destination_word(key)
    return made


@pytest.mark.parametrize(("key", "length"), [(KEY, 4), (SCOPED, 4), (KEY_V6, 16)])
def test_find_in_both_directions(key: bytes, length: int) -> None:
    table, entry = ConnectionTable(), Entry(key)
    assert table.find(segment(key, length)) is None
    table.put(entry)
    assert table.find(segment(key, length)) is entry
    assert table.from_originator
    assert table.find(segment(swapped(key, length), length)) is entry
    assert not table.from_originator


def test_swapped_twice_is_the_same_and_keeps_the_scope() -> None:
    assert swapped(SCOPED, 4)[12:] == SCOPED[12:]
    for key, length in ((KEY, 4), (SCOPED, 4), (KEY_V6, 16)):
        assert swapped(swapped(key, length), length) == key


def test_other_scope_is_another_socket_pair() -> None:
    table = ConnectionTable()
    table.put(Entry(KEY))
    assert table.find(segment(SCOPED)) is None


def test_drop_forgets_only_that_very_entry() -> None:
    table, entry = ConnectionTable(), Entry(KEY)
    table.put(entry)
    table.drop(Entry(KEY))
    assert table.holds(entry)
    table.drop(entry)
    assert not table.holds(entry)
    assert (table.find(segment(KEY)), table.count) == (None, 0)


@pytest.mark.parametrize("key", [KEY, SCOPED])
def test_replace_may_turn_the_direction(key: bytes) -> None:
    table, old, new = ConnectionTable(), Entry(key), Entry(swapped(key, 4))
    table.put(old)
    table.replace(old, new)
    assert table.find(segment(key)) is new
    assert not table.from_originator
    assert table.count == 1


def test_thousands_of_entries_come_and_go() -> None:
    source = random.Random(9293)
    table, entries = ConnectionTable(), {}
    for port in range(1, 5000):
        key = KEY[:8] + port.to_bytes(2, "big") + source.randbytes(2)
        entries[key] = Entry(key)
        table.put(entries[key])
    gone = [key for key in entries if source.random() < 0.5]
    for key in gone:
        table.drop(entries.pop(key))
    assert table.count == len(entries)
    assert all(table.find(segment(key)) is entry for key, entry in entries.items())
    assert all(table.find(segment(key)) is None for key in gone)


def test_holds_only_the_very_entry() -> None:
    for key in (KEY, KEY_V6):
        table, entry = ConnectionTable(), Entry(key)
        assert not table.holds(entry)
        table.put(entry)
        assert table.holds(entry)
        assert not table.holds(Entry(key))


def live(number: int) -> tuple[LiveEntries, list[Entry]]:
    entries = [Entry(KEY) for _ in range(number)]
    kept = LiveEntries()
    for entry in entries:
        kept.put(entry)
    return kept, entries


def test_live_entries_come_in_the_order_in_which_they_began() -> None:
    kept, entries = live(5)
    kept.drop(entries[1])
    kept.drop(entries[1])  # it is gone already
    later = Entry(KEY)
    kept.replace(entries[3], later)
    assert [each for each in kept.take_all() if each is not None] == [
        entries[0], entries[2], later, entries[4],
    ]  # fmt: skip
    assert kept.take_all() == []


def test_live_entries_keep_no_more_gaps_than_entries() -> None:
    kept, entries = live(20_000)
    for entry in entries[:-10]:
        kept.drop(entry)
    kept.put(Entry(KEY))
    assert len(kept.entries) == 11
    assert [kept.entries[each.position] for each in entries[-10:]] == entries[-10:]
    kept.drop(entries[-1])
    assert entries[-1] not in kept.entries
