"""What is wrong with a segment's own header, or with options against what the handshake agreed on.

Compiled: yes

Facts for OP001 to OP007; nothing here moves a state. The decoder marks the few segments that have
something odd (decode/segment.py, ODD_...), so that all the others cost one comparison.
"""

from typing import Final

from mypy_extensions import i64

from tcpflow_analyzer.decode.segment import (
    ABSENT,
    ODD_ACK_FIELD,
    ODD_NEGOTIATION,
    ODD_OPTIONS,
    ODD_RESERVED,
    ODD_SACK,
    ODD_URGENT,
    Segment,
)
from tcpflow_analyzer.observer.acceptability import scale_known
from tcpflow_analyzer.table.connection import Connection
from tcpflow_analyzer.table.endpoint import UNKNOWN, Endpoint
from tcpflow_analyzer.table.observation import SYN_REPEATED
from tcpflow_analyzer.table.stream_cases import (
    BAD_FILLERS,
    BAD_LENGTH,
    BAD_OVERRUN,
    BAD_PADDING,
    ECN_IGNORED,
    ECN_REFLECTED,
    FIELD_ACK,
    FIELD_URGENT_DATA,
    FIELD_URGENT_POINTER,
    FIELD_URGENT_SYN,
    HEADER_LENGTH,
    HEADER_PORT,
    HEADER_RESERVED,
    OPTION_MSS,
    OPTION_SACK,
    OPTION_SCALE,
    OPTION_TIMESTAMPS,
    VIOLATION_NO_MSS,
    VIOLATION_NO_SYN,
    VIOLATION_SACK,
    VIOLATION_SCALE,
    VIOLATION_SIZE,
    VIOLATION_UNASKED,
)
from tcpflow_analyzer.table.stream_observation import (
    ECN_BLOCKED,
    ECN_SYN,
    HEADER_MALFORMED,
    INVALID_FLAGS,
    NEGOTIATION_VIOLATION,
    OPTION_MALFORMED,
    STREAM,
    TIMESTAMP_DROPPED,
    field_without_flag,
)
from tcpflow_analyzer.tcp.control_bits import ACK, AE, CWR, ECE, FIN, RST, SYN, URG
from tcpflow_analyzer.tcp.options import (
    AUTHENTICATION,
    END_OF_LIST,
    FAST_OPEN,
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
from tcpflow_analyzer.tcp.sequence import distance

_MEANINGFUL: Final = FIN | SYN | RST | ACK | URG
_FIXED_HEADER: Final = 20
_LARGEST_SHIFT: Final = 14  # RFC 7323 section 2.3
_DEFAULT_MSS_V4: Final = 536  # RFC 9293 section 3.7.1
_DEFAULT_MSS_V6: Final = 1220
_MOST_OPTIONS: Final = 40  # octets of options in a header: a segment may be so much smaller
_MANY_FILLERS: Final = 4
_OCTETS_KEPT: Final = 7  # of a bad option, packed into one number
# A peer's clock may tick every millisecond (RFC 7323 section 5.4), and captures swap segments.
_MILLISECOND: Final = 1_000_000
_CLOCK_SLACK: Final = 10  # ticks


def has_valid_flags(control_bits: i64) -> bool:
    """Whether a stack may send this combination: OP001, as conntrack's tcp_valid_flags."""
    bits = control_bits & _MEANINGFUL
    if bits & ACK != 0:
        # ACK alone, with FIN or URG or both, with SYN alone, with RST alone.
        return bits & (SYN | RST) == 0 or bits == SYN | ACK or bits == RST | ACK
    return bits == SYN or bits == SYN | URG or bits == RST


def note_invalid_flags(connection: Connection, sender: Endpoint, segment: Segment) -> None:
    """OP001."""
    receiver = connection.endpoint(not sender.is_originator)
    connection.note(
        INVALID_FLAGS,
        sender.is_originator,
        segment.frame,
        segment.time_ns,
        segment.control_bits,
        receiver.believed,
        0,
    )


def note_oddities(
    connection: Connection, sender: Endpoint, receiver: Endpoint, segment: Segment
) -> None:
    """OP002, OP003, OP006, and of OP004 what the segment shows alone."""
    oddities = segment.oddities
    if oddities & (ODD_URGENT | ODD_ACK_FIELD) != 0:
        _note_fields(connection, sender, segment)
    if oddities & ODD_OPTIONS != 0:
        _note_bad_option(connection, sender, segment)
    if oddities & ODD_RESERVED != 0:
        reserved: i64 = i64(segment.buffer[segment.tcp_start + 12]) >> 1 & 7
        _note(connection, HEADER_MALFORMED, sender, segment, HEADER_RESERVED, reserved, 0)
    if oddities & ODD_NEGOTIATION != 0:
        mask: i64 = 0
        if segment.mss != ABSENT:
            mask = OPTION_MSS
        if segment.window_scale != ABSENT:
            mask |= OPTION_SCALE
        if segment.sack_permitted:
            mask |= OPTION_SACK
        _note(connection, NEGOTIATION_VIOLATION, sender, segment, VIOLATION_NO_SYN, mask, 0)
    if (
        oddities & ODD_SACK != 0
        and sender.iss_seen
        and receiver.iss_seen
        and not (sender.sack_permitted and receiver.sack_permitted)
    ):
        blocks = segment.sack_count
        _note(connection, NEGOTIATION_VIOLATION, sender, segment, VIOLATION_SACK, blocks, 0)


def note_ports(connection: Connection, sender: Endpoint, segment: Segment) -> None:
    """OP006: port 0, once for a connection; call it where `has_port_0`."""
    key = segment.key
    at = 2 * segment.address_len
    source: i64 = i64(key[at]) << 8 | i64(key[at + 1])
    destination: i64 = i64(key[at + 2]) << 8 | i64(key[at + 3])
    _note(connection, HEADER_MALFORMED, sender, segment, HEADER_PORT, source, destination)


def has_port_0(segment: Segment) -> bool:
    """Whether one of its ports is 0."""
    if segment.source >= 0:
        return segment.source & 0xFFFF == 0 or segment.destination & 0xFFFF == 0
    key = segment.key
    at = 2 * segment.address_len
    return (key[at] == 0 and key[at + 1] == 0) or (key[at + 2] == 0 and key[at + 3] == 0)


def note_malformed_header(connection: Connection, from_originator: bool, segment: Segment) -> None:
    """OP006: a header that cannot be read; the lengths stand where the decoder left them."""
    connection.note(
        HEADER_MALFORMED,
        from_originator,
        segment.frame,
        segment.time_ns,
        HEADER_LENGTH,
        segment.options_len + _FIXED_HEADER,
        segment.payload_len,
    )


def note_syn_options(
    connection: Connection, sender: Endpoint, receiver: Endpoint, segment: Segment
) -> None:
    """OP004 on a SYN or SYN-ACK; `sender` has its options already."""
    if segment.window_scale > _LARGEST_SHIFT:
        shift = segment.window_scale
        _note(connection, NEGOTIATION_VIOLATION, sender, segment, VIOLATION_SCALE, shift, 0)
    if segment.control_bits & ACK == 0:
        return
    if not receiver.iss_seen:
        return
    unasked: i64 = 0
    if segment.window_scale != ABSENT and receiver.window_scale == UNKNOWN:
        unasked = OPTION_SCALE
    if segment.sack_permitted and not receiver.sack_permitted:
        unasked |= OPTION_SACK
    if segment.tsval != ABSENT and not receiver.timestamps:
        unasked |= OPTION_TIMESTAMPS
    if unasked != 0:
        _note(connection, NEGOTIATION_VIOLATION, sender, segment, VIOLATION_UNASKED, unasked, 0)


def note_missing_mss(connection: Connection) -> None:
    """OP004 once a handshake is complete: scans and floods make no finding for each SYN."""
    _note_mss_of(connection, connection.originator)
    _note_mss_of(connection, connection.responder)


def _note_mss_of(connection: Connection, endpoint: Endpoint) -> None:
    if scale_known(endpoint) and endpoint.mss == UNKNOWN:  # nor if its options were cut
        connection.note(
            NEGOTIATION_VIOLATION,
            endpoint.is_originator,
            endpoint.first_frame,
            connection.ack_time_ns,
            VIOLATION_NO_MSS,
            0,
            0,
        )


def is_against_agreement(sender: Endpoint, receiver: Endpoint, segment: Segment) -> bool:
    """Whether `note_agreement` may have something to say; for every segment, so it is cheap."""
    if segment.oddities != 0 and (
        segment.oddities != ODD_SACK or not (sender.sack_permitted and receiver.sack_permitted)
    ):
        return True
    if receiver.mss < segment.payload_len <= sender.mss:
        return True
    return (
        sender.timestamps
        and receiver.timestamps
        and (segment.tsval == ABSENT or distance(segment.tsecr, receiver.tsval) > 0)
    )


def note_agreement(
    connection: Connection, sender: Endpoint, receiver: Endpoint, segment: Segment
) -> None:
    """OP004 and OP005 on a segment without SYN and RST: timestamps and MSS as agreed."""
    if sender.timestamps and receiver.timestamps:
        if segment.tsval == ABSENT:
            _note(connection, TIMESTAMP_DROPPED, sender, segment, 0, 0, 0)
        elif segment.tsecr != 0 and segment.control_bits & ACK != 0 and receiver.tsval >= 0:
            # What the capture missed of the peer can only be as much newer as time went by.
            elapsed = (segment.time_ns - receiver.last_time_ns) // _MILLISECOND
            elapsed = max(elapsed, 0)
            ahead = distance(segment.tsecr, receiver.tsval)
            if ahead > elapsed + _CLOCK_SLACK:
                echo, newest = segment.tsecr, receiver.tsval
                _note(connection, TIMESTAMP_DROPPED, sender, segment, 1, echo, newest)
    length = segment.payload_len
    if sender.mss - _MOST_OPTIONS <= length <= sender.mss and receiver.iss_seen:
        # As large as its own link allows and no multiple of the peer's: no work of an offload.
        limit = receiver.mss
        if limit == UNKNOWN:
            limit = _DEFAULT_MSS_V4 if connection.address_len == 4 else _DEFAULT_MSS_V6
        if length > limit and sender.mss > limit:
            _note(connection, NEGOTIATION_VIOLATION, sender, segment, VIOLATION_SIZE, length, limit)


def note_ecn_answer(
    connection: Connection, sender: Endpoint, receiver: Endpoint, segment: Segment
) -> None:
    """OP007 at a SYN-ACK: it reflects the ECN bits, or answers only the SYN without them."""
    bits = segment.control_bits
    asked = connection.stream_observed & ECN_SYN != 0
    if bits & (ECE | CWR) == ECE | CWR and (bits & AE != 0 or asked):
        frame = receiver.first_frame
        _note(connection, ECN_BLOCKED, sender, segment, ECN_REFLECTED, frame, 0)
        return
    if not asked:
        return
    copies = connection.tally(SYN_REPEATED, receiver.is_originator)
    if copies is None or copies.last.third != 0:
        return
    asking: i64 = 1
    for copy in copies.kept:
        if copy.third != 0:
            asking += 1
    if asking > 1:
        delay = segment.time_ns - connection.first_time_ns
        frame = receiver.first_frame
        _note(connection, ECN_BLOCKED, sender, segment, ECN_IGNORED, frame, delay)


def note_ecn_syn(connection: Connection, segment: Segment) -> None:
    """Remember that the first SYN asks for ECN, RFC 3168 section 6.1.1."""
    if segment.control_bits & (ECE | CWR | AE) == ECE | CWR:
        connection.stream_observed |= ECN_SYN & ~STREAM


def _note(
    connection: Connection,
    kind: i64,
    sender: Endpoint,
    segment: Segment,
    first: i64,
    second: i64,
    third: i64,
) -> None:
    connection.note(
        kind, sender.is_originator, segment.frame, segment.time_ns, first, second, third
    )


def _note_fields(connection: Connection, sender: Endpoint, segment: Segment) -> None:
    """OP002: what the bits say against what the fields hold."""
    at = segment.tcp_start + 18
    urgent_pointer: i64 = i64(segment.buffer[at]) << 8 | i64(segment.buffer[at + 1])
    bits = segment.control_bits
    fields: i64 = 0
    value = urgent_pointer
    if segment.oddities & ODD_ACK_FIELD != 0:
        fields = FIELD_ACK
        value = segment.ack
    if bits & URG == 0:
        if urgent_pointer != 0:
            fields |= FIELD_URGENT_POINTER
    elif bits & SYN != 0:
        fields |= FIELD_URGENT_SYN
    else:
        fields |= FIELD_URGENT_DATA
    kind = field_without_flag(sender.is_originator)
    _note(connection, kind, sender, segment, fields, value, urgent_pointer)


def _note_bad_option(connection: Connection, sender: Endpoint, segment: Segment) -> None:
    """OP003: find again what the decoder stumbled over."""
    buffer = segment.buffer
    at = segment.tcp_start + _FIXED_HEADER
    header_end = at + segment.options_len
    end: i64 = len(buffer)
    end = min(end, header_end)
    fillers: i64 = 0
    while at < end:
        kind: i64 = buffer[at]
        if kind == NO_OPERATION:
            fillers += 1
            at += 1
            if fillers == _MANY_FILLERS:
                _keep_option(
                    connection, sender, segment, BAD_FILLERS, at - _MANY_FILLERS, header_end
                )
                return
            continue
        fillers = 0
        if kind == END_OF_LIST:
            _keep_option(connection, sender, segment, BAD_PADDING, at, header_end)
            return
        length: i64 = 0
        if at + 1 < end:
            length = buffer[at + 1]
        if length < 2 or at + length > header_end:
            _keep_option(connection, sender, segment, BAD_OVERRUN, at, header_end)
            return
        if not _fits_kind(kind, length):
            _keep_option(connection, sender, segment, BAD_LENGTH, at, header_end)
            return
        at += length


def _fits_kind(kind: i64, length: i64) -> bool:
    """Whether an option of this kind may be so long; decode/tcp_header.py has the sources."""
    if kind == MAXIMUM_SEGMENT_SIZE or kind == USER_TIMEOUT:
        return length == 4
    if kind == WINDOW_SCALE:
        return length == 3
    if kind == SACK_PERMITTED:
        return length == 2
    if kind == SACK:
        return length > 2 and (length - 2) & 7 == 0 and length <= 34
    if kind == TIMESTAMPS:
        return length == 10
    if kind == FAST_OPEN:
        return length == 2 or (6 <= length <= 18 and length & 1 == 0)
    if kind == MD5_SIGNATURE:
        return length == 18
    if kind == AUTHENTICATION:
        return length >= 4
    return kind != MULTIPATH or length >= 3


def _keep_option(
    connection: Connection, sender: Endpoint, segment: Segment, what: i64, at: i64, end: i64
) -> None:
    buffer = segment.buffer
    available: i64 = len(buffer)
    end = min(end, available)
    kind: i64 = buffer[at]
    length: i64 = 0
    if at + 1 < end:
        length = buffer[at + 1]
    count = end - at
    count = min(count, _OCTETS_KEPT)
    octets: i64 = 0
    for index in range(count):
        octet: i64 = buffer[at + index]
        octets = octets << 8 | octet
    described = what << 16 | kind << 8 | length
    _note(connection, OPTION_MALFORMED, sender, segment, described, octets, count)
