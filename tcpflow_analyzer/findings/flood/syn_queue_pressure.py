"""FL002: the queue of half-open connections fills."""

from collections.abc import Iterator
from typing import Final

from tcpflow_analyzer.findings.finding import CaptureView, Finding, Severity, seconds
from tcpflow_analyzer.findings.flood.counted import NOT_WOKEN, listeners
from tcpflow_analyzer.findings.registry import host_finding
from tcpflow_analyzer.findings.time_wait.crowd import judge_host, socket_name
from tcpflow_analyzer.settings import PROFILES
from tcpflow_analyzer.table.connection import Connection

WARNING_PERCENT: Final = 80
ERROR_PERCENT: Final = 100


@host_finding(
    "FL002",
    severity="warning",
    severities=("warning", "error"),
    since="0.2.0",
    wakes=NOT_WOKEN,
)
class SynQueuePressure:
    """The estimated number of half-open entries at a listener approaches its backlog.

    Set when the following holds:
      - endpoints of one listener that were in SYN-RECEIVED at the same time were at least 80
        percent of the backlog (--backlog, default 4096); an error from 100 percent on.

    An endpoint counts from its SYN-ACK until the ACK that completes it, a RST, or the end of its
    life by the profile (half_open, Linux 63 s). Under SYN cookies (FL003) nothing is queued, and
    the number says how many would have been. Counted for at most max_hosts
    listeners.

    Supersedes: nothing; FL001 says when it comes from a flood, and gives the peak as well.
    Why it matters: beyond the backlog SYNs are dropped (HS014), or answered with SYN cookies.
    What to do: `ss -tn state syn-recv`; compare net.core.somaxconn, net.ipv4.tcp_max_syn_backlog
        and the program's listen() backlog; net.ipv4.tcp_syncookies=1.
    Not proof of: a full queue; its real length is the listener's own.
    Other tools: none of Wireshark, Zeek, Suricata, tcptrace, conntrack.
    References: RFC 4987 sections 2.1, 3.2; Linux net/ipv4/inet_connection_sock.c.
    Seen in: fixtures/findings/FL002-syn-queue-pressure
    """

    def see(self, connection: Connection, capture: CaptureView) -> None:
        """Nothing: the observer has counted."""

    def findings(self, capture: CaptureView) -> Iterator[Finding]:
        """One finding for each listener with a high peak."""
        backlog = max(capture.settings.backlog, 1)
        for listener in listeners(capture):
            percent = 100 * int(listener.peak) // backlog
            if percent < WARNING_PERCENT:
                continue
            severity: Severity = "error" if percent >= ERROR_PERCENT else "warning"
            name = socket_name(listener.key, listener.address_len)
            yield judge_host(
                "FL002",
                subject=name,
                severity=severity,
                certainty="assumed",
                time_ns=int(listener.peak_ns),
                frames=(int(listener.peak_frame), int(listener.oldest_frame)),
                template=(
                    "{listener} had {peak} half-open connections at once (frame {frame}), {percent}"
                    " % of a backlog of {backlog}; {expired} expired, {released} ended unfinished; "
                    "profile {profile} ({profile_source})"
                ),
                values={
                    "listener": name,
                    "peak": int(listener.peak),
                    "frame": int(listener.peak_frame),
                    "percent": percent,
                    "backlog": backlog,
                    "expired": int(listener.expired),
                    "released": int(listener.released) - int(listener.expired),
                    "answered": int(listener.successes),
                    "longest": seconds(int(listener.longest_ns)),
                    "now": int(listener.queued),
                    "profile": PROFILES[listener.profile].name,
                    "profile_source": capture.source_of_profile(
                        listener.key[: listener.address_len], listener.profile
                    ),
                },
                why="SYN-ACKs without ACK or RST, each for as long as the profile keeps them",
                would_disprove="a listener that gives up earlier, or keeps none (SYN cookies)",
            )
