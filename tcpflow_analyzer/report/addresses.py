"""Addresses and sockets as people and machine output read them.

Link-local addresses carry their interface, as in fe80::1%eth0 (RFC 4007 section 11).

Compiled: yes
"""

from tcpflow_analyzer.findings.finding import ipv4_text
from tcpflow_analyzer.table import socket_pair
from tcpflow_analyzer.table.connection import Connection


def address_text(octets: bytes, interface: str | None = None) -> str:
    """Write an address of 4 or 16 octets.

    Args:
        octets: of the address, in network order.
        interface: name of the interface, which link-local IPv6 addresses get as their zone.
    """
    text = socket_pair.address_text(octets)
    if interface and len(octets) == 16 and octets[0] == 0xFE and octets[1] & 0xC0 == 0x80:
        return f"{text}%{interface}"
    return text


def connection_addresses(
    connection: Connection, interface: str | None = None
) -> tuple[str, int, str, int]:
    """Address and port of the originator, then of the responder.

    Args:
        connection: its key is in the direction of its originator.
        interface: see `address_text`.
    """
    if connection.source >= 0:
        source, destination = connection.source, connection.destination
        return (
            ipv4_text(source >> 16),
            source & 0xFFFF,
            ipv4_text(destination >> 16),
            destination & 0xFFFF,
        )
    key, address_len = connection.key, connection.address_len
    ports = 2 * address_len
    return (
        address_text(key[:address_len], interface),
        key[ports] << 8 | key[ports + 1],
        address_text(key[address_len:ports], interface),
        key[ports + 2] << 8 | key[ports + 3],
    )


def socket_text(address: str, port: int) -> str:
    """Write `address:port`, with brackets around an IPv6 address (RFC 3986 section 3.2.2)."""
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"
