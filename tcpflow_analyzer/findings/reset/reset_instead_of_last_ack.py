"""RS006: the peer's FIN drew a RST.

Compiled: yes
"""

from collections.abc import Iterator

from tcpflow_analyzer.findings.finding import CaptureView, Finding
from tcpflow_analyzer.findings.lifecycle.judgement import judge
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


@finding("RS006", severity="warning", since="0.1.0", wakes=RESET, resets=caused("RS006"))
def reset_instead_of_last_ack(connection: Connection, capture: CaptureView) -> Iterator[Finding]:
    """The active closer answered the peer's FIN with RST instead of the last ACK.

    Set when all of the following hold:
      - an endpoint in FIN-WAIT-1 or FIN-WAIT-2 received the first FIN of its peer, in order;
      - it answered with RST and never acknowledged that FIN.

    Supersedes: CL008 to RS001. Superseded by: RS005, TW003; CL008 where earlier data of the peer
        was unacknowledged too.
    Why it matters: the peer's close() or read() reports an error although its stream was complete,
        and nobody holds TIME-WAIT.
    What to do: look for an orphan that was dropped (Linux tcp_fin_timeout, tcp_max_orphans), for
        SO_LINGER2, or for a middlebox that forgets half-closed connections.
    Not proof of: lost data; `data_octets` says how many came with the FIN.
    Other tools: Wireshark tcp.connection.rst; Zeek RSTO, RSTR or SF; tcptrace RESET; conntrack
        CLOSE; Suricata has no name for it.
    References: RFC 9293 section 3.6; RFC 2525 section 2.17.
    Seen in: fixtures/findings/RS006-reset-instead-of-last-ack
    """
    for found in causes(connection, "RS006", capture.settings):
        reset = found.reset
        sender = sender_of(connection, reset)
        values = reset_values(connection, reset)
        values["own_fin"] = sender.fin_frame
        values["data_octets"] = reset.trigger_payload_len
        yield judge(
            "RS006",
            connection,
            about=sender,
            certainty=reset_certainty(connection, reset),
            time_ns=reset.time_ns,
            frames=(sender.fin_frame, *frames_of_resets(found.resets)),
            template=(
                "{sender} had sent FIN (frame {own_fin}) and answered the FIN of {peer} (frame "
                "{trigger}, {data_octets} octets of data) with RST (frame {frame})"
            ),
            values=values,
            why="the RST answers the first FIN of the peer; no acknowledgement covers that FIN",
            would_disprove="an acknowledgement of the FIN before the RST",
        )
