"""Whether a SYN opens a new incarnation of its socket pair, and what the new one inherits.

Compiled: yes

observer.md section 8: a SYN on a live connection is noted and nothing is replaced before a SYN-ACK
acknowledges it; where its sender was CLOSED or in TIME-WAIT, the new record is opened at once and
the other end lives on in the old one until it is replaced or reset. RFC 9293 3.10.7.4 fourth step,
RFC 6191, RFC 1122 4.2.2.13, RFC 5961 section 4.
"""

from typing import Final

from mypy_extensions import i64

from tcpflow_analyzer.decode.segment import Segment
from tcpflow_analyzer.observer.belief import set_proven, settle, take_back
from tcpflow_analyzer.observer.outcome import closing_reset, final_state, shape_of
from tcpflow_analyzer.observer.revival import mark_reverted
from tcpflow_analyzer.observer.timing import Timing
from tcpflow_analyzer.table.connection import (
    SHAPE_REPLACED,
    SHAPE_RESET,
    Connection,
    Remembered,
)
from tcpflow_analyzer.table.endpoint import NEVER, Endpoint
from tcpflow_analyzer.table.observation import (
    CHALLENGE_ACK,
    RESET_IN_TIME_WAIT,
    REUSED,
    STALE_RECOVERY,
    SYN_ON_LIVE,
    SYN_REFUSED_BY_TIME_WAIT,
)
from tcpflow_analyzer.tcp.control_bits import ACK, RST, SYN
from tcpflow_analyzer.tcp.events import RCV_RST, REPLACED
from tcpflow_analyzer.tcp.states import CLOSED, INFERRED, SYN_SENT, TIME_WAIT

# Linux takes the next initial number of a socket pair out of its TIME-WAIT: tw_snd_nxt + 65535 + 2
# (net/ipv4/tcp_minisocks.c, tcp_timewait_state_process; tcp_ipv4.c, tcp_twsk_unique).
LINUX_ADVANCE: Final = 65_537

# What to do with a SYN without ACK on a known socket pair.
SAME: Final = 0  # belongs to the record as it stands
NEW: Final = 1  # opens a new record at once
CANDIDATE: Final = 2  # is noted; a SYN-ACK that acknowledges it will open a new record


def judge_syn(
    connection: Connection, sender: Endpoint, receiver: Endpoint, segment: Segment, timing: Timing
) -> i64:
    """What a SYN (without ACK) on an existing connection means: SAME, NEW or CANDIDATE."""
    settle(connection, segment.time_ns, timing)
    if sender.iss_seen and segment.seq == sender.iss and not _is_gone(sender):
        return SAME
    if sender.iss_seen and segment.seq == sender.iss and sender.rst_frame == 0:
        # A late duplicate of its own SYN, or a retry after everything was over.
        return SAME if connection.frames <= 4 and sender.proven == SYN_SENT else CANDIDATE
    if sender.proven == SYN_SENT and sender.believed == SYN_SENT:
        return SAME  # a new attempt of the same open (HS003)
    if sender.path == CLOSED and receiver.believed == SYN_SENT:
        return SAME  # the second SYN of a simultaneous open
    if _is_gone(sender) or sender.believed == TIME_WAIT:
        return NEW
    if sender.believed == CLOSED and receiver.believed == CLOSED:
        return NEW
    return CANDIDATE


def has_lived(connection: Connection) -> bool:
    """Whether an end left CLOSED: RSTs and segments that no stack sends make no connection."""
    return connection.originator.path != CLOSED or connection.responder.path != CLOSED


def _is_gone(endpoint: Endpoint) -> bool:
    return endpoint.believed == CLOSED and endpoint.path != CLOSED


def note_candidate(
    connection: Connection, sender: Endpoint, receiver: Endpoint, segment: Segment
) -> None:
    """HS017: a SYN arrived where its receiver is still synchronised."""
    connection.note(
        SYN_ON_LIVE,
        sender.is_originator,
        segment.frame,
        segment.time_ns,
        segment.seq,
        receiver.believed,
        1 if sender.iss_seen and segment.seq == sender.iss else 0,
    )


