"""Classes of segments as Wireshark's tcp.analysis names them: retransmission, duplicate ACK ...

Compiled: yes

Rules of this file: nothing here moves a state; what is counted are Wireshark's words, not verdicts.
Source: Wireshark epan/dissectors/packet-tcp.c, tcp_analyze_sequence_number, as of version 4.0.
What is not taken over stands in docs/differences.md. A healthy connection allocates nothing: until
the first class is found, `Endpoint` alone says what is expected.
"""

from typing import Final

from mypy_extensions import i64

from tcpflow_analyzer.decode.segment import Segment
from tcpflow_analyzer.table.analysis import Analysis, Watch
from tcpflow_analyzer.table.connection import Connection
from tcpflow_analyzer.table.endpoint import UNKNOWN, Endpoint
from tcpflow_analyzer.tcp.control_bits import ACK, FIN, RST, SYN, SYN_FIN_RST
from tcpflow_analyzer.tcp.sequence import distance

RETRANSMISSION: Final = 0x1
FAST_RETRANSMISSION: Final = 0x2
SPURIOUS_RETRANSMISSION: Final = 0x4
OUT_OF_ORDER: Final = 0x8
LOST_SEGMENT: Final = 0x10
ACK_LOST_SEGMENT: Final = 0x20
DUPLICATE_ACK: Final = 0x40
ZERO_WINDOW: Final = 0x80
ZERO_WINDOW_PROBE: Final = 0x100
WINDOW_UPDATE: Final = 0x200
WINDOW_FULL: Final = 0x400
KEEP_ALIVE: Final = 0x800
KEEP_ALIVE_ACK: Final = 0x1000
ZERO_WINDOW_PROBE_ACK: Final = 0x2000  # known, not counted

_FAST_WITHIN_NS: Final = 20_000_000  # Wireshark: after the last duplicate ACK
_OUT_OF_ORDER_WITHIN_NS: Final = 3_000_000  # Wireshark: where the first round trip is not known
_LOOP_WITHIN_NS: Final = 1_000_000_000  # FL005: between two ACKs of a loop
_FAST_AFTER: Final = 2  # duplicate ACKs


def classify(
    connection: Connection,
    from_originator: bool,
    segment: Segment,
    sequence: i64,
    acknowledgement: i64,
) -> i64:
    """Name what is unusual about a segment and count it, before anything is changed for it.

    Args:
        connection: its connection; only `analysis` changes.
        from_originator: whether the originator sent it.
        segment: the segment.
        sequence: offset of SEG.SEQ in the sender's stream.
        acknowledgement: offset of SEG.ACK in the peer's stream, UNKNOWN without the ACK bit.

    Returns:
        Mask of classes, 0 for an ordinary segment.
    """
    if from_originator:
        sender = connection.originator
        peer = connection.responder
    else:
        sender = connection.responder
        peer = connection.originator
    analysis = connection.analysis
    if analysis is None and _is_ordinary(sender, peer, segment, sequence, acknowledgement):
        return 0
    own: Watch | None = None
    other: Watch | None = None
    next_end = sender.snd_nxt
    if analysis is not None:
        own = analysis.watch(from_originator)
        other = analysis.watch(not from_originator)
        _catch_up(own, sender)
        _catch_up(other, peer)
        next_end = own.next_end
        # The observer does not follow a jump that no window allows; its offsets are 2**32 off then.
        sequence = next_end + distance(sequence & 0xFFFF_FFFF, next_end & 0xFFFF_FFFF)
        if acknowledgement >= 0 or segment.control_bits & ACK != 0:
            limit = other.to_be_acked
            acknowledgement = limit + distance(acknowledgement & 0xFFFF_FFFF, limit & 0xFFFF_FFFF)
    classes: i64 = 0
    if sender.segments > 0:
        classes = _against_expectation(sender, peer, segment, sequence, next_end, other)
    if classes & ZERO_WINDOW_PROBE == 0:
        classes |= _about_windows(sender, peer, segment)
    if _is_ack_of_unseen(peer, other, acknowledgement):
        classes |= ACK_LOST_SEGMENT
    if classes & KEEP_ALIVE == 0:
        classes |= _repeats(
            connection, sender, peer, segment, sequence, next_end, own, other, classes
        )
    # One octet again and more behind it is no class (a probe came before), and yet not in order.
    # SACK blocks are kept for the next acknowledgement (observer/stream_facts.py).
    is_odd = (
        classes != 0
        or segment.sack_count != 0
        or (sequence < next_end < sequence + segment.payload_len)
    )
    if is_odd and analysis is None:
        analysis = Analysis()
        connection.analysis = analysis
        own = analysis.watch(from_originator)
        other = analysis.watch(not from_originator)
        _begin(own, sender)
        _begin(other, peer)
    if analysis is not None and own is not None and other is not None:
        _remember(own, other, sender, peer, segment, sequence, classes)
        if classes != 0:
            _count(analysis, classes)
        if classes & DUPLICATE_ACK != 0:
            _count_loop(analysis, sender, peer, segment, other)
    return classes


