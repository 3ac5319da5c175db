"""MB005: large segments vanish."""

from collections.abc import Iterator

from tcpflow_analyzer.findings.finding import CaptureView, Finding, Severity, endpoint_name
from tcpflow_analyzer.findings.lifecycle.judgement import judge, peer_of, tallies
from tcpflow_analyzer.findings.registry import finding
from tcpflow_analyzer.settings import NANOSECONDS
from tcpflow_analyzer.table.connection import Connection
from tcpflow_analyzer.table.stream_observation import SIZE_LOST

SHRINK_NS = NANOSECONDS  # how long a sender may take to send smaller segments


@finding(
    "MB005",
    severity="error",
    severities=("info", "error"),
    since="0.2.0",
    stream_wakes=SIZE_LOST,
)
def pmtu_blackhole(connection: Connection, capture: CaptureView) -> Iterator[Finding]:
    """Full-size segments vanish while small ones pass.

    Set when one of the following holds:
      - a segment of more than 536 octets and at least nine tenths of the MSS was sent 3 times more
        without being acknowledged, its receiver's window was open, and its receiver sent something
        since the first time;
      - an ICMP error "fragmentation needed" or ICMPv6 "packet too big" quotes a segment in flight
        ("reported"): an info where a smaller one follows, an error where none came within 1 s.

    Supersedes: nothing; the repetitions themselves are SQ001 and SQ004.
    Why it matters: the connection opens, small requests work, and the first large one hangs for
        ever: a tunnel or link with a smaller MTU, and a filter that drops the ICMP errors.
    What to do: `tracepath` to the peer; let ICMP type 3 code 4 (ICMPv6 type 2) pass; clamp the MSS
        on the tunnel; net.ipv4.tcp_mtu_probing=1 helps Linux senders.
    Not proof of: a small MTU; loss that strikes the same segment four times looks the same.
    Other tools: none of Wireshark, Zeek, Suricata, tcptrace, conntrack names it.
    References: RFC 1191; RFC 4821; RFC 8201; RFC 9293 section 3.7.2; RFC 2923 section 2.1.
    Seen in: fixtures/findings/MB005-pmtu-blackhole
    """
    for sender, tally in tallies(connection, SIZE_LOST):
        last = tally.last
        told = [item for item in tally.kept if item.third != 0]
        lost = [item for item in tally.kept if item.third == 0]
        severity: Severity = "error"
        if not lost and last.second > 0:
            severity = "info"
        elif not lost and not capture.waited(last.time_ns, SHRINK_NS):
            continue
        mtu = told[-1].third - 1 if told else 0
        template = (
            "{sender} sent {octets} octets (frame {frame}) {times} times more, and {peer} "
            "acknowledged only what is smaller"
        )
        if not lost:
            template = (
                "{octets} octets of {sender} do not fit the path, says ICMP (frame {frame}, MTU "
                "{mtu}); "
                + (
                    "smaller ones follow (frame {smaller})"
                    if last.second
                    else "none smaller follow"
                )
            )
        shown = lost[-1] if lost else last
        yield judge(
            "MB005",
            connection,
            about=sender,
            severity=severity,
            certainty="inferred" if lost else "observed",
            time_ns=shown.time_ns,
            frames=[item.frame for item in tally.kept] + [item.second for item in told],
            frame_count=tally.count,
            template=template,
            values={
                "sender": endpoint_name(connection, sender),
                "peer": endpoint_name(connection, peer_of(connection, sender)),
                "octets": shown.first,
                "frame": shown.frame,
                "times": shown.second,
                "smaller": 0 if lost else last.second,
                "reported": bool(told),
                "mtu": mtu,
                "mss": sender.mss,
                "peer_mss": peer_of(connection, sender).mss,
            },
            why="only large segments are lost, or a router says so",
            would_disprove="a large segment of the same time that was acknowledged",
        )
