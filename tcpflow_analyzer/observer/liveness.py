"""Whether the other end is still there: keep-alives, silence, and what happens after idle time.

Compiled: yes

Facts for KA001 to KA005, MB002 and MB003; nothing here moves a state. Header prediction lets no
segment pass that could say something here: none after an idle time, none that answers a probe.
"""

from typing import Final

from mypy_extensions import i64

from tcpflow_analyzer.decode.segment import Segment
from tcpflow_analyzer.observer.path import note_size
from tcpflow_analyzer.observer.timing import IDLE_NS, Timing
from tcpflow_analyzer.table.connection import Connection
from tcpflow_analyzer.table.endpoint import UNKNOWN, Endpoint
from tcpflow_analyzer.table.observation import FORM_STATELESS, KEPT, Reset, Tally
from tcpflow_analyzer.table.stream_cases import (
    RESET_ANSWERS,
    RESET_FIRST,
)
from tcpflow_analyzer.table.stream_observation import (
    IDLE,
    IDLE_CLOSE,
    IDLE_RESET,
    IDLE_UNANSWERED,
    KEEPALIVE_ORIGINATOR,
    KEEPALIVE_RESPONDER,
    KEEPALIVE_UNANSWERED,
    LONG_IDLE,
    PEER_SILENT,
    STREAM,
    keepalive,
)
from tcpflow_analyzer.tcp.control_bits import ACK, FIN, SYN, SYN_FIN_RST
from tcpflow_analyzer.tcp.states import CLOSE_WAIT, ESTABLISHED, FIN_WAIT_2

_SECOND: Final = 1_000_000_000
_MILLISECOND: Final = 1_000_000
_PROBE_AFTER: Final = 1 * _SECOND  # KA001: its sender's segment before is older
_ANSWERED_WITHIN: Final = 1 * _SECOND  # KA001
_IDLE_CLOSE: Final = 1 * _SECOND  # KA005: the shortest idle time-out that is looked for
_ENOUGH_ASKED: Final = 3  # KA003, MB002: segments that get no answer
_NAT_IDLE: Final = 60 * _SECOND  # MB002
_REOPENED_WITHIN: Final = 60 * _SECOND  # MB002: new connections work
_ANSWER_SLACK: Final = 10 * _MILLISECOND  # MB003: over two round trips, the shortest being known
_NO_RTT: Final = 1 * _SECOND
_TTL_FAR: Final = 2  # hops, as RS011
_NO_SOCKET: Final = 1
_OTHER_TTL: Final = 2
_LISTENED_TO: Final = (KEEPALIVE_ORIGINATOR | KEEPALIVE_RESPONDER | PEER_SILENT) & ~STREAM


def watch(
    connection: Connection,
    sender: Endpoint,
    receiver: Endpoint,
    segment: Segment,
    sequence: i64,
    timing: Timing,
) -> None:
    """Look at a segment without RST before anything is changed for it.

    Args:
        connection, sender, receiver: of the segment, as they were before it.
        segment: the segment.
        sequence: offset of SEG.SEQ in the sender's stream, -1 if that has no origin.
        timing: thresholds.
    """
    if connection.frames == 0:
        return
    if connection.stream_observed & _LISTENED_TO != 0:
        _hear(connection, sender, receiver, segment)
    probe = is_probe(sender, receiver, segment, sequence)
    if segment.time_ns - connection.last_time_ns >= timing.idle_least and not probe:
        _note_idle(connection, sender, segment, timing)
    if probe:
        _note_probe(connection, sender, receiver, segment, timing)
    elif (
        segment.control_bits & (FIN | SYN) == FIN
        and segment.payload_len == 0
        and sender.fin_offset == UNKNOWN
    ):
        _note_idle_close(connection, sender, segment)


def is_probe(sender: Endpoint, receiver: Endpoint, segment: Segment, sequence: i64) -> bool:
    """KA001: RFC 9293 3.8.4. Towards a closed window the same segment asks for the window."""
    return (
        segment.payload_len <= 1
        and segment.control_bits & (SYN_FIN_RST | ACK) == ACK
        and sequence == sender.snd_nxt - 1
        and sequence > 0
        and sender.snd_una == sender.snd_nxt
        and segment.time_ns - sender.last_time_ns > _PROBE_AFTER
        and sender.segments > 0
        and receiver.window != 0
    )


