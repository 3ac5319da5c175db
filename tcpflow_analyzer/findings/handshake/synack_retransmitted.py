"""HS006: the listener said it again."""

from collections.abc import Iterator

from tcpflow_analyzer.findings.finding import CaptureView, Finding, endpoint_name, seconds
from tcpflow_analyzer.findings.lifecycle.judgement import frames_of, judge, tallies
from tcpflow_analyzer.findings.registry import finding
from tcpflow_analyzer.table.connection import Connection
from tcpflow_analyzer.table.observation import SYNACK_REPEATED, Tally


@finding("HS006", severity="warning", since="0.1.0", wakes=SYNACK_REPEATED)
def synack_retransmitted(connection: Connection, capture: CaptureView) -> Iterator[Finding]:
    """The listener repeated its SYN-ACK because the third segment did not reach it.

    Set when all of the following hold:
      - an endpoint in SYN-RECEIVED sent SYN-ACK again with the same SEQ and ACK;
      - the copies are no duplicate frames of one capture point (CP006).

    The cause is "ack-seen" (a covering ACK was captured before: lost behind the tap, or ignored by
    a full accept queue), "syn-repeated" (it answers a repeated SYN) or "no-ack-seen".

    Supersedes: nothing; HS013 judges a listener that does it for many connections.
    Why it matters: until the third segment arrives the listener cannot hand the connection over,
        and the entry occupies its queue.
    What to do: `nstat -az TcpExtListenOverflows TcpExtTCPTimeouts` on the listener; with cause
        no-ack-seen look for loss towards the originator.
    Not proof of: loss; a listener with a full accept queue drops the ACK that it received.
    Other tools: Wireshark tcp.analysis.retransmission; Suricata est_synack_resend; conntrack "sIG";
        tcptrace rexmt; Zeek has no name for it.
    References: RFC 9293 section 3.8.1; RFC 6298; Linux net/ipv4/inet_connection_sock.c.
    Seen in: fixtures/findings/HS006-synack-retransmitted
    """
    for listener, tally in tallies(connection, SYNACK_REPEATED):
        profile = capture.profile(listener)
        first = tally.kept[0]
        ack_frame = max(observation.second for observation in tally.kept)
        yield judge(
            "HS006",
            connection,
            about=listener,
            certainty="observed",
            time_ns=tally.last.time_ns,
            frames=[listener.first_frame, ack_frame, *frames_of(tally)],
            frame_count=tally.count + 1,
            template=(
                "{socket} sent its SYN-ACK {synacks} times, the last copy (frame {last_frame}) "
                "{delay:.6f} s after the first; cause: {cause}"
            ),
            values={
                "socket": endpoint_name(connection, listener),
                "synacks": tally.count + 1,
                "last_frame": tally.last.frame,
                "delay": seconds(tally.last.time_ns - first.time_ns + first.first),
                "gaps": [seconds(observation.first) for observation in tally.kept],
                "cause": _cause(tally),
                "ack_frame": ack_frame,
                "profile": profile.name,
                "synack_retries": profile.synack_retries,
            },
            why="SYN-ACKs with equal SEQ and ACK at different times",
            would_disprove="one segment captured at two places with a delay between them",
        )


def _cause(tally: Tally) -> str:
    """An ACK seen before any of the copies says most; a SYN before all of them explains them."""
    if any(observation.second for observation in tally.kept):
        return "ack-seen"
    if all(observation.third for observation in tally.kept):
        return "syn-repeated"
    return "no-ack-seen"
