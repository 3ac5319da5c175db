"""Entries found by number."""

from tcpflow_analyzer.table.openings import Counted, WordTable, mixed


def test_entries_are_found_by_their_number() -> None:
    table = WordTable()
    words = [0, 1, 2**60, 2**48 - 1, *range(10_000, 14_000, 2)]
    for word in words:
        table.put(Counted(word))
    for word in words:
        found = table.find(word)
        assert found is not None
        assert found.word == word
    assert table.find(10_001) is None
    assert [entry.word for entry in table.entries] == words


def test_numbers_are_spread_without_overflow() -> None:
    for word in (0, 2**61 - 1, 2**24 - 1):
        assert 0 <= mixed(word) < 2**62
    assert len({mixed(word << 16) & 4095 for word in range(4096)}) > 2000


def test_numbers_chosen_to_meet_do_not() -> None:
    """Who knows this program knows `mixed`, but not the secret of a process."""
    table = WordTable()
    chosen = [word for word in range(400_000) if mixed(word) & 1023 == 5][:300]
    assert len({table._index(word) for word in chosen}) > 200
