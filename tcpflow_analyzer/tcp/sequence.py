"""Sequence number arithmetic, RFC 9293 section 3.4: all comparisons are modulo 2**32.

Compiled: yes

Two number spaces occur. *Wrapped* numbers are the 32 bits of the header, 0 to 2**32-1. *Offsets*
are unwrapped: counted from the sender's initial sequence number, so that the SYN has offset 0, the
first octet of data offset 1, and a stream of any length never wraps (64 bits).
"""

from mypy_extensions import i64


def distance(later: i64, earlier: i64) -> i64:
    """Signed distance from `earlier` to `later`, both wrapped; -2**31 to 2**31-1.

    Exactly half the space apart counts as earlier (negative), as RFC 7323 section 5.2 does for
    timestamps; RFC 9293 leaves this case open.
    """
    difference: i64 = (later - earlier) & 0xFFFF_FFFF
    if difference >= 0x8000_0000:
        return difference - 0x1_0000_0000
    return difference


def unwrap(number: i64, origin: i64, reference: i64) -> i64:
    """Offset of a wrapped `number`: the one nearest to the offset `reference`.

    Args:
        number: wrapped sequence number, 0 to 2**32-1.
        origin: wrapped number of offset 0 (the initial sequence number).
        reference: an offset near which the answer is expected, such as SND.NXT.
    """
    return reference + distance(number, (origin + reference) & 0xFFFF_FFFF)
