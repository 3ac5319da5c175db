"""What a RST means: its form tells who sent it, its place whether the receiver obeys.

Compiled: yes

RFC 9293 3.5.2 (generation), 3.5.3 (processing), RFC 5961 section 3.2. A RST's payload and ACK field
never move sequence variables, and its SEG.SEQ may be 0.
"""

from typing import Final

from mypy_extensions import i64

from tcpflow_analyzer.decode.segment import ABSENT, Segment
from tcpflow_analyzer.observer.acceptability import judge_reset
from tcpflow_analyzer.observer.belief import adopt, prove, take_back
from tcpflow_analyzer.observer.receipts import park_reset, queue, refute_acks
from tcpflow_analyzer.observer.timing import Timing
from tcpflow_analyzer.table.connection import (
    NOBODY,
    ORIGINATOR,
    OUTCOME_ABORTED,
    OUTCOME_COMPLETED,
    OUTCOME_INCOMPLETE,
    OUTCOME_REFUSED,
    OUTCOME_UNANSWERED,
    RESPONDER,
    Connection,
)
from tcpflow_analyzer.table.endpoint import NEVER, UNKNOWN, Endpoint
from tcpflow_analyzer.table.observation import (
    ACTIVE_CLOSE,
    CLOSE_WAIT_HELD,
    FORM_LIVE,
    FORM_OTHER,
    FORM_REFUSAL,
    FORM_STATELESS,
    HANDSHAKE_ACK_WRONG,
    KEPT,
    REFUSED,
    RESET,
    RESET_IN_TIME_WAIT,
    RST_ACCEPTED,
    SYN_CHANGED,
    Reset,
)
from tcpflow_analyzer.tcp.control_bits import ACK, FIN
from tcpflow_analyzer.tcp.events import RCV_SYN_ACK, SND_RST
from tcpflow_analyzer.tcp.sequence import distance, unwrap
from tcpflow_analyzer.tcp.states import (
    CLOSE_WAIT,
    CLOSED,
    SYN_RECEIVED,
    SYN_SENT,
    TIME_WAIT,
)

_ANSWER_WINDOW: Final = 1_000_000_000  # nanoseconds: a RST answers a segment at most this old
_EXCERPT: Final = 80  # octets of a RST's payload that are kept
_ENOUGH_IN_VAIN: Final = 2  # RSTs of one end after which its peer went on: something drops them
_ENOUGH_ASKED: Final = 3  # segments in a row without any answer: the path is cut, or the peer gone


def sent_reset(
    connection: Connection,
    sender: Endpoint,
    receiver: Endpoint,
    segment: Segment,
    sequence: i64,
    acknowledgement: i64,
    timing: Timing,
) -> None:
    """Record a RST, move its sender, and queue it at its receiver if that would accept it.

    Args:
        connection, sender, receiver: of the RST.
        segment: the RST.
        sequence: its SEG.SEQ in the sender's stream, -1 if the origin of that is not known.
        acknowledgement: its SEG.ACK in the receiver's stream, -1 likewise or without ACK.
        timing: profile times.
    """
    reset = _describe(connection, sender, receiver, segment, sequence, acknowledgement)
    _keep(connection, reset)
    _move_sender(connection, sender, receiver, segment, reset, acknowledgement, timing)
    _towards_receiver(connection, sender, receiver, segment, reset, sequence, timing)


def _form(
    sender: Endpoint, receiver: Endpoint, segment: Segment, sequence: i64, acknowledgement: i64
) -> i64:
    """RFC 9293 3.5.2: which of the forms that stacks send this is."""
    recent = receiver.segments > 0 and segment.time_ns - receiver.last_time_ns <= _ANSWER_WINDOW
    if segment.control_bits & ACK == 0:
        # "If the incoming segment has an ACK field, the reset takes its sequence number from it."
        if recent and receiver.last_control_bits & ACK != 0 and segment.seq == receiver.last_ack:
            return FORM_STATELESS
        if _answers_data_before_ack(sender, receiver, segment, sequence):
            return FORM_STATELESS
        return FORM_OTHER
    # "Otherwise, the reset has sequence number zero and the ACK field is set to the sum of the
    # sequence number and segment length of the incoming segment."
    if segment.seq == 0 and recent and receiver.last_control_bits & ACK == 0:
        return FORM_REFUSAL
    if (
        sender.has_origin
        and sender.snd_una <= sequence <= sender.snd_nxt
        and acknowledgement <= receiver.snd_nxt
    ):
        return FORM_LIVE
    if sender.segments == 0 and receiver.segments > 0 and acknowledgement == receiver.snd_nxt:
        return FORM_REFUSAL
    return FORM_OTHER


