"""What findings about a RST show of it: names, states, numbers. Registers nothing.

Compiled: yes
"""

from tcpflow_analyzer.findings.finding import endpoint_name, seconds
from tcpflow_analyzer.table.connection import Connection
from tcpflow_analyzer.table.observation import (
    FORM_LIVE,
    FORM_OTHER,
    FORM_REFUSAL,
    FORM_STATELESS,
    Reset,
)
from tcpflow_analyzer.tcp.states import STATE_NAMES

_FORMS = {
    FORM_REFUSAL: "refusal",
    FORM_STATELESS: "no socket",
    FORM_LIVE: "live socket",
    FORM_OTHER: "other",
}


def reset_values(connection: Connection, reset: Reset) -> dict[str, object]:
    """Fields that the templates of RST findings share; offsets are relative sequence numbers."""
    sender = connection.endpoint(reset.of_originator)
    peer = connection.endpoint(not reset.of_originator)
    return {
        "sender": endpoint_name(connection, sender),
        "peer": endpoint_name(connection, peer),
        "frame": reset.frame,
        "form": _FORMS[reset.form],
        "state": STATE_NAMES[reset.sender_state],
        "peer_state": STATE_NAMES[reset.receiver_state],
        "seq": reset.seq_offset,
        "expected": reset.expected,
        "own_octets": reset.own_unacked,
        "peer_octets": reset.peer_unacked,
        "trigger": reset.trigger_frame,
        "delay": seconds(answer_ns(reset)),
        "ttl": reset.ttl,
    }


def answer_ns(reset: Reset) -> int:
    """Time from the segment that the RST answers to the RST, 0 where there is none."""
    return reset.time_ns - reset.trigger_time_ns if reset.trigger_frame else 0