def belongs_to_older(
    new: Connection, old: Connection, from_originator: bool, segment: Segment
) -> bool:
    """Whether a segment belongs to the incarnation that one end still lives in.

    Args:
        new: the connection that the last SYN opened; not answered yet.
        old: the one before.
        from_originator: direction of the segment in the new connection.
        segment: the segment.
    """
    bits = segment.control_bits
    opener = new.originator
    if from_originator:
        # The bare RST that answers the challenge ACK of the old end (RFC 9293 figure 10).
        old_peer = _same_side(old, new, False)
        return bits & (SYN | RST) == RST and bits & ACK == 0 and segment.seq == old_peer.last_ack
    if bits & SYN != 0:
        return False
    if bits & RST != 0 and bits & ACK != 0:
        return segment.ack != (opener.iss + 1) & 0xFFFF_FFFF
    return new.synack_frame == 0


def _same_side(old: Connection, new: Connection, of_originator: bool) -> Endpoint:
    """The end of `old` that is the `of_originator` end of `new` (its opener may be the other)."""
    if old.key == new.key:
        return old.originator if of_originator else old.responder
    return old.responder if of_originator else old.originator


def meet_linux_number(old: Connection, of_originator: bool, segment: Segment) -> None:
    """TW007: a SYN or SYN-ACK whose number shows that TIME-WAIT outlived the RST that came to it.

    Args:
        old: the incarnation before.
        of_originator: which end of it sent the segment.
        segment: of the new incarnation.
    """
    if old.observed & RESET_IN_TIME_WAIT == 0:
        return
    holder = old.endpoint(of_originator)
    number = (holder.iss + holder.snd_nxt + LINUX_ADVANCE) & 0xFFFF_FFFF
    if holder.believed != CLOSED or segment.seq != number:
        return
    keep: i64 = 0
    step = holder.chain
    while step is not None and step.event != RCV_RST:
        keep += 1
        step = step.next_step
    if step is None:
        return
    reset_frame = step.frame
    take_back(old, holder, keep, segment.frame, segment.time_ns)
    holder.receipts = None
    mark_reverted(old, old.endpoint(not of_originator), reset_frame, segment, 0)


def end_by_replacement(old: Connection, segment: Segment, timing: Timing) -> None:
    """The SYN-ACK of the new incarnation shows that nothing is left of the old one."""
    now, frame = segment.time_ns, segment.frame
    settle(old, now, timing)
    for endpoint in (old.originator, old.responder):
        if endpoint.believed == CLOSED:
            continue
        if endpoint.believed == TIME_WAIT:
            endpoint.time_wait_until_ns = now
        else:
            old.shape = SHAPE_REPLACED
        endpoint.receipts = None
        endpoint.chain = None
        endpoint.give_up_ns = NEVER
        set_proven(old, endpoint, CLOSED, REPLACED, frame, now, INFERRED, timing)
    old.next_due_ns = NEVER


def date_from(new: Connection, segment: Segment) -> None:
    """Date what the candidate's SYN did from the SYN-ACK that shows it: nothing is known before."""
    if new.transitions is not None:
        for transition in new.transitions:
            transition.time_ns = segment.time_ns
            transition.frame = segment.frame


def remember(connection: Connection) -> Remembered:
    """The compact record of a connection that is over."""
    record = Remembered(b"")
    record.take_sockets(connection)
    originator, responder = connection.originator, connection.responder
    record.connection_id = connection.number
    record.incarnation = connection.incarnation
    record.end_frame = connection.last_frame
    record.end_time_ns = connection.last_time_ns
    record.reset_frame = closing_reset(connection)
    record.reset = record.reset_frame != 0 and (
        shape_of(connection) == SHAPE_RESET or connection.observed & RESET_IN_TIME_WAIT != 0
    )
    record.originator_state = final_state(originator)
    record.originator_iss = originator.iss
    record.originator_snd_nxt = (originator.iss + originator.snd_nxt) & 0xFFFF_FFFF
    record.originator_tsval = originator.tsval
    record.originator_edge = (responder.iss + originator.edge) & 0xFFFF_FFFF
    record.originator_time_wait_since_ns = originator.time_wait_since_ns
    record.originator_time_wait_until_ns = originator.time_wait_until_ns
    record.responder_state = final_state(responder)
    record.responder_iss = responder.iss
    record.responder_snd_nxt = (responder.iss + responder.snd_nxt) & 0xFFFF_FFFF
    record.responder_tsval = responder.tsval
    record.responder_edge = (originator.iss + responder.edge) & 0xFFFF_FFFF
    record.responder_time_wait_since_ns = responder.time_wait_since_ns
    record.responder_time_wait_until_ns = responder.time_wait_until_ns
    return record


