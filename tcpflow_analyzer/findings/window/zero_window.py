"""WN001: a closed window."""

from collections.abc import Iterator

from tcpflow_analyzer.findings.finding import CaptureView, Finding, endpoint_name, seconds
from tcpflow_analyzer.findings.lifecycle.judgement import frames_of, judge, stream_tallies
from tcpflow_analyzer.findings.registry import finding
from tcpflow_analyzer.settings import NANOSECONDS
from tcpflow_analyzer.table.connection import Connection
from tcpflow_analyzer.table.endpoint import Endpoint
from tcpflow_analyzer.table.stream_observation import (
    WINDOW_STALL,
    ZERO_WINDOW_LONG,
    ZERO_WINDOW_ORIGINATOR,
    ZERO_WINDOW_RESPONDER,
)

LONG_NS = NANOSECONDS  # closed for longer than this: a warning


@finding(
    "WN001",
    severity="info",
    severities=("info", "warning"),
    since="0.2.0",
    stream_facts=ZERO_WINDOW_ORIGINATOR | ZERO_WINDOW_RESPONDER,
    stream_wakes=ZERO_WINDOW_LONG,
)
def zero_window(connection: Connection, capture: CaptureView) -> Iterator[Finding]:
    """The receiver closed its window.

    Set when all of the following hold:
      - an endpoint sent a segment without SYN, FIN and RST whose window is 0;
      - it had not reset the connection, and its peer had not sent FIN.
    The window is open again with its first segment whose window is above 0. A warning where it was
    closed for more than a second at a time.

    Superseded by: WN003 for the warning.
    Why it matters: the application does not read as fast as its peer sends; the sender has to wait.
    What to do: look at what the receiving application does at these times.
    Not proof of: a fault: a receiver may rest, and its peer may have had nothing to send.
    Other tools: Wireshark tcp.analysis.zero_window, .window_update; Zeek history w, W; tcptrace
        "zero win adv"; Suricata, conntrack: none.
    References: RFC 9293 section 3.8.6.1.
    Seen in: fixtures/findings/WN001-zero-window
    """
    for receiver, tally in stream_tallies(
        connection, ZERO_WINDOW_ORIGINATOR, ZERO_WINDOW_RESPONDER
    ):
        longest, total = closed_times(connection, receiver)
        long = longest > LONG_NS and connection.tally(WINDOW_STALL, receiver.is_originator) is None
        opened = [int(seen.second) for seen in tally.kept if seen.second > 0]
        yield judge(
            "WN001",
            connection,
            about=receiver,
            certainty="observed",
            severity="warning" if long else "info",
            time_ns=tally.last.time_ns,
            frames=(*frames_of(tally), *opened),
            frame_count=tally.count + len(opened),
            template=(
                "{socket} closed its window {count} times, first in frame {frame}, for {total:.3f} "
                "s in all and {longest:.3f} s at most"
            ),
            values={
                "socket": endpoint_name(connection, receiver),
                "count": tally.count,
                "frame": tally.kept[0].frame,
                "opened_frame": int(tally.kept[0].second),
                "longest": seconds(longest),
                "total": seconds(total),
            },
            why="the window field is 0",
            would_disprove="a window update that the capture lost",
        )


def closed_times(connection: Connection, receiver: Endpoint) -> tuple[int, int]:
    """Longest and total time that the window was closed, nanoseconds."""
    analysis = connection.analysis
    if analysis is None:
        return 0, 0
    watch = analysis.watch(receiver.is_originator)
    return int(watch.closed_longest_ns), int(watch.closed_total_ns)
