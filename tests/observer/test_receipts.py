"""Segments on their way: bounded, proven by what the endpoint sends, refuted by what it repeats."""

from tcpflow_analyzer.decode.segment import Segment
from tcpflow_analyzer.observer.receipts import (
    crosses,
    half_round_trip,
    matters,
    queue,
    refute_acks,
    refute_resets,
    refute_syn_acks,
    withdraw_resets,
)
from tcpflow_analyzer.table.endpoint import UNKNOWN, Endpoint
from tcpflow_analyzer.tcp.control_bits import ACK, FIN, RST, SYN
from tcpflow_analyzer.tcp.states import ESTABLISHED, FIN_WAIT_1, FIN_WAIT_2, SYN_RECEIVED

MILLISECOND = 1_000_000


def endpoint(state: int = FIN_WAIT_1, rtt_ns: int = 10 * MILLISECOND) -> Endpoint:
    made = Endpoint(True)
    made.proven = made.believed = state
    made.rtt_ns = rtt_ns
    made.snd_nxt, made.fin_offset = 101, 100
    return made


def send(
    made: Endpoint, bits: int, frame: int, *, ack: int = 101, length: int = 0, again: bool = False
) -> None:
    """Queue a segment of the peer, a millisecond a frame."""
    segment = Segment()
    segment.frame, segment.time_ns = frame, frame * MILLISECOND
    segment.control_bits, segment.payload_len = bits, length
    octets = length + bool(bits & SYN) + bool(bits & FIN)
    queue(made, Endpoint(False), segment, 1, 1 + octets, ack, again)


def frames(made: Endpoint) -> list[int]:
    return [int(receipt.frame) for receipt in made.queued()]


def test_receipt_is_due_half_a_round_trip_later() -> None:
    made = endpoint()
    send(made, ACK, 1)
    assert made.queued()[0].due_ns == MILLISECOND + 5 * MILLISECOND


def test_half_round_trip_unknown_or_absurd_is_none() -> None:
    assert half_round_trip(endpoint(rtt_ns=UNKNOWN)) == 0
    assert half_round_trip(endpoint(rtt_ns=10**12)) == 0


def test_queue_is_bounded_and_keeps_the_first_and_what_closes() -> None:
    made = endpoint()
    send(made, FIN | ACK, 1)
    for frame in range(2, 200):
        send(made, ACK, frame)
    assert frames(made)[:2] == [1, 2]
    assert frames(made)[-1] == 199
    assert len(frames(made)) <= 32


def test_further_copies_of_the_same_octets_are_marked() -> None:
    made = endpoint()
    send(made, FIN | ACK, 1)
    send(made, FIN | ACK, 2)
    assert [receipt.copy for receipt in made.queued()] == [False, True]
    send(made, ACK, 3, length=100, again=True)
    assert made.queued()[-1].copy


def test_matters_only_what_may_move_a_state() -> None:
    assert matters(endpoint(ESTABLISHED), FIN | ACK, 1)
    assert matters(endpoint(ESTABLISHED), RST, -1)
    assert not matters(endpoint(ESTABLISHED), ACK, 50)
    assert matters(endpoint(SYN_RECEIVED), ACK, 1)
    assert matters(endpoint(FIN_WAIT_1), ACK, 101)
    assert not matters(endpoint(FIN_WAIT_1), ACK, 100)
    assert not matters(endpoint(FIN_WAIT_2), ACK, 101)


def test_repeated_fin_refutes_acks_that_must_have_arrived() -> None:
    made = endpoint()
    send(made, ACK, 1)
    send(made, ACK, 40)
    assert refute_acks(made, 100, 45 * MILLISECOND) == 1
    assert frames(made) == [40]  # that one may still be on its way


def test_refuted_ack_leaves_the_octets_of_its_segment() -> None:
    made = endpoint()
    send(made, FIN | ACK, 1)
    assert refute_acks(made, 100, 45 * MILLISECOND) == 1
    assert (made.queued()[0].control_bits, made.queued()[0].ack) == (FIN, -1)


def test_traffic_refutes_a_rst_that_must_have_arrived() -> None:
    made = endpoint()
    send(made, RST, 1)
    assert refute_resets(made, 2 * MILLISECOND) == 0
    assert refute_resets(made, 45 * MILLISECOND) == 1
    assert made.receipts is None


def test_repeated_syn_refutes_a_syn_ack_that_must_have_arrived() -> None:
    made = endpoint()
    send(made, SYN | ACK, 1)
    send(made, SYN, 2)
    refute_syn_acks(made, 45 * MILLISECOND)
    assert frames(made) == [2]


def test_withdrawn_resets_leave_everything_else() -> None:
    made = endpoint()
    for frame, bits in enumerate((RST, ACK, RST | ACK, FIN | ACK), 1):
        send(made, bits, frame)
    withdraw_resets(made)
    assert frames(made) == [2, 4]


def test_crosses_within_a_round_trip() -> None:
    made = endpoint()
    send(made, ACK, 1)
    assert crosses(made.queued()[0], made, 10 * MILLISECOND)
    assert not crosses(made.queued()[0], made, 11 * MILLISECOND)


def test_crosses_by_default_within_less_than_any_timeout() -> None:
    made = endpoint(rtt_ns=UNKNOWN)
    send(made, ACK, 1)
    assert crosses(made.queued()[0], made, 100 * MILLISECOND)
    assert not crosses(made.queued()[0], made, 200 * MILLISECOND)
