"""One segment through everything: the order of evaluation of the passive observer.

Compiled: yes

Causality comes before capture order. For each segment from X to Y: (1) receipts of X that this
segment proves are applied; octets queued at X that it does not cover were not there yet when X sent
it; (2) what X did is applied as a fact; (3) it is judged for Y; (4) it is queued at Y and Y's
believed state is folded anew. RFC sections to have open: 9293 3.10.7, 5961 3 to 5, 7413.
"""

from typing import Final

from mypy_extensions import i64

from tcpflow_analyzer.decode.segment import ABSENT, Segment
from tcpflow_analyzer.observer.acceptability import is_acceptable, is_plausible_ack
from tcpflow_analyzer.observer.belief import (
    adopt,
    believe,
    prove,
    schedule,
    set_proven,
    settle,
    start_time_wait,
    take_back,
)
from tcpflow_analyzer.observer.fingerprint import guess_profile
from tcpflow_analyzer.observer.header_prediction import count_segment, predict
from tcpflow_analyzer.observer.liveness import asked_again, watch, watch_reset
from tcpflow_analyzer.observer.lost_fin import (
    closed_before_fin,
    infer_fin,
    lost_a_fin,
    note_lost_octet,
    note_octet_found,
    note_octet_under_fin,
    skipped_a_fin,
)
from tcpflow_analyzer.observer.oddities import (
    has_port_0,
    has_valid_flags,
    is_against_agreement,
    note_agreement,
    note_ecn_answer,
    note_ecn_syn,
    note_invalid_flags,
    note_missing_mss,
    note_oddities,
    note_ports,
    note_syn_options,
)
from tcpflow_analyzer.observer.one_sided import infer_peer, meet_unseen
from tcpflow_analyzer.observer.overlap import keep_excerpt
from tcpflow_analyzer.observer.path import judge_first_answer, note_smaller
from tcpflow_analyzer.observer.pick_up import constrain, pick_up
from tcpflow_analyzer.observer.receipts import (
    delay_receipts,
    forget_all_but_resets,
    matters,
    park_unanswered_fin,
    prove_by_segment,
    queue,
    refute_acks,
    refute_icmp_errors,
    refute_resets,
    refute_syn_acks,
    renew_fin,
    withdraw_resets,
)
from tcpflow_analyzer.observer.reset import note_late_close, sent_reset
from tcpflow_analyzer.observer.self_connect import take_self_segment
from tcpflow_analyzer.observer.stream import (
    absorb,
    acknowledge,
    is_captured,
    take_window_probe,
)
from tcpflow_analyzer.observer.stream_analysis import classify
from tcpflow_analyzer.observer.stream_facts import (
    answer_to_bad_ack,
    note_flight,
    note_rejected,
    note_stream,
)
from tcpflow_analyzer.observer.timing import Timing
from tcpflow_analyzer.observer.window_facts import note_window
from tcpflow_analyzer.observer.zeek_history import NOT_KEPT, record
from tcpflow_analyzer.table.connection import (
    BOTH,
    COMPLETE_ACK,
    COMPLETE_DATA,
    COMPLETE_FIN,
    COMPLETE_RST,
    COMPLETE_SYN,
    COMPLETE_SYN_ACK,
    NOBODY,
    ORIGINATOR,
    OUTCOME_ABORTED,
    OUTCOME_COMPLETED,
    OUTCOME_INCOMPLETE,
    OUTCOME_REJECTED,
    OUTCOME_SIMULTANEOUS,
    OUTCOME_SPLIT,
    OUTCOME_UNANSWERED,
    RESPONDER,
    Connection,
)
from tcpflow_analyzer.table.endpoint import NEVER, UNKNOWN, Endpoint, Rarities
from tcpflow_analyzer.table.observation import (
    ACKED_UNSEEN,
    ACTIVE_CLOSE,
    CHALLENGE_ACK,
    CORRECTED,
    DATA_AFTER_FIN,
    DATA_BEFORE_ESTABLISHED,
    DUPLICATE_FRAME,
    FAST_OPEN,
    FIN_BEFORE_ESTABLISHED,
    FIN_INTO_TIME_WAIT,
    FIN_MOVED,
    FIN_REPEATED,
    FIN_UNACCEPTABLE,
    FIN_WITH_DATA_ORIGINATOR,
    FIN_WITH_DATA_RESPONDER,
    HALF_CLOSE,
    HANDSHAKE_ACK_WRONG,
    HANDSHAKE_COMPLETED,
    RST_NOT_EXACT,
    SELF_CONNECT,
    SIMULTANEOUS_CLOSE,
    SIMULTANEOUS_OPEN,
    SPLIT_HANDSHAKE,
    STALE_RECOVERY,
    SYN_CHANGED,
    SYN_ON_LIVE,
    SYN_REPEATED,
    SYN_WITH_DATA,
    SYNACK_CHANGED,
    SYNACK_REPEATED,
    TRAFFIC_AFTER_RESET,
    WRONG_DIRECTION,
)
from tcpflow_analyzer.table.stream_observation import SIZE_LOST, STREAM
from tcpflow_analyzer.tcp.control_bits import ACK, CWR, ECE, FIN, RST, SYN
from tcpflow_analyzer.tcp.events import (
    RCV_ACK_OF_SYN,
    RCV_FIN,
    RCV_SYN,
    SND_FIN,
    SND_RST,
    SND_SYN,
    SND_SYN_ACK,
)
from tcpflow_analyzer.tcp.sequence import distance, unwrap
from tcpflow_analyzer.tcp.states import (
    CLOSE_WAIT,
    CLOSED,
    ESTABLISHED,
    LAST_ACK,
    OBSERVED,
    SYN_RECEIVED,
    SYN_SENT,
    TIME_WAIT,
)

