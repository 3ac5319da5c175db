"""LC001: how a connection was opened.

Compiled: yes
"""

from collections.abc import Iterable

from tcpflow_analyzer.findings.finding import CaptureView, Finding, endpoint_name, seconds
from tcpflow_analyzer.findings.lifecycle.judgement import judge
from tcpflow_analyzer.findings.registry import finding
from tcpflow_analyzer.table.connection import Connection
from tcpflow_analyzer.table.observation import HANDSHAKE_COMPLETED


@finding("LC001", severity="info", since="0.1.0", wakes=HANDSHAKE_COMPLETED, fact=True)
def three_way_handshake(connection: Connection, capture: CaptureView) -> Iterable[Finding]:
    """The connection opened with SYN, SYN-ACK, ACK.

    Set when all of the following hold:
      - the originator sent SYN without ACK, its sequence number the ISS;
      - the responder answered SYN-ACK that acknowledges ISS+1, or more under Fast Open;
      - the originator sent a segment without RST that acknowledges the responder's ISS+1;
      - all three were captured.

    Supersedes: nothing; a simultaneous open is LC002, a split handshake HS010.
    Why it matters: the two gaps split the round trip at the tap: the first is the responder's side,
        the second the originator's.
    What to do: nothing.
    Not proof of: that the accepting program took the connection; see HS013.
    Other tools: Wireshark tcp.completeness bits 1, 2 and 4; Zeek history ShA; tcptrace "SYNs: 2";
        conntrack SYN_SENT, SYN_RECV, ESTABLISHED [ASSURED]; Suricata a state, no event.
    References: RFC 9293 sections 3.5, 3.10.7.2 to 3.10.7.4.
    Seen in: fixtures/findings/LC001-three-way-handshake
    """
    originator, responder = connection.originator, connection.responder
    found = judge(
        "LC001",
        connection,
        about=None,
        certainty="observed",
        time_ns=connection.ack_time_ns,
        frames=(connection.syn_frame, connection.synack_frame, connection.ack_frame),
        template=(
            "{originator} opened to {responder}: SYN (frame {syn_frame}), SYN-ACK (frame "
            "{synack_frame}) {syn_to_synack:.6f} s later, ACK (frame {ack_frame}) "
            "{synack_to_ack:.6f} s after that"
        ),
        values={
            "originator": endpoint_name(connection, originator),
            "responder": endpoint_name(connection, responder),
            "syn_frame": connection.syn_frame,
            "synack_frame": connection.synack_frame,
            "ack_frame": connection.ack_frame,
            "syn_to_synack": seconds(connection.synack_time_ns - connection.syn_time_ns),
            "synack_to_ack": seconds(connection.ack_time_ns - connection.synack_time_ns),
            "originator_iss": originator.iss,
            "responder_iss": responder.iss,
            "originator_mss": originator.mss,
            "responder_mss": responder.mss,
            "originator_window_scale": originator.window_scale,
            "responder_window_scale": responder.window_scale,
        },
        why="each of the three segments acknowledges the one before",
        would_disprove="a SYN-ACK of the originator, which would make it a simultaneous open",
    )
    return (found,)
