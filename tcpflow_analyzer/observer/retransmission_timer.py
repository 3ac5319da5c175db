"""What was sent and awaits an acknowledgement: its repetitions, and when silence is giving up.

Compiled: yes

RFC 6298 5.5. Probes of a closed window and keep-alives are no retransmissions (RFC 9293 3.8.4,
3.8.6.1).
"""

from typing import Final

from mypy_extensions import i64

from tcpflow_analyzer.decode.segment import Segment
from tcpflow_analyzer.observer.liveness import asked_again
from tcpflow_analyzer.observer.path import note_smaller
from tcpflow_analyzer.observer.timing import Timing
from tcpflow_analyzer.table.connection import Connection
from tcpflow_analyzer.table.endpoint import NEVER, Endpoint
from tcpflow_analyzer.table.stream_observation import SIZE_LOST, STREAM
from tcpflow_analyzer.tcp.control_bits import FIN, SYN
from tcpflow_analyzer.tcp.states import ESTABLISHED

_SECOND: Final = 1_000_000_000
_FIRST_RTO: Final = 1 * _SECOND  # RFC 6298 2.1
FIRST_SYN_GIVES_UP: Final = 3 * _SECOND  # what `_give_up` says of a SYN that was sent once
_LONGEST_RTO: Final = 120 * _SECOND  # Linux TCP_RTO_MAX


def is_liveness_only(
    sender: Endpoint, receiver: Endpoint, segment: Segment, sequence: i64, snd_nxt: i64
) -> bool:
    """A keep-alive at SND.NXT - 1, or one octet into a closed window: liveness only."""
    if segment.control_bits & (SYN | FIN) != 0 or segment.payload_len > 1:
        return False
    if sequence == snd_nxt - 1:
        return True
    if (
        segment.payload_len == 1
        and receiver.window == 0
        and receiver.segments > 0
        and (sequence == snd_nxt and receiver.proven >= ESTABLISHED)
    ):
        sender.rare().window_probe = sequence
        return True
    return False


def note_retry(
    connection: Connection,
    sender: Endpoint,
    receiver: Endpoint,
    segment: Segment,
    sequence: i64,
    was_nxt: i64,
    timing: Timing,
) -> None:
    """Keep the schedule of retransmissions, and say what their failing or their size shows."""
    since, retries = sender.retry_time_ns, sender.retries
    _retry(sender, receiver, segment, sequence, was_nxt, timing)
    if sender.retries > retries:
        asked_again(connection, sender, receiver, segment, since, timing)
    if connection.stream_observed & (SIZE_LOST & ~STREAM) != 0:
        note_smaller(connection, sender, segment)


def _retry(
    sender: Endpoint,
    receiver: Endpoint,
    segment: Segment,
    sequence: i64,
    was_nxt: i64,
    timing: Timing,
) -> None:
    """Keep the schedule of what awaits an acknowledgement, and when silence means giving up."""
    bits = segment.control_bits
    now = segment.time_ns
    control = bits & (SYN | FIN) != 0
    if not control and segment.payload_len == 0:
        return
    if sequence < was_nxt and (sequence <= sender.snd_una or bits & SYN != 0 or bits & FIN != 0):
        if sender.retry_time_ns != 0:
            sender.retry_gap_ns = now - sender.retry_time_ns
            sender.retries += 1
        sender.retry_time_ns = now
        sender.give_up_ns = _give_up(sender, receiver, bits, timing)
    elif control or sender.snd_una >= was_nxt or sender.retries == 0:
        sender.retry_time_ns = now
        sender.retry_gap_ns = 0
        sender.retries = 0
        if control:
            sender.give_up_ns = _give_up(sender, receiver, bits, timing)
        else:
            sender.give_up_ns = NEVER


def _give_up(sender: Endpoint, receiver: Endpoint, bits: i64, timing: Timing) -> i64:
    """When a retransmission is so overdue that the sender must have given up.

    The next one was due after at most twice the last gap (RFC 6298 5.5); without a first
    retransmission after the initial RTO of one second. Half as much again is allowed for.
    """
    expected: i64 = 2 * _FIRST_RTO
    if sender.retry_gap_ns > 0:
        expected = 2 * sender.retry_gap_ns
    # Linux repeats a SYN at once after a RST of its own; a fast retransmission of data (RFC 5681
    # 3.2) comes after a round trip: neither says when the timer expires.
    least: i64 = 2 * _FIRST_RTO if bits & SYN != 0 else _FIRST_RTO
    if expected < least:
        expected = least
    if expected > _LONGEST_RTO:
        expected = _LONGEST_RTO
    if bits & SYN == 0 and sender.retries == 0:
        return NEVER
    return sender.retry_time_ns + expected + expected // 2
