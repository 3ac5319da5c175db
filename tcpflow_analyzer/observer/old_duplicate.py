"""Delayed segments of the incarnation before that land in the new one (TW008).

Compiled: yes

RFC 9293 3.4.3, RFC 7323 section 5: PAWS recognises them by their timestamp. Without timestamps
those are recognised that lie in the old sequence space and nowhere near the new one, or that
acknowledge octets which only the old stream of the other end had.
"""

from typing import Final

from mypy_extensions import i64

from tcpflow_analyzer.decode.segment import ABSENT, Segment
from tcpflow_analyzer.observer.acceptability import right_edge
from tcpflow_analyzer.table.connection import Connection, Remembered
from tcpflow_analyzer.table.endpoint import UNKNOWN, Endpoint
from tcpflow_analyzer.table.observation import OLD_DUPLICATE
from tcpflow_analyzer.tcp.control_bits import ACK, RST, SYN
from tcpflow_analyzer.tcp.sequence import distance, unwrap

# A segment this near to what is expected may belong to the new incarnation: octets.
_NEAR: Final = 65_536


def is_old_duplicate(connection: Connection, from_originator: bool, segment: Segment) -> bool:
    """Note a segment of the previous incarnation; True if the observer has to leave it alone."""
    previous = connection.previous
    if previous is None or segment.payload_len == 0 or segment.control_bits & (SYN | RST) != 0:
        return False
    of_old_originator = from_originator == (connection.key == previous.key)
    if not _lies_in_old_space(previous, of_old_originator, segment):
        return False
    sender = connection.endpoint(from_originator)
    receiver = connection.endpoint(not from_originator)
    if not sender.has_origin or not receiver.has_origin:
        return False
    sequence = unwrap(segment.seq, sender.iss, sender.snd_nxt)
    in_window = sender.snd_una <= sequence + segment.payload_len and sequence <= right_edge(
        sender, receiver
    )
    old_tsval = previous.originator_tsval if of_old_originator else previous.responder_tsval
    if segment.tsval != ABSENT and sender.tsval != UNKNOWN:
        # PAWS (RFC 7323 5.3): older than what the receiver has taken from this incarnation.
        if old_tsval == UNKNOWN or distance(segment.tsval, old_tsval) > 0:
            return False
        if distance(segment.tsval, sender.tsval) >= 0:
            return False
        acceptable = False
    elif _acknowledges_old(previous, receiver, not of_old_originator, segment):
        acceptable = in_window and _is_ack_acceptable(sender, receiver, segment)
    else:
        if sender.snd_una - _NEAR <= sequence <= sender.snd_nxt + _NEAR:
            return False
        acceptable = in_window
    connection.note(
        OLD_DUPLICATE,
        from_originator,
        segment.frame,
        segment.time_ns,
        previous.end_frame,
        sequence,
        1 if acceptable else 0,
    )
    connection.frames += 1
    sender.segments += 1
    sender.payload_octets += segment.payload_len
    connection.last_frame = segment.frame
    return True


def _lies_in_old_space(previous: Remembered, of_old_originator: bool, segment: Segment) -> bool:
    """Whether all of its octets were numbers that the old incarnation used."""
    if of_old_originator:
        iss, snd_nxt = previous.originator_iss, previous.originator_snd_nxt
    else:
        iss, snd_nxt = previous.responder_iss, previous.responder_snd_nxt
    end = (segment.seq + segment.payload_len) & 0xFFFF_FFFF
    return distance(segment.seq, iss) > 0 and distance(end, snd_nxt) <= 0


def _acknowledges_old(
    previous: Remembered, receiver: Endpoint, of_old_originator: bool, segment: Segment
) -> bool:
    """Whether SEG.ACK lies in the old stream of the receiver's socket and not in its new one."""
    if segment.control_bits & ACK == 0:
        return False
    if of_old_originator:
        iss, snd_nxt = previous.originator_iss, previous.originator_snd_nxt
    else:
        iss, snd_nxt = previous.responder_iss, previous.responder_snd_nxt
    old: i64 = (segment.ack - iss) & 0xFFFF_FFFF
    if old < 1 or old > (snd_nxt - iss) & 0xFFFF_FFFF:
        return False
    new: i64 = (segment.ack - receiver.iss) & 0xFFFF_FFFF
    return new < 1 or new > receiver.snd_nxt


def _is_ack_acceptable(sender: Endpoint, receiver: Endpoint, segment: Segment) -> bool:
    """RFC 5961 section 5.2: SND.UNA - MAX.SND.WND <= SEG.ACK <= SND.NXT of the receiver."""
    ahead: i64 = distance(segment.ack, (receiver.iss + receiver.snd_una) & 0xFFFF_FFFF)
    scale: i64 = 0
    if sender.window_scale > 0 and receiver.window_scale >= 0:
        scale = sender.window_scale
    return -(sender.max_window << scale) <= ahead <= receiver.snd_nxt - receiver.snd_una
