"""Which octets were captured, acknowledged, repeated: compared with a set of octets."""

from hypothesis import given
from hypothesis import strategies as st

from tcpflow_analyzer.observer.stream import absorb, acknowledge, is_captured
from tcpflow_analyzer.table.endpoint import Endpoint

RANGES = st.tuples(st.integers(0, 60), st.integers(0, 12))


def test_absorb_in_order_moves_both_marks() -> None:
    endpoint = Endpoint(True)
    assert absorb(endpoint, 0, 10) == 10
    assert (endpoint.contiguous, endpoint.snd_nxt, endpoint.holes) == (10, 10, None)


def test_absorb_counts_only_new_octets() -> None:
    endpoint = Endpoint(True)
    absorb(endpoint, 0, 10)
    assert absorb(endpoint, 5, 15) == 5
    assert absorb(endpoint, 0, 15) == 0


def test_absorb_behind_a_hole_and_the_hole_filled() -> None:
    endpoint = Endpoint(True)
    assert absorb(endpoint, 10, 20) == 10
    assert (endpoint.contiguous, endpoint.snd_nxt) == (0, 20)
    assert absorb(endpoint, 0, 10) == 10
    assert (endpoint.contiguous, endpoint.holes) == (20, None)


def test_acknowledge_tells_what_was_never_captured() -> None:
    endpoint = Endpoint(True)
    absorb(endpoint, 0, 10)
    absorb(endpoint, 15, 20)
    assert acknowledge(endpoint, 18) == 5
    assert (endpoint.contiguous, endpoint.snd_una) == (20, 18)
    assert acknowledge(endpoint, 30) == 10
    assert (endpoint.snd_nxt, endpoint.contiguous) == (30, 30)


def test_acknowledge_of_less_moves_nothing_back() -> None:
    endpoint = Endpoint(True)
    absorb(endpoint, 0, 10)
    acknowledge(endpoint, 8)
    assert acknowledge(endpoint, 3) == 0
    assert endpoint.snd_una == 8


def test_very_many_holes_are_bounded() -> None:
    endpoint = Endpoint(True)
    for number in range(500):
        absorb(endpoint, 10 * number + 5, 10 * number + 8)
    assert endpoint.holes is not None
    assert len(endpoint.holes) <= 2 * 64


@given(st.lists(st.tuples(st.booleans(), RANGES), max_size=25))
def test_marks_are_those_of_a_set_of_octets(steps: list[tuple[bool, tuple[int, int]]]) -> None:
    endpoint, known = Endpoint(True), set[int]()
    for is_ack, (start, length) in steps:
        if is_ack:
            missing = set(range(start)) - known
            # An acknowledgement at or below what is contiguous already explains nothing new.
            assert acknowledge(endpoint, start) == len(missing)
            known |= missing
        else:
            octets = set(range(start, start + length))
            captured = is_captured(endpoint, start, start + length)
            assert captured == (octets <= known and (length > 0 or captured))
            assert absorb(endpoint, start, start + length) == len(octets - known)
            known |= octets
        contiguous = 0
        while contiguous in known:
            contiguous += 1
        assert endpoint.contiguous == contiguous
