"""SQ004: the same octets again and again."""

import itertools
from collections.abc import Iterator

from tcpflow_analyzer.findings.finding import CaptureView, Finding, endpoint_name, seconds
from tcpflow_analyzer.findings.lifecycle.judgement import (
    both,
    frames_of,
    judge,
    peer_of,
    state_name,
)
from tcpflow_analyzer.findings.registry import finding
from tcpflow_analyzer.table.connection import Connection
from tcpflow_analyzer.table.endpoint import Endpoint
from tcpflow_analyzer.table.observation import Observation, Tally
from tcpflow_analyzer.table.stream_observation import (
    EXCESSIVE,
    FAST_ORIGINATOR,
    FAST_RESPONDER,
    GIVEN_UP,
    RTO_ORIGINATOR,
    RTO_RESPONDER,
)

ERROR_COPIES = 6  # retransmissions of one segment
MOST = 10  # retransmissions of a connection, and
SHARE = 0.05  # of its data segments


@finding(
    "SQ004",
    severity="warning",
    severities=("warning", "error"),
    since="0.2.0",
    stream_wakes=EXCESSIVE,
)
def retransmission_excessive(connection: Connection, capture: CaptureView) -> Iterator[Finding]:
    """One segment was retransmitted too often, or too many segments were.

    Set when one of the following holds:
      - an endpoint sent the same first octet of payload `retries_warn` (R1, 3) times again;
      - it retransmitted more than 10 segments, and more than 5 % of its data segments.
    An error from the sixth retransmission of one segment on.

    Supersedes: the warning of SQ001.
    Superseded by: SQ005 where the endpoint gave up.
    Why it matters: each retry doubles the wait: the sixth means that nothing moved for 12 s and
        more.
    What to do: find out what the peer was doing: its last segment is named. Look for a path that
        loses one size of packets (MB005), a firewall, a host that is gone.
    Not proof of: a dead peer: its acknowledgements may be what is lost.
    Other tools: Zeek tcp_multiple_retransmissions; Suricata sid 2210054 (10 and more); tcptrace
        "max # of retrans"; conntrack nf_conntrack_tcp_max_retrans 3; Wireshark: none.
    References: RFC 9293 section 3.8.3 (R1).
    Seen in: fixtures/findings/SQ004-retransmission-excessive
    """
    for sender in both(connection):
        if connection.tally(GIVEN_UP, sender.is_originator) is not None:
            continue
        tally = connection.tally(EXCESSIVE, sender.is_originator)
        if tally is not None:
            yield _one_segment(connection, sender, tally)
            continue
        again = [found for found in _retransmissions(connection, sender) if found is not None]
        count = sum(int(each.count) for each in again)
        if count > MOST and count > SHARE * int(sender.data_segments):
            yield _many_segments(connection, sender, again, count)


def _retransmissions(connection: Connection, sender: Endpoint) -> list[Tally | None]:
    kinds = (RTO_ORIGINATOR, FAST_ORIGINATOR)
    if not sender.is_originator:
        kinds = (RTO_RESPONDER, FAST_RESPONDER)
    return [connection.tally(kind, sender.is_originator) for kind in kinds]


def _one_segment(connection: Connection, sender: Endpoint, tally: Tally) -> Finding:
    worst = max((*tally.kept, tally.last), key=_copies)
    timed = connection.tally(
        RTO_ORIGINATOR if sender.is_originator else RTO_RESPONDER, sender.is_originator
    )
    seen = [] if timed is None else [each for each in timed.kept if each.second == worst.second]
    gaps = [int(each.first) for each in seen]
    return judge(
        "SQ004",
        connection,
        about=sender,
        certainty="observed",
        severity="error" if worst.first >= ERROR_COPIES else "warning",
        time_ns=worst.time_ns,
        frames=(*(each.frame for each in seen), worst.frame),
        frame_count=int(worst.first),
        template=(
            "{socket} retransmitted the segment at offset {offset} {count} times within "
            "{duration:.3f} s; its peer's last segment is frame {peer_frame}"
        ),
        values={
            "socket": endpoint_name(connection, sender),
            "offset": int(worst.second),
            "count": int(worst.first),
            "duration": seconds(worst.third),
            "gaps": [seconds(gap) for gap in gaps],
            "doubles": doubles(gaps),
            "segments": len({int(each.second) for each in (*tally.kept, tally.last)}),
            "state": state_name(sender),
            "peer_frame": peer_of(connection, sender).last_frame,
        },
        why="the same first octet was sent again and again",
        would_disprove="the capture having recorded segments several times",
    )


def _copies(observation: Observation) -> int:
    return int(observation.first)


def _many_segments(
    connection: Connection, sender: Endpoint, again: list[Tally], count: int
) -> Finding:
    return judge(
        "SQ004",
        connection,
        about=sender,
        certainty="observed",
        time_ns=max(each.last.time_ns for each in again),
        frames=[frame for each in again for frame in frames_of(each)],
        frame_count=count,
        template="{socket} retransmitted {count} segments, {share:.1%} of its data segments",
        values={
            "socket": endpoint_name(connection, sender),
            "count": count,
            "share": count / max(1, int(sender.data_segments)),
        },
        why="more than one in twenty data segments were sent again",
        would_disprove="the capture having lost data segments that arrived (CP004)",
    )


def doubles(gaps: list[int]) -> bool:
    """Whether each time is about twice the one before (RFC 6298 section 5.5)."""
    pairs = list(itertools.pairwise(gaps))
    return bool(pairs) and all(1.6 * first <= second <= 2.5 * first for first, second in pairs)
