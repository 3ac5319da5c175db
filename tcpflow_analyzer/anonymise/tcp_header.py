"""The TCP header: all of it stays but what identifies somebody.

Ports, sequence numbers, control bits, windows and the options that every stack sends are what an
analysis is about. Cookies, digests, tokens and options of unknown content are replaced, the same by
the same; lengths stay.
"""

from typing import Final

from tcpflow_analyzer.anonymise.draft import Draft, Sum
from tcpflow_analyzer.decode.tcp_header import HEADER_LEN
from tcpflow_analyzer.tcp import options as kinds

CHECKSUM_AT: Final = 16
PROTOCOL_TCP: Final = 6
_SYN_AT: Final = 13
_SYN: Final = 0x02

# Options of nothing but numbers, and how long they are; others of these kinds are malformed.
_LENGTHS: Final = {
    kinds.MAXIMUM_SEGMENT_SIZE: (4,),
    kinds.WINDOW_SCALE: (3,),
    kinds.SACK_PERMITTED: (2,),
    kinds.SACK: tuple(range(2, 41, 8)),
    kinds.TIMESTAMPS: (10,),
    kinds.USER_TIMEOUT: (4,),
    kinds.ACCURATE_ECN_0: (2, 5, 8, 11),
    kinds.ACCURATE_ECN_1: (2, 5, 8, 11),
}
# How many octets behind kind and length say what an option is, of those that identify somebody.
_HEADS: Final = {
    kinds.MULTIPATH: 1,  # subtype; more of it: _multipath_head
    kinds.AUTHENTICATION: 2,  # numbers of keys
    kinds.EXPERIMENT_1: 2,  # whose experiment, RFC 6994
    kinds.EXPERIMENT_2: 2,
}

# MPTCP data sequence signal, RFC 8684 section 3.3: subtype, and which numbers are there.
_DATA_SEQUENCE: Final = 2
_DATA_ACK: Final = 0x01
_DATA_ACK_OF_8: Final = 0x02
_MAPPING: Final = 0x04
_MAPPING_OF_8: Final = 0x08


def tcp_segment(
    draft: Draft, start: int, end: int, wire_end: int, source: bytes, destination: bytes
) -> None:
    """Write a segment, or as much of it as was captured or quoted.

    Args:
        draft: of the frame.
        start: where the header begins.
        end, wire_end: where what was captured ends, and what was sent.
        source, destination: addresses as they were.
    """
    octets = draft.octets
    fixed_end = min(start + HEADER_LEN, end)
    draft.keep(start, fixed_end)
    if end - start >= CHECKSUM_AT + 2:
        pseudo = draft.pseudo(source, destination, PROTOCOL_TCP, wire_end - start)
        draft.renew(Sum(start + CHECKSUM_AT, start, end, end == wire_end, pseudo))
    if end - start < HEADER_LEN:
        return
    header_len = octets[start + 12] >> 4 << 2
    if header_len < HEADER_LEN or header_len > wire_end - start:
        return
    payload_start = start + header_len
    _options(draft, fixed_end, min(payload_start, end), payload_start)
    if payload_start < end:
        direction = source + destination + octets[start : start + 4]
        seq = int.from_bytes(octets[start + 4 : start + 8], "big")
        if octets[start + _SYN_AT] & _SYN:
            seq = (seq + 1) & 0xFFFF_FFFF
        draft.out[payload_start:end] = draft.substitutes.payload.replace(
            direction, seq, octets[payload_start:end]
        )


def _options(draft: Draft, start: int, end: int, header_end: int) -> None:
    """Write the options between `start` and `end`; the header goes on to `header_end`."""
    octets = draft.octets
    at = start
    while at < end:
        kind = octets[at]
        if kind == kinds.END_OF_LIST:
            _padding(draft, at, end)
            return
        if kind == kinds.NO_OPERATION:
            draft.out[at] = kind
            at += 1
            continue
        draft.keep(at, min(at + 2, end))
        length = octets[at + 1] if at + 1 < end else 0
        if length < 2 or at + length > header_end:
            draft.value(min(at + 2, end), end)
            return
        _option(draft, kind, at + 2, min(at + length, end), length)
        at += length


def _option(draft: Draft, kind: int, start: int, end: int, length: int) -> None:
    """Write the content of an option, which stands between `start` and `end`."""
    if length in _LENGTHS.get(kind, ()):
        draft.keep(start, end)
        return
    head = min(start + _HEADS.get(kind, 0), end)
    if kind == kinds.MULTIPATH and end - start >= 2:
        head = min(start + _multipath_head(draft.octets[start], draft.octets[start + 1]), end)
    draft.keep(start, head)
    draft.value(head, end)


def _multipath_head(first: int, flags: int) -> int:
    """Octets of an MPTCP option that stay: subtype, flags or id, and numbers of data.

    Keys, tokens, addresses and a checksum over data do not.
    """
    if first >> 4 != _DATA_SEQUENCE:
        return 2
    head = 2
    if flags & _DATA_ACK:
        head += 8 if flags & _DATA_ACK_OF_8 else 4
    if flags & _MAPPING:
        head += (8 if flags & _MAPPING_OF_8 else 4) + 6  # of the subflow: number and length
    return head


def _padding(draft: Draft, start: int, end: int) -> None:
    """Write what follows END OF LIST: zeros, and something else where there was (OP003)."""
    for at in range(start, end):
        draft.out[at] = 0xFF if draft.octets[at] else 0