_MILLISECOND: Final = 1_000_000
_SECOND: Final = 1_000_000_000
_COPY_WINDOW: Final = 1 * _MILLISECOND  # CP006, same interface
_COPY_WINDOW_OTHER_INTERFACE: Final = 50 * _MILLISECOND
_CHALLENGE_WINDOW: Final = 500 * _MILLISECOND  # RS009: within one round trip, at most this
_SYN_REPEATS_SYN: Final = 50 * _MILLISECOND  # HS006: answers a repeated SYN
_TAP_SKEW: Final = 50 * _MILLISECOND  # CP007: between the captures of two directions
_FIRST_RTO: Final = 1 * _SECOND  # RFC 6298 2.1
FIRST_SYN_GIVES_UP: Final = 3 * _SECOND  # what `_give_up` says of a SYN that was sent once
_SHORTEST_TICK: Final = 1_000  # nanoseconds; Linux and BSD count milliseconds (RFC 7323 5.4)
_LONGEST_RTO: Final = 120 * _SECOND  # Linux TCP_RTO_MAX


def advance(
    connection: Connection, from_originator: bool, segment: Segment, timing: Timing
) -> None:
    """Take one segment of this connection.

    Args:
        connection: of the segment; its endpoints are changed.
        from_originator: direction.
        segment: not kept.
        timing: profile times.
    """
    if segment.time_ns >= connection.next_due_ns:
        settle(connection, segment.time_ns, timing)
    if from_originator:
        sender, receiver = connection.originator, connection.responder
    else:
        sender, receiver = connection.responder, connection.originator
    if (
        timing.header_prediction
        and segment.time_ns - connection.last_time_ns < timing.idle_least
        and predict(connection, sender, receiver, segment)
    ):
        return
    _general(connection, sender, receiver, segment, timing)


def _general(
    connection: Connection,
    sender: Endpoint,
    receiver: Endpoint,
    segment: Segment,
    timing: Timing,
) -> None:
    """The path that knows everything; header prediction must give the same result."""
    bits = segment.control_bits
    _complete(connection, segment)
    if not has_valid_flags(bits):
        note_invalid_flags(connection, sender, segment)
        if bits & RST == 0:
            _ignore(connection, sender, receiver, segment)
            return
    if bits & SYN != 0 and bits & RST == 0:
        _adopt_isn(connection, sender, receiver, segment, timing)
    elif not sender.has_origin and bits & RST == 0:
        _adopt_origin(sender, segment)
    if not sender.profile_known and bits & RST == 0:
        sender.profile = guess_profile(segment)
        sender.profile_known = True
    if receiver.rarities is not None and bits & ACK != 0:
        _choose_iss(receiver, segment)
    acknowledgement: i64 = -1
    if bits & ACK != 0:
        acknowledgement = _read_acknowledgement(receiver, segment)
    sequence: i64 = -1
    if sender.has_origin:
        sequence = unwrap(segment.seq, sender.iss, sender.snd_nxt)
    seg_len = segment.payload_len
    if bits & SYN != 0:
        seg_len += 1
    if bits & FIN != 0:
        seg_len += 1
    end = sequence + seg_len
    repeated = (
        sequence >= 0 and seg_len > 0 and bits & RST == 0 and is_captured(sender, sequence, end)
    )
    if connection.history_seen & NOT_KEPT == 0:
        record(connection, sender.is_originator, segment, sequence, acknowledgement)
    classes = classify(connection, sender.is_originator, segment, sequence, acknowledgement)
    if _is_copy(connection, sender, segment):
        connection.note(
            DUPLICATE_FRAME,
            sender.is_originator,
            segment.frame,
            segment.time_ns,
            sender.last_frame,
            0,
            0,
        )
        count_segment(connection, sender, receiver, segment, -1, False)
        return
    _watch(connection, sender, receiver, segment, sequence, timing)
    if connection.observed & SELF_CONNECT != 0:
        take_self_segment(connection, segment, end, acknowledgement, timing)
        new = absorb(sender, sequence, end)
        count_segment(connection, sender, receiver, segment, acknowledgement, new > 0)
        schedule(connection, segment.time_ns)
        return
    note_stream(connection, sender, receiver, segment, sequence, acknowledgement, classes, timing)
    note_window(connection, sender, receiver, segment, sequence, classes)
    if bits & RST != 0:
        _receive_nothing_more(connection, sender, receiver, segment)
        sent_reset(connection, sender, receiver, segment, sequence, acknowledgement, timing)
        watch_reset(connection, sender, receiver, segment)
        count_segment(connection, sender, receiver, segment, acknowledgement, False)
    else:
        _take(
            connection, sender, receiver, segment, sequence, end, acknowledgement, repeated, timing
        )
    now, frame = segment.time_ns, segment.frame
    believe(connection, sender, receiver, now, frame, timing)
    believe(connection, receiver, sender, now, frame, timing)
    schedule(connection, now)


def _ignore(connection: Connection, sender: Endpoint, receiver: Endpoint, segment: Segment) -> None:
    """A segment that no stack sends (OP001) is counted, and drives nothing."""
    sequence: i64 = -1
    if sender.has_origin:
        sequence = unwrap(segment.seq, sender.iss, sender.snd_nxt)
    record(connection, sender.is_originator, segment, sequence, -1)
    if segment.oddities != 0:
        note_oddities(connection, sender, receiver, segment)
    state = sender.proven
    if segment.control_bits & (SYN | FIN) == FIN and (
        state == SYN_SENT or (state == CLOSED and connection.frames > 0)
    ):
        connection.note(
            FIN_BEFORE_ESTABLISHED,
            sender.is_originator,
            segment.frame,
            segment.time_ns,
            state,
            0,
            0,
        )
    count_segment(connection, sender, receiver, segment, -1, False)
    schedule(connection, segment.time_ns)


def _watch(
    connection: Connection,
    sender: Endpoint,
    receiver: Endpoint,
    segment: Segment,
    sequence: i64,
    timing: Timing,
) -> None:
    """Facts that move no state, about a segment as it was sent."""
    if connection.frames == 0 and has_port_0(segment):
        note_ports(connection, sender, segment)
    if segment.oddities != 0:
        note_oddities(connection, sender, receiver, segment)
    if segment.control_bits & RST == 0:
        watch(connection, sender, receiver, segment, sequence, timing)
        if segment.control_bits & SYN == 0 and is_against_agreement(sender, receiver, segment):
            note_agreement(connection, sender, receiver, segment)


