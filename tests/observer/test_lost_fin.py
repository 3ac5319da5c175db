"""A FIN that the capture lost is inferred where the peer closes too, never otherwise."""

from support.openings import OPEN
from support.states import assert_ladder, codes, steps_of, the_connection


def test_octet_acknowledged_and_never_captured_is_a_fin_when_the_peer_closes_too() -> None:
    # B's FIN was lost by the capture; A acknowledges its octet, then closes.
    connection = the_connection(
        assert_ladder(
            OPEN
            + """
                        <-- <SEQ=5001><ACK=1001><CTL=FIN,ACK><UNSEEN> <--
                        --> <SEQ=1001><ACK=5002><CTL=ACK>             -->
            LAST-ACK    --> <SEQ=1001><ACK=5002><CTL=FIN,ACK>         --> TIME-WAIT
            CLOSED      <-- <SEQ=5002><ACK=1002><CTL=ACK>             <-- TIME-WAIT
        """
        )
    )
    assert connection["close"]["active_closer"] == "responder"
    assert connection["responder"]["certainty"] != "observed"


def test_octet_acknowledged_and_never_captured_is_data_while_nobody_closes() -> None:
    analysis = assert_ladder(
        OPEN
        + """
        ESTABLISHED --> <SEQ=1001><ACK=5002><CTL=ACK>         --> ESTABLISHED
        +2 s
        ESTABLISHED <-- <SEQ=5002><ACK=1001><CTL=ACK><LEN=10> <-- ESTABLISHED
    """
    )
    assert "CP004" in codes(analysis)


def test_inferred_fin_gives_way_to_data_that_follows() -> None:
    connection = the_connection(
        assert_ladder(
            OPEN
            + """
                       --> <SEQ=1001><ACK=5002><CTL=ACK>         -->
                       --> <SEQ=1001><ACK=5002><CTL=FIN,ACK>     -->
            FIN-WAIT-2 <-- <SEQ=5002><ACK=1002><CTL=ACK><LEN=10> <-- CLOSE-WAIT
        """
        )
    )
    assert connection["responder"]["state"] == "CLOSE-WAIT"
    assert any(change["correction"] for change in connection["transitions"])


def test_own_ack_one_octet_behind_its_stream_shows_a_fin_once_the_peer_has_closed() -> None:
    # A: FIN; B acknowledges it with a number that only a FIN of its own explains, sent before.
    connection = the_connection(
        assert_ladder(
            OPEN
            + """
            FIN-WAIT-1 --> <SEQ=1001><ACK=5001><CTL=FIN,ACK>          --> CLOSE-WAIT
                       <-- <SEQ=5002><ACK=1002><CTL=ACK>              <-- CLOSING
        """
        )
    )
    assert connection["responder"]["certainty"] == "inferred"


def test_number_behind_its_own_fin_is_no_second_fin() -> None:
    analysis = assert_ladder(
        OPEN
        + """
        FIN-WAIT-1  --> <SEQ=1001><ACK=5001><CTL=FIN,ACK>      -->
        FIN-WAIT-1  --> <SEQ=1003><ACK=5001><CTL=ACK>          -->
        FIN-WAIT-2  <-- <SEQ=5001><ACK=1002><CTL=ACK>          <-- CLOSE-WAIT
        """
    )
    assert "CL003" not in codes(analysis)
    assert the_connection(analysis)["close"]["active_closer"] == "originator"


def test_ack_of_nothing_behind_a_lost_octet_is_no_fin() -> None:
    # What acknowledges nothing was sent before the peer's SYN and FIN came.
    analysis = assert_ladder(
        """
        SYN-SENT    --> <CTL=SYN>                              --> LISTEN
                    <-- <SEQ=5000><ACK=1001><CTL=SYN,ACK>      <-- SYN-RECEIVED
                    <-- <SEQ=5001><ACK=1001><CTL=FIN,ACK>      <--
        CLOSE-WAIT  --> <SEQ=1002><ACK=5000><CTL=ACK>          -->
        """
    )
    assert all(
        event != "sent FIN" for _, event, _ in steps_of(the_connection(analysis), "originator")
    )
