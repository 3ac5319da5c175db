"""Names of the ICMP errors that a SYN may draw. Registers nothing."""

from typing import Final

# RFC 792 and RFC 1122 section 3.2.2.1; RFC 1812 section 5.2.7.1 for 9, 10, 13.
_ICMP: Final = {
    (3, 0): "net unreachable",
    (3, 1): "host unreachable",
    (3, 2): "protocol unreachable",
    (3, 3): "port unreachable",
    (3, 4): "fragmentation needed",
    (3, 9): "net administratively prohibited",
    (3, 10): "host administratively prohibited",
    (3, 13): "communication administratively prohibited",
    (11, 0): "time to live exceeded",
    (11, 1): "reassembly time exceeded",
}
# RFC 4443 sections 3.1 to 3.3.
_ICMPV6: Final = {
    (1, 0): "no route to destination",
    (1, 1): "administratively prohibited",
    (1, 2): "beyond scope of source address",
    (1, 3): "address unreachable",
    (1, 4): "port unreachable",
    (1, 5): "source address failed policy",
    (1, 6): "reject route",
    (2, 0): "packet too big",
    (3, 0): "hop limit exceeded",
    (3, 1): "reassembly time exceeded",
}


def icmp_error_name(address_len: int, kind: int, code: int) -> str:
    """Words for an ICMP (address_len 4) or ICMPv6 (16) error; "type T code C" where unknown."""
    names = _ICMP if address_len == 4 else _ICMPV6
    return names.get((kind, code), f"type {kind} code {code}")
