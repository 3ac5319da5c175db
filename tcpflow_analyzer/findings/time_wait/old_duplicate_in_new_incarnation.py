"""TW008: a segment of yesterday's connection."""

from collections.abc import Iterator

from tcpflow_analyzer.findings.finding import CaptureView, Finding, Severity, endpoint_name
from tcpflow_analyzer.findings.lifecycle.judgement import frames_of, judge, tallies
from tcpflow_analyzer.findings.registry import finding
from tcpflow_analyzer.table.connection import Connection
from tcpflow_analyzer.table.observation import OLD_DUPLICATE


@finding(
    "TW008",
    severity="error",
    severities=("warning", "error"),
    since="0.1.0",
    wakes=OLD_DUPLICATE,
    context="pair",
)
def old_duplicate_in_new_incarnation(
    connection: Connection, capture: CaptureView
) -> Iterator[Finding]:
    """A delayed segment of the old incarnation landed in the new connection on the same pair.

    Set when all of the following hold:
      - a data segment's octets lie in the stream that its sender sent in the old incarnation;
      - its timestamp is no newer than the old incarnation's newest, though those of the new one
        are, or it acknowledges octets that only the old stream of the other end had.
    An error where it lies in the receiver's window and no timestamp rejects it, else a warning.

    Supersedes: SQ006, SQ010 for that segment.
    Why it matters: octets of another connection become data of this one: reason two of TIME-WAIT.
    What to do: find out why the quarantine was too short (TW005, TW007, TW013); switch timestamps
        on, so that PAWS rejects such segments.
    Not proof of: damage; the receiver may have had other octets at that place already.
    Other tools: Wireshark out-of-order or retransmission; Zeek TCP_seq_underflow_or_misorder;
        Suricata pkt_invalid_timestamp; tcptrace out of order; conntrack "SEQ is under the lower
        bound".
    References: RFC 9293 section 3.4.3; RFC 7323 sections 5 and 5.7 (PAWS).
    Seen in: fixtures/findings/TW008-old-duplicate-in-new-incarnation
    """
    for sender, tally in tallies(connection, OLD_DUPLICATE):
        taken = [seen for seen in (*tally.kept, tally.last) if seen.third == 1]
        first = taken[0] if taken else tally.kept[0]
        severity: Severity = "error" if taken else "warning"
        previous = connection.previous
        yield judge(
            "TW008",
            connection,
            about=sender,
            severity=severity,
            certainty="inferred",
            time_ns=tally.last.time_ns,
            frames=(*(seen.first for seen in tally.kept), *frames_of(tally)),
            frame_count=1 + tally.count,
            template=(
                "frame {frame} of {sender} belongs to connection {previous}, which ended in frame "
                "{old_frame}; here it would begin at octet {offset}: "
                + ("inside the receiver's window" if taken else "the receiver rejects it")
            ),
            values={
                "sender": endpoint_name(connection, sender),
                "frame": first.frame,
                "old_frame": first.first,
                "previous": 0 if previous is None else previous.connection_id,
                "offset": first.second,
                "acceptable": bool(taken),
                "count": tally.count,
            },
            why="its octets fit the old stream, and its ACK or timestamp does not fit the new one",
            would_disprove="the new connection acknowledging or repeating these numbers itself",
        )
