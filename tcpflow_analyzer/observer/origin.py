"""Where the stream of an endpoint begins: the ISN of its SYN, or a virtual one.

Compiled: yes

Offsets in a stream count from there: 0 is the SYN, 1 the first octet. RFC 9293 3.4.1; a SYN with
another ISN is RFC 9293 3.5 figure 8, an endpoint without a SYN observer.md section 7.
"""

from mypy_extensions import i64

from tcpflow_analyzer.decode.segment import ABSENT, Segment
from tcpflow_analyzer.observer.oddities import note_syn_options
from tcpflow_analyzer.observer.receipts import forget_all_but_resets
from tcpflow_analyzer.observer.timing import Timing
from tcpflow_analyzer.table.connection import Connection
from tcpflow_analyzer.table.endpoint import UNKNOWN, Endpoint
from tcpflow_analyzer.table.observation import SYN_CHANGED, SYNACK_CHANGED
from tcpflow_analyzer.tcp.control_bits import ACK, RST
from tcpflow_analyzer.tcp.sequence import distance, unwrap
from tcpflow_analyzer.tcp.states import SYN_SENT


def adopt_isn(
    connection: Connection, sender: Endpoint, receiver: Endpoint, segment: Segment, timing: Timing
) -> None:
    """A SYN or SYN-ACK says where the sender's stream begins."""
    if sender.iss_seen and segment.seq == sender.iss:
        return
    if sender.iss_seen:
        _change_isn(connection, sender, receiver, segment)
        return
    virtual = sender.has_origin
    shift: i64 = 0
    if virtual:
        shift = distance(segment.seq, sender.iss)
    if virtual and shift != 0:
        # The virtual origin came from an acknowledgement or a later segment; it was wrong.
        sender.snd_nxt = 0
        sender.snd_una = 0
        sender.contiguous = 0
        sender.holes = None
    sender.iss = segment.seq
    sender.has_origin = True
    sender.iss_seen = True
    _read_syn_options(connection, sender, segment)


def _read_syn_options(connection: Connection, sender: Endpoint, segment: Segment) -> None:
    sender.mss = segment.mss
    sender.window_scale = UNKNOWN
    if segment.options_cut:
        sender.rare().options_cut = True
    if segment.window_scale != ABSENT:
        # RFC 7323 2.3: a shift above 14 is taken as 14.
        sender.window_scale = segment.window_scale
        if sender.window_scale > 14:
            sender.window_scale = 14
    sender.sack_permitted = segment.sack_permitted
    sender.timestamps = segment.tsval != ABSENT
    if segment.authenticated:
        connection.authenticated = True
    receiver = connection.endpoint(not sender.is_originator)
    note_syn_options(connection, sender, receiver, segment)


def _change_isn(
    connection: Connection, sender: Endpoint, receiver: Endpoint, segment: Segment
) -> None:
    """A SYN or SYN-ACK with another ISN than the first: a new attempt, or a second answer."""
    gap = segment.time_ns - sender.retry_time_ns
    frame, now = segment.frame, segment.time_ns
    if segment.control_bits & ACK != 0:
        asked = connection.tally(SYN_CHANGED, receiver.is_originator)
        if asked is None or asked.last.frame < connection.synack_frame:
            connection.note(
                SYNACK_CHANGED, sender.is_originator, frame, now, sender.iss, segment.seq, 0
            )
    else:
        connection.note(SYN_CHANGED, sender.is_originator, frame, now, sender.iss, segment.seq, gap)
    if sender.snd_una >= 1 and sender.proven != SYN_SENT:
        return  # the peer has acknowledged the first one: this one is not of this connection
    sender.rare().other_iss = sender.iss
    sender.iss = segment.seq
    sender.snd_nxt = 0
    sender.snd_una = 0
    sender.contiguous = 0
    sender.holes = None
    sender.retries = 0
    sender.retry_gap_ns = 0
    sender.retry_time_ns = 0
    forget_all_but_resets(receiver)
    receiver.edge = 0
    if not receiver.iss_seen:
        receiver.has_origin = False
    _read_syn_options(connection, sender, segment)


def choose_iss(receiver: Endpoint, segment: Segment) -> None:
    """HS003, HS012: of two SYNs or SYN-ACKs with different ISNs the acknowledgement chooses one.

    In SYN-SENT the choice stays open: an old duplicate may be answered first (RFC 9293 figure 8).
    """
    rare = receiver.rare()
    if rare.other_iss == UNKNOWN:
        return
    undecided = receiver.proven == SYN_SENT
    previous = receiver.iss
    chosen = segment.ack == (rare.other_iss + 1) & 0xFFFF_FFFF
    if chosen and (receiver.snd_una < 1 or undecided):
        receiver.iss = rare.other_iss
        receiver.snd_nxt = 1
        receiver.snd_una = 0
        receiver.contiguous = 1
        receiver.holes = None
    if not undecided:
        rare.other_iss = UNKNOWN
    elif chosen:
        rare.other_iss = previous


def adopt_origin(sender: Endpoint, segment: Segment) -> None:
    """No SYN was captured: a virtual ISS before the first octet seen (observer.md section 7)."""
    sender.iss = (segment.seq - 1) & 0xFFFF_FFFF
    sender.has_origin = True
    sender.snd_nxt = 1
    sender.snd_una = 1
    sender.contiguous = 1


def read_acknowledgement(receiver: Endpoint, segment: Segment) -> i64:
    """SEG.ACK as an offset in the receiver's stream, which may not have been seen yet."""
    if not receiver.has_origin:
        if segment.control_bits & RST != 0:
            return -1
        receiver.iss = (segment.ack - 1) & 0xFFFF_FFFF
        receiver.has_origin = True
        receiver.snd_nxt = 1
        receiver.snd_una = 0
        receiver.contiguous = 1
        return 1
    return unwrap(segment.ack, receiver.iss, receiver.snd_una)
