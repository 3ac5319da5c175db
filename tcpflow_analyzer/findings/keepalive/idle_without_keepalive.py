"""KA004: nobody would notice."""

from collections.abc import Iterator

from tcpflow_analyzer.findings.finding import CaptureView, Finding, endpoint_name, seconds
from tcpflow_analyzer.findings.lifecycle.judgement import judge
from tcpflow_analyzer.findings.registry import finding
from tcpflow_analyzer.settings import NANOSECONDS
from tcpflow_analyzer.table.connection import Connection
from tcpflow_analyzer.table.stream_observation import (
    KEEPALIVE_ORIGINATOR,
    KEEPALIVE_RESPONDER,
    LONG_IDLE,
)

# RFC 5382 REQ-5: a NAT may drop an established connection that is idle for 2 hours 4 minutes.
NAT_MAY_DROP_NS = 7440 * NANOSECONDS


@finding(
    "KA004",
    severity="info",
    severities=("info", "warning"),
    since="0.2.0",
    stream_wakes=LONG_IDLE,
)
def idle_without_keepalive(connection: Connection, capture: CaptureView) -> Iterator[Finding]:
    """An established connection is idle and nobody probes it: a dead peer would not be noticed.

    Set when all of the following hold:
      - both ends are ESTABLISHED, or one is in CLOSE-WAIT and the other in FIN-WAIT-2;
      - no segment came for idle_note (seconds, default 600), or since then until the capture ended;
      - no keep-alive probe (KA001) ended that time.

    A warning above 7440 s (2 h 4 min), after which a NAT may have dropped it.

    Supersedes: nothing.
    Why it matters: neither end learns that the other one or the path is gone until it writes; a
        server that only waits never does.
    What to do: set SO_KEEPALIVE with TCP_KEEPIDLE below the shortest idle time-out on the path, or
        let the protocol send heartbeats.
    Not proof of: a dead connection; it may just not be needed.
    Other tools: Wireshark tcp.time_delta; Zeek S1 and its inactivity timeout of 5 min; conntrack
        ESTABLISHED for 432000 s; tcptrace idletime max; Suricata has no name for it.
    References: RFC 9293 section 3.8.4; RFC 5382 REQ-5.
    Seen in: fixtures/findings/KA004-idle-without-keepalive
    """
    found = [
        tally
        for tally in (connection.tally(LONG_IDLE, True), connection.tally(LONG_IDLE, False))
        if tally is not None
    ]
    longest = max((tally.last for tally in found), key=lambda each: int(each.first), default=None)
    if longest is None:
        return
    probes = KEEPALIVE_ORIGINATOR | KEEPALIVE_RESPONDER
    ended = longest.third == 1
    yield judge(
        "KA004",
        connection,
        about=None,
        severity="warning" if longest.first > NAT_MAY_DROP_NS else "info",
        certainty="observed",
        time_ns=longest.time_ns,
        frames=(longest.second, longest.frame),
        frame_count=2 if ended else 1,
        template=(
            "{originator} and {responder} exchanged nothing for {idle:.3f} s after frame {frame}"
            + (" (until frame {next_frame})" if ended else ", to the end of the capture")
        ),
        values={
            "originator": endpoint_name(connection, connection.originator),
            "responder": endpoint_name(connection, connection.responder),
            "idle": seconds(longest.first),
            "frame": longest.second,
            "next_frame": longest.frame,
            "times": sum(tally.count for tally in found),
            "keepalives": bool(connection.stream_observed & probes),
            "idle_note": seconds(capture.settings.idle_note_ns),
        },
        why="the connection is open, and the capture has no segment of it in that time",
        would_disprove="segments that the capture missed",
    )
