"""HS017: a SYN for a connection that exists."""

from collections.abc import Iterator
from typing import Final

from tcpflow_analyzer.findings.finding import CaptureView, Finding, Severity, endpoint_name
from tcpflow_analyzer.findings.lifecycle.judgement import frames_of, judge, peer_of, tallies
from tcpflow_analyzer.findings.registry import finding
from tcpflow_analyzer.table.connection import Connection
from tcpflow_analyzer.table.observation import CHALLENGE_ACK, STALE_RECOVERY, SYN_ON_LIVE
from tcpflow_analyzer.tcp.states import LAST_ACK, STATE_NAMES, SYN_RECEIVED

_TRIGGER_SYN: Final = 2  # second number of CHALLENGE_ACK


@finding(
    "HS017",
    severity="warning",
    severities=("info", "warning"),
    context="pair",
    since="0.1.0",
    wakes=SYN_ON_LIVE,
)
def syn_on_live_connection(connection: Connection, capture: CaptureView) -> Iterator[Finding]:
    """A SYN arrived on a socket pair whose connection is still synchronized, not in TIME-WAIT.

    Set when all of the following hold:
      - an endpoint sends SYN without ACK;
      - its peer is believed in SYN-RECEIVED, ESTABLISHED, FIN-WAIT-1, FIN-WAIT-2, CLOSE-WAIT,
        CLOSING or LAST-ACK.

    Information only when its number is the ISS of this very connection: a late duplicate. The
    expected answer is a challenge ACK (RS009); the answer that came is told.

    Superseded by: HS018, where the stale connection was found and cleared.
    Why it matters: one end has lost its connection (restart, NAT entry gone) and the other does not
        know; or somebody probes with forged SYNs.
    What to do: look whether the sender restarted; keep-alive at the other end finds such
        connections.
    Not proof of: a restart.
    Other tools: Wireshark tcp.analysis.reused_ports; Zeek SYN_inside_connection; Suricata
        est_syn_resend, est_syn_resend_diff_seq; conntrack "invalid packet ignored"; tcptrace merges
        both incarnations.
    References: RFC 5961 section 4; RFC 9293 section 3.10.7.4 fourth step.
    Seen in: fixtures/findings/HS017-syn-on-live-connection
    """
    if connection.observed & STALE_RECOVERY:
        return
    for sender, tally in tallies(connection, SYN_ON_LIVE):
        peer = peer_of(connection, sender)
        kept = [item for item in tally.kept if SYN_RECEIVED <= item.second <= LAST_ACK]
        if not kept:
            continue
        same = all(item.third for item in kept)
        shown = next((item for item in kept if not item.third), kept[0])
        answer, answer_frame = _answer(connection, shown.frame, peer.is_originator)
        severity: Severity = "info" if same else "warning"
        yield judge(
            "HS017",
            connection,
            about=sender,
            severity=severity,
            certainty="inferred",
            time_ns=tally.last.time_ns,
            frames=[answer_frame, *frames_of(tally)],
            frame_count=tally.count,
            template=(
                "{sender} sent SYN (frame {frame}, {kind}) while {peer} was in {state}; {answer}"
            ),
            values={
                "sender": endpoint_name(connection, sender),
                "peer": endpoint_name(connection, peer),
                "frame": shown.frame,
                "isn": shown.first,
                "state": STATE_NAMES[shown.second],
                "kind": "the ISS of this connection again" if same else "a new number",
                "answer": answer,
                "answer_frame": answer_frame,
            },
            why="the peer's state follows from segments it sent or was sent before",
            would_disprove="an end of the old connection that the capture missed",
        )


def _answer(connection: Connection, syn_frame: int, of_originator: bool) -> tuple[str, int]:
    """The peer's answer to the SYN in words, and its frame (0 for none)."""
    challenges = connection.tally(CHALLENGE_ACK, of_originator)
    for challenge in [] if challenges is None else challenges.kept:
        if challenge.first == syn_frame or challenge.second == _TRIGGER_SYN:
            return f"answered by a challenge ACK (frame {challenge.frame})", challenge.frame
    for reset in connection.resets or ():
        if reset.trigger_frame == syn_frame and reset.of_originator == of_originator:
            return f"answered by RST (frame {reset.frame})", reset.frame
    return "no answer to it seen", 0
