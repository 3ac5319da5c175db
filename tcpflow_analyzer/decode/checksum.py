"""The checksum of a TCP segment, and whether it was finished when it was captured.

Compiled: yes

RFC 9293 section 3.1, RFC 1071: the ones' complement sum over pseudo header and segment. Words of
any length and either order of octets give the same sum, so it is taken eight octets at a time in
the machine's order. A sender that leaves the sum to its network card stores the sum of the pseudo
header (Linux CHECKSUM_PARTIAL) or 0: that is unfinished, not bad.
"""

from typing import Final

from librt.strings import read_i16_le, read_i32_le, read_i64_le
from mypy_extensions import i64

from tcpflow_analyzer.decode.segment import Segment

NOT_VERIFIED: Final = 0  # not wholly captured
GOOD: Final = 1
UNFINISHED: Final = 2
BAD: Final = 3

_PROTOCOL_TCP: Final = 0x0600  # octets 0, 6 in little-endian order
_CHECKSUM_AT: Final = 16  # octets behind the beginning of the header


def verify(segment: Segment) -> i64:
    """Judge the checksum of a segment: NOT_VERIFIED, GOOD, UNFINISHED or BAD."""
    if segment.truncated:
        return NOT_VERIFIED
    buffer = segment.buffer
    start = segment.tcp_start
    end = segment.payload_start + segment.payload_len
    if end > len(buffer):
        return NOT_VERIFIED
    pseudo = _pseudo_header(segment, end - start)
    stored: i64 = i64(read_i16_le(buffer, start + _CHECKSUM_AT)) & 0xFFFF
    if _folded(pseudo + _sum(buffer, start, end)) == 0xFFFF:
        return GOOD
    if stored == 0 or stored == _folded(pseudo) or stored == _folded(pseudo) ^ 0xFFFF:
        return UNFINISHED
    return BAD


def computed(segment: Segment) -> i64:
    """What the checksum of a wholly captured segment should be, as sent."""
    buffer = segment.buffer
    start = segment.tcp_start
    end = segment.payload_start + segment.payload_len
    stored: i64 = i64(read_i16_le(buffer, start + _CHECKSUM_AT)) & 0xFFFF
    total = _pseudo_header(segment, end - start) + _sum(buffer, start, end)
    value = _folded(total + (stored ^ 0xFFFF)) ^ 0xFFFF
    return (value >> 8) | ((value & 0xFF) << 8)


def _pseudo_header(segment: Segment, length: i64) -> i64:
    """Sum over addresses, protocol and length, RFC 9293 3.1 and RFC 8200 8.1."""
    swapped: i64 = ((length & 0xFF) << 8) | ((length >> 8) & 0xFF)
    if length > 0xFFFF:
        swapped += ((length >> 16) & 0xFF) << 8  # a jumbogram: RFC 2675
    total = _PROTOCOL_TCP + swapped
    if segment.source >= 0:
        return total + _big_word(segment.source >> 16) + _big_word(segment.destination >> 16)
    key = segment.key
    return total + _sum(key, 0, 2 * segment.address_len)


def _big_word(address: i64) -> i64:
    """The sum that the four octets of an address give in little-endian order."""
    high: i64 = (address >> 16) & 0xFFFF
    low: i64 = address & 0xFFFF
    return ((high & 0xFF) << 8 | high >> 8) + ((low & 0xFF) << 8 | low >> 8)


def _sum(buffer: bytes, start: i64, end: i64) -> i64:
    """Sum of 32-bit words, below 2**48 for what an IP packet holds; an odd octet is padded."""
    total: i64 = 0
    at = start
    while at + 32 <= end:
        a: i64 = read_i64_le(buffer, at)
        b: i64 = read_i64_le(buffer, at + 8)
        c: i64 = read_i64_le(buffer, at + 16)
        d: i64 = read_i64_le(buffer, at + 24)
        total += (a & 0xFFFF_FFFF) + ((a >> 32) & 0xFFFF_FFFF)
        total += (b & 0xFFFF_FFFF) + ((b >> 32) & 0xFFFF_FFFF)
        total += (c & 0xFFFF_FFFF) + ((c >> 32) & 0xFFFF_FFFF)
        total += (d & 0xFFFF_FFFF) + ((d >> 32) & 0xFFFF_FFFF)
        at += 32
    while at + 4 <= end:
        total += i64(read_i32_le(buffer, at)) & 0xFFFF_FFFF
        at += 4
    if at + 2 <= end:
        total += i64(read_i16_le(buffer, at)) & 0xFFFF
        at += 2
    if at < end:
        total += buffer[at]
    return total


def _folded(total: i64) -> i64:
    """A sum with its carries added: 16 bits."""
    while total >> 16 != 0:
        total = (total & 0xFFFF) + (total >> 16)
    return total