def inherit(new: Connection, previous: Remembered) -> None:
    """Link a new incarnation with the one before; TW004, TW005, TW011, TW013 are judged by it."""
    new.previous = previous
    new.incarnation = previous.incarnation + 1


def note_reuse(connection: Connection, segment: Segment, syn_tsval: i64, synack_frame: i64) -> None:
    """REUSED, for the opener: its SYN's TSval, and the SYN-ACK that accepted it."""
    connection.note(REUSED, True, segment.frame, segment.time_ns, syn_tsval, synack_frame, 0)


def note_refused_by_time_wait(new: Connection, old: Connection, segment: Segment) -> None:
    """TW006: TIME-WAIT answered the SYN of the next incarnation by an ACK or a RST."""
    holder = _same_side(old, new, False)
    if new.synack_frame != 0 or holder.time_wait_since_ns == 0:
        return
    if new.tally(SYN_REFUSED_BY_TIME_WAIT, True) is not None:
        return
    answer: i64 = 2 if segment.control_bits & RST != 0 else 1
    new.note(
        SYN_REFUSED_BY_TIME_WAIT, True, new.syn_frame, new.syn_time_ns, answer, segment.frame, 0
    )


def note_stale_end(
    new: Connection, old: Connection, from_originator: bool, segment: Segment
) -> None:
    """HS018: the end that lives on in the old incarnation challenges the SYN, and is reset.

    Args:
        new, old: the connection that the SYN opened, and the one before.
        from_originator: direction of the segment in the new connection.
        segment: of the old one (`belongs_to_older`).
    """
    if old.observed & STALE_RECOVERY != 0 or _same_side(old, new, False).time_wait_since_ns != 0:
        return
    if not from_originator:
        new.stale_ack_frame = segment.frame
    elif new.stale_ack_frame != 0:
        new.stale_reset_frame = segment.frame


def note_unanswered_by_time_wait(connection: Connection) -> None:
    """TW006: a SYN into TIME-WAIT that nobody answered."""
    previous = connection.previous
    if previous is None:
        return
    until = previous.responder_time_wait_until_ns
    if connection.key != previous.key:
        until = previous.originator_time_wait_until_ns
    if connection.first_time_ns < until:
        connection.note(
            SYN_REFUSED_BY_TIME_WAIT,
            True,
            connection.first_frame,
            connection.first_time_ns,
            0,
            0,
            0,
        )


def note_recovery(connection: Connection, old: Connection, segment: Segment) -> None:
    """HS018: the old end challenged the SYN, a RST cleared it, and the SYN came again.

    Args:
        connection: on which it is noted: the old one itself, or the new one beside it.
        old: the incarnation that one end still lived in.
        segment: the SYN that came again, or the SYN-ACK that accepts it.
    """
    if old.observed & STALE_RECOVERY != 0:
        return
    tally = old.tally(CHALLENGE_ACK, True)
    if tally is None:
        tally = old.tally(CHALLENGE_ACK, False)
    if tally is None or tally.last.second != 2 or old.resets is None:
        return
    challenge = tally.last
    for reset in old.resets:
        if reset.frame > challenge.frame and reset.of_originator != challenge.of_originator:
            began: i64 = connection.first_time_ns
            if connection is old and old.candidate is not None:
                began = old.candidate.time_ns
            connection.note(
                STALE_RECOVERY,
                True,
                segment.frame,
                segment.time_ns,
                segment.time_ns - began,
                challenge.frame,
                reset.frame,
            )
            old.observed |= STALE_RECOVERY
            return
