"""Facts about sequence numbers: retransmissions and why, late segments, holes, duplicate ACKs.

Compiled: yes

Nothing here moves a state. Called for the segments that header prediction does not take, before
anything is changed for them; a connection in which nothing was odd has no `Analysis` and costs one
test. RFC sections to have open: 6298 5, 5681 3.2, 6675, 2018 8, 2883, 7323 5.3, 8985 7.

Wireshark's classes (observer/stream_analysis.py) are words; these are judgements, and so may
differ: a retransmission is timed by the sender's own clock and by what its peer asked for.
"""

from typing import Final

from mypy_extensions import i64

from tcpflow_analyzer.decode.segment import ABSENT, Segment
from tcpflow_analyzer.observer.acceptability import scale_known
from tcpflow_analyzer.observer.overlap import compare_excerpt
from tcpflow_analyzer.observer.stream import is_captured
from tcpflow_analyzer.observer.stream_analysis import DUPLICATE_ACK, captured_end
from tcpflow_analyzer.observer.timing import Timing
from tcpflow_analyzer.table.analysis import Watch
from tcpflow_analyzer.table.connection import Connection
from tcpflow_analyzer.table.endpoint import UNKNOWN, Endpoint
from tcpflow_analyzer.table.observation import ACKED_UNSEEN, SYN_WITH_DATA
from tcpflow_analyzer.table.stream_observation import (
    ACK_UNACCEPTABLE,
    DUPLICATE_ACKS_ORIGINATOR,
    DUPLICATE_ACKS_RESPONDER,
    DUPLICATES,
    EARLY,
    EXCESSIVE,
    FAST_ORIGINATOR,
    FAST_RESPONDER,
    FILLS,
    FLIGHT_EXCESSIVE,
    GIVEN_UP,
    KNOWN_GAP,
    LOST_BEFORE_TAP_ORIGINATOR,
    LOST_BEFORE_TAP_RESPONDER,
    OUT_OF_ORDER_ORIGINATOR,
    OUT_OF_ORDER_RESPONDER,
    OUTSIDE_WINDOW,
    PAWS_REJECT,
    PROOF_IP_ID,
    PROOF_TIME,
    PROOF_TSVAL,
    RTO_MANY,
    RTO_ORIGINATOR,
    RTO_RESPONDER,
    SACK_RENEGED,
    SPURIOUS_ORIGINATOR,
    SPURIOUS_RESPONDER,
    STREAM,
)
from tcpflow_analyzer.tcp.control_bits import ACK, FIN, RST, SYN
from tcpflow_analyzer.tcp.sequence import distance
from tcpflow_analyzer.tcp.states import ESTABLISHED

_MILLISECOND: Final = 1_000_000
_SECOND: Final = 1_000_000_000
# Linux TCP_RTO_MIN; RFC 6298 2.4 would say one second, which no stack keeps.
_LEAST_RTO: Final = 200 * _MILLISECOND
# SQ006: where no round trip is known (Wireshark's figure too).
_LATE_WITHIN: Final = 3 * _MILLISECOND
# SQ002: "within one round trip" of the last request; the smallest measured is less than most.
_ASKED_WITHIN: Final = 20 * _MILLISECOND
_FAST_AFTER: Final = 3  # duplicate ACKs, RFC 5681 3.2
_FAST_AFTER_WITH_SACK: Final = 2
_MOST_OPENINGS: Final = 64
_SIZE: Final = 7  # numbers of an opening: start, end, time, frame, TSval, IP id, segments so far
_RENEGED_AFTER: Final = 1 * _SECOND  # RFC 6298 2.4, the least RTO
_MOST_FLIGHT: Final = 10 * 1_048_576  # SQ013, where the window is not known: octets
_ROOM: Final = 3  # SACK blocks that fit beside timestamps
_PAWS_IDLE: Final = 24 * 86_400 * _SECOND  # RFC 7323 5.5: longer idle, the clock has wrapped
_MANY: Final = 10  # retransmissions before a share of them means anything
_EXCESSIVE_SHARE: Final = 20  # SQ004: one in so many data segments
_IP_ID_NEAR: Final = 1024  # further apart two identifications say nothing about their order
_LATE_TICKS: Final = 10  # SQ012: reordering on paths with a shorter round trip, milliseconds
_ANSWER_WITHIN: Final = 500 * _MILLISECOND


