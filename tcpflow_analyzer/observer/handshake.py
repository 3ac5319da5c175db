"""What SYNs and SYN-ACKs do to their sender, and when the handshake is done.

Compiled: yes

RFC 9293 3.5, 3.10.1 and 3.10.7.2; Fast Open is RFC 7413.
"""

from typing import Final

from mypy_extensions import i64

from tcpflow_analyzer.decode.segment import ABSENT, Segment
from tcpflow_analyzer.observer.belief import adopt, prove, take_back
from tcpflow_analyzer.observer.completeness import note_completeness
from tcpflow_analyzer.observer.oddities import note_ecn_answer, note_ecn_syn, note_missing_mss
from tcpflow_analyzer.observer.pick_up import pick_up
from tcpflow_analyzer.observer.receipts import (
    delay_receipts,
    refute_acks,
    refute_icmp_errors,
    refute_syn_acks,
    withdraw_resets,
)
from tcpflow_analyzer.observer.timing import Timing
from tcpflow_analyzer.observer.zeek_history import record
from tcpflow_analyzer.table.connection import (
    OUTCOME_ABORTED,
    OUTCOME_COMPLETED,
    OUTCOME_INCOMPLETE,
    OUTCOME_REJECTED,
    OUTCOME_SIMULTANEOUS,
    OUTCOME_SPLIT,
    OUTCOME_UNANSWERED,
    Connection,
)
from tcpflow_analyzer.table.endpoint import Endpoint
from tcpflow_analyzer.table.observation import (
    DATA_BEFORE_ESTABLISHED,
    FAST_OPEN,
    HANDSHAKE_COMPLETED,
    SIMULTANEOUS_OPEN,
    SPLIT_HANDSHAKE,
    STALE_RECOVERY,
    SYN_ON_LIVE,
    SYN_REPEATED,
    SYN_WITH_DATA,
    SYNACK_CHANGED,
    SYNACK_REPEATED,
    WRONG_DIRECTION,
)
from tcpflow_analyzer.tcp.control_bits import ACK, CWR, ECE, SYN
from tcpflow_analyzer.tcp.events import RCV_SYN, SND_SYN, SND_SYN_ACK
from tcpflow_analyzer.tcp.sequence import unwrap
from tcpflow_analyzer.tcp.states import CLOSED, ESTABLISHED, SYN_RECEIVED, SYN_SENT

_MILLISECOND: Final = 1_000_000
_SYN_REPEATS_SYN: Final = 50 * _MILLISECOND  # HS006: answers a repeated SYN
_TAP_SKEW: Final = 50 * _MILLISECOND  # CP007: between the captures of two directions


def stray_syn(connection: Connection, from_originator: bool, segment: Segment) -> None:
    """Count a SYN that its receiver will only challenge (HS017); it moves no state."""
    sender = connection.endpoint(from_originator)
    sequence = unwrap(segment.seq, sender.iss, sender.snd_nxt)
    note_completeness(connection, segment)
    record(connection, from_originator, segment, sequence, -1)
    connection.frames += 1
    connection.last_frame = segment.frame
    connection.last_time_ns = segment.time_ns
    sender.segments += 1
    sender.last_frame = segment.frame
    if segment.payload_len > 0:
        sender.payload_octets += segment.payload_len


def sent_syn(
    connection: Connection,
    sender: Endpoint,
    receiver: Endpoint,
    segment: Segment,
    timing: Timing,
) -> None:
    """RFC 9293 3.10.1 active OPEN; or its repetition; or the second SYN of a simultaneous open."""
    frame, now = segment.frame, segment.time_ns
    if (connection.syn_frame == 0 or sender.is_originator) and connection.synack_frame == 0:
        if connection.syn_frame == 0:
            connection.outcome = OUTCOME_UNANSWERED
            note_ecn_syn(connection, segment)
        connection.syn_frame = frame
        connection.syn_time_ns = now
    if sender.proven == CLOSED:
        if segment.payload_len > 0 or segment.fast_open != ABSENT:
            _syn_with_data(connection, sender, segment)
        prove(connection, sender, SND_SYN, frame, frame, now, timing)
    elif sender.proven == SYN_SENT and sender.retry_time_ns != 0:
        refute_icmp_errors(sender)
        refute_syn_acks(sender, now)
        connection.note(
            SYN_REPEATED,
            sender.is_originator,
            frame,
            now,
            now - sender.retry_time_ns,
            sender.retries + 1,
            segment.control_bits & (ECE | CWR),
        )
    elif sender.proven == SYN_RECEIVED and not sender.is_originator:
        connection.note(WRONG_DIRECTION, sender.is_originator, frame, now, 2, sender.believed, 0)
    elif (
        sender.proven >= ESTABLISHED
        and segment.seq == sender.iss
        # CP007: the tap may have put the SYN behind its SYN-ACK.
        and not (connection.midstream and now - connection.synack_time_ns <= _TAP_SKEW)
    ):
        # HS017, a late copy of the SYN that opened this connection.
        connection.note(
            SYN_ON_LIVE, sender.is_originator, frame, now, segment.seq, receiver.believed, 1
        )


