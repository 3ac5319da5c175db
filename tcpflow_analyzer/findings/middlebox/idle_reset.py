"""MB003: a RST at an idle limit."""

from collections.abc import Iterator

from tcpflow_analyzer.findings.finding import CaptureView, Finding, endpoint_name, seconds
from tcpflow_analyzer.findings.lifecycle.judgement import judge, tallies
from tcpflow_analyzer.findings.registry import finding
from tcpflow_analyzer.table.connection import Connection
from tcpflow_analyzer.table.stream_cases import RESET_FIRST
from tcpflow_analyzer.table.stream_observation import IDLE, IDLE_RESET

_NO_SOCKET = 1
_OTHER_TTL = 2


@finding("MB003", severity="warning", since="0.2.0", stream_wakes=IDLE_RESET)
def idle_reset(connection: Connection, capture: CaptureView) -> Iterator[Finding]:
    """A RST ended the connection right after, or at, an idle limit.

    Set when all of the following hold:
      - the connection was open and idle for at least 30 s, with nothing outstanding;
      - a RST is the first segment after that, or answers the first one within a round trip (of the
        shortest measured: twice it and 10 ms).

    "middlebox" where the RST has the form of a missing socket or another TTL than the endpoint. It
    is more certain where the same listener's connections ended so after the same time (2 %).

    Supersedes: nothing; it is never the cause of a RST, which has its own finding.
    Why it matters: load balancers, proxies and firewalls end idle connections so; a request that
        is just on its way is lost.
    What to do: find whose time-out is as long as the idle time; let keep-alives come more often,
        or close earlier.
    Not proof of: a device on the path; a program may abort idle connections itself (SO_LINGER).
    Other tools: Wireshark tcp.connection.rst; Zeek RSTR; tcptrace RESET; Suricata and conntrack
        have no name for it.
    References: RFC 9293 section 3.5.2; RFC 5382.
    Seen in: fixtures/findings/MB003-idle-reset
    """
    for sender, tally in tallies(connection, IDLE_RESET):
        first = tally.kept[0]
        is_middlebox = bool(first.third)
        listener = connection.listener
        alike = 1 if listener is None else max(1, int(listener.idle_resets))
        requests = [
            item.frame
            for side in (True, False)
            for idle in (connection.tally(IDLE, side),)
            if idle is not None and first.second != RESET_FIRST
            for item in (idle.last,)
        ]
        yield judge(
            "MB003",
            connection,
            about=sender,
            certainty="inferred" if is_middlebox or alike > 1 else "assumed",
            time_ns=first.time_ns,
            frames=[*requests, first.frame],
            template=(
                "RST from {sender} (frame {frame}) "
                + (
                    "after {idle:.3f} s of silence"
                    if first.second == RESET_FIRST
                    else "answers the first segment after {idle:.3f} s of silence"
                )
                + (", from a device on the path by its form or TTL" if is_middlebox else "")
            ),
            values={
                "sender": endpoint_name(connection, sender),
                "frame": first.frame,
                "idle": seconds(first.first),
                "alike": alike,
                "class": "middlebox" if is_middlebox else "endpoint",
                "no_socket": bool(first.third & _NO_SOCKET),
                "other_ttl": bool(first.third & _OTHER_TTL),
                "ttl_min": sender.ttl_min,
                "ttl_max": sender.ttl_max,
            },
            why="nothing was outstanding, and the RST came with the end of the idle time",
            would_disprove="segments in the idle time that the capture missed",
        )