def _complete(connection: Connection, segment: Segment) -> None:
    """Wireshark's tcp.completeness: bits in any order, of either direction.

    As Wireshark does it (tried with 4.0): data and FIN count with the ACK bit only, data on a SYN
    counts too, on a SYN-ACK it does not.
    """
    bits = segment.control_bits
    complete: i64 = 0
    if bits & SYN != 0:
        complete = COMPLETE_SYN_ACK
        if bits & ACK == 0:
            complete = COMPLETE_SYN if segment.payload_len == 0 else COMPLETE_SYN | COMPLETE_DATA
    elif bits & ACK != 0:
        complete = COMPLETE_ACK if segment.payload_len == 0 else COMPLETE_DATA
    if bits & FIN != 0 and bits & ACK != 0:
        complete |= COMPLETE_FIN
    if bits & RST != 0:
        complete |= COMPLETE_RST
    connection.completeness |= complete


def _is_copy(connection: Connection, sender: Endpoint, segment: Segment) -> bool:
    """CP006: the same packet captured twice (a mirror port, two interfaces, a bridge).

    A pure ACK or a RST is a copy only with an equal IP identification that varies, or from another
    interface or with another TTL: a burst of duplicate ACKs is real.
    """
    if (
        sender.segments == 0
        or segment.seq != sender.last_seq
        or segment.control_bits != sender.last_control_bits
        or segment.payload_len != sender.last_payload_len
        or segment.ack != sender.last_ack
        or segment.checksum != sender.last_checksum & 0xFFFF
        or segment.ip_id != sender.last_ip_id
    ):
        return False
    age = segment.time_ns - sender.last_time_ns
    if segment.interface != sender.last_checksum >> 16:
        return age <= _COPY_WINDOW_OTHER_INTERFACE
    if age > _COPY_WINDOW:
        return False
    if segment.payload_len > 0 or segment.control_bits & (SYN | FIN) != 0:
        return True
    return segment.ip_id > 0  # a host without the connection answers each segment by the same RST


def _adopt_isn(
    connection: Connection, sender: Endpoint, receiver: Endpoint, segment: Segment, timing: Timing
) -> None:
    """A SYN or SYN-ACK says where the sender's stream begins."""
    if sender.iss_seen and segment.seq == sender.iss:
        return
    if sender.iss_seen:
        _change_isn(connection, sender, receiver, segment)
        return
    virtual = sender.has_origin
    shift: i64 = 0
    if virtual:
        shift = distance(segment.seq, sender.iss)
    if virtual and shift != 0:
        # The virtual origin came from an acknowledgement or a later segment; it was wrong.
        sender.snd_nxt = 0
        sender.snd_una = 0
        sender.contiguous = 0
        sender.holes = None
    sender.iss = segment.seq
    sender.has_origin = True
    sender.iss_seen = True
    _read_syn_options(connection, sender, segment)


def _read_syn_options(connection: Connection, sender: Endpoint, segment: Segment) -> None:
    sender.mss = segment.mss
    sender.window_scale = UNKNOWN
    if segment.truncated and segment.payload_captured == 0:
        sender.rare().options_cut = True
    if segment.window_scale != ABSENT:
        # RFC 7323 2.3: a shift above 14 is taken as 14.
        sender.window_scale = segment.window_scale
        if sender.window_scale > 14:
            sender.window_scale = 14
    sender.sack_permitted = segment.sack_permitted
    sender.timestamps = segment.tsval != ABSENT
    if segment.authenticated:
        connection.authenticated = True
    receiver = connection.endpoint(not sender.is_originator)
    note_syn_options(connection, sender, receiver, segment)


def _change_isn(
    connection: Connection, sender: Endpoint, receiver: Endpoint, segment: Segment
) -> None:
    """A SYN or SYN-ACK with another ISN than the first: a new attempt, or a second answer."""
    gap = segment.time_ns - sender.retry_time_ns
    frame, now = segment.frame, segment.time_ns
    if segment.control_bits & ACK != 0:
        asked = connection.tally(SYN_CHANGED, receiver.is_originator)
        if asked is None or asked.last.frame < connection.synack_frame:
            connection.note(
                SYNACK_CHANGED, sender.is_originator, frame, now, sender.iss, segment.seq, 0
            )
    else:
        connection.note(SYN_CHANGED, sender.is_originator, frame, now, sender.iss, segment.seq, gap)
    if sender.snd_una >= 1 and sender.proven != SYN_SENT:
        return  # the peer has acknowledged the first one: this one is not of this connection
    sender.rare().other_iss = sender.iss
    sender.iss = segment.seq
    sender.snd_nxt = 0
    sender.snd_una = 0
    sender.contiguous = 0
    sender.holes = None
    sender.retries = 0
    sender.retry_gap_ns = 0
    sender.retry_time_ns = 0
    forget_all_but_resets(receiver)
    receiver.edge = 0
    if not receiver.iss_seen:
        receiver.has_origin = False
    _read_syn_options(connection, sender, segment)


def _choose_iss(receiver: Endpoint, segment: Segment) -> None:
    """HS003, HS012: of two SYNs or SYN-ACKs with different ISNs the acknowledgement chooses one.

    In SYN-SENT the choice stays open: an old duplicate may be answered first (RFC 9293 figure 8).
    """
    rare = receiver.rare()
    if rare.other_iss == UNKNOWN:
        return
    undecided = receiver.proven == SYN_SENT
    previous = receiver.iss
    chosen = segment.ack == (rare.other_iss + 1) & 0xFFFF_FFFF
    if chosen and (receiver.snd_una < 1 or undecided):
        receiver.iss = rare.other_iss
        receiver.snd_nxt = 1
        receiver.snd_una = 0
        receiver.contiguous = 1
        receiver.holes = None
    if not undecided:
        rare.other_iss = UNKNOWN
    elif chosen:
        rare.other_iss = previous


def _adopt_origin(sender: Endpoint, segment: Segment) -> None:
    """No SYN was captured: a virtual ISS before the first octet seen (observer.md section 7)."""
    sender.iss = (segment.seq - 1) & 0xFFFF_FFFF
    sender.has_origin = True
    sender.snd_nxt = 1
    sender.snd_una = 1
    sender.contiguous = 1


