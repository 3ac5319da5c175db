"""Facts about windows: closed and opened, probed, filled to the edge, taken back.

Compiled: yes

Nothing here moves a state. A segment that advertises a window of 0, or follows one, never takes the
short path of header prediction. Sources: RFC 9293 3.8.6, RFC 7323 2.
"""

from typing import Final

from mypy_extensions import i64

from tcpflow_analyzer.decode.segment import ABSENT, Segment
from tcpflow_analyzer.observer.acceptability import scale_known
from tcpflow_analyzer.observer.stream_analysis import WINDOW_FULL, last_window
from tcpflow_analyzer.table.analysis import Analysis, Watch
from tcpflow_analyzer.table.connection import Connection
from tcpflow_analyzer.table.endpoint import UNKNOWN, Endpoint
from tcpflow_analyzer.table.stream_observation import (
    STALL_END,
    STALL_FIN,
    STALL_OPENED,
    STALL_RESET,
    STREAM,
    WINDOW_FULL_MANY,
    WINDOW_FULL_ORIGINATOR,
    WINDOW_FULL_RESPONDER,
    WINDOW_PROBE_ORIGINATOR,
    WINDOW_PROBE_RESPONDER,
    WINDOW_SHRUNK,
    WINDOW_STALL,
    ZERO_WINDOW_LONG,
    ZERO_WINDOW_ORIGINATOR,
    ZERO_WINDOW_RESPONDER,
)
from tcpflow_analyzer.tcp.control_bits import ACK, RST, SYN, SYN_FIN_RST
from tcpflow_analyzer.tcp.sequence import distance

_SECOND: Final = 1_000_000_000
_LONG: Final = 1 * _SECOND  # WN001: from here on a warning
_STALL: Final = 10 * _SECOND  # WN003: from here on a warning
_MANY: Final = 10  # full windows before their share means anything
_NEAR_IDS: Final = 64  # IP identifications of one host that lie so near tell their order
_SHARE: Final = 5  # WN004: one in so many data segments


def note_window(
    connection: Connection,
    sender: Endpoint,
    receiver: Endpoint,
    segment: Segment,
    sequence: i64,
    classes: i64,
) -> None:
    """Note what a segment tells of both windows, before anything is changed for it.

    Args:
        connection: of the segment; only observations and `analysis` change.
        sender, receiver: of the segment.
        segment: no copy made by the capture.
        sequence: SEG.SEQ as an offset in the sender's stream.
        classes: what `stream_analysis.classify` called it.
    """
    analysis = connection.analysis
    if analysis is None or segment.control_bits & SYN_FIN_RST != 0:
        return
    own = analysis.watch(sender.is_originator)
    other = analysis.watch(not sender.is_originator)
    if segment.window == 0:
        _close(connection, sender, receiver, own, segment)
    elif own.closed_frame != 0 and segment.control_bits & ACK != 0:
        _open(connection, sender, own, other, segment, STALL_OPENED)
    if connection.stream_observed != 0:
        _answer_probe(connection, receiver, other, segment)
    if other.closed_frame != 0 and _is_probe(sender, segment, sequence):
        _note_probe(connection, sender, own, other, segment)
    if classes & WINDOW_FULL != 0:
        own.full_frame = segment.frame
        kind: i64 = WINDOW_FULL_ORIGINATOR if sender.is_originator else WINDOW_FULL_RESPONDER
        window = last_window(sender, receiver)
        connection.note(kind, sender.is_originator, segment.frame, segment.time_ns, window, 0, 0)


def _close(
    connection: Connection, sender: Endpoint, receiver: Endpoint, own: Watch, segment: Segment
) -> None:
    """WN001 begins; after the peer's FIN nothing needs a window any more."""
    if own.closed_frame != 0 or receiver.fin_offset != UNKNOWN or sender.rst_frame != 0:
        return
    own.closed_frame = segment.frame
    own.closed_ns = segment.time_ns
    kind: i64 = ZERO_WINDOW_ORIGINATOR if sender.is_originator else ZERO_WINDOW_RESPONDER
    connection.note(kind, sender.is_originator, segment.frame, segment.time_ns, 0, 0, 0)


def _open(
    connection: Connection,
    sender: Endpoint,
    own: Watch,
    other: Watch,
    segment: Segment,
    end: i64,
) -> None:
    """WN001 ends with the first window above 0; WN003 if it took long and data waited."""
    closed = segment.time_ns - own.closed_ns
    _end_closure(connection, sender, own, other, segment.frame, segment.time_ns, closed, end)


def _end_closure(
    connection: Connection,
    sender: Endpoint,
    own: Watch,
    other: Watch,
    frame: i64,
    time_ns: i64,
    closed: i64,
    end: i64,
) -> None:
    kind: i64 = ZERO_WINDOW_ORIGINATOR if sender.is_originator else ZERO_WINDOW_RESPONDER
    tally = connection.tally(kind, sender.is_originator)
    if tally is not None:
        tally.last.first = closed
        if end == STALL_OPENED:
            tally.last.second = frame
    own.closed_total_ns += closed
    if closed > own.closed_longest_ns:
        own.closed_longest_ns = closed
    if closed > _LONG:
        connection.stream_observed |= ZERO_WINDOW_LONG & ~STREAM
    data_waits = other.probes > 0 or other.full_frame != 0
    if data_waits and (closed >= _STALL or end == STALL_RESET or end == STALL_FIN):
        connection.note(
            WINDOW_STALL, sender.is_originator, frame, time_ns, closed, end, other.probes
        )
    own.closed_frame = 0
    other.probes = 0
    other.full_frame = 0


