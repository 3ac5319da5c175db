"""How a connection is left: final states with their certainty, shape of the close, what is open.

Compiled: yes
"""

from mypy_extensions import i64

from tcpflow_analyzer.observer.belief import is_over, settle, settle_receipts
from tcpflow_analyzer.observer.liveness import note_idle_at_end
from tcpflow_analyzer.observer.path import note_proxy
from tcpflow_analyzer.observer.state_sets import contains
from tcpflow_analyzer.observer.stream_facts import conclude_stream
from tcpflow_analyzer.observer.timing import Timing
from tcpflow_analyzer.observer.window_facts import conclude_windows
from tcpflow_analyzer.table.connection import (
    BOTH,
    NOBODY,
    ORIGINATOR,
    OUTCOME_INCOMPLETE,
    OUTCOME_UNANSWERED,
    RESPONDER,
    SHAPE_3_SEGMENT,
    SHAPE_4_SEGMENT,
    SHAPE_HALF_CLOSED,
    SHAPE_NONE,
    SHAPE_PIGGYBACK,
    SHAPE_REPLACED,
    SHAPE_RESET,
    SHAPE_SIMULTANEOUS,
    Connection,
)
from tcpflow_analyzer.table.endpoint import UNKNOWN, Endpoint
from tcpflow_analyzer.table.observation import (
    CLOSE_WAIT_HELD,
    FIN_UNACKNOWLEDGED,
    FIN_WAIT_2_HELD,
    HANDSHAKE_UNFINISHED,
    MISSING_DATA,
    ONE_SIDED,
    OPEN_AT_END,
    ORDERLY_CLOSE,
    RST_ACCEPTED,
    SIMULTANEOUS_CLOSE,
    STALE_RECOVERY,
    UNANSWERED,
    Reset,
)
from tcpflow_analyzer.tcp.events import TIMER_GIVE_UP, TIMER_TIME_WAIT
from tcpflow_analyzer.tcp.states import (
    ASSUMED,
    CLOSE_WAIT,
    CLOSED,
    FIN_WAIT_2,
    INFERRED,
    LISTEN,
    OBSERVED,
    STATE_COUNT,
    SYN_RECEIVED,
    SYN_SENT,
    TIME_WAIT,
)


def final_state(endpoint: Endpoint) -> i64:
    """The state after the endpoint's last event on the wire; no timer is applied."""
    last = endpoint.last_step()
    if last is not None and (last.event == TIMER_TIME_WAIT or last.event == TIMER_GIVE_UP):
        return last.from_state
    return endpoint.believed


def final_certainty(endpoint: Endpoint) -> i64:
    """Certainty of `final_state`: that of the proven state, or of what is believed beyond it."""
    chain = endpoint.chain
    if chain is None or chain.event == TIMER_TIME_WAIT or chain.event == TIMER_GIVE_UP:
        if endpoint.segments == 0 and endpoint.certainty == OBSERVED:
            return ASSUMED  # nothing of it was seen, so nothing happened to it as far as is known
        rarities = endpoint.rarities
        if rarities is not None and rarities.rests_on_inference:
            return endpoint.certainty if endpoint.certainty > INFERRED else INFERRED
        return endpoint.certainty
    return endpoint.certainty if endpoint.certainty > INFERRED else INFERRED


def state_at_end(endpoint: Endpoint) -> i64:
    """The state with the timers that have run by the time of the last `settle`."""
    return endpoint.believed


def possible_states(connection: Connection, endpoint: Endpoint) -> list[int]:
    """All states the endpoint may be in, ascending; contains `final_state`."""
    states = possible_mask(connection, endpoint)
    return [state for state in range(STATE_COUNT) if contains(states, state)]


def possible_mask(connection: Connection, endpoint: Endpoint) -> i64:
    """`possible_states` as a mask, bit number = state."""
    final = final_state(endpoint)
    one: i64 = 1
    states: i64 = one << final
    if final_certainty(endpoint) != 0:
        states |= one << endpoint.proven
    transition = endpoint.chain
    while transition is not None:
        if transition.event != TIMER_TIME_WAIT and transition.event != TIMER_GIVE_UP:
            states |= one << transition.to_state
        transition = transition.next_step
    states |= endpoint.possible
    if final == CLOSED and endpoint.segments == 0:
        states |= one << LISTEN  # whether somebody listened there nobody has seen
    return states


def conclude(connection: Connection, now_ns: i64, timing: Timing) -> None:
    """Settle everything and note what is left open; called once, when it is handed over.

    Args:
        connection: to conclude.
        now_ns: capture time up to which timers have run.
        timing: profile times.
    """
    settle(connection, now_ns, timing)
    settle_receipts(connection, timing)
    connection.shape = shape_of(connection)
    originator, responder = connection.originator, connection.responder
    if not (is_over(originator) and is_over(responder)):
        connection.observed |= OPEN_AT_END
    last_frame, last_time = connection.last_frame, connection.last_time_ns
    if connection.outcome == OUTCOME_UNANSWERED and originator.proven == SYN_SENT:
        connection.note(UNANSWERED, True, last_frame, last_time, originator.retries, 0, 0)
    if connection.outcome == OUTCOME_INCOMPLETE and responder.proven == SYN_RECEIVED:
        connection.note(HANDSHAKE_UNFINISHED, False, last_frame, last_time, responder.retries, 0, 0)
    if connection.stale_ack_frame != 0 and connection.synack_frame == 0:
        connection.note(
            STALE_RECOVERY,
            True,
            connection.stale_ack_frame,
            last_time,
            -1,
            connection.stale_ack_frame,
            connection.stale_reset_frame,
        )
    _note_one_sided(connection, originator, responder)
    _note_one_sided(connection, responder, originator)
    note_idle_at_end(connection, now_ns, timing)
    note_proxy(connection)
    if connection.stream_observed != 0:
        conclude_stream(connection, now_ns, timing)
        conclude_windows(connection, now_ns)
    _note_open_close(connection, originator, responder)
    _note_open_close(connection, responder, originator)


