"""What stands for the octets of a stream.

Rules: each octet is replaced by one that depends on the key, the direction of the connection and
the sequence number, and by no other octet of the same place. So octets that are sent again are the
same again, however they are cut; others in the same place are others; and an octet in another place
or another connection is replaced in another way. Nothing has to be remembered for that, and a
segment that is missing changes nothing.

An octet goes through a secret substitution between two secret masks of its place: the masks alone
(a stream cipher) would show by how much two octets in one place differ.
"""

from typing import Final

from tcpflow_analyzer.anonymise.permutation import Permutation
from tcpflow_analyzer.anonymise.secret import part_of, pseudo_random

_BLOCK_BITS: Final = 10
_BLOCK: Final = 1 << _BLOCK_BITS  # sequence numbers that get their masks at once
_BLOCKS: Final = 1 << (32 - _BLOCK_BITS)
_MOST_MASKS: Final = 1024  # of 2 kB each


class Payload:
    """Replaces payload."""

    def __init__(self, key: bytes) -> None:
        """Begin with a key."""
        self._secret = part_of(key, "payload")
        permutation = Permutation(part_of(key, "substitution"))
        self._table = b"".join(permutation.replace(bytes([octet])) for octet in range(256))
        self._masks: dict[tuple[bytes, int], bytes] = {}

    def replace(self, direction: bytes, seq: int, octets: bytes) -> bytes:
        """Give what stands for octets.

        Args:
            direction: tells the streams apart: addresses and ports of sender and receiver.
            seq: sequence number of the first octet, wrapped.
            octets: consecutive ones.
        """
        length = len(octets)
        if not length:
            return b""
        block, skipped = divmod(seq, _BLOCK)
        count = (skipped + length + _BLOCK - 1) // _BLOCK
        masks = [self._mask(direction, (block + each) % _BLOCKS) for each in range(count)]
        before = b"".join(mask[:_BLOCK] for mask in masks)[skipped : skipped + length]
        behind = b"".join(mask[_BLOCK:] for mask in masks)[skipped : skipped + length]
        return _both(_both(octets, before).translate(self._table), behind)

    def _mask(self, direction: bytes, block: int) -> bytes:
        """Give both masks of a block, one behind the other."""
        mask = self._masks.get((direction, block))
        if mask is None:
            if len(self._masks) >= _MOST_MASKS:
                self._masks.clear()
            what = len(direction).to_bytes(2, "big") + direction + block.to_bytes(4, "big")
            mask = self._masks[direction, block] = pseudo_random(self._secret, what, 2 * _BLOCK)
        return mask


def _both(octets: bytes, mask: bytes) -> bytes:
    """Exclusive or of as many octets."""
    both = int.from_bytes(octets, "big") ^ int.from_bytes(mask, "big")
    return both.to_bytes(len(octets), "big")
