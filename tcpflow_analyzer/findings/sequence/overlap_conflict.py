"""SQ011: two contents for the same octets."""

from collections.abc import Iterator

from tcpflow_analyzer.findings.finding import CaptureView, Finding, endpoint_name
from tcpflow_analyzer.findings.lifecycle.judgement import frames_of, judge, tallies
from tcpflow_analyzer.findings.registry import finding
from tcpflow_analyzer.table.connection import Connection
from tcpflow_analyzer.table.endpoint import Endpoint
from tcpflow_analyzer.table.stream_observation import OVERLAP_CONFLICT


@finding("SQ011", severity="error", since="0.2.0", stream_wakes=OVERLAP_CONFLICT)
def overlap_conflict(connection: Connection, capture: CaptureView) -> Iterator[Finding]:
    """The same octets were sent twice with different content.

    Set when all of the following hold:
      - an endpoint sent payload again that begins where its newest data begins;
      - both copies were captured, at least 8 octets of them, and the first 8 or 16 octets differ;
      - it is no keep-alive and no window probe.
    Only the newest data of each end is compared, which needs no payload to be kept: a forged answer
    and the true one, or a sender that changed its mind. Conflicts in older data are not seen.

    Supersedes: nothing; SQ001 to SQ003 tell what the second copy was.
    Why it matters: the receiver and whoever watches may not have read the same thing: an injected
        answer, evasion of an inspection, or a device that corrupts data.
    What to do: compare TTL and IP identification of both frames with the endpoint's others.
    Not proof of: an attack: a middlebox that rewrites content, or a corrupted copy, does it too.
    Other tools: Wireshark tcp.segment.overlap.conflict; Zeek Retransmission_Inconsistency;
        Suricata reassembly_overlap_different_data; tcptrace, conntrack: none.
    References: RFC 9293 sections 3.4 and 3.10.7.4.
    Seen in: fixtures/findings/SQ011-overlap-conflict
    """
    for sender, tally in tallies(connection, OVERLAP_CONFLICT):
        first = tally.kept[0]
        before, again = _excerpts(connection, sender)
        yield judge(
            "SQ011",
            connection,
            about=sender,
            certainty="observed",
            time_ns=tally.last.time_ns,
            frames=(*(int(seen.third) for seen in tally.kept), *frames_of(tally)),
            frame_count=2 * tally.count,
            template=(
                "{socket} sent the octets at offset {offset} twice with different content: "
                "{before} in frame {first_frame}, {again} in frame {frame}"
            ),
            values={
                "socket": endpoint_name(connection, sender),
                "offset": int(first.first),
                "compared": int(first.second),
                "first_frame": int(first.third),
                "frame": first.frame,
                "before": before,
                "again": again,
                "ttl_min": int(sender.ttl_min),
                "ttl_max": int(sender.ttl_max),
                "count": tally.count,
            },
            why="the same sequence numbers carry different octets",
            would_disprove="a copy with a bad checksum, which the receiver dropped (CP008)",
        )


def _excerpts(connection: Connection, sender: Endpoint) -> tuple[str, str]:
    """How both copies of the first conflict begin, in hexadecimal."""
    analysis = connection.analysis
    if analysis is None:
        return "", ""
    watch = analysis.watch(sender.is_originator)
    return bytes(watch.conflict_first).hex(), bytes(watch.conflict_again).hex()
