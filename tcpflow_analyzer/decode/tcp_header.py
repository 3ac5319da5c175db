"""From octets to the fields and options of a TCP header.

Compiled: yes

RFC 9293 section 3.1; the options: see tcp/options.py. Nothing here fails: a header that breaks the
format gives a reason, an option that does ends the reading of options.
"""

from typing import Final

from librt.strings import read_i64_be
from mypy_extensions import i64

from tcpflow_analyzer.decode.octets import read_u16, read_u32
from tcpflow_analyzer.decode.reasons import TCP_HEADER_MALFORMED, TCP_HEADER_TRUNCATED
from tcpflow_analyzer.decode.segment import (
    ABSENT,
    ODD_ACK_FIELD,
    ODD_NEGOTIATION,
    ODD_OPTIONS,
    ODD_RESERVED,
    ODD_SACK,
    ODD_URGENT,
    TCP_SEGMENT,
    UNDECODED,
    Segment,
)
from tcpflow_analyzer.tcp.control_bits import ACK, SYN
from tcpflow_analyzer.tcp.options import (
    AUTHENTICATION,
    END_OF_LIST,
    EXPERIMENT_1,
    EXPERIMENT_2,
    FAST_OPEN,
    FAST_OPEN_MAGIC,
    MAXIMUM_SEGMENT_SIZE,
    MD5_SIGNATURE,
    MULTIPATH,
    NO_OPERATION,
    SACK,
    SACK_PERMITTED,
    TIMESTAMPS,
    USER_TIMEOUT,
    WINDOW_SCALE,
)

HEADER_LEN: Final = 20
QUOTED_LEN: Final = 8  # octets of a segment that every ICMP error quotes, RFC 792

# NOP, NOP, timestamps of length 10: how all common systems begin the options of a segment without
# SYN (RFC 7323 appendix A).
TIMESTAMPS_ALIGNED: Final = 0x0101_080A
TIMESTAMPS_ALIGNED_LEN: Final = 12

MANY_FILLERS: Final = 4  # NO OPERATIONs in a row: something was taken out, as Wireshark puts it
_SECOND_NS: Final = 1_000_000_000
_MINUTE_NS: Final = 60 * _SECOND_NS


def read_segment(buffer: bytes, start: i64, end: i64, wire_end: i64, segment: Segment) -> i64:
    """Read header and options into `segment`.

    Args:
        buffer: octets that hold the segment.
        start: where the TCP header begins.
        end: end of the captured octets, not beyond `wire_end`.
        wire_end: end of the segment according to the IP header.
        segment: where the fields go; those of the key and of the IP header are left alone.

    Returns:
        TCP_SEGMENT, or UNDECODED with `segment.reason`.
    """
    if end - start < HEADER_LEN:
        return _too_short(start, wire_end, segment)
    # Data offset, control bits, window, checksum, urgent pointer.
    word: i64 = read_i64_be(buffer, start + 12)
    header_len: i64 = (word >> 58) & 0x3C
    if header_len < HEADER_LEN or header_len > wire_end - start:
        return _malformed(header_len, wire_end - start, segment)
    segment.buffer = buffer
    segment.tcp_start = start
    numbers: i64 = read_i64_be(buffer, start + 4)
    segment.seq = (numbers >> 32) & 0xFFFF_FFFF
    segment.ack = numbers & 0xFFFF_FFFF
    segment.control_bits = (word >> 48) & 0x1FF
    segment.window = (word >> 32) & 0xFFFF
    segment.checksum = (word >> 16) & 0xFFFF
    segment.oddities = 0
    # Of the reserved bits, URG, ACK and the urgent pointer nearly always ACK alone is set.
    if word & 0x0E30_0000_0000_FFFF != 0x0010_0000_0000_0000:
        _look_for_oddities(word, segment)
    payload_start: i64 = start + header_len
    payload_captured: i64 = end - payload_start
    segment.options_len = header_len - HEADER_LEN
    segment.payload_start = payload_start
    segment.payload_len = wire_end - payload_start
    segment.payload_captured = payload_captured
    segment.truncated = end < wire_end
    segment.mss = ABSENT
    segment.window_scale = ABSENT
    segment.sack_permitted = False
    segment.tsval = ABSENT
    segment.tsecr = ABSENT
    segment.sack_count = 0
    segment.fast_open = ABSENT
    segment.authenticated = False
    segment.multipath = ABSENT
    segment.user_timeout_ns = 0
    segment.options_cut = False
    if payload_captured < 0:
        segment.payload_captured = 0
        segment.options_cut = True
    if header_len > HEADER_LEN:
        position: i64 = start + HEADER_LEN
        if header_len >= HEADER_LEN + TIMESTAMPS_ALIGNED_LEN and (
            end >= position + TIMESTAMPS_ALIGNED_LEN
        ):
            options: i64 = read_i64_be(buffer, position)
            if options >> 32 == TIMESTAMPS_ALIGNED:
                segment.tsval = options & 0xFFFF_FFFF
                segment.tsecr = read_u32(buffer, position + 8)
                position += TIMESTAMPS_ALIGNED_LEN
        if position < payload_start:
            _read_options(buffer, position, payload_start, end, segment)
    return TCP_SEGMENT


