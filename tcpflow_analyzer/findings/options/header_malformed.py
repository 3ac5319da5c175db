"""OP006: a header that cannot be, or that sets what must be zero."""

from collections.abc import Iterator

from tcpflow_analyzer.findings.finding import CaptureView, Finding, Severity, endpoint_name, noun
from tcpflow_analyzer.findings.lifecycle.judgement import frames_of, judge, tallies
from tcpflow_analyzer.findings.registry import finding
from tcpflow_analyzer.table.connection import Connection
from tcpflow_analyzer.table.stream_cases import HEADER_LENGTH, HEADER_PORT, HEADER_RESERVED
from tcpflow_analyzer.table.stream_observation import HEADER_MALFORMED

_WORDS = {
    HEADER_LENGTH: "a header of {first_value} octets in {second_value} octets of segment",
    HEADER_RESERVED: "reserved bits 0b{first_value:03b}",
    HEADER_PORT: "port 0 (ports {first_value} and {second_value})",
}


@finding(
    "OP006",
    severity="error",
    severities=("info", "error"),
    since="0.2.0",
    stream_wakes=HEADER_MALFORMED,
)
def header_malformed(connection: Connection, capture: CaptureView) -> Iterator[Finding]:
    """The TCP header cannot be parsed or violates must-be-zero rules.

    Set when at least one of the following holds for a segment of a connection:
      - its data offset is below 5 or points beyond the segment, or less than 20 octets are there;
      - one of the three reserved bits is set (an info: a future use; AE of accurate ECN is none);
      - a port is 0.

    Segments that cannot be read and belong to no connection are in `capture.undecoded` only.

    Supersedes: nothing.
    Why it matters: the receiver drops the segment; a device that reads on does not.
    What to do: see who sends it: a fuzzer, a scanner, or a device that damages packets.
    Not proof of: an attack; a capture tool or a tunnel may have cut the packet.
    Other tools: Wireshark tcp.bogus_header_length, tcp.short_segment; Zeek bad_TCP_header_len;
        Suricata tcp.hlen_too_small, tcp.pkt_too_small; conntrack "truncated/malformed packet";
        tcptrace warn_printbadmbz.
    References: RFC 9293 section 3.1; RFC 9768; RFC 6335 section 6 (port 0 is reserved).
    Seen in: fixtures/findings/OP006-header-malformed
    """
    for sender, tally in tallies(connection, HEADER_MALFORMED):
        worst = next((item for item in tally.kept if item.first != HEADER_RESERVED), tally.kept[0])
        severity: Severity = "info" if worst.first == HEADER_RESERVED else "error"
        yield judge(
            "OP006",
            connection,
            about=sender,
            severity=severity,
            certainty="observed",
            time_ns=tally.last.time_ns,
            frames=frames_of(tally),
            frame_count=tally.count,
            template=(
                "{sender} sent {segments} "
                + noun(tally.count, "segment")
                + " with "
                + _WORDS[int(worst.first)]
                + " (frame {frame})"
            ),
            values={
                "sender": endpoint_name(connection, sender),
                "segments": tally.count,
                "first_value": worst.second,
                "second_value": worst.third,
                "frame": worst.frame,
            },
            why="RFC 9293 section 3.1 allows no such header",
            would_disprove="damage on the way to the tap; the checksum tells",
        )
