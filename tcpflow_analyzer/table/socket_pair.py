"""Addresses and sockets of the table's keys as text.

Neither `socket` nor `ipaddress` is imported before an IPv6 address is written: together they cost
as much as the analysis of ten thousand frames.
"""


def address_text(octets: bytes) -> str:
    """An address of 4 or 16 octets, in network order, as text (IPv6: RFC 5952)."""
    if len(octets) == 4:
        return f"{octets[0]}.{octets[1]}.{octets[2]}.{octets[3]}"
    from socket import AF_INET6, inet_ntop  # noqa: PLC0415  see above

    return inet_ntop(AF_INET6, octets)


def socket_text(key: bytes, address_len: int, of_source: bool) -> str:
    """`address:port` of one end of a key, IPv6 in brackets (RFC 5952 section 6).

    Args:
        key: source, destination, source port, destination port, then octets of the scope.
        address_len: 4 or 16.
        of_source: which end.
    """
    ports = 2 * address_len
    if of_source:
        address, port = key[:address_len], key[ports : ports + 2]
    else:
        address, port = key[address_len:ports], key[ports + 2 : ports + 4]
    text = address_text(address)
    number = int.from_bytes(port, "big")
    return f"{text}:{number}" if address_len == 4 else f"[{text}]:{number}"
