"""HS008: RST instead of the third segment."""

from collections.abc import Iterator

from tcpflow_analyzer.findings.finding import CaptureView, Finding, endpoint_name, seconds
from tcpflow_analyzer.findings.lifecycle.judgement import judge, peer_of
from tcpflow_analyzer.findings.registry import finding
from tcpflow_analyzer.findings.reset.cause import causes
from tcpflow_analyzer.findings.reset.traits import caused
from tcpflow_analyzer.table.connection import Connection
from tcpflow_analyzer.table.observation import FORM_STATELESS, RESET


@finding("HS008", severity="warning", since="0.1.0", wakes=RESET, resets=caused("HS008"))
def handshake_aborted_by_client(connection: Connection, capture: CaptureView) -> Iterator[Finding]:
    """The client answered SYN-ACK with RST instead of ACK.

    Set when all of the following hold:
      - the responder sent an acceptable SYN-ACK;
      - the originator sends RST: bare with SEQ equal to the SYN-ACK's ACK ("no-socket"), or RST
        ACK at its SND.NXT ("abort");
      - no segment of the originator acknowledged the SYN-ACK before.

    Superseded by: HS005, HS004.
    Why it matters: the listener did the work for nothing; SYN scans and health probes look like
        this, and clients whose connect() timed out before a late SYN-ACK.
    What to do: compare the SYN-ACK's delay with the client's connect timeout; group by originator.
    Not proof of: a scan; an old duplicate SYN draws the same RST, and rightly so.
    Other tools: Wireshark tcp.connection.rst; Zeek RSTO; conntrack CLOSE; Argus RST; tcptrace
        RESET; Suricata has no name for it.
    References: RFC 9293 sections 3.5.2, 3.5.1 figure 8, 3.10.7.3.
    Seen in: fixtures/findings/HS008-handshake-aborted-by-client
    """
    for found in causes(connection, "HS008", capture.settings):
        reset = found.reset
        client = connection.endpoint(reset.of_originator)
        listener = peer_of(connection, client)
        no_socket = reset.form == FORM_STATELESS
        yield judge(
            "HS008",
            connection,
            about=client,
            certainty="observed",
            time_ns=reset.time_ns,
            frames=(
                connection.syn_frame,
                connection.synack_frame,
                *(each.frame for each in found.resets),
            ),
            template=(
                "{client} answered the SYN-ACK of {listener} (frame {synack_frame}) with RST "
                "(frame {rst_frame}) after {delay:.6f} s, {how}"
            ),
            values={
                "client": endpoint_name(connection, client),
                "listener": endpoint_name(connection, listener),
                "synack_frame": connection.synack_frame,
                "rst_frame": reset.frame,
                "delay": seconds(reset.time_ns - connection.synack_time_ns),
                "class": "no-socket" if no_socket else "abort",
                "how": "as a host without that socket" if no_socket else "as a socket that aborts",
                "syn_to_synack": seconds(connection.synack_time_ns - connection.syn_time_ns),
            },
            why="the RST answers the SYN-ACK and no segment acknowledged it before",
            would_disprove="an ACK of the SYN-ACK that the capture missed",
        )
