"""A frame, or a datagram put together, on its way to one that tells nothing.

What nobody copies or replaces is 0: what is not known to be harmless does not get out.
"""

from typing import Final, NamedTuple

from tcpflow_analyzer.anonymise.addresses import Addresses
from tcpflow_analyzer.anonymise.checksums import pseudo_header, renewed, sum_of
from tcpflow_analyzer.anonymise.payload import Payload
from tcpflow_analyzer.anonymise.permutation import Permutation, keep_zeros
from tcpflow_analyzer.anonymise.secret import part_of, pseudo_random

_MOST_COPIES: Final = 16_384  # checksums that are remembered for copies
_HEAD: Final = 8  # octets that a segment and its copies share: ports and sequence number


class Substitutes:
    """What stands for each kind of thing, all by one key.

    Attributes:
        addresses: for addresses. payload: for octets of streams.
        copies: checksums of the latest segments, by what they begin with and what was stored.
    """

    def __init__(self, key: bytes) -> None:
        """Begin with a key."""
        self.addresses = Addresses(key)
        self.payload = Payload(key)
        self._values = part_of(key, "values")
        self._checksums = Permutation(part_of(key, "checksums"), keep_zeros)
        self.copies: dict[tuple[int, bytes, int], int] = {}

    def value(self, octets: bytes) -> bytes:
        """Replace a cookie, a digest or a token: the same by the same."""
        return pseudo_random(self._values, octets, len(octets))

    def checksum(self, stored: int) -> int:
        """Replace a checksum over octets that were not captured: it would tell their sum."""
        return int.from_bytes(self._checksums.replace(stored.to_bytes(2, "big")), "big")


class Sum(NamedTuple):
    """A checksum that is to be renewed once everything that it covers is final.

    Attributes:
        at: where it stands.
        start, end: what it covers, itself included.
        is_whole: whether all of that was captured.
        pseudo: sums of the pseudo header that it covers too, before and after; None without one.
    """

    at: int
    start: int
    end: int
    is_whole: bool
    pseudo: tuple[int, int] | None = None


class Draft:
    """Octets as they were, and as they become.

    Attributes:
        octets: as they were. out: as they become, at first zeros.
    """

    def __init__(self, octets: bytes, substitutes: Substitutes) -> None:
        """Begin with zeros."""
        self.octets = octets
        self.out = bytearray(len(octets))
        self.substitutes = substitutes
        self._sums: list[Sum] = []

    def keep(self, start: int, end: int) -> None:
        """Copy octets as they are."""
        self.out[start:end] = self.octets[start:end]

    def link_addresses(self, start: int, count: int = 1, length: int = 6) -> None:
        """Replace `count` addresses of links of `length` octets each, one behind the other."""
        replace = self.substitutes.addresses.link
        for place in range(count):
            at = start + place * length
            self.out[at : at + length] = replace(self.octets[at : at + length])

    def internet_addresses(self, start: int, count: int, length: int) -> None:
        """Replace `count` IP addresses of `length` octets each, one behind the other."""
        replace = self.substitutes.addresses.internet
        for place in range(count):
            at = start + place * length
            self.out[at : at + length] = replace(self.octets[at : at + length])

    def value(self, start: int, end: int) -> None:
        """Replace a cookie, a digest or a token."""
        self.out[start:end] = self.substitutes.value(self.octets[start:end])

    def pseudo(
        self, source: bytes, destination: bytes, protocol: int, length: int
    ) -> tuple[int, int]:
        """Sums of a pseudo header before and after; `source`, `destination`: as they were."""
        replace = self.substitutes.addresses.internet
        return (
            pseudo_header(source, destination, protocol, length),
            pseudo_header(replace(source), replace(destination), protocol, length),
        )

    def renew(self, checksum: Sum) -> None:
        """Have a checksum renewed when the frame is complete."""
        self._sums.append(checksum)

    def finish(self) -> bytes:
        """Renew the checksums, the innermost first, and give what has become."""
        for checksum in reversed(self._sums):
            stored = int.from_bytes(self.octets[checksum.at : checksum.at + 2], "big")
            value = self._renewed(checksum, stored)
            self.out[checksum.at : checksum.at + 2] = value.to_bytes(2, "big")
        self._sums.clear()
        return bytes(self.out)

    def _renewed(self, checksum: Sum, stored: int) -> int:
        pseudo = checksum.pseudo
        if checksum.is_whole:
            before, after = pseudo or (0, 0)
            before += _sum_without(self.octets, checksum)
            after += _sum_without(self.out, checksum)
            value = renewed(stored, before % 0xFFFF, after % 0xFFFF, pseudo)
            return value if pseudo is None else self._of_copy(checksum, stored, value, after)
        if pseudo is not None and stored == (pseudo[0] or 0xFFFF):
            return pseudo[1] or 0xFFFF
        return self.substitutes.checksum(stored)

    def _of_copy(self, checksum: Sum, stored: int, value: int, after: int) -> int:
        """Give a damaged copy the checksum that its original got: both had the same (CP006)."""
        copies = self.substitutes.copies
        if len(copies) >= _MOST_COPIES:
            copies.clear()
        head = self.octets[checksum.start : checksum.start + _HEAD]
        ends = checksum.pseudo[0] if checksum.pseudo else 0
        known = copies.setdefault((ends, head, stored), value)
        is_right = (value + after) % 0xFFFF == 0
        would_be_right = known == 0 or (known + after) % 0xFFFF == 0
        return value if is_right or would_be_right else known


def _sum_without(octets: bytes | bytearray, checksum: Sum) -> int:
    """The sum over what a checksum covers, itself left out; it stands at an even place."""
    before = bytes(octets[checksum.start : checksum.at])
    return sum_of(before) + sum_of(bytes(octets[checksum.at + 2 : checksum.end]))
