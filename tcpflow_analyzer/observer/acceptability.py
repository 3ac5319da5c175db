"""Would the receiver take this segment? RFC 9293 table 6 and RFC 5961, from outside.

Compiled: yes

The tap does not know RCV.NXT of the receiver Y exactly: it lies between the highest acknowledgement
Y sent and the first octet of X that was not captured. Tests use the widest plausible window; what
is certainly outside is unacceptable, everything else may be acceptable.
"""

from typing import Final

from mypy_extensions import i64

from tcpflow_analyzer.table.connection import Connection
from tcpflow_analyzer.table.endpoint import UNKNOWN, Endpoint
from tcpflow_analyzer.table.observation import (
    RST_ACCEPTED,
    RST_NOT_EXACT,
    RST_TO_NOBODY,
    RST_UNACCEPTABLE,
)
from tcpflow_analyzer.tcp.control_bits import ACK
from tcpflow_analyzer.tcp.states import CLOSED, LISTEN, SYN_SENT

# The widest window that RFC 7323 2.3 allows: 2**16 - 1 shifted by 14. Used where no edge is known.
_WIDEST_WINDOW: Final = 65535 << 14


def scale_known(endpoint: Endpoint) -> bool:
    """Whether the scale of an end's window is known: its SYN was captured, with its options."""
    rare = endpoint.rarities
    return endpoint.iss_seen and (rare is None or not rare.options_cut)


def right_edge(sender: Endpoint, receiver: Endpoint) -> i64:
    """Highest plausible right edge of the receiver's window, an offset in the sender's stream."""
    if receiver.edge == 0 or (receiver.window_scale == UNKNOWN and not scale_known(receiver)):
        return sender.snd_una + _WIDEST_WINDOW
    return receiver.edge


def is_acceptable(sender: Endpoint, receiver: Endpoint, start: i64, end: i64) -> bool:
    """RFC 9293 3.10.7.4 first step, table 6, with the widest plausible window.

    Args:
        sender, receiver: of the segment.
        start, end: SEG.SEQ and SEG.SEQ + SEG.LEN as offsets in the sender's stream.
    """
    if receiver.segments == 0:
        return True
    low = sender.snd_una
    high = right_edge(sender, receiver)
    if end == start:
        # A keep-alive repeats SND.NXT - 1 (RFC 9293 3.8.4); it is answered, not dropped silently.
        return low - 1 <= start <= high
    return start <= high and end > low - 1


def is_plausible_ack(sender: Endpoint, receiver: Endpoint, acknowledgement: i64) -> bool:
    """Whether the sender may have received what it acknowledges: not beyond its own window.

    Args:
        sender: of the acknowledgement. receiver: whose stream it acknowledges.
        acknowledgement: offset in the receiver's stream.
    """
    if acknowledgement <= receiver.snd_nxt:
        return True
    if sender.edge == 0 or (sender.window_scale == UNKNOWN and not scale_known(sender)):
        return acknowledgement - receiver.snd_nxt <= _WIDEST_WINDOW
    # One more than the edge: a FIN, or a window probe's octet.
    return acknowledgement <= sender.edge + 1 or (
        acknowledgement - receiver.snd_nxt <= _WIDEST_WINDOW and sender.window_scale == UNKNOWN
    )


def judge_reset(
    connection: Connection,
    sender: Endpoint,
    receiver: Endpoint,
    start: i64,
    acknowledgement: i64,
    control_bits: i64,
    number: i64,
) -> i64:
    """Verdict on a RST by RFC 5961 section 3.2 and RFC 9293 3.10.7.3, for its receiver.

    Args:
        connection: of both ends.
        sender, receiver: of the RST.
        start: its SEG.SEQ, an offset in the sender's stream.
        acknowledgement: its SEG.ACK, an offset in the receiver's stream, if it has the ACK bit.
        control_bits: of the RST.
        number: its SEG.SEQ, wrapped.

    Returns:
        RST_ACCEPTED, RST_NOT_EXACT, RST_UNACCEPTABLE or RST_TO_NOBODY.
    """
    state = receiver.believed
    if receiver.proven == SYN_SENT and state == SYN_SENT:
        # 3.10.7.3: "If the RST bit is set ... if the ACK was acceptable" the connection is reset.
        if control_bits & ACK != 0 and 1 <= acknowledgement <= receiver.snd_nxt:
            return RST_ACCEPTED
        return RST_UNACCEPTABLE
    if (state == CLOSED or state == LISTEN) and receiver.chain is None:
        return RST_TO_NOBODY
    if receiver.last_control_bits & ACK != 0 and number == receiver.last_ack:
        return RST_ACCEPTED  # exactly what it said it expects, whatever the tap knows of the stream
    if not sender.has_origin:
        return RST_UNACCEPTABLE
    if sender.snd_una <= start <= sender.contiguous:
        return RST_ACCEPTED
    # Linux tcp_reset_check(): RCV.NXT - 1 after a FIN; tcp_validate_incoming(): the right edge of
    # a SACK block it sent.
    if sender.fin_offset != UNKNOWN and start == sender.fin_offset:
        return RST_ACCEPTED
    if start == sender.snd_nxt:
        return RST_ACCEPTED
    if sender.snd_una <= start <= right_edge(sender, receiver):
        return RST_NOT_EXACT
    return RST_UNACCEPTABLE
