"""Checksums of what was replaced: good ones are good again, wrong ones wrong, unfinished ones so.

RFC 1071: ones' complement sums of 16-bit words, here as remainders of 65535, for which 2**16 is 1:
the remainder of all octets as one number is the sum. 0 and 65535 are the same sum.
"""

from typing import Final

_MODULUS: Final = 0xFFFF


def sum_of(octets: bytes) -> int:
    """The ones' complement sum of words, a last odd octet padded: 0 to 65534."""
    if len(octets) % 2:
        return (int.from_bytes(octets, "big") << 8) % _MODULUS
    return int.from_bytes(octets, "big") % _MODULUS


def pseudo_header(source: bytes, destination: bytes, protocol: int, length: int) -> int:
    """The sum over a pseudo header, RFC 9293 section 3.1 and RFC 8200 section 8.1.

    Args:
        source, destination: addresses, both of 4 or both of 16 octets.
        protocol: IP protocol number.
        length: octets of the segment or message.
    """
    return (sum_of(source + destination) + protocol + sum_of(length.to_bytes(4, "big"))) % _MODULUS


def renewed(stored: int, before: int, after: int, partial: tuple[int, int] | None = None) -> int:
    """Give what to store in place of a checksum.

    Args:
        stored: what stood there.
        before, after: sums of all that it covers, the field itself left out, as it was and as it
            has become.
        partial: sums of the pseudo header, as it was and as it has become: a sender that leaves
            the rest to its network card stores them (Linux CHECKSUM_PARTIAL). None where nobody
            does.

    Returns:
        The right value for a right one; 0 for 0; the pseudo header's sum for such; for a wrong one
        a value that is wrong by as much and none of the others.
    """
    right = _MODULUS - (after or _MODULUS)
    difference = (stored + before) % _MODULUS
    if difference == 0:
        return right
    if stored == 0:
        return 0
    unfinished = {0, right}
    if partial is not None:
        was, is_now = (each or _MODULUS for each in partial)
        if stored == was:
            return is_now
        if stored == was ^ 0xFFFF:
            return is_now ^ 0xFFFF
        unfinished |= {is_now, is_now ^ 0xFFFF}
    wrong = (right + difference) % _MODULUS
    while wrong in unfinished:
        wrong = (wrong + 1) % _MODULUS
    return wrong
