"""Writes one connection, and one finding, as JSON text, by hand because there are many of them.

Compiled: yes

Field names and order are those of docs/schema/analyze.schema.json. The text has no line feed and
only ASCII characters.
"""

from json.encoder import encode_basestring_ascii

from mypy_extensions import i64

from tcpflow_analyzer.observer.outcome import (
    final_certainty,
    final_state,
    possible_states,
    state_at_end,
    time_wait_holder,
)
from tcpflow_analyzer.observer.zeek_history import history_text
from tcpflow_analyzer.report.addresses import connection_addresses
from tcpflow_analyzer.report.particulars import (
    originator_role,
    responder_role,
    syn_to_synack_ns,
    synack_to_ack_ns,
    time_wait_until_ns,
)
from tcpflow_analyzer.report.zeek import conn_state
from tcpflow_analyzer.table.connection import (
    OUTCOME_NAMES,
    SHAPE_NAMES,
    WHO_NAMES,
    Connection,
)
from tcpflow_analyzer.table.endpoint import UNKNOWN, Endpoint
from tcpflow_analyzer.table.transition import Transition
from tcpflow_analyzer.tcp.events import EVENT_NAMES
from tcpflow_analyzer.tcp.states import CERTAINTY_NAMES, STATE_NAMES

NO_ANALYSIS = (
    '{"retransmission":0,"fast_retransmission":0,"spurious_retransmission":0,"out_of_order":0,'
    '"lost_segment":0,"ack_lost_segment":0,"duplicate_ack":0,"zero_window":0,'
    '"zero_window_probe":0,"window_update":0,"window_full":0,"keep_alive":0,"keep_alive_ack":0}'
)


def connection_fields(
    connection: Connection,
    identifiers: list[str],
    scope: tuple[str | None, str | None],
    quote: str,
) -> str:
    """Write the members of a connection's object, without the braces.

    Args:
        connection: over, or left when the capture ended.
        identifiers: of its findings, in the order of the output.
        scope: the tunnel and the interface it was seen in, in words, None for none.
        quote: put around times: '"' for `--ns-as-strings`, otherwise "".
    """
    source, source_port, destination, destination_port = connection_addresses(connection, scope[1])
    history = history_text(connection)
    finding_list = '","'.join(identifiers)
    return (
        f'"id":{connection.number},"incarnation":{connection.incarnation},'
        f'"scope":{scope_text(connection, scope)},'
        f'"originator":{{"address":{text(source)},"port":{source_port},'
        f'"role":"{originator_role(connection)}",'
        f"{endpoint_fields(connection, connection.originator)}}},"
        f'"responder":{{"address":{text(destination)},"port":{destination_port},'
        f'"role":"{responder_role(connection)}",'
        f"{endpoint_fields(connection, connection.responder)}}},"
        f'"first_time_ns":{quote}{connection.first_time_ns}{quote},'
        f'"last_time_ns":{quote}{connection.last_time_ns}{quote},'
        f'"first_frame":{connection.first_frame},"last_frame":{connection.last_frame},'
        f'"frames":{connection.frames},"midstream":{truth(connection.midstream)},'
        f'"handshake":{{"outcome":"{OUTCOME_NAMES[connection.outcome]}",'
        f'"syn_to_synack_ns":{time_or_null(syn_to_synack_ns(connection), quote)},'
        f'"synack_to_ack_ns":{time_or_null(synack_to_ack_ns(connection), quote)}}},'
        f'"close":{close_text(connection, quote)},'
        f'"completeness":{connection.completeness},'
        f'"zeek":{{"conn_state":"{conn_state(connection)}","history":"{history}"}},'
        f'"analysis":{analysis_text(connection)},'
        f'"transitions":{transitions_text(connection, quote)},'
        f'"findings":[{chr(34) + finding_list + chr(34) if identifiers else ""}]'
    )


def scope_text(connection: Connection, scope: tuple[str | None, str | None]) -> str:
    """Write where a connection was seen: VLAN, tunnel, interface."""
    vlans = "" if connection.vlan == UNKNOWN else str(connection.vlan)
    tunnel, interface = text_or_null(scope[0]), text_or_null(scope[1])
    return f'{{"vlans":[{vlans}],"tunnel":{tunnel},"interface":{interface}}}'


