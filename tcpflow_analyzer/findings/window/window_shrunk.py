"""WN005: a window edge that moved left."""

from collections.abc import Iterator

from tcpflow_analyzer.findings.finding import WARNING, CaptureView, Finding, endpoint_name
from tcpflow_analyzer.findings.lifecycle.judgement import KindInBrief, frames_of, judge, tallies
from tcpflow_analyzer.findings.registry import finding
from tcpflow_analyzer.table.connection import Connection
from tcpflow_analyzer.table.stream_observation import WINDOW_SHRUNK


@finding(
    "WN005",
    severity="warning",
    since="0.2.0",
    stream_wakes=WINDOW_SHRUNK,
    brief=KindInBrief(WINDOW_SHRUNK, WARNING),
)
def window_shrunk(connection: Connection, capture: CaptureView) -> Iterator[Finding]:
    """The receiver moved the right window edge left.

    Set when all of the following hold:
      - an endpoint sends an ACK without SYN, FIN and RST, before its own FIN;
      - it follows the segment before it in sequence, so that none of the two is an old one, and
        acknowledges no less;
      - that segment had no SYN, whose window is not scaled;
      - acknowledgement plus window lies left of where the segment before had it, by more than the
        window scale's rounding.

    Supersedes: nothing.
    Why it matters: data that was allowed may be dropped; the sender has to send it again.
    What to do: look for a receive buffer that was made smaller, a middlebox that rewrites windows,
        or memory pressure (Linux 6.x: net.ipv4.tcp_shrink_window).
    Not proof of: data loss: the sender may have sent nothing beyond the new edge.
    Other tools: Zeek window_recision; Suricata pkt_bad_window_update; Wireshark, tcptrace,
        conntrack: none.
    References: RFC 9293 section 3.8.6 (SHLD-14); RFC 7323 section 2.4.
    Seen in: fixtures/findings/WN005-window-shrunk
    """
    for receiver, tally in tallies(connection, WINDOW_SHRUNK):
        first = tally.kept[0]
        yield judge(
            "WN005",
            connection,
            about=receiver,
            certainty="observed",
            time_ns=tally.last.time_ns,
            frames=frames_of(tally),
            frame_count=tally.count,
            template=(
                "{socket} took back {octets} octets of its window in frame {frame} (edge {before} "
                "to {after}); {count} times in all"
            ),
            values={
                "socket": endpoint_name(connection, receiver),
                "octets": int(first.first),
                "largest": max(int(seen.first) for seen in (*tally.kept, tally.last)),
                "frame": first.frame,
                "before": int(first.second),
                "after": int(first.third),
                "count": tally.count,
            },
            why="acknowledgement plus window is less than before",
            would_disprove="the two segments having been captured in the wrong order",
        )
