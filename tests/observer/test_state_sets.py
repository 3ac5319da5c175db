"""Sets of states move along the table, state by state."""

import itertools

from tcpflow_analyzer.observer.state_sets import contains, is_single, moved, narrow
from tcpflow_analyzer.observer.transitions import NO_NEXT, next_state
from tcpflow_analyzer.table.endpoint import Endpoint
from tcpflow_analyzer.tcp.events import EVENT_COUNT, RCV_FIN, SND_FIN
from tcpflow_analyzer.tcp.states import (
    ASSUMED,
    CLOSE_WAIT,
    ESTABLISHED,
    FIN_WAIT_1,
    INFERRED,
    LAST_ACK,
    STATE_COUNT,
)


def mask(*states: int) -> int:
    return sum(1 << state for state in states)


def test_moved_is_the_image_of_every_pair_of_states() -> None:
    for event in range(EVENT_COUNT):
        for pair in itertools.combinations_with_replacement(range(STATE_COUNT), 2):
            images = {
                state if next_state(state, event) == NO_NEXT else next_state(state, event)
                for state in pair
            }
            assert moved(mask(*set(pair)), event) == mask(*images)


def test_contains_and_is_single() -> None:
    states = mask(ESTABLISHED, CLOSE_WAIT)
    assert contains(states, CLOSE_WAIT)
    assert not contains(states, LAST_ACK)
    assert not is_single(states)
    assert is_single(mask(LAST_ACK))


def test_narrow_to_one_state_is_inferred() -> None:
    endpoint = Endpoint(True)
    endpoint.possible, endpoint.certainty = mask(ESTABLISHED, CLOSE_WAIT), ASSUMED
    narrow(endpoint, SND_FIN)
    assert (endpoint.possible, endpoint.certainty) == (mask(FIN_WAIT_1, LAST_ACK), ASSUMED)
    endpoint.possible = mask(ESTABLISHED, CLOSE_WAIT)
    narrow(endpoint, RCV_FIN)
    assert (endpoint.possible, endpoint.certainty) == (0, INFERRED)
