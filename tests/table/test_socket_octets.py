"""Octets of sockets given as numbers, those with the highest bit set too."""

import pytest
from librt.strings import BytesWriter

from tcpflow_analyzer.table.socket_octets import append_address, append_port


@pytest.mark.parametrize(
    ("address", "port"), [("192.0.2.1", 443), ("0.0.0.1", 0), ("255.255.255.255", 65535)]
)
def test_address_and_port_are_written_in_network_order(address: str, port: int) -> None:
    octets = bytes(map(int, address.split(".")))
    socket = int.from_bytes(octets, "big") << 16 | port
    writer = BytesWriter()
    append_address(writer, socket)
    append_port(writer, socket)
    assert writer.getvalue() == octets + port.to_bytes(2, "big")
