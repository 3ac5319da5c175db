"""SQ012: a timestamp from the past."""

from collections.abc import Iterator

from tcpflow_analyzer.findings.finding import CaptureView, Finding, endpoint_name
from tcpflow_analyzer.findings.lifecycle.judgement import frames_of, judge, tallies
from tcpflow_analyzer.findings.registry import finding
from tcpflow_analyzer.table.connection import Connection
from tcpflow_analyzer.table.stream_observation import PAWS_REJECT


@finding("SQ012", severity="warning", since="0.2.0", stream_wakes=PAWS_REJECT)
def paws_reject(connection: Connection, capture: CaptureView) -> Iterator[Finding]:
    """A segment's timestamp is older than the last one accepted; PAWS drops it.

    Set when all of the following hold:
      - both ends use timestamps; the segment has no SYN and no RST;
      - its TSval is less than the newest one of its sender, by more ticks than a round trip has
        milliseconds (at least 10): less may be mere reordering;
      - it does not fill a hole in order (SQ006), and its sender was idle for less than 24 days.

    Superseded by: TW008 where it belongs to the incarnation before.
    Why it matters: the receiver drops the segment and acknowledges; the data has to come again.
    What to do: look for several hosts behind one address (NAT, load balancer), and for old
        duplicates.
    Not proof of: a drop: stacks make exceptions for reordered pure ACKs.
    Other tools: Suricata pkt_invalid_timestamp; Linux counter PAWSEstab; Wireshark, Zeek, tcptrace,
        conntrack: none.
    References: RFC 7323 sections 5.3 and 5.5; Linux tcp_disordered_ack().
    Seen in: fixtures/findings/SQ012-paws-reject
    """
    for sender, tally in tallies(connection, PAWS_REJECT):
        first = tally.kept[0]
        yield judge(
            "SQ012",
            connection,
            about=sender,
            certainty="inferred",
            time_ns=tally.last.time_ns,
            frames=frames_of(tally),
            frame_count=tally.count,
            template=(
                "{count} segments of {socket} carry a timestamp that is older than its newest: "
                "frame {frame} by {ticks} ticks ({tsval} after {newest})"
            ),
            values={
                "socket": endpoint_name(connection, sender),
                "count": tally.count,
                "frame": first.frame,
                "ticks": int(first.first),
                "tsval": int(first.second),
                "newest": int(first.third),
            },
            why="a receiver takes no segment whose timestamp is older than TS.Recent",
            would_disprove="the newest timestamp having been lost behind the tap",
        )
