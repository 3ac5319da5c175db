"""One segment through everything: the order of evaluation of the passive observer.

Compiled: yes

Causality comes before capture order. For each segment from X to Y: (1) receipts of X that this
segment proves are applied; octets queued at X that it does not cover were not there yet when X sent
it; (2) what X did is applied as a fact; (3) it is judged for Y; (4) it is queued at Y and Y's
believed state is folded anew. RFC sections to have open: 9293 3.10.7, 5961 3 to 5, 7413.
"""

from mypy_extensions import i64

from tcpflow_analyzer.decode.segment import ABSENT, Segment
from tcpflow_analyzer.observer.acceptability import is_acceptable
from tcpflow_analyzer.observer.acknowledgement import (
    answers_unseen,
    judge_ack,
    take_acknowledgement,
)
from tcpflow_analyzer.observer.belief import believe, schedule, settle
from tcpflow_analyzer.observer.completeness import note_completeness
from tcpflow_analyzer.observer.duplicate_frame import is_captured_twice
from tcpflow_analyzer.observer.fingerprint import guess_profile
from tcpflow_analyzer.observer.handshake import note_early_data, sent_syn, sent_syn_ack
from tcpflow_analyzer.observer.header_prediction import count_segment, predict
from tcpflow_analyzer.observer.liveness import watch, watch_reset
from tcpflow_analyzer.observer.lost_fin import note_octet_found, skipped_a_fin
from tcpflow_analyzer.observer.oddities import (
    has_port_0,
    has_valid_flags,
    is_against_agreement,
    note_agreement,
    note_invalid_flags,
    note_oddities,
    note_ports,
)
from tcpflow_analyzer.observer.one_sided import infer_peer, meet_unseen
from tcpflow_analyzer.observer.origin import (
    adopt_isn,
    adopt_origin,
    choose_iss,
    read_acknowledgement,
)
from tcpflow_analyzer.observer.overlap import keep_excerpt
from tcpflow_analyzer.observer.pick_up import pick_up
from tcpflow_analyzer.observer.receipts import (
    matters,
    park_unanswered_fin,
    prove_by_segment,
    queue,
    renew_fin,
)
from tcpflow_analyzer.observer.reset import sent_reset
from tcpflow_analyzer.observer.retransmission_timer import is_liveness_only, note_retry
from tcpflow_analyzer.observer.revival import revive
from tcpflow_analyzer.observer.self_connect import take_self_segment
from tcpflow_analyzer.observer.stream import absorb, is_captured
from tcpflow_analyzer.observer.stream_analysis import classify
from tcpflow_analyzer.observer.stream_facts import note_flight, note_rejected, note_stream
from tcpflow_analyzer.observer.synchronised import sent_synchronised, skip_fin
from tcpflow_analyzer.observer.timing import Timing
from tcpflow_analyzer.observer.window_facts import note_window
from tcpflow_analyzer.observer.zeek_history import NOT_KEPT, record
from tcpflow_analyzer.table.connection import Connection
from tcpflow_analyzer.table.endpoint import UNKNOWN, Endpoint
from tcpflow_analyzer.table.observation import (
    DUPLICATE_FRAME,
    FIN_BEFORE_ESTABLISHED,
    FIN_UNACCEPTABLE,
    HALF_CLOSE,
    MIDSTREAM,
    SELF_CONNECT,
)
from tcpflow_analyzer.tcp.control_bits import ACK, FIN, RST, SYN
from tcpflow_analyzer.tcp.sequence import distance, unwrap
from tcpflow_analyzer.tcp.states import CLOSE_WAIT, CLOSED, LAST_ACK, SYN_SENT


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
    note_completeness(connection, segment)
    if not has_valid_flags(bits):
        note_invalid_flags(connection, sender, segment)
        if bits & RST == 0:
            _ignore(connection, sender, receiver, segment)
            return
    if bits & SYN != 0 and bits & RST == 0:
        adopt_isn(connection, sender, receiver, segment, timing)
    elif not sender.has_origin and bits & RST == 0:
        adopt_origin(sender, segment)
    if not sender.profile_known and bits & RST == 0:
        sender.profile = guess_profile(segment)
        sender.profile_known = True
    if receiver.rarities is not None and bits & ACK != 0:
        choose_iss(receiver, segment)
    acknowledgement: i64 = -1
    if bits & ACK != 0:
        acknowledgement = read_acknowledgement(receiver, segment)
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
    if is_captured_twice(sender, segment):
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
        _note_beginning(connection, segment)
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
    _note_beginning(connection, segment)
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
    plausible = bits & ACK != 0 and judge_ack(
        connection, sender, receiver, segment, sequence, acknowledgement, end
    )
    before = sender.proven
    acceptable = (
        bits & SYN != 0
        or is_acceptable(sender, receiver, sequence, end)
        or answers_unseen(receiver, segment)
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
        skip_fin(connection, sender, receiver, segment, acknowledgement, plausible, timing)
    elif plausible:
        prove_by_segment(connection, sender, receiver, segment, acknowledgement, timing)
    was_nxt = sender.snd_nxt
    waits = sender.contiguous < sender.fin_offset
    if bits & (SYN | ACK) == SYN | ACK:
        sent_syn_ack(connection, sender, receiver, segment, acknowledgement, before, timing)
    elif bits & SYN != 0:
        sent_syn(connection, sender, receiver, segment, timing)
    elif acceptable:
        note_early_data(connection, sender, receiver, segment, before)
        sent_synchronised(
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
        take_acknowledgement(connection, sender, receiver, segment, acknowledgement, timing)
    new: i64 = 0
    if (
        sequence >= 0
        and acceptable
        and not is_liveness_only(sender, receiver, segment, sequence, was_nxt)
    ):
        new = absorb(sender, sequence, end)
        note_retry(connection, sender, receiver, segment, sequence, was_nxt, timing)
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
    revive(connection, sender, receiver, segment, sequence, timing)


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


def _note_beginning(connection: Connection, segment: Segment) -> None:
    """CP001 where the first segment drives nothing: a RST, or flags that no stack sends."""
    if connection.frames == 0 and segment.control_bits & SYN == 0:
        connection.midstream = True
        connection.observed |= MIDSTREAM


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
