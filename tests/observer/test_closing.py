"""CLOSING: both FINs are on their way, the own one is not acknowledged."""

from support.openings import CROSSED, OPEN
from support.states import assert_ladder, codes, steps_of, the_connection


def test_closing_ack_of_fin() -> None:
    connection = the_connection(
        assert_ladder(
            CROSSED
            + """
            CLOSING   --> <SEQ=1002><ACK=5002><CTL=ACK> --> TIME-WAIT
            TIME-WAIT <-- <SEQ=5002><ACK=1002><CTL=ACK> <-- TIME-WAIT
        """
        )
    )
    for side in ("originator", "responder"):
        assert steps_of(connection, side)[-1][:2] == ("TIME-WAIT", "received ACK of FIN")
    assert connection["close"]["active_closer"] == "both"


def test_closing_same_fin_again() -> None:
    analysis = assert_ladder(
        CROSSED
        + """
        +0.3 s
        CLOSING --> <SEQ=1001><ACK=5001><CTL=FIN,ACK> --> CLOSING
    """
    )
    assert "CL002" in codes(analysis)


def test_closing_fin_again_with_the_ack_of_both() -> None:
    # A repeated FIN acknowledges by then what has arrived.
    assert_ladder(
        CROSSED
        + """
        +0.3 s
        CLOSING   --> <SEQ=1001><ACK=5002><CTL=FIN,ACK> --> TIME-WAIT
        TIME-WAIT <-- <SEQ=5002><ACK=1002><CTL=ACK>     <-- TIME-WAIT
    """
    )


def test_closing_receives_rst() -> None:
    assert_ladder(CROSSED + "CLOSED <-- <SEQ=5002><ACK=1002><CTL=RST,ACK> <-- CLOSED")


def test_closing_idle_is_not_time_wait() -> None:
    assert_ladder(CROSSED + "+1 s\ntick\nCLOSING                       CLOSING")


def test_closing_own_fin_missing_in_the_capture_is_not_observed_as_close_wait() -> None:
    # B's FIN crossed A's, and the capture missed it: B's ACK stands one octet behind a hole.
    connection = the_connection(
        assert_ladder(
            OPEN
            + """
            FIN-WAIT-1  --> <SEQ=1001><ACK=5001><CTL=FIN,ACK>          ...
                        <-- <SEQ=5001><ACK=1001><CTL=FIN,ACK><UNSEEN>  <--
                        ... <SEQ=1001><ACK=5001><CTL=FIN,ACK>          -->
                        <-- <SEQ=5002><ACK=1002><CTL=ACK>              <--
        """
        )
    )
    assert connection["responder"]["certainty"] != "observed"