def note_stream(
    connection: Connection,
    sender: Endpoint,
    receiver: Endpoint,
    segment: Segment,
    sequence: i64,
    acknowledgement: i64,
    classes: i64,
    timing: Timing,
) -> None:
    """Note what a segment without RST tells of the streams, before anything is changed for it.

    Args:
        connection: of the segment; only observations and `analysis` change.
        sender, receiver: of the segment.
        segment: no copy made by the capture.
        sequence: SEG.SEQ as an offset in the sender's stream.
        acknowledgement: SEG.ACK as an offset in the receiver's stream, UNKNOWN without ACK.
        classes: what `classify` called it.
        timing: limits of the settings.
    """
    bits = segment.control_bits
    if segment.user_timeout_ns > 0:
        sender.rare().user_timeout_ns = segment.user_timeout_ns
    if bits & (SYN | RST) != 0 or sender.segments == 0:
        return
    is_late = _is_older(sender, receiver, segment)
    analysis = connection.analysis
    if analysis is not None:
        own = analysis.watch(sender.is_originator)
        other = analysis.watch(not sender.is_originator)
        if bits & ACK != 0 and receiver.segments > 0:
            _acknowledges(
                connection, sender, receiver, own, segment, sequence, acknowledgement, classes
            )
        if segment.payload_len > 0 and sequence >= 0:
            ordered = _sends(connection, sender, receiver, own, other, segment, sequence, timing)
            is_late = is_late and not ordered
    if is_late:
        _note_old_timestamp(connection, sender, receiver, segment)


# What was sent


def _sends(
    connection: Connection,
    sender: Endpoint,
    receiver: Endpoint,
    own: Watch,
    other: Watch,
    segment: Segment,
    sequence: i64,
    timing: Timing,
) -> bool:
    """Payload: new, in order or not, or again. Returns whether it was only overtaken."""
    end = sequence + segment.payload_len
    if sequence >= sender.snd_nxt:
        if sequence > sender.snd_nxt:
            _open_hole(sender, own, segment, sequence)
        return False
    if segment.payload_len == 1 and sequence == sender.snd_nxt - 1:
        return False  # a keep-alive, or a probe of the window
    compare_excerpt(connection, sender, own, segment, sequence)
    if end <= sender.snd_una and not connection.one_sided:
        if not _was_unseen(connection, sender, sequence, end):
            _note_spurious(connection, sender, receiver, segment)
            _count_copies(connection, sender, own, segment, sequence, 0, timing)
        return False
    rtt = _round_trip(sender, receiver)
    asked = _asked(other, segment, sequence, rtt)
    fills = False
    openings = own.openings
    if openings is not None and not is_captured(sender, sequence, end):
        opening = _find_opening(openings, sequence, end)
        fills = opening >= 0
        if fills:
            is_again = not _was_overtaken(openings, segment, opening, asked, rtt)
            _fill(connection, sender, own, openings, segment, sequence, end, opening, is_again)
            if not is_again:
                return True
    if own.copies == 0 and sequence == 1 and _stood_on_syn(connection, sender, end):
        _count_copies(connection, sender, own, segment, sequence, 0, timing)
        return False
    gap = _note_retransmission(connection, sender, own, other, segment, sequence, asked, fills, rtt)
    _count_copies(connection, sender, own, segment, sequence, gap, timing)
    if other.reneged_frame != 0 and sequence < other.reneged_right and end > other.reneged_left:
        _note_reneged(connection, receiver, other, segment)
    return False


def _stood_on_syn(connection: Connection, sender: Endpoint, end: i64) -> bool:
    """Whether the octets came on the SYN before, which need not be taken (HS016)."""
    if connection.observed & SYN_WITH_DATA == 0:
        return False
    tally = connection.tally(SYN_WITH_DATA, sender.is_originator)
    return tally is not None and end <= tally.kept[0].first + 1