def _read_acknowledgement(receiver: Endpoint, segment: Segment) -> i64:
    """SEG.ACK as an offset in the receiver's stream, which may not have been seen yet."""
    if not receiver.has_origin:
        if segment.control_bits & RST != 0:
            return -1
        receiver.iss = (segment.ack - 1) & 0xFFFF_FFFF
        receiver.has_origin = True
        receiver.snd_nxt = 1
        receiver.snd_una = 0
        receiver.contiguous = 1
        return 1
    return unwrap(segment.ack, receiver.iss, receiver.snd_una)


def _take(
    connection: Connection,
    sender: Endpoint,
    receiver: Endpoint,
    segment: Segment,
    sequence: i64,
    end: i64,
    acknowledgement: i64,
    repeated: bool,
    timing: Timing,
) -> None:
    """A segment without RST: steps 1 to 4 of the module's order."""
    bits = segment.control_bits
    now, frame = segment.time_ns, segment.frame
    if (
        connection.frames == 0
        or connection.one_sided
        or connection.resets is not None
        or sender.rarities is not None
        or sender.proven == LAST_ACK
    ):
        _put_right(connection, sender, receiver, segment, sequence, timing)
    plausible = bits & ACK != 0 and _judge_ack(
        connection, sender, receiver, segment, sequence, acknowledgement, end
    )
    before = sender.proven
    acceptable = (
        bits & SYN != 0
        or is_acceptable(sender, receiver, sequence, end)
        or _answers_unseen(receiver, segment)
    )
    if acknowledgement < receiver.snd_una or not (acceptable and plausible):
        note_rejected(
            connection,
            sender,
            receiver,
            segment,
            sequence,
            end,
            acknowledgement,
            acceptable,
            plausible,
        )
    if bits & (SYN | FIN) == 0 and end == sequence and skipped_a_fin(sender, receiver, sequence):
        _skip_fin(connection, sender, receiver, segment, acknowledgement, plausible, timing)
    elif plausible:
        prove_by_segment(connection, sender, receiver, segment, acknowledgement, timing)
    was_nxt = sender.snd_nxt
    waits = sender.contiguous < sender.fin_offset
    if bits & (SYN | ACK) == SYN | ACK:
        _sent_syn_ack(connection, sender, receiver, segment, acknowledgement, before, timing)
    elif bits & SYN != 0:
        _sent_syn(connection, sender, receiver, segment, timing)
    elif acceptable:
        _note_early_data(connection, sender, receiver, segment, before)
        _sent_synchronised(
            connection, sender, receiver, segment, sequence, end, acknowledgement, plausible, timing
        )
    elif bits & FIN != 0:
        connection.note(
            FIN_UNACCEPTABLE,
            sender.is_originator,
            frame,
            now,
            end - 1,
            sender.snd_una,
            receiver.edge,
        )
    if plausible:
        _acknowledge(connection, sender, receiver, segment, acknowledgement, timing)
    new: i64 = 0
    if sequence >= 0 and acceptable and not _is_probe(sender, receiver, segment, sequence, was_nxt):
        new = absorb(sender, sequence, end)
        _note_retry(connection, sender, receiver, segment, sequence, was_nxt, timing)
    data_new = new > 0 and segment.payload_len > 0
    if data_new:
        _new_data(connection, sender, receiver, segment, sequence, was_nxt)
    if receiver.segments == 0:
        infer_peer(connection, sender, receiver, segment, acknowledgement, plausible, timing)
    credible = _if_plausible(acknowledgement, plausible)
    count_segment(connection, sender, receiver, segment, credible, data_new)
    _count_octets(sender, segment, new, repeated)
    if acceptable and matters(receiver, bits, acknowledgement):
        _queue(sender, receiver, segment, sequence, end, credible, repeated)
    if waits and sender.contiguous >= sender.fin_offset:
        renew_fin(receiver, segment, sender.fin_offset)
    if segment.tsval != ABSENT and (
        sender.tsval == UNKNOWN or distance(segment.tsval, sender.tsval) >= 0
    ):
        sender.tsval = segment.tsval


def _queue(
    sender: Endpoint,
    receiver: Endpoint,
    segment: Segment,
    sequence: i64,
    end: i64,
    credible: i64,
    repeated: bool,
) -> None:
    """Queue the segment at its receiver; a FIN that goes unanswered is not believed any more."""
    queue(receiver, sender, segment, sequence, end, credible, repeated)
    if segment.control_bits & FIN != 0 and sender.fin_acked_frame == 0 and sender.fin_copies >= 2:
        park_unanswered_fin(receiver)


def _skip_fin(
    connection: Connection,
    sender: Endpoint,
    receiver: Endpoint,
    segment: Segment,
    acknowledgement: i64,
    plausible: bool,
    timing: Timing,
) -> None:
    """A pure ACK stands one octet behind what was captured: a FIN, before or after the peer's."""
    frame, now = segment.frame, segment.time_ns
    if sender.proven == SYN_RECEIVED:
        take_back(connection, sender, 0, frame, now)
        prove(connection, sender, RCV_ACK_OF_SYN, frame, frame, now, timing)
    if plausible and closed_before_fin(sender, receiver, acknowledgement):
        take_back(connection, sender, 0, frame, now)
        infer_fin(connection, sender, receiver, False, frame, now, timing)
        prove_by_segment(connection, sender, receiver, segment, acknowledgement, timing)
        return
    if plausible:
        prove_by_segment(connection, sender, receiver, segment, acknowledgement, timing)
    if acknowledgement <= receiver.fin_offset:
        take_back(connection, sender, 0, frame, now)  # the peer's FIN had not come yet
    infer_fin(connection, sender, receiver, False, frame, now, timing)


def _put_right(
    connection: Connection,
    sender: Endpoint,
    receiver: Endpoint,
    segment: Segment,
    sequence: i64,
    timing: Timing,
) -> None:
    """Correct first what was thought of the sender and cannot be true if it sends this."""
    if connection.frames == 0 and segment.control_bits & SYN == 0:
        pick_up(connection, sender, receiver, segment, timing)
    if (connection.one_sided and sender.segments == 0) or (
        sender.rarities is not None and sender.rarities.fin_inferred
    ):
        meet_unseen(connection, sender, receiver, segment, sequence, timing)
    if segment.payload_len > 0:
        note_octet_found(sender, sequence, sequence + segment.payload_len)
    _revive(connection, sender, receiver, segment, sequence, timing)


