"""SQ006: overtaken segments."""

from collections.abc import Iterator
from typing import Final

from tcpflow_analyzer.findings.finding import CaptureView, Finding, endpoint_name, seconds
from tcpflow_analyzer.findings.lifecycle.judgement import frames_of, judge, stream_tallies
from tcpflow_analyzer.findings.registry import finding
from tcpflow_analyzer.table.connection import Connection
from tcpflow_analyzer.table.stream_observation import (
    OUT_OF_ORDER_ORIGINATOR,
    OUT_OF_ORDER_RESPONDER,
    PROOF_IP_ID,
    PROOF_TIME,
    PROOF_TSVAL,
)

_PROOFS: Final = {PROOF_TIME: "time", PROOF_TSVAL: "tsval", PROOF_IP_ID: "ip-id"}


@finding(
    "SQ006",
    severity="info",
    since="0.2.0",
    stream_facts=OUT_OF_ORDER_ORIGINATOR | OUT_OF_ORDER_RESPONDER,
)
def out_of_order(connection: Connection, capture: CaptureView) -> Iterator[Finding]:
    """A segment arrived at the tap after later ones but is not a retransmission.

    Set when all of the following hold:
      - a segment fills octets that were not captured when later ones were;
      - it was sent before the segment that opened the hole: its TSval or IP identification is
        lower; or TSval is equal, or there is neither, and it came within a round trip (at least
        3 ms) after it and was not asked for.

    Supersedes: SQ001, SQ002 and SQ008 for these segments.
    Why it matters: three positions late look like loss to the sender, which slows down.
    What to do: look for load balancing by packet, several queues, links of different length.
    Not proof of: reordering at the receiver: it may happen before or behind the tap, or in the tap.
    Other tools: Wireshark tcp.analysis.out_of_order; tcptrace "outoforder pkts"; Zeek, Suricata,
        conntrack: none.
    References: RFC 4737; RFC 9293 section 3.4; RFC 6864 (identification).
    Seen in: fixtures/findings/SQ006-out-of-order
    """
    for sender, tally in stream_tallies(
        connection, OUT_OF_ORDER_ORIGINATOR, OUT_OF_ORDER_RESPONDER
    ):
        shown = (*tally.kept, tally.last)
        proofs = {_PROOFS[int(seen.third)] for seen in shown}
        yield judge(
            "SQ006",
            connection,
            about=sender,
            certainty="inferred" if proofs == {"time"} else "observed",
            time_ns=tally.last.time_ns,
            frames=frames_of(tally),
            frame_count=tally.count,
            template=(
                "{count} segments of {socket} were overtaken: frame {frame} comes {late:.6f} s "
                "after the first of {segments} later ones (told by {proof})"
            ),
            values={
                "socket": endpoint_name(connection, sender),
                "count": tally.count,
                "frame": tally.kept[0].frame,
                "late": seconds(tally.kept[0].first),
                "segments": int(tally.kept[0].second),
                "proof": _PROOFS[int(tally.kept[0].third)],
                "longest": seconds(max(int(seen.first) for seen in shown)),
                "furthest": max(int(seen.second) for seen in shown),
            },
            why="it fills a hole and was sent before what opened the hole",
            would_disprove="the sender stamping retransmissions with old values",
        )
