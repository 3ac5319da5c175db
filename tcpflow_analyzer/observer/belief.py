"""Moves the proven and the believed state of one endpoint, and keeps the record of it.

Compiled: yes

*proven* moves by facts (`prove`): what the endpoint sent, and receipts that are proven. *believed*
is folded anew (`believe`) from the proven state and the receipts that are due. The steps of the
last fold are the endpoint's `chain`; a new fold that begins with the same steps extends it, one
that does not takes the others back by an explicit correction (CP011), so that the record is
append-only.
"""

from typing import Final

from mypy_extensions import i64

from tcpflow_analyzer.observer.state_sets import narrow
from tcpflow_analyzer.observer.timing import Timing
from tcpflow_analyzer.observer.transitions import NO_NEXT, next_state
from tcpflow_analyzer.table.connection import Connection
from tcpflow_analyzer.table.endpoint import NEVER, UNKNOWN, Endpoint
from tcpflow_analyzer.table.observation import (
    CORRECTED,
    TIME_WAIT_ORIGINATOR,
    TIME_WAIT_RESPONDER,
)
from tcpflow_analyzer.table.receipt import ICMP_ERROR_BIT, Receipt
from tcpflow_analyzer.table.transition import NO_FRAME, Transition
from tcpflow_analyzer.tcp.control_bits import ACK, FIN, RST, SYN
from tcpflow_analyzer.tcp.events import (
    RCV_ACK_OF_FIN,
    RCV_ACK_OF_SYN,
    RCV_FIN,
    RCV_ICMP_ERROR,
    RCV_RST,
    RCV_SYN,
    RCV_SYN_ACK,
    TIMER_GIVE_UP,
    TIMER_TIME_WAIT,
)
from tcpflow_analyzer.tcp.states import (
    ASSUMED,
    CLOSE_WAIT,
    CLOSED,
    CLOSING,
    ESTABLISHED,
    FIN_WAIT_1,
    INFERRED,
    LAST_ACK,
    OBSERVED,
    SYN_RECEIVED,
    SYN_SENT,
    TIME_WAIT,
)

_PATH_MASK: Final = 0x0FFF_FFFF_FFFF_FFFF  # 15 states of 4 bits


def _enter(endpoint: Endpoint, state: i64) -> None:
    """Set the believed state."""
    endpoint.believed = state
    # Shifted by 4 within 60 bits: the product stays below 2**63.
    endpoint.path = ((endpoint.path & 0x00FF_FFFF_FFFF_FFFF) << 4 | state) & _PATH_MASK


def start_time_wait(
    connection: Connection, endpoint: Endpoint, time_ns: i64, timing: Timing
) -> None:
    """Start the 2 MSL timer, or restart it (RFC 9293 3.10.7.4 eighth step, TIME-WAIT)."""
    if endpoint.time_wait_since_ns == 0:
        endpoint.time_wait_since_ns = time_ns
        connection.observed |= (
            TIME_WAIT_ORIGINATOR if endpoint.is_originator else TIME_WAIT_RESPONDER
        )
    endpoint.time_wait_until_ns = time_ns + timing.time_wait_of(endpoint.profile)


def _move(
    connection: Connection, endpoint: Endpoint, to_state: i64, time_ns: i64, timing: Timing
) -> None:
    """Enter a state, and what comes with it."""
    _enter(endpoint, to_state)
    if to_state == TIME_WAIT:
        start_time_wait(connection, endpoint, time_ns, timing)


def take_back(
    connection: Connection, endpoint: Endpoint, keep: i64, frame: i64, time_ns: i64
) -> None:
    """Withdraw the believed steps from index `keep` on: a correction to the state before them."""
    before: Transition | None = None
    first = endpoint.chain
    while first is not None and keep > 0:
        before = first
        first = first.next_step
        keep -= 1
    if first is None:
        return
    to_state = first.from_state
    from_state = endpoint.believed
    if _left_time_wait(first):
        endpoint.time_wait_since_ns = 0
        endpoint.time_wait_until_ns = 0
        connection.observed &= ~(
            TIME_WAIT_ORIGINATOR if endpoint.is_originator else TIME_WAIT_RESPONDER
        )
    event = first.event
    if before is None:
        endpoint.chain = None
    else:
        before.next_step = None
    _enter(endpoint, to_state)
    connection.note(CORRECTED, endpoint.is_originator, frame, time_ns, from_state, to_state, event)
    if connection.transitions is not None:
        correction = Transition(
            time_ns, frame, endpoint.is_originator, from_state, to_state, event, OBSERVED, True
        )
        connection.transitions.append(correction)


