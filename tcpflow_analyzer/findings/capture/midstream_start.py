"""CP001: the connection is older than the capture."""

from collections.abc import Iterator

from tcpflow_analyzer.findings.finding import CaptureView, Finding, endpoint_name, seconds
from tcpflow_analyzer.findings.lifecycle.judgement import judge, state_name
from tcpflow_analyzer.findings.registry import finding
from tcpflow_analyzer.table.connection import Connection
from tcpflow_analyzer.table.observation import MIDSTREAM


@finding("CP001", severity="info", since="0.1.0", wakes=MIDSTREAM, fact=True)
def midstream_start(connection: Connection, capture: CaptureView) -> Iterator[Finding]:
    """The connection was already running when first seen.

    Set when all of the following hold:
      - no SYN without ACK of this connection was captured;
      - the first segment captured is anything else; "syn-missed" is added when it is a SYN-ACK.

    Supersedes: HS011, HS015, HS019 of the same connection.
    Why it matters: states are narrowed from what follows, roles may be guessed, and without the
        window scale no window can be judged.
    What to do: start the capture before the connections, or restart them.
    Not proof of: loss.
    Other tools: Wireshark tcp.completeness without bit 1; Zeek history without S, conn_state OTH;
        tcptrace "SYNs: 0"; conntrack nf_conntrack_tcp_loose; Suricata's midstream sessions,
        fin_but_no_session.
    References: RFC 9293 section 3.3.2; not in any RFC: the pick-up of docs/explanation.
    Seen in: fixtures/findings/CP001-midstream-start
    """
    originator, responder = connection.originator, connection.responder
    syn_missed = connection.first_frame == connection.synack_frame
    yield judge(
        "CP001",
        connection,
        about=None,
        certainty="observed",
        time_ns=connection.first_time_ns,
        frames=(connection.first_frame,),
        template=(
            "first segment captured between {originator} and {responder} is no SYN (frame {frame}, "
            "{after:.6f} s after the capture began)"
        ),
        values={
            "originator": endpoint_name(connection, originator),
            "responder": endpoint_name(connection, responder),
            "frame": connection.first_frame,
            "after": seconds(connection.first_time_ns - capture.first_time_ns),
            "sub_case": "syn-missed" if syn_missed else "midstream",
            "roles_guessed": connection.roles_guessed,
            "originator_state": state_name(originator),
            "responder_state": state_name(responder),
        },
        why="no SYN of this socket pair came before it",
        would_disprove="a SYN of this connection in an earlier file of the recording",
    )
