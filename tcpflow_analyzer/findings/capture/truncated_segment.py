"""CP005: segments that were not wholly captured."""

from collections.abc import Iterator

from tcpflow_analyzer.findings.capture.whole_input import NOT_WOKEN, judge_input
from tcpflow_analyzer.findings.finding import CaptureView, Finding, noun
from tcpflow_analyzer.findings.registry import host_finding
from tcpflow_analyzer.table.connection import Connection


@host_finding("CP005", severity="info", since="0.2.0", wakes=NOT_WOKEN, context="file")
class TruncatedSegment:
    """Snap length or an incomplete IP fragment hides part of a segment.

    Set when one of the following holds:
      - fewer octets of a segment were captured than its IP header says it has;
      - a segment lies in fragments of which one at least was not captured.

    Lengths are taken from the IP header, so states and numbers are unaffected; a segment whose TCP
    header was cut is left out (capture.undecoded). Not told of printed traces, which never hold
    the payload.

    Supersedes: nothing.
    Why it matters: payload cannot be compared (SQ011, TW008), and checksums are not verified
        (CP008).
    What to do: nothing if only headers are wanted; else `tcpdump -s 0`.
    Not proof of: loss.
    Other tools: Wireshark "Packet size limited during capture"; Zeek truncated_tcp_payload,
        truncated_header; tcptrace "truncated data"; conntrack "short packet"; Suricata's decoder
        events.
    References: RFC 791 section 3.2; not in any RFC: the observer's position.
    Seen in: fixtures/findings/CP005-truncated-segment
    """

    def see(self, connection: Connection, capture: CaptureView) -> None:
        """Nothing: the observer has counted."""

    def findings(self, capture: CaptureView) -> Iterator[Finding]:
        """One finding for the whole input."""
        quality = capture.quality
        if quality is None or quality.is_printed:
            return
        if not quality.truncated + quality.headers_cut + quality.fragments_lost:
            return
        were = noun(int(quality.truncated + quality.headers_cut), "segment was", "segments were")
        template = f"{{truncated}} {were} cut (most by {{longest}} octets)"
        if quality.headers_cut:
            template += ", {headers_cut} in the TCP header"
        if quality.fragments_lost:
            lack = noun(int(quality.fragments_lost), "datagram lacks", "datagrams lack")
            template += f", {{fragments_lost}} {lack} a fragment"
        yield judge_input(
            "CP005",
            severity="info",
            time_ns=int(quality.truncated_ns or capture.last_time_ns),
            frames=(int(quality.truncated_frame or 1),),
            frame_count=int(quality.truncated + quality.headers_cut),
            template=template,
            values={
                "truncated": int(quality.truncated + quality.headers_cut),
                "longest": int(quality.longest_cut),
                "headers_cut": int(quality.headers_cut),
                "fragments_lost": int(quality.fragments_lost),
                "segments": int(quality.segments),
            },
            why="the IP header gives a length that the frame does not hold",
            would_disprove="a length in the IP header that is wrong",
        )
