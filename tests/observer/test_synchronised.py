"""ACK, data and FIN: what they do to their sender, and what they say of a FIN that was lost."""

import pytest

from support.ladder import Ladder, capture
from support.observed import observe
from support.openings import OPEN
from support.states import Json, assert_ladder, codes, the_connection
from tcpflow_analyzer.settings import Settings
from tcpflow_analyzer.tcp.states import CLOSING, TIME_WAIT


def path_of(analysis: Json, side: str) -> list[str]:
    return [c["to"] for c in the_connection(analysis)["transitions"] if c["endpoint"] == side]


def test_compound_segment_is_taken_ack_first_then_fin() -> None:
    connection = the_connection(
        assert_ladder(
            OPEN + "FIN-WAIT-1 --> <CTL=FIN,ACK> -->\nTIME-WAIT <-- <CTL=FIN,ACK> <-- LAST-ACK"
        )
    )
    at_5 = [c for c in connection["transitions"] if c["frame"] == 5]
    assert [c["to"] for c in at_5 if c["endpoint"] == "originator"] == ["FIN-WAIT-2", "TIME-WAIT"]


def test_ack_behind_a_lost_fin_shows_a_simultaneous_close() -> None:
    # A's FIN never passed the tap; what acknowledges B's FIN stands one octet behind.
    analysis = assert_ladder(
        OPEN
        + """
                    <-- <SEQ=5001><ACK=1001><CTL=FIN,ACK>  <-- FIN-WAIT-1
        CLOSING     --> <SEQ=1002><ACK=5002><CTL=ACK>      --> FIN-WAIT-2
        +0.3 s
                    --> <SEQ=1001><ACK=5002><CTL=FIN,ACK>  --> TIME-WAIT
        TIME-WAIT   <-- <SEQ=5002><ACK=1002><CTL=ACK>      <-- TIME-WAIT
        """
    )
    assert path_of(analysis, "originator")[-3:] == ["FIN-WAIT-1", "CLOSING", "TIME-WAIT"]


def test_capture_filtered_for_syn_and_fin_gives_the_states_of_the_close() -> None:
    # What lies between them was sent and is not in the capture: both numbers have grown.
    analysis = assert_ladder(
        """
        SYN-SENT    --> <CTL=SYN>                               -->
        ESTABLISHED <-- <CTL=SYN,ACK>                           <-- SYN-RECEIVED
        FIN-WAIT-1  --> <SEQ=1101><ACK=5301><CTL=FIN,ACK>       -->
        TIME-WAIT   <-- <SEQ=5301><ACK=1102><CTL=FIN,ACK>       <-- LAST-ACK
        """
    )
    assert "HS019" not in codes(analysis)
    assert "HS009" not in codes(analysis)
    closer = next(each for each in analysis["findings"] if each["code"] == "LC006")
    assert closer["endpoint"] == "originator"


def test_fin_that_first_acknowledges_a_lost_octet_follows_a_fin() -> None:
    # The capture lost A's FIN; B answers it by its own: a close in three segments.
    analysis = assert_ladder(
        OPEN
        + """
                    <-- <SEQ=5001><ACK=1002><CTL=FIN,ACK>  <-- LAST-ACK
        TIME-WAIT   --> <SEQ=1002><ACK=5002><CTL=ACK>      --> CLOSED
        """
    )
    closer = next(each for each in analysis["findings"] if each["code"] == "LC006")
    assert closer["endpoint"] == "originator"


def test_active_closer_is_told_though_the_capture_has_the_fins_in_the_wrong_order() -> None:
    analysis = assert_ladder(
        OPEN
        + """
        --> <SEQ=1001><ACK=5002><CTL=FIN,ACK>  -->
        ... <SEQ=5001><ACK=1001><CTL=FIN,ACK>  <--
        <-- <SEQ=5002><ACK=1002><CTL=ACK>      <--
        """.replace("... <SEQ=5001>", "<-- <SEQ=5001>")
    )
    assert the_connection(analysis)["close"]["active_closer"] == "responder"


@pytest.mark.parametrize("keep", [True, False])
def test_fin_that_its_own_ack_overtook_was_sent_from_established(keep: bool) -> None:
    # The states are the same whether or not the way to them is kept.
    ladder = Ladder(
        OPEN
        + """
        <-- <SEQ=5001><ACK=1001><CTL=FIN,ACK>  <--
        --> <SEQ=1002><ACK=5002><CTL=ACK>      -->
        --> <SEQ=1001><ACK=5001><CTL=FIN,ACK>  -->
        """
    )
    (connection,) = observe(capture(ladder), Settings(keep_transitions=keep))
    assert (connection.transitions is not None) == keep
    assert connection.originator.proven in {CLOSING, TIME_WAIT}
