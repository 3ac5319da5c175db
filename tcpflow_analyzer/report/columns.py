"""The columns of a table with a row for each connection, for spreadsheets and data frames.

In: a connection that is over, its findings. Out: a row of plain values, None where there is none.
"""

from collections.abc import Sequence
from typing import Final

from tcpflow_analyzer.findings.finding import Finding
from tcpflow_analyzer.observer.outcome import (
    final_certainty,
    final_state,
    state_at_end,
    time_wait_holder,
)
from tcpflow_analyzer.report.addresses import connection_addresses
from tcpflow_analyzer.report.particulars import (
    originator_role,
    responder_role,
    syn_to_synack_ns,
    synack_to_ack_ns,
    time_wait_until_ns,
)
from tcpflow_analyzer.report.zeek import conn_state, history_text
from tcpflow_analyzer.table.connection import OUTCOME_NAMES, SHAPE_NAMES, WHO_NAMES, Connection
from tcpflow_analyzer.table.endpoint import UNKNOWN, Endpoint
from tcpflow_analyzer.tcp.states import CERTAINTY_NAMES, STATE_NAMES

Value = int | str | bool | None

# Name -> kind of value: "int", "text", "bool" or "time" (nanoseconds since the epoch, UTC).
_OF_CONNECTION: Final = {
    "number": "int",
    "incarnation": "int",
    "originator_address": "text",
    "originator_port": "int",
    "responder_address": "text",
    "responder_port": "int",
    "vlan": "int",
    "tunnel": "text",
    "interface": "text",
    "first_time_ns": "time",
    "last_time_ns": "time",
    "first_frame": "int",
    "last_frame": "int",
    "frames": "int",
    "midstream": "bool",
    "outcome": "text",
    "syn_to_synack_ns": "int",
    "synack_to_ack_ns": "int",
    "shape": "text",
    "active_closer": "text",
    "time_wait_holder": "text",
    "time_wait_until_ns": "time",
    "completeness": "int",
    "conn_state": "text",
    "history": "text",
}
_OF_ENDPOINT: Final = {
    "role": "text",
    "state": "text",
    "certainty": "text",
    "proven_state": "text",
    "state_at_capture_end": "text",
    "iss": "int",
    "segments": "int",
    "payload_octets": "int",
    "unique_octets": "int",
    "retransmitted_segments": "int",
}
COLUMNS: Final[dict[str, str]] = (
    _OF_CONNECTION
    | {f"originator_{name}": kind for name, kind in _OF_ENDPOINT.items()}
    | {f"responder_{name}": kind for name, kind in _OF_ENDPOINT.items()}
    | {"findings": "text"}
)


def row_of(
    connection: Connection,
    findings: Sequence[Finding],
    scope: tuple[str | None, str | None],
) -> tuple[Value, ...]:
    """Make the row of a connection, in the order of COLUMNS.

    Args:
        connection: over, or left when the capture ended.
        findings: about it; their codes become one text, "CL005 RS002".
        scope: the tunnel and the interface it was seen in, in words, None for none.
    """
    source, source_port, destination, destination_port = connection_addresses(connection, scope[1])
    holder = time_wait_holder(connection)
    return (
        connection.number,
        connection.incarnation,
        source,
        source_port,
        destination,
        destination_port,
        None if connection.vlan == UNKNOWN else connection.vlan,
        scope[0],
        scope[1],
        connection.first_time_ns,
        connection.last_time_ns,
        connection.first_frame,
        connection.last_frame,
        connection.frames,
        connection.midstream,
        OUTCOME_NAMES[connection.outcome],
        _none_if_negative(syn_to_synack_ns(connection)),
        _none_if_negative(synack_to_ack_ns(connection)),
        SHAPE_NAMES[connection.shape],
        WHO_NAMES[connection.active_closer],
        WHO_NAMES[holder],
        time_wait_until_ns(connection) if holder else None,
        connection.completeness,
        conn_state(connection),
        history_text(connection),
        *_endpoint_values(connection.originator, originator_role(connection)),
        *_endpoint_values(connection.responder, responder_role(connection)),
        " ".join(sorted({finding.code for finding in findings})),
    )


def _endpoint_values(endpoint: Endpoint, role: str) -> tuple[Value, ...]:
    return (
        role,
        STATE_NAMES[final_state(endpoint)],
        CERTAINTY_NAMES[final_certainty(endpoint)],
        STATE_NAMES[endpoint.proven],
        STATE_NAMES[state_at_end(endpoint)],
        endpoint.iss if endpoint.iss_seen else None,
        endpoint.segments,
        endpoint.payload_octets,
        endpoint.unique_octets,
        endpoint.retransmitted,
    )


def _none_if_negative(value: int) -> int | None:
    return None if value < 0 else value
