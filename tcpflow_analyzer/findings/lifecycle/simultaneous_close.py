"""LC005: FINs that crossed."""

from collections.abc import Iterator

from tcpflow_analyzer.findings.finding import CaptureView, Finding, endpoint_name, seconds
from tcpflow_analyzer.findings.lifecycle.judgement import judge
from tcpflow_analyzer.findings.registry import finding
from tcpflow_analyzer.table.connection import Connection
from tcpflow_analyzer.table.observation import SIMULTANEOUS_CLOSE


@finding("LC005", severity="info", since="0.1.0", wakes=SIMULTANEOUS_CLOSE, fact=True)
def simultaneous_close(connection: Connection, capture: CaptureView) -> Iterator[Finding]:
    """Both ends sent FIN before receiving the other's; both pass CLOSING and hold TIME-WAIT.

    Set when all of the following hold:
      - each end sent FIN;
      - neither FIN segment acknowledges the other's FIN.

    Decided by acknowledgement numbers; the order in which the tap saw the FINs does not matter.

    Supersedes: LC004.
    Why it matters: there are two active closers, so both ends hold TIME-WAIT for this pair.
    What to do: nothing; where TIME-WAIT at the listener hurts, let one side close first.
    Not proof of: an error of either end.
    Other tools: Wireshark names the FIN it saw second passive; Zeek SF and tcptrace "complete" do
        not tell it apart; conntrack LAST_ACK; Suricata state CLOSING, no event.
    References: RFC 9293 section 3.6 figure 13.
    Seen in: fixtures/findings/LC005-simultaneous-close
    """
    originator, responder = connection.originator, connection.responder
    yield judge(
        "LC005",
        connection,
        about=None,
        certainty="observed",
        time_ns=max(originator.fin_time_ns, responder.fin_time_ns),
        frames=(
            originator.fin_frame,
            responder.fin_frame,
            originator.fin_acked_frame,
            responder.fin_acked_frame,
        ),
        template=(
            "FINs of {originator} (frame {originator_fin}) and {responder} (frame {responder_fin}) "
            "crossed: neither acknowledges the other"
        ),
        values={
            "originator": endpoint_name(connection, originator),
            "responder": endpoint_name(connection, responder),
            "originator_fin": originator.fin_frame,
            "responder_fin": responder.fin_frame,
            "gap": abs(seconds(originator.fin_time_ns - responder.fin_time_ns)),
        },
        why="the acknowledgement number of each FIN segment lies below the other's FIN",
        would_disprove="an earlier acknowledgement of one FIN by the sender of the other",
    )
