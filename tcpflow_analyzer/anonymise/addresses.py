"""What stands for IP addresses and for those of links.

Rules: addresses that share 8, 16 or 24 leading bits share as many afterwards, and no more; an
address of a special kind (private, loopback, link-local, multicast, broadcast, unspecified: RFC
6890, RFC 4291) stays of that kind. IPv6 is treated octet by octet likewise. Addresses of links keep
the two bits that say multicast and locally administered (IEEE 802, clause 8.2).
"""

from collections.abc import Collection, Sequence
from typing import Final

from tcpflow_analyzer.anonymise.permutation import Permutation
from tcpflow_analyzer.anonymise.secret import part_of

_IPV4_OCTETS: Final = 4
_LINK_OCTETS: Final = 6  # IEEE 802; other links have addresses of other lengths

# A first octet that stands for itself either is of one kind as a whole or holds a range of one.
_IPV4_FIRST: Final = (
    *((octet,) for octet in (0, 10, 100, 127, 169, 172, 192, 255)),
    range(224, 240),  # multicast
    range(240, 255),  # reserved
)
_IPV4_SECOND: Final = {
    100: (range(64, 128),),  # shared by carriers, RFC 6598
    169: ((254,),),  # link-local, RFC 3927
    172: (range(16, 32),),  # private, RFC 1918
    192: ((168,),),
}

_MAPPED: Final = bytes(10) + b"\xff\xff"  # IPv4 in IPv6, RFC 4291 section 2.5.5.2
_TRANSLATED: Final = bytes.fromhex("0064ff9b") + bytes(8)  # RFC 6052 section 2.1
_SIX_TO_FOUR: Final = b"\x20\x02"  # RFC 3056
_IPV6_FIRST: Final = (
    *((octet,) for octet in (0x00, 0x20, 0xFC, 0xFD, 0xFE, 0xFF)),
    range(0x21, 0x40),  # global unicast, as is most behind 0x20
)
_LINK_LOCAL: Final = b"\xfe\x80" + bytes(6)
_IPV6_FIXED: Final = (_MAPPED, _TRANSLATED, b"\x20\x01\x00\x00", _SIX_TO_FOUR, _LINK_LOCAL)


class Addresses:
    """Replaces addresses: the same by the same, others by others."""

    def __init__(self, key: bytes) -> None:
        """Begin with a key."""
        self._ipv4 = Permutation(part_of(key, "ipv4"), _ipv4_groups)
        self._ipv6 = Permutation(part_of(key, "ipv6"), _ipv6_groups)
        self._link = Permutation(part_of(key, "link"), _link_groups)

    def internet(self, octets: bytes) -> bytes:
        """Replace an IPv4 or IPv6 address; one that holds an IPv4 address holds its substitute."""
        if len(octets) == _IPV4_OCTETS:
            return self._ipv4.replace(octets)
        replaced = self._ipv6.replace(octets)
        if octets.startswith((_MAPPED, _TRANSLATED)):
            return octets[:12] + self._ipv4.replace(octets[12:])
        if octets.startswith(_SIX_TO_FOUR):
            return octets[:2] + self._ipv4.replace(octets[2:6]) + replaced[6:]
        return replaced

    def link(self, octets: bytes) -> bytes:
        """Replace the address of a link, of whatever length."""
        return self._link.replace(octets)


def _ipv4_groups(prefix: bytes) -> Sequence[Collection[int]]:
    if not prefix:
        return _IPV4_FIRST
    if len(prefix) == 1 and prefix[0] in _IPV4_SECOND:
        return _IPV4_SECOND[prefix[0]]
    return _constant(prefix)


def _ipv6_groups(prefix: bytes) -> Sequence[Collection[int]]:
    if not prefix:
        return _IPV6_FIRST
    groups: list[Collection[int]] = []
    if prefix[0] == 0xFF and len(prefix) == 1:
        return [(octet,) for octet in range(256)]  # flags and scope of a multicast address
    if prefix == b"\xfe":
        groups += [range(0x81, 0xC0), range(0xC0, 0x100)]  # fe80::/10, site-local
    singles = {fixed[len(prefix)] for fixed in _IPV6_FIXED if _continues(fixed, prefix)}
    if not any(prefix):
        singles.add(0)
        if len(prefix) == 15:
            singles.add(1)  # ::1
    groups += [(octet,) for octet in sorted(singles)]
    return groups


def _continues(fixed: bytes, prefix: bytes) -> bool:
    return len(prefix) < len(fixed) and fixed.startswith(prefix)


def _link_groups(prefix: bytes) -> Sequence[Collection[int]]:
    if prefix:
        return _constant(prefix)
    ends = {0x00, 0xFF}
    kinds = ([octet for octet in range(256) if octet & 3 == kind] for kind in range(4))
    return [
        *((octet,) for octet in sorted(ends)),
        *([octet for octet in kind if octet not in ends] for kind in kinds),
    ]


def _constant(prefix: bytes) -> Sequence[Collection[int]]:
    """Keep 0.0.0.0, 255.255.255.255 and the like."""
    first = prefix[0]
    return ((first,),) if first in {0, 255} and prefix.count(first) == len(prefix) else ()