def _hear(connection: Connection, sender: Endpoint, receiver: Endpoint, segment: Segment) -> None:
    """The sender says something: the answer to a probe, or the end of its silence."""
    of_peer = receiver.is_originator
    probes = connection.tally(keepalive(of_peer), of_peer)
    if probes is not None:
        probe = probes.last
        if (
            probe.second == 0
            and probe.frame == receiver.last_frame
            and segment.control_bits & ACK != 0
            and segment.ack == (receiver.iss + receiver.snd_nxt) & 0xFFFF_FFFF
            and segment.time_ns - probe.time_ns <= _ANSWERED_WITHIN
        ):
            probe.second = segment.frame
            _note_answer(connection, receiver)
    silence = connection.tally(PEER_SILENT, sender.is_originator)
    if silence is not None and silence.last.third == 0:
        silence.last.third = segment.time_ns


def _note_probe(
    connection: Connection,
    sender: Endpoint,
    receiver: Endpoint,
    segment: Segment,
    timing: Timing,
) -> None:
    """KA001, and KA002 where the probe before this one got no answer."""
    frame, now = segment.frame, segment.time_ns
    of_originator = sender.is_originator
    kind = keepalive(of_originator)
    tally = connection.tally(kind, of_originator)
    gap = now - sender.last_time_ns
    answered: i64 = 0
    if tally is not None:
        before = tally.last
        answered = before.third
        if before.second != 0:
            answered += 1
        elif before.frame == sender.last_frame and receiver.last_frame < before.frame:
            _note_unanswered(connection, sender, before.frame, segment)
    connection.note(kind, of_originator, frame, now, gap, 0, answered)
    _ask(connection, sender, receiver, segment, now, timing)


def _note_unanswered(
    connection: Connection, sender: Endpoint, before: i64, segment: Segment
) -> None:
    """KA002: one more probe in a row; `before` is the frame of the last."""
    in_a_row: i64 = 2
    first = before
    tally = connection.tally(KEEPALIVE_UNANSWERED, sender.is_originator)
    if tally is not None and tally.last.frame == before:
        in_a_row = tally.last.first + 1
        first = tally.last.third
    connection.note(
        KEEPALIVE_UNANSWERED,
        sender.is_originator,
        segment.frame,
        segment.time_ns,
        in_a_row,
        segment.time_ns - sender.last_time_ns,
        first,
    )


def _note_answer(connection: Connection, prober: Endpoint) -> None:
    """KA002: the last probe of a series was answered after all."""
    tally = connection.tally(KEEPALIVE_UNANSWERED, prober.is_originator)
    if tally is not None and tally.last.frame == prober.last_frame:
        tally.last.first -= 1


# Silence


def asked_again(
    connection: Connection,
    sender: Endpoint,
    receiver: Endpoint,
    segment: Segment,
    since_ns: i64,
    timing: Timing,
) -> None:
    """The sender repeats what was not acknowledged; `since_ns` is when it sent that before."""
    trouble = sender.trouble()
    if sender.retries <= 1:
        trouble.retry_since_ns = since_ns
    _ask(connection, sender, receiver, segment, since_ns, timing)
    note_size(connection, sender, receiver, segment)


def _ask(
    connection: Connection,
    sender: Endpoint,
    receiver: Endpoint,
    segment: Segment,
    since_ns: i64,
    timing: Timing,
) -> None:
    """Count segments that want an answer while the receiver says nothing at all."""
    now, frame = segment.time_ns, segment.frame
    trouble = sender.trouble()
    if trouble.asked_frame == 0 or receiver.last_frame > trouble.asked_frame:
        trouble.asked_frame = frame
        if since_ns < now and receiver.last_time_ns <= since_ns:
            trouble.asked = 2  # the first transmission and this one
            trouble.asked_since_ns = since_ns
        else:
            trouble.asked = 1
            trouble.asked_since_ns = now
    else:
        trouble.asked += 1
    if trouble.asked < _ENOUGH_ASKED or receiver.segments == 0 or connection.one_sided:
        return
    if receiver.rst_frame != 0 or receiver.proven < ESTABLISHED:
        return
    if now - trouble.asked_since_ns >= timing.silent_window:
        _note_silence(connection, sender, receiver, now)
    _note_dead_after_idle(connection, sender, receiver, segment, trouble.asked)


