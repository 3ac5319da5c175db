"""Tells a delayed segment of the incarnation before from those of the connection it meets.

Compiled: yes

Looked at only where a socket pair is reused while the old incarnation is remembered, so it costs a
first connection nothing. RFC 9293 section 3.4.3 (why old duplicates matter), RFC 7323 section 5
(PAWS), RFC 5961 section 5.2 (acceptable acknowledgements).
"""

from typing import Final

from mypy_extensions import i64

from tcpflow_analyzer.decode.segment import Segment
from tcpflow_analyzer.table.connection import Connection, Remembered
from tcpflow_analyzer.table.endpoint import Endpoint
from tcpflow_analyzer.table.observation import OLD_DUPLICATE
from tcpflow_analyzer.tcp.control_bits import ACK, RST, SYN
from tcpflow_analyzer.tcp.sequence import distance

_TICK: Final = 1  # a TSval this much older may be reordering within one tick


def note_old_duplicate(
    connection: Connection, sender: Endpoint, receiver: Endpoint, segment: Segment
) -> bool:
    """Note a data segment that the incarnation before has sent; say whether it is one.

    It is one if its octets lie in the old stream of its sender, and either its timestamp is older
    than the new incarnation's SYN, or it acknowledges octets of the old stream of the other end
    that the new one does not have. A segment of the new connection does neither.

    Args:
        connection: the new incarnation; `previous` is the old one.
        sender: of the segment.
        receiver: the other end.
        segment: before anything of it was taken into account.
    """
    previous = connection.previous
    bits = segment.control_bits
    if previous is None or segment.payload_len == 0 or bits & (SYN | RST) != 0:
        return False
    if not sender.has_origin or not receiver.has_origin:
        return False
    is_originator = _was_originator(connection, previous, sender)
    if not _is_inside(
        segment.seq, segment.payload_len, _iss(previous, is_originator),
        _snd_nxt(previous, is_originator),
    ):  # fmt: skip
        return False
    by_time = _is_older(previous, sender, segment, is_originator)
    by_ack = bits & ACK != 0 and _acknowledges_old(previous, receiver, segment, not is_originator)
    if not by_time and not by_ack:
        return False
    offset: i64 = sender.snd_nxt + distance(
        segment.seq, (sender.iss + sender.snd_nxt) & 0xFFFF_FFFF
    )
    accepted = not by_time and _is_acceptable(sender, receiver, segment, offset)
    connection.note(
        OLD_DUPLICATE, sender.is_originator, segment.frame, segment.time_ns,
        previous.end_frame, offset, 1 if accepted else 0,
    )  # fmt: skip
    return True


def _was_originator(connection: Connection, previous: Remembered, sender: Endpoint) -> bool:
    """Whether the sender's socket opened the old incarnation."""
    if connection.key == previous.key:
        return sender.is_originator
    return not sender.is_originator


def _iss(previous: Remembered, of_originator: bool) -> i64:
    return previous.originator_iss if of_originator else previous.responder_iss


def _snd_nxt(previous: Remembered, of_originator: bool) -> i64:
    return previous.originator_snd_nxt if of_originator else previous.responder_snd_nxt


def _tsval(previous: Remembered, of_originator: bool) -> i64:
    return previous.originator_tsval if of_originator else previous.responder_tsval


def _is_inside(seq: i64, length: i64, iss: i64, snd_nxt: i64) -> bool:
    """Whether octets lie in a stream that went from `iss` to `snd_nxt`; all wrapped."""
    stream: i64 = (snd_nxt - iss) & 0xFFFF_FFFF
    start: i64 = (seq - iss) & 0xFFFF_FFFF
    return start >= 1 and start + length <= stream


def _is_older(
    previous: Remembered, sender: Endpoint, segment: Segment, was_originator: bool
) -> bool:
    """Whether its timestamp is one that the old incarnation had already sent or passed.

    The clock of one host goes on from one incarnation to the next, so the new one never sends a
    value below the newest of the old one.
    """
    old = _tsval(previous, was_originator)
    if old < 0 or segment.tsval < 0 or sender.tsval < 0:
        return False
    if distance(sender.tsval, old) <= _TICK:
        return False  # the new incarnation's own clock does not tell the two apart
    return distance(segment.tsval, old) <= 0


def _acknowledges_old(
    previous: Remembered, receiver: Endpoint, segment: Segment, of_originator: bool
) -> bool:
    """Whether SEG.ACK lies in the old stream of the receiver and not in the new one."""
    iss, snd_nxt = _iss(previous, of_originator), _snd_nxt(previous, of_originator)
    old: i64 = (segment.ack - iss) & 0xFFFF_FFFF
    if old < 1 or old > (snd_nxt - iss) & 0xFFFF_FFFF:
        return False
    new: i64 = (segment.ack - receiver.iss) & 0xFFFF_FFFF
    return new < 1 or new > receiver.snd_nxt


def _is_acceptable(sender: Endpoint, receiver: Endpoint, segment: Segment, offset: i64) -> bool:
    """Whether the receiver would take the octets: new to it, in its window, with a passable ACK."""
    if offset + segment.payload_len <= sender.snd_una or offset >= receiver.edge:
        return False
    # RFC 5961 section 5.2: SND.UNA - MAX.SND.WND <= SEG.ACK <= SND.NXT of the receiver.
    behind: i64 = distance(segment.ack, (receiver.iss + receiver.snd_una) & 0xFFFF_FFFF)
    scale: i64 = 0
    if sender.window_scale > 0 and receiver.window_scale >= 0:
        scale = sender.window_scale
    return -(sender.max_window << scale) <= behind <= receiver.snd_nxt - receiver.snd_una