def _open_hole(sender: Endpoint, own: Watch, segment: Segment, sequence: i64) -> None:
    """Octets between SND.NXT and this segment were not captured: remember when that was."""
    openings = own.openings
    if openings is None:
        openings = []
        own.openings = openings
    if len(openings) >= _MOST_OPENINGS * _SIZE:
        del openings[:_SIZE]
    openings.append(sender.snd_nxt)
    openings.append(sequence)
    openings.append(segment.time_ns)
    openings.append(segment.frame)
    openings.append(segment.tsval)
    openings.append(segment.ip_id)
    openings.append(sender.segments)


def _find_opening(openings: list[int], start: i64, end: i64) -> i64:
    """Index of the hole that [start, end) fills or begins to fill, UNKNOWN for none."""
    for index in range(0, len(openings), _SIZE):
        left: i64 = openings[index]
        right: i64 = openings[index + 1]
        if start < right and end > left:
            return index
    return UNKNOWN


def _fill(
    connection: Connection,
    sender: Endpoint,
    own: Watch,
    openings: list[int],
    segment: Segment,
    start: i64,
    end: i64,
    opening: i64,
    is_again: bool,
) -> None:
    """Take [start, end) out of a hole; SQ008 if it is a retransmission, else SQ006."""
    left: i64 = openings[opening]
    right: i64 = openings[opening + 1]
    since: i64 = openings[opening + 2]
    frame: i64 = openings[opening + 3]
    segments: i64 = openings[opening + 6]
    late = segment.time_ns - since
    if is_again:
        octets = (end if end < right else right) - (start if start > left else left)
        kind: i64 = LOST_BEFORE_TAP_RESPONDER
        if sender.is_originator:
            kind = LOST_BEFORE_TAP_ORIGINATOR
        connection.note(
            kind, sender.is_originator, segment.frame, segment.time_ns, frame, octets, late
        )
    else:
        proof = _order(openings, segment, opening)
        kind = OUT_OF_ORDER_ORIGINATOR if sender.is_originator else OUT_OF_ORDER_RESPONDER
        connection.note(
            kind,
            sender.is_originator,
            segment.frame,
            segment.time_ns,
            late,
            sender.segments - segments,
            -proof if proof < 0 else proof,
        )
    rest = openings[opening + 2 : opening + _SIZE]
    kept = openings[:opening]
    if left < start:
        kept = [*kept, left, start, *rest]
    if end < right:
        kept = [*kept, end, right, *rest]
    kept = kept + openings[opening + _SIZE :]
    own.openings = kept if len(kept) > 0 else None


def _was_overtaken(
    openings: list[int], segment: Segment, opening: i64, asked: i64, rtt: i64
) -> bool:
    """SQ006: it was sent before the segment that opened the hole (RFC 4737), or may have been.

    A retransmission cannot come sooner than the request for it has made its way, and is stamped
    later. Where nothing is stamped only the time is left.
    """
    since: i64 = openings[opening + 2]
    late = segment.time_ns - since
    order = _order(openings, segment, opening)
    if order < 0:
        return False
    if order == PROOF_IP_ID:
        return True
    limit = rtt if rtt > _LATE_WITHIN else _LATE_WITHIN
    if order == PROOF_TSVAL:
        return 0 <= late < limit or distance(segment.tsval, openings[opening + 4]) < 0
    return asked == 0 and 0 <= late < limit


def _order(openings: list[int], segment: Segment, opening: i64) -> i64:
    """How it is known that the segment was sent before the one that opened the hole.

    Returns:
        PROOF_IP_ID, PROOF_TSVAL, PROOF_TIME where nothing tells, negative where it was sent after.
    """
    tsval: i64 = openings[opening + 4]
    if segment.tsval != ABSENT and tsval != ABSENT:
        ticks = distance(segment.tsval, tsval)
        if ticks > 0:
            return -PROOF_TSVAL
        if ticks < 0:
            return PROOF_TSVAL
    ip_id: i64 = openings[opening + 5]
    if segment.ip_id > 0 and ip_id > 0 and segment.ip_id != ip_id:
        # RFC 6864 asks for no order, but most stacks count for each socket or for the host.
        behind = (ip_id - segment.ip_id) & 0xFFFF
        if behind < _IP_ID_NEAR:
            return PROOF_IP_ID
        if behind > 0x10000 - _IP_ID_NEAR:
            return -PROOF_IP_ID
    if segment.tsval != ABSENT and tsval != ABSENT:
        return PROOF_TSVAL
    return PROOF_TIME


