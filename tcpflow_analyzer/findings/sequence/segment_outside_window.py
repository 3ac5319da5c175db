"""SQ010: outside of the receive window."""

from collections.abc import Iterator

from tcpflow_analyzer.findings.finding import CaptureView, Finding, endpoint_name
from tcpflow_analyzer.findings.lifecycle.judgement import frames_of, judge, peer_of, tallies
from tcpflow_analyzer.findings.registry import finding
from tcpflow_analyzer.table.connection import Connection
from tcpflow_analyzer.table.observation import ACKED_UNSEEN, ONE_SIDED
from tcpflow_analyzer.table.stream_observation import ACK_UNACCEPTABLE, OUTSIDE_WINDOW
from tcpflow_analyzer.tcp.states import STATE_NAMES


@finding("SQ010", severity="warning", since="0.2.0", stream_wakes=OUTSIDE_WINDOW)
def segment_outside_window(connection: Connection, capture: CaptureView) -> Iterator[Finding]:
    """A segment lies outside the receive window and must be dropped and acknowledged.

    Set when all of the following hold:
      - both ends are synchronised, both were captured, and the receiver's SYN, so that its window
        scale is known;
      - a segment without SYN, FIN and RST begins beyond the highest edge that the receiver ever
        advertised;
      - the other end does not acknowledge it, as it does where the capture lost a stretch;
      - it does not continue its sender's own stream by more than the window (SQ013).
    What lies below the window is SQ003.

    Superseded by: CP003 where one end was not captured; CL004 for a FIN, RS007 for a RST.
    Why it matters: the receiver drops it; injected, or two connections taken for one.
    What to do: compare its TTL and timestamps with those of its sender's other segments.
    Not proof of: an attack: a capture that lost acknowledgements gives the same picture.
    Other tools: Zeek TCP_seq_underflow_or_misorder; Suricata est_packet_out_of_window,
        closewait_ack_out_of_window and five more by state; conntrack "SEQ is over the upper
        bound"; Wireshark, tcptrace: none.
    References: RFC 9293 section 3.10.7.4 first step, table 6.
    Seen in: fixtures/findings/SQ010-segment-outside-window
    """
    if connection.observed & ONE_SIDED:
        return
    for sender, tally in tallies(connection, OUTSIDE_WINDOW):
        first = tally.kept[0]
        if (
            connection.tally(ACK_UNACCEPTABLE, not sender.is_originator) is not None
            or sender.snd_una >= first.third + first.first
        ):
            continue  # both ends have gone on alike: the capture lost a stretch
        yield judge(
            "SQ010",
            connection,
            about=sender,
            certainty="inferred" if connection.observed & ACKED_UNSEEN else "observed",
            time_ns=tally.last.time_ns,
            frames=frames_of(tally),
            frame_count=tally.count,
            template=(
                "{sender} sent {count} segments outside of the window of {peer} ({state}): frame "
                "{frame} ends {octets} octets beyond its edge at offset {edge}"
            ),
            values={
                "sender": endpoint_name(connection, sender),
                "peer": endpoint_name(connection, peer_of(connection, sender)),
                "count": tally.count,
                "frame": first.frame,
                "octets": int(first.first),
                "edge": int(first.third),
                "state": STATE_NAMES[first.second],
            },
            why="it begins beyond the highest acknowledgement plus window of the receiver",
            would_disprove="an acknowledgement or window update that the capture lost",
        )
