"""Only one direction was captured: what the other end did follows from the acknowledgements.

Compiled: yes

observer.md section 6.5: of the unseen end Y its SYN-ACK, data and FIN are inferred from what X
acknowledges. Inferred segments never enter counts, completeness or the Zeek history.
"""

from typing import Final

from mypy_extensions import i64

from tcpflow_analyzer.decode.segment import Segment
from tcpflow_analyzer.observer.belief import adopt, prove, set_proven, take_back
from tcpflow_analyzer.observer.timing import Timing
from tcpflow_analyzer.table.connection import ORIGINATOR, RESPONDER, Connection
from tcpflow_analyzer.table.endpoint import UNKNOWN, Endpoint
from tcpflow_analyzer.table.observation import ACTIVE_CLOSE
from tcpflow_analyzer.table.receipt import Receipt
from tcpflow_analyzer.tcp.control_bits import ACK, FIN, SYN
from tcpflow_analyzer.tcp.events import (
    PICK_UP,
    RCV_ACK_OF_FIN,
    RCV_ACK_OF_SYN,
    RCV_FIN,
    RCV_SYN,
    RCV_SYN_ACK,
    SND_FIN,
    SND_SYN_ACK,
)
from tcpflow_analyzer.tcp.states import (
    CLOSE_WAIT,
    CLOSED,
    CLOSING,
    ESTABLISHED,
    FIN_WAIT_1,
    FIN_WAIT_2,
    INFERRED,
    LAST_ACK,
    SYN_SENT,
    TIME_WAIT,
)

# A stand-in for the round trip that nobody can measure here: nanoseconds.
_ANSWER_DELAY: Final = 100_000


def infer_peer(
    connection: Connection,
    sender: Endpoint,
    unseen: Endpoint,
    segment: Segment,
    acknowledgement: i64,
    plausible: bool,
    timing: Timing,
) -> None:
    """Let the unseen end follow; called for each segment while nothing of it was captured.

    Called before the segment is counted, so that `sender.last_ack` is that of the one before.
    """
    if segment.control_bits & SYN != 0 or sender.proven < ESTABLISHED or not plausible:
        return
    if connection.midstream and not connection.one_sided and acknowledgement <= 1:
        return  # nothing shows yet that more than this one segment is missing
    connection.one_sided = True
    frame, now = segment.frame, segment.time_ns
    if unseen.proven == CLOSED and unseen.path == CLOSED:
        _infer_opening(connection, unseen, frame, now, timing)
    elif unseen.proven == SYN_SENT:
        prove(connection, unseen, RCV_SYN_ACK, connection.synack_frame, frame, now, timing)
        unseen.certainty = INFERRED
        unseen.receipts = None
    _infer_fin(connection, sender, unseen, segment, acknowledgement, timing)
    _infer_ack_of_fin(sender, segment)


def _infer_opening(
    connection: Connection, unseen: Endpoint, frame: i64, now_ns: i64, timing: Timing
) -> None:
    """An unseen acceptor had answered the SYN: it was in SYN-RECEIVED before."""
    for event in (RCV_SYN, SND_SYN_ACK):
        prove(connection, unseen, event, connection.syn_frame, frame, now_ns, timing)
    prove(connection, unseen, RCV_ACK_OF_SYN, frame, frame, now_ns, timing)
    unseen.certainty = INFERRED


def meet_unseen(
    connection: Connection,
    unseen: Endpoint,
    seen: Endpoint,
    segment: Segment,
    sequence: i64,
    timing: Timing,
) -> None:
    """The other direction is captured after all: what was inferred of it has to fit.

    Args:
        connection: seen from one side so far.
        unseen, seen: its ends; `unseen` sends its first captured segment.
        segment: that segment.
        sequence: its SEG.SEQ in the stream of `unseen`.
        timing: profile times.
    """
    connection.one_sided = False
    if unseen.fin_offset == UNKNOWN or not unseen.rare().fin_inferred:
        return
    end = sequence + segment.payload_len
    repeats_fin = segment.control_bits & FIN != 0 and end == unseen.fin_offset
    follows_fin = segment.control_bits & (FIN | SYN) == 0 and sequence > unseen.fin_offset
    if repeats_fin:
        unseen.rare().fin_inferred = False
        unseen.rare().rests_on_inference = False
        seen.rare().rests_on_inference = False
    elif not follows_fin or segment.payload_len > 0:
        _withdraw_fin(connection, seen, unseen, segment.frame, segment.time_ns, timing)


