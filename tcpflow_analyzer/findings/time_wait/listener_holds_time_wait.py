"""TW012: TIME-WAIT on the service's own port."""

from collections.abc import Iterator
from typing import Final

from tcpflow_analyzer.findings.finding import CaptureView, Finding, Severity, seconds
from tcpflow_analyzer.findings.registry import host_finding
from tcpflow_analyzer.findings.time_wait.crowd import (
    judge_host,
    listeners_in_time_wait,
    socket_name,
)
from tcpflow_analyzer.settings import NANOSECONDS
from tcpflow_analyzer.table.connection import Connection
from tcpflow_analyzer.table.counts import ListenerCensus

NOT_WOKEN: Final = 0  # the census counts; no connection has to be looked at
SLACK_NS: Final = 2 * NANOSECONDS  # a restart that waits for TIME-WAIT may be so much early


@host_finding(
    "TW012", severity="info", severities=("info", "error"), since="0.1.0", wakes=NOT_WOKEN
)
class ListenerHoldsTimeWait:
    """The service side is the active closer: TIME-WAIT sits on the service port.

    Set when the following holds:
      - a responder's end entered TIME-WAIT. One finding a listener (address and port).
    An error, and observed, where the listener refused SYNs afterwards and accepted again only when
    its last TIME-WAIT was over, 2 s more or less: its restart had to wait for it. Counted for at
    most max_hosts listeners.

    Supersedes: nothing; TW001 tells of each connection.
    Why it matters: a server that is restarted without SO_REUSEADDR cannot bind its port before
        TIME-WAIT is over; a busy one gathers many entries (TW009).
    What to do: set SO_REUSEADDR on the listening socket; let the client close first, where the
        protocol permits; `ss -tan state time-wait sport = :PORT` on the server lists them.
    Not proof of: a failed restart, unless it was seen: most servers set SO_REUSEADDR.
    Other tools: none of Wireshark, Zeek, Suricata, tcptrace, conntrack tells which end holds it.
    References: RFC 9293 section 3.6; RFC 1122 section 4.2.2.13; socket(7), SO_REUSEADDR.
    Seen in: fixtures/findings/TW012-listener-holds-time-wait
    """

    def see(self, connection: Connection, capture: CaptureView) -> None:
        """Nothing: the census has counted."""

    def findings(self, capture: CaptureView) -> Iterator[Finding]:
        """One finding for each listener that was the active closer, the busiest first."""
        for listener in listeners_in_time_wait(capture):
            yield _finding(socket_name(listener.key, listener.address_len), listener)


def _finding(name: str, listener: ListenerCensus) -> Finding:
    waited = _has_waited(listener)
    severity: Severity = "error" if waited else "info"
    values = {
        "listener": name,
        "count": listener.time_wait_count,
        "connections": listener.connections,
        "free_ns": listener.latest_until_ns,
        "held": seconds(listener.latest_until_ns - listener.entered_ns),
        "refused": listener.refused,
    }
    template = (
        "{listener} closed first in {count} of {connections} connections and holds TIME-WAIT on "
        "its own port for {held:.0f} s after the last of them"
    )
    frames = [listener.entered_frame]
    time_ns = listener.entered_ns
    if waited:
        values["gap"] = seconds(listener.reopened_ns - listener.refused_since_ns)
        template += (
            "; it refused {refused} SYNs and accepted again {gap:.6f} s later, when its TIME-WAIT "
            "was over"
        )
        frames += [listener.refused_frame, listener.reopened_frame]
        time_ns = listener.reopened_ns
    return judge_host(
        "TW012",
        subject=name,
        severity=severity,
        certainty="observed" if waited else "inferred",
        time_ns=time_ns,
        frames=frames,
        template=template,
        values=values,
        why="the FIN of the responder came first, so its end entered TIME-WAIT",
        would_disprove="an earlier FIN of the originator that the capture missed",
    )


def _has_waited(listener: ListenerCensus) -> bool:
    """Whether it refused, and accepted again only when TIME-WAIT was over."""
    return (
        listener.refused > 0
        and listener.reopened_ns > 0
        and listener.refused_since_ns < listener.until_when_refused_ns
        and listener.reopened_ns >= listener.until_when_refused_ns - SLACK_NS
    )
