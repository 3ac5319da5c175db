"""Writes one connection as JSON text, by hand because there are many of them.

Compiled: yes

Field names and order are those of docs/schema/analyze.schema.json. The text has no line feed and
only ASCII characters. Stretches of text that depend on few small numbers are made once and kept.
"""

from collections.abc import Sequence
from typing import Final

from mypy_extensions import i64

from tcpflow_analyzer.findings.finding import Finding
from tcpflow_analyzer.observer.outcome import (
    final_certainty,
    final_state,
    possible_mask,
    state_at_end,
    time_wait_holder,
)
from tcpflow_analyzer.observer.state_sets import contains
from tcpflow_analyzer.observer.zeek_history import history_text
from tcpflow_analyzer.report.addresses import connection_addresses
from tcpflow_analyzer.report.finding_json import write_identifier
from tcpflow_analyzer.report.json_text import JsonText, octets_of
from tcpflow_analyzer.report.particulars import (
    originator_role,
    responder_role,
    syn_to_synack_ns,
    synack_to_ack_ns,
    time_wait_until_ns,
)
from tcpflow_analyzer.report.zeek import conn_state
from tcpflow_analyzer.table.analysis import Analysis
from tcpflow_analyzer.table.connection import (
    OUTCOME_NAMES,
    SHAPE_NAMES,
    WHO_NAMES,
    Connection,
)
from tcpflow_analyzer.table.endpoint import UNKNOWN, Endpoint
from tcpflow_analyzer.table.transition import Transition
from tcpflow_analyzer.tcp.events import EVENT_COUNT, EVENT_NAMES
from tcpflow_analyzer.tcp.states import CERTAINTY_NAMES, STATE_COUNT, STATE_NAMES

_STATES: Final = octets_of(STATE_NAMES)
_EVENTS: Final = octets_of(EVENT_NAMES)
_CERTAINTIES: Final = octets_of(CERTAINTY_NAMES)
_OUTCOMES: Final = octets_of(OUTCOME_NAMES)
_SHAPES: Final = octets_of(SHAPE_NAMES)
_WHO: Final = [b"null" if name is None else b'"%s"' % name.encode() for name in WHO_NAMES]
_CERTAINTY_COUNT: Final = 3  # of CERTAINTY_NAMES
# What stands between frame and proof of a transition, made when it is first needed.
_CHANGES: Final = [b""] * (2 * EVENT_COUNT * STATE_COUNT * STATE_COUNT * _CERTAINTY_COUNT)
# What is said of the states of an end, by all numbers that it says.
_STATES_TEXTS: Final[dict[int, bytes]] = {}
_MOST_TEXTS: Final = 4096
_STATE_BITS: Final = 4

NO_ANALYSIS: Final = (
    b'{"retransmission":0,"fast_retransmission":0,"spurious_retransmission":0,"out_of_order":0,'
    b'"lost_segment":0,"ack_lost_segment":0,"duplicate_ack":0,"zero_window":0,'
    b'"zero_window_probe":0,"window_update":0,"window_full":0,"keep_alive":0,"keep_alive_ack":0}'
)


def write_connection(
    out: JsonText,
    connection: Connection,
    findings: Sequence[Finding],
    scope: tuple[str | None, str | None],
) -> None:
    """Write the members of a connection's object, without the braces.

    Args:
        out: to write into.
        connection: over, or left when the capture ended.
        findings: about it, in the order of the output; their identifiers are written.
        scope: the tunnel and the interface it was seen in, in words, None for none.
    """
    out.raw(b'"id":')
    out.number(connection.number)
    out.raw(b',"incarnation":')
    out.number(connection.incarnation)
    _write_scope(out, connection, scope)
    out.raw(b',"originator":{"address":"')
    _write_originator_socket(out, connection, scope[1])
    _write_endpoint(out, connection, connection.originator, originator_role(connection))
    out.raw(b',"responder":{"address":"')
    _write_responder_socket(out, connection, scope[1])
    _write_endpoint(out, connection, connection.responder, responder_role(connection))
    _write_extent(out, connection)
    _write_handshake(out, connection)
    _write_close(out, connection)
    out.raw(b',"completeness":')
    out.number(connection.completeness)
    out.raw(b',"zeek":{"conn_state":')
    out.string(conn_state(connection))
    out.raw(b',"history":')
    out.string(history_text(connection))
    out.raw(b'},"analysis":')
    _write_analysis(out, connection.analysis)
    out.raw(b',"transitions":')
    _write_transitions(out, connection)
    out.raw(b',"findings":[')
    first = True
    for finding in findings:
        if not first:
            out.raw(b",")
        first = False
        write_identifier(out, finding)
    out.raw(b"]")