def _asked(other: Watch, segment: Segment, sequence: i64, rtt: i64) -> i64:
    """What the receiver has done lately to ask for these octets.

    Returns:
        Number of duplicate ACKs for its first octet times 2, plus 1 if SACK blocks above it were
        sent; 0 where neither is enough, or it was too long ago.
    """
    within = 2 * rtt if 2 * rtt > _ASKED_WITHIN else _ASKED_WITHIN
    since = segment.time_ns - other.asked_ns
    if other.asked_ns == 0 or since < 0 or since > within:
        return 0
    duplicates: i64 = 0
    if other.duplicate_ack == segment.seq and other.duplicate_acks > 0:
        duplicates = other.duplicate_acks
    above = other.sack_edge > sequence
    if duplicates >= _FAST_AFTER or (above and duplicates >= _FAST_AFTER_WITH_SACK):
        return duplicates * 2 + (1 if above else 0)
    if above and other.sack_edge >= sequence + segment.payload_len:
        return duplicates * 2 + 1  # RFC 6675: one of several holes, or RACK (RFC 8985)
    return 0


def _note_retransmission(
    connection: Connection,
    sender: Endpoint,
    own: Watch,
    other: Watch,
    segment: Segment,
    sequence: i64,
    asked: i64,
    fills: bool,
    rtt: i64,
) -> i64:
    """SQ001 or SQ002. Returns the time since these octets were sent before, as far as known."""
    now = segment.time_ns
    gap = now - sender.last_data_time_ns
    known: i64 = 0
    if own.copies > 0 and own.copies_of == sequence:
        gap = now - own.copies_last_ns
        known = KNOWN_GAP
    elif sequence == sender.snd_una and sender.retries > 0:
        gap = now - sender.retry_time_ns
        known = KNOWN_GAP
    detail: i64 = FILLS if fills else 0
    if asked != 0:
        kind: i64 = FAST_ORIGINATOR if sender.is_originator else FAST_RESPONDER
        since = now - other.asked_ns
        detail |= asked // 2 * DUPLICATES
        connection.note(kind, sender.is_originator, segment.frame, now, since, sequence, detail)
        return gap
    least = rtt + rtt // 2
    if least < _LEAST_RTO:
        least = _LEAST_RTO
    detail |= known
    if gap < least:
        detail |= EARLY
    kind = RTO_ORIGINATOR if sender.is_originator else RTO_RESPONDER
    connection.note(kind, sender.is_originator, segment.frame, now, gap, sequence, detail)
    return gap


def _note_spurious(
    connection: Connection, sender: Endpoint, receiver: Endpoint, segment: Segment
) -> None:
    """SQ003: the receiver had acknowledged all of it already."""
    kind: i64 = SPURIOUS_ORIGINATOR if sender.is_originator else SPURIOUS_RESPONDER
    connection.note(
        kind,
        sender.is_originator,
        segment.frame,
        segment.time_ns,
        segment.time_ns - receiver.last_time_ns,
        receiver.last_frame,
        0,
    )


def _was_unseen(connection: Connection, sender: Endpoint, start: i64, end: i64) -> bool:
    """Whether octets were acknowledged before they were captured: the tap has changed the order."""
    if connection.observed & ACKED_UNSEEN == 0:
        return False
    tally = connection.tally(ACKED_UNSEEN, sender.is_originator)
    if tally is None:
        return False
    if start < tally.last.third and end > tally.last.second:
        return True
    return any(start < seen.third and end > seen.second for seen in tally.kept)


def _count_copies(
    connection: Connection,
    sender: Endpoint,
    own: Watch,
    segment: Segment,
    sequence: i64,
    gap: i64,
    timing: Timing,
) -> None:
    """SQ004: how often the same first octet was sent again; other octets do not interrupt it."""
    now = segment.time_ns
    if own.copies > 0 and own.copies_of == sequence:
        own.copies += 1
        own.copies_gap_ns = now - own.copies_last_ns
    elif own.copies == 0 or sequence < own.copies_of or own.copies_of < sender.snd_una:
        own.copies_of = sequence
        own.copies = 1
        own.copies_first_ns = now - gap
        own.copies_gap_ns = gap
    else:
        return
    own.copies_last_ns = now
    if own.copies < timing.retries_warn:
        return
    duration = now - own.copies_first_ns
    tally = connection.tally(EXCESSIVE, sender.is_originator)
    if tally is not None and tally.last.second == sequence:
        tally.last.first = own.copies
        tally.last.third = duration
        tally.last.frame = segment.frame
        tally.last.time_ns = now
        return
    connection.note(
        EXCESSIVE, sender.is_originator, segment.frame, now, own.copies, sequence, duration
    )


