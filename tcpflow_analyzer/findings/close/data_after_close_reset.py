"""CL008: data for an end that has closed.

Compiled: yes
"""

from collections.abc import Iterator

from tcpflow_analyzer.findings.finding import CaptureView, Finding, endpoint_name
from tcpflow_analyzer.findings.lifecycle.judgement import judge, peer_of
from tcpflow_analyzer.findings.registry import finding
from tcpflow_analyzer.findings.reset.cause import (
    causes,
    frames_of_resets,
    reset_certainty,
    sender_of,
)
from tcpflow_analyzer.findings.reset.evidence import reset_values
from tcpflow_analyzer.findings.reset.traits import caused
from tcpflow_analyzer.table.connection import Connection
from tcpflow_analyzer.table.observation import RESET


@finding("CL008", severity="warning", since="0.1.0", wakes=RESET, resets=caused("CL008"))
def data_after_close_reset(connection: Connection, capture: CaptureView) -> Iterator[Finding]:
    """Data reached an endpoint that had fully closed; it answered RST and the data was lost.

    Set when all of the following hold:
      - an endpoint had sent FIN (it is in FIN-WAIT-1 or FIN-WAIT-2);
      - data of its peer that it had not acknowledged followed;
      - it answered with a RST in any form.

    Supersedes: RS004, RS002, RS003, RS001. Superseded by: RS005; RS006 where the only
        unacknowledged octets came with the peer's FIN.
    Why it matters: the endpoint called close(), not shutdown(): whatever the peer still sends is
        lost, and the peer's next write fails.
    What to do: in the closing program, shutdown() the sending side and read until end of file
        before close(); in the protocol, let the end that sends last close first.
    Not proof of: a loss that matters: the closer may not have wanted the rest.
    Other tools: Wireshark tcp.connection.rst; Zeek RSTO or RSTR; tcptrace RESET; conntrack CLOSE;
        Suricata has no name for it.
    References: RFC 9293 section 3.6.1; RFC 1122 section 4.2.2.13; RFC 2525 section 2.17;
        Linux net/ipv4/tcp_input.c, tcp_rcv_state_process (TCPAbortOnData).
    Seen in: fixtures/findings/CL008-data-after-close-reset
    """
    for found in causes(connection, "CL008", capture.settings):
        reset = found.reset
        closer = sender_of(connection, reset)
        peer = peer_of(connection, closer)
        values = reset_values(connection, reset)
        values["closer"] = endpoint_name(connection, closer)
        values["fin_frame"] = closer.fin_frame
        values["lost"] = reset.peer_unacked
        data_frame = reset.trigger_frame or peer.last_data_frame
        values["data_frame"] = data_frame
        yield judge(
            "CL008",
            connection,
            about=closer,
            certainty=reset_certainty(connection, reset),
            time_ns=reset.time_ns,
            frames=(closer.fin_frame, data_frame, *frames_of_resets(found.resets)),
            template=(
                "{closer} had sent FIN (frame {fin_frame}) and answered data of {peer} (frame "
                "{data_frame}) with RST (frame {frame}); {lost} octets were not acknowledged"
            ),
            values=values,
            why="a RST instead of an ACK for data that came after the endpoint's own FIN",
            would_disprove="an acknowledgement of the data before the RST",
        )
