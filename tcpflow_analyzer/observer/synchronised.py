"""What ACK, data and FIN do to their sender, which is synchronised by them if it was not before.

Compiled: yes

RFC 9293 3.6, 3.10.4 and 3.10.7.4.
"""

from typing import Final

from mypy_extensions import i64

from tcpflow_analyzer.decode.segment import Segment
from tcpflow_analyzer.observer.belief import prove, set_proven, start_time_wait, take_back
from tcpflow_analyzer.observer.handshake import note_handshake_done
from tcpflow_analyzer.observer.lost_fin import (
    closed_before_fin,
    infer_fin,
    lost_a_fin,
    note_octet_under_fin,
)
from tcpflow_analyzer.observer.pick_up import constrain, pick_up
from tcpflow_analyzer.observer.receipts import prove_by_segment, refute_acks
from tcpflow_analyzer.observer.reset import note_late_close
from tcpflow_analyzer.observer.timing import Timing
from tcpflow_analyzer.table.connection import BOTH, ORIGINATOR, RESPONDER, Connection
from tcpflow_analyzer.table.endpoint import UNKNOWN, Endpoint
from tcpflow_analyzer.table.observation import (
    ACTIVE_CLOSE,
    CORRECTED,
    DATA_AFTER_FIN,
    DATA_BEFORE_ESTABLISHED,
    FIN_BEFORE_ESTABLISHED,
    FIN_INTO_TIME_WAIT,
    FIN_MOVED,
    FIN_REPEATED,
    FIN_WITH_DATA_ORIGINATOR,
    FIN_WITH_DATA_RESPONDER,
    SIMULTANEOUS_CLOSE,
    WRONG_DIRECTION,
)
from tcpflow_analyzer.tcp.control_bits import FIN
from tcpflow_analyzer.tcp.events import RCV_ACK_OF_SYN, RCV_FIN, RCV_SYN, SND_FIN, SND_SYN_ACK
from tcpflow_analyzer.tcp.states import (
    CLOSE_WAIT,
    CLOSED,
    ESTABLISHED,
    OBSERVED,
    SYN_RECEIVED,
    SYN_SENT,
    TIME_WAIT,
)

_SECOND: Final = 1_000_000_000


def skip_fin(
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


def sent_synchronised(
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
        note_handshake_done(connection, sender, receiver, segment, acknowledgement)
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
    if sender.path == CLOSED and receiver.path == CLOSED:
        pick_up(connection, sender, receiver, segment, timing)  # nothing before told of a state
        return
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
