"""OP003: options that cannot be read."""

from collections.abc import Iterator

from tcpflow_analyzer.findings.finding import CaptureView, Finding, endpoint_name, noun
from tcpflow_analyzer.findings.lifecycle.judgement import frames_of, judge, tallies
from tcpflow_analyzer.findings.registry import finding
from tcpflow_analyzer.table.connection import Connection
from tcpflow_analyzer.table.stream_cases import (
    BAD_FILLERS,
    BAD_LENGTH,
    BAD_OVERRUN,
    BAD_PADDING,
)
from tcpflow_analyzer.table.stream_observation import OPTION_MALFORMED

_WORDS = {
    BAD_LENGTH: "of kind {kind} has the wrong length {length}",
    BAD_OVERRUN: "of kind {kind} with length {length} does not fit the header",
    BAD_PADDING: "list is followed by octets that are not 0",
    BAD_FILLERS: "list has four NO OPERATIONs in a row",
}


@finding("OP003", severity="warning", since="0.2.0", stream_wakes=OPTION_MALFORMED)
def option_malformed(connection: Connection, capture: CaptureView) -> Iterator[Finding]:
    """A TCP option has an impossible length or overruns the header.

    Set when at least one of the following holds for a segment:
      - an option's length is below 2, goes beyond the header, or is wrong for its kind (MSS 4,
        window scale 3, SACK permitted 2, SACK 10, 18, 26 or 34, timestamps 10, user timeout 4, Fast
        Open 2 or 6 to 18, MD5 18, TCP-AO 4 and more);
      - octets behind END OF OPTION LIST are not 0;
      - four NO OPERATIONs stand in a row: something took an option out.

    Supersedes: nothing.
    Why it matters: stacks ignore the option or drop the segment; what a device took out (window
        scale, SACK, timestamps) costs throughput.
    What to do: capture on both sides of each firewall or load balancer, and compare the options.
    Not proof of: a broken stack; devices on the path rewrite options.
    Other tools: Wireshark tcp.option.len.invalid, tcp.suboption_malformed, tcp.nop,
        tcp.non_zero_bytes_after_eol; Zeek tcp_option_..._invalid_len; Suricata tcp.opt_invalid_len;
        conntrack ignores it; tcptrace has no name for it.
    References: RFC 9293 section 3.2; RFC 7323; RFC 2018; RFC 7413; RFC 5482.
    Seen in: fixtures/findings/OP003-option-malformed
    """
    for sender, tally in tallies(connection, OPTION_MALFORMED):
        first = tally.kept[0]
        what, kind, length = first.first >> 16, first.first >> 8 & 0xFF, first.first & 0xFF
        octets = int(first.second).to_bytes(int(first.third), "big")
        yield judge(
            "OP003",
            connection,
            about=sender,
            certainty="observed",
            time_ns=tally.last.time_ns,
            frames=frames_of(tally),
            frame_count=tally.count,
            template=(
                "{sender} sent {segments} "
                + noun(tally.count, "segment")
                + " in which the option "
                + _WORDS[what]
                + " (first: frame {frame}, {octets})"
            ),
            values={
                "sender": endpoint_name(connection, sender),
                "segments": tally.count,
                "kind": kind,
                "length": length,
                "octets": octets.hex(" "),
                "frame": first.frame,
            },
            why="the octets of the option list break its format",
            would_disprove="damage on the way to the tap; the checksum tells",
        )
