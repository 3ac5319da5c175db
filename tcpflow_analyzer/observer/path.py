"""What the path between the ends shows of itself: TTLs, times, sizes that do not arrive.

Compiled: yes

Facts for MB001, MB004 and MB005; nothing here moves a state.
"""

from typing import Final

from mypy_extensions import i64

from tcpflow_analyzer.decode.segment import ABSENT, Segment
from tcpflow_analyzer.table.connection import Connection
from tcpflow_analyzer.table.endpoint import UNKNOWN, Endpoint, Trouble
from tcpflow_analyzer.table.observation import SYN_REPEATED, Observation
from tcpflow_analyzer.table.stream_cases import (
    PROXIED_CLOCK,
    PROXIED_TIME,
    PROXIED_TTL,
)
from tcpflow_analyzer.table.stream_observation import (
    HANDSHAKE_PROXIED,
    SIZE_LOST,
    ttl_shift,
)
from tcpflow_analyzer.tcp.sequence import distance, unwrap

_MILLISECOND: Final = 1_000_000
_NOTABLE_HOPS: Final = 2  # MB001: a TTL that differs by less is another of several equal paths
_FOR_GOOD: Final = 5  # MB001: segments in a row with another TTL: the route has changed
_PROXY_GAIN: Final = 5 * _MILLISECOND  # MB004: the handshake was faster by this at least
_MICROSECOND: Final = 1_000
_CLOCK_SLACK: Final = 10_000  # ticks of the fastest timestamp clock, one microsecond: 10 ms
_SMALL: Final = 536  # octets that pass everywhere, RFC 9293 section 3.7.1
_MOST_OPTIONS: Final = 40
_LARGE_RETRIES: Final = 3  # MB005


# TTL


def other_ttl(connection: Connection, sender: Endpoint, segment: Segment) -> None:
    """A segment (no RST) came with another TTL than its sender's usual one (MB001)."""
    ttl = segment.ttl
    sender.ttl_min = min(sender.ttl_min, ttl)
    sender.ttl_max = max(sender.ttl_max, ttl)
    if -_NOTABLE_HOPS < ttl - sender.ttl < _NOTABLE_HOPS:
        return
    trouble = sender.trouble()
    kind = ttl_shift(sender.is_originator)
    tally = connection.tally(kind, sender.is_originator)
    # `segments` counts this one already.
    if tally is not None and trouble.other_ttl == ttl:
        series = sender.segments - trouble.other_ttl_at
        if series == tally.last.third + 1:
            tally.last.third += 1
            if tally.last.third >= _FOR_GOOD:
                sender.ttl = ttl
            return
    trouble.other_ttl = ttl
    trouble.other_ttl_at = sender.segments - 1
    connection.note(kind, sender.is_originator, segment.frame, segment.time_ns, ttl, sender.ttl, 1)


# Proxies


def judge_first_answer(
    connection: Connection, responder: Endpoint, originator: Endpoint, segment: Segment
) -> None:
    """MB004: the first acknowledgement of the originator's data, against the SYN-ACK.

    `responder` is as it was before this segment.
    """
    if connection.synack_frame == 0 or connection.syn_frame == 0:
        return
    if connection.observed & SYN_REPEATED != 0:
        return  # which of the SYNs was answered is not known
    now = segment.time_ns
    handshake = connection.synack_time_ns - connection.syn_time_ns
    answer = now - originator.last_data_time_ns
    sent_once = originator.last_data_frame != 0 and originator.retransmitted == 0
    if sent_once and _is_far_longer(answer, handshake):
        responder.trouble().first_answer_ns = answer
    if responder.timestamps and segment.tsval != ABSENT and responder.tsval >= 0:
        ticks = distance(segment.tsval, responder.tsval)
        elapsed = (now - responder.last_time_ns) // _MICROSECOND
        if ticks < 0 or ticks > elapsed + _CLOCK_SLACK:
            connection.note(
                HANDSHAKE_PROXIED,
                False,
                segment.frame,
                now,
                PROXIED_CLOCK,
                responder.tsval,
                segment.tsval,
            )


