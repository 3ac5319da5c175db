"""LC006: who closed first.

Compiled: yes
"""

from collections.abc import Iterable

from tcpflow_analyzer.findings.finding import CaptureView, Finding, endpoint_name, seconds
from tcpflow_analyzer.findings.lifecycle.judgement import judge, peer_of
from tcpflow_analyzer.findings.registry import finding
from tcpflow_analyzer.table.connection import BOTH, RESPONDER, Connection
from tcpflow_analyzer.table.endpoint import Endpoint
from tcpflow_analyzer.table.observation import ACTIVE_CLOSE


@finding("LC006", severity="info", since="0.1.0", wakes=ACTIVE_CLOSE, fact=True)
def active_closer(connection: Connection, capture: CaptureView) -> Iterable[Finding]:
    """States which endpoint closed first, by FIN or RST.

    Set when one of the following holds:
      - one end's FIN does not acknowledge the FIN of the other, and the other's does acknowledge it
        or never came: its sender closed first;
      - neither FIN acknowledges the other: both closed at once (LC005);
      - a RST ended the connection while neither end had sent FIN: its sender closed first.

    Supersedes: nothing.
    Why it matters: the active closer holds TIME-WAIT; a client pool usually wants it to be the
        server, a busy client host with few ports even more so.
    What to do: if the wrong end closes, look at its idle timeouts and keep-alive settings.
    Not proof of: which program decided; the other may have asked for it in its protocol.
    Other tools: Wireshark tcp.connection.fin_active by order at the tap; Zeek order of F and f in
        the history; conntrack has an internal flag; Suricata and tcptrace have no name for it.
    References: RFC 9293 section 3.6.
    Seen in: fixtures/findings/LC006-active-closer
    """
    closer = connection.originator
    if connection.active_closer == RESPONDER:
        closer = connection.responder
    if connection.active_closer == BOTH:
        return (_both_closed(connection),)
    return (_one_closed(connection, closer),)


def _both_closed(connection: Connection) -> Finding:
    originator, responder = connection.originator, connection.responder
    return judge(
        "LC006",
        connection,
        about=None,
        certainty="observed",
        time_ns=max(originator.fin_time_ns, responder.fin_time_ns),
        frames=(originator.fin_frame, responder.fin_frame),
        template="both ends closed at once: FIN in frames {originator_fin} and {responder_fin}",
        values={
            "closer": "both",
            "originator_fin": originator.fin_frame,
            "responder_fin": responder.fin_frame,
        },
        why="neither FIN acknowledges the other",
        would_disprove="an earlier acknowledgement of one FIN by the sender of the other",
    )


def _one_closed(connection: Connection, closer: Endpoint) -> Finding:
    peer = peer_of(connection, closer)
    by_fin = closer.fin_frame > 0
    frame, time_ns = (
        (closer.fin_frame, closer.fin_time_ns) if by_fin else _reset(connection, closer)
    )
    values: dict[str, object] = {
        "closer": "originator" if closer.is_originator else "responder",
        "socket": endpoint_name(connection, closer),
        "by": "FIN" if by_fin else "RST",
        "frame": frame,
        "role": "originator" if closer.is_originator else "responder",
    }
    template = "the {role} {socket} closed first, by {by} (frame {frame})"
    last_data_ns = max(closer.last_data_time_ns, peer.last_data_time_ns)
    if 0 < last_data_ns <= time_ns:
        values["idle"] = seconds(time_ns - last_data_ns)
        template += ", {idle:.6f} s after the last data"
    return judge(
        "LC006",
        connection,
        about=closer,
        certainty="observed",
        time_ns=time_ns,
        frames=(frame,),
        template=template,
        values=values,
        why=f"its {values['by']} acknowledges no FIN of the other end",
        would_disprove="an earlier FIN or RST of the other end that the capture missed",
    )


def _reset(connection: Connection, closer: Endpoint) -> tuple[int, int]:
    """Frame and time of the RST that closed: of a live socket, or of a host without one."""
    if closer.rst_frame:
        return closer.rst_frame, closer.reset_time_ns
    for reset in connection.resets or ():
        if reset.of_originator == closer.is_originator and not reset.reverted:
            return reset.frame, reset.time_ns
    return connection.last_frame, connection.last_time_ns
