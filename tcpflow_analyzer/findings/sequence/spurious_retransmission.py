"""SQ003: retransmission of what had arrived."""

from collections.abc import Iterator

from tcpflow_analyzer.findings.finding import CaptureView, Finding, endpoint_name, seconds
from tcpflow_analyzer.findings.lifecycle.judgement import frames_of, judge, stream_tallies
from tcpflow_analyzer.findings.registry import finding
from tcpflow_analyzer.table.connection import Connection
from tcpflow_analyzer.table.stream_observation import SPURIOUS_ORIGINATOR, SPURIOUS_RESPONDER


@finding(
    "SQ003",
    severity="info",
    since="0.2.0",
    stream_facts=SPURIOUS_ORIGINATOR | SPURIOUS_RESPONDER,
)
def spurious_retransmission(connection: Connection, capture: CaptureView) -> Iterator[Finding]:
    """Data was retransmitted that the peer had already acknowledged in full.

    Set when all of the following hold:
      - an endpoint sent octets of payload again, and no new ones;
      - an ACK that was captured before covers all of them;
      - the capture had seen them before that ACK; it is no keep-alive.
    `confirmed` names the D-SACK by which the peer says so too.

    Supersedes: SQ001 and SQ002 for these segments.
    Why it matters: the sender believes in a loss that was none, and slows down.
    What to do: if it comes often: the ACKs get lost behind the capture, or the round trip jumps.
    Not proof of: a wrong timer: the ACK may have been lost on its way to the sender. An old
        duplicate looks the same.
    Other tools: Wireshark tcp.analysis.spurious_retransmission; Suricata
        pkt_spurious_retransmission, est_pkt_before_last_ack; tcptrace "rexmt", "dsack pkts"; Zeek
        history t; conntrack "SEQ is under the lower bound".
    References: RFC 2883 section 4; RFC 6298; RFC 9293 section 3.10.7.4.
    Seen in: fixtures/findings/SQ003-spurious-retransmission
    """
    for sender, tally in stream_tallies(connection, SPURIOUS_ORIGINATOR, SPURIOUS_RESPONDER):
        first = tally.kept[0]
        confirmed = sorted({int(seen.third) for seen in tally.kept if seen.third > 0})
        yield judge(
            "SQ003",
            connection,
            about=sender,
            certainty="observed",
            time_ns=tally.last.time_ns,
            frames=(int(first.second), *frames_of(tally), *confirmed),
            frame_count=1 + tally.count + len(confirmed),
            template=(
                "{socket} retransmitted {count} segments that were acknowledged already: frame "
                "{frame} comes {gap:.6f} s after the ACK in frame {ack_frame}"
            ),
            values={
                "socket": endpoint_name(connection, sender),
                "count": tally.count,
                "frame": first.frame,
                "ack_frame": int(first.second),
                "gap": seconds(first.first),
                "confirmed": confirmed,
            },
            why="the peer's acknowledgement covers every octet of the segment",
            would_disprove="the acknowledgement having been captured before it was sent",
        )
