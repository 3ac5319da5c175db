"""Keys in words."""

from ipaddress import ip_address

from tcpflow_analyzer.table.socket_pair import service_key, socket_pair, socket_text

KEY = bytes((192, 0, 2, 1, 198, 51, 100, 1)) + (40000).to_bytes(2, "big") + b"\x00\x50"
KEY_V6 = ip_address("2001:db8::1").packed + ip_address("2001:db8::2").packed + KEY[8:]


def test_socket_pair_reads_both_versions() -> None:
    assert socket_pair(KEY, 4) == (ip_address("192.0.2.1"), 40000, ip_address("198.51.100.1"), 80)
    assert socket_pair(KEY_V6, 16).destination == ip_address("2001:db8::2")
    assert socket_pair(KEY + b"scope", 4) == socket_pair(KEY, 4)


def test_service_key_leaves_the_source_port_out() -> None:
    other = KEY[:8] + (40001).to_bytes(2, "big") + KEY[10:]
    assert service_key(KEY, 4) == service_key(other, 4)
    assert service_key(KEY, 4) != service_key(KEY[:10] + b"\x00\x51", 4)


def test_socket_text_sets_brackets_around_ipv6() -> None:
    assert socket_text(KEY, 4, True) == "192.0.2.1:40000"
    assert socket_text(KEY, 4, False) == "198.51.100.1:80"
    assert socket_text(KEY_V6, 16, False) == "[2001:db8::2]:80"
