"""A FIN that the capture lost, inferred from its one octet (observer.md section 6.3).

Compiled: yes

An octet at the very end of a stream that was acknowledged or skipped and never captured is a FIN,
if its
peer closes as well: the last octet of data would be as likely only in a stream that goes on.
What is inferred here gives way to the endpoint's own segments (observer/one_sided.py).
"""

from mypy_extensions import i64

from tcpflow_analyzer.observer.belief import adopt, prove, set_proven
from tcpflow_analyzer.observer.stream import take_window_probe
from tcpflow_analyzer.observer.timing import Timing
from tcpflow_analyzer.observer.transitions import NO_NEXT, next_state
from tcpflow_analyzer.table.connection import NOBODY, ORIGINATOR, RESPONDER, Connection
from tcpflow_analyzer.table.endpoint import UNKNOWN, Endpoint
from tcpflow_analyzer.table.observation import ACTIVE_CLOSE
from tcpflow_analyzer.tcp.events import RCV_FIN, SND_FIN
from tcpflow_analyzer.tcp.states import CLOSE_WAIT, ESTABLISHED, INFERRED


def note_lost_octet(endpoint: Endpoint, unseen: i64, acknowledgement: i64) -> None:
    """Remember that exactly one octet at the end of the stream was never captured.

    Args:
        endpoint: whose stream it is.
        unseen: octets that an acknowledgement covered and the capture missed.
        acknowledgement: that acknowledgement, an offset in the stream.
    """
    if unseen == 1 and acknowledgement == endpoint.snd_nxt and endpoint.fin_offset == UNKNOWN:
        endpoint.rare().lost_end = acknowledgement


def note_octet_found(endpoint: Endpoint, start: i64, end: i64) -> None:
    """Data that came late holds the octet that seemed lost: it is no FIN.

    Args:
        endpoint: that sent it.
        start, end: of the payload, offsets in its stream.
    """
    rarities = endpoint.rarities
    if rarities is not None and start < rarities.lost_end <= end:
        rarities.lost_end = UNKNOWN


def lost_a_fin(endpoint: Endpoint, peer: Endpoint) -> bool:
    """Whether the octet that the capture lost is to be taken for a FIN: the peer closes too."""
    rarities = endpoint.rarities
    return (
        rarities is not None
        and rarities.lost_end == endpoint.snd_nxt
        and endpoint.fin_offset == UNKNOWN
        and peer.fin_offset != UNKNOWN
        and (endpoint.believed == ESTABLISHED or endpoint.believed == CLOSE_WAIT)
    )


def infer_fin(
    connection: Connection,
    endpoint: Endpoint,
    peer: Endpoint,
    received: bool,
    frame: i64,
    now_ns: i64,
    timing: Timing,
) -> None:
    """Let the endpoint have sent its FIN, for which `lost_a_fin` is true.

    Args:
        connection, endpoint, peer: whose FIN was lost, and its receiver.
        received: whether the peer has acknowledged it.
        frame, now_ns: the segment that shows it.
        timing: profile times.
    """
    adopt(endpoint)
    to_state = next_state(endpoint.proven, SND_FIN)
    if to_state == NO_NEXT:
        return
    endpoint.fin_offset = endpoint.snd_nxt - 1
    endpoint.fin_frame = frame
    endpoint.fin_time_ns = now_ns
    endpoint.rare().fin_inferred = True
    endpoint.rare().rests_on_inference = True
    peer.rare().rests_on_inference = True
    set_proven(connection, endpoint, to_state, SND_FIN, frame, now_ns, INFERRED, timing)
    if connection.active_closer == NOBODY:
        connection.active_closer = ORIGINATOR if endpoint.is_originator else RESPONDER
        connection.observed |= ACTIVE_CLOSE
    if received:
        endpoint.fin_acked_frame = frame
        endpoint.fin_acked_time_ns = now_ns
        prove(connection, peer, RCV_FIN, frame, frame, now_ns, timing)


def skipped_a_fin(endpoint: Endpoint, peer: Endpoint, sequence: i64) -> bool:
    """Whether its pure ACK stands one octet behind all that was captured of it."""
    take_window_probe(endpoint, sequence)
    if (
        sequence != endpoint.contiguous + 1
        or endpoint.contiguous != endpoint.snd_nxt
        or endpoint.segments == 0
    ):
        return False
    note_lost_octet_of_own(endpoint, sequence)
    return lost_a_fin(endpoint, peer)


def closed_before_fin(endpoint: Endpoint, peer: Endpoint, acknowledgement: i64) -> bool:
    """Whether its lost FIN was sent before the peer's came: a simultaneous close.

    A FIN sent after that would have acknowledged the peer's; the first ACK that does so, unasked
    for again, comes behind the lost octet.
    """
    return (
        endpoint.proven == ESTABLISHED
        and acknowledgement > peer.fin_offset
        and peer.fin_acked_frame == 0
        and peer.fin_copies == 0
    )


def note_octet_under_fin(endpoint: Endpoint, acknowledgement: i64) -> None:
    """The peer's FIN is the first to acknowledge one octet more than was captured of this end.

    So that octet, a FIN by `lost_a_fin`, had reached the peer before it closed: three segments.
    """
    take_window_probe(endpoint, acknowledgement)
    if (
        acknowledgement == endpoint.snd_nxt + 1
        and endpoint.contiguous == endpoint.snd_nxt
        and endpoint.segments > 0
        and endpoint.fin_offset == UNKNOWN
    ):
        endpoint.rare().lost_end = acknowledgement
        endpoint.snd_nxt = acknowledgement


def note_lost_octet_of_own(endpoint: Endpoint, sequence: i64) -> None:
    """The endpoint itself shows that it sent one octet more than was captured."""
    if endpoint.fin_offset == UNKNOWN:
        endpoint.rare().lost_end = sequence
        endpoint.snd_nxt = sequence
        endpoint.contiguous = sequence
