"""WN003: a window that stayed closed."""

from collections.abc import Iterator
from typing import Final

from tcpflow_analyzer.findings.finding import CaptureView, Finding, endpoint_name, seconds
from tcpflow_analyzer.findings.lifecycle.judgement import judge, peer_of, stream_tallies, tallies
from tcpflow_analyzer.findings.registry import finding
from tcpflow_analyzer.settings import NANOSECONDS
from tcpflow_analyzer.table.connection import Connection
from tcpflow_analyzer.table.observation import Observation
from tcpflow_analyzer.table.stream_observation import (
    STALL_END,
    STALL_FIN,
    STALL_OPENED,
    STALL_RESET,
    WINDOW_STALL,
    ZERO_WINDOW_ORIGINATOR,
    ZERO_WINDOW_RESPONDER,
)

ERROR_NS: Final = 30 * NANOSECONDS
_ENDS: Final = {
    STALL_OPENED: "until it opened again",
    STALL_RESET: "until the connection was reset",
    STALL_FIN: "until an end closed",
    STALL_END: "until the end of the capture",
}


@finding(
    "WN003",
    severity="error",
    severities=("warning", "error"),
    since="0.2.0",
    stream_wakes=WINDOW_STALL,
)
def zero_window_stall(connection: Connection, capture: CaptureView) -> Iterator[Finding]:
    """The window stayed closed until the connection died or for too long.

    Set when all of the following hold:
      - an endpoint's window was closed (WN001);
      - data waited at its peer: the peer had filled the window, or probed it;
      - it stayed closed for at least 10 s, or until a RST or FIN of either end.
    An error from 30 s on, or where a RST ended it; else a warning.

    Supersedes: the warning of WN001.
    Why it matters: the receiving application has stopped to read: both ends hang.
    What to do: look at the receiving application: deadlock, full disk, blocked consumer.
    Not proof of: a network fault: there is none.
    Other tools: Wireshark: a series of tcp.analysis.zero_window; Zeek, Suricata, tcptrace,
        conntrack: none.
    References: RFC 9293 section 3.8.6.1.
    Seen in: fixtures/findings/WN003-zero-window-stall
    """
    for receiver, tally in tallies(connection, WINDOW_STALL):
        worst = max((*tally.kept, tally.last), key=_grade)
        probes = int(worst.third)
        closing = [
            int(seen.frame)
            for end, closed in stream_tallies(
                connection, ZERO_WINDOW_ORIGINATOR, ZERO_WINDOW_RESPONDER
            )
            if end is receiver
            for seen in (*closed.kept, closed.last)
            if seen.time_ns + worst.first <= worst.time_ns or worst.second == STALL_END
        ]
        yield judge(
            "WN003",
            connection,
            about=receiver,
            certainty="inferred" if worst.second == STALL_END else "observed",
            severity="error" if _is_error(worst) else "warning",
            time_ns=worst.time_ns,
            frames=(*closing[-1:], worst.frame),
            template=(
                "{socket} kept its window closed for {duration:.3f} s {end}, while data of {peer} "
                "waited ({probes} probes)"
            ),
            values={
                "socket": endpoint_name(connection, receiver),
                "peer": endpoint_name(connection, peer_of(connection, receiver)),
                "duration": seconds(worst.first),
                "end": _ENDS[int(worst.second)],
                "probes": probes,
                "count": tally.count,
            },
            why="the window was 0 although its peer had more to send",
            would_disprove="window updates that the capture lost",
        )


def _is_error(stall: Observation) -> bool:
    return stall.first >= ERROR_NS or stall.second == STALL_RESET


def _grade(stall: Observation) -> tuple[bool, int]:
    return _is_error(stall), int(stall.first)