def _note_one_sided(connection: Connection, seen: Endpoint, unseen: Endpoint) -> None:
    if seen.segments > 0 and unseen.segments == 0 and seen.proven != SYN_SENT:
        acked = unseen.snd_una if unseen.has_origin else 0
        if connection.one_sided or acked > 1:
            connection.note(
                ONE_SIDED,
                seen.is_originator,
                seen.last_frame,
                seen.last_time_ns,
                seen.segments,
                acked,
                0,
            )


def _note_open_close(connection: Connection, endpoint: Endpoint, peer: Endpoint) -> None:
    """What the closing of this end still waits for."""
    of_originator = endpoint.is_originator
    if endpoint.fin_offset != UNKNOWN:
        if endpoint.fin_acked_frame == 0 and not connection.one_sided:
            connection.note(
                FIN_UNACKNOWLEDGED,
                of_originator,
                endpoint.fin_frame,
                endpoint.fin_time_ns,
                endpoint.fin_copies,
                endpoint.snd_una,
                endpoint.fin_offset,
            )
        if endpoint.contiguous < endpoint.fin_offset:
            connection.note(
                MISSING_DATA,
                of_originator,
                endpoint.fin_frame,
                endpoint.fin_time_ns,
                endpoint.fin_offset - endpoint.contiguous,
                endpoint.contiguous,
                endpoint.fin_offset,
            )
    final = final_state(endpoint)
    if final == CLOSE_WAIT:
        since = peer.fin_acked_time_ns if peer.fin_acked_time_ns != 0 else peer.fin_time_ns
        if endpoint.last_data_time_ns > since:
            since = endpoint.last_data_time_ns
        connection.note(
            CLOSE_WAIT_HELD, of_originator, peer.fin_frame, peer.fin_time_ns, since, 0, 0
        )
    if final == FIN_WAIT_2:
        connection.note(
            FIN_WAIT_2_HELD,
            of_originator,
            endpoint.fin_frame,
            endpoint.fin_time_ns,
            endpoint.fin_acked_time_ns,
            0,
            0,
        )


def shape_of(connection: Connection) -> i64:
    """close.shape, and the ORDERLY_CLOSE fact."""
    if connection.shape == SHAPE_REPLACED:
        return SHAPE_REPLACED
    originator, responder = connection.originator, connection.responder
    both_fins = originator.fin_offset != UNKNOWN and responder.fin_offset != UNKNOWN
    both_acked = originator.fin_acked_frame != 0 and responder.fin_acked_frame != 0
    reset_frame = closing_reset(connection)
    if both_acked:
        last = originator.fin_acked_frame
        if responder.fin_acked_frame > last:
            last = responder.fin_acked_frame
        if reset_frame == 0 or reset_frame > last:
            if connection.observed & SIMULTANEOUS_CLOSE == 0:
                connection.observed |= ORDERLY_CLOSE
            return _fin_shape(connection)
    if reset_frame != 0:
        return SHAPE_RESET
    if both_fins:
        return _fin_shape(connection)
    if originator.fin_offset != UNKNOWN or responder.fin_offset != UNKNOWN:
        return SHAPE_HALF_CLOSED
    return SHAPE_NONE


def _fin_shape(connection: Connection) -> i64:
    if connection.active_closer == BOTH:
        return SHAPE_SIMULTANEOUS
    active, passive = connection.originator, connection.responder
    if connection.active_closer == RESPONDER:
        active, passive = passive, active
    if active.fin_acked_by_data:
        return SHAPE_PIGGYBACK
    if active.fin_acked_frame == passive.fin_frame:
        return SHAPE_3_SEGMENT
    return SHAPE_4_SEGMENT


def closing_reset(connection: Connection) -> i64:
    """Frame of the first RST that ended the connection for its sender or its receiver; 0: none."""
    if connection.resets is not None:
        for reset in connection.resets:
            sender = connection.endpoint(reset.of_originator)
            if reset.reverted or _is_of_earlier_attempt(connection, reset):
                continue
            if reset.verdict == RST_ACCEPTED or sender.rst_frame == reset.frame:
                return reset.frame
    if connection.resets is not None and connection.frames == connection.reset_count:
        return connection.resets[0].frame
    return 0


def _is_of_earlier_attempt(connection: Connection, reset: Reset) -> bool:
    """Whether the RST rejected the answer to an old duplicate SYN, and the handshake came later."""
    return connection.ack_frame != 0 and reset.frame < connection.synack_frame


def time_wait_holder(connection: Connection) -> i64:
    """ORIGINATOR, RESPONDER, BOTH or NOBODY: who entered TIME-WAIT and was not taken back."""
    originator = connection.originator.time_wait_since_ns != 0
    responder = connection.responder.time_wait_since_ns != 0
    if originator and responder:
        return BOTH
    if originator:
        return ORIGINATOR
    if responder:
        return RESPONDER
    return NOBODY


def is_time_wait(endpoint: Endpoint) -> bool:
    """Whether it is left in TIME-WAIT, timers not applied."""
    return final_state(endpoint) == TIME_WAIT
