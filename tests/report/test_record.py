"""The public interface's records hold what the JSON holds."""

import json
from typing import Any

from support.report_samples import V6_KEY, make_connection, make_finding
from tcpflow_analyzer.report.connection_json import write_connection
from tcpflow_analyzer.report.json_text import JsonText
from tcpflow_analyzer.report.record import ConnectionRecord, EndpointRecord, connection_record
from tcpflow_analyzer.table.analysis import Analysis
from tcpflow_analyzer.table.connection import Connection
from tcpflow_analyzer.tcp.states import State

SCOPE = ("vxlan vni 5", "eth0")


def endpoint_members(record: EndpointRecord) -> dict[str, Any]:
    members = {name: getattr(record, name) for name in record.__slots__}
    for name in ("state", "proven_state", "state_at_capture_end"):
        members[name] = str(members[name])
    members["possible_states"] = [str(state) for state in record.possible_states]
    return members


def record_members(record: ConnectionRecord) -> dict[str, Any]:
    """Put a record into the form of the JSON."""
    return {
        "id": record.number,
        "incarnation": record.incarnation,
        "scope": {
            "vlans": list(record.vlans),
            "tunnel": record.tunnel,
            "interface": record.interface,
        },
        "originator": endpoint_members(record.originator),
        "responder": endpoint_members(record.responder),
        "first_time_ns": record.first_time_ns,
        "last_time_ns": record.last_time_ns,
        "first_frame": record.first_frame,
        "last_frame": record.last_frame,
        "frames": record.frames,
        "midstream": record.midstream,
        "handshake": {
            "outcome": record.outcome,
            "syn_to_synack_ns": record.syn_to_synack_ns,
            "synack_to_ack_ns": record.synack_to_ack_ns,
        },
        "close": {
            "shape": record.shape,
            "active_closer": record.active_closer,
            "time_wait_holder": record.time_wait_holder,
            "time_wait_until_ns": record.time_wait_until_ns,
        },
        "completeness": record.completeness,
        "zeek": {"conn_state": record.conn_state, "history": record.history},
        "analysis": record.analysis,
        "transitions": [
            {
                "time_ns": each.time_ns,
                "frame": each.frame,
                "endpoint": each.endpoint,
                "from": str(each.from_state),
                "to": str(each.to_state),
                "event": each.event,
                "certainty": each.certainty,
                "proved_by_frame": each.proved_by_frame,
                "correction": each.correction,
            }
            for each in record.transitions
        ],
        "findings": list(record.findings),
    }


def assert_equal_to_json(connection: Connection) -> None:
    finding = make_finding()
    record = connection_record(connection, [finding], SCOPE)
    out = JsonText()
    write_connection(out, connection, [finding], SCOPE)
    assert record_members(record) == json.loads(b"{%s}" % out.take())


def test_record_equals_json() -> None:
    assert_equal_to_json(make_connection())


def test_record_equals_json_where_things_are_missing() -> None:
    connection = make_connection(key=V6_KEY)
    connection.syn_frame = 0
    connection.active_closer = 0
    connection.originator.time_wait_since_ns = 0
    connection.transitions = None
    connection.midstream = connection.roles_guessed = True
    assert_equal_to_json(connection)


def test_record_equals_json_with_vlan_and_analysis() -> None:
    connection = make_connection()
    connection.vlan = 7
    connection.analysis = Analysis()
    connection.analysis.zero_window = 4
    assert_equal_to_json(connection)


def test_record_is_readable() -> None:
    record = connection_record(make_connection(), [], (None, None))
    assert str(record) == "#1 192.0.2.1:40000 > 192.0.2.2:80"
    assert record.originator.state is State.TIME_WAIT
    assert str(record.originator.state) == "TIME-WAIT"