def _left_time_wait(first: Transition) -> bool:
    """Whether TIME-WAIT itself (not only its end) is among the steps from this one on."""
    step: Transition | None = first
    while step is not None:
        if step.to_state == TIME_WAIT:
            return True
        step = step.next_step
    return False


def prove(
    connection: Connection,
    endpoint: Endpoint,
    event: i64,
    cause_frame: i64,
    frame: i64,
    time_ns: i64,
    timing: Timing,
) -> None:
    """Apply an event that is a fact by `frame`.

    Args:
        connection, endpoint: whose state it is.
        event: number of tcp/events.py.
        cause_frame: the frame of the event itself (a segment received, proven by a later one).
        frame: the frame that proves it.
        time_ns: capture time of `frame`.
        timing: for the 2 MSL timer.
    """
    to_state = next_state(endpoint.proven, event)
    if to_state == NO_NEXT:
        return
    if endpoint.possible != 0:
        narrow(endpoint, event)
    head = endpoint.chain
    if head is not None:
        if head.event == event and head.to_state == to_state:
            head.proved_by_frame = frame
            endpoint.proven = to_state
            endpoint.chain = head.next_step
            return
        take_back(connection, endpoint, 0, frame, time_ns)
    if cause_frame == NO_FRAME:
        cause_frame = frame  # what it received was not captured
    # Of an end that was never captured nothing is observed (observer/one_sided.py), nor what came
    # behind a FIN that was inferred (observer/lost_fin.py).
    unseen = connection.one_sided and endpoint.segments == 0
    if endpoint.rarities is not None and endpoint.rarities.rests_on_inference:
        unseen = True
    certainty: i64 = INFERRED if unseen else OBSERVED
    set_proven(connection, endpoint, to_state, event, cause_frame, time_ns, certainty, timing)


def set_proven(
    connection: Connection,
    endpoint: Endpoint,
    to_state: i64,
    event: i64,
    frame: i64,
    time_ns: i64,
    certainty: i64,
    timing: Timing,
) -> None:
    """Enter a state as fact (or as pick-up, with a lower certainty); no chain may be pending."""
    from_state = endpoint.believed
    _move(connection, endpoint, to_state, time_ns, timing)
    if connection.transitions is not None:
        connection.transitions.append(
            Transition(
                time_ns,
                frame,
                endpoint.is_originator,
                from_state,
                to_state,
                event,
                certainty,
                False,
            )
        )
    endpoint.proven = to_state
    endpoint.certainty = certainty


def adopt(endpoint: Endpoint) -> None:
    """Take the believed steps for granted: what comes next is possible after them as well."""
    endpoint.proven = endpoint.believed
    endpoint.chain = None


def _step(
    connection: Connection,
    endpoint: Endpoint,
    state: i64,
    event: i64,
    frame: i64,
    time_ns: i64,
    certainty: i64,
    timing: Timing,
) -> i64:
    """One step of a fold: confirm the chain's next step, or replace the rest of it by this one."""
    to_state = next_state(state, event)
    if to_state == NO_NEXT:
        return state
    position = timing.position
    last: Transition | None = None
    known = endpoint.chain
    ahead = position
    while known is not None and ahead > 0:
        last = known
        known = known.next_step
        ahead -= 1
    if known is not None:
        # A segment captured before that is due only now (distrusted) takes nothing from the one
        # that was believed instead.
        if known.event == event and known.to_state == to_state and known.frame >= frame:
            timing.position = position + 1
            return to_state
        take_back(connection, endpoint, position, frame, time_ns)
    if endpoint.possible != 0 and certainty < ASSUMED:
        certainty = endpoint.certainty if endpoint.certainty > certainty else certainty
    from_state = endpoint.believed
    _move(connection, endpoint, to_state, time_ns, timing)
    transition = Transition(
        time_ns, frame, endpoint.is_originator, from_state, to_state, event, certainty, False
    )
    if connection.transitions is not None:
        connection.transitions.append(transition)
    if last is None:
        endpoint.chain = transition
    else:
        last.next_step = transition
    timing.position = position + 1
    return to_state


