"""FIN-WAIT-1: the own FIN is on its way."""

from support.openings import FIN_LOST, OPEN
from support.states import assert_ladder, codes, steps_of, the_connection

CLOSING_A = OPEN + "FIN-WAIT-1 --> <CTL=FIN,ACK> --> CLOSE-WAIT\n"


def test_fin_wait_1_ack_of_fin() -> None:
    connection = the_connection(
        assert_ladder(CLOSING_A + "FIN-WAIT-2 <-- <CTL=ACK> <-- CLOSE-WAIT")
    )
    # No segment of A can ever prove that it arrived: this stays inferred.
    assert steps_of(connection, "originator")[-1] == (
        "FIN-WAIT-2", "received ACK of FIN", "inferred",
    )  # fmt: skip


def test_fin_wait_1_ack_that_does_not_cover_the_fin() -> None:
    assert_ladder(CLOSING_A + "FIN-WAIT-1 <-- <SEQ=5001><ACK=1001><CTL=ACK> <-- CLOSE-WAIT")


def test_fin_wait_1_fin_with_ack_of_fin_passes_fin_wait_2() -> None:
    connection = the_connection(
        assert_ladder(
            CLOSING_A
            + """
            TIME-WAIT <-- <CTL=FIN,ACK> <-- LAST-ACK
            TIME-WAIT --> <CTL=ACK>     --> CLOSED
        """
        )
    )
    steps = [c for c in connection["transitions"] if c["endpoint"] == "originator"][-2:]
    assert [(c["to"], c["frame"], c["proved_by_frame"]) for c in steps] == [
        ("FIN-WAIT-2", 5, 6),
        ("TIME-WAIT", 5, 6),
    ]
    assert connection["close"]["shape"] == "3-segment"


def test_fin_wait_1_fin_without_ack_of_fin() -> None:
    # B's FIN does not acknowledge A's: it was sent from ESTABLISHED, whatever the capture's order.
    connection = the_connection(
        assert_ladder(
            OPEN
            + """
            FIN-WAIT-1  --> <SEQ=1001><ACK=5001><CTL=FIN,ACK>  ...
            CLOSING     <-- <SEQ=5001><ACK=1001><CTL=FIN,ACK>  <--
            CLOSING     --> <SEQ=1002><ACK=5002><CTL=ACK>      -->
        """
        )
    )
    change = [c for c in connection["transitions"] if c["to"] == "CLOSING"]
    assert {c["endpoint"] for c in change} == {"originator", "responder"}
    of_a = next(c for c in change if c["endpoint"] == "originator")
    assert (of_a["frame"], of_a["proved_by_frame"]) == (5, 6)


def test_fin_wait_1_same_fin_again_takes_fin_wait_2_back() -> None:
    analysis = assert_ladder(
        CLOSING_A
        + """
        FIN-WAIT-2 x   <SEQ=5001><ACK=1002><CTL=ACK>      <-- CLOSE-WAIT (believed)
        +0.5 s
        FIN-WAIT-1 --> <SEQ=1001><ACK=5001><CTL=FIN,ACK>  --> CLOSE-WAIT
        FIN-WAIT-2 <-- <SEQ=5001><ACK=1002><CTL=ACK>      <-- CLOSE-WAIT
    """
    )
    assert {"CP011", "CL002"} <= codes(analysis)


def test_fin_wait_1_same_fin_again_while_nothing_was_acknowledged() -> None:
    analysis = assert_ladder(
        FIN_LOST
        + """
        +0.3 s
        FIN-WAIT-1  --> <SEQ=1001><ACK=5001><CTL=FIN,ACK>  --> CLOSE-WAIT
        FIN-WAIT-2  <-- <SEQ=5001><ACK=1002><CTL=ACK>      <-- CLOSE-WAIT
    """
    )
    assert "CL002" in codes(analysis)
    assert "CP011" not in codes(analysis)


def test_fin_wait_1_several_copies_unanswered_take_close_wait_back() -> None:
    assert_ladder(
        FIN_LOST
        + """
        +0.3 s
        FIN-WAIT-1  --> <SEQ=1001><ACK=5001><CTL=FIN,ACK>  x
        +0.6 s
        FIN-WAIT-1  --> <SEQ=1001><ACK=5001><CTL=FIN,ACK>  x ESTABLISHED
    """
    )


def test_fin_wait_1_receives_data_and_acknowledges_it() -> None:
    assert_ladder(
        CLOSING_A
        + """
        FIN-WAIT-1 <-- <SEQ=5001><ACK=1001><CTL=ACK><LEN=10> <--
        FIN-WAIT-1 --> <SEQ=1002><ACK=5011><CTL=ACK>         -->
    """
    )


def test_fin_wait_1_receives_data_and_resets() -> None:
    analysis = assert_ladder(
        CLOSING_A
        + """
        FIN-WAIT-2 <-- <SEQ=5001><ACK=1002><CTL=ACK><LEN=10> <-- CLOSE-WAIT
        CLOSED     --> <SEQ=1002><CTL=RST>                   --> CLOSED
    """
    )
    assert "CL008" in codes(analysis)


def test_fin_wait_1_receives_rst() -> None:
    connection = the_connection(
        assert_ladder(CLOSING_A + "CLOSED <-- <SEQ=5001><ACK=1002><CTL=RST,ACK> <-- CLOSED")
    )
    assert steps_of(connection, "originator")[-1][:2] == ("CLOSED", "received RST")


def test_fin_wait_1_gives_up_when_the_next_copy_is_overdue() -> None:
    analysis = assert_ladder(
        FIN_LOST
        + """
        +1 s
        FIN-WAIT-1  --> <SEQ=1001><ACK=5001><CTL=FIN,ACK>  x
        +2 s
        FIN-WAIT-1  --> <SEQ=1001><ACK=5001><CTL=FIN,ACK>  x ESTABLISHED
        +30 s
        tick
        CLOSED                                               ESTABLISHED
    """
    )
    assert "CL001" in codes(analysis)
