"""A SYN alone as a compact record, and back again to the segments it was made of.

Compiled: yes

A `Request` holds what is needed to feed its segments to a `Connection` later as if that had been
there from the start; nothing is decided about it here. Numbers are packed because a flood makes
hundreds of thousands of them.
"""

from typing import Final

from mypy_extensions import i64

from tcpflow_analyzer.decode.segment import ABSENT, Segment
from tcpflow_analyzer.observer.fingerprint import guess_profile
from tcpflow_analyzer.observer.oddities import has_port_0
from tcpflow_analyzer.observer.retransmission_timer import FIRST_SYN_GIVES_UP
from tcpflow_analyzer.table.connection import Request
from tcpflow_analyzer.table.connection_table import swapped
from tcpflow_analyzer.table.observation import OPEN_AT_END, REFUSED, RESET, UNANSWERED
from tcpflow_analyzer.tcp.control_bits import ACK, RST, SYN

_LARGEST_SHIFT: Final = 14  # RFC 7323 section 2.3
_TRUNCATED: Final = 0x1000_0000_0000_0000  # of `Request.header`: the capture cut the SYN
_COPIES_KEPT: Final = 16  # numbers: (frame, time_ns) of eight copies


def can_hold(segment: Segment) -> bool:
    """Whether a SYN fits a request: what is rare makes a connection at once."""
    return (
        segment.control_bits & ~0x1C0 == SYN  # ECE, CWR and AE may be set: an ECN handshake
        and segment.payload_len == 0
        and segment.fast_open == ABSENT
        and not segment.authenticated
        and segment.multipath == ABSENT
        and segment.oddities == 0
        and segment.window_scale <= _LARGEST_SHIFT
        and not has_port_0(segment)
        and not _is_to_itself(segment)
    )


def _is_to_itself(segment: Segment) -> bool:
    """Whether both sockets are the same (observer/self_connect.py)."""
    if segment.source >= 0:
        return segment.source == segment.destination
    key, length = segment.key, segment.address_len
    ports = 2 * length
    return (
        key[:length] == key[length:ports] and key[ports : ports + 2] == key[ports + 2 : ports + 4]
    )


def make_request(segment: Segment, number: i64) -> Request:
    """Keep a SYN for which `can_hold` is true."""
    request = Request(b"")
    if segment.source >= 0:
        request.set_words(segment.source, segment.destination)
    else:
        request.key = segment.key
    request.number = number
    request.frame = segment.frame
    request.time_ns = segment.time_ns
    request.last_frame = segment.frame
    request.last_time_ns = segment.time_ns
    request.seq = segment.seq
    request.ip_id = segment.ip_id
    request.checksum = segment.checksum
    request.tsval = segment.tsval
    # window 16 bits, ttl 8, mss 17 (ABSENT as 0), window scale 9 (ABSENT as 0), SACK 1, bits 9,
    # truncated 1
    request.header = (
        segment.window
        | segment.ttl << 16
        | (segment.mss + 1) << 24
        | (segment.window_scale + 1) << 41
        | (1 if segment.sack_permitted else 0) << 50
        | (segment.control_bits & 0x1FF) << 51
        | (_TRUNCATED if segment.truncated else 0)
    )
    # address length 5 bits, VLAN 13 (ABSENT as 0), scope 17, interface 24, profile 3
    request.origin = (
        segment.address_len
        | (segment.vlan + 1) << 5
        | segment.scope << 18
        | (segment.interface & 0xFF_FFFF) << 35
        | guess_profile(segment) << 59
    )
    return request


def address_len_of(request: Request) -> i64:
    """4 or 16."""
    return request.origin & 0x1F


def profile_of(request: Request) -> i64:
    """Index into settings.PROFILES, as guessed from the SYN."""
    return (request.origin >> 59) & 0x7


def control_bits_of(request: Request) -> i64:
    """Of its SYN."""
    return (request.header >> 51) & 0x1FF


def is_copy(request: Request, segment: Segment) -> bool:
    """Whether the segment is the request's SYN once more."""
    return (
        request.reset_frame == 0
        and segment.control_bits == control_bits_of(request)
        and segment.seq == request.seq
        and segment.payload_len == 0
        and segment.ip_id >= 0
        and request.copy_count < _COPIES_KEPT // 2
        and segment.time_ns - request.last_time_ns > 1_000_000
    )


def add_copy(request: Request, segment: Segment) -> None:
    """Keep a copy for which `is_copy` is true."""
    if request.copies is None:
        request.copies = [segment.frame, segment.time_ns, segment.ip_id, segment.tsval]
    else:
        request.copies.append(segment.frame)
        request.copies.append(segment.time_ns)
        request.copies.append(segment.ip_id)
        request.copies.append(segment.tsval)
    request.copy_count += 1
    request.last_frame = segment.frame
    request.last_time_ns = segment.time_ns


