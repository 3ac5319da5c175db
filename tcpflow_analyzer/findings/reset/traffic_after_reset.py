"""RS010: the connection outlived a RST."""

from collections.abc import Iterator
from typing import Final

from tcpflow_analyzer.findings.finding import CaptureView, Finding, Severity, endpoint_name
from tcpflow_analyzer.findings.lifecycle.judgement import frames_of, judge, peer_of, tallies
from tcpflow_analyzer.findings.registry import finding
from tcpflow_analyzer.table.connection import Connection
from tcpflow_analyzer.table.endpoint import Endpoint
from tcpflow_analyzer.table.observation import TRAFFIC_AFTER_RESET, Tally

ENOUGH: Final = 2  # segments of the receiver; one may have crossed the RST


@finding(
    "RS010",
    severity="warning",
    severities=("warning", "error"),
    since="0.1.0",
    wakes=TRAFFIC_AFTER_RESET,
)
def traffic_after_reset(connection: Connection, capture: CaptureView) -> Iterator[Finding]:
    """Segments continued on a connection after a RST that looked acceptable.

    Set when one of the following holds:
      - the seeming sender of the RST itself went on with its own sequence numbers: it did not send
        the RST (`injected`, an error);
      - the receiver sent at least two further segments later than one round trip after the RST
        (`not delivered or rejected`).
    The believed states are taken back (CP011). A SYN starts a new incarnation instead.

    Supersedes: the cause of that RST (RS001 to RS006).
    Why it matters: a RST that its seeming sender knows nothing of was made by somebody on the path
        or by somebody who guesses.
    What to do: capture on the seeming sender; compare TTL and IP identification (RS011).
    Not proof of: malice; some firewalls reset both ends by design, and one RST may get lost.
    Other tools: Zeek data_after_reset and FIN_after_reset; Suricata suspected_rst_inject; conntrack
        late packets in CLOSE; Wireshark and tcptrace have no name for it.
    References: RFC 9293 section 3.5.3; RFC 5961; RFC 3360.
    Seen in: fixtures/findings/RS010-traffic-after-reset
    """
    for sender, tally in tallies(connection, TRAFFIC_AFTER_RESET):
        injected = any(seen.second == 1 for seen in (*tally.kept, tally.last))
        if not injected and not _is_late(connection, sender, tally):
            continue
        first = next((seen for seen in tally.kept if seen.second == injected), tally.kept[0])
        severity: Severity = "error" if injected else "warning"
        peer = peer_of(connection, sender)
        yield judge(
            "RS010",
            connection,
            about=sender,
            severity=severity,
            certainty="inferred",
            time_ns=tally.last.time_ns,
            frames=(first.first, *frames_of(tally)),
            frame_count=tally.count + 1,
            template=(
                "after the RST that bears the address of {sender} (frame {reset}) "
                + (
                    "{sender} itself went on with its numbers (frame {frame}): it did not send it"
                    if injected
                    else "{peer} went on (frame {frame}): it did not get the RST, or rejected it"
                )
            ),
            values={
                "sender": endpoint_name(connection, sender),
                "peer": endpoint_name(connection, peer),
                "reset": first.first,
                "frame": first.frame,
                "case": "injected" if injected else "not delivered or rejected",
                "count": tally.count,
            },
            why="a socket that has sent or taken a RST sends nothing more on the connection",
            would_disprove="the later segments having been sent before the RST, and delayed",
        )


def _is_late(connection: Connection, sender: Endpoint, tally: Tally) -> bool:
    """Whether the receiver sent enough, the last time when the RST must have been there."""
    peer = peer_of(connection, sender)
    round_trip_ns = max(sender.rtt_ns, 0) + max(peer.rtt_ns, 0)
    return any(
        reset.frame == tally.last.first
        and reset.later_segments >= ENOUGH
        and peer.last_time_ns - reset.time_ns > round_trip_ns
        for reset in connection.resets or ()
    )
