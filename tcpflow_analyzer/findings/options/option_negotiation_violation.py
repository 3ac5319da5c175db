"""OP004: options against what the handshake agreed on."""

from collections.abc import Iterator

from tcpflow_analyzer.findings.finding import CaptureView, Finding, endpoint_name, noun
from tcpflow_analyzer.findings.lifecycle.judgement import frames_of, judge, tallies
from tcpflow_analyzer.findings.registry import finding
from tcpflow_analyzer.table.connection import Connection
from tcpflow_analyzer.table.observation import Observation
from tcpflow_analyzer.table.stream_cases import (
    OPTION_MSS,
    OPTION_SACK,
    OPTION_SCALE,
    OPTION_TIMESTAMPS,
    VIOLATION_NO_MSS,
    VIOLATION_NO_SYN,
    VIOLATION_SACK,
    VIOLATION_SCALE,
    VIOLATION_SIZE,
    VIOLATION_UNASKED,
)
from tcpflow_analyzer.table.stream_observation import NEGOTIATION_VIOLATION

_OPTIONS = (
    (OPTION_MSS, "MSS"),
    (OPTION_SCALE, "window scale"),
    (OPTION_SACK, "SACK permitted"),
    (OPTION_TIMESTAMPS, "timestamps"),
)


@finding("OP004", severity="warning", since="0.2.0", stream_wakes=NEGOTIATION_VIOLATION)
def option_negotiation_violation(connection: Connection, capture: CaptureView) -> Iterator[Finding]:
    """An option was used outside the rules of its negotiation.

    Set when at least one of the following holds:
      - MSS, window scale or SACK permitted on a segment without SYN;
      - no MSS on the SYN or on the SYN-ACK of a handshake that was completed;
      - a window scale above 14;
      - window scale, SACK permitted or timestamps in the SYN-ACK that the SYN did not offer;
      - SACK blocks, although not both ends permitted them;
      - a segment larger than the peer's MSS (without one: 536, IPv6 1220), and as large as the
        sender's own: no work of a segmentation offload.

    The observer counts with what stacks make of it: a scale of at most 14, no scaling where one
    end did not offer it.

    Supersedes: nothing.
    Why it matters: the ends may understand different windows, or segments are dropped as too large.
    What to do: compare the SYN at both ends: devices that rewrite the MSS or take out options are
        the usual cause.
    Not proof of: a broken stack; scanners and load balancers send bare SYNs on purpose.
    Other tools: Wireshark tcp.options.mss.absent, tcp.options.mss.present,
        tcp.options.wscale.shift.invalid; Zeek TCP_scale_range; conntrack limits the scale to 14;
        Suricata and tcptrace have no name for it.
    References: RFC 9293 section 3.7.1; RFC 7323 sections 2.2 and 2.3; RFC 2018 section 2; RFC 6691.
    Seen in: fixtures/findings/OP004-option-negotiation-violation
    """
    for sender, tally in tallies(connection, NEGOTIATION_VIOLATION):
        first = tally.kept[0]
        cases = sorted({_words(item) for item in tally.kept})
        yield judge(
            "OP004",
            connection,
            about=sender,
            certainty="observed",
            time_ns=tally.last.time_ns,
            frames=frames_of(tally),
            frame_count=tally.count,
            template=(
                "{sender} sent {cases} ({segments} "
                + noun(tally.count, "segment")
                + ", first: frame {frame})"
            ),
            values={
                "sender": endpoint_name(connection, sender),
                "cases": ", ".join(cases),
                "segments": tally.count,
                "frame": first.frame,
                "case": first.first,
                "value": first.second,
                "limit": first.third,
            },
            why="the options of SYN and SYN-ACK do not allow it",
            would_disprove="a SYN or SYN-ACK with other options that the capture missed",
        )


def _words(item: Observation) -> str:
    """One violation in words."""
    names = ", ".join(name for bit, name in _OPTIONS if item.second & bit)
    return {
        VIOLATION_NO_SYN: f"{names} on a segment without SYN",
        VIOLATION_NO_MSS: "a SYN without MSS",
        VIOLATION_SCALE: f"a window scale of {item.second}, which counts as 14",
        VIOLATION_UNASKED: f"{names} in the SYN-ACK, which the SYN had not offered",
        VIOLATION_SACK: "SACK blocks without an agreement",
        VIOLATION_SIZE: f"{item.second} octets where the peer takes {item.third}",
    }[int(item.first)]
