"""RS003: closed with data in the receive buffer.

Compiled: yes
"""

from collections.abc import Iterator

from tcpflow_analyzer.findings.finding import CaptureView, Finding, seconds
from tcpflow_analyzer.findings.lifecycle.judgement import judge
from tcpflow_analyzer.findings.registry import finding
from tcpflow_analyzer.findings.reset.cause import (
    causes,
    frames_of_resets,
    sender_of,
    unread_since_ns,
)
from tcpflow_analyzer.findings.reset.evidence import reset_values
from tcpflow_analyzer.findings.reset.traits import caused
from tcpflow_analyzer.table.connection import Connection
from tcpflow_analyzer.table.observation import RESET


@finding("RS003", severity="warning", since="0.1.0", wakes=RESET, resets=caused("RS003"))
def close_with_unread_data(connection: Connection, capture: CaptureView) -> Iterator[Finding]:
    """The application closed while received data was unread, so the stack sent RST for FIN.

    Set when all of the following hold:
      - an endpoint that had sent no FIN sent RST with ACK at SND.NXT (the form of a live socket);
      - it had acknowledged the peer's last data and sent no data after it;
      - it owes an answer: it is the responder, or an originator that has sent no data at all;
      - the data came less than unread_window (seconds, default 5) before the RST;
      - nothing was unacknowledged in either direction.

    Supersedes: RS001. Superseded by: RS002 and everything in front of it.
    Why it matters: the peer may lose what it has not read yet, too: a RST discards its receive
        buffer on some systems.
    What to do: read until end of file before close(), or shutdown() the sending side first and
        drain. A server that answers before it has read the whole request is the usual case.
    Not proof of: unread data; SO_LINGER with a time of 0 has the same form on the wire.
    Other tools: Wireshark tcp.connection.rst; Zeek RSTO or RSTR; tcptrace RESET; conntrack CLOSE;
        Suricata has no name for it.
    References: RFC 2525 section 2.17; RFC 9293 section 3.9.1.4; RFC 1122 section 4.2.2.13;
        Linux net/ipv4/tcp.c, __tcp_close (data_was_unread).
    Seen in: fixtures/findings/RS003-close-with-unread-data
    """
    for found in causes(connection, "RS003", capture.settings):
        reset = found.reset
        peer = connection.endpoint(not reset.of_originator)
        since_ns = unread_since_ns(reset)
        values = reset_values(connection, reset)
        values["data_frame"] = reset.receiver_data_frame
        values["delay"] = seconds(reset.time_ns - (since_ns or reset.time_ns))
        values["unread_window"] = seconds(capture.settings.unread_window_ns)
        values["unread_at_most"] = peer.unique_octets
        yield judge(
            "RS003",
            connection,
            about=sender_of(connection, reset),
            certainty="inferred",
            time_ns=reset.time_ns,
            frames=(reset.receiver_data_frame, *frames_of_resets(found.resets)),
            template=(
                "{sender} acknowledged data of {peer} (frame {data_frame}), answered nothing, and "
                "reset the connection {delay:.6f} s later (frame {frame})"
            ),
            values=values,
            why="a RST in the form of a live socket soon after data that was never answered",
            would_disprove="the application having read the data and aborted on purpose",
        )