def _round_trip(sender: Endpoint, receiver: Endpoint) -> i64:
    """The smallest round trip between both ends as far as measured, 0 for unknown."""
    rtt: i64 = 0
    if sender.rtt_ns > 0:
        rtt += sender.rtt_ns
    if receiver.rtt_ns > 0:
        rtt += receiver.rtt_ns
    return rtt


# What was acknowledged


def _acknowledges(
    connection: Connection,
    sender: Endpoint,
    receiver: Endpoint,
    own: Watch,
    segment: Segment,
    sequence: i64,
    acknowledgement: i64,
    classes: i64,
) -> None:
    """Duplicate ACKs, SACK blocks, and blocks that are missing."""
    if classes & DUPLICATE_ACK != 0:
        own.asked_ns = segment.time_ns
    is_dsack = segment.sack_count > 0 and _is_dsack(segment)
    if is_dsack:
        _confirm_spurious(connection, receiver, segment)
    if classes & DUPLICATE_ACK != 0:
        _count_burst(connection, sender, receiver, own, segment, acknowledgement, is_dsack)
    if segment.sack_count > 0 or own.sacked is not None or own.reneged_frame != 0:
        _compare_sacks(
            connection, sender, receiver, own, segment, sequence, acknowledgement, is_dsack
        )


def _is_dsack(segment: Segment) -> bool:
    """RFC 2883 4: the first block lies below the acknowledgement, or within the second block."""
    if distance(segment.sack_right_1, segment.ack) <= 0:
        return True
    return (
        segment.sack_count > 1
        and distance(segment.sack_left_1, segment.sack_left_2) >= 0
        and distance(segment.sack_right_1, segment.sack_right_2) <= 0
    )


def _confirm_spurious(connection: Connection, sender: Endpoint, segment: Segment) -> None:
    """The receiver says that it had the octets of a retransmission already."""
    kind: i64 = SPURIOUS_ORIGINATOR if sender.is_originator else SPURIOUS_RESPONDER
    tally = connection.tally(kind, sender.is_originator)
    if tally is None:
        return
    if tally.last.third == 0:
        tally.last.third = segment.frame
    first = tally.kept[0]
    if first.third == 0 and first.frame < segment.frame:
        first.third = segment.frame


def _count_burst(
    connection: Connection,
    sender: Endpoint,
    receiver: Endpoint,
    own: Watch,
    segment: Segment,
    acknowledgement: i64,
    is_dsack: bool,
) -> None:
    """SQ007: three or more in a row while data is outstanding, challenge ACKs left out."""
    if own.duplicate_acks <= 1:
        own.burst = 0
    if (
        (is_dsack and segment.sack_count == 1)
        or receiver.snd_nxt <= receiver.snd_una
        or connection.resets is not None
        or connection.candidate is not None
    ):
        return
    own.burst += 1
    if own.burst < _FAST_AFTER:
        return
    kind: i64 = DUPLICATE_ACKS_ORIGINATOR if sender.is_originator else DUPLICATE_ACKS_RESPONDER
    edge: i64 = 0
    if segment.sack_count > 0 and not is_dsack:
        edge = acknowledgement + distance(segment.sack_right_1, segment.ack)
    tally = connection.tally(kind, sender.is_originator)
    if tally is not None and own.burst > _FAST_AFTER:
        tally.last.second = own.burst
        tally.last.frame = segment.frame
        tally.last.time_ns = segment.time_ns
        if edge > tally.last.third:
            tally.last.third = edge
        return
    connection.note(
        kind,
        sender.is_originator,
        segment.frame,
        segment.time_ns,
        acknowledgement,
        own.burst,
        edge,
    )


