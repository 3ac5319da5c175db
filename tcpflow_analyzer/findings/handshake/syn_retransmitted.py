"""HS002: the first SYN did not do.

Compiled: yes
"""

from collections.abc import Iterator

from tcpflow_analyzer.findings.finding import CaptureView, Finding, endpoint_name, seconds
from tcpflow_analyzer.findings.lifecycle.judgement import judge, peer_of, tallies
from tcpflow_analyzer.findings.registry import finding
from tcpflow_analyzer.table.connection import Connection
from tcpflow_analyzer.table.observation import REFUSED, SYN_REPEATED, UNANSWERED


@finding("HS002", severity="warning", since="0.1.0", wakes=SYN_REPEATED)
def syn_retransmitted(connection: Connection, capture: CaptureView) -> Iterator[Finding]:
    """The SYN had to be sent more than once before an answer.

    Set when all of the following hold:
      - the same endpoint sent the same SYN (without ACK, same ISS) at least twice;
      - the copies are no duplicate frames of one capture point (CP006);
      - an answer came later: SYN-ACK, SYN or RST; copies sent after a RST do not count.

    Superseded by: HS001 when no answer came; HS005 when only an ICMP error did.
    Why it matters: each repetition costs the caller a second or more before it can begin.
    What to do: find whether the SYN or its answer was lost: `nstat -az TcpExtListenOverflows
        TcpExtListenDrops` on the listener, packet filters and rate limits on the way.
    Not proof of: loss on the network; a full listener ignores SYNs too (HS014).
    Other tools: Wireshark tcp.analysis.retransmission; Suricata pkt_retransmission; tcptrace "SYN
        pkts sent 2"; Zeek and conntrack say nothing.
    References: RFC 6298 sections 2 and 5; RFC 9293 section 3.8.1.
    Seen in: fixtures/findings/HS002-syn-retransmitted
    """
    if connection.observed & UNANSWERED:
        return
    for opener, tally in tallies(connection, SYN_REPEATED):
        peer = peer_of(connection, opener)
        refused = connection.tally(REFUSED, peer.is_originator)
        # Some stacks send the same SYN again after a refusal; that one was answered at once.
        repeats = [
            item for item in tally.kept if refused is None or item.frame < refused.kept[0].frame
        ]
        if peer.segments == 0 or not repeats:
            continue
        first, last = repeats[0], tally.last if refused is None else repeats[-1]
        syns = 1 + (tally.count if refused is None else len(repeats))
        first_sent_ns = first.time_ns - first.first
        yield judge(
            "HS002",
            connection,
            about=opener,
            certainty="observed",
            time_ns=last.time_ns,
            frames=[opener.first_frame, last.frame, *(item.frame for item in repeats)],
            frame_count=syns,
            template=(
                "{socket} sent its SYN {syns} times (first in frame {first_frame}); the last copy "
                "(frame {last_frame}) came {delay:.6f} s after the first"
            ),
            values={
                "socket": endpoint_name(connection, opener),
                "syns": syns,
                "first_frame": opener.first_frame,
                "last_frame": last.frame,
                "delay": seconds(last.time_ns - first_sent_ns),
                "gaps": [seconds(item.first) for item in repeats],
            },
            why="segments with the same ISS and SYN at different times",
            would_disprove="one segment captured at two places with a delay between them",
        )
