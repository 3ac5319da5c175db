"""OP007: a path or host that cannot bear ECN."""

from collections.abc import Iterator

from tcpflow_analyzer.findings.finding import CaptureView, Finding, endpoint_name, seconds
from tcpflow_analyzer.findings.lifecycle.judgement import judge, tallies
from tcpflow_analyzer.findings.registry import finding
from tcpflow_analyzer.table.connection import Connection
from tcpflow_analyzer.table.stream_cases import ECN_IGNORED, ECN_REFLECTED, ECN_REFUSED
from tcpflow_analyzer.table.stream_observation import ECN_BLOCKED

_WORDS = {
    ECN_REFUSED: (
        "{responder} refused the ECN SYN of frame {failed_frame} by RST; the attempt without ECN "
        "{delay:.3f} s later (frame {frame}) opened"
    ),
    ECN_IGNORED: (
        "{responder} left ECN SYNs unanswered (first: frame {failed_frame}); the attempt without "
        "ECN {delay:.3f} s later (frame {frame}) opened"
    ),
    ECN_REFLECTED: (
        "{responder} reflected ECE and CWR in its SYN-ACK (frame {frame}): it does not know ECN"
    ),
}


@finding("OP007", severity="warning", context="pair", since="0.2.0", stream_wakes=ECN_BLOCKED)
def ecn_syn_blocked(connection: Connection, capture: CaptureView) -> Iterator[Finding]:
    """An ECN-setup SYN was reset or ignored, and the retry without ECN worked.

    Set when one of the following holds:
      - a SYN with ECE and CWR was answered by RST, or stayed unanswered twice, and then a SYN
        without them from the same host to the same service, within 180 s, opened a connection;
      - the SYN-ACK carries ECE and CWR like the SYN (with accurate ECN: AE, too).

    Supersedes: nothing; the failed attempt has its HS001, HS002 or HS004.
    Why it matters: each connection from a host that asks for ECN waits for a second or fails.
    What to do: find the device: old firewalls and load balancers take the two bits for an attack;
        compare captures on both its sides.
    Not proof of: a device on the path; the service may just have come up between the attempts.
    Other tools: Wireshark shows the flags; Zeek, Suricata, tcptrace and conntrack have no name for
        it.
    References: RFC 3168 section 6.1.1.1; RFC 3360; RFC 9768 section 3.1.
    Seen in: fixtures/findings/OP007-ecn-syn-blocked
    """
    for about, tally in tallies(connection, ECN_BLOCKED):
        first = tally.kept[0]
        yield judge(
            "OP007",
            connection,
            about=connection.responder,
            certainty="observed" if first.first == ECN_REFLECTED else "inferred",
            time_ns=first.time_ns,
            frames=(first.second, first.frame),
            frame_count=2,
            template=_WORDS[int(first.first)],
            values={
                "responder": endpoint_name(connection, connection.responder),
                "noted_for": endpoint_name(connection, about),
                "failed_frame": first.second,
                "frame": first.frame,
                "delay": seconds(first.third),
            },
            why="the two attempts differ in the ECN bits, and only one opened",
            would_disprove="an attempt with ECN that the same service accepts",
        )