def read_quoted(buffer: bytes, start: i64, end: i64, wire_end: i64, segment: Segment) -> bool:
    """Read the segment that an ICMP error quotes, of which 8 octets are enough.

    Returns:
        Whether there is as much as the ports and the sequence number.
    """
    if end - start < QUOTED_LEN:
        return False
    if end - start >= HEADER_LEN and read_segment(buffer, start, end, wire_end, segment) == (
        TCP_SEGMENT
    ):
        return True
    clear(segment)
    segment.buffer = buffer
    segment.tcp_start = start
    segment.seq = read_u32(buffer, start + 4)
    segment.payload_start = end
    segment.truncated = True
    return True


def clear(segment: Segment) -> None:
    """Reset what `read_segment` sets."""
    segment.seq = 0
    segment.ack = 0
    segment.control_bits = 0
    segment.window = 0
    segment.checksum = 0
    segment.options_len = 0
    segment.payload_len = 0
    segment.payload_captured = 0
    segment.mss = ABSENT
    segment.window_scale = ABSENT
    segment.sack_permitted = False
    segment.tsval = ABSENT
    segment.tsecr = ABSENT
    segment.sack_count = 0
    segment.fast_open = ABSENT
    segment.authenticated = False
    segment.multipath = ABSENT
    segment.user_timeout_ns = 0
    segment.options_cut = False
    segment.oddities = 0


def _too_short(start: i64, wire_end: i64, segment: Segment) -> i64:
    if wire_end - start < HEADER_LEN:
        return _malformed(-1, wire_end - start, segment)
    segment.reason = TCP_HEADER_TRUNCATED
    return UNDECODED


def _malformed(header_len: i64, segment_len: i64, segment: Segment) -> i64:
    """Leave the two lengths that contradict each other; the header's is -1 where it is not there.

    They stand in `options_len` (the header's, less its fixed part) and `payload_len`.
    """
    segment.reason = TCP_HEADER_MALFORMED
    segment.options_len = header_len - HEADER_LEN
    segment.payload_len = segment_len
    return UNDECODED


def _look_for_oddities(word: i64, segment: Segment) -> None:
    """Set the oddities of the fixed part of the header; `word` are its last eight octets."""
    oddities: i64 = 0
    if word & 0x0E00_0000_0000_0000 != 0:
        oddities = ODD_RESERVED
    if word & 0x0020_0000_0000_FFFF != 0:
        oddities |= ODD_URGENT
    if segment.control_bits & ACK == 0 and segment.ack != 0:
        oddities |= ODD_ACK_FIELD
    segment.oddities = oddities


def _read_options(buffer: bytes, start: i64, header_end: i64, end: i64, segment: Segment) -> None:
    """Read options from `start` on; a bad length ends it, as no later option can be found."""
    position: i64 = start
    captured_end: i64 = header_end if header_end < end else end
    fillers: i64 = 0
    while position + 1 < captured_end:
        kind_and_length: i64 = read_u16(buffer, position)
        kind: i64 = kind_and_length >> 8
        if kind == NO_OPERATION:
            position += 1
            fillers += 1
            if fillers == MANY_FILLERS:
                segment.oddities |= ODD_OPTIONS
            continue
        fillers = 0
        if kind == END_OF_LIST:
            _check_padding(buffer, position, captured_end, segment)
            return
        length: i64 = kind_and_length & 0xFF
        if length < 2 or position + length > header_end:
            segment.oddities |= ODD_OPTIONS
            return
        if position + length > captured_end:
            return
        _read_option(buffer, position, kind, length, segment)
        position += length
    # The last octet of the header has no room for a length.
    if position + 1 == captured_end == header_end:
        last: i64 = buffer[position]
        if last > NO_OPERATION or (last == NO_OPERATION and fillers + 1 == MANY_FILLERS):
            segment.oddities |= ODD_OPTIONS