def _compare_sacks(
    connection: Connection,
    sender: Endpoint,
    receiver: Endpoint,
    own: Watch,
    segment: Segment,
    sequence: i64,
    acknowledgement: i64,
    is_dsack: bool,
) -> None:
    """Keep the SACK blocks; note a block that is gone though there was room for it (SQ014)."""
    if segment.payload_len > 0 and segment.sack_count == 0:
        return  # no room beside the payload
    if acknowledgement < receiver.snd_una or sequence < sender.snd_nxt:
        return  # an old acknowledgement, or a keep-alive
    if (
        segment.tsval != ABSENT
        and sender.tsval != UNKNOWN
        and distance(segment.tsval, sender.tsval) < 0
    ):
        return
    blocks: list[int] = []
    for index in range(1 if is_dsack else 0, segment.sack_count):
        left = acknowledgement + distance(segment.sack_left(index), segment.ack)
        right = acknowledgement + distance(segment.sack_right(index), segment.ack)
        if acknowledgement < left < right:
            blocks.append(left)
            blocks.append(right)
            own.asked_ns = segment.time_ns
            if right > own.sack_edge:
                own.sack_edge = right
    if acknowledgement >= own.sack_edge:
        own.sack_edge = 0
    before = own.sacked
    own.sacked = blocks if len(blocks) > 0 else None
    _watch_reneging(connection, sender, own, before, blocks, segment, acknowledgement)


def _watch_reneging(
    connection: Connection,
    sender: Endpoint,
    own: Watch,
    before: list[int] | None,
    blocks: list[int],
    segment: Segment,
    acknowledgement: i64,
) -> None:
    """Compare the blocks with those of the acknowledgement before (RFC 2018 section 8)."""
    if own.reneged_frame != 0:
        if acknowledgement >= own.reneged_right or _covers(
            blocks, own.reneged_left, own.reneged_right
        ):
            own.reneged_frame = 0  # it was there after all: the two came in the wrong order
        elif segment.time_ns - own.reneged_ns > _RENEGED_AFTER:
            _note_reneged(connection, sender, own, segment)
        return
    if before is None or segment.sack_count >= _ROOM:
        return
    for index in range(0, len(before), 2):
        left: i64 = before[index]
        right: i64 = before[index + 1]
        if left > acknowledgement and not _covers(blocks, left, right):
            own.reneged_left = left
            own.reneged_right = right
            own.reneged_frame = segment.frame
            own.reneged_ns = segment.time_ns
            return


def _covers(blocks: list[int], left: i64, right: i64) -> bool:
    for index in range(0, len(blocks), 2):
        if blocks[index] <= left and right <= blocks[index + 1]:
            return True
    return False


def _note_reneged(connection: Connection, receiver: Endpoint, own: Watch, segment: Segment) -> None:
    """SQ014, noted for the end that dropped what it had reported."""
    connection.note(
        SACK_RENEGED,
        receiver.is_originator,
        segment.frame,
        segment.time_ns,
        own.reneged_left,
        own.reneged_right,
        own.reneged_frame,
    )
    own.reneged_frame = 0


# What the receiver must not take


def _is_older(sender: Endpoint, receiver: Endpoint, segment: Segment) -> bool:
    """Whether TSval is less than the sender's newest, both ends using timestamps."""
    return (
        segment.tsval != ABSENT
        and sender.tsval != UNKNOWN
        and receiver.tsval != UNKNOWN
        and distance(segment.tsval, sender.tsval) < 0
    )


def _note_old_timestamp(
    connection: Connection, sender: Endpoint, receiver: Endpoint, segment: Segment
) -> None:
    """SQ012, unless it may have been overtaken within a round trip (Linux: tcp_disordered_ack).

    The tick is not known; it is at least a millisecond long on all common stacks, so a segment so
    many ticks late as the round trip has milliseconds may simply have been overtaken.
    """
    ticks = distance(sender.tsval, segment.tsval)
    slack = _round_trip(sender, receiver) // _MILLISECOND
    if slack < _LATE_TICKS:
        slack = _LATE_TICKS
    if ticks <= slack or segment.time_ns - sender.last_time_ns >= _PAWS_IDLE:
        return
    connection.note(
        PAWS_REJECT,
        sender.is_originator,
        segment.frame,
        segment.time_ns,
        ticks,
        segment.tsval,
        sender.tsval,
    )


