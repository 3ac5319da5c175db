"""TW005: a socket pair reused inside TIME-WAIT with nothing to tell old from new."""

from collections.abc import Iterator

from tcpflow_analyzer.findings.finding import CaptureView, Finding
from tcpflow_analyzer.findings.lifecycle.judgement import judge
from tcpflow_analyzer.findings.registry import finding
from tcpflow_analyzer.findings.time_wait.reuse import ended_before, reuse, reuse_values
from tcpflow_analyzer.table.connection import Connection
from tcpflow_analyzer.table.observation import REUSED


@finding("TW005", severity="error", since="0.1.0", wakes=REUSED, context="pair")
def unsafe_time_wait_reuse(connection: Connection, capture: CaptureView) -> Iterator[Finding]:
    """A pair was reopened inside TIME-WAIT although nothing protects the new connection.

    Set when all of the following hold:
      - a SYN opened a new incarnation of a socket pair while an end of the old one was in
        TIME-WAIT, for less than time_wait of its profile (seconds, Linux 60), and a SYN-ACK
        followed;
      - its sequence number is not above all that its sender used before;
      - its timestamp is not newer, or one of the two has none;
      - octets of the old stream lie in the window that the new connection offers.

    Supersedes: TW004, TW011.
    Why it matters: a delayed segment of the old connection can be taken for data of the new one,
        and neither end notices (TW008 where it happens).
    What to do: find out what answered: a stack that ignores TIME-WAIT, a balancer or a NAT gateway
        that maps another client to the same pair. Switch timestamps on at both ends.
    Not proof of: damage; an old segment has to be on its way still.
    Other tools: Wireshark tcp.analysis.reused_ports; Zeek premature_connection_reuse; conntrack,
        Suricata and tcptrace do not check.
    References: RFC 9293 sections 3.4.1 to 3.4.3; RFC 6191 section 2.
    Seen in: fixtures/findings/TW005-unsafe-time-wait-reuse
    """
    found = reuse(connection)
    if found is None or found.code != "TW005":
        return
    yield judge(
        "TW005",
        connection,
        about=connection.originator,
        certainty="inferred",
        time_ns=connection.synack_time_ns or found.syn_time_ns,
        frames=found.frames(),
        template=(
            "{opener} reopened the socket pair of connection {previous} {held:.6f} s into "
            "TIME-WAIT with sequence number {new_number} (frame {syn_frame}), {advance:+d} from "
            "the old {old_number}; {overlap} octets of the old stream lie in the new window"
        ),
        values=reuse_values(connection, found),
        why="neither sequence number nor timestamp of the SYN exceeds those of the old connection",
        would_disprove=ended_before(connection, found, capture),
    )
