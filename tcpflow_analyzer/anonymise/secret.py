"""The key of an anonymisation, and the secrets of its parts that are made out of it.

Everything is replaced by what SHAKE256 gives for a secret and the original (FIPS 202; a sponge with
its key in front is a pseudo-random function, NIST SP 800-185 section 4). Who lacks the key can
neither go back nor try originals out.
"""

import hashlib
import secrets
from typing import Final

from tcpflow_analyzer.errors import UsageError

KEY_OCTETS: Final = 32


def new_key() -> bytes:
    """Make a key by chance."""
    return secrets.token_bytes(KEY_OCTETS)


def read_key(text: str, source: str) -> bytes:
    """Read a key as `write_key` gives it.

    Args:
        text: two hexadecimal digits for each octet, space around them.
        source: where it stands, for people.

    Raises:
        UsageError: it is none; the text does not appear in what is said.
    """
    try:
        key = bytes.fromhex(text.strip())
    except ValueError:
        key = b""
    if len(key) != KEY_OCTETS:
        raise UsageError(f"{source}: a key is {2 * KEY_OCTETS} hexadecimal digits, nothing else")
    return key


def write_key(key: bytes) -> str:
    """Write a key as a line of text."""
    return f"{key.hex()}\n"


def part_of(key: bytes, purpose: str) -> bytes:
    """Make the secret of one part out of the key: what one part shows says nothing of another."""
    return hashlib.shake_256(key + purpose.encode()).digest(KEY_OCTETS)


def pseudo_random(secret: bytes, what: bytes, octets: int) -> bytes:
    """Give octets that nobody without the secret can tell from chance.

    Args:
        secret: KEY_OCTETS octets.
        what: the same gives the same.
        octets: how many are wanted.
    """
    return hashlib.shake_256(secret + what).digest(octets)