def note_rejected(
    connection: Connection,
    sender: Endpoint,
    receiver: Endpoint,
    segment: Segment,
    sequence: i64,
    end: i64,
    acknowledgement: i64,
    acceptable: bool,
    plausible: bool,
) -> None:
    """SQ009, SQ010, SQ013: numbers that a synchronised receiver does not take.

    Args:
        connection: of the segment.
        sender, receiver: of the segment.
        segment: without RST; unless it has SYN, it has ACK, for others are ignored (OP001).
        sequence, end: SEG.SEQ and SEG.SEQ + SEG.LEN, offsets in the sender's stream.
        acknowledgement: offset in the receiver's stream, UNKNOWN without ACK.
        acceptable: whether `sequence` and `end` are.
        plausible: whether the acknowledgement may be true, not beyond what was sent.
    """
    if (
        segment.control_bits & SYN != 0
        or connection.one_sided
        or receiver.segments == 0
        or sender.segments == 0
        or receiver.believed < ESTABLISHED
        or sender.believed < ESTABLISHED
    ):
        return
    _note_bad_ack(connection, sender, receiver, segment, acknowledgement, plausible)
    if not acceptable and segment.control_bits & FIN == 0:
        _note_outside(connection, sender, receiver, segment, sequence, end)


def _note_bad_ack(
    connection: Connection,
    sender: Endpoint,
    receiver: Endpoint,
    segment: Segment,
    acknowledgement: i64,
    plausible: bool,
) -> None:
    """SQ009: RFC 5961 section 5.2, SND.UNA - MAX.SND.WND <= SEG.ACK <= SND.NXT."""
    if not plausible:
        # Octets that lie where no window allowed them were sent all the same.
        limit = max(captured_end(connection, receiver.is_originator), receiver.snd_nxt)
        if acknowledgement <= limit:
            return
    else:
        limit = receiver.snd_una - largest_window(sender, receiver)
        if acknowledgement >= limit:
            return
    connection.note(
        ACK_UNACCEPTABLE,
        sender.is_originator,
        segment.frame,
        segment.time_ns,
        acknowledgement - limit,
        receiver.believed,
        0,
    )


def _note_outside(
    connection: Connection,
    sender: Endpoint,
    receiver: Endpoint,
    segment: Segment,
    sequence: i64,
    end: i64,
) -> None:
    """SQ010 beyond the window; SQ013 where its sender goes on as if it were acknowledged."""
    if not scale_known(receiver) or sequence <= receiver.edge:
        return  # the scale is not known; or an old duplicate, which is SQ003
    window = largest_window(receiver, sender)
    last = (sender.last_seq + sender.last_payload_len) & 0xFFFF_FFFF
    mss = sender.mss if sender.mss > 0 else segment.payload_len
    if segment.seq == last and end - sender.snd_una > window + 2 * mss:
        _note_flight(connection, sender, receiver, segment, end - sender.snd_una, window)
        return
    connection.note(
        OUTSIDE_WINDOW,
        sender.is_originator,
        segment.frame,
        segment.time_ns,
        end - receiver.edge,
        receiver.believed,
        receiver.edge,
    )


def note_flight(
    connection: Connection, sender: Endpoint, receiver: Endpoint, segment: Segment, end: i64
) -> None:
    """SQ013 where the window is not known: more than any window in use, unacknowledged."""
    flight = end - sender.snd_una
    if flight <= _MOST_FLIGHT or scale_known(receiver) or connection.one_sided:
        return
    if receiver.segments > 0:
        _note_flight(connection, sender, receiver, segment, flight, 0)


def _note_flight(
    connection: Connection,
    sender: Endpoint,
    receiver: Endpoint,
    segment: Segment,
    flight: i64,
    window: i64,
) -> None:
    connection.note(
        FLIGHT_EXCESSIVE,
        sender.is_originator,
        segment.frame,
        segment.time_ns,
        flight,
        window,
        receiver.last_frame,
    )


def largest_window(advertiser: Endpoint, peer: Endpoint) -> i64:
    """The largest window an end has advertised, octets; scaled if both ends offered it."""
    if advertiser.window_scale > 0 and (peer.window_scale != UNKNOWN or not peer.iss_seen):
        return advertiser.max_window << advertiser.window_scale
    if not scale_known(advertiser):
        return advertiser.max_window << 14  # RFC 7323 2.3: the widest it may be
    return advertiser.max_window


