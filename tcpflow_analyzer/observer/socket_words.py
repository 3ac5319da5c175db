"""Numbers for addresses and sockets, by which counts about them are found.

Compiled: yes

An IPv4 socket without a scope is its own number, address << 16 | port. Any other address (IPv6, or
in a tunnel) is a hash of 44 bits with a mark above, so that a socket's number is always the
address's << 16 | port. Two of the latter may share a number once in 2**44.
"""

from typing import Final

from mypy_extensions import i64

from tcpflow_analyzer.table.connection import Entry

_HASH_BITS: Final = 0xFFF_FFFF_FFFF  # 44 of them
_MARK: Final = 0x1000_0000_0000  # bit 44: no IPv4 address


def socket_word(entry: Entry, address_len: i64, of_originator: bool) -> i64:
    """Number of one socket of an entry."""
    word = entry.source if of_originator else entry.destination
    if word >= 0:
        return word
    key = entry.key
    ports = 2 * address_len
    address = key[:address_len] if of_originator else key[address_len:ports]
    at = ports if of_originator else ports + 2
    hashed: i64 = hash(address + key[ports + 4 :]) & _HASH_BITS
    port: i64 = (i64(key[at]) << 8) | i64(key[at + 1])
    return (hashed | _MARK) << 16 | port


def pair_word(source: i64, destination: i64) -> i64:
    """One number of 60 bits for two; equal pairs have equal numbers, others hardly ever."""
    # Products of 20 and 40 bits, sums below 2**62.
    low: i64 = (source & 0xF_FFFF) * 0x9E_3779_B97F + ((source >> 20) & 0xF_FFFF) * 0xC2_B2AE_3D27
    mid: i64 = (source >> 40) * 0x1656_67B1 + (destination >> 40) * 0x27D4_EB2F
    high: i64 = (destination & 0xF_FFFF) * 0x85_EBCA_77C3 + (
        (destination >> 20) & 0xF_FFFF
    ) * 0xFF_51AF_D7ED
    return ((low ^ (high >> 7)) + (high << 1) + mid) & 0xFFF_FFFF_FFFF_FFFF
