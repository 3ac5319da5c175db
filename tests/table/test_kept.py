"""Entries by two numbers or by octets: found, dropped, and listed."""

from tcpflow_analyzer.table.counts import HostCensus, ServiceCensus
from tcpflow_analyzer.table.kept import KeptTable

CLIENT = 0xC000_0201  # 192.0.2.1
SERVER_443 = 0xC633_6401 << 16 | 443  # 198.51.100.1:443


def host(address: int) -> HostCensus:
    return HostCensus(address, None, 4, 0)


def test_entries_are_found_by_both_numbers() -> None:
    table: KeptTable[ServiceCensus] = KeptTable()
    entry = ServiceCensus(CLIENT, SERVER_443, None, 4, 0, 40000)
    table.put(entry)
    assert table.find(CLIENT, SERVER_443) is entry
    assert table.find(CLIENT, SERVER_443 + 1) is None
    assert table.find(CLIENT + 1, SERVER_443) is None


def test_entries_by_octets_stand_beside_those_by_number() -> None:
    table: KeptTable[HostCensus] = KeptTable()
    scoped = HostCensus(-1, bytes((192, 0, 2, 1, 0, 7)), 4, 0)
    table.put(scoped)
    table.put(host(CLIENT))
    assert table.find_key(scoped.key) is scoped
    assert sorted(each.key for each in table.all()) == [bytes((192, 0, 2, 1)), scoped.key]
    table.drop(scoped)
    table.drop(scoped)
    assert (table.count, table.find_key(scoped.key)) == (1, None)


def test_table_grows_and_shrinks() -> None:
    table: KeptTable[HostCensus] = KeptTable()
    entries = [host(CLIENT + 77 * i) for i in range(5000)]
    for each in entries:
        table.put(each)
    assert sorted(table.all(), key=lambda each: each.key) == entries
    for each in entries[::2]:
        table.drop(each)
        table.drop(each)
    assert sorted(table.all(), key=lambda each: each.key) == entries[1::2]
    assert table.count == 2500
    assert all(table.find(each.first_word, 0) is each for each in entries[1::2])
    assert all(table.find(each.first_word, 0) is None for each in entries[::2])
