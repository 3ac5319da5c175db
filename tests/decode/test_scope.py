"""Scopes in words."""

from tcpflow_analyzer.decode.scope import NO_PLACE, TUNNELS_AT, read_scope
from tcpflow_analyzer.decode.segment import ABSENT

ENDS = bytes.fromhex("c0000201c0000202")


def test_no_scope() -> None:
    assert read_scope(b"") == ("", ABSENT, ABSENT, ABSENT)


def test_tunnel_alone() -> None:
    record = bytes.fromhex("030400000005") + ENDS
    scope = read_scope(NO_PLACE + record)
    assert scope == ("vxlan vni 5 192.0.2.1 192.0.2.2", ABSENT, ABSENT, ABSENT)


def test_tunnel_without_identifier() -> None:
    record = bytes.fromhex("0104ffffffff") + ENDS
    assert read_scope(NO_PLACE + record).tunnel == "gre 192.0.2.1 192.0.2.2"


def test_tunnels_are_told_outermost_first() -> None:
    ends = bytes.fromhex("20010db8" + "00" * 11 + "01" + "20010db8" + "00" * 11 + "02")
    records = bytes.fromhex("0010ffffffff") + ends + bytes.fromhex("050400000007") + ENDS
    assert read_scope(NO_PLACE + records).tunnel == (
        "ip 2001:db8::1 2001:db8::2, geneve vni 7 192.0.2.1 192.0.2.2"
    )


def test_interface_device_and_vlan() -> None:
    octets = bytes.fromhex("0000000003" + "0000000008" + "0006")
    assert len(octets) == TUNNELS_AT == len(NO_PLACE)
    assert read_scope(octets) == ("", 2, 7, 5)