def _note_silence(connection: Connection, sender: Endpoint, receiver: Endpoint, now: i64) -> None:
    """KA003."""
    trouble = sender.trouble()
    of_silent = receiver.is_originator
    tally = connection.tally(PEER_SILENT, of_silent)
    if tally is not None and tally.last.third == 0:
        tally.last.first = trouble.asked
        tally.last.time_ns = now
        return
    connection.note(
        PEER_SILENT,
        of_silent,
        receiver.last_frame,
        now,
        trouble.asked,
        trouble.asked_since_ns,
        0,
    )
    listener = connection.listener
    if listener is None or of_silent:
        return
    spoke = receiver.last_time_ns
    if listener.silent == 0 or spoke < listener.silent_from_ns:
        listener.silent_from_ns = spoke
    listener.silent_until_ns = max(listener.silent_until_ns, spoke)
    listener.silent += 1


# Idle time


def _note_idle(connection: Connection, sender: Endpoint, segment: Segment, timing: Timing) -> None:
    """A connection on which nothing was outstanding is used again."""
    originator, responder = connection.originator, connection.responder
    if not is_open(originator.believed, responder.believed):
        return
    gap = segment.time_ns - connection.last_time_ns
    of_originator = sender.is_originator
    if gap >= timing.idle_note:
        note_long_idle(connection, of_originator, segment.frame, segment.time_ns, gap, 1)
    if gap < IDLE_NS:
        return
    if originator.snd_una != originator.snd_nxt or responder.snd_una != responder.snd_nxt:
        return
    survived: i64 = 0
    for side in (True, False):
        tally = connection.tally(IDLE, side)
        if tally is not None:
            survived = max(survived, tally.last.second, _survived(connection, tally, side))
    connection.note(
        IDLE,
        of_originator,
        segment.frame,
        segment.time_ns,
        gap,
        survived,
        connection.last_frame,
    )


def _survived(connection: Connection, tally: Tally, of_originator: bool) -> i64:
    """The last idle time of a tally if the other end spoke after it, else 0."""
    if connection.endpoint(not of_originator).last_frame > tally.last.frame:
        return tally.last.first
    return 0


def note_long_idle(
    connection: Connection,
    of_originator: bool,
    frame: i64,
    now_ns: i64,
    gap: i64,
    ended: i64,
) -> None:
    """KA004: of several such times the longest stays the last of the tally."""
    tally = connection.tally(LONG_IDLE, of_originator)
    if tally is not None and tally.last.first >= gap:
        tally.count += 1
        return
    connection.note(LONG_IDLE, of_originator, frame, now_ns, gap, connection.last_frame, ended)


def note_idle_at_end(connection: Connection, now_ns: i64, timing: Timing) -> None:
    """KA004: idle until the capture ended."""
    gap = now_ns - connection.last_time_ns
    if gap >= timing.idle_note and is_open(
        connection.originator.believed, connection.responder.believed
    ):
        note_long_idle(connection, True, connection.last_frame, now_ns, gap, 0)


def is_open(first: i64, second: i64) -> bool:
    """Both ends ESTABLISHED, or one in CLOSE-WAIT while the other waits for its FIN."""
    if first == ESTABLISHED and second == ESTABLISHED:
        return True
    return (first == CLOSE_WAIT and second == FIN_WAIT_2) or (
        first == FIN_WAIT_2 and second == CLOSE_WAIT
    )


def _note_idle_close(connection: Connection, sender: Endpoint, segment: Segment) -> None:
    """KA005: a FIN some time after the last data, or after a handshake that brought none."""
    if sender.believed != ESTABLISHED or connection.ack_frame == 0:
        return
    since: i64 = connection.ack_time_ns
    # Two at a time: of three, compiled code makes objects.
    since = max(since, connection.originator.last_data_time_ns)
    since = max(since, connection.responder.last_data_time_ns)
    gap = segment.time_ns - since
    receiver = connection.endpoint(not sender.is_originator)
    if gap < _IDLE_CLOSE or receiver.fin_offset != UNKNOWN:
        return
    connection.note(IDLE_CLOSE, sender.is_originator, segment.frame, segment.time_ns, gap, 0, 0)