def _infer_fin(
    connection: Connection,
    sender: Endpoint,
    unseen: Endpoint,
    segment: Segment,
    acknowledgement: i64,
    timing: Timing,
) -> None:
    """Take a pure ACK of one octet more for the unseen FIN, until more is acknowledged."""
    frame, now = segment.frame, segment.time_ns
    grown = (segment.ack - sender.last_ack) & 0xFFFF_FFFF
    if unseen.fin_offset != UNKNOWN:
        if acknowledgement > unseen.fin_offset + 1:
            _withdraw_fin(connection, sender, unseen, frame, now, timing)
        return
    if sender.segments == 0 or grown != 1 or segment.payload_len > 0:
        return
    if sender.proven != ESTABLISHED and sender.proven != FIN_WAIT_1 and sender.proven != FIN_WAIT_2:
        return
    # What it is believed to have received it had received before it closed.
    adopt(unseen)
    if sender.fin_offset != UNKNOWN:
        adopt(sender)
    unseen.fin_offset = acknowledgement - 1
    unseen.rare().fin_inferred = True
    unseen.rare().rests_on_inference = True
    unseen.fin_frame = frame
    unseen.fin_time_ns = now
    unseen.fin_acked_frame = frame
    unseen.fin_acked_time_ns = now
    if sender.fin_offset == UNKNOWN:
        connection.active_closer = ORIGINATOR if unseen.is_originator else RESPONDER
        connection.observed |= ACTIVE_CLOSE
    prove(connection, unseen, SND_FIN, frame, frame, now, timing)
    prove(connection, sender, RCV_FIN, frame, frame, now, timing)
    prove(connection, unseen, RCV_ACK_OF_FIN, frame, frame, now, timing)
    unseen.certainty = INFERRED


def _withdraw_fin(
    connection: Connection,
    sender: Endpoint,
    unseen: Endpoint,
    frame: i64,
    now_ns: i64,
    timing: Timing,
) -> None:
    """It was an octet of data: more is acknowledged behind it."""
    unseen.fin_offset = UNKNOWN
    unseen.rare().fin_inferred = False
    unseen.rare().rests_on_inference = False
    sender.rare().rests_on_inference = False
    unseen.fin_frame = 0
    unseen.fin_acked_frame = 0
    heard = sender.fin_offset != UNKNOWN and sender.snd_una > sender.fin_offset
    before: i64 = CLOSE_WAIT if heard else ESTABLISHED
    _return(connection, unseen, before, frame, now_ns, timing)
    if sender.proven == CLOSE_WAIT:
        _return(connection, sender, ESTABLISHED, frame, now_ns, timing)
    elif sender.proven == CLOSING or sender.proven == LAST_ACK:
        _return(connection, sender, FIN_WAIT_1, frame, now_ns, timing)
    elif sender.proven == TIME_WAIT:
        _return(connection, sender, FIN_WAIT_2, frame, now_ns, timing)


def _return(
    connection: Connection, endpoint: Endpoint, state: i64, frame: i64, now_ns: i64, timing: Timing
) -> None:
    take_back(connection, endpoint, 0, frame, now_ns)
    set_proven(connection, endpoint, state, PICK_UP, frame, now_ns, INFERRED, timing)
    transitions = connection.transitions
    if transitions is not None:
        transitions[len(transitions) - 1].correction = True


def _infer_ack_of_fin(sender: Endpoint, segment: Segment) -> None:
    """Its FIN is taken as acknowledged soon, until it is repeated (observer.md section 2, 6)."""
    if sender.fin_offset == UNKNOWN or sender.fin_frame != segment.frame:
        return
    if sender.proven != LAST_ACK and sender.proven != FIN_WAIT_1 and sender.proven != CLOSING:
        return
    answer = Receipt(
        segment.frame,
        segment.time_ns,
        segment.time_ns + _ANSWER_DELAY,
        ACK,
        0,
        0,
        sender.fin_offset + 1,
        UNKNOWN,
        False,
    )
    sender.add_receipt(answer)
