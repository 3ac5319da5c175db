"""SQ002: retransmission that the receiver asked for."""

from collections.abc import Iterator

from tcpflow_analyzer.findings.finding import CaptureView, Finding, endpoint_name, seconds
from tcpflow_analyzer.findings.lifecycle.judgement import frames_of, judge, stream_tallies
from tcpflow_analyzer.findings.registry import finding
from tcpflow_analyzer.table.connection import Connection
from tcpflow_analyzer.table.stream_observation import (
    DUPLICATES,
    FAST_ORIGINATOR,
    FAST_RESPONDER,
    FILLS,
)


@finding(
    "SQ002",
    severity="info",
    since="0.2.0",
    stream_facts=FAST_ORIGINATOR | FAST_RESPONDER,
)
def fast_retransmission(connection: Connection, capture: CaptureView) -> Iterator[Finding]:
    """A retransmission was triggered by duplicate ACKs or SACK.

    Set when all of the following hold:
      - an endpoint sent octets again that it had sent before and that were not all acknowledged;
      - its peer had asked for it: at least 3 duplicate ACKs, or 2 and a SACK block above it, for
        just these octets; or SACK blocks above all of it, where several holes are repaired;
      - the last of these came within two round trips, at least 20 ms.

    Superseded by: SQ003 where all was acknowledged before.
    Why it matters: loss that is repaired within a round trip; the sender halves its speed.
    What to do: nothing for single ones; else look for loss on the path: SQ008, CP004 tell the side.
    Not proof of: loss: strong reordering looks the same to the sender.
    Other tools: Wireshark tcp.analysis.fast_retransmission (2 duplicate ACKs, 20 ms); Zeek history
        t; Suricata pkt_retransmission; tcptrace "rexmt"; conntrack: none.
    References: RFC 5681 section 3.2; RFC 6675 section 5; RFC 8985.
    Seen in: fixtures/findings/SQ002-fast-retransmission
    """
    for sender, tally in stream_tallies(connection, FAST_ORIGINATOR, FAST_RESPONDER):
        first = tally.kept[0]
        share = tally.count / max(1, int(sender.data_segments))
        yield judge(
            "SQ002",
            connection,
            about=sender,
            certainty="observed",
            time_ns=tally.last.time_ns,
            frames=frames_of(tally),
            frame_count=tally.count,
            template=(
                "{socket} retransmitted {count} segments because its peer asked for them "
                "({share:.2%} of its data segments), the first in frame {frame}"
            ),
            values={
                "socket": endpoint_name(connection, sender),
                "count": tally.count,
                "share": share,
                "frame": first.frame,
                "after": seconds(first.first),
                "duplicate_acks": int(first.third) // DUPLICATES,
                "offsets": [int(seen.second) for seen in tally.kept],
                "lost_before_capture": sum(1 for seen in tally.kept if seen.third & FILLS),
            },
            why="the peer had acknowledged the same octet again and again, or what lies above",
            would_disprove="the copy having been sent before these acknowledgements arrived",
        )