def _receive(
    connection: Connection,
    endpoint: Endpoint,
    peer: Endpoint,
    receipt: Receipt,
    state: i64,
    time_ns: i64,
    timing: Timing,
) -> i64:
    """Fold one receipt: RST, SYN, ACK, FIN in the order of RFC 9293 3.10.7.4."""
    bits = receipt.control_bits
    frame = receipt.frame
    if bits & RST != 0:
        return _step(connection, endpoint, state, RCV_RST, frame, time_ns, INFERRED, timing)
    if bits & ICMP_ERROR_BIT != 0:
        return _step(connection, endpoint, state, RCV_ICMP_ERROR, frame, time_ns, INFERRED, timing)
    if bits & SYN != 0 and state == SYN_SENT:
        if bits & ACK != 0:
            if receipt.ack >= 1 and receipt.ack <= endpoint.snd_nxt:
                state = _step(
                    connection, endpoint, state, RCV_SYN_ACK, frame, time_ns, INFERRED, timing
                )
        else:
            state = _step(connection, endpoint, state, RCV_SYN, frame, time_ns, INFERRED, timing)
        return state
    if bits & ACK != 0:
        if state == SYN_RECEIVED and receipt.ack >= 1 and receipt.ack <= endpoint.snd_nxt:
            state = _step(
                connection, endpoint, state, RCV_ACK_OF_SYN, frame, time_ns, INFERRED, timing
            )
        if endpoint.fin_offset != UNKNOWN and receipt.ack > endpoint.fin_offset:
            state = _step(
                connection, endpoint, state, RCV_ACK_OF_FIN, frame, time_ns, INFERRED, timing
            )
    if bits & FIN != 0 and peer.contiguous >= peer.fin_offset:
        state = _step(connection, endpoint, state, RCV_FIN, frame, time_ns, INFERRED, timing)
    return state


def owes(endpoint: Endpoint, state: i64) -> bool:
    """Whether in this state it would have to retransmit what is not acknowledged yet."""
    if state == SYN_SENT or state == SYN_RECEIVED:
        return True
    if state == FIN_WAIT_1 or state == CLOSING or state == LAST_ACK:
        return endpoint.fin_acked_frame == 0
    if state == ESTABLISHED or state == CLOSE_WAIT:
        return 1 <= endpoint.snd_una < endpoint.snd_nxt
    return False


def believe(
    connection: Connection,
    endpoint: Endpoint,
    peer: Endpoint,
    until_ns: i64,
    frame: i64,
    timing: Timing,
) -> None:
    """Fold the believed state anew from the proven one and the receipts due by `until_ns`.

    Args:
        connection, endpoint, peer: whose state, and who sent what it receives.
        until_ns: receipts due later and timers that run later are left out; new steps get this
            time, timers their own.
        frame: the frame at hand, for corrections.
        timing: profile times.
    """
    if (
        endpoint.chain is None
        and not _timer_runs(endpoint, until_ns)
        and (endpoint.receipts is None or not _is_any_due(endpoint, until_ns))
    ):
        return
    _fold(connection, endpoint, peer, until_ns, frame, timing)


def _fold(
    connection: Connection,
    endpoint: Endpoint,
    peer: Endpoint,
    until_ns: i64,
    frame: i64,
    timing: Timing,
) -> None:
    """The general case of `believe`: something is due, or was believed before."""
    receipt = endpoint.receipts
    state = endpoint.proven
    timing.position = 0
    gives_up = endpoint.give_up_ns
    while receipt is not None:
        if receipt.due_ns <= until_ns:
            if receipt.due_ns > gives_up and owes(endpoint, state):
                # Before this one came.
                state = _run_out(
                    connection, endpoint, state, TIMER_GIVE_UP, gives_up, until_ns, frame, timing
                )
            state = _receive(connection, endpoint, peer, receipt, state, until_ns, timing)
        receipt = receipt.next_receipt
    if state == TIME_WAIT:
        expires = endpoint.time_wait_until_ns
        if expires <= until_ns:
            state = _run_out(
                connection, endpoint, state, TIMER_TIME_WAIT, expires, until_ns, frame, timing
            )
    elif gives_up <= until_ns and owes(endpoint, state):
        # Its retransmission is so overdue that it must have given up.
        state = _run_out(
            connection, endpoint, state, TIMER_GIVE_UP, gives_up, until_ns, frame, timing
        )
    if endpoint.step(timing.position) is not None:
        take_back(connection, endpoint, timing.position, frame, until_ns)


