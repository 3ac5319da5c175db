"""TW002: TIME-WAIT answers a FIN that came again."""

from collections.abc import Iterator
from typing import Final

from tcpflow_analyzer.findings.finding import (
    CaptureView,
    Finding,
    Severity,
    endpoint_name,
    seconds,
)
from tcpflow_analyzer.findings.lifecycle.judgement import judge, peer_of, tallies
from tcpflow_analyzer.findings.registry import finding
from tcpflow_analyzer.table.connection import Connection
from tcpflow_analyzer.table.observation import FIN_INTO_TIME_WAIT

MANY: Final = 5  # more repeats than this mean that the ACKs do not get through at all


@finding(
    "TW002",
    severity="info",
    severities=("info", "warning"),
    since="0.1.0",
    wakes=FIN_INTO_TIME_WAIT,
)
def time_wait_reack(connection: Connection, capture: CaptureView) -> Iterator[Finding]:
    """Reason one at work: the last ACK was lost, the FIN came again and TIME-WAIT answered it.

    Set when all of the following hold:
      - an endpoint is in TIME-WAIT: it has acknowledged its peer's FIN;
      - its peer, in LAST-ACK, sent its FIN again;
      - the endpoint acknowledged it within 1 s, and 2 MSL begin anew with that ACK.
    A warning after more than 5 repeats: the ACKs do not reach the peer.

    Supersedes: nothing; CL002 tells of the repeated FIN.
    Why it matters: this is what TIME-WAIT is for; without it the peer would see an error (TW003).
    What to do: nothing; for a warning, look at the path from the holder to its peer.
    Not proof of: loss on the network; the ACK may have died in the peer's host.
    Other tools: conntrack "Retransmitted last ACK"; Wireshark and tcptrace count a retransmission;
        Zeek and Suricata have no name for it.
    References: RFC 9293 section 3.10.7.4 eighth step, TIME-WAIT.
    Seen in: fixtures/findings/TW002-time-wait-reack
    """
    for holder, tally in tallies(connection, FIN_INTO_TIME_WAIT):
        peer = peer_of(connection, holder)
        # Without an ACK before it, it may be the first FIN that arrived: nothing was lost but FINs.
        answered = [
            seen
            for seen in (*tally.kept, tally.last)
            if seen.second > 0 and 0 < peer.fin_acked_frame < seen.first
        ]
        if not answered:
            continue
        severity: Severity = "warning" if tally.count > MANY else "info"
        pairs = [frame for seen in answered for frame in (seen.first, seen.second)]
        yield judge(
            "TW002",
            connection,
            about=holder,
            severity=severity,
            certainty="observed",
            time_ns=answered[-1].time_ns,
            frames=pairs,
            frame_count=2 * tally.count,
            template=(
                "FIN of {peer} came again (frame {fin_frame}); {holder} in TIME-WAIT acknowledged "
                "it (frame {ack_frame}) and holds TIME-WAIT {duration:.0f} s from there"
                + ("; {count} times in all" if tally.count > 1 else "")
            ),
            values={
                "holder": endpoint_name(connection, holder),
                "peer": endpoint_name(connection, peer),
                "fin_frame": answered[0].first,
                "ack_frame": answered[0].second,
                "count": tally.count,
                "until_ns": holder.time_wait_until_ns,
                "duration": seconds(holder.time_wait_until_ns - holder.time_wait_since_ns),
            },
            why="the peer's FIN was acknowledged before, came again, and was acknowledged again",
            would_disprove="the capture having recorded the FIN twice",
        )