def _is_ordinary(
    sender: Endpoint, peer: Endpoint, segment: Segment, sequence: i64, acknowledgement: i64
) -> bool:
    """Whether a segment is so common that it is of no class, without looking at each.

    In order, it acknowledges what was captured, has a window and does not fill the peer's, and
    brings a control bit, new octets or a new acknowledgement; no SACK blocks.
    """
    length = segment.payload_len
    if (
        sequence != sender.snd_nxt
        or acknowledgement > peer.snd_nxt
        or segment.window == 0
        or length == 1
        or segment.sack_count != 0
    ):
        return False
    if length == 0:
        return segment.ack != sender.last_ack or segment.control_bits & SYN_FIN_RST != 0
    end = (segment.seq + length) & 0xFFFF_FFFF
    return not fills_window(sender, peer, segment) and distance(end, peer.last_ack) > 0


def _count_loop(
    analysis: Analysis, sender: Endpoint, peer: Endpoint, segment: Segment, other: Watch
) -> None:
    """FL005: each end answers the other's pure ACK with the ACK that it has sent before."""
    in_turn = (
        peer.last_frame > sender.last_frame
        and other.classes & DUPLICATE_ACK != 0
        and segment.time_ns - peer.last_time_ns < _LOOP_WITHIN_NS
    )
    if not in_turn:
        analysis.loop = 0
        analysis.loop_frame = segment.frame
    analysis.loop += 1
    if analysis.loop > analysis.longest_loop:
        analysis.longest_loop = analysis.loop
        analysis.longest_loop_frame = analysis.loop_frame


def captured_end(connection: Connection, of_originator: bool) -> i64:
    """Highest end of anything captured of an end, an offset; acknowledgements do not move it."""
    endpoint = connection.endpoint(of_originator)
    analysis = connection.analysis
    if analysis is None:
        return endpoint.snd_nxt
    watch = analysis.watch(of_originator)
    _catch_up(watch, endpoint)
    return watch.next_end


def is_settled(connection: Connection, sender: Endpoint, receiver: Endpoint) -> bool:
    """Whether the next segment in order is certainly of no class, but for the windows."""
    analysis = connection.analysis
    if analysis is None:
        return True
    other = analysis.watch(receiver.is_originator)
    return (
        _is_settled(analysis.watch(sender.is_originator), sender)
        and _is_settled(other, receiver)
        and other.classes & KEEP_ALIVE == 0  # this may be its answer
    )


def _is_settled(watch: Watch, endpoint: Endpoint) -> bool:
    _catch_up(watch, endpoint)
    return (
        watch.next_end == endpoint.snd_nxt
        and watch.to_be_acked == endpoint.snd_nxt
        and watch.sacked is None
        and watch.closed_frame == 0
    )


def fills_window(sender: Endpoint, peer: Endpoint, segment: Segment) -> bool:
    """Whether a segment reaches exactly to the edge of the peer's last window ("WINDOW FULL")."""
    scale = _scale(sender, peer)
    if scale < 0 or peer.segments == 0:
        return False
    end = segment.seq + segment.payload_len
    edge = peer.last_ack + (_last_window(peer) << scale)
    return (end - edge) & 0xFFFF_FFFF == 0


def last_window(sender: Endpoint, peer: Endpoint) -> i64:
    """The peer's last window for what `sender` sends, octets; unscaled if the scale is unknown."""
    scale = _scale(sender, peer)
    if scale < 0:
        return _last_window(peer)
    return _last_window(peer) << scale


# What is expected


def _begin(watch: Watch, endpoint: Endpoint) -> None:
    """Start to watch an end: until now everything went as `Endpoint` says."""
    watch.next_end = endpoint.snd_nxt
    watch.next_time_ns = max(endpoint.last_data_time_ns, endpoint.fin_time_ns)
    watch.to_be_acked = endpoint.snd_nxt
    watch.frame = endpoint.last_frame


