"""TW013: a socket pair without any quarantine."""

from collections.abc import Iterator

from tcpflow_analyzer.findings.finding import CaptureView, Finding, Severity
from tcpflow_analyzer.findings.lifecycle.judgement import judge
from tcpflow_analyzer.findings.registry import finding
from tcpflow_analyzer.findings.time_wait.reuse import reuse, reuse_values
from tcpflow_analyzer.table.connection import Connection
from tcpflow_analyzer.table.observation import REUSED


@finding(
    "TW013",
    severity="info",
    severities=("info", "warning"),
    since="0.1.0",
    wakes=REUSED,
    context="pair",
)
def reuse_after_reset(connection: Connection, capture: CaptureView) -> Iterator[Finding]:
    """The pair was reopened right after a RST close, with no quarantine at all.

    Set when all of the following hold:
      - the last incarnation of a socket pair ended by an accepted RST; not where the new ISN of an
        end shows that its TIME-WAIT ignored it (TW004, `linux_tw_isn`);
      - a SYN opened the next one less than 2 MSL (240 s) after it.
    A warning where octets of the old stream lie in the new window and neither sequence number nor
    timestamp protects it. `unprotected` where the RST ended a TIME-WAIT (TW007).

    Supersedes: TW004, TW005; TW011 where it warns.
    Why it matters: after a RST nobody holds TIME-WAIT, so old segments can meet the new connection.
    What to do: close by FIN; SO_LINGER with a time of 0 avoids TIME-WAIT at this price.
    Not proof of: danger; numbers and timestamps protect most reuses.
    Other tools: Wireshark tcp.analysis.reused_ports; Zeek leaves it out of
        premature_connection_reuse on purpose; Suricata reuses the record; conntrack CLOSE, then
        SYN_SENT; tcptrace has no name for it.
    References: RFC 1337; RFC 9293 section 3.4.3.
    Seen in: fixtures/findings/TW013-reuse-after-reset
    """
    found = reuse(connection)
    if found is None or found.code != "TW013":
        return
    is_unsafe = found.overlap > 0 and not found.is_protected
    severity: Severity = "warning" if is_unsafe else "info"
    values = reuse_values(connection, found)
    values["reset_frame"] = found.previous.reset_frame
    values["unprotected"] = bool(found.opener.time_wait_since_ns or found.peer.time_wait_since_ns)
    template = (
        "{opener} reopened the socket pair of connection {previous} (SYN in frame {syn_frame}) "
        "{age:.6f} s after its end by RST (frame {reset_frame})"
    )
    if is_unsafe:
        template += "; {overlap} octets of the old stream lie in the new window"
    yield judge(
        "TW013",
        connection,
        about=connection.originator,
        severity=severity,
        certainty="inferred",
        time_ns=found.syn_time_ns,
        frames=(found.previous.reset_frame, found.syn_frame),
        template=template,
        values=values,
        why="a RST ended the old incarnation, so neither end was in TIME-WAIT when the SYN came",
        would_disprove="the old connection having lived on after the RST",
    )
