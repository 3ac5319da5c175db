"""The JSON text of one connection."""

import json
from collections.abc import Sequence
from typing import Any

from support.report_samples import (
    START_NS,
    V6_KEY,
    make_connection,
    make_finding,
    make_transition,
)
from tcpflow_analyzer.findings.finding import Finding
from tcpflow_analyzer.report.connection_json import in_time_order, write_connection
from tcpflow_analyzer.report.json_text import JsonText
from tcpflow_analyzer.table.analysis import Analysis
from tcpflow_analyzer.table.connection import Connection
from tcpflow_analyzer.tcp.events import SND_DATA
from tcpflow_analyzer.tcp.states import ESTABLISHED


def members(
    connection: Connection,
    findings: Sequence[Finding] = (),
    scope: tuple[str | None, str | None] = (None, None),
    ns_as_strings: bool = False,
) -> dict[str, Any]:
    out = JsonText(ns_as_strings)
    write_connection(out, connection, findings, scope)
    text = out.take()
    assert text.isascii()
    assert b"\n" not in text
    return dict(json.loads(b"{%s}" % text))


def test_fields_in_the_order_of_the_contract() -> None:
    connection = members(make_connection())
    assert list(connection) == [
        *("id", "incarnation", "scope", "originator", "responder"),
        *("first_time_ns", "last_time_ns", "first_frame", "last_frame", "frames", "midstream"),
        *("handshake", "close", "completeness", "zeek", "analysis", "transitions", "findings"),
    ]
    assert list(connection["originator"]) == [
        *("address", "port", "role", "state", "certainty", "proven_state", "possible_states"),
        *("state_at_capture_end", "iss", "segments", "payload_octets", "unique_octets"),
        "retransmitted_segments",
    ]


def test_fields_of_a_closed_connection() -> None:
    made = make_connection()
    assert made.transitions is not None
    made.transitions[1].proved_by_frame = 2
    findings = [
        make_finding("LC001", endpoint=None, frames=(3,)),
        make_finding("LC004", endpoint="responder", frames=(9, 10)),
    ]
    connection = members(made, findings)
    assert connection["transitions"][1]["proved_by_frame"] == 2
    assert connection["originator"] == {
        "address": "192.0.2.1",
        "port": 40000,
        "role": "active-opener",
        "state": "TIME-WAIT",
        "certainty": "observed",
        "proven_state": "TIME-WAIT",
        "possible_states": ["TIME-WAIT"],
        "state_at_capture_end": "TIME-WAIT",
        "iss": 1000,
        "segments": 5,
        "payload_octets": 100,
        "unique_octets": 100,
        "retransmitted_segments": 0,
    }
    assert connection["handshake"] == {
        "outcome": "completed",
        "syn_to_synack_ns": 400_000,
        "synack_to_ack_ns": 10_000,
    }
    assert connection["close"] == {
        "shape": "4-segment",
        "active_closer": "originator",
        "time_wait_holder": "originator",
        "time_wait_until_ns": START_NS + 60_000_009_000,
    }
    assert connection["findings"] == ["1:LC001:-:3", "1:LC004:responder:9"]
    assert connection["transitions"][0] == {
        "time_ns": START_NS,
        "frame": 1,
        "endpoint": "originator",
        "from": "CLOSED",
        "to": "SYN-SENT",
        "event": "sent SYN",
        "certainty": "observed",
        "proved_by_frame": None,
        "correction": False,
    }


def test_fields_without_syn_time_wait_or_transitions_are_null_or_empty() -> None:
    connection = make_connection()
    connection.originator.time_wait_since_ns = 0
    connection.syn_frame = connection.ack_frame = 0
    connection.active_closer = 0
    connection.transitions = None
    found = members(connection)
    assert found["responder"]["iss"] is None
    assert found["handshake"]["syn_to_synack_ns"] is None
    assert found["handshake"]["synack_to_ack_ns"] is None
    assert found["close"]["active_closer"] is None
    assert found["close"]["time_wait_holder"] is None
    assert found["close"]["time_wait_until_ns"] is None
    assert found["transitions"] == []
    assert found["findings"] == []


def test_fields_scope_names_are_escaped() -> None:
    connection = make_connection(key=V6_KEY)
    connection.vlan = 7
    found = members(connection, scope=('vxlan "5"', "eth\u00e90"))
    assert found["scope"] == {"vlans": [7], "tunnel": 'vxlan "5"', "interface": "eth\u00e90"}
    assert found["originator"]["address"] == "fe80::1%eth\u00e90"


def test_fields_times_as_strings() -> None:
    found = members(make_connection(), ns_as_strings=True)
    assert found["first_time_ns"] == str(START_NS)
    assert found["handshake"]["syn_to_synack_ns"] == "400000"
    assert found["transitions"][0]["time_ns"] == str(START_NS)
    assert found["frames"] == 9


def test_analysis_counts_by_class() -> None:
    connection = make_connection()
    assert set(members(connection)["analysis"].values()) == {0}
    connection.analysis = Analysis()
    connection.analysis.retransmission = 2
    connection.analysis.keep_alive_ack = 3
    found = members(connection)["analysis"]
    assert (found["retransmission"], found["keep_alive_ack"]) == (2, 3)
    assert sum(found.values()) == 5


def test_in_time_order_timers_go_to_their_time_and_ties_stay() -> None:
    late = make_transition(50, 0, SND_DATA, ESTABLISHED, ESTABLISHED)
    first = make_transition(10, 2, SND_DATA, ESTABLISHED, ESTABLISHED)
    second = make_transition(10, 2, SND_DATA, ESTABLISHED, ESTABLISHED)
    assert in_time_order([late, first, second]) == [first, second, late]
    ordered = [first, second, late]
    assert in_time_order(ordered) is ordered
