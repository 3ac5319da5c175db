"""Proven and believed: facts force, receipts lead ahead, corrections take back."""

from tcpflow_analyzer.observer.belief import (
    adopt,
    believe,
    is_over,
    prove,
    schedule,
    settle,
    start_time_wait,
)
from tcpflow_analyzer.observer.timing import Timing
from tcpflow_analyzer.settings import NANOSECONDS, PROFILE_LINUX, Settings
from tcpflow_analyzer.table.connection import Connection
from tcpflow_analyzer.table.endpoint import NEVER
from tcpflow_analyzer.table.observation import CORRECTED, TIME_WAIT_ORIGINATOR
from tcpflow_analyzer.table.receipt import Receipt
from tcpflow_analyzer.table.transition import Transition
from tcpflow_analyzer.tcp.control_bits import ACK, FIN
from tcpflow_analyzer.tcp.events import RCV_ACK_OF_FIN, RCV_FIN, SND_DATA, SND_FIN
from tcpflow_analyzer.tcp.states import (
    CLOSE_WAIT,
    CLOSED,
    ESTABLISHED,
    FIN_WAIT_1,
    FIN_WAIT_2,
    INFERRED,
    OBSERVED,
    TIME_WAIT,
)

TIMING = Timing(Settings())


def connection() -> Connection:
    """ESTABLISHED on both sides; the responder has sent a FIN as its first octet."""
    made = Connection(bytes(12), 1)
    made.transitions = []
    for endpoint in (made.originator, made.responder):
        endpoint.proven = endpoint.believed = ESTABLISHED
        endpoint.has_origin = True
        endpoint.snd_nxt = endpoint.snd_una = endpoint.contiguous = 1
        endpoint.profile = PROFILE_LINUX
    made.responder.fin_offset, made.responder.contiguous = 1, 2
    return made


def fin_of_responder(made: Connection, due_ns: int, frame: int = 4) -> None:
    receipt = Receipt(frame, due_ns - 5, due_ns, FIN | ACK, 1, 2, 1, -1, False)
    made.originator.add_receipt(receipt)


def told(made: Connection) -> list[tuple[int, int, int, bool]]:
    """(to, frame, certainty, correction) of each transition."""
    transitions: list[Transition] = made.transitions or []
    return [(int(t.to_state), int(t.frame), int(t.certainty), t.correction) for t in transitions]


def fold(made: Connection, until_ns: int, frame: int = 9) -> None:
    believe(made, made.originator, made.responder, until_ns, frame, TIMING)


def test_receipt_is_believed_when_it_is_due_not_before() -> None:
    made = connection()
    fin_of_responder(made, due_ns=100)
    fold(made, 99)
    assert made.originator.believed == ESTABLISHED
    fold(made, 100)
    assert (made.originator.believed, made.originator.proven) == (CLOSE_WAIT, ESTABLISHED)
    assert told(made) == [(CLOSE_WAIT, 4, INFERRED, False)]


def test_same_fold_again_tells_nothing_new() -> None:
    made = connection()
    fin_of_responder(made, due_ns=100)
    for until_ns in (100, 101, 500):
        fold(made, until_ns)
    assert len(told(made)) == 1


def test_fact_confirms_what_was_believed() -> None:
    made = connection()
    fin_of_responder(made, due_ns=100)
    fold(made, 100)
    prove(made, made.originator, RCV_FIN, 4, 6, 200, TIMING)
    assert (made.originator.proven, made.originator.chain) == (CLOSE_WAIT, None)
    assert made.transitions is not None
    assert len(made.transitions) == 1
    assert made.transitions[0].proved_by_frame == 6


def test_fact_that_contradicts_takes_the_belief_back() -> None:
    made = connection()
    fin_of_responder(made, due_ns=100)
    fold(made, 100)
    made.originator.receipts = None
    prove(made, made.originator, SND_FIN, 7, 7, 300, TIMING)
    assert told(made)[1:] == [
        (ESTABLISHED, 7, OBSERVED, True),
        (FIN_WAIT_1, 7, OBSERVED, False),
    ]
    assert made.observed & CORRECTED


def test_event_without_an_edge_changes_nothing() -> None:
    made = connection()
    prove(made, made.originator, SND_DATA, 7, 7, 300, TIMING)
    prove(made, made.originator, RCV_ACK_OF_FIN, 7, 7, 300, TIMING)
    assert told(made) == []


def test_withdrawn_receipt_is_taken_back_by_a_correction() -> None:
    made = connection()
    fin_of_responder(made, due_ns=100)
    fold(made, 100)
    made.originator.receipts = None
    fold(made, 200)
    assert made.originator.believed == ESTABLISHED
    assert told(made)[-1] == (ESTABLISHED, 9, OBSERVED, True)


def test_fin_behind_a_hole_is_not_believed() -> None:
    made = connection()
    made.responder.contiguous = 1
    made.responder.fin_offset = 50
    fin_of_responder(made, due_ns=100)
    fold(made, 200)
    assert made.originator.believed == ESTABLISHED


def test_settle_runs_timers_at_their_own_time() -> None:
    made = connection()
    holder = made.originator
    holder.proven = holder.believed = TIME_WAIT
    start_time_wait(made, holder, 1000, TIMING)
    assert made.observed & TIME_WAIT_ORIGINATOR
    schedule(made, 1000)
    assert made.next_due_ns == 1000 + 60 * NANOSECONDS
    settle(made, 999 * NANOSECONDS, TIMING)
    assert (holder.believed, holder.proven) == (CLOSED, TIME_WAIT)
    assert made.transitions is not None
    assert made.transitions[-1].time_ns == 1000 + 60 * NANOSECONDS
    assert made.next_due_ns == NEVER
    assert is_over(holder)


def test_adopt_makes_the_belief_the_ground_of_what_follows() -> None:
    made = connection()
    fin_of_responder(made, due_ns=100)
    fold(made, 100)
    adopt(made.originator)
    assert (made.originator.proven, made.originator.chain) == (CLOSE_WAIT, None)


def test_time_wait_taken_back_leaves_no_trace() -> None:
    made = connection()
    made.originator.proven = made.originator.believed = FIN_WAIT_2
    fin_of_responder(made, due_ns=100)
    fold(made, 100)
    assert made.originator.believed == TIME_WAIT
    made.originator.receipts = None
    fold(made, 200)
    assert made.originator.time_wait_until_ns == 0
    assert made.observed & TIME_WAIT_ORIGINATOR == 0
