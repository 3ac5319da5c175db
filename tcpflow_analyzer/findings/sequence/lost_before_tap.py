"""SQ008: loss between sender and tap."""

from collections.abc import Iterator

from tcpflow_analyzer.findings.finding import CaptureView, Finding, endpoint_name, seconds
from tcpflow_analyzer.findings.lifecycle.judgement import frames_of, judge, stream_tallies
from tcpflow_analyzer.findings.registry import finding
from tcpflow_analyzer.table.connection import Connection
from tcpflow_analyzer.table.stream_observation import (
    LOST_BEFORE_TAP_ORIGINATOR,
    LOST_BEFORE_TAP_RESPONDER,
)


@finding(
    "SQ008",
    severity="info",
    since="0.2.0",
    stream_facts=LOST_BEFORE_TAP_ORIGINATOR | LOST_BEFORE_TAP_RESPONDER,
)
def lost_before_tap(connection: Connection, capture: CaptureView) -> Iterator[Finding]:
    """Octets were skipped at the tap and filled later by retransmission.

    Set when all of the following hold:
      - a segment leaves out octets of its stream;
      - the peer does not acknowledge beyond them (else CP004);
      - later a retransmission brings them (not SQ006).

    Supersedes: nothing; SQ001 and SQ002 tell what made the sender repeat them.
    Why it matters: real loss, and on the sender's side of the tap.
    What to do: look for the loss between the sender and the place of the capture.
    Not proof of: loss on the network: the capture and the receiver may both have dropped it.
    Other tools: Wireshark tcp.analysis.lost_segment ("previous segment not captured", without the
        distinction); Suricata reassembly_seq_gap; tcptrace "missed data"; Zeek content_gap only if
        it is never filled; conntrack: none.
    References: RFC 9293 section 3.8.
    Seen in: fixtures/findings/SQ008-lost-before-tap
    """
    for sender, tally in stream_tallies(
        connection, LOST_BEFORE_TAP_ORIGINATOR, LOST_BEFORE_TAP_RESPONDER
    ):
        first = tally.kept[0]
        yield judge(
            "SQ008",
            connection,
            about=sender,
            certainty="observed",
            time_ns=tally.last.time_ns,
            frames=(*(int(seen.first) for seen in tally.kept), *frames_of(tally)),
            frame_count=2 * tally.count,
            template=(
                "{socket}: {octets} octets were lost before the tap (noticed in frame {opened}) "
                "and came again in frame {frame} {duration:.6f} s later; {count} such segments"
            ),
            values={
                "socket": endpoint_name(connection, sender),
                "octets": int(first.second),
                "opened": int(first.first),
                "frame": first.frame,
                "duration": seconds(first.third),
                "count": tally.count,
                "longest": seconds(max(int(seen.third) for seen in (*tally.kept, tally.last))),
            },
            why="later octets were captured first, and the missing ones were sent again",
            would_disprove="the capture having dropped a segment that the receiver dropped too",
        )