def endpoint_fields(connection: Connection, endpoint: Endpoint) -> str:
    """Write what is the same for both ends, from `state` on."""
    state = STATE_NAMES[final_state(endpoint)]
    possible = '","'.join([STATE_NAMES[number] for number in possible_states(connection, endpoint)])
    iss = str(endpoint.iss) if endpoint.iss_seen else "null"
    return (
        f'"state":"{state}","certainty":"{CERTAINTY_NAMES[final_certainty(endpoint)]}",'
        f'"proven_state":"{STATE_NAMES[endpoint.proven]}","possible_states":["{possible}"],'
        f'"state_at_capture_end":"{STATE_NAMES[state_at_end(endpoint)]}",'
        f'"iss":{iss},"segments":{endpoint.segments},'
        f'"payload_octets":{endpoint.payload_octets},"unique_octets":{endpoint.unique_octets},'
        f'"retransmitted_segments":{endpoint.retransmitted}'
    )


def close_text(connection: Connection, quote: str) -> str:
    """Write how it was closed and who holds TIME-WAIT."""
    holder = time_wait_holder(connection)
    until = time_wait_until_ns(connection) if holder else UNKNOWN
    return (
        f'{{"shape":"{SHAPE_NAMES[connection.shape]}",'
        f'"active_closer":{who_text(connection.active_closer)},'
        f'"time_wait_holder":{who_text(holder)},'
        f'"time_wait_until_ns":{time_or_null(until, quote)}}}'
    )


def analysis_text(connection: Connection) -> str:
    """Write the counts of what Wireshark calls tcp.analysis."""
    counts = connection.analysis
    if counts is None:
        return NO_ANALYSIS
    return (
        f'{{"retransmission":{counts.retransmission},'
        f'"fast_retransmission":{counts.fast_retransmission},'
        f'"spurious_retransmission":{counts.spurious_retransmission},'
        f'"out_of_order":{counts.out_of_order},"lost_segment":{counts.lost_segment},'
        f'"ack_lost_segment":{counts.ack_lost_segment},"duplicate_ack":{counts.duplicate_ack},'
        f'"zero_window":{counts.zero_window},"zero_window_probe":{counts.zero_window_probe},'
        f'"window_update":{counts.window_update},"window_full":{counts.window_full},'
        f'"keep_alive":{counts.keep_alive},"keep_alive_ack":{counts.keep_alive_ack}}}'
    )


def transitions_text(connection: Connection, quote: str) -> str:
    """Write the changes of both believed states in time order."""
    transitions = connection.transitions
    if transitions is None:
        return "[]"
    return f"[{','.join([transition_text(each, quote) for each in in_time_order(transitions)])}]"


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


def transition_text(transition: Transition, quote: str) -> str:
    """Write one transition."""
    frame = str(transition.frame) if transition.frame else "null"
    proved = str(transition.proved_by_frame) if transition.proved_by_frame else "null"
    return (
        f'{{"time_ns":{quote}{transition.time_ns}{quote},"frame":{frame},'
        f'"endpoint":"{"originator" if transition.from_originator else "responder"}",'
        f'"from":"{STATE_NAMES[transition.from_state]}","to":"{STATE_NAMES[transition.to_state]}",'
        f'"event":"{EVENT_NAMES[transition.event]}",'
        f'"certainty":"{CERTAINTY_NAMES[transition.certainty]}",'
        f'"proved_by_frame":{proved},"correction":{truth(transition.correction)}}}'
    )


def who_text(who: i64) -> str:
    """Write an originator, responder or both; null for nobody."""
    name = WHO_NAMES[who]
    return "null" if name is None else f'"{name}"'


def time_or_null(time_ns: i64, quote: str) -> str:
    """Write a time or duration in nanoseconds; null for a negative one, which means none."""
    return "null" if time_ns < 0 else f"{quote}{time_ns}{quote}"


def truth(value: bool) -> str:
    """Write true or false."""
    return "true" if value else "false"


def text(value: str) -> str:
    """Write a string with its quotes."""
    return str(encode_basestring_ascii(value))


def text_or_null(value: str | None) -> str:
    """Write a string with its quotes, or null."""
    return "null" if value is None else text(value)