def _if_plausible(acknowledgement: i64, plausible: bool) -> i64:
    """The acknowledgement, or -1 for none."""
    if plausible:
        return acknowledgement
    return -1


def _count_octets(sender: Endpoint, segment: Segment, new: i64, repeated: bool) -> None:
    """Count payload that was not captured before; `new` counts SYN and FIN as well."""
    bits = segment.control_bits
    if segment.payload_len > 0 and new > 0:
        if bits & SYN != 0:
            new -= 1
        if bits & FIN != 0 and not repeated:
            new -= 1
        sender.unique_octets += new
    if repeated:
        sender.retransmitted += 1
    sender.last_new = new > 0


def _revive(
    connection: Connection,
    sender: Endpoint,
    receiver: Endpoint,
    segment: Segment,
    sequence: i64,
    timing: Timing,
) -> None:
    """The sender is alive: whatever said that it is CLOSED did not happen to it."""
    bits = segment.control_bits
    now, frame = segment.time_ns, segment.frame
    if bits & SYN != 0 and sender.retry_time_ns == 0:
        return  # it begins anew, with another ISN: the RST may well have ended what was before
    _count_after_reset(connection, sender)
    refuted = refute_resets(sender, now)
    if refuted != 0:
        _mark_reverted(connection, receiver, refuted, segment, 0)
    if bits & SYN != 0:
        return
    if sender.proven == CLOSED and sender.rst_frame != 0 and sender.rare().before_reset != CLOSED:
        # RS010: its own sequence space goes on, so the RST was not its own.
        if sender.snd_una - 1 <= sequence <= sender.snd_nxt + 1:
            _mark_reverted(connection, sender, sender.rst_frame, segment, 1)
            withdraw_resets(receiver)
            set_back(connection, sender, sender.rare().before_reset, frame, now, timing)
            sender.rst_frame = 0
    elif (
        sender.believed == CLOSED
        and sender.proven == LAST_ACK
        and distance(segment.ack, sender.last_ack) >= 0
    ):
        # A live socket acknowledges all that it has; an older acknowledgement is an old
        # duplicate's.
        refute_acks(sender, sender.fin_offset, now)


def _count_after_reset(connection: Connection, sender: Endpoint) -> None:
    """RS010: how many segments the receiver of a RST sent that it cannot have obeyed."""
    if connection.resets is not None:
        for reset in connection.resets:
            if reset.reverted and reset.of_originator != sender.is_originator:
                reset.later_segments += 1


def set_back(
    connection: Connection, endpoint: Endpoint, state: i64, frame: i64, now_ns: i64, timing: Timing
) -> None:
    """Return the proven state to one it was in: an explicit correction."""
    if endpoint.chain is None and endpoint.believed == endpoint.proven:
        set_proven(connection, endpoint, state, SND_RST, frame, now_ns, OBSERVED, timing)
        if connection.transitions is not None:
            connection.transitions[-1].correction = True
    endpoint.proven = state


def _mark_reverted(
    connection: Connection, of_endpoint: Endpoint, reset_frame: i64, segment: Segment, own: i64
) -> None:
    """Note that traffic went on after a RST, and mark the RST."""
    connection.note(
        TRAFFIC_AFTER_RESET,
        of_endpoint.is_originator,
        segment.frame,
        segment.time_ns,
        reset_frame,
        own,
        0,
    )
    if connection.originator.fin_offset == UNKNOWN and connection.responder.fin_offset == UNKNOWN:
        connection.active_closer = NOBODY
        connection.observed &= ~ACTIVE_CLOSE
    if connection.resets is not None:
        for reset in connection.resets:
            if reset.frame == reset_frame:
                reset.reverted = True
                if own == 0:
                    reset.later_segments = 1


def _receive_nothing_more(
    connection: Connection, sender: Endpoint, receiver: Endpoint, segment: Segment
) -> None:
    """First segment of a socket pair is a RST: a record of its own, both ends CLOSED."""
    if connection.frames == 0:
        connection.midstream = True
        connection.observed |= 0x8_0000_0000


def _judge_ack(
    connection: Connection,
    sender: Endpoint,
    receiver: Endpoint,
    segment: Segment,
    sequence: i64,
    acknowledgement: i64,
    end: i64,
) -> bool:
    """Whether the acknowledgement may be true; notes HS009, RS009 and the like where it is not."""
    frame, now = segment.frame, segment.time_ns
    bits = segment.control_bits
    if receiver.proven == SYN_SENT and receiver.iss_seen and not receiver.believed > SYN_SENT:
        # RFC 9293 3.10.7.3 first step: ISS < SEG.ACK <= SND.NXT.
        if not 1 <= acknowledgement <= receiver.snd_nxt:
            kind: i64 = 0 if bits & SYN != 0 else 3
            if kind == 3:
                connection.stale_ack_frame = frame
            connection.note(
                HANDSHAKE_ACK_WRONG,
                sender.is_originator,
                frame,
                now,
                segment.ack,
                (receiver.iss + 1) & 0xFFFF_FFFF,
                kind,
            )
            return False
        return True
    if (
        receiver.proven == SYN_RECEIVED
        and receiver.believed == SYN_RECEIVED
        and bits & SYN == 0
        and not 1 <= acknowledgement <= receiver.snd_nxt
        and not _goes_on_unseen(sender, receiver, segment, sequence, end, acknowledgement)
    ):
        # Within its window it is more likely that the capture missed what is acknowledged; that it
        # was never sent shows in the answer: a RST with that number, or the SYN-ACK once more.
        ahead = (
            acknowledgement > receiver.snd_nxt
            and is_acceptable(sender, receiver, sequence, end)
            and is_plausible_ack(sender, receiver, acknowledgement)
        )
        expected = (receiver.iss + 1) & 0xFFFF_FFFF
        connection.note(
            HANDSHAKE_ACK_WRONG,
            sender.is_originator,
            frame,
            now,
            segment.ack,
            expected,
            4 if ahead else 1,
        )
        return ahead
    _note_challenge(connection, sender, receiver, segment, sequence, end, acknowledgement)
    return is_plausible_ack(sender, receiver, acknowledgement)


