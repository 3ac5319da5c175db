"""Sets of states as bit masks (bit number = state), and how an event moves a whole set.

Compiled: yes
"""

from mypy_extensions import i64

from tcpflow_analyzer.observer.transitions import NO_NEXT, next_state
from tcpflow_analyzer.table.endpoint import Endpoint
from tcpflow_analyzer.tcp.states import ASSUMED, INFERRED, STATE_COUNT


def contains(states: i64, state: i64) -> bool:
    """Whether a set of states holds this one."""
    return (states >> state) & 1 != 0


def moved(states: i64, event: i64) -> i64:
    """The set after an event: each state along its edge, states without one stay."""
    one: i64 = 1
    result: i64 = 0
    state: i64 = 0
    while state < STATE_COUNT:
        if (states >> state) & 1 != 0:
            to_state = next_state(state, event)
            result |= one << (state if to_state == NO_NEXT else to_state)
        state += 1
    return result


def is_single(states: i64) -> bool:
    """Whether the set holds one state at most."""
    return states & (states - 1) == 0


def settle_certainty(endpoint: Endpoint) -> None:
    """A set of one is inferred, a larger one assumed."""
    if is_single(endpoint.possible):
        endpoint.certainty = INFERRED
        endpoint.possible = 0
    else:
        endpoint.certainty = ASSUMED


def narrow(endpoint: Endpoint, event: i64) -> None:
    """Move the whole set along with an event that is a fact."""
    endpoint.possible = moved(endpoint.possible, event)
    settle_certainty(endpoint)