def _catch_up(watch: Watch, endpoint: Endpoint) -> None:
    """Take over what header prediction let pass: data in order, acknowledgements that advance."""
    if endpoint.last_frame == watch.frame:
        return
    if endpoint.last_data_frame > watch.frame:
        if watch.to_be_acked == watch.next_end:
            watch.to_be_acked = endpoint.snd_nxt
        watch.next_end = endpoint.snd_nxt
        watch.next_time_ns = endpoint.last_data_time_ns
    if endpoint.last_ack != watch.duplicate_ack:
        watch.duplicate_ack = endpoint.last_ack
        watch.duplicate_acks = 0
    watch.frame = endpoint.last_frame
    watch.classes = 0


def _remember(
    own: Watch,
    other: Watch,
    sender: Endpoint,
    peer: Endpoint,
    segment: Segment,
    sequence: i64,
    classes: i64,
) -> None:
    """Keep what the next segments are compared with ("nextseq", "max seq to be acked")."""
    if segment.ack != own.duplicate_ack:
        own.duplicate_acks = 0
        own.duplicate_ack = segment.ack
    if classes & DUPLICATE_ACK != 0:
        own.duplicate_acks = max(own.duplicate_acks, 0) + 1
    if classes & ACK_LOST_SEGMENT != 0:
        if other.to_be_acked < other.next_end:
            other.to_be_acked = other.next_end  # what was behind the hole may be acknowledged now
        else:
            other.duplicate_acks = -1
            other.duplicate_ack = peer.last_ack
    end = sequence + segment.payload_len
    if segment.control_bits & (SYN | FIN) != 0:
        end += 1
    if classes & ZERO_WINDOW_PROBE == 0:
        was_expected = sequence == own.to_be_acked
        if sender.segments == 0 or end > own.next_end or sender.snd_nxt == 0:
            own.next_end = end
            own.next_time_ns = segment.time_ns
        if was_expected or sender.segments == 0 or sender.snd_nxt == 0:
            own.to_be_acked = own.next_end
    own.frame = segment.frame
    own.classes = classes


# Classes


def _against_expectation(
    sender: Endpoint,
    peer: Endpoint,
    segment: Segment,
    sequence: i64,
    next_end: i64,
    other: Watch | None,
) -> i64:
    """Compare with the next sequence number, last acknowledgement and window of the same sender."""
    length = segment.payload_len
    control_bits = segment.control_bits
    is_plain = control_bits & SYN_FIN_RST == 0
    is_closed = peer.segments > 0 and _last_window(peer) == 0
    if length == 1 and sequence == next_end and is_closed:
        return ZERO_WINDOW_PROBE
    classes: i64 = 0
    if sequence > next_end and control_bits & RST == 0:
        classes = LOST_SEGMENT
    if not is_plain or length > 1:
        return classes
    if sequence == next_end - 1:
        return classes | KEEP_ALIVE
    # The field of a SYN is 0 and acknowledges nothing, although a number may happen to be 0.
    is_same = segment.ack == sender.last_ack and sender.last_control_bits & ACK != 0
    if length == 0 and sequence == next_end and is_same:
        classes |= _repeated_ack(sender, segment, other)
    return classes


def _repeated_ack(sender: Endpoint, segment: Segment, other: Watch | None) -> i64:
    """No payload, the numbers of the sender's last segment: what is it for?"""
    asked: i64 = 0
    if other is not None:
        asked = other.classes
    if segment.window != _last_window(sender):
        return WINDOW_UPDATE if segment.window != 0 else 0
    if segment.window == 0:
        return ZERO_WINDOW_PROBE_ACK if asked & ZERO_WINDOW_PROBE != 0 else 0
    return KEEP_ALIVE_ACK if asked & KEEP_ALIVE != 0 else DUPLICATE_ACK


def _about_windows(sender: Endpoint, peer: Endpoint, segment: Segment) -> i64:
    """Advertise a window of 0 ("ZERO WINDOW"), fill the peer's to its edge ("WINDOW FULL")."""
    if segment.control_bits & SYN_FIN_RST != 0:
        return 0
    classes: i64 = 0
    if segment.window == 0:
        classes = ZERO_WINDOW
    if segment.payload_len > 0 and fills_window(sender, peer, segment):
        classes |= WINDOW_FULL
    return classes


def _last_window(endpoint: Endpoint) -> i64:
    """SEG.WND of an end's last segment; the observer does not keep that of a RST, which is 0."""
    if endpoint.last_control_bits & RST != 0:
        return 0
    return endpoint.window


def _scale(sender: Endpoint, peer: Endpoint) -> i64:
    """Shift of the peer's last window, UNKNOWN if the handshake was not captured."""
    if not peer.iss_seen:
        return UNKNOWN
    if peer.window_scale == UNKNOWN or peer.last_control_bits & SYN != 0:
        return 0
    if sender.iss_seen and sender.window_scale == UNKNOWN:
        return 0
    return peer.window_scale


