"""Which listener a connection went to. Registers nothing."""

from typing import Final

from tcpflow_analyzer.table.connection import Connection

LISTENERS_KEPT: Final = 65536  # listeners that one host-wide finding keeps apart


def listener_key(connection: Connection) -> bytes:
    """Address and port of the responder, with the scope octets of the key."""
    length = int(connection.address_len)
    ports = 2 * length
    key = bytes(connection.key)
    return key[length:ports] + key[ports + 2 :]
