"""HS018: a connection that one end had lost, found and cleared."""

from collections.abc import Iterator
from typing import Final

from tcpflow_analyzer.findings.finding import (
    CaptureView,
    Finding,
    Severity,
    endpoint_name,
    seconds,
)
from tcpflow_analyzer.findings.handshake.waiting import SHORTEST_WAIT_NS
from tcpflow_analyzer.findings.lifecycle.judgement import judge, peer_of, tallies
from tcpflow_analyzer.findings.registry import finding
from tcpflow_analyzer.settings import NANOSECONDS
from tcpflow_analyzer.table.connection import Connection
from tcpflow_analyzer.table.endpoint import Endpoint
from tcpflow_analyzer.table.observation import STALE_RECOVERY, SYN_ON_LIVE

QUICK_NS: Final = 3 * NANOSECONDS // 2  # one SYN timeout of 1 s, and some way


@finding(
    "HS018",
    severity="warning",
    severities=("info", "warning", "error"),
    context="pair",
    since="0.1.0",
    wakes=STALE_RECOVERY,
)
def stale_half_open_recovery(connection: Connection, capture: CaptureView) -> Iterator[Finding]:
    """One side had lost the old connection; the other's stale state was found and cleared by RST.

    Set when all of the following hold:
      - an endpoint sends SYN on the socket pair;
      - its peer answers ACK without SYN that does not acknowledge it: an old connection's number;
      - the endpoint answers RST with exactly that number, and sends SYN again, which is answered.

    Information when the second SYN is answered within 1.5 s of the first, a warning when later, an
    error when the pattern stays incomplete and the capture goes on for 10 s.

    Supersedes: HS003, HS009, HS017 of the same attempt.
    Why it matters: connecting takes a second longer, or hangs where a filter drops the ACK or the
        RST.
    What to do: find why the end lost its connection (crash, restart, abort without RST);
        keep-alive at the other end finds it sooner.
    Not proof of: a crash.
    Other tools: Wireshark reused_ports and ack_lost_segment; Suricata 3whs_synack_with_wrong_ack;
        conntrack handles it silently; Zeek and tcptrace have no name for it.
    References: RFC 9293 section 3.5.1 figures 9 and 10; RFC 5961 section 4.
    Seen in: fixtures/findings/HS018-stale-half-open-recovery
    """
    for sender, tally in tallies(connection, STALE_RECOVERY):
        last = tally.last
        complete = last.first >= 0
        if not complete and not capture.waited(last.time_ns, SHORTEST_WAIT_NS):
            continue
        yield judge(
            "HS018",
            connection,
            about=sender,
            severity=_severity(last.first),
            certainty="observed" if complete else "inferred",
            time_ns=last.time_ns,
            frames=(_syn_frame(connection, sender), last.second, last.third, last.frame),
            template=(
                "{peer} answered the SYN of {sender} with an ACK of an older connection (frame "
                "{ack_frame}); {outcome}"
            ),
            values={
                "peer": endpoint_name(connection, peer_of(connection, sender)),
                "sender": endpoint_name(connection, sender),
                "ack_frame": last.second,
                "rst_frame": last.third,
                "delay": seconds(last.first) if complete else None,
                "outcome": _outcome(last.first, last.third),
            },
            why="the ACK carries a number of an earlier connection, and the RST uses it",
            would_disprove="an acknowledgement of the new SYN before the RST",
        )


def _syn_frame(connection: Connection, sender: Endpoint) -> int:
    """The SYN that found the stale connection: on that one's record, or first of its own."""
    on_live = connection.tally(SYN_ON_LIVE, sender.is_originator)
    return connection.first_frame if on_live is None else on_live.kept[0].frame


def _severity(delay_ns: int) -> Severity:
    if delay_ns < 0:
        return "error"
    return "info" if delay_ns < QUICK_NS else "warning"


def _outcome(delay_ns: int, rst_frame: int) -> str:
    if delay_ns >= 0:
        delay = f"{seconds(delay_ns):.6f} s"
        return f"RST in frame {rst_frame}, and a SYN was answered {delay} after the first"
    if rst_frame:
        return f"RST in frame {rst_frame}, but no SYN was answered after it"
    return "no RST followed, and no SYN was answered"