def _is_ack_of_unseen(peer: Endpoint, other: Watch | None, acknowledgement: i64) -> bool:
    """Acknowledge octets that were not captured, once for each stretch ("ACKED LOST PACKET")."""
    if acknowledgement < 0 or peer.segments == 0:
        return False
    if other is None:
        return acknowledgement > peer.snd_nxt
    if acknowledgement <= other.to_be_acked:
        return False
    if other.to_be_acked < other.next_end:
        return True
    return other.duplicate_acks == 0 or other.duplicate_ack != peer.last_ack


def _repeats(
    connection: Connection,
    sender: Endpoint,
    peer: Endpoint,
    segment: Segment,
    sequence: i64,
    next_end: i64,
    own: Watch | None,
    other: Watch | None,
    classes: i64,
) -> i64:
    """Octets, SYN or FIN not beyond what was sent: one of four classes, or none."""
    length = segment.payload_len
    controls: i64 = 0
    if segment.control_bits & (SYN | FIN) != 0:
        controls = 1
    if length == 0 and controls == 0:
        return 0
    if length > 0 and peer.segments > 0 and peer.last_ack != 0:
        last = (segment.seq + length) & 0xFFFF_FFFF
        if distance(last, peer.last_ack) <= 0:
            return SPURIOUS_RETRANSMISSION
    if sender.segments == 0 or sequence >= next_end:
        return 0
    if length > 1 and sequence == next_end - 1:
        return 0
    if _is_fast(peer, segment, other, classes):
        return FAST_RETRANSMISSION
    if sequence + length + controls != next_end:
        since = max(sender.last_data_time_ns, sender.fin_time_ns)
        if own is not None:
            since = own.next_time_ns
        # Time that went back is no sign of reordering.
        if 0 <= segment.time_ns - since < _out_of_order_within(connection):
            return OUT_OF_ORDER
    return RETRANSMISSION


def _is_fast(peer: Endpoint, segment: Segment, other: Watch | None, classes: i64) -> bool:
    """Begin where at least two duplicate ACKs asked, within 20 ms of the last.

    Wireshark's counter has no sign: where it notes -1 for "acknowledges what was not captured", it
    has seen very many.
    """
    since_ns = segment.time_ns - peer.last_time_ns
    if segment.seq != peer.last_ack or since_ns < 0 or since_ns >= _FAST_WITHIN_NS:
        return False
    if other is None or other.duplicate_ack != peer.last_ack:
        return classes & ACK_LOST_SEGMENT != 0 and (
            other is None or other.to_be_acked >= other.next_end
        )
    if other.duplicate_acks < 0 or other.duplicate_acks >= _FAST_AFTER:
        return True
    return classes & ACK_LOST_SEGMENT != 0 and other.to_be_acked >= other.next_end


def _out_of_order_within(connection: Connection) -> i64:
    """How late a segment may be and still be reordered: the handshake's round trip, or 3 ms."""
    if connection.ack_time_ns > connection.syn_time_ns > 0:
        return connection.ack_time_ns - connection.syn_time_ns
    return _OUT_OF_ORDER_WITHIN_NS


def _count(analysis: Analysis, classes: i64) -> None:
    """Add a segment to the counts of its classes."""
    if classes & (RETRANSMISSION | FAST_RETRANSMISSION | SPURIOUS_RETRANSMISSION) != 0:
        # As in Wireshark, where the special cases are retransmissions as well.
        analysis.retransmission += 1
    if classes & FAST_RETRANSMISSION != 0:
        analysis.fast_retransmission += 1
    if classes & SPURIOUS_RETRANSMISSION != 0:
        analysis.spurious_retransmission += 1
    if classes & OUT_OF_ORDER != 0:
        analysis.out_of_order += 1
    if classes & LOST_SEGMENT != 0:
        analysis.lost_segment += 1
    if classes & ACK_LOST_SEGMENT != 0:
        analysis.ack_lost_segment += 1
    if classes & DUPLICATE_ACK != 0:
        analysis.duplicate_ack += 1
    if classes & ZERO_WINDOW != 0:
        analysis.zero_window += 1
    if classes & ZERO_WINDOW_PROBE != 0:
        analysis.zero_window_probe += 1
    if classes & WINDOW_UPDATE != 0:
        analysis.window_update += 1
    if classes & WINDOW_FULL != 0:
        analysis.window_full += 1
    if classes & KEEP_ALIVE != 0:
        analysis.keep_alive += 1
    if classes & KEEP_ALIVE_ACK != 0:
        analysis.keep_alive_ack += 1