def _syn_with_data(connection: Connection, sender: Endpoint, segment: Segment) -> None:
    """HS016, LC009: a SYN with payload, or with the Fast Open option."""
    if segment.payload_len > 0:
        connection.note(
            SYN_WITH_DATA,
            sender.is_originator,
            segment.frame,
            segment.time_ns,
            segment.payload_len,
            segment.fast_open,
            0,
        )
    if segment.fast_open == 0:
        connection.note(
            FAST_OPEN,
            sender.is_originator,
            segment.frame,
            segment.time_ns,
            0,
            segment.payload_len,
            0,
        )


def sent_syn_ack(
    connection: Connection,
    sender: Endpoint,
    receiver: Endpoint,
    segment: Segment,
    acknowledgement: i64,
    before: i64,
    timing: Timing,
) -> None:
    """RFC 9293 3.10.7.2 third step: the SYN was received in LISTEN and is answered."""
    frame, now = segment.frame, segment.time_ns
    if sender.proven == SYN_RECEIVED and sender.believed == CLOSED and sender.retry_time_ns == 0:
        # It answers with another ISN: the RST had ended its first request, and ends no other.
        adopt(sender)
        withdraw_resets(sender)
        if connection.outcome == OUTCOME_ABORTED:
            connection.outcome = OUTCOME_INCOMPLETE
    if before == SYN_SENT and sender.proven == SYN_RECEIVED:
        # Its own SYN is repeated with an acknowledgement: it had received the peer's SYN.
        _note_simultaneous(connection, sender, receiver, segment)
        take_back(connection, sender, 0, frame, now)
        delay_receipts(sender, now)
    elif (
        sender.is_originator
        and connection.synack_frame != 0
        and (receiver.believed >= SYN_RECEIVED and connection.outcome != OUTCOME_SIMULTANEOUS)
    ):
        connection.note(WRONG_DIRECTION, sender.is_originator, frame, now, 3, sender.believed, 0)
        return
    elif sender.proven == CLOSED and sender.rst_frame == 0:
        if receiver.proven == CLOSED and receiver.segments == 0:
            pick_up(connection, sender, receiver, segment, timing)
        prove(connection, sender, RCV_SYN, frame, frame, now, timing)
        prove(connection, sender, SND_SYN_ACK, frame, frame, now, timing)
    elif sender.proven == SYN_SENT:
        connection.note(WRONG_DIRECTION, sender.is_originator, frame, now, 1, sender.believed, 0)
        return
    elif sender.proven == SYN_RECEIVED and sender.retry_time_ns != 0:
        _repeated_syn_ack(connection, sender, receiver, segment, acknowledgement)
    elif sender.proven >= ESTABLISHED and sender.snd_una >= 1 and segment.seq != sender.iss:
        return
    if connection.synack_frame == 0 or connection.ack_frame == 0:
        connection.synack_frame = frame
        connection.synack_time_ns = now
    if connection.outcome == OUTCOME_UNANSWERED or connection.outcome == OUTCOME_REJECTED:
        connection.outcome = OUTCOME_INCOMPLETE
    note_ecn_answer(connection, sender, receiver, segment)
    _note_recovery(connection, receiver, segment)
    if receiver.iss_seen and acknowledgement > 1 and connection.observed & SYN_WITH_DATA != 0:
        tally = connection.tally(SYN_WITH_DATA, receiver.is_originator)
        if tally is not None and tally.kept[0].second > 0 and connection.observed & FAST_OPEN == 0:
            first = tally.kept[0]
            connection.note(
                FAST_OPEN,
                receiver.is_originator,
                frame,
                now,
                first.second,
                first.first,
                acknowledgement - 1,
            )


