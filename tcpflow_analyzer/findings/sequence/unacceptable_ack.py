"""SQ009: acknowledgement of what was never sent."""

from collections.abc import Iterator

from tcpflow_analyzer.findings.finding import CaptureView, Finding, endpoint_name
from tcpflow_analyzer.findings.lifecycle.judgement import frames_of, judge, peer_of, tallies
from tcpflow_analyzer.findings.registry import finding
from tcpflow_analyzer.table.connection import Connection
from tcpflow_analyzer.table.observation import ACKED_UNSEEN, ONE_SIDED
from tcpflow_analyzer.table.stream_observation import ACK_UNACCEPTABLE, OUTSIDE_WINDOW
from tcpflow_analyzer.tcp.states import STATE_NAMES


@finding("SQ009", severity="warning", since="0.2.0", stream_wakes=ACK_UNACCEPTABLE)
def unacceptable_ack(connection: Connection, capture: CaptureView) -> Iterator[Finding]:
    """An endpoint acknowledged data that was never sent, or far too old data.

    Set when all of the following hold:
      - both ends are synchronised, and both were captured;
      - SEG.ACK lies beyond everything that the peer sent and that any window allowed it to send,
        or more than the largest window below SND.UNA;
      - the peer does not send as if it were right (SQ010): then the capture lost a stretch.
    `answer` is the challenge ACK that the first kind should draw (RS009), 0 for none.

    Superseded by: CP004 where the window allowed the octets: then the capture lost them; CP003.
    Why it matters: its payload is dropped; blind injection, or two connections taken for one.
    What to do: compare the TTL of the segment with that of its sender's others; look for a NAT or
        firewall that mixes connections up.
    Not proof of: an attack: a middlebox that rewrites sequence numbers does it as well.
    Other tools: Wireshark tcp.analysis.ack_lost_segment; Zeek TCP_ack_underflow_or_misorder;
        Suricata est_invalid_ack, pkt_invalid_ack, fin_invalid_ack and six more by state; conntrack
        "ACK is over the upper bound", "ACK is under the lower bound"; tcptrace: none.
    References: RFC 9293 section 3.10.7.4 fifth step; RFC 5961 section 5.2.
    Seen in: fixtures/findings/SQ009-unacceptable-ack
    """
    if connection.observed & ONE_SIDED:
        return
    for sender, tally in tallies(connection, ACK_UNACCEPTABLE):
        if connection.tally(OUTSIDE_WINDOW, not sender.is_originator) is not None:
            continue  # both ends have gone on alike: the capture lost a stretch
        first = tally.kept[0]
        answers = sorted({int(seen.third) for seen in tally.kept if seen.third > 0})
        yield judge(
            "SQ009",
            connection,
            about=sender,
            certainty="inferred" if connection.observed & ACKED_UNSEEN else "observed",
            time_ns=tally.last.time_ns,
            frames=(*frames_of(tally), *answers),
            frame_count=tally.count + len(answers),
            template=_BEYOND if first.first > 0 else _BELOW,
            values={
                "sender": endpoint_name(connection, sender),
                "peer": endpoint_name(connection, peer_of(connection, sender)),
                "frame": first.frame,
                "distance": abs(int(first.first)),
                "state": STATE_NAMES[first.second],
                "count": tally.count,
                "answer": answers[0] if answers else 0,
            },
            why="the acknowledgement lies outside of what the peer may accept",
            would_disprove="octets of the peer that the capture lost although no window had room",
        )


_BEYOND = (
    "{sender} acknowledged {distance} octets more than {peer} ({state}) had sent (frame {frame}; "
    "{count} such segments)"
)
_BELOW = (
    "{sender} acknowledged {distance} octets less than {peer} ({state}) may accept (frame {frame}; "
    "{count} such segments)"
)
