"""RS002: an abort with data in flight.

Compiled: yes
"""

from collections.abc import Iterator
from typing import Final

from tcpflow_analyzer.findings.finding import CaptureView, Finding, Severity, seconds
from tcpflow_analyzer.findings.lifecycle.judgement import judge
from tcpflow_analyzer.findings.registry import finding
from tcpflow_analyzer.findings.reset.cause import (
    causes,
    frames_of_resets,
    own_lost,
    reset_certainty,
    sender_of,
)
from tcpflow_analyzer.findings.reset.evidence import reset_values
from tcpflow_analyzer.findings.reset.traits import caused
from tcpflow_analyzer.table.connection import Connection
from tcpflow_analyzer.table.observation import RESET, Reset

# A TLS close_notify, or a late answer that nobody reads any more, is not worth an error.
LITTLE: Final = 64


@finding(
    "RS002",
    severity="error",
    severities=("warning", "error"),
    since="0.1.0",
    wakes=RESET,
    resets=caused("RS002"),
)
def reset_loses_data(connection: Connection, capture: CaptureView) -> Iterator[Finding]:
    """The connection was aborted while data was unacknowledged: octets were or may be lost.

    Set when all of the following hold:
      - an endpoint sent a RST that ended the connection, without having sent FIN before;
      - data of its own was not acknowledged, or it had not acknowledged data of its peer.
    An error where its own data or more than 64 octets of the peer's were at risk, else a warning.

    Supersedes: RS003, RS001. Superseded by: RS004, CL008, RS006 and RS005.
    Why it matters: data that the sending application considers sent never reaches the other.
    What to do: look for SO_LINGER with a time of 0 (`linger0_like` where the RST follows the last
        data within a round trip: the send buffer was thrown away), or for a process that ended
        while its peer was still sending.
    Not proof of: loss in the application; octets acknowledged by the kernel may be unread too, and
        octets in flight may have arrived just before the RST.
    Other tools: Wireshark tcp.connection.rst; Zeek RSTO or RSTR; tcptrace RESET; conntrack CLOSE;
        Suricata has no name for it.
    References: RFC 9293 section 3.10.5 (ABORT), section 3.10.7.4 second step.
    Seen in: fixtures/findings/RS002-reset-loses-data
    """
    for found in causes(connection, "RS002", capture.settings):
        reset = found.reset
        sender = sender_of(connection, reset)
        values = reset_values(connection, reset)
        values["own_octets"] = own_lost(reset)
        values["linger0_like"] = _is_linger_like(connection, reset)
        yield judge(
            "RS002",
            connection,
            about=sender,
            severity=_severity(reset),
            certainty=reset_certainty(connection, reset),
            time_ns=reset.time_ns,
            frames=(
                reset.sender_data_frame,
                reset.receiver_data_frame,
                *frames_of_resets(found.resets),
            ),
            template=_template(values, reset),
            values=values,
            why="the RST came before the acknowledgement of octets that were on their way",
            would_disprove="an acknowledgement of these octets before the RST",
        )


def _severity(reset: Reset) -> Severity:
    return "error" if own_lost(reset) > 0 or reset.peer_unacked > LITTLE else "warning"


def _is_linger_like(connection: Connection, reset: Reset) -> bool:
    """Whether the RST follows the sender's own unacknowledged data within a round trip."""
    peer = connection.endpoint(not reset.of_originator)
    if reset.own_unacked == 0 or peer.rtt_ns < 0:
        return False
    round_trip_ns = peer.rtt_ns + max(reset.sender_rtt_ns, 0)
    return reset.time_ns - reset.sender_data_time_ns < round_trip_ns


def _template(values: dict[str, object], reset: Reset) -> str:
    lost = []
    if own_lost(reset) > 0:
        lost.append("{own_octets} octets of its own")
    if reset.peer_unacked > 0:
        lost.append("{peer_octets} octets of {peer}")
    template = f"{{sender}} sent RST (frame {{frame}}) with {' and '.join(lost)} unacknowledged"
    if reset.sender_data_frame and reset.own_unacked > 0:
        values["idle"] = seconds(reset.time_ns - reset.sender_data_time_ns)
        template += ", {idle:.6f} s after its last data"
    return template
