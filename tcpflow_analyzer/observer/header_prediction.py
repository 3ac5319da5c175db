"""The short path for the common segment, and the counts that both paths keep.

Compiled: yes

Common: both ends ESTABLISHED beyond doubt, in order, ACK with or without PSH, window open, and it
brings either data or a new acknowledgement. Such a segment moves no state and proves nothing that
is open. A test runs every capture with the short path switched off and compares the results.
"""

from mypy_extensions import i64

from tcpflow_analyzer.decode.segment import ABSENT, Segment
from tcpflow_analyzer.observer.acceptability import scale_known
from tcpflow_analyzer.observer.oddities import is_against_agreement
from tcpflow_analyzer.observer.overlap import keep_excerpt
from tcpflow_analyzer.observer.path import judge_first_answer, other_ttl
from tcpflow_analyzer.observer.stream_analysis import fills_window, is_settled
from tcpflow_analyzer.observer.window_facts import note_shrunk
from tcpflow_analyzer.observer.zeek_history import has_letter, record
from tcpflow_analyzer.table.connection import COMPLETE_ACK, COMPLETE_DATA, Connection
from tcpflow_analyzer.table.endpoint import NEVER, UNKNOWN, Endpoint
from tcpflow_analyzer.tcp.control_bits import ACK, PSH
from tcpflow_analyzer.tcp.sequence import distance
from tcpflow_analyzer.tcp.states import ESTABLISHED


def predict(connection: Connection, sender: Endpoint, receiver: Endpoint, segment: Segment) -> bool:
    """Take the segment if it is the common one; False leaves everything untouched."""
    bits = segment.control_bits
    if (
        bits & ~PSH != ACK
        or segment.window == 0
        or segment.sack_count != 0
        or sender.proven != ESTABLISHED
        or receiver.proven != ESTABLISHED
        or sender.believed != ESTABLISHED
        or receiver.believed != ESTABLISHED
        or sender.receipts is not None
        or receiver.receipts is not None
        or sender.possible != 0
        or receiver.possible != 0
        or sender.holes is not None
        or receiver.holes is not None
        or sender.contiguous != sender.snd_nxt
        or segment.seq != (sender.iss + sender.snd_nxt) & 0xFFFF_FFFF
        or sender.rtt_ns < 0
        or receiver.rtt_ns < 0
        or sender.retries != 0
        or receiver.retries != 0
        or receiver.window == 0
        or sender.window == 0
        or connection.one_sided
        or is_against_agreement(sender, receiver, segment)
    ):
        return False
    progress = distance(segment.ack, (receiver.iss + receiver.snd_una) & 0xFFFF_FFFF)
    if progress < 0 or receiver.snd_una + progress > receiver.contiguous:
        return False
    tsval = segment.tsval
    if tsval != ABSENT and sender.tsval != UNKNOWN and distance(tsval, sender.tsval) < 0:
        return False
    payload_len = segment.payload_len
    if payload_len == 0 and progress == 0:
        return False
    if connection.ack_frame == 0 and not connection.midstream:
        return False
    if not is_settled(connection, sender, receiver):
        return False
    if payload_len > 0:
        end = sender.snd_nxt + payload_len
        if end >= receiver.edge or fills_window(sender, receiver, segment):
            return False
    acknowledgement = receiver.snd_una + progress
    if not has_letter(connection, sender.is_originator, segment):
        record(connection, sender.is_originator, segment, sender.snd_nxt, acknowledgement)
    if payload_len > 0:
        keep_excerpt(sender, segment, sender.snd_nxt)
        end = sender.snd_nxt + payload_len
        sender.retry_time_ns = segment.time_ns
        sender.retry_gap_ns = 0
        sender.snd_nxt = end
        sender.contiguous = end
        sender.unique_octets += payload_len
        connection.completeness |= COMPLETE_DATA
    else:
        connection.completeness |= COMPLETE_ACK
    if progress > 0:
        if receiver.snd_una == 1 and receiver.is_originator:
            judge_first_answer(connection, sender, receiver, segment)
        receiver.snd_una = acknowledgement
        receiver.retry_gap_ns = 0
        receiver.give_up_ns = NEVER
    count_segment(connection, sender, receiver, segment, acknowledgement, payload_len > 0)
    sender.last_new = payload_len > 0
    if tsval != ABSENT:
        sender.tsval = tsval
    return True


def count_segment(
    connection: Connection,
    sender: Endpoint,
    receiver: Endpoint,
    segment: Segment,
    acknowledgement: i64,
    new_data: bool,
) -> None:
    """Counts, windows and the last segment of the sender; moves no state.

    Args:
        connection, sender, receiver: of the segment.
        segment: to count.
        acknowledgement: offset in the receiver's stream; -1 if there is none, or a wrong one.
        new_data: whether it carried octets of payload not captured before.
    """
    now, frame = segment.time_ns, segment.frame
    if connection.frames == 0:
        connection.first_frame = frame
        connection.first_time_ns = now
    connection.frames += 1
    connection.last_frame = frame
    if now > connection.last_time_ns:
        connection.last_time_ns = now
    if sender.segments == 0:
        sender.first_frame = frame
        sender.ttl = segment.ttl
    sender.segments += 1
    sender.last_frame = frame
    sender.last_time_ns = now
    if segment.payload_len > 0:
        sender.payload_octets += segment.payload_len
        sender.data_segments += 1
        if new_data:
            sender.last_data_frame = frame
            sender.last_data_time_ns = now
    bits = segment.control_bits
    if bits & 4 == 0:  # RST: its window and TTL say nothing of the endpoint
        _read_window(connection, sender, receiver, segment, acknowledgement)
        if sender.ttl_min == UNKNOWN:
            sender.ttl = segment.ttl
            sender.ttl_min = segment.ttl
            sender.ttl_max = segment.ttl
        elif segment.ttl != sender.ttl:
            other_ttl(connection, sender, segment)
    sender.last_seq = segment.seq
    sender.last_ack = segment.ack
    sender.last_control_bits = bits
    sender.last_payload_len = segment.payload_len
    sender.last_ip_id = segment.ip_id
    sender.last_checksum = segment.checksum | segment.interface << 16


def _read_window(
    connection: Connection,
    sender: Endpoint,
    receiver: Endpoint,
    segment: Segment,
    acknowledgement: i64,
) -> None:
    """SEG.WND: unscaled on a SYN, else shifted as the sender's SYN says (RFC 7323 2.2).

    If the peer's SYN has no such option, neither end scales.
    """
    window = segment.window
    before = sender.window
    sender.window = window
    if window > sender.max_window:
        sender.max_window = window
    if acknowledgement < 0:
        return
    scaled = window
    scale = sender.window_scale
    if scale > 0 and receiver.window_scale == UNKNOWN and scale_known(receiver):
        scale = 0
    if scale > 0 and segment.control_bits & 2 == 0:
        scaled = window << scale  # 16 bits shifted by at most 14
    edge = acknowledgement + scaled
    if edge > sender.edge:
        sender.edge = edge
    elif edge < sender.edge:
        note_shrunk(connection, sender, segment, acknowledgement, edge, before, scale)