def _goes_on_unseen(
    sender: Endpoint,
    receiver: Endpoint,
    segment: Segment,
    sequence: i64,
    end: i64,
    acknowledgement: i64,
) -> bool:
    """Whether the connection went on where this capture has a gap: a filter for SYN and FIN.

    Both numbers lie within the windows, and octets of the sender are missing, or it echoes a
    timestamp newer than the SYN-ACK's.
    """
    if not (
        is_acceptable(sender, receiver, sequence, end)
        and is_plausible_ack(sender, receiver, acknowledgement)
    ):
        return False
    return sequence > sender.snd_nxt or _answers_unseen(receiver, segment)


def _answers_unseen(receiver: Endpoint, segment: Segment) -> bool:
    """Whether it echoes a timestamp newer than all captured ones, within what time allows.

    So this capture missed segments of the receiver, and what is known of its window is old.
    """
    if segment.tsecr == ABSENT or receiver.tsval == UNKNOWN:
        return False
    ticks = distance(segment.tsecr, receiver.tsval)
    return 0 < ticks <= (segment.time_ns - receiver.last_time_ns) // _SHORTEST_TICK


def _note_challenge(
    connection: Connection,
    sender: Endpoint,
    receiver: Endpoint,
    segment: Segment,
    sequence: i64,
    end: i64,
    acknowledgement: i64,
) -> None:
    """RS009: a pure ACK that says nothing new, soon after what RFC 5961 answers with one."""
    if (
        segment.control_bits & (SYN | FIN | RST) != 0
        or end != sequence
        or sequence != sender.snd_nxt
        or acknowledgement != receiver.snd_una
    ):
        return
    if connection.resets is not None:
        reset = connection.resets[-1]
        if (
            reset.verdict == RST_NOT_EXACT
            and reset.of_originator != sender.is_originator
            and segment.time_ns - reset.time_ns <= _CHALLENGE_WINDOW
        ):
            connection.note(
                CHALLENGE_ACK,
                sender.is_originator,
                segment.frame,
                segment.time_ns,
                reset.frame,
                1,
                0,
            )
            return
    trigger = answer_to_bad_ack(connection, sender, segment)
    if trigger != 0:
        connection.note(
            CHALLENGE_ACK, sender.is_originator, segment.frame, segment.time_ns, trigger, 3, 0
        )
        return
    candidate = connection.candidate
    if (
        candidate is not None
        and candidate.reset_frame == 0
        and segment.time_ns - candidate.last_time_ns <= _CHALLENGE_WINDOW
    ):
        connection.note(
            CHALLENGE_ACK,
            sender.is_originator,
            segment.frame,
            segment.time_ns,
            candidate.last_frame,
            2,
            0,
        )


def stray_syn(connection: Connection, from_originator: bool, segment: Segment) -> None:
    """Count a SYN that its receiver will only challenge (HS017); it moves no state."""
    sender = connection.endpoint(from_originator)
    sequence = unwrap(segment.seq, sender.iss, sender.snd_nxt)
    _complete(connection, segment)
    record(connection, from_originator, segment, sequence, -1)
    connection.frames += 1
    connection.last_frame = segment.frame
    connection.last_time_ns = segment.time_ns
    sender.segments += 1
    sender.last_frame = segment.frame
    if segment.payload_len > 0:
        sender.payload_octets += segment.payload_len


