"""OP003: options that cannot be read."""

from collections.abc import Iterator
from typing import Final

from tcpflow_analyzer.findings.finding import CaptureView, Finding, endpoint_name, noun
from tcpflow_analyzer.findings.lifecycle.judgement import frames_of, judge, tallies
from tcpflow_analyzer.findings.registry import finding
from tcpflow_analyzer.table.connection import Connection
from tcpflow_analyzer.table.stream_cases import (
    BAD_FILLERS,
    BAD_LENGTH,
    BAD_PADDING,
)
from tcpflow_analyzer.table.stream_observation import OPTION_MALFORMED
from tcpflow_analyzer.tcp.options import (
    AUTHENTICATION,
    FAST_OPEN,
    MAXIMUM_SEGMENT_SIZE,
    MD5_SIGNATURE,
    MULTIPATH,
    SACK,
    SACK_PERMITTED,
    TIMESTAMPS,
    USER_TIMEOUT,
    WINDOW_SCALE,
)

# What people call an option, and the lengths that it may have (decode/tcp_header.py).
_KINDS: Final = {
    MAXIMUM_SEGMENT_SIZE: ("MSS", "4"),
    WINDOW_SCALE: ("window scale", "3"),
    SACK_PERMITTED: ("SACK permitted", "2"),
    SACK: ("SACK", "10, 18, 26 or 34"),
    TIMESTAMPS: ("timestamps", "10"),
    MD5_SIGNATURE: ("MD5 signature", "18"),
    USER_TIMEOUT: ("user timeout", "4"),
    AUTHENTICATION: ("TCP-AO", "4 or more"),
    MULTIPATH: ("MPTCP", "3 or more"),
    FAST_OPEN: ("Fast Open", "2, or even from 6 to 18"),
}
_SHORTEST: Final = 2  # octets of an option: kind and length


@finding("OP003", severity="warning", since="0.2.0", stream_wakes=OPTION_MALFORMED)
def option_malformed(connection: Connection, capture: CaptureView) -> Iterator[Finding]:
    """A TCP option has an impossible length or overruns the header.

    Set when at least one of the following holds for a segment:
      - an option's length is below 2, goes beyond the header, or is wrong for its kind (MSS 4,
        window scale 3, SACK permitted 2, SACK 10, 18, 26 or 34, timestamps 10, user timeout 4, Fast
        Open 2 or even from 6 to 18, MD5 18, TCP-AO 4 and more, MPTCP 3 and more);
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
        option, expected = _KINDS.get(kind, ("", ""))
        which = "option {kind} ({option})" if option else "option {kind}"
        yield judge(
            "OP003",
            connection,
            about=sender,
            certainty="observed",
            time_ns=tally.last.time_ns,
            frames=frames_of(tally),
            frame_count=tally.count,
            template=(
                "{sender} sent "
                + noun(tally.count, "a segment", "{segments} segments")
                + " with malformed options; "
                + noun(tally.count, "frame {frame}: ", "first, frame {frame}: ")
                + _fault(what, which, length, len(octets))
                + " ({octets})"
            ),
            values={
                "sender": endpoint_name(connection, sender),
                "segments": tally.count,
                "kind": kind,
                "length": length,
                "octets": octets.hex(" "),
                "frame": first.frame,
                "option": option,
                "expected": expected,
            },
            why="the octets of the option list break its format",
            would_disprove="damage on the way to the tap; the checksum tells",
        )


def _fault(what: int, which: str, length: int, left: int) -> str:
    """What is wrong, as a part of the template.

    Args:
        what: of table/stream_cases.py.
        which: names the option.
        length: that the option says it has.
        left: octets from its kind on, at most as many as are kept.
    """
    if what == BAD_PADDING:
        return "octets behind END OF OPTION LIST are not 0"
    if what == BAD_FILLERS:
        return "four NO OPERATIONs in a row, as a device leaves that takes an option out"
    if what == BAD_LENGTH:
        return which + " has length {length}, not {expected}"
    if left < _SHORTEST:
        return which + " is the last octet of the header, without a length"
    if length < _SHORTEST:
        return which + " has length {length}, less than its own two octets"
    return which + " has length {length}, which goes beyond the header"
