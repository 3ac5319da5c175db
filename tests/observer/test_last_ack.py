"""LAST-ACK: the last FIN awaits its acknowledgement."""

from support.openings import CLOSED_BY_A, HALF_CLOSED
from support.states import assert_ladder, codes, steps_of, the_connection

LAST = HALF_CLOSED + "TIME-WAIT <-- <CTL=FIN,ACK> <-- LAST-ACK\n"


def test_last_ack_ack_of_fin_stays_inferred() -> None:
    connection = the_connection(assert_ladder(LAST + "TIME-WAIT --> <CTL=ACK> --> CLOSED"))
    assert steps_of(connection, "responder")[-1] == ("CLOSED", "received ACK of FIN", "inferred")
    assert connection["responder"]["proven_state"] == "LAST-ACK"
    assert connection["responder"]["possible_states"] == ["CLOSED", "LAST-ACK"]


def test_last_ack_ack_that_does_not_cover_the_fin() -> None:
    assert_ladder(LAST + "TIME-WAIT --> <SEQ=1002><ACK=5001><CTL=ACK> --> LAST-ACK")


def test_last_ack_same_fin_again_takes_closed_back() -> None:
    analysis = assert_ladder(
        LAST
        + """
        TIME-WAIT --> <SEQ=1002><ACK=5002><CTL=ACK>     x   CLOSED   (believed)
        +0.3 s
        TIME-WAIT <-- <SEQ=5001><ACK=1002><CTL=FIN,ACK> <-- LAST-ACK
        TIME-WAIT --> <SEQ=1002><ACK=5002><CTL=ACK>     --> CLOSED
    """
    )
    assert {"CP011", "TW002"} <= codes(analysis)


def test_last_ack_old_duplicate_of_its_data_does_not_bring_it_back() -> None:
    # It acknowledges less than its sender did already: no live socket says that.
    connection = the_connection(
        assert_ladder(
            CLOSED_BY_A.replace("SYN-SENT    --> <CTL=SYN>", "SYN-SENT    --> <CTL=SYN>", 1)
            + """
            +0.2 s
            TIME-WAIT <-- <SEQ=5001><ACK=1001><CTL=ACK><LEN=1> <-- CLOSED
        """
        )
    )
    assert steps_of(connection, "responder")[-1][0] == "CLOSED"


def test_last_ack_receives_rst() -> None:
    assert_ladder(LAST + "CLOSED --> <SEQ=1002><CTL=RST> --> CLOSED")


def test_last_ack_gives_up_when_the_next_copy_is_overdue() -> None:
    analysis = assert_ladder(
        LAST
        + """
        +1 s
        TIME-WAIT <-- <SEQ=5001><ACK=1002><CTL=FIN,ACK> <-- LAST-ACK
        +2 s
        FIN-WAIT-2 <-- <SEQ=5001><ACK=1002><CTL=FIN,ACK> <-- LAST-ACK
        +30 s
        tick
                                                         CLOSED
    """
    )
    assert "CL001" in codes(analysis)
    last = [c for c in the_connection(analysis)["transitions"] if c["endpoint"] == "responder"][-1]
    assert (last["event"], last["certainty"]) == ("timer give-up", "assumed")
