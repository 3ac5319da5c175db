"""Keys as octets and as numbers, observations by kind and endpoint."""

from tcpflow_analyzer.table.connection import Connection, Entry, key_of_words
from tcpflow_analyzer.table.observation import FIN_REPEATED, KEPT, SYN_REPEATED
from tcpflow_analyzer.table.stream_observation import STREAM

KEY = bytes((192, 0, 2, 1, 198, 51, 100, 1)) + (40000).to_bytes(2, "big") + b"\x00\x50"
KEY_V6 = bytes.fromhex("20010db8") + bytes(28) + b"\x9c\x40\x00\x50"
SOURCE = 0xC000_0201 << 16 | 40000
DESTINATION = 0xC633_6401 << 16 | 80


def test_entry_of_ipv4_sockets_knows_them_as_numbers() -> None:
    entry = Entry(KEY)
    assert (entry.source, entry.destination) == (SOURCE, DESTINATION)
    assert entry.key == KEY


def test_entry_of_ipv6_or_scoped_sockets_has_no_numbers() -> None:
    for key in (KEY_V6, KEY + b"\x01\x02\x03\x04"):
        entry = Entry(key)
        assert (entry.source, entry.destination) == (-1, -1)
        assert entry.key == key


def test_entry_makes_its_key_of_numbers_when_asked() -> None:
    entry = Entry(KEY_V6)
    entry.set_words(DESTINATION, SOURCE)
    assert entry.key == key_of_words(DESTINATION, SOURCE)
    assert entry.key == KEY[4:8] + KEY[:4] + KEY[10:12] + KEY[8:10]
    entry.key = KEY
    assert entry.source == SOURCE


def test_connection_endpoint_by_direction() -> None:
    connection = Connection(KEY, 7)
    assert connection.endpoint(True) is connection.originator
    assert connection.endpoint(False) is connection.responder
    assert connection.originator.is_originator
    assert not connection.responder.is_originator


def test_connection_notes_are_told_by_kind_and_endpoint() -> None:
    connection = Connection(KEY, 7)
    connection.note(SYN_REPEATED, True, 3, 30, 1, 2, 0)
    connection.note(SYN_REPEATED, False, 4, 40, 1, 2, 0)
    connection.note(FIN_REPEATED, True, 5, 50, 1, 2, 0)
    assert connection.observed == SYN_REPEATED | FIN_REPEATED
    tally = connection.tally(SYN_REPEATED, True)
    assert tally is not None
    assert (tally.count, tally.last.frame) == (1, 3)
    assert connection.tally(FIN_REPEATED, False) is None


def test_connection_notes_of_both_words_stay_apart() -> None:
    connection = Connection(KEY, 7)
    connection.note(STREAM | 0x1, False, 3, 30, 0, 0, 0)
    connection.note(0x1, False, 4, 40, 0, 0, 0)
    assert (connection.observed, connection.stream_observed) == (1, 1)
    first, second = connection.tally(STREAM | 0x1, False), connection.tally(0x1, False)
    assert first is not None
    assert second is not None
    assert (first.last.frame, second.last.frame) == (3, 4)


def test_connection_counts_all_notes_and_keeps_the_first_and_the_last() -> None:
    connection = Connection(KEY, 7)
    for frame in range(1, 21):
        connection.note(SYN_REPEATED, True, frame, frame * 10, 0, 0, 0)
    tally = connection.tally(SYN_REPEATED, True)
    assert tally is not None
    assert tally.count == 20
    assert [each.frame for each in tally.kept] == list(range(1, KEPT + 1))
    assert tally.last.frame == 20
