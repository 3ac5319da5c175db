"""OP002: fields that mean nothing, or that mean urgent data."""

from collections.abc import Iterator

from tcpflow_analyzer.findings.finding import CaptureView, Finding, endpoint_name, noun
from tcpflow_analyzer.findings.lifecycle.judgement import both, frames_of, judge
from tcpflow_analyzer.findings.registry import finding
from tcpflow_analyzer.table.connection import Connection
from tcpflow_analyzer.table.stream_cases import (
    FIELD_ACK,
    FIELD_URGENT_DATA,
    FIELD_URGENT_POINTER,
    FIELD_URGENT_SYN,
)
from tcpflow_analyzer.table.stream_observation import (
    FIELD_WITHOUT_FLAG_ORIGINATOR,
    FIELD_WITHOUT_FLAG_RESPONDER,
)
from tcpflow_analyzer.table.stream_observation import field_without_flag as kind_of

_WORDS = (
    (FIELD_ACK, "an acknowledgement number without ACK"),
    (FIELD_URGENT_POINTER, "an urgent pointer without URG"),
    (FIELD_URGENT_SYN, "URG on a SYN"),
    (FIELD_URGENT_DATA, "urgent data"),
)


@finding(
    "OP002",
    severity="info",
    since="0.2.0",
    stream_facts=FIELD_WITHOUT_FLAG_ORIGINATOR | FIELD_WITHOUT_FLAG_RESPONDER,
)
def field_without_flag(connection: Connection, capture: CaptureView) -> Iterator[Finding]:
    """A header field is set without its flag, or urgent data is used.

    Set when at least one of the following holds for a segment:
      - the acknowledgement number is not 0, and ACK is not set;
      - the urgent pointer is not 0, and URG is not set;
      - URG is set together with SYN;
      - it carries urgent data, as URG says.

    Supersedes: nothing.
    Why it matters: stacks ignore such fields, other devices may not; where the urgent octet ends is
        read differently by different stacks, so devices on the path may see other data than the
        application.
    What to do: nothing for fields; avoid urgent data (RFC 6093).
    Not proof of: an evasion; some stacks do not clear the fields.
    Other tools: Wireshark tcp.ack.nonzero, tcp.urgent_pointer.non_zero; Zeek baroque_SYN; Suricata
        pkt_broken_ack, reassembly_urgent_oob_limit_reached; tcptrace urgent data pkts; conntrack
        has no name for it.
    References: RFC 9293 sections 3.1 and 3.8.5; RFC 6093.
    Seen in: fixtures/findings/OP002-field-without-flag
    """
    for sender in both(connection):
        tally = connection.tally(kind_of(sender.is_originator), sender.is_originator)
        if tally is None:
            continue
        first = tally.kept[0]
        fields = 0
        for item in tally.kept:
            fields |= item.first
        yield judge(
            "OP002",
            connection,
            about=sender,
            certainty="observed",
            time_ns=tally.last.time_ns,
            frames=frames_of(tally),
            frame_count=tally.count,
            template=(
                "{sender} sent {segments} "
                + noun(tally.count, "segment")
                + " with {fields} (first: frame {frame}, value {value})"
            ),
            values={
                "sender": endpoint_name(connection, sender),
                "segments": tally.count,
                "fields": ", ".join(words for bit, words in _WORDS if fields & bit),
                "frame": first.frame,
                "value": first.second,
                "urgent_pointer": first.third,
            },
            why="the field and its control bit disagree, or the bit means urgent data",
            would_disprove="damage on the way to the tap; the checksum tells",
        )
