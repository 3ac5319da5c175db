"""CLOSE-WAIT: the peer has closed, this end has not yet."""

from support.openings import HALF_CLOSED, OPEN
from support.states import assert_ladder, codes, steps_of, the_connection


def test_close_wait_sends_data() -> None:
    analysis = assert_ladder(
        HALF_CLOSED
        + """
        FIN-WAIT-2 <-- <CTL=ACK><LEN=500> <-- CLOSE-WAIT
        FIN-WAIT-2 --> <CTL=ACK>          --> CLOSE-WAIT
    """
    )
    assert "LC007" in codes(analysis)


def test_close_wait_sends_fin_proves_both_steps_at_one_frame() -> None:
    connection = the_connection(
        assert_ladder(
            OPEN
            + """
            FIN-WAIT-1 --> <CTL=FIN,ACK> --> CLOSE-WAIT
            TIME-WAIT  <-- <CTL=FIN,ACK> <-- LAST-ACK
        """
        )
    )
    steps = [c for c in connection["transitions"] if c["endpoint"] == "responder"][-2:]
    assert [(c["to"], c["proved_by_frame"]) for c in steps] == [
        ("CLOSE-WAIT", 5),
        ("LAST-ACK", None),
    ]
    assert steps[1]["certainty"] == "observed"


def test_close_wait_receives_fin_again() -> None:
    connection = the_connection(
        assert_ladder(
            HALF_CLOSED
            + """
            +0.3 s
                       --> <SEQ=1001><ACK=5001><CTL=FIN,ACK> --> CLOSE-WAIT
            FIN-WAIT-2 <-- <SEQ=5001><ACK=1002><CTL=ACK>     <-- CLOSE-WAIT
        """
        )
    )
    assert [state for state, _, _ in steps_of(connection, "responder")].count("CLOSE-WAIT") == 1


def test_close_wait_receives_data_beyond_the_fin() -> None:
    analysis = assert_ladder(
        HALF_CLOSED + "FIN-WAIT-2 --> <SEQ=1002><ACK=5001><CTL=ACK><LEN=10> --> CLOSE-WAIT"
    )
    assert "CL007" in codes(analysis)


def test_close_wait_receives_rst() -> None:
    assert_ladder(HALF_CLOSED + "CLOSED --> <SEQ=1002><ACK=5001><CTL=RST,ACK> --> CLOSED")


def test_close_wait_aborts() -> None:
    connection = the_connection(
        assert_ladder(HALF_CLOSED + "CLOSED <-- <SEQ=5001><ACK=1002><CTL=RST,ACK> <-- CLOSED")
    )
    assert steps_of(connection, "responder")[-1] == ("CLOSED", "sent RST", "observed")
    assert connection["close"]["shape"] == "reset"


def test_close_wait_has_no_timer() -> None:
    analysis = assert_ladder(HALF_CLOSED + "+400 s\ntick\nFIN-WAIT-2              CLOSE-WAIT")
    assert "CL005" in codes(analysis)


def test_close_wait_fin_moved_by_a_retransmission_is_told() -> None:
    analysis = assert_ladder(
        HALF_CLOSED + "FIN-WAIT-2 --> <SEQ=1011><ACK=5001><CTL=FIN,ACK> --> CLOSE-WAIT"
    )
    assert "CL003" in codes(analysis)