def _is_far_longer(answer_ns: i64, handshake_ns: i64) -> bool:
    """The handshake took less than 0.3 times as long, and 5 ms less."""
    return 0 <= handshake_ns * 10 < answer_ns * 3 and answer_ns - handshake_ns > _PROXY_GAIN


def note_proxy(connection: Connection) -> None:
    """MB004, once all is known: call it when the connection is handed over."""
    originator, responder = connection.originator, connection.responder
    rarities = responder.rarities
    if rarities is None or rarities.trouble is None or connection.synack_frame == 0:
        return
    answer = rarities.trouble.first_answer_ns
    handshake = connection.synack_time_ns - connection.syn_time_ns
    if answer > 0 and originator.fin_acked_frame != 0 and originator.fin_copies == 0:
        # A kernel acknowledges a FIN whatever the application does.
        answer = min(answer, originator.fin_acked_time_ns - originator.fin_time_ns)
    if answer > 0 and _is_far_longer(answer, handshake):
        connection.note(
            HANDSHAKE_PROXIED,
            False,
            connection.synack_frame,
            connection.last_time_ns,
            PROXIED_TIME,
            handshake,
            answer,
        )
    tally = connection.tally(ttl_shift(False), False)
    if tally is None:
        return
    series = tally.kept[0]
    if tally.count == 1 and _is_all_but_first(responder, rarities.trouble, series):
        connection.note(
            HANDSHAKE_PROXIED,
            False,
            series.frame,
            series.time_ns,
            PROXIED_TTL,
            series.second,
            series.first,
        )


def _is_all_but_first(endpoint: Endpoint, trouble: Trouble, series: Observation) -> bool:
    """Whether every segment behind its first had the other TTL, and two at least."""
    sent = endpoint.segments - 1
    # What came once the new TTL was taken for the usual one is not counted.
    counted = series.third >= _FOR_GOOD or series.third >= sent
    return trouble.other_ttl_at == 1 and series.third > 1 and counted


# Sizes


def note_size(
    connection: Connection, sender: Endpoint, receiver: Endpoint, segment: Segment
) -> None:
    """MB005: a large segment is sent again and again, while its receiver is there to answer."""
    length = segment.payload_len
    if sender.retries < _LARGE_RETRIES or length <= _SMALL or receiver.window == 0:
        return
    largest = receiver.mss
    if sender.mss != UNKNOWN and (largest == UNKNOWN or sender.mss < largest):
        largest = sender.mss
    if largest != UNKNOWN and 10 * (length + _MOST_OPTIONS) < 9 * largest:
        return
    if receiver.last_time_ns < sender.trouble().retry_since_ns:
        return  # not a word from the receiver: it may be gone, or the path closed for all sizes
    tally = connection.tally(SIZE_LOST, sender.is_originator)
    if tally is not None and tally.last.third == 0:
        tally.last.second = sender.retries
        return
    connection.note(
        SIZE_LOST,
        sender.is_originator,
        segment.frame,
        segment.time_ns,
        length,
        sender.retries,
        0,
    )


def note_too_big(connection: Connection, sender: Endpoint, segment: Segment) -> None:
    """MB005: an ICMP error says that a segment in flight does not fit; `segment` quotes it."""
    if not sender.has_origin:
        return
    sequence = unwrap(segment.seq, sender.iss, sender.snd_una)
    if not sender.snd_una <= sequence < sender.snd_nxt:
        return
    length = segment.payload_len  # 0 where the quotation is short
    if length == 0 and sender.mss > 0:
        length = sender.mss
    connection.note(
        SIZE_LOST,
        sender.is_originator,
        segment.frame,
        segment.time_ns,
        length,
        0,
        segment.icmp_mtu + 1,
    )


def note_smaller(connection: Connection, sender: Endpoint, segment: Segment) -> None:
    """What does not fit is sent again, and smaller."""
    tally = connection.tally(SIZE_LOST, sender.is_originator)
    if tally is None:
        return
    told = tally.last
    if told.third != 0 and told.second == 0 and 0 < segment.payload_len < told.first:
        told.second = segment.frame
