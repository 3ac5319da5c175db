"""Addresses and sockets of keys as text."""

from ipaddress import ip_address

from tcpflow_analyzer.table.socket_pair import address_text, socket_text

KEY = bytes((192, 0, 2, 1, 198, 51, 100, 1)) + (40000).to_bytes(2, "big") + b"\x00\x50"
KEY_V6 = ip_address("2001:db8::1").packed + ip_address("2001:db8::2").packed + KEY[8:]


def test_address_text_of_both_versions() -> None:
    assert address_text(KEY[:4]) == "192.0.2.1"
    assert address_text(b"\xff\0\x0a\xff") == "255.0.10.255"
    assert address_text(KEY_V6[16:32]) == "2001:db8::2"
    assert address_text(ip_address("::ffff:192.0.2.1").packed) == "::ffff:192.0.2.1"


def test_socket_text_sets_brackets_around_ipv6() -> None:
    assert socket_text(KEY, 4, True) == "192.0.2.1:40000"
    assert socket_text(KEY, 4, False) == "198.51.100.1:80"
    assert socket_text(KEY_V6, 16, False) == "[2001:db8::2]:80"