def _note_dead_after_idle(
    connection: Connection,
    sender: Endpoint,
    receiver: Endpoint,
    segment: Segment,
    transmissions: i64,
) -> None:
    """MB002: what ended an idle time is sent for the third time and more."""
    of_originator = sender.is_originator
    idle = connection.tally(IDLE, of_originator)
    if idle is None or idle.last.first < _NAT_IDLE or receiver.last_frame > idle.last.frame:
        return
    tally = connection.tally(IDLE_UNANSWERED, of_originator)
    if tally is not None:
        tally.last.second = transmissions
        return
    _fail_after_idle(connection, of_originator, segment, idle, transmissions)


def _fail_after_idle(
    connection: Connection, of_originator: bool, segment: Segment, idle: Tally, transmissions: i64
) -> None:
    now = segment.time_ns
    connection.note(
        IDLE_UNANSWERED,
        of_originator,
        idle.last.frame,
        now,
        idle.last.first,
        transmissions,
        idle.last.second,
    )
    service = connection.service
    if service is not None:
        service.idle_failed_ns = now
        if now - service.last_opened_ns <= _REOPENED_WITHIN:
            service.idle_reopened_ns = service.last_opened_ns


def watch_reset(
    connection: Connection, sender: Endpoint, receiver: Endpoint, segment: Segment
) -> None:
    """MB003, MB002: a RST that is recorded already, but not counted yet."""
    resets = connection.resets
    if connection.frames == 0 or resets is None or connection.reset_count > KEPT:
        return
    reset = resets[-1]
    if not is_open(reset.sender_state, reset.receiver_state):
        return
    gap = segment.time_ns - connection.last_time_ns
    of_originator = sender.is_originator
    signs = _signs(sender, reset)
    if gap >= IDLE_NS:
        probes = connection.tally(KEEPALIVE_UNANSWERED, of_originator)
        is_dead = probes is not None and probes.last.frame == sender.last_frame
        if reset.own_unacked == 0 and reset.peer_unacked == 0 and not is_dead:
            _note_idle_reset(connection, segment, of_originator, gap, RESET_FIRST, signs)
        return
    idle = connection.tally(IDLE, receiver.is_originator)
    if idle is None or sender.last_frame > idle.last.frame:
        return
    answer = segment.time_ns - idle.last.time_ns
    round_trip: i64 = _NO_RTT
    if sender.rtt_ns >= 0:
        round_trip = 2 * sender.rtt_ns + _ANSWER_SLACK
    if answer <= round_trip:
        _note_idle_reset(connection, segment, of_originator, idle.last.first, RESET_ANSWERS, signs)
    if idle.last.first >= _NAT_IDLE and signs == _NO_SOCKET | _OTHER_TTL:
        _fail_after_idle(connection, receiver.is_originator, segment, idle, 0)


def _signs(sender: Endpoint, reset: Reset) -> i64:
    """What speaks for a middlebox as the sender of a RST."""
    signs: i64 = 0
    if reset.form == FORM_STATELESS:
        signs = _NO_SOCKET
    if sender.ttl_min >= 0 and (
        sender.ttl_min - reset.ttl >= _TTL_FAR or reset.ttl - sender.ttl_max >= _TTL_FAR
    ):
        signs |= _OTHER_TTL
    return signs


def _note_idle_reset(
    connection: Connection,
    segment: Segment,
    of_originator: bool,
    gap: i64,
    how: i64,
    signs: i64,
) -> None:
    connection.note(IDLE_RESET, of_originator, segment.frame, segment.time_ns, gap, how, signs)
    listener = connection.listener
    if listener is None:
        return
    difference = gap - listener.idle_reset_ns
    if listener.idle_resets > 0 and -gap <= 50 * difference <= gap:  # within 2 %
        listener.idle_resets += 1
    else:
        listener.idle_reset_ns = gap
        listener.idle_resets = 1
