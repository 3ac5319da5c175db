"""What a scope number stands for: the tunnels, the interface, the VLAN around a connection.

Compiled: yes

A scope's octets are interface + 1 (5 octets, 0 for none), Linux cooked interface index + 1 (5),
VLAN id + 1 (2), then one record for each tunnel, outermost first, as `tunnels.enter_tunnel` writes
them.
"""

from typing import Final, NamedTuple

from tcpflow_analyzer.decode.segment import ABSENT
from tcpflow_analyzer.decode.tunnels import KIND_NAMES, NO_IDENTIFIER, RECORD_HEAD_LEN

TUNNELS_AT: Final = 12
NO_PLACE: Final = b"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"


class Scope(NamedTuple):
    """A scope in words.

    Attributes:
        tunnel: the tunnels, outermost first, as in "vxlan vni 5 192.0.2.1 192.0.2.2"; "" for none.
            The ends stand in numerical order, as both directions belong to one scope.
        interface: index of the capture interface of link-local addresses, from 0, or ABSENT.
        device: interface index that the captured system gave it (Linux cooked v2), or ABSENT.
        vlan: VLAN id where VLANs separate connections, or ABSENT.
    """

    tunnel: str
    interface: int
    device: int
    vlan: int


def read_scope(octets: bytes) -> Scope:
    """Make a scope out of its octets; of none for b""."""
    if not octets:
        return Scope("", ABSENT, ABSENT, ABSENT)
    return Scope(
        _tunnel_name(octets[TUNNELS_AT:]),
        int.from_bytes(octets[0:5], "big") - 1,
        int.from_bytes(octets[5:10], "big") - 1,
        int.from_bytes(octets[10:12], "big") - 1,
    )


def _tunnel_name(records: bytes) -> str:
    """Tell the tunnels of `Layer.tunnel`."""
    import ipaddress  # noqa: PLC0415  few captures have tunnels

    names: list[str] = []
    position = 0
    while position < len(records):
        kind = records[position]
        octets = records[position + 1]
        identifier = int.from_bytes(records[position + 2 : position + RECORD_HEAD_LEN], "big")
        position += RECORD_HEAD_LEN
        first = ipaddress.ip_address(records[position : position + octets])
        position += octets
        second = ipaddress.ip_address(records[position : position + octets])
        position += octets
        name, identifier_name = KIND_NAMES[kind]
        if identifier != NO_IDENTIFIER and identifier_name:
            name = f"{name} {identifier_name} {identifier}"
        names.append(f"{name} {first} {second}")
    return ", ".join(names)
