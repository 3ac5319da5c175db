"""Numbers of sockets: exact for IPv4, telling apart for the rest."""

import ipaddress

from tcpflow_analyzer.observer.socket_words import pair_word, socket_word
from tcpflow_analyzer.table.connection import Entry


def key(source: str, destination: str, scope: bytes = b"") -> bytes:
    ports = (40000).to_bytes(2, "big") + (80).to_bytes(2, "big")
    addresses = ipaddress.ip_address(source).packed + ipaddress.ip_address(destination).packed
    return addresses + ports + scope


def test_ipv4_socket_is_its_own_number() -> None:
    entry = Entry(key("192.0.2.1", "198.51.100.1"))
    assert socket_word(entry, 4, True) == 0xC000_0201 << 16 | 40000
    assert socket_word(entry, 4, False) == 0xC633_6401 << 16 | 80


def test_other_sockets_keep_their_port_and_differ_from_ipv4() -> None:
    entry = Entry(key("2001:db8::1", "2001:db8::2"))
    word = socket_word(entry, 16, False)
    assert word & 0xFFFF == 80
    assert word >> 48 != 0
    assert word < 2**61
    assert word >> 16 != socket_word(entry, 16, True) >> 16


def test_scope_tells_equal_addresses_apart() -> None:
    one = Entry(key("192.0.2.1", "198.51.100.1", b"\x00\x01"))
    two = Entry(key("192.0.2.1", "198.51.100.1", b"\x00\x02"))
    assert socket_word(one, 4, True) != socket_word(two, 4, True)


def test_pairs_of_many_sockets_differ() -> None:
    words = {pair_word(a, b << 16 | 80) for a in range(300) for b in range(300)}
    assert len(words) == 90_000
    assert all(0 <= word < 2**60 for word in words)
    assert pair_word(2**45 - 1, 2**61 - 1) < 2**60
