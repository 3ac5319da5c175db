"""WN004: the receiver's window limits the sender."""

from collections.abc import Iterator

from tcpflow_analyzer.findings.finding import CaptureView, Finding, endpoint_name, seconds
from tcpflow_analyzer.findings.lifecycle.judgement import (
    both,
    frames_of,
    judge,
    peer_of,
    stream_tallies,
)
from tcpflow_analyzer.findings.registry import finding
from tcpflow_analyzer.table.connection import Connection
from tcpflow_analyzer.table.stream_observation import (
    WINDOW_FULL_MANY,
    WINDOW_FULL_ORIGINATOR,
    WINDOW_FULL_RESPONDER,
)

SHARE = 0.2  # of its data segments: above, a warning
LEAST = 10  # such segments before a share is a warning
OCTET_BITS = 8


@finding(
    "WN004",
    severity="info",
    severities=("info", "warning"),
    since="0.2.0",
    stream_facts=WINDOW_FULL_ORIGINATOR | WINDOW_FULL_RESPONDER,
    stream_wakes=WINDOW_FULL_MANY,
)
def window_full(connection: Connection, capture: CaptureView) -> Iterator[Finding]:
    """The sender filled the advertised window exactly; it is receiver-limited.

    Set when all of the following hold:
      - a data segment ends exactly at the last acknowledgement plus window of the peer;
      - the peer's SYN was captured, so that the window's scale is known.
    A warning for more than 20 % of its data segments, and at least 10.

    Supersedes: nothing; WN001 tells that the window was closed then.
    Why it matters: the connection cannot be faster than window / round trip, which is told.
    What to do: let the receiving application read faster, or raise its receive buffer.
    Not proof of: a fault: many a receiver is slower than the network.
    Other tools: Wireshark tcp.analysis.window_full; Zeek, Suricata, tcptrace, conntrack: none.
    References: RFC 9293 section 3.8.6.
    Seen in: fixtures/findings/WN004-window-full
    """
    round_trip = sum(int(end.rtt_ns) for end in both(connection) if end.rtt_ns > 0)
    for sender, tally in stream_tallies(connection, WINDOW_FULL_ORIGINATOR, WINDOW_FULL_RESPONDER):
        share = tally.count / max(1, int(sender.data_segments))
        window = max(int(seen.first) for seen in (*tally.kept, tally.last))
        limit = window * OCTET_BITS / seconds(round_trip) if round_trip > 0 else 0.0
        yield judge(
            "WN004",
            connection,
            about=sender,
            certainty="observed",
            severity="warning" if tally.count >= LEAST and share > SHARE else "info",
            time_ns=tally.last.time_ns,
            frames=frames_of(tally),
            frame_count=tally.count,
            template=(
                "{socket} filled the window of {peer} {count} times ({share:.1%} of its data "
                "segments), first in frame {frame}; the largest had {window} octets"
            ),
            values={
                "socket": endpoint_name(connection, sender),
                "peer": endpoint_name(connection, peer_of(connection, sender)),
                "count": tally.count,
                "share": share,
                "frame": tally.kept[0].frame,
                "window": window,
                "round_trip": seconds(round_trip),
                "limit_bits_per_second": round(limit),
            },
            why="the segment ends exactly at the edge of the window",
            would_disprove="a window update that the capture lost",
        )