def _write_scope(
    out: JsonText, connection: Connection, scope: tuple[str | None, str | None]
) -> None:
    """Where a connection was seen: VLAN, tunnel, interface."""
    out.raw(b',"scope":{"vlans":[')
    if connection.vlan != UNKNOWN:
        out.number(connection.vlan)
    out.raw(b'],"tunnel":')
    out.string_or_null(scope[0])
    out.raw(b',"interface":')
    out.string_or_null(scope[1])
    out.raw(b"}")


def _write_originator_socket(out: JsonText, connection: Connection, zone: str | None) -> None:
    """The originator's address, and its port behind it."""
    if connection.source >= 0:
        _write_ipv4_socket(out, connection.source)
    else:
        address, port, _, _ = connection_addresses(connection, zone)
        _write_socket(out, address, port)


def _write_responder_socket(out: JsonText, connection: Connection, zone: str | None) -> None:
    """The responder's address, and its port behind it."""
    if connection.source >= 0:
        _write_ipv4_socket(out, connection.destination)
    else:
        _, _, address, port = connection_addresses(connection, zone)
        _write_socket(out, address, port)


def _write_ipv4_socket(out: JsonText, socket: i64) -> None:
    """A socket that is given as a number (decode/segment.py)."""
    out.number(socket >> 40 & 255)
    out.raw(b".")
    out.number(socket >> 32 & 255)
    out.raw(b".")
    out.number(socket >> 24 & 255)
    out.raw(b".")
    out.number(socket >> 16 & 255)
    out.raw(b'","port":')
    out.number(socket & 0xFFFF)


def _write_socket(out: JsonText, address: str, port: i64) -> None:
    out.characters(address)
    out.raw(b'","port":')
    out.number(port)


def _write_endpoint(out: JsonText, connection: Connection, endpoint: Endpoint, role: str) -> None:
    """What stands behind the port of one end."""
    out.raw(b',"role":')
    out.string(role)
    out.raw(_states_text(connection, endpoint))
    if endpoint.iss_seen:
        out.number(endpoint.iss)
    else:
        out.raw(b"null")
    out.raw(b',"segments":')
    out.number(endpoint.segments)
    out.raw(b',"payload_octets":')
    out.number(endpoint.payload_octets)
    out.raw(b',"unique_octets":')
    out.number(endpoint.unique_octets)
    out.raw(b',"retransmitted_segments":')
    out.number(endpoint.retransmitted)
    out.raw(b"}")


def _states_text(connection: Connection, endpoint: Endpoint) -> bytes:
    """The members from `state` to `state_at_capture_end`, and the name of the next."""
    final = final_state(endpoint)
    certainty = final_certainty(endpoint)
    at_end = state_at_end(endpoint)
    possible = possible_mask(connection, endpoint)
    key = possible
    key = key << _STATE_BITS | final
    key = key << _STATE_BITS | certainty
    key = key << _STATE_BITS | endpoint.proven
    key = key << _STATE_BITS | at_end
    text = _STATES_TEXTS.get(key)
    if text is None:
        words = [b'"%s"' % _STATES[each] for each in range(STATE_COUNT) if contains(possible, each)]
        text = (
            b',"state":"%s","certainty":"%s","proven_state":"%s","possible_states":[%s],'
            b'"state_at_capture_end":"%s","iss":'
            % (
                _STATES[final],
                _CERTAINTIES[certainty],
                _STATES[endpoint.proven],
                b",".join(words),
                _STATES[at_end],
            )
        )
        if len(_STATES_TEXTS) < _MOST_TEXTS:
            _STATES_TEXTS[key] = text
    return text


def _write_extent(out: JsonText, connection: Connection) -> None:
    """From when to when it was seen."""
    out.raw(b',"first_time_ns":')
    out.time(connection.first_time_ns)
    out.raw(b',"last_time_ns":')
    out.time(connection.last_time_ns)
    out.raw(b',"first_frame":')
    out.number(connection.first_frame)
    out.raw(b',"last_frame":')
    out.number(connection.last_frame)
    out.raw(b',"frames":')
    out.number(connection.frames)
    out.raw(b',"midstream":')
    out.truth(connection.midstream)