def _sent_syn(
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


def _sent_syn_ack(
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
        if sender.believed == ESTABLISHED:
            # What acknowledges its SYN was under way when it sent this.
            take_back(connection, sender, 0, frame, now)
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


def _note_early_data(
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


def _sent_synchronised(
    connection: Connection,
    sender: Endpoint,
    receiver: Endpoint,
    segment: Segment,
    sequence: i64,
    end: i64,
    acknowledgement: i64,
    plausible: bool,
    timing: Timing,
) -> None:
    """ACK, data or FIN: the segments of a synchronised endpoint."""
    frame, now = segment.frame, segment.time_ns
    fin = segment.control_bits & FIN != 0
    if sender.possible != 0:
        constrain(connection, sender, receiver, segment, end, timing)
    if sender.proven == CLOSED and sender.rst_frame == 0:
        _spoke_from_closed(
            connection, sender, receiver, segment, acknowledgement, plausible, timing
        )
    elif sender.proven == SYN_SENT:
        if segment.payload_len > 0:
            connection.note(
                DATA_BEFORE_ESTABLISHED,
                sender.is_originator,
                frame,
                now,
                segment.payload_len,
                SYN_SENT,
                0,
            )
        if fin:
            connection.note(
                FIN_BEFORE_ESTABLISHED, sender.is_originator, frame, now, SYN_SENT, 0, 0
            )
    if plausible:
        _note_handshake_done(connection, sender, receiver, segment, acknowledgement)
    if fin and sender.proven != CLOSED and sender.proven != SYN_SENT:
        _sent_fin(connection, sender, receiver, segment, sequence, end, acknowledgement, timing)
    elif sender.fin_offset != UNKNOWN and segment.payload_len > 0:
        _data_after_fin(connection, sender, segment, sequence, end)
    if plausible and sender.proven == TIME_WAIT:
        _ack_from_time_wait(connection, sender, receiver, segment, acknowledgement, timing)


def _spoke_from_closed(
    connection: Connection,
    sender: Endpoint,
    receiver: Endpoint,
    segment: Segment,
    acknowledgement: i64,
    plausible: bool,
    timing: Timing,
) -> None:
    """An end of which no SYN was captured speaks as if it were synchronised."""
    frame, now = segment.frame, segment.time_ns
    if segment.control_bits & FIN != 0 and not plausible:
        connection.note(FIN_BEFORE_ESTABLISHED, sender.is_originator, frame, now, CLOSED, 0, 0)
        return
    if receiver.proven == SYN_SENT and not plausible:
        return  # an old connection of which this capture knows nothing (HS018)
    if (
        receiver.proven == SYN_SENT
        and segment.payload_len == 0
        and (segment.control_bits & FIN == 0 and acknowledgement == 1)
    ):
        # Acknowledges our SYN without one of its own: half of a split handshake (HS010), HS011 d.
        connection.note(WRONG_DIRECTION, sender.is_originator, frame, now, 4, CLOSED, 0)
        return
    if sender.path != CLOSED:
        return  # it had its life; what comes now is a tail
    # Its SYN-ACK was lost by the capture: it must have been sent.
    prove(connection, sender, RCV_SYN, frame, frame, now, timing)
    prove(connection, sender, SND_SYN_ACK, frame, frame, now, timing)
    prove(connection, sender, RCV_ACK_OF_SYN, frame, frame, now, timing)


def _note_handshake_done(
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


def _sent_fin(
    connection: Connection,
    sender: Endpoint,
    receiver: Endpoint,
    segment: Segment,
    sequence: i64,
    end: i64,
    acknowledgement: i64,
    timing: Timing,
) -> None:
    """RFC 9293 3.10.4 CLOSE. The FIN occupies the last octet of the segment."""
    frame, now = segment.frame, segment.time_ns
    offset = end - 1
    if sender.fin_offset == UNKNOWN:
        sender.fin_offset = offset
        sender.fin_frame = frame
        sender.fin_time_ns = now
        sender.fin_ack = acknowledgement
        if segment.payload_len > 0:
            connection.observed |= (
                FIN_WITH_DATA_ORIGINATOR if sender.is_originator else FIN_WITH_DATA_RESPONDER
            )
        note_octet_under_fin(receiver, acknowledgement)
        if lost_a_fin(receiver, sender):
            received = acknowledgement >= receiver.snd_nxt
            infer_fin(connection, receiver, sender, received, frame, now, timing)
        _note_closer(connection, sender, receiver)
        note_late_close(connection, sender, receiver, frame, now, timing)
        if sender.proven == CLOSE_WAIT and 0 <= acknowledgement <= receiver.fin_offset:
            _set_back_to_fin(connection, sender, frame, now, timing)
        else:
            prove(connection, sender, SND_FIN, frame, frame, now, timing)
        return
    if offset != sender.fin_offset:
        connection.note(FIN_MOVED, sender.is_originator, frame, now, sender.fin_offset, offset, 0)
        return
    rare = sender.rare()
    rare.fin_copies += 1
    covering = sender.fin_acked_frame
    gap = now - sender.retry_time_ns
    connection.note(FIN_REPEATED, sender.is_originator, frame, now, gap, covering, rare.fin_copies)
    refute_acks(sender, offset, now)
    if receiver.proven == TIME_WAIT or receiver.believed == TIME_WAIT:
        connection.note(FIN_INTO_TIME_WAIT, receiver.is_originator, frame, now, frame, 0, 0)


def _set_back_to_fin(
    connection: Connection, sender: Endpoint, frame: i64, now_ns: i64, timing: Timing
) -> None:
    """Its FIN does not acknowledge the peer's FIN, which its earlier segment does.

    So it was sent before that one, which overtook it: from ESTABLISHED, not from CLOSE-WAIT.
    """
    take_back(connection, sender, 0, frame, now_ns)
    connection.note(
        CORRECTED, sender.is_originator, frame, now_ns, CLOSE_WAIT, ESTABLISHED, RCV_FIN
    )
    set_proven(connection, sender, ESTABLISHED, RCV_FIN, frame, now_ns, OBSERVED, timing)
    if connection.transitions is not None:
        connection.transitions[-1].correction = True
    prove(connection, sender, SND_FIN, frame, frame, now_ns, timing)
    prove(connection, sender, RCV_FIN, frame, frame, now_ns, timing)


def _note_closer(connection: Connection, sender: Endpoint, receiver: Endpoint) -> None:
    """LC006: the active closer is the end whose FIN does not acknowledge the peer's FIN."""
    mine = ORIGINATOR if sender.is_originator else RESPONDER
    if receiver.fin_offset == UNKNOWN:
        connection.active_closer = mine
    elif sender.fin_ack > receiver.fin_offset:
        pass  # its peer closed first and is noted already
    elif receiver.fin_ack > sender.fin_offset:
        connection.active_closer = mine  # the capture has the two FINs in the wrong order
    else:
        connection.active_closer = BOTH
        connection.observed |= SIMULTANEOUS_CLOSE
    connection.observed |= ACTIVE_CLOSE


def _data_after_fin(
    connection: Connection, sender: Endpoint, segment: Segment, sequence: i64, end: i64
) -> None:
    """CL007: new data beyond its own FIN."""
    if end > sender.fin_offset:
        start = sequence if sequence > sender.fin_offset else sender.fin_offset
        connection.note(
            DATA_AFTER_FIN, sender.is_originator, segment.frame, segment.time_ns, end - start, 0, 0
        )


def _ack_from_time_wait(
    connection: Connection,
    sender: Endpoint,
    receiver: Endpoint,
    segment: Segment,
    acknowledgement: i64,
    timing: Timing,
) -> None:
    """The holder acknowledges the peer's FIN, the first time or again: 2 MSL start at that ACK."""
    if receiver.fin_offset == UNKNOWN or acknowledgement <= receiver.fin_offset:
        return
    tally = connection.tally(FIN_INTO_TIME_WAIT, sender.is_originator)
    if tally is None:
        if receiver.fin_acked_frame == 0:
            sender.time_wait_since_ns = segment.time_ns
            start_time_wait(connection, sender, segment.time_ns, timing)
    elif tally.last.second == 0 and segment.time_ns - tally.last.time_ns <= _SECOND:
        tally.last.second = segment.frame
        start_time_wait(connection, sender, segment.time_ns, timing)


def _acknowledge(
    connection: Connection,
    sender: Endpoint,
    receiver: Endpoint,
    segment: Segment,
    acknowledgement: i64,
    timing: Timing,
) -> None:
    """The sender's ACK moves what is known of the receiver's stream."""
    frame, now = segment.frame, segment.time_ns
    progress = acknowledgement > receiver.snd_una
    if receiver.rarities is not None:
        take_window_probe(receiver, acknowledgement)
        _end_probe(sender, receiver.rarities, acknowledgement, now)
    if progress and receiver.snd_una == 1 and receiver.is_originator:
        judge_first_answer(connection, sender, receiver, segment)
    before = receiver.contiguous
    unseen = acknowledge(receiver, acknowledgement)
    if unseen > 0 and receiver.segments > 0 and receiver.proven != SYN_SENT:
        connection.note(
            ACKED_UNSEEN, receiver.is_originator, frame, now, unseen, before, acknowledgement
        )
        note_lost_octet(receiver, unseen, acknowledgement)
        if lost_a_fin(receiver, sender):
            infer_fin(connection, receiver, sender, True, frame, now, timing)
    if progress:
        receiver.give_up_ns = NEVER
        receiver.retry_gap_ns = 0
    if (
        receiver.fin_offset != UNKNOWN
        and acknowledgement > receiver.fin_offset
        and receiver.fin_acked_frame == 0
    ):
        receiver.fin_acked_frame = frame
        receiver.fin_acked_time_ns = now
        receiver.fin_acked_by_data = segment.payload_len > 0 and segment.control_bits & FIN == 0


def _end_probe(sender: Endpoint, rare: Rarities, acknowledgement: i64, now_ns: i64) -> None:
    """Take a round trip to the sender from the data that it acknowledges."""
    if rare.probe_end != UNKNOWN and acknowledgement >= rare.probe_end:
        sample = now_ns - rare.probe_time_ns
        if sender.rtt_ns == UNKNOWN or sample < sender.rtt_ns:
            sender.rtt_ns = sample
        rare.probe_end = UNKNOWN


def _new_data(
    connection: Connection,
    sender: Endpoint,
    receiver: Endpoint,
    segment: Segment,
    sequence: i64,
    was_nxt: i64,
) -> None:
    """New octets of payload: half-close in use, round trip probes, what overlaps are told by."""
    if sequence >= was_nxt and segment.control_bits & SYN == 0:
        keep_excerpt(sender, segment, sequence)
    note_flight(connection, sender, receiver, segment, sequence + segment.payload_len)
    if receiver.rtt_ns == UNKNOWN:
        rare = sender.rare()
        if rare.probe_end == UNKNOWN:
            rare.probe_end = sender.snd_nxt
            rare.probe_time_ns = segment.time_ns
    if (
        receiver.fin_offset != UNKNOWN
        and receiver.fin_acked_frame != 0
        and segment.frame != receiver.fin_acked_frame
        and (sender.proven == CLOSE_WAIT or sender.proven == LAST_ACK)
    ):
        connection.note(
            HALF_CLOSE,
            sender.is_originator,
            segment.frame,
            segment.time_ns,
            segment.payload_len,
            sequence,
            0,
        )


def _is_probe(
    sender: Endpoint, receiver: Endpoint, segment: Segment, sequence: i64, snd_nxt: i64
) -> bool:
    """A keep-alive at SND.NXT - 1, or one octet into a closed window: liveness only."""
    if segment.control_bits & (SYN | FIN) != 0 or segment.payload_len > 1:
        return False
    if sequence == snd_nxt - 1:
        return True
    if (
        segment.payload_len == 1
        and receiver.window == 0
        and receiver.segments > 0
        and (sequence == snd_nxt and receiver.proven >= ESTABLISHED)
    ):
        sender.rare().window_probe = sequence
        return True
    return False


def _note_retry(
    connection: Connection,
    sender: Endpoint,
    receiver: Endpoint,
    segment: Segment,
    sequence: i64,
    was_nxt: i64,
    timing: Timing,
) -> None:
    """Keep the schedule of retransmissions, and say what their failing or their size shows."""
    since, retries = sender.retry_time_ns, sender.retries
    _retry(sender, receiver, segment, sequence, was_nxt, timing)
    if sender.retries > retries:
        asked_again(connection, sender, receiver, segment, since, timing)
    if connection.stream_observed & (SIZE_LOST & ~STREAM) != 0:
        note_smaller(connection, sender, segment)


def _retry(
    sender: Endpoint,
    receiver: Endpoint,
    segment: Segment,
    sequence: i64,
    was_nxt: i64,
    timing: Timing,
) -> None:
    """Keep the schedule of what awaits an acknowledgement, and when silence means giving up."""
    bits = segment.control_bits
    now = segment.time_ns
    control = bits & (SYN | FIN) != 0
    if not control and segment.payload_len == 0:
        return
    if sequence < was_nxt and (sequence <= sender.snd_una or bits & SYN != 0 or bits & FIN != 0):
        if sender.retry_time_ns != 0:
            sender.retry_gap_ns = now - sender.retry_time_ns
            sender.retries += 1
        sender.retry_time_ns = now
        sender.give_up_ns = _give_up(sender, receiver, bits, timing)
    elif control or sender.snd_una >= was_nxt or sender.retries == 0:
        sender.retry_time_ns = now
        sender.retry_gap_ns = 0
        sender.retries = 0
        if control:
            sender.give_up_ns = _give_up(sender, receiver, bits, timing)
        else:
            sender.give_up_ns = NEVER


def _give_up(sender: Endpoint, receiver: Endpoint, bits: i64, timing: Timing) -> i64:
    """When a retransmission is so overdue that the sender must have given up.

    The next one was due after at most twice the last gap (RFC 6298 5.5); without a first
    retransmission after the initial RTO of one second. Half as much again is allowed for.
    """
    expected: i64 = 2 * _FIRST_RTO
    if sender.retry_gap_ns > 0:
        expected = 2 * sender.retry_gap_ns
    # Linux repeats a SYN at once after a RST of its own; a fast retransmission of data (RFC 5681
    # 3.2) comes after a round trip: neither says when the timer expires.
    least: i64 = 2 * _FIRST_RTO if bits & SYN != 0 else _FIRST_RTO
    if expected < least:
        expected = least
    if expected > _LONGEST_RTO:
        expected = _LONGEST_RTO
    if bits & SYN == 0 and sender.retries == 0:
        return NEVER
    return sender.retry_time_ns + expected + expected // 2
