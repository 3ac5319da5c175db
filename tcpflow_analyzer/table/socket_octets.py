"""Octets of sockets that are given as numbers, address << 16 | port.

Compiled: yes
"""

from librt.strings import BytesWriter, write_i16_be, write_i32_be
from mypy_extensions import i16, i32, i64


def append_address(key: BytesWriter, socket: i64) -> None:
    """Append the address of a socket given as a number."""
    # The writer takes signed numbers.
    write_i32_be(key, i32((((socket >> 16) & 0xFFFF_FFFF) ^ 0x8000_0000) - 0x8000_0000))


def append_port(key: BytesWriter, socket: i64) -> None:
    """Append the port of a socket given as a number."""
    write_i16_be(key, i16(((socket & 0xFFFF) ^ 0x8000) - 0x8000))
