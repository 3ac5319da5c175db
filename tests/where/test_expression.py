"""Parts of a compiled expression."""

from ipaddress import ip_network

from tcpflow_analyzer.where.expression import (
    COMPARE,
    AddressIn,
    All,
    Any,
    Comparison,
    Expression,
    IsTrue,
    Not,
    constant,
)
from tcpflow_analyzer.where.fields import Subject

NOTHING = Subject(None, ())
YES: Expression = IsTrue(constant(True))
NO: Expression = IsTrue(constant(False))


def test_joined_parts() -> None:
    assert All([YES, YES]).holds(NOTHING)
    assert not All([YES, NO]).holds(NOTHING)
    assert Any([NO, YES]).holds(NOTHING)
    assert not Any([NO, NO]).holds(NOTHING)
    assert Not(NO).holds(NOTHING)


def test_comparison_holds_if_any_pair_does() -> None:
    assert Comparison(constant(1, 9), COMPARE["<"], constant(2)).holds(NOTHING)
    assert not Comparison(constant(3, 9), COMPARE["<"], constant(2)).holds(NOTHING)
    assert not Comparison(constant(), COMPARE["=="], constant(2)).holds(NOTHING)


def test_text_comparisons() -> None:
    assert COMPARE["startswith"]("RS004", "RS")
    assert COMPARE["endswith"]("RS004", "4")
    assert COMPARE["contains"]("RS004", "S0")
    assert not COMPARE["contains"]("RS004", "rs")


def test_address_in_network_with_zone_and_of_the_other_family() -> None:
    networks = [ip_network("192.0.2.0/24"), ip_network("fe80::/10")]
    for address, inside in (
        ("192.0.2.7", True),
        ("198.51.100.7", False),
        ("fe80::1%eth0", True),
        ("2001:db8::1", False),
    ):
        part = AddressIn(constant(address), networks)
        assert part.holds(NOTHING) == inside
        assert part.holds(NOTHING) == inside  # remembered