def _answers_data_before_ack(
    sender: Endpoint, receiver: Endpoint, segment: Segment, sequence: i64
) -> bool:
    """Whether the RST answers data that its receiver had sent before it got the sender's FIN.

    That data acknowledges all but the FIN; what acknowledges the FIN crosses the RST.
    """
    return (
        sender.fin_offset != UNKNOWN
        and sequence == sender.fin_offset
        and 0 < receiver.last_data_frame < sender.fin_acked_frame
        and segment.time_ns - receiver.last_data_time_ns <= _ANSWER_WINDOW
    )


def _describe(
    connection: Connection,
    sender: Endpoint,
    receiver: Endpoint,
    segment: Segment,
    sequence: i64,
    acknowledgement: i64,
) -> Reset:
    """Everything that the findings judge the cause of a RST by."""
    reset = Reset(sender.is_originator, segment.frame, segment.time_ns)
    reset.control_bits = segment.control_bits
    reset.seq = segment.seq
    reset.ack = segment.ack
    reset.ttl = segment.ttl
    reset.ip_id = segment.ip_id
    reset.window = segment.window
    reset.payload_len = segment.payload_len
    if segment.payload_captured > 0:
        length = segment.payload_captured if segment.payload_captured < _EXCERPT else _EXCERPT
        start = segment.payload_start
        reset.excerpt = segment.buffer[start : start + length]
    reset.form = _form(sender, receiver, segment, sequence, acknowledgement)
    reset.verdict = judge_reset(
        connection, sender, receiver, sequence, acknowledgement, segment.control_bits, segment.seq
    )
    reset.sender_state = sender.believed
    reset.receiver_state = receiver.believed
    reset.sender_proven = sender.proven
    if receiver.segments > 0 and segment.time_ns - receiver.last_time_ns <= _ANSWER_WINDOW:
        reset.trigger_frame = receiver.last_frame
        reset.trigger_time_ns = receiver.last_time_ns
        reset.trigger_control_bits = receiver.last_control_bits
        reset.trigger_payload_len = receiver.last_payload_len
        reset.trigger_new = receiver.last_new
    reset.seq_offset = sequence
    reset.expected = sender.contiguous
    # Where the other direction was not captured, nothing tells what is acknowledged.
    reset.own_unacked = _unacknowledged(sender) if receiver.segments > 0 else 0
    reset.peer_unacked = _unacknowledged(receiver)
    reset.sender_fin = sender.fin_offset != UNKNOWN
    reset.receiver_fin = receiver.fin_offset != UNKNOWN
    reset.receiver_fin_acked = receiver.fin_acked_frame != 0
    reset.sender_data_frame = sender.last_data_frame
    reset.sender_data_time_ns = sender.last_data_time_ns
    reset.receiver_data_frame = receiver.last_data_frame
    reset.receiver_data_time_ns = receiver.last_data_time_ns
    reset.sender_rtt_ns = sender.rtt_ns
    reset.sender_ip_id = sender.last_ip_id
    reset.tsval = segment.tsval
    reset.sender_tsval = sender.tsval
    reset.sender_window = sender.window
    reset.sender_ttl = sender.ttl
    return reset


def _unacknowledged(endpoint: Endpoint) -> i64:
    """Octets of data (SYN and FIN left out) that the peer has not acknowledged."""
    if not endpoint.has_origin:
        return 0
    end = endpoint.snd_nxt
    if endpoint.fin_offset != UNKNOWN and end > endpoint.fin_offset:
        end = endpoint.fin_offset
    start = endpoint.snd_una if endpoint.snd_una >= 1 else 1
    return end - start if end > start else 0


def _keep(connection: Connection, reset: Reset) -> None:
    connection.observed |= RESET
    connection.reset_count += 1
    if connection.resets is None:
        connection.resets = [reset]
    elif len(connection.resets) < KEPT:
        connection.resets.append(reset)


