"""FIN-WAIT-2: the own FIN is acknowledged, the peer may go on."""

from support.openings import HALF_CLOSED
from support.states import assert_ladder, codes, the_connection


def test_fin_wait_2_receives_data() -> None:
    analysis = assert_ladder(
        HALF_CLOSED
        + """
        FIN-WAIT-2 <-- <CTL=ACK><LEN=500> <-- CLOSE-WAIT
        FIN-WAIT-2 --> <CTL=ACK>          --> CLOSE-WAIT
    """
    )
    assert "LC007" in codes(analysis)


def test_fin_wait_2_receives_fin_proven_by_its_ack() -> None:
    connection = the_connection(
        assert_ladder(
            HALF_CLOSED
            + """
            TIME-WAIT <-- <CTL=FIN,ACK> <-- LAST-ACK
            TIME-WAIT --> <CTL=ACK>     --> CLOSED
        """
        )
    )
    change = next(c for c in connection["transitions"] if c["to"] == "TIME-WAIT")
    assert (change["frame"], change["certainty"], change["proved_by_frame"]) == (6, "inferred", 7)
    assert connection["close"]["shape"] == "4-segment"


def test_fin_wait_2_receives_data_and_resets() -> None:
    analysis = assert_ladder(
        HALF_CLOSED
        + """
        FIN-WAIT-2 <-- <CTL=ACK><LEN=50>   <-- CLOSE-WAIT
        CLOSED     --> <SEQ=1002><CTL=RST> --> CLOSED
    """
    )
    assert "CL008" in codes(analysis)


def test_fin_wait_2_receives_fin_and_resets() -> None:
    analysis = assert_ladder(
        HALF_CLOSED
        + """
        +120 s
        TIME-WAIT  <-- <CTL=FIN,ACK>       <-- LAST-ACK
        CLOSED     --> <SEQ=1002><CTL=RST> --> CLOSED
    """
    )
    assert codes(analysis) & {"RS006", "CL006", "TW003"}


def test_fin_wait_2_same_fin_again_goes_back_to_fin_wait_1() -> None:
    analysis = assert_ladder(
        HALF_CLOSED
        + """
        +0.5 s
        FIN-WAIT-1 --> <SEQ=1001><ACK=5001><CTL=FIN,ACK> --> CLOSE-WAIT
    """
    )
    assert "CP011" in codes(analysis)


def test_fin_wait_2_is_never_ended_by_a_clock() -> None:
    # Only an orphan times out, and the tap cannot see whether it is one.
    analysis = assert_ladder(HALF_CLOSED + "+500 s\ntick\nFIN-WAIT-2              CLOSE-WAIT")
    assert codes(analysis) & {"CL005", "CL006"}


def test_fin_wait_2_receives_rst() -> None:
    assert_ladder(HALF_CLOSED + "CLOSED <-- <SEQ=5001><ACK=1002><CTL=RST,ACK> <-- CLOSED")
