"""Unsigned big-endian integers out of octets.

Compiled: yes

Every caller has checked that the octets are there; reading beyond them is an IndexError and a bug.
"""

from librt.strings import read_i16_be, read_i16_le, read_i32_be, read_i32_le
from mypy_extensions import i64


def read_u16(buffer: bytes, index: i64) -> i64:
    """Two octets in network order, 0 to 2**16-1."""
    return i64(read_i16_be(buffer, index)) & 0xFFFF


def read_u32(buffer: bytes, index: i64) -> i64:
    """Four octets in network order, 0 to 2**32-1."""
    return i64(read_i32_be(buffer, index)) & 0xFFFF_FFFF


def read_u16_little(buffer: bytes, index: i64) -> i64:
    """Two octets, least significant first, 0 to 2**16-1."""
    return i64(read_i16_le(buffer, index)) & 0xFFFF


def read_u32_little(buffer: bytes, index: i64) -> i64:
    """Four octets, least significant first, 0 to 2**32-1."""
    return i64(read_i32_le(buffer, index)) & 0xFFFF_FFFF
