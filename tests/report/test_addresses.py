"""Addresses and sockets as text."""

import pytest

from support.report_samples import V6_KEY, make_connection
from tcpflow_analyzer.report.addresses import address_text, connection_addresses, socket_text


@pytest.mark.parametrize(
    ("octets", "interface", "expected"),
    [
        (bytes([192, 0, 2, 1]), None, "192.0.2.1"),
        (bytes([192, 0, 2, 1]), "eth0", "192.0.2.1"),
        (bytes(15) + b"\x01", "eth0", "::1"),
        (b"\xfe\x80" + bytes(13) + b"\x01", "eth0", "fe80::1%eth0"),
        (b"\xfe\x80" + bytes(13) + b"\x01", None, "fe80::1"),
        (b"\xfe\xbf" + bytes(13) + b"\x01", "3", "febf::1%3"),
        (b"\xfe\xc0" + bytes(13) + b"\x01", "3", "fec0::1"),
    ],
)
def test_address_text_of_version_and_scope(
    octets: bytes, interface: str | None, expected: str
) -> None:
    assert address_text(octets, interface) == expected


def test_connection_addresses_version_4_reads_the_key_in_its_direction() -> None:
    assert connection_addresses(make_connection()) == ("192.0.2.1", 40000, "192.0.2.2", 80)


def test_connection_addresses_version_6_gives_the_zone_to_link_local_only() -> None:
    connection = make_connection(key=V6_KEY)
    assert connection_addresses(connection, "eth0") == ("fe80::1%eth0", 40000, "2001:db8::2", 443)


def test_connection_addresses_ignores_octets_of_the_scope() -> None:
    connection = make_connection(key=V6_KEY + b"scope")
    connection.address_len = 16
    assert connection_addresses(connection)[1::2] == (40000, 443)


def test_socket_text_brackets_version_6() -> None:
    assert socket_text("192.0.2.1", 80) == "192.0.2.1:80"
    assert socket_text("2001:db8::1", 80) == "[2001:db8::1]:80"