def answer_to_bad_ack(connection: Connection, sender: Endpoint, segment: Segment) -> i64:
    """RFC 5961 section 5: the ACK that answers an unacceptable one.

    Args:
        connection: of the segment.
        sender: of a pure ACK that says nothing new.
        segment: it.

    Returns:
        Frame of what it answers, 0 for none.
    """
    if connection.stream_observed & ACK_UNACCEPTABLE == 0:
        return 0
    tally = connection.tally(ACK_UNACCEPTABLE, not sender.is_originator)
    if tally is None or tally.last.third != 0 or tally.last.first < 0:
        return 0
    if segment.time_ns - tally.last.time_ns > _ANSWER_WITHIN:
        return 0
    tally.last.third = segment.frame
    return tally.last.frame


# What is left at the end


def conclude_stream(connection: Connection, now_ns: i64, timing: Timing) -> None:
    """Judge shares and retransmissions that nothing followed, when the connection is handed over.

    Args:
        connection: to conclude.
        now_ns: capture time.
        timing: limits of the settings.
    """
    analysis = connection.analysis
    if analysis is None or connection.stream_observed == 0:
        return
    for endpoint in (connection.originator, connection.responder):
        _conclude_share(connection, endpoint, timing)
        watch = analysis.watch(endpoint.is_originator)
        if watch.copies > 0 and endpoint.snd_una <= watch.copies_of:
            _conclude_chain(connection, endpoint, watch, now_ns, timing)


def _conclude_share(connection: Connection, endpoint: Endpoint, timing: Timing) -> None:
    """SQ001 and SQ004: retransmissions beyond a share of the data segments."""
    is_originator = endpoint.is_originator
    timed = _count(connection, RTO_ORIGINATOR if is_originator else RTO_RESPONDER, is_originator)
    fast = _count(connection, FAST_ORIGINATOR if is_originator else FAST_RESPONDER, is_originator)
    again = timed + fast
    if timed >= _MANY and timed * 10_000 > endpoint.data_segments * timing.retransmission_ratio:
        connection.stream_observed |= RTO_MANY & ~STREAM
    if again > _MANY and again * _EXCESSIVE_SHARE > endpoint.data_segments:
        connection.stream_observed |= EXCESSIVE & ~STREAM


def _count(connection: Connection, kind: i64, of_originator: bool) -> i64:
    if connection.stream_observed & kind == 0:
        return 0
    tally = connection.tally(kind, of_originator)
    return 0 if tally is None else tally.count


def _conclude_chain(
    connection: Connection, endpoint: Endpoint, watch: Watch, now_ns: i64, timing: Timing
) -> None:
    """SQ005: the last retransmission was the last thing its sender did, or a RST came."""
    duration = watch.copies_last_ns - watch.copies_first_ns
    resets = connection.resets
    if resets is not None:
        for reset in resets:
            if (
                reset.of_originator == endpoint.is_originator
                and reset.time_ns >= watch.copies_last_ns
                and watch.copies >= timing.retries_warn
                # Its peer may go on: then the RST was lost, but sent all the same.
                and (not reset.reverted or reset.later_segments > 0)
            ):
                _note_given_up(connection, endpoint, watch, duration, reset.frame)
                return
    limit = timing.retransmission_limit
    rare = endpoint.rarities
    if rare is not None and rare.user_timeout_ns > 0:
        limit = rare.user_timeout_ns
    retries: i64 = timing.data_retries[endpoint.profile]
    if duration < limit and (retries == 0 or watch.copies < retries):
        return
    if (
        endpoint.last_time_ns <= watch.copies_last_ns
        and now_ns - watch.copies_last_ns > 2 * watch.copies_gap_ns
    ):
        _note_given_up(connection, endpoint, watch, duration, 0)


def _note_given_up(
    connection: Connection, endpoint: Endpoint, watch: Watch, duration: i64, reset_frame: i64
) -> None:
    connection.note(
        GIVEN_UP,
        endpoint.is_originator,
        reset_frame if reset_frame != 0 else endpoint.last_frame,
        watch.copies_last_ns,
        watch.copies,
        duration,
        reset_frame,
    )
