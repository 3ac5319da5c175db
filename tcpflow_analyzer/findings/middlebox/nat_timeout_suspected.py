"""MB002: the path forgot the connection."""

from collections.abc import Iterator

from tcpflow_analyzer.findings.finding import CaptureView, Finding, endpoint_name, seconds
from tcpflow_analyzer.findings.lifecycle.judgement import frames_of, judge, peer_of, tallies
from tcpflow_analyzer.findings.registry import finding
from tcpflow_analyzer.settings import NANOSECONDS
from tcpflow_analyzer.table.connection import Connection
from tcpflow_analyzer.table.stream_observation import IDLE_UNANSWERED

REOPENED_NS = 60 * NANOSECONDS
# Idle time-outs that are known, in seconds; by vendors' documentation as of 2024.
TIMERS = (
    (60, "nginx, HAProxy and AWS ALB default"),
    (240, "Azure load balancer"),
    (300, "Azure gateway"),
    (350, "AWS NLB and NAT gateway"),
    (600, "GCP load balancer and firewall"),
    (900, "carrier NAT"),
    (3600, "Cisco ASA, Juniper and Palo Alto default"),
    (7440, "RFC 5382 minimum"),
    (432000, "Linux conntrack"),
)


@finding("MB002", severity="warning", context="pair", since="0.2.0", stream_wakes=IDLE_UNANSWERED)
def nat_timeout_suspected(connection: Connection, capture: CaptureView) -> Iterator[Finding]:
    """After an idle period the path no longer carried the connection.

    Set when all of the following hold:
      - the connection was open and idle for at least 60 s, with nothing outstanding;
      - what ended that time was sent at least 3 times without any segment in return, or answered
        by a RST in the form of a missing socket with a TTL that is not the other end's;
      - a connection of the same client to the same service opened within 60 s of that.

    The time-out T lies between the longest idle time that was survived and the one that failed;
    known ones that fit are named.

    Supersedes: nothing; it is no cause of a RST, KA003 and SQ004 tell how the sender took it.
    Why it matters: translators, firewalls and load balancers forget idle connections, mostly
        without telling the ends; the first request after each pause is lost.
    What to do: let keep-alives come more often than T: TCP_KEEPIDLE of the application,
        net.ipv4.tcp_keepalive_time; or close idle connections sooner than T.
    Not proof of: a NAT; the other host may have restarted meanwhile.
    Other tools: none of Wireshark, Zeek, Suricata, tcptrace, conntrack looks for it.
    References: RFC 5382 REQ-5; RFC 9293 section 3.8.4.
    Seen in: fixtures/findings/MB002-nat-timeout-suspected
    """
    service = connection.service
    if service is None or service.idle_reopened_ns == 0:
        return
    for sender, tally in tallies(connection, IDLE_UNANSWERED):
        first = tally.kept[0]
        if abs(int(service.idle_reopened_ns - first.time_ns)) > REOPENED_NS:
            continue
        idle, survived = first.first, first.third
        fitting = [
            f"{timer} s ({whose})"
            for timer, whose in TIMERS
            if survived < timer * NANOSECONDS <= idle
        ]
        template = (
            "{sender} got no answer to {transmissions} transmissions after {idle:.3f} s of silence "
            "(from frame {frame} on), while new connections to {peer} opened"
        )
        if first.second == 0:
            template = (
                "{sender} got a RST from elsewhere after {idle:.3f} s of silence (frame {frame}), "
                "while new connections to {peer} opened"
            )
        yield judge(
            "MB002",
            connection,
            about=sender,
            certainty="inferred",
            time_ns=first.time_ns,
            frames=[*frames_of(tally), sender.last_frame],
            frame_count=max(first.second, 1),
            template=template,
            values={
                "sender": endpoint_name(connection, sender),
                "peer": endpoint_name(connection, peer_of(connection, sender)),
                "transmissions": first.second,
                "idle": seconds(idle),
                "survived": seconds(survived),
                "frame": first.frame,
                "candidates": "; ".join(fitting) or "none known",
                "reopened_ns": service.idle_reopened_ns,
            },
            why="the same two hosts talk, but not on this connection, and it was idle before",
            would_disprove="a capture on the other side of the path that shows an answer",
        )