def _move_sender(
    connection: Connection,
    sender: Endpoint,
    receiver: Endpoint,
    segment: Segment,
    reset: Reset,
    acknowledgement: i64,
    timing: Timing,
) -> None:
    """Move the sender of a RST to CLOSED, as stacks do, if the RST has a form that stacks send."""
    frame, now = segment.frame, segment.time_ns
    if sender.proven == CLOSED:
        return
    if sender.believed == CLOSED and sender.chain is not None and reset.form != FORM_OTHER:
        _confirm_closed(sender, frame)
        return
    if reset.form == FORM_OTHER:
        return
    has_ack = segment.control_bits & ACK != 0
    if sender.proven == SYN_SENT and not has_ack:
        # It rejects the segment that it answers. After an acceptable SYN-ACK that means that
        # connect() was given up; after a wrong one it goes on waiting (RFC 9293 figure 9).
        if connection.stale_ack_frame != 0 and segment.seq == receiver.last_ack:
            connection.stale_reset_frame = frame
        offset = unwrap(receiver.last_ack, sender.iss, sender.snd_una)
        if offset != sender.snd_nxt or sender.believed == SYN_SENT:
            return
        if connection.observed & SYN_CHANGED != 0:
            # The SYN-ACK may answer an old duplicate of another attempt: it goes on waiting.
            take_back(connection, sender, 0, frame, now)
            sender.receipts = None
            return
    if sender.proven == SYN_SENT and has_ack and acknowledgement >= 1:
        # 3.10.7.3: only a SYN-ACK told it the number that it acknowledges.
        cause = receiver.first_frame
        prove(connection, sender, RCV_SYN_ACK, cause, frame, now, timing)
    if sender.proven == SYN_RECEIVED and not has_ack:
        # A request that never became a socket; another number answers something else.
        if segment.seq != (sender.iss + 1) & 0xFFFF_FFFF:
            if _rejects_ack(connection, receiver, segment):
                # It had never sent what was acknowledged.
                refute_acks(sender, 0, NEVER)
                take_back(connection, sender, 0, frame, now)
            return
        take_back(connection, sender, 0, frame, now)
    elif sender.proven >= SYN_RECEIVED:
        _take_back_unreceived(connection, sender, receiver, segment, reset)
        adopt(sender)
    note_late_close(connection, sender, receiver, frame, now, timing)
    sender.rare().before_reset = sender.proven
    sender.rst_frame = frame
    sender.rare().reset_time_ns = now
    prove(connection, sender, SND_RST, frame, frame, now, timing)
    sender.receipts = None
    _note_closer(connection, sender)


def _rejects_ack(connection: Connection, receiver: Endpoint, segment: Segment) -> bool:
    """HS009: whether the RST answers a third segment that acknowledged too much."""
    tally = connection.tally(HANDSHAKE_ACK_WRONG, receiver.is_originator)
    return tally is not None and tally.last.first == segment.seq


def _take_back_unreceived(
    connection: Connection,
    sender: Endpoint,
    receiver: Endpoint,
    segment: Segment,
    reset: Reset,
) -> None:
    """Withdraw believed steps that the RST shows not to have been made before it was sent.

    A host without the connection (RFC 9293 3.10.7.1) answers a FIN or data by a RST: no socket
    received that FIN, and what acknowledges the FIN of its own came later than what it answers.
    """
    step = sender.chain
    if step is None:
        return
    keep: i64 = 0
    if reset.form == FORM_STATELESS:
        if segment.seq == receiver.last_ack:
            if receiver.last_control_bits & FIN == 0:
                return  # it answers something behind the FIN, a challenge ACK for one
            while step is not None and step.frame != receiver.fin_frame:
                step = step.next_step
                keep += 1
    else:
        while step is not None and not _is_newer(sender, receiver, segment, step.frame):
            step = step.next_step
            keep += 1
    take_back(connection, sender, keep, segment.frame, segment.time_ns)


def _is_newer(sender: Endpoint, receiver: Endpoint, segment: Segment, frame: i64) -> bool:
    """Whether a live socket that had received this frame would echo a newer timestamp in its RST.

    RFC 7323 4.3: TS.Recent follows every segment that begins at or before Last.ACK.sent.
    """
    if segment.tsecr == ABSENT:
        return False
    for receipt in sender.queued():
        if receipt.frame == frame:
            return (
                receipt.tsval != UNKNOWN
                and receipt.start <= receiver.snd_una
                and distance(segment.tsecr, receipt.tsval) < 0
            )
    return False


