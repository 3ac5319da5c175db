"""SQ001: retransmission after a timeout."""

from collections.abc import Iterator

from tcpflow_analyzer.findings.finding import CaptureView, Finding, endpoint_name, seconds
from tcpflow_analyzer.findings.lifecycle.judgement import (
    frames_of,
    judge,
    state_name,
    stream_tallies,
)
from tcpflow_analyzer.findings.registry import finding
from tcpflow_analyzer.table.connection import Connection
from tcpflow_analyzer.table.observation import Tally
from tcpflow_analyzer.table.stream_observation import (
    EARLY,
    EXCESSIVE,
    FILLS,
    KNOWN_GAP,
    RTO_MANY,
    RTO_ORIGINATOR,
    RTO_RESPONDER,
)

LEAST = 10  # retransmissions before a share of the segments is a warning


@finding(
    "SQ001",
    severity="info",
    severities=("info", "warning"),
    since="0.2.0",
    stream_facts=RTO_ORIGINATOR | RTO_RESPONDER,
    stream_wakes=RTO_MANY,
)
def rto_retransmission(connection: Connection, capture: CaptureView) -> Iterator[Finding]:
    """A segment was retransmitted after a timeout.

    Set when all of the following hold:
      - an endpoint sent octets again that it had sent before and that were not all acknowledged;
      - it is no keep-alive, no window probe, no copy made by the capture (CP006), and was not
        merely overtaken (SQ006);
      - the peer had not asked for it: fewer than 3 duplicate ACKs, no SACK block above it, within
        the last round trip (SQ002).
    A warning for more than `retransmission_ratio` (1 %) of its data segments and at least 10.
    What came sooner than 200 ms or one and a half round trips is counted as `early`: a tail loss
    probe, or another algorithm's timer.

    Superseded by: SQ004 and SQ005 for the warning; SQ003 where all was acknowledged before.
    Why it matters: nothing moves until the timer expires: 200 ms and more for each.
    What to do: look for loss at both ends; SQ008 and CP004 tell on which side of the capture.
    Not proof of: loss: an ACK may be late, or lost itself.
    Other tools: Wireshark tcp.analysis.retransmission, tcp.analysis.rto; Zeek history t, T;
        Suricata pkt_retransmission; tcptrace "rexmt data pkts"; conntrack counts retransmissions.
    References: RFC 6298 section 5; RFC 9293 section 3.8.1; RFC 8985 section 7.
    Seen in: fixtures/findings/SQ001-rto-retransmission
    """
    ratio = capture.settings.retransmission_ratio
    for sender, tally in stream_tallies(connection, RTO_ORIGINATOR, RTO_RESPONDER):
        share = tally.count / max(1, int(sender.data_segments))
        many = tally.count >= LEAST and share > ratio and not connection.stream_observed & EXCESSIVE
        gaps = [int(seen.first) for seen in tally.kept if seen.third & KNOWN_GAP]
        yield judge(
            "SQ001",
            connection,
            about=sender,
            certainty="observed",
            severity="warning" if many else "info",
            time_ns=tally.last.time_ns,
            frames=frames_of(tally),
            frame_count=tally.count,
            template=(
                "{socket} retransmitted {count} segments after a timeout ({share:.2%} of its data "
                "segments), the first in frame {frame} after {gap:.6f} s"
            ),
            values={
                "socket": endpoint_name(connection, sender),
                "count": tally.count,
                "share": share,
                "frame": tally.kept[0].frame,
                "gap": seconds(tally.kept[0].first),
                "timeouts": [seconds(gap) for gap in gaps],
                "offsets": [int(seen.second) for seen in tally.kept],
                "early": _with(tally, EARLY),
                "lost_before_capture": _with(tally, FILLS),
                "state": state_name(sender),
            },
            why="octets were sent again that the peer had neither acknowledged nor asked for",
            would_disprove="duplicate ACKs or SACK blocks that the capture lost",
        )


def _with(tally: Tally, bit: int) -> int:
    """How many of the observations that were kept have a bit."""
    return sum(1 for seen in tally.kept if seen.third & bit)
