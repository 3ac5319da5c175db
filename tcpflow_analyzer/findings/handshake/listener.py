"""Which listener a connection went to. Registers nothing."""

from tcpflow_analyzer.settings import Settings
from tcpflow_analyzer.table.connection import Connection


def most_listeners(settings: Settings) -> int:
    """How many listeners one host-wide finding keeps apart."""
    return 4 * settings.max_hosts


def listener_key(connection: Connection) -> bytes:
    """Address and port of the responder, with the scope octets of the key."""
    length = int(connection.address_len)
    ports = 2 * length
    key = bytes(connection.key)
    return key[length:ports] + key[ports + 2 :]