def _is_probe(sender: Endpoint, segment: Segment, sequence: i64) -> bool:
    """One octet at SND.NXT, or what Linux sends: none (or one) at SND.NXT - 1."""
    if segment.control_bits & ACK == 0 or segment.payload_len > 1:
        return False
    if segment.payload_len == 1 and sequence == sender.snd_nxt:
        return True
    return sequence == sender.snd_nxt - 1


def _note_probe(
    connection: Connection, sender: Endpoint, own: Watch, other: Watch, segment: Segment
) -> None:
    """WN002."""
    since = own.probe_ns if own.probes > 0 else other.closed_ns
    own.probes += 1
    own.probe_ns = segment.time_ns
    kind: i64 = WINDOW_PROBE_ORIGINATOR if sender.is_originator else WINDOW_PROBE_RESPONDER
    connection.note(
        kind,
        sender.is_originator,
        segment.frame,
        segment.time_ns,
        segment.time_ns - since,
        segment.payload_len,
        0,
    )


def _answer_probe(connection: Connection, prober: Endpoint, watch: Watch, segment: Segment) -> None:
    """The first segment of its peer after a probe answers it."""
    kind: i64 = WINDOW_PROBE_ORIGINATOR if prober.is_originator else WINDOW_PROBE_RESPONDER
    if watch.probes == 0 or connection.stream_observed & kind == 0:
        return
    tally = connection.tally(kind, prober.is_originator)
    if tally is not None and tally.last.third == 0:
        tally.last.third = segment.frame


def note_shrunk(
    connection: Connection,
    sender: Endpoint,
    segment: Segment,
    acknowledgement: i64,
    edge: i64,
    window: i64,
    scale: i64,
) -> None:
    """WN005: the right edge lies left of where the sender's segment before had it.

    Args:
        connection: of the segment.
        sender: that advertises the window.
        segment: with ACK; not yet the sender's last.
        acknowledgement: SEG.ACK as an offset in its peer's stream.
        edge: that and SEG.WND, scaled.
        window: SEG.WND of the sender's segment before.
        scale: shift of both windows, 0 or less for none.
    """
    bits = segment.control_bits
    last_bits = sender.last_control_bits
    # The window of a SYN is not scaled (RFC 7323 2.2): what SYN proxies put there is no promise.
    if (
        bits & SYN_FIN_RST != 0
        or sender.fin_offset != UNKNOWN
        or last_bits & (SYN | RST | ACK) != ACK
    ):
        return
    if not scale_known(sender) or (sender.last_payload_len > 0 and not sender.last_new):
        return
    if _is_older(sender, segment):
        return
    ahead = distance(segment.ack, sender.last_ack)
    if segment.seq != (sender.last_seq + sender.last_payload_len) & 0xFFFF_FFFF or ahead < 0:
        return  # one of the two was overtaken and says nothing (RFC 9293 3.10.7.4: SND.WL1, WL2)
    slack: i64 = 0
    if scale > 0:
        one: i64 = 1
        slack = (one << scale) - 1
        window <<= scale
    before = acknowledgement - ahead + window
    if before - edge > slack:
        connection.note(
            WINDOW_SHRUNK,
            sender.is_originator,
            segment.frame,
            segment.time_ns,
            before - edge,
            before,
            edge,
        )


def _is_older(sender: Endpoint, segment: Segment) -> bool:
    """Whether its timestamp or IP identification shows that it was overtaken."""
    if segment.tsval != ABSENT and sender.tsval != UNKNOWN:
        older = distance(segment.tsval, sender.tsval)
        if older != 0:
            return older < 0
    behind = (sender.last_ip_id - segment.ip_id) & 0xFFFF
    return segment.ip_id > 0 and sender.last_ip_id > 0 and 0 < behind <= _NEAR_IDS


def conclude_windows(connection: Connection, now_ns: i64) -> None:
    """End what is still closed, and judge the share of full windows.

    Args:
        connection: that is handed over.
        now_ns: capture time.
    """
    analysis = connection.analysis
    if analysis is None or connection.stream_observed == 0:
        return
    for endpoint in (connection.originator, connection.responder):
        _conclude_closed(connection, analysis, endpoint, now_ns)
        kind: i64 = WINDOW_FULL_ORIGINATOR
        if not endpoint.is_originator:
            kind = WINDOW_FULL_RESPONDER
        if connection.stream_observed & kind != 0:
            tally = connection.tally(kind, endpoint.is_originator)
            if (
                tally is not None
                and tally.count >= _MANY
                and tally.count * _SHARE > endpoint.data_segments
            ):
                connection.stream_observed |= WINDOW_FULL_MANY & ~STREAM


def _conclude_closed(
    connection: Connection, analysis: Analysis, endpoint: Endpoint, now_ns: i64
) -> None:
    """The window of an end was never opened again."""
    own = analysis.watch(endpoint.is_originator)
    if own.closed_frame == 0:
        return
    other = analysis.watch(not endpoint.is_originator)
    frame, time_ns, end = connection.last_frame, connection.last_time_ns, STALL_END
    until = now_ns
    resets = connection.resets
    if resets is not None and len(resets) > 0 and resets[0].frame > own.closed_frame:
        frame, time_ns, end = resets[0].frame, resets[0].time_ns, STALL_RESET
        until = time_ns
    else:
        for each in (connection.originator, connection.responder):
            if each.fin_frame > own.closed_frame and (end != STALL_FIN or each.fin_frame < frame):
                frame, time_ns, end = each.fin_frame, each.fin_time_ns, STALL_FIN
                until = time_ns
    _end_closure(connection, endpoint, own, other, frame, time_ns, until - own.closed_ns, end)