def _note_recovery(connection: Connection, opener: Endpoint, segment: Segment) -> None:
    """HS018: a stale connection had answered the SYN; a RST cleared it and the SYN is answered."""
    if connection.stale_ack_frame != 0 and connection.stale_reset_frame != 0:
        connection.note(
            STALE_RECOVERY,
            opener.is_originator,
            segment.frame,
            segment.time_ns,
            segment.time_ns - connection.first_time_ns,
            connection.stale_ack_frame,
            connection.stale_reset_frame,
        )
        connection.stale_ack_frame = 0


def note_early_data(
    connection: Connection, sender: Endpoint, receiver: Endpoint, segment: Segment, before: i64
) -> None:
    """HS015 b: the listener sends payload before anything acknowledged its SYN."""
    if (
        before == SYN_RECEIVED
        and segment.payload_len > 0
        and connection.ack_frame == 0
        and receiver.last_control_bits & ACK == 0
    ):
        early: i64 = 1 if connection.observed & FAST_OPEN != 0 else 0
        connection.note(
            DATA_BEFORE_ESTABLISHED,
            sender.is_originator,
            segment.frame,
            segment.time_ns,
            segment.payload_len,
            SYN_RECEIVED,
            early,
        )


def _note_simultaneous(
    connection: Connection, sender: Endpoint, receiver: Endpoint, segment: Segment
) -> None:
    """Both ends sent a SYN: LC002, or HS010 where the peer had seen ours before it sent its own."""
    if connection.tally(WRONG_DIRECTION, receiver.is_originator) is not None:
        connection.note(
            SPLIT_HANDSHAKE, receiver.is_originator, segment.frame, segment.time_ns, 0, 0, 0
        )
        connection.outcome = OUTCOME_SPLIT
    else:
        connection.observed |= SIMULTANEOUS_OPEN
        connection.outcome = OUTCOME_SIMULTANEOUS


def _repeated_syn_ack(
    connection: Connection,
    sender: Endpoint,
    receiver: Endpoint,
    segment: Segment,
    acknowledgement: i64,
) -> None:
    """HS006: its ACK did not arrive, or was dropped because the accept queue is full (HS013)."""
    now = segment.time_ns
    gap = now - sender.retry_time_ns
    answers = receiver.retry_time_ns != 0 and 0 <= now - receiver.last_time_ns <= _SYN_REPEATS_SYN
    answers_syn = answers and receiver.last_control_bits & (SYN | ACK) == SYN
    refuted = refute_acks(sender, 0, now)
    if sender.snd_una > 1 and sender.payload_octets == 0:
        # It is still in SYN-RECEIVED and has sent nothing: what was acknowledged never was.
        sender.snd_nxt = 1
        sender.snd_una = 0
        sender.contiguous = 1
    if refuted != 0:
        # The next SYN-ACK is due after twice the gap; before that the ACK is not believed again.
        sender.rare().distrust_until_ns = now + 2 * gap + gap // 4
    connection.note(
        SYNACK_REPEATED,
        sender.is_originator,
        segment.frame,
        now,
        gap,
        refuted,
        1 if answers_syn else 0,
    )
    if receiver.snd_una > 0 and acknowledgement != receiver.snd_una:
        connection.note(
            SYNACK_CHANGED,
            sender.is_originator,
            segment.frame,
            now,
            receiver.snd_una,
            acknowledgement,
            1,
        )


def note_handshake_done(
    connection: Connection,
    sender: Endpoint,
    receiver: Endpoint,
    segment: Segment,
    acknowledgement: i64,
) -> None:
    """LC001: the third segment, an ACK of the SYN-ACK at ISS + 1 (or behind Fast Open data)."""
    if (
        connection.ack_frame != 0
        or connection.synack_frame == 0
        or not sender.iss_seen
        or not receiver.iss_seen
        or acknowledgement < 1
        or sender.proven < ESTABLISHED
    ):
        return
    if sender.is_originator or connection.outcome == OUTCOME_SIMULTANEOUS:
        connection.ack_frame = segment.frame
        connection.ack_time_ns = segment.time_ns
        note_missing_mss(connection)
        if connection.outcome == OUTCOME_INCOMPLETE:
            connection.outcome = OUTCOME_COMPLETED
            connection.observed |= HANDSHAKE_COMPLETED
