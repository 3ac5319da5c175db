"""CP002: the capture ended first.

Compiled: yes
"""

from collections.abc import Iterable

from tcpflow_analyzer.findings.finding import CaptureView, Finding, endpoint_name, seconds
from tcpflow_analyzer.findings.lifecycle.judgement import certainty_name, judge, state_name
from tcpflow_analyzer.findings.registry import finding
from tcpflow_analyzer.table.connection import Connection
from tcpflow_analyzer.table.observation import OPEN_AT_END


@finding("CP002", severity="info", since="0.1.0", wakes=OPEN_AT_END, fact=True)
def open_at_end(connection: Connection, capture: CaptureView) -> Iterable[Finding]:
    """The capture ended before the connection did; its states are those of that moment.

    Set when all of the following hold:
      - the capture has ended;
      - one end at least is neither CLOSED nor in TIME-WAIT.

    Supersedes: nothing; findings that wait for something are left out when the capture ends too
        soon for them.
    Why it matters: what looks unfinished may have been finished a moment later.
    What to do: capture longer.
    Not proof of: a leak; CL005 and KA003 judge connections that stay open.
    Other tools: Wireshark tcp.completeness 15; Zeek S1, S2, S3; tcptrace "complete: no"; conntrack
        lists what is open now; Suricata has no name for it.
    References: RFC 9293 section 3.3.2.
    Seen in: fixtures/findings/CP002-open-at-end
    """
    originator, responder = connection.originator, connection.responder
    found = judge(
        "CP002",
        connection,
        about=None,
        certainty=certainty_name(originator.certainty, responder.certainty),
        time_ns=connection.last_time_ns,
        frames=(connection.last_frame,),
        template=(
            "{originator} in {originator_state} and {responder} in {responder_state} when the "
            "capture ended, {idle:.6f} s after their last segment (frame {frame})"
        ),
        values={
            "originator": endpoint_name(connection, originator),
            "responder": endpoint_name(connection, responder),
            "originator_state": state_name(originator),
            "responder_state": state_name(responder),
            "frame": connection.last_frame,
            "idle": seconds(capture.last_time_ns - connection.last_time_ns),
        },
        why="no FIN exchange and no RST ended both ends within the capture",
        would_disprove="nothing in this capture",
    )
    return (found,)
