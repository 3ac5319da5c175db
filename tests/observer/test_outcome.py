"""How connections are left: shapes, outcomes, certainties, what is still open."""

import pytest

from support.ladder import Ladder, capture
from support.openings import CLOSED_BY_A, CROSSED, HALF_CLOSED, OPEN
from support.states import analysis_of_octets, assert_ladder, codes, the_connection

ENDINGS = {
    "none": OPEN,
    "half-closed": HALF_CLOSED,
    "4-segment": CLOSED_BY_A,
    "3-segment": OPEN + "--> <CTL=FIN,ACK> -->\n<-- <CTL=FIN,ACK> <--\n--> <CTL=ACK> -->\n",
    "piggyback": OPEN
    + "--> <CTL=FIN,ACK> -->\n<-- <CTL=ACK><LEN=9> <--\n<-- <CTL=FIN,ACK> <--\n--> <CTL=ACK> -->\n",
    "simultaneous": CROSSED,
    "reset": OPEN + "--> <SEQ=1001><ACK=5001><CTL=RST,ACK> -->",
}


@pytest.mark.parametrize("shape", ENDINGS)
def test_shape_of_the_close(shape: str) -> None:
    connection = the_connection(analysis_of_octets(capture(Ladder(ENDINGS[shape]))))
    assert connection["close"]["shape"] == shape
    by = {"none": None, "simultaneous": "both"}.get(shape, "originator")
    assert connection["close"]["active_closer"] == by


def test_rst_after_an_orderly_close_does_not_change_its_shape() -> None:
    analysis = assert_ladder(CLOSED_BY_A + "<-- <SEQ=5002><CTL=RST> <--")
    assert the_connection(analysis)["close"]["shape"] == "4-segment"
    assert "LC004" in codes(analysis)


@pytest.mark.parametrize(("shape", "is_open"), [("none", True), ("reset", False)])
def test_open_at_the_end_of_the_capture(shape: str, is_open: bool) -> None:
    analysis = analysis_of_octets(capture(Ladder(ENDINGS[shape])))
    assert ("CP002" in codes(analysis)) == is_open


def test_possible_states_hold_what_is_believed_and_what_is_proven() -> None:
    connection = the_connection(assert_ladder(HALF_CLOSED))
    assert connection["originator"]["possible_states"] == ["FIN-WAIT-1", "FIN-WAIT-2"]
    assert connection["originator"]["proven_state"] == "FIN-WAIT-1"
    assert connection["originator"]["certainty"] == "inferred"
    assert connection["responder"]["possible_states"] == ["CLOSE-WAIT"]
    assert connection["responder"]["certainty"] == "observed"


def test_data_that_never_came_before_a_fin_is_told() -> None:
    analysis = assert_ladder(
        OPEN
        + """
        --> <SEQ=1001><CTL=ACK><LEN=100><UNSEEN>      x
        --> <SEQ=1101><ACK=5001><CTL=FIN,ACK>         --> ESTABLISHED
        +400 s
        tick
    """
    )
    assert "CL009" in codes(analysis)


def test_last_arrivals_are_believed_at_the_end_of_the_capture() -> None:
    # The last segment's arrival lies behind the last frame; no timer runs till then.
    analysis = analysis_of_octets(capture(Ladder(CLOSED_BY_A)))
    connection = the_connection(analysis)
    last = connection["transitions"][-1]
    assert (last["to"], last["time_ns"] > connection["last_time_ns"]) == ("CLOSED", True)
    assert connection["originator"]["state_at_capture_end"] == "TIME-WAIT"