def _check_padding(buffer: bytes, position: i64, end: i64, segment: Segment) -> None:
    """Behind END OF LIST there is nothing but zeros, RFC 9293 section 3.1 "Padding"."""
    while position < end:
        if buffer[position] != 0:
            segment.oddities |= ODD_OPTIONS
            return
        position += 1


def _read_option(buffer: bytes, position: i64, kind: i64, length: i64, segment: Segment) -> None:
    """Read one option whose `length` octets are all there; a wrong length for its kind skips it."""
    known: bool = True
    if kind == TIMESTAMPS:
        known = length == 10
        if known:
            segment.tsval = read_u32(buffer, position + 2)
            segment.tsecr = read_u32(buffer, position + 6)
    elif kind == SACK:
        known = length > 2 and (length - 2) & 7 == 0 and length <= 34
        if known:
            _read_sack(buffer, position + 2, (length - 2) >> 3, segment)
            segment.oddities |= ODD_SACK
    elif kind == MAXIMUM_SEGMENT_SIZE:
        known = length == 4
        if known:
            segment.mss = read_u16(buffer, position + 2)
    elif kind == WINDOW_SCALE:
        known = length == 3
        if known:
            segment.window_scale = buffer[position + 2]
    elif kind == SACK_PERMITTED:
        known = length == 2
        if known:
            segment.sack_permitted = True
    else:
        known = _read_rare_option(buffer, position, kind, length, segment)
    if not known:
        segment.oddities |= ODD_OPTIONS
    elif MAXIMUM_SEGMENT_SIZE <= kind <= SACK_PERMITTED and segment.control_bits & SYN == 0:
        segment.oddities |= ODD_NEGOTIATION


def _read_rare_option(
    buffer: bytes, position: i64, kind: i64, length: i64, segment: Segment
) -> bool:
    """Read an option that few segments carry; False if its length is wrong for its kind."""
    if kind == FAST_OPEN:
        # RFC 7413 section 4.1.1: no cookie, or one of 4 to 16 octets, always an even number.
        if length != 2 and (length < 6 or length > 18 or length & 1 != 0):
            return False
        segment.fast_open = length - 2
    elif kind in (EXPERIMENT_1, EXPERIMENT_2):
        # RFC 6994 section 3: the first 16 bits say whose experiment it is.
        if length >= 4 and read_u16(buffer, position + 2) == FAST_OPEN_MAGIC:
            segment.fast_open = length - 4
    elif kind == MD5_SIGNATURE:
        if length != 18:
            return False
        segment.authenticated = True
    elif kind == AUTHENTICATION:
        if length < 4:
            return False
        segment.authenticated = True
    elif kind == MULTIPATH:
        if length < 3:
            return False
        segment.multipath = i64(buffer[position + 2]) >> 4
    elif kind == USER_TIMEOUT:
        if length != 4:
            return False
        timeout = read_u16(buffer, position + 2)
        # RFC 5482 section 3: the first bit says that the rest are minutes, not seconds.
        unit: i64 = _MINUTE_NS if timeout & 0x8000 != 0 else _SECOND_NS
        segment.user_timeout_ns = (timeout & 0x7FFF) * unit
    return True


def _read_sack(buffer: bytes, position: i64, blocks: i64, segment: Segment) -> None:
    """Read 1 to 4 SACK blocks of 8 octets each, RFC 2018 section 3."""
    segment.sack_count = blocks
    segment.sack_left_1 = read_u32(buffer, position)
    segment.sack_right_1 = read_u32(buffer, position + 4)
    if blocks > 1:
        segment.sack_left_2 = read_u32(buffer, position + 8)
        segment.sack_right_2 = read_u32(buffer, position + 12)
    if blocks > 2:
        segment.sack_left_3 = read_u32(buffer, position + 16)
        segment.sack_right_3 = read_u32(buffer, position + 20)
    if blocks > 3:
        segment.sack_left_4 = read_u32(buffer, position + 24)
        segment.sack_right_4 = read_u32(buffer, position + 28)
