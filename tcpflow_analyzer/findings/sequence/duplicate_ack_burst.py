"""SQ007: the same acknowledgement again and again."""

from collections.abc import Iterator

from tcpflow_analyzer.findings.finding import CaptureView, Finding, endpoint_name
from tcpflow_analyzer.findings.lifecycle.judgement import frames_of, judge, stream_tallies
from tcpflow_analyzer.findings.registry import finding
from tcpflow_analyzer.table.connection import Connection
from tcpflow_analyzer.table.stream_observation import (
    DUPLICATE_ACKS_ORIGINATOR,
    DUPLICATE_ACKS_RESPONDER,
)


@finding(
    "SQ007",
    severity="info",
    since="0.2.0",
    stream_facts=DUPLICATE_ACKS_ORIGINATOR | DUPLICATE_ACKS_RESPONDER,
)
def duplicate_ack_burst(connection: Connection, capture: CaptureView) -> Iterator[Finding]:
    """The receiver repeated the same ACK three or more times.

    Set when all of the following hold:
      - at least 3 ACKs in a row without payload repeat acknowledgement, sequence number and
        window;
      - data of the peer is outstanding;
      - they are no D-SACKs, no answers to keep-alives, no challenge ACKs.

    Supersedes: nothing; SQ002 tells what the sender did.
    Why it matters: a segment is missing, or late, at the receiver.
    What to do: see whether the missing octets were captured: then they were lost behind the tap,
        else before it (SQ008).
    Not proof of: loss: reordering by three segments does the same.
    Other tools: Wireshark tcp.analysis.duplicate_ack, .duplicate_ack_num; tcptrace "triple
        dupacks"; Suricata flags the packets; Zeek, conntrack: none.
    References: RFC 5681 section 2.
    Seen in: fixtures/findings/SQ007-duplicate-ack-burst
    """
    for receiver, tally in stream_tallies(
        connection, DUPLICATE_ACKS_ORIGINATOR, DUPLICATE_ACKS_RESPONDER
    ):
        first = tally.kept[0]
        yield judge(
            "SQ007",
            connection,
            about=receiver,
            certainty="observed",
            time_ns=tally.last.time_ns,
            frames=frames_of(tally),
            frame_count=tally.count,
            template=(
                "{socket} asked {count} times by duplicate ACKs for a missing segment, first "
                "{repeats} times in a row for the octet at offset {offset} (up to frame {frame})"
            ),
            values={
                "socket": endpoint_name(connection, receiver),
                "count": tally.count,
                "repeats": int(first.second),
                "offset": int(first.first),
                "frame": first.frame,
                "sack_edge": int(first.third),
                "offsets": [int(seen.first) for seen in tally.kept],
            },
            why="the acknowledgements are equal while data is outstanding",
            would_disprove="the capture having recorded the acknowledgements several times",
        )
