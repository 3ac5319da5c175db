"""An endpoint that was thought CLOSED speaks: what ended it did not happen to it (RS010).

Compiled: yes
"""

from mypy_extensions import i64

from tcpflow_analyzer.decode.segment import Segment
from tcpflow_analyzer.observer.belief import set_proven
from tcpflow_analyzer.observer.receipts import refute_acks, refute_resets, withdraw_resets
from tcpflow_analyzer.observer.timing import Timing
from tcpflow_analyzer.table.connection import NOBODY, Connection
from tcpflow_analyzer.table.endpoint import UNKNOWN, Endpoint
from tcpflow_analyzer.table.observation import ACTIVE_CLOSE, TRAFFIC_AFTER_RESET
from tcpflow_analyzer.tcp.control_bits import SYN
from tcpflow_analyzer.tcp.events import SND_RST
from tcpflow_analyzer.tcp.sequence import distance
from tcpflow_analyzer.tcp.states import CLOSED, LAST_ACK, OBSERVED


def revive(
    connection: Connection,
    sender: Endpoint,
    receiver: Endpoint,
    segment: Segment,
    sequence: i64,
    timing: Timing,
) -> None:
    """The sender is alive: whatever said that it is CLOSED did not happen to it."""
    bits = segment.control_bits
    now, frame = segment.time_ns, segment.frame
    if bits & SYN != 0 and sender.retry_time_ns == 0:
        return  # it begins anew, with another ISN: the RST may well have ended what was before
    _count_after_reset(connection, sender)
    refuted = refute_resets(sender, now)
    if refuted != 0:
        mark_reverted(connection, receiver, refuted, segment, 0)
    if bits & SYN != 0:
        return
    if sender.proven == CLOSED and sender.rst_frame != 0 and sender.rare().before_reset != CLOSED:
        # RS010: its own sequence space goes on, so the RST was not its own.
        if sender.snd_una - 1 <= sequence <= sender.snd_nxt + 1:
            mark_reverted(connection, sender, sender.rst_frame, segment, 1)
            withdraw_resets(receiver)
            before = sender.rare().before_reset
            set_proven(connection, sender, before, SND_RST, frame, now, OBSERVED, timing)
            if connection.transitions is not None:
                connection.transitions[-1].correction = True
            sender.rst_frame = 0
    elif (
        sender.believed == CLOSED
        and sender.proven == LAST_ACK
        and distance(segment.ack, sender.last_ack) >= 0
    ):
        # A live socket acknowledges all that it has; an older acknowledgement is an old
        # duplicate's.
        refute_acks(sender, sender.fin_offset, now)


def _count_after_reset(connection: Connection, sender: Endpoint) -> None:
    """RS010: how many segments the receiver of a RST sent that it cannot have obeyed."""
    if connection.resets is not None:
        for reset in connection.resets:
            if reset.reverted and reset.of_originator != sender.is_originator:
                reset.later_segments += 1


def mark_reverted(
    connection: Connection, of_endpoint: Endpoint, reset_frame: i64, segment: Segment, own: i64
) -> None:
    """Note that traffic went on after a RST, and mark the RST."""
    connection.note(
        TRAFFIC_AFTER_RESET,
        of_endpoint.is_originator,
        segment.frame,
        segment.time_ns,
        reset_frame,
        own,
        0,
    )
    if connection.originator.fin_offset == UNKNOWN and connection.responder.fin_offset == UNKNOWN:
        connection.active_closer = NOBODY
        connection.observed &= ~ACTIVE_CLOSE
    if connection.resets is not None:
        for reset in connection.resets:
            if reset.frame == reset_frame:
                reset.reverted = True
                if own == 0:
                    reset.later_segments = 1