def note_late_close(
    connection: Connection,
    endpoint: Endpoint,
    peer: Endpoint,
    frame: i64,
    now_ns: i64,
    timing: Timing,
) -> None:
    """CL005: CLOSE-WAIT ends, by FIN or RST, after longer than it should have lasted."""
    if endpoint.believed != CLOSE_WAIT or peer.fin_acked_time_ns == 0:
        return
    since = peer.fin_acked_time_ns
    if endpoint.last_data_time_ns > since:
        since = endpoint.last_data_time_ns
    if now_ns - since >= timing.close_wait_warn:
        connection.note(CLOSE_WAIT_HELD, endpoint.is_originator, frame, now_ns, since, now_ns, 0)


def _confirm_closed(sender: Endpoint, frame: i64) -> None:
    """It was believed CLOSED, and this RST shows that it has no socket."""
    transition = sender.chain
    while transition is not None:
        transition.proved_by_frame = frame
        transition = transition.next_step
    sender.rare().before_reset = sender.proven
    sender.proven = CLOSED
    sender.chain = None
    sender.receipts = None


def _note_closer(connection: Connection, sender: Endpoint) -> None:
    """LC006: a RST ends it, unless a FIN was first."""
    if connection.active_closer == NOBODY and connection.outcome != OUTCOME_UNANSWERED:
        connection.active_closer = ORIGINATOR if sender.is_originator else RESPONDER
        connection.observed |= ACTIVE_CLOSE


def _towards_receiver(
    connection: Connection,
    sender: Endpoint,
    receiver: Endpoint,
    segment: Segment,
    reset: Reset,
    sequence: i64,
    timing: Timing,
) -> None:
    """Queue an acceptable RST; note a refusal, an aborted handshake, a RST into TIME-WAIT."""
    frame, now = segment.frame, segment.time_ns
    if reset.verdict != RST_ACCEPTED:
        return
    if receiver.proven == SYN_SENT and receiver.believed == SYN_SENT:
        connection.note(
            REFUSED, sender.is_originator, frame, now, now - receiver.last_time_ns, segment.ttl, 0
        )
        if connection.outcome == OUTCOME_UNANSWERED:
            connection.outcome = OUTCOME_REFUSED
    elif connection.outcome == OUTCOME_INCOMPLETE:
        connection.outcome = OUTCOME_ABORTED
    if receiver.believed == TIME_WAIT:
        # If it is in TIME-WAIT in spite of an earlier RST, it ignores them, whatever its profile.
        survived = connection.tally(RESET_IN_TIME_WAIT, receiver.is_originator) is not None
        ends = timing.reset_ends_time_wait[receiver.profile] and not survived
        connection.note(
            RESET_IN_TIME_WAIT,
            receiver.is_originator,
            frame,
            now,
            now - receiver.time_wait_since_ns,
            1 if ends else 0,
            receiver.last_frame,
        )
        if not ends:
            return
    queue(receiver, sender, segment, sequence, sequence, -1, False)
    if _sent_into_silence(sender, receiver) or _is_in_vain(connection, sender):
        park_reset(receiver)
    if connection.outcome == OUTCOME_COMPLETED:
        _note_closer(connection, sender)


def _sent_into_silence(sender: Endpoint, receiver: Endpoint) -> bool:
    """Whether the sender gives up because nothing it repeated, data or probes, was answered."""
    if sender.rarities is None or sender.rarities.trouble is None:
        return False
    trouble = sender.rarities.trouble
    return trouble.asked >= _ENOUGH_ASKED and receiver.last_frame < trouble.asked_frame


def _is_in_vain(connection: Connection, sender: Endpoint) -> bool:
    """Whether RSTs of this end do not reach its peer: a firewall that forgot the connection."""
    in_vain: i64 = 0
    if connection.resets is not None:
        for reset in connection.resets:
            if reset.reverted and reset.of_originator == sender.is_originator:
                in_vain += 1
    return in_vain >= _ENOUGH_IN_VAIN