def _run_out(
    connection: Connection,
    endpoint: Endpoint,
    state: i64,
    event: i64,
    due_ns: i64,
    until_ns: i64,
    frame: i64,
    timing: Timing,
) -> i64:
    """A step of a fold that a timer made, at `due_ns`.

    What was believed to have come before it is taken back by the frame at hand; it is only known
    from then on that the timer ran.
    """
    known = endpoint.step(timing.position)
    if known is not None and known.event != event:
        take_back(connection, endpoint, timing.position, frame, until_ns)
        due_ns = until_ns
    return _step(connection, endpoint, state, event, NO_FRAME, due_ns, ASSUMED, timing)


def _is_any_due(endpoint: Endpoint, until_ns: i64) -> bool:
    receipt = endpoint.receipts
    while receipt is not None:
        if receipt.due_ns <= until_ns:
            return True
        receipt = receipt.next_receipt
    return False


def _timer_runs(endpoint: Endpoint, until_ns: i64) -> bool:
    return endpoint.give_up_ns <= until_ns or (
        endpoint.proven == TIME_WAIT and endpoint.time_wait_until_ns <= until_ns
    )


def _due_of(endpoint: Endpoint, after_ns: i64) -> i64:
    """When this endpoint's belief may change next, later than `after_ns`."""
    if (
        endpoint.receipts is None
        and endpoint.give_up_ns == NEVER
        and endpoint.believed != TIME_WAIT
    ):
        return NEVER
    return _earliest_due(endpoint, after_ns)


def _earliest_due(endpoint: Endpoint, after_ns: i64) -> i64:
    """The general case of `_due_of`: something is queued, or a timer runs."""
    due: i64 = NEVER
    receipt = endpoint.receipts
    while receipt is not None:
        if receipt.due_ns > after_ns and receipt.due_ns < due:
            due = receipt.due_ns
        receipt = receipt.next_receipt
    if endpoint.believed == TIME_WAIT:
        if endpoint.time_wait_until_ns > after_ns and endpoint.time_wait_until_ns < due:
            due = endpoint.time_wait_until_ns
    elif endpoint.give_up_ns > after_ns and endpoint.give_up_ns < due:
        due = endpoint.give_up_ns
    return due


def schedule(connection: Connection, after_ns: i64) -> None:
    """Set `next_due_ns`: when a belief of either end may change next."""
    one = _due_of(connection.originator, after_ns)
    other = _due_of(connection.responder, after_ns)
    connection.next_due_ns = one if one < other else other


def settle(connection: Connection, now_ns: i64, timing: Timing) -> None:
    """Let everything happen that is due by `now_ns`, each at its own time."""
    while connection.next_due_ns <= now_ns:
        due = connection.next_due_ns
        frame = connection.last_frame
        originator, responder = connection.originator, connection.responder
        believe(connection, originator, responder, due, frame, timing)
        believe(connection, responder, originator, due, frame, timing)
        schedule(connection, due)


def settle_receipts(connection: Connection, timing: Timing) -> None:
    """At the end of a capture: believe every receipt, however late, but let no timer run."""
    if connection.originator.receipts is None and connection.responder.receipts is None:
        return
    last = _latest_due(connection.originator)
    other = _latest_due(connection.responder)
    if other > last:
        last = other
    if last > 0 and connection.next_due_ns <= last:
        settle(connection, last, timing)


def _latest_due(endpoint: Endpoint) -> i64:
    """When the last of its receipts is due that is ever due, 0 for none."""
    last: i64 = 0
    receipt = endpoint.receipts
    while receipt is not None:
        if receipt.due_ns < NEVER and receipt.due_ns > last:
            last = receipt.due_ns
        receipt = receipt.next_receipt
    return last


def is_over(endpoint: Endpoint) -> bool:
    """Whether its believed state is CLOSED or TIME-WAIT."""
    return endpoint.believed == CLOSED or endpoint.believed == TIME_WAIT
