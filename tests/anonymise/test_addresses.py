"""What stands for addresses: prefixes and kinds stay, nothing else does."""

import ipaddress
from ipaddress import IPv4Address, IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.anonymity import KEY, OTHER_KEY
from tcpflow_analyzer.anonymise.addresses import Addresses

ADDRESSES = Addresses(KEY)

# An address of each never turns into one outside.
KINDS = [
    ipaddress.ip_network(text)
    for text in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "224.0.0.0/4",
        "240.0.0.0/4",
        "::ffff:0:0/96",
        "64:ff9b::/96",
        "2001::/32",
        "2002::/16",
        "fc00::/8",
        "fd00::/8",
        "fe80::/10",
        "fe80::/64",
        "ff00::/8",
        "ff02::/16",
        "2000::/3",
    )
]
THEMSELVES = ("0.0.0.0", "255.255.255.255", "::", "::1")  # noqa: S104 -- nobody listens

# Octets that the kinds are made of are met more often than chance would have it.
NOTABLE = st.sampled_from([0, 1, 2, 10, 100, 127, 169, 172, 192, 168, 254, 255, 224, 240, 32, 252])
OCTET = NOTABLE | st.integers(0, 255)
IPV4 = st.lists(OCTET, min_size=4, max_size=4).map(bytes)
IPV6 = st.lists(OCTET, min_size=16, max_size=16).map(bytes) | st.builds(
    lambda network, host: (int(network.network_address) | host).to_bytes(16, "big"),
    st.sampled_from([network for network in KINDS if network.version == 6]),
    st.integers(0, 2**32 - 1),
)


def replaced(text: str, addresses: Addresses = ADDRESSES) -> IPv4Address | IPv6Address:
    return ipaddress.ip_address(addresses.internet(ipaddress.ip_address(text).packed))


def kinds_of(octets: bytes) -> list[bool]:
    address = ipaddress.ip_address(octets)
    return [address in network for network in KINDS]


@given(IPV4 | IPV6)
def test_kind_stays(octets: bytes) -> None:
    assert kinds_of(ADDRESSES.internet(octets)) == kinds_of(octets)


@given(IPV4, st.integers(0, 3), IPV4)
def test_common_prefix_of_octets_stays_and_none_is_added(
    one: bytes, kept: int, other: bytes
) -> None:
    other = one[:kept] + other[kept:]
    for length in range(1, 5):
        after = ADDRESSES.internet(one)[:length] == ADDRESSES.internet(other)[:length]
        assert after == (one[:length] == other[:length])


@given(IPV6, st.integers(0, 15), IPV6)
def test_common_prefix_of_ipv6_stays(one: bytes, kept: int, other: bytes) -> None:
    other = one[:kept] + other[kept:]
    for length in range(1, 17):
        after = ADDRESSES.internet(one)[:length] == ADDRESSES.internet(other)[:length]
        assert after == (one[:length] == other[:length])


@pytest.mark.parametrize("text", THEMSELVES)
def test_addresses_that_name_nobody_stay(text: str) -> None:
    assert str(replaced(text)) == text


def test_key_decides() -> None:
    texts = ["192.0.2.1", "198.51.100.7", "10.1.2.3", "127.0.0.1", "2001:db8::1", "fe80::1"]
    first = [replaced(text) for text in texts]
    assert first == [replaced(text, Addresses(KEY)) for text in texts]
    assert all(
        one != other and str(one) != text
        for one, other, text in zip(
            first, (replaced(text, Addresses(OTHER_KEY)) for text in texts), texts, strict=True
        )
    )


def test_ipv4_within_ipv6_is_the_same_as_alone() -> None:
    alone = replaced("192.0.2.1").packed
    assert replaced("::ffff:192.0.2.1").packed[12:] == alone
    assert replaced("64:ff9b::192.0.2.1").packed[12:] == alone
    assert replaced("2002:c000:201::1").packed[2:6] == alone


@given(st.binary(min_size=6, max_size=6))
def test_link_address_keeps_multicast_and_local_bit(octets: bytes) -> None:
    after = ADDRESSES.link(octets)
    assert after[0] & 3 == octets[0] & 3
    assert len(after) == 6


def test_broadcast_and_no_address_of_a_link_stay() -> None:
    assert ADDRESSES.link(b"\xff" * 6) == b"\xff" * 6
    assert ADDRESSES.link(bytes(6)) == bytes(6)
    one, other = ADDRESSES.link(b"\x00\x1b\x21abc"), ADDRESSES.link(b"\x00\x1b\x21abd")
    assert one[:5] == other[:5]
    assert one != other
    assert one[:3] != b"\x00\x1b\x21"
    assert len(ADDRESSES.link(b"12345678")) == 8
