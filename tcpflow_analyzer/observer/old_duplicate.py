"""Delayed segments of the incarnation before that land in the new one (TW008).

Compiled: yes

RFC 9293 3.4.3, RFC 7323 section 5: PAWS recognises them by their timestamp. Without timestamps only those are
recognised that lie in the old sequence space and nowhere near the new one.
"""

from typing import Final

from mypy_extensions import i64

from tcpflow_analyzer.decode.segment import ABSENT, Segment
from tcpflow_analyzer.observer.acceptability import right_edge
from tcpflow_analyzer.table.connection import Connection, Remembered
from tcpflow_analyzer.table.endpoint import UNKNOWN
from tcpflow_analyzer.table.observation import OLD_DUPLICATE
from tcpflow_analyzer.tcp.control_bits import RST, SYN
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
    if not sender.has_origin:
        return False
    sequence = unwrap(segment.seq, sender.iss, sender.snd_nxt)
    in_window = (
        sender.snd_una <= sequence + segment.payload_len
        and sequence <= right_edge(sender, receiver)
    )
    old_tsval = previous.originator_tsval if of_old_originator else previous.responder_tsval
    if segment.tsval != ABSENT and sender.tsval != UNKNOWN:
        # PAWS (RFC 7323 5.3): older than what the receiver has taken from this incarnation.
        if old_tsval == UNKNOWN or distance(segment.tsval, old_tsval) > 0:
            return False
        if distance(segment.tsval, sender.tsval) >= 0:
            return False
        acceptable = False
    else:
        if sender.snd_una - _NEAR <= sequence <= sender.snd_nxt + _NEAR:
            return False
        acceptable = in_window
    connection.note(
        OLD_DUPLICATE, from_originator, segment.frame, segment.time_ns, 0, sequence,
        1 if acceptable else 0,
    )
    connection.frames += 1
    sender.segments += 1
    sender.payload_octets += segment.payload_len
    connection.last_frame = segment.frame
    return True


def _lies_in_old_space(
    previous: Remembered, of_old_originator: bool, segment: Segment
) -> bool:
    """Whether all of its octets were numbers that the old incarnation used."""
    if of_old_originator:
        iss, snd_nxt = previous.originator_iss, previous.originator_snd_nxt
    else:
        iss, snd_nxt = previous.responder_iss, previous.responder_snd_nxt
    end = (segment.seq + segment.payload_len) & 0xFFFF_FFFF
    return distance(segment.seq, iss) > 0 and distance(end, snd_nxt) <= 0
