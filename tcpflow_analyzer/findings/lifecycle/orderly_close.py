"""LC004: a close by FIN in both directions.

Compiled: yes
"""

from collections.abc import Iterable

from tcpflow_analyzer.findings.finding import CaptureView, Finding, endpoint_name, seconds
from tcpflow_analyzer.findings.lifecycle.judgement import judge
from tcpflow_analyzer.findings.registry import finding
from tcpflow_analyzer.table.connection import RESPONDER, SHAPE_NAMES, Connection
from tcpflow_analyzer.table.observation import ORDERLY_CLOSE


@finding("LC004", severity="info", since="0.1.0", wakes=ORDERLY_CLOSE, fact=True)
def orderly_close(connection: Connection, capture: CaptureView) -> Iterable[Finding]:
    """Both directions were closed by FIN and both FINs were acknowledged; names the shape.

    Set when all of the following hold:
      - each end sent FIN, and a segment of its peer acknowledges it;
      - no RST came before the last of these acknowledgements;
      - one FIN acknowledges the other's, or was sent after it had been received.

    The shape is "4-segment" (FIN, ACK, FIN, ACK), "3-segment" (the second FIN is the first segment
    that acknowledges the first FIN) or "piggyback" (the acknowledgement of a FIN rides on data).

    Supersedes: nothing; FINs that cross are LC005.
    Why it matters: nothing was lost, and the first closer holds TIME-WAIT (TW001).
    What to do: nothing.
    Not proof of: that the programs read everything; a FIN is acknowledged by the stack.
    Other tools: Wireshark tcp.completeness bit 16; Zeek conn_state SF; tcptrace "complete conn:
        yes"; conntrack FIN_WAIT, CLOSE_WAIT, LAST_ACK, TIME_WAIT; Suricata has no name for it.
    References: RFC 9293 section 3.6 figure 12.
    Seen in: fixtures/findings/LC004-orderly-close
    """
    first, second = connection.originator, connection.responder
    if connection.active_closer == RESPONDER:
        first, second = second, first
    found = judge(
        "LC004",
        connection,
        about=None,
        certainty="observed",
        time_ns=max(first.fin_acked_time_ns, second.fin_acked_time_ns),
        frames=(
            first.fin_frame,
            first.fin_acked_frame,
            second.fin_frame,
            second.fin_acked_frame,
        ),
        template=(
            "{shape} close: {first} sent FIN (frame {first_fin}, acknowledged in {first_acked}), "
            "{second} sent FIN (frame {second_fin}, acknowledged in {second_acked})"
        ),
        values={
            "shape": SHAPE_NAMES[connection.shape],
            "first": endpoint_name(connection, first),
            "second": endpoint_name(connection, second),
            "first_fin": first.fin_frame,
            "first_acked": first.fin_acked_frame,
            "second_fin": second.fin_frame,
            "second_acked": second.fin_acked_frame,
            "fin_to_fin": seconds(second.fin_time_ns - first.fin_time_ns),
        },
        why="each FIN is covered by an acknowledgement number of the other end",
        would_disprove="a RST before the last of these frames",
    )
    return (found,)