def _write_handshake(out: JsonText, connection: Connection) -> None:
    """How it was opened."""
    out.raw(b',"handshake":{"outcome":')
    out.word(_OUTCOMES[connection.outcome])
    out.raw(b',"syn_to_synack_ns":')
    out.time_or_null(syn_to_synack_ns(connection))
    out.raw(b',"synack_to_ack_ns":')
    out.time_or_null(synack_to_ack_ns(connection))
    out.raw(b"}")


def _write_close(out: JsonText, connection: Connection) -> None:
    """How it was closed and who holds TIME-WAIT."""
    holder = time_wait_holder(connection)
    until: i64 = UNKNOWN
    if holder != 0:
        until = time_wait_until_ns(connection)
    out.raw(b',"close":{"shape":')
    out.word(_SHAPES[connection.shape])
    out.raw(b',"active_closer":')
    out.raw(_WHO[connection.active_closer])
    out.raw(b',"time_wait_holder":')
    out.raw(_WHO[holder])
    out.raw(b',"time_wait_until_ns":')
    out.time_or_null(until)
    out.raw(b"}")


def _write_analysis(out: JsonText, counts: Analysis | None) -> None:
    """The counts of what Wireshark calls tcp.analysis."""
    if counts is None:
        out.raw(NO_ANALYSIS)
        return
    out.raw(b'{"retransmission":')
    out.number(counts.retransmission)
    out.raw(b',"fast_retransmission":')
    out.number(counts.fast_retransmission)
    out.raw(b',"spurious_retransmission":')
    out.number(counts.spurious_retransmission)
    out.raw(b',"out_of_order":')
    out.number(counts.out_of_order)
    out.raw(b',"lost_segment":')
    out.number(counts.lost_segment)
    out.raw(b',"ack_lost_segment":')
    out.number(counts.ack_lost_segment)
    out.raw(b',"duplicate_ack":')
    out.number(counts.duplicate_ack)
    out.raw(b',"zero_window":')
    out.number(counts.zero_window)
    out.raw(b',"zero_window_probe":')
    out.number(counts.zero_window_probe)
    out.raw(b',"window_update":')
    out.number(counts.window_update)
    out.raw(b',"window_full":')
    out.number(counts.window_full)
    out.raw(b',"keep_alive":')
    out.number(counts.keep_alive)
    out.raw(b',"keep_alive_ack":')
    out.number(counts.keep_alive_ack)
    out.raw(b"}")


def _write_transitions(out: JsonText, connection: Connection) -> None:
    """The changes of both believed states in time order."""
    transitions = connection.transitions
    out.raw(b"[")
    if transitions is not None:
        ordered = in_time_order(transitions)
        for index in range(len(ordered)):
            if index > 0:
                out.raw(b",")
            _write_transition(out, ordered[index])
    out.raw(b"]")


def in_time_order(transitions: list[Transition]) -> list[Transition]:
    """Give the transitions by time; those of the same time stay in order of decision."""
    last: i64 = 0
    for transition in transitions:
        if transition.time_ns < last:
            return sorted(transitions, key=transition_time)
        last = transition.time_ns
    return transitions


def transition_time(transition: Transition) -> int:
    """When it happened, as a sort key."""
    return transition.time_ns


def _write_transition(out: JsonText, transition: Transition) -> None:
    """One transition."""
    out.raw(b'{"time_ns":')
    out.time(transition.time_ns)
    out.raw(b',"frame":')
    out.number_or_null(transition.frame)
    out.raw(_change_text(transition))
    out.number_or_null(transition.proved_by_frame)
    if transition.correction:
        out.raw(b',"correction":true}')
    else:
        out.raw(b',"correction":false}')


def _change_text(transition: Transition) -> bytes:
    """The members from `endpoint` to `certainty`, and the name of the next."""
    place = transition.event
    place = place * STATE_COUNT + transition.from_state
    place = place * STATE_COUNT + transition.to_state
    place = place * _CERTAINTY_COUNT + transition.certainty
    place *= 2
    if transition.from_originator:
        place += 1
    text = _CHANGES[place]
    if len(text) == 0:
        text = _CHANGES[place] = (
            b',"endpoint":"%s","from":"%s","to":"%s","event":"%s","certainty":"%s",'
            b'"proved_by_frame":'
            % (
                b"originator" if transition.from_originator else b"responder",
                _STATES[transition.from_state],
                _STATES[transition.to_state],
                _EVENTS[transition.event],
                _CERTAINTIES[transition.certainty],
            )
        )
    return text
