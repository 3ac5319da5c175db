"""HS003: a new number for the same attempt."""

from collections.abc import Iterator

from tcpflow_analyzer.findings.finding import (
    CaptureView,
    Finding,
    Severity,
    endpoint_name,
    seconds,
)
from tcpflow_analyzer.findings.lifecycle.judgement import frames_of, judge, tallies
from tcpflow_analyzer.findings.registry import finding
from tcpflow_analyzer.settings import NANOSECONDS
from tcpflow_analyzer.table.connection import Connection
from tcpflow_analyzer.table.observation import STALE_RECOVERY, SYN_CHANGED
from tcpflow_analyzer.tcp.sequence import distance


@finding(
    "HS003",
    severity="warning",
    severities=("warning", "error"),
    context="pair",
    since="0.1.0",
    wakes=SYN_CHANGED,
)
def syn_isn_changed(connection: Connection, capture: CaptureView) -> Iterator[Finding]:
    """A repeated SYN of the same attempt had another initial sequence number.

    Set when all of the following hold:
      - an endpoint in SYN-SENT, or whose peer is in SYN-RECEIVED, sends a SYN (no ACK);
      - its sequence number differs from the ISS of the SYN before;
      - nothing closed the attempt in between.

    "Suspicious" is added when the new number lies below the old one or less than 1 s passed. An
    error from more than `syn_variants` (count, default 3) different numbers on.

    Superseded by: HS018, where the attempt began again after a RST.
    Why it matters: a stack repeats its SYN unchanged; another number is another attempt, a
        middlebox that rewrites numbers, or somebody who forges SYNs.
    What to do: compare TTL and IP identification of the SYNs; look for a program that binds its
        port and reconnects at once.
    Not proof of: an attack.
    Other tools: Wireshark tcp.analysis.reused_ports; Zeek SYN_seq_jump; Suricata
        3whs_syn_resend_diff_seq_on_syn_recv, 3whs_syn_flood; tcptrace warn_printbad_syn_fin_seq;
        conntrack begins its entry anew.
    References: RFC 9293 sections 3.10.7.3 and 3.10.7.4; RFC 6528.
    Seen in: fixtures/findings/HS003-syn-isn-changed
    """
    if connection.observed & STALE_RECOVERY:
        return
    for opener, tally in tallies(connection, SYN_CHANGED):
        changes = tally.kept
        suspicious = any(
            distance(change.second, change.first) < 0 or change.third < NANOSECONDS
            for change in changes
        )
        variants = tally.count + 1
        severity: Severity = "error" if variants > capture.settings.syn_variants else "warning"
        yield judge(
            "HS003",
            connection,
            about=opener,
            severity=severity,
            certainty="observed",
            time_ns=tally.last.time_ns,
            frames=[opener.first_frame, *frames_of(tally)],
            frame_count=tally.count + 1,
            template=(
                "{socket} sent SYN with {variants} different initial sequence numbers; frame "
                "{frame} has {new} after {old}, {gap:.6f} s later"
            ),
            values={
                "socket": endpoint_name(connection, opener),
                "variants": variants,
                "syn_variants": capture.settings.syn_variants,
                "frame": tally.last.frame,
                "old": tally.last.first,
                "new": tally.last.second,
                "gap": seconds(tally.last.third),
                "suspicious": suspicious,
            },
            why="SYNs of one attempt carry different sequence numbers",
            would_disprove="a RST or FIN between them that the capture missed",
        )