def is_refusal(request: Request, segment: Segment) -> bool:
    """Whether the segment (towards the originator) is the plain refusal of the SYN.

    RFC 9293 3.10.7.1: SEG.SEQ 0, SEG.ACK = SEG.SEQ + SEG.LEN of the SYN, ACK set.
    """
    return (
        request.reset_frame == 0
        and segment.control_bits == (RST | ACK)
        and segment.seq == 0
        and segment.ack == (request.seq + 1) & 0xFFFF_FFFF
        and segment.payload_len == 0
        and segment.tsval == ABSENT
    )


def add_refusal(request: Request, segment: Segment) -> None:
    """Keep a refusal for which `is_refusal` is true."""
    request.reset_frame = segment.frame
    request.reset_time_ns = segment.time_ns
    request.reset_header = (
        segment.window | segment.ttl << 16 | (segment.ip_id + 1) << 24 | segment.checksum << 41
    )
    request.last_frame = segment.frame
    request.last_time_ns = segment.time_ns


def observed_of(request: Request, now_ns: i64) -> i64:
    """The observations that the connection of a SYN sent once has when it ends at `now_ns`."""
    if request.reset_frame != 0:
        return REFUSED | RESET
    if now_ns >= request.time_ns + FIRST_SYN_GIVES_UP:
        return UNANSWERED  # both ends are CLOSED
    return UNANSWERED | OPEN_AT_END


def segment_count(request: Request) -> i64:
    """How many segments the request stands for."""
    return 1 + request.copy_count + (1 if request.reset_frame != 0 else 0)


def restore_segment(request: Request, index: i64, segment: Segment) -> bool:
    """Write segment `index` of the request (0: its SYN) over `segment`.

    Returns:
        Whether it was sent by the originator.
    """
    segment.buffer = b""
    segment.payload_start = 0
    segment.payload_captured = 0
    segment.payload_len = 0
    segment.options_len = 0
    segment.sack_count = 0
    segment.truncated = request.header & _TRUNCATED != 0
    segment.options_cut = segment.truncated  # there was no payload to cut
    segment.fast_open = ABSENT
    segment.authenticated = False
    segment.multipath = ABSENT
    segment.oddities = 0
    segment.tsecr = ABSENT
    origin = request.origin
    segment.address_len = origin & 0x1F
    segment.vlan = ((origin >> 5) & 0x1FFF) - 1
    segment.scope = (origin >> 18) & 0x1FFFF
    segment.interface = (origin >> 35) & 0xFF_FFFF
    if index == request.copy_count + 1:
        _restore_refusal(request, segment)
        return False
    header = request.header
    segment.key = request.key
    segment.frame = request.frame
    segment.time_ns = request.time_ns
    segment.seq = request.seq
    segment.ack = 0
    segment.ip_id = request.ip_id
    segment.checksum = request.checksum
    segment.tsval = request.tsval
    segment.tsecr = ABSENT if request.tsval == ABSENT else 0
    segment.window = header & 0xFFFF
    segment.ttl = (header >> 16) & 0xFF
    segment.mss = ((header >> 24) & 0x1FFFF) - 1
    segment.window_scale = ((header >> 41) & 0x1FF) - 1
    segment.sack_permitted = (header >> 50) & 1 != 0
    segment.control_bits = (header >> 51) & 0x1FF
    copies = request.copies
    if index > 0 and copies is not None:
        at = 4 * (index - 1)
        segment.frame = copies[at]
        segment.time_ns = copies[at + 1]
        segment.ip_id = copies[at + 2]
        segment.tsval = copies[at + 3]
        segment.checksum = -1
    return True


def _restore_refusal(request: Request, segment: Segment) -> None:
    header = request.reset_header
    segment.key = swapped(request.key, segment.address_len)
    segment.frame = request.reset_frame
    segment.time_ns = request.reset_time_ns
    segment.seq = 0
    segment.ack = (request.seq + 1) & 0xFFFF_FFFF
    segment.control_bits = RST | ACK
    segment.truncated = False
    segment.options_cut = False
    segment.window = header & 0xFFFF
    segment.ttl = (header >> 16) & 0xFF
    segment.ip_id = ((header >> 24) & 0x1FFFF) - 1
    segment.checksum = (header >> 41) & 0xFFFF
    segment.mss = ABSENT
    segment.window_scale = ABSENT
    segment.sack_permitted = False
    segment.tsval = ABSENT
