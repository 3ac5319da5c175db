"""What the public interface gives for a connection: light, typed, and free of the observer's state.

A record holds what the JSON's object of the same connection holds (docs/schema), times as integers
in nanoseconds since the epoch, None where the JSON has null.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from tcpflow_analyzer.findings.finding import Finding
from tcpflow_analyzer.observer.outcome import (
    final_certainty,
    final_state,
    possible_states,
    state_at_end,
    time_wait_holder,
)
from tcpflow_analyzer.observer.zeek_history import history_text
from tcpflow_analyzer.report.addresses import connection_addresses, socket_text
from tcpflow_analyzer.report.connection_json import in_time_order
from tcpflow_analyzer.report.particulars import (
    originator_role,
    responder_role,
    syn_to_synack_ns,
    synack_to_ack_ns,
    time_wait_until_ns,
)
from tcpflow_analyzer.report.zeek import conn_state
from tcpflow_analyzer.table.analysis import CLASS_NAMES, Analysis
from tcpflow_analyzer.table.connection import (
    OUTCOME_NAMES,
    SHAPE_NAMES,
    WHO_NAMES,
    Connection,
)
from tcpflow_analyzer.table.endpoint import UNKNOWN, Endpoint
from tcpflow_analyzer.table.transition import Transition
from tcpflow_analyzer.tcp.events import EVENT_NAMES
from tcpflow_analyzer.tcp.states import CERTAINTY_NAMES, State


@dataclass(frozen=True, slots=True)
class EndpointRecord:
    """One end of a connection.

    Attributes:
        address: text, with the zone where it is link-local. port: number.
        role: "active-opener" or "passive-opener", with "guessed-" in front where no SYN was seen.
        state: after its last event on the wire, no timer applied.
        certainty: of `state`: "observed", "inferred" or "assumed".
        proven_state: the newest state that facts force.
        possible_states: `state` among them; more than one unless the certainty is "observed".
        state_at_capture_end: `state` with the timers that have run by the last frame.
        iss: initial sequence number (wrapped), None if its SYN was not captured.
        segments, payload_octets: captured, copies included; unique_octets: without repeats.
        retransmitted_segments: segments that repeat octets.
    """

    address: str
    port: int
    role: str
    state: State
    certainty: str
    proven_state: State
    possible_states: tuple[State, ...]
    state_at_capture_end: State
    iss: int | None
    segments: int
    payload_octets: int
    unique_octets: int
    retransmitted_segments: int

    def __str__(self) -> str:
        """Write `address:port`."""
        return socket_text(self.address, self.port)


@dataclass(frozen=True, slots=True)
class TransitionRecord:
    """A change of an endpoint's believed state.

    Attributes:
        time_ns: when. frame: the frame that caused it, None for a timer.
        endpoint: "originator" or "responder".
        from_state, to_state, event: what happened; `event` in words.
        certainty: what was known at that frame. proved_by_frame: what proved it later, or None.
        correction: whether it takes an earlier one back.
    """

    time_ns: int
    frame: int | None
    endpoint: str
    from_state: State
    to_state: State
    event: str
    certainty: str
    proved_by_frame: int | None
    correction: bool


@dataclass(frozen=True, slots=True)
class ConnectionRecord:
    """One incarnation of a socket pair.

    Attributes:
        number: from 1 by first frame (`id` in the JSON).
        incarnation: 1 for the first connection on this socket pair, 2 for the next ...
        vlans, tunnel, interface: where it was seen, as far as that is part of it.
        originator, responder: its ends.
        first_time_ns, last_time_ns, first_frame, last_frame, frames: its extent in the capture.
        midstream: whether no SYN of it was captured.
        outcome: of the handshake; syn_to_synack_ns, synack_to_ack_ns: durations or None.
        shape: of the close; active_closer, time_wait_holder: "originator", "responder", "both" or
            None; time_wait_until_ns: when TIME-WAIT ends, or None.
        completeness: Wireshark's tcp.completeness. conn_state, history: Zeek's.
        analysis: name of a tcp.analysis class -> number of segments.
        transitions: in time order.
        findings: identifiers of the findings about it.
    """

    number: int
    incarnation: int
    vlans: tuple[int, ...]
    tunnel: str | None
    interface: str | None
    originator: EndpointRecord
    responder: EndpointRecord
    first_time_ns: int
    last_time_ns: int
    first_frame: int
    last_frame: int
    frames: int
    midstream: bool
    outcome: str
    syn_to_synack_ns: int | None
    synack_to_ack_ns: int | None
    shape: str
    active_closer: str | None
    time_wait_holder: str | None
    time_wait_until_ns: int | None
    completeness: int
    conn_state: str
    history: str
    analysis: dict[str, int]
    transitions: tuple[TransitionRecord, ...]
    findings: tuple[str, ...]

    def __str__(self) -> str:
        """Write `#number originator > responder`."""
        return f"#{self.number} {self.originator} > {self.responder}"


def connection_record(
    connection: Connection,
    findings: Sequence[Finding],
    scope: tuple[str | None, str | None],
) -> ConnectionRecord:
    """Make the record of a connection; nothing of it refers to the connection.

    Args:
        connection: over, or left when the capture ended.
        findings: about it, in the order of the output.
        scope: the tunnel and the interface it was seen in, in words, None for none.
    """
    source, source_port, destination, destination_port = connection_addresses(connection, scope[1])
    holder = time_wait_holder(connection)
    history = history_text(connection)
    return ConnectionRecord(
        number=connection.number,
        incarnation=connection.incarnation,
        vlans=() if connection.vlan == UNKNOWN else (connection.vlan,),
        tunnel=scope[0],
        interface=scope[1],
        originator=_endpoint_record(
            connection, connection.originator, source, source_port, originator_role(connection)
        ),
        responder=_endpoint_record(
            connection,
            connection.responder,
            destination,
            destination_port,
            responder_role(connection),
        ),
        first_time_ns=connection.first_time_ns,
        last_time_ns=connection.last_time_ns,
        first_frame=connection.first_frame,
        last_frame=connection.last_frame,
        frames=connection.frames,
        midstream=connection.midstream,
        outcome=OUTCOME_NAMES[connection.outcome],
        syn_to_synack_ns=_none_if_negative(syn_to_synack_ns(connection)),
        synack_to_ack_ns=_none_if_negative(synack_to_ack_ns(connection)),
        shape=SHAPE_NAMES[connection.shape],
        active_closer=WHO_NAMES[connection.active_closer],
        time_wait_holder=WHO_NAMES[holder],
        time_wait_until_ns=time_wait_until_ns(connection) if holder else None,
        completeness=connection.completeness,
        conn_state=conn_state(connection),
        history=history,
        analysis=_analysis_counts(connection.analysis),
        transitions=tuple(
            _transition_record(each) for each in in_time_order(connection.transitions or [])
        ),
        findings=tuple(finding.identifier for finding in findings),
    )


def _endpoint_record(
    connection: Connection, endpoint: Endpoint, address: str, port: int, role: str
) -> EndpointRecord:
    return EndpointRecord(
        address=address,
        port=port,
        role=role,
        state=State(final_state(endpoint)),
        certainty=CERTAINTY_NAMES[final_certainty(endpoint)],
        proven_state=State(endpoint.proven),
        possible_states=tuple(State(number) for number in possible_states(connection, endpoint)),
        state_at_capture_end=State(state_at_end(endpoint)),
        iss=endpoint.iss if endpoint.iss_seen else None,
        segments=endpoint.segments,
        payload_octets=endpoint.payload_octets,
        unique_octets=endpoint.unique_octets,
        retransmitted_segments=endpoint.retransmitted,
    )


def _transition_record(transition: Transition) -> TransitionRecord:
    return TransitionRecord(
        time_ns=transition.time_ns,
        frame=transition.frame or None,
        endpoint="originator" if transition.from_originator else "responder",
        from_state=State(transition.from_state),
        to_state=State(transition.to_state),
        event=EVENT_NAMES[transition.event],
        certainty=CERTAINTY_NAMES[transition.certainty],
        proved_by_frame=transition.proved_by_frame or None,
        correction=transition.correction,
    )


def _analysis_counts(analysis: Analysis | None) -> dict[str, int]:
    return {name: 0 if analysis is None else getattr(analysis, name) for name in CLASS_NAMES}


def _none_if_negative(value: int) -> int | None:
    return None if value < 0 else value
