"""RS009: the ACK that asks "did you mean it?"."""

from collections.abc import Iterator
from typing import Final

from tcpflow_analyzer.findings.finding import (
    CaptureView,
    Finding,
    Severity,
    endpoint_name,
    seconds,
)
from tcpflow_analyzer.findings.lifecycle.judgement import frames_of, judge, peer_of, tallies
from tcpflow_analyzer.findings.registry import finding
from tcpflow_analyzer.settings import NANOSECONDS
from tcpflow_analyzer.table.connection import Connection
from tcpflow_analyzer.table.observation import CHALLENGE_ACK, Tally

LOOP_RATE: Final = 5  # challenge ACKs a second that make a loop

_TRIGGERS = {1: "RST that is not exact", 2: "SYN", 3: "segment with an unacceptable ACK"}


@finding(
    "RS009", severity="info", severities=("info", "warning"), since="0.1.0", wakes=CHALLENGE_ACK
)
def challenge_ack(connection: Connection, capture: CaptureView) -> Iterator[Finding]:
    """A segment that may be forged or stale was answered by a challenge ACK.

    Set when all of the following hold:
      - an endpoint sent an ACK without data, SYN, FIN or RST, at SND.NXT, which acknowledges no
        more than before;
      - it came within one round trip (at most 500 ms) after a RST that is not exact, a SYN on the
        live connection, or a segment with an unacceptable ACK.
    A warning where more than 5 a second were sent: two ends that answer each other's ACKs.

    Supersedes: nothing.
    Why it matters: it is how a stack tells a lost peer from a forged segment: a genuine peer that
        lost its state answers with an exact RST.
    What to do: nothing; for a loop, look for two hosts or a proxy out of step on one socket pair.
    Not proof of: an attack; see the trigger.
    Other tools: Wireshark tcp.analysis.duplicate_ack; conntrack IP_CT_EXP_CHALLENGE_ACK; Zeek,
        Suricata and tcptrace have no name for it.
    References: RFC 5961 sections 3.2, 4.2, 5.2 and 7; Linux net.ipv4.tcp_challenge_ack_limit.
    Seen in: fixtures/findings/RS009-challenge-ack
    """
    for sender, tally in tallies(connection, CHALLENGE_ACK):
        first = tally.kept[0]
        is_loop = _is_loop(tally)
        severity: Severity = "warning" if is_loop else "info"
        yield judge(
            "RS009",
            connection,
            about=sender,
            severity=severity,
            certainty="inferred",
            time_ns=tally.last.time_ns,
            frames=(*(seen.first for seen in tally.kept), *frames_of(tally)),
            frame_count=2 * tally.count,
            template=(
                "{sender} answered a {trigger} of {peer} (frame {trigger_frame}) with a challenge "
                "ACK (frame {frame})"
                + ("; {count} such ACKs in {duration:.6f} s" if tally.count > 1 else "")
            ),
            values={
                "sender": endpoint_name(connection, sender),
                "peer": endpoint_name(connection, peer_of(connection, sender)),
                "trigger": _TRIGGERS.get(first.second, "segment"),
                "trigger_frame": first.first,
                "frame": first.frame,
                "count": tally.count,
                "duration": seconds(tally.last.time_ns - first.time_ns),
                "loop": is_loop,
            },
            why="an ACK that brings nothing new, at once after a segment that calls for it",
            would_disprove="the ACK being due anyway, for data that arrived at the same moment",
        )


def _is_loop(tally: Tally) -> bool:
    duration_ns = tally.last.time_ns - tally.kept[0].time_ns
    return tally.count > LOOP_RATE and tally.count * NANOSECONDS > LOOP_RATE * duration_ns
