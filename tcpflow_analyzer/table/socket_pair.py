"""The two sockets of a connection out of the table's key, for people and machine output."""

import ipaddress
from socket import AF_INET6, inet_ntoa, inet_ntop
from typing import NamedTuple


class SocketPair(NamedTuple):
    """Addresses and ports of both ends, in the direction of the key."""

    source: ipaddress.IPv4Address | ipaddress.IPv6Address
    source_port: int
    destination: ipaddress.IPv4Address | ipaddress.IPv6Address
    destination_port: int


def socket_pair(key: bytes, address_len: int) -> SocketPair:
    """Read a key as `Segment.key` lays it out.

    Args:
        key: source, destination, source port, destination port, then octets of the scope.
        address_len: 4 or 16.
    """
    ports = 2 * address_len
    return SocketPair(
        ipaddress.ip_address(key[:address_len]),
        int.from_bytes(key[ports : ports + 2], "big"),
        ipaddress.ip_address(key[address_len:ports]),
        int.from_bytes(key[ports + 2 : ports + 4], "big"),
    )


def service_key(key: bytes, address_len: int) -> bytes:
    """Source address, destination address and port: what one originator asks of one service."""
    ports = 2 * address_len
    return key[:ports] + key[ports + 2 : ports + 4]


def socket_text(key: bytes, address_len: int, of_source: bool) -> str:
    """`address:port` of one end of a key, IPv6 in brackets (RFC 5952 section 6)."""
    ports = 2 * address_len
    if of_source:
        address, port = key[:address_len], key[ports : ports + 2]
    else:
        address, port = key[address_len:ports], key[ports + 2 : ports + 4]
    number = int.from_bytes(port, "big")
    if address_len == 4:
        return f"{inet_ntoa(address)}:{number}"
    return f"[{inet_ntop(AF_INET6, address)}]:{number}"
