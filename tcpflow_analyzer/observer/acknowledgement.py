"""Whether SEG.ACK may be true, and what it says of the receiver's stream.

Compiled: yes

RFC 9293 3.10.7.3 first step and 3.10.7.4 fifth step; challenge ACKs are RFC 5961.
"""

from typing import Final

from mypy_extensions import i64

from tcpflow_analyzer.decode.segment import ABSENT, Segment
from tcpflow_analyzer.observer.acceptability import is_acceptable, is_plausible_ack
from tcpflow_analyzer.observer.lost_fin import infer_fin, lost_a_fin, note_lost_octet
from tcpflow_analyzer.observer.path import judge_first_answer
from tcpflow_analyzer.observer.stream import acknowledge, take_window_probe
from tcpflow_analyzer.observer.stream_facts import answer_to_bad_ack
from tcpflow_analyzer.observer.timing import Timing
from tcpflow_analyzer.table.connection import Connection
from tcpflow_analyzer.table.endpoint import NEVER, UNKNOWN, Endpoint, Rarities
from tcpflow_analyzer.table.observation import (
    ACKED_UNSEEN,
    CHALLENGE_ACK,
    HANDSHAKE_ACK_WRONG,
    RST_NOT_EXACT,
)
from tcpflow_analyzer.tcp.control_bits import FIN, RST, SYN
from tcpflow_analyzer.tcp.sequence import distance
from tcpflow_analyzer.tcp.states import SYN_RECEIVED, SYN_SENT

_MILLISECOND: Final = 1_000_000
_CHALLENGE_WINDOW: Final = 500 * _MILLISECOND  # RS009: within one round trip, at most this
_SHORTEST_TICK: Final = 1_000  # nanoseconds; Linux and BSD count milliseconds (RFC 7323 5.4)


def judge_ack(
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
    return sequence > sender.snd_nxt or answers_unseen(receiver, segment)


def answers_unseen(receiver: Endpoint, segment: Segment) -> bool:
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


def take_acknowledgement(
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
