"""TW004: a socket pair reused inside TIME-WAIT, safely."""

from collections.abc import Iterator

from tcpflow_analyzer.findings.finding import CaptureView, Finding
from tcpflow_analyzer.findings.lifecycle.judgement import judge
from tcpflow_analyzer.findings.registry import finding
from tcpflow_analyzer.findings.time_wait.reuse import ended_before, reuse, reuse_values
from tcpflow_analyzer.table.connection import Connection
from tcpflow_analyzer.table.observation import REUSED


@finding("TW004", severity="info", since="0.1.0", wakes=REUSED, context="pair")
def time_wait_reuse(connection: Connection, capture: CaptureView) -> Iterator[Finding]:
    """A new connection used the same socket pair while one side was in TIME-WAIT, safely.

    Set when all of the following hold:
      - a SYN opened a new incarnation of a socket pair while an end of the old one was in
        TIME-WAIT, for less than time_wait of its profile (seconds, Linux 60);
      - its sequence number is above all that its sender used before, or its timestamp is newer;
      - a SYN-ACK followed.
    `holder` says whether the opener itself was in TIME-WAIT (Linux tcp_tw_reuse) or its peer;
    `fixed_source_port` from the third incarnation on; `linux_tw_isn` where the holder's new ISN is
    its old SND.NXT plus 65537: its own kernel answered, not another host, and a TIME-WAIT that a
    RST seemed to end (TW007) had ignored it (tcp_rfc1337).

    Superseded by: TW005 where neither protects the new connection; TW013 after any other RST.
    Why it matters: it is allowed, and why a client with a fixed port can reconnect at once.
    What to do: nothing. A fixed source port usually is not needed.
    Not proof of: a shortage of ports; see TW010.
    Other tools: Wireshark tcp.analysis.reused_ports; Zeek premature_connection_reuse within 5 s;
        conntrack "Reopened connection (RFC 1122)"; Suricata reuses the record without an event;
        tcptrace merges the incarnations.
    References: RFC 9293 section 3.6.1 (MAY-2); RFC 6191 section 2; RFC 1122 section 4.2.2.13;
        Linux net/ipv4/tcp_minisocks.c, tcp_timewait_state_process.
    Seen in: fixtures/findings/TW004-time-wait-reuse
    """
    found = reuse(connection)
    if found is None or found.code != "TW004":
        return
    yield judge(
        "TW004",
        connection,
        about=connection.originator,
        certainty="inferred",
        time_ns=connection.synack_time_ns or found.syn_time_ns,
        frames=found.frames(),
        template=(
            "{opener} reopened the socket pair of connection {previous} (SYN in frame {syn_frame}) "
            "{held:.6f} s into the TIME-WAIT of {whose}; allowed by {rule}"
        ),
        values=reuse_values(connection, found) | {"whose": _WHOSE[found.holder]},
        why="the holder was in TIME-WAIT, and number or timestamp of the SYN exceed the old ones",
        would_disprove=ended_before(connection, found, capture),
    )


_WHOSE = {"opener": "its own end", "peer": "its peer's end", "both": "both ends"}
