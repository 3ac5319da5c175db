"""What an answer shows not to have been received when it was sent."""

import pytest

from support.kernel_truth import endpoint_path
from support.openings import HALF_CLOSED, OPEN
from support.states import Json, assert_ladder, codes, the_connection


def last_path(analysis: Json, side: str) -> list[str]:
    """The states of one end, without what corrections took back."""
    path = endpoint_path(the_connection(analysis), side)
    return path[1:] if path[0] == "CLOSED" else path


@pytest.mark.parametrize(
    ("begin", "fin_and_answer", "path"),
    [
        # The FIN finds no socket: it moves nobody to TIME-WAIT or CLOSE-WAIT (RFC 9293 3.10.7.1).
        (
            HALF_CLOSED,
            "+120 s\n<-- <CTL=FIN,ACK> <--\n--> <SEQ=1002><CTL=RST> -->",
            ["SYN-SENT", "ESTABLISHED", "FIN-WAIT-1", "FIN-WAIT-2", "CLOSED"],
        ),
        (
            OPEN,
            "+120 s\n<-- <CTL=FIN,ACK> <--\n--> <SEQ=1001><CTL=RST> -->",
            ["SYN-SENT", "ESTABLISHED", "CLOSED"],
        ),
    ],
)
def test_bare_rst_for_a_fin_shows_that_no_socket_took_it(
    begin: str, fin_and_answer: str, path: list[str]
) -> None:
    assert last_path(assert_ladder(begin + fin_and_answer), "originator") == path


def test_bare_rst_for_data_crosses_the_ack_of_the_fin() -> None:
    # A closes while B's data is on its way; B's ACK of the FIN is behind that data.
    analysis = assert_ladder(
        OPEN
        + """
                   <-- <SEQ=5001><ACK=1001><CTL=ACK><LEN=50> <--
        FIN-WAIT-1 --> <SEQ=1001><ACK=5001><CTL=FIN,ACK>     --> CLOSE-WAIT
                   <-- <SEQ=5051><ACK=1002><CTL=ACK>         <-- CLOSE-WAIT
        CLOSED     --> <SEQ=1001><CTL=RST>                   --> CLOSED
    """
    )
    assert last_path(analysis, "originator")[-2:] == ["FIN-WAIT-1", "CLOSED"]
    assert "CL008" in codes(analysis)


def test_rst_that_echoes_an_old_timestamp_was_sent_before_the_ack_of_the_fin() -> None:
    analysis = assert_ladder(
        """
        SYN-SENT    --> <CTL=SYN><TSVAL=100><TSECR=0>                                  --> LISTEN
        ESTABLISHED <-- <CTL=SYN,ACK><TSVAL=900><TSECR=100>                            <--
        ESTABLISHED --> <CTL=ACK><TSVAL=120><TSECR=900>                                -->
        FIN-WAIT-1  --> <SEQ=1001><ACK=5001><CTL=FIN,ACK><TSVAL=200><TSECR=900>        -->
                    <-- <SEQ=5001><ACK=1002><CTL=ACK><TSVAL=1000><TSECR=200>           <--
        CLOSED      --> <SEQ=1002><ACK=5001><CTL=RST,ACK><TSVAL=210><TSECR=900>        --> CLOSED
    """
    )
    assert last_path(analysis, "originator")[-2:] == ["FIN-WAIT-1", "CLOSED"]


def test_live_rst_of_the_acceptor_had_completed_the_handshake() -> None:
    # The listening socket was closed before accept().
    analysis = assert_ladder(OPEN + "CLOSED <-- <SEQ=5001><ACK=1001><CTL=RST,ACK> <-- CLOSED")
    assert last_path(analysis, "responder")[-3:] == ["SYN-RECEIVED", "ESTABLISHED", "CLOSED"]
    assert "RS001" in codes(analysis)


def test_live_rst_of_the_opener_had_completed_the_handshake() -> None:
    analysis = assert_ladder(
        """
        SYN-SENT    --> <CTL=SYN>                          --> LISTEN
                    <-- <CTL=SYN,ACK>                      <-- SYN-RECEIVED
        CLOSED      --> <SEQ=1001><ACK=5001><CTL=RST,ACK>  --> CLOSED
    """
    )
    assert last_path(analysis, "originator") == ["SYN-SENT", "ESTABLISHED", "CLOSED"]


def test_ack_alone_shows_that_a_syn_ack_came_in_syn_sent() -> None:
    # Simultaneous open, A's bare SYN was lost behind the tap: B never was in SYN-RECEIVED.
    analysis = assert_ladder(
        """
        SYN-SENT     --> <SEQ=1000><CTL=SYN>               x  CLOSED
                     <-- <SEQ=5000><CTL=SYN>               <--
                     --> <SEQ=1000><ACK=5001><CTL=SYN,ACK> --> ESTABLISHED
        ESTABLISHED  <-- <SEQ=5001><ACK=1001><CTL=ACK>     <-- ESTABLISHED
    """
    )
    assert last_path(analysis, "responder") == ["SYN-SENT", "ESTABLISHED"]


def test_fin_that_is_acknowledged_selectively_is_not_in_order_yet() -> None:
    assert_ladder(
        OPEN
        + """
        ESTABLISHED --> <SEQ=1001><ACK=5001><CTL=ACK><LEN=50>                 x ESTABLISHED
        FIN-WAIT-1  --> <SEQ=1051><ACK=5001><CTL=FIN,ACK>                     -->
        FIN-WAIT-1  <-- <SEQ=5001><ACK=1001><CTL=ACK><SACK=1051-1052>         <-- ESTABLISHED
        +0.2 s
        FIN-WAIT-1  --> <SEQ=1001><ACK=5001><CTL=ACK><LEN=50>                 -->
        FIN-WAIT-2  <-- <SEQ=5001><ACK=1052><CTL=ACK>                         <-- CLOSE-WAIT
    """
    )


def test_fin_that_does_not_acknowledge_the_other_was_not_the_second() -> None:
    # The capture begins while the FINs cross: neither end is in LAST-ACK.
    analysis = assert_ladder(
        """
                   --> <SEQ=1001><ACK=5001><CTL=FIN,ACK>  ...
                   <-- <SEQ=5001><ACK=1001><CTL=FIN,ACK>  <--
                   ... <SEQ=1001><ACK=5001><CTL=FIN,ACK>  -->
        CLOSING                                                CLOSING
    """
    )
    assert "LC005" in codes(analysis)


def test_challenge_ack_takes_back_what_a_lost_rst_was_believed_to_have_done() -> None:
    # RFC 9293 figure 10: A has aborted and comes back, B never got the RST.
    analysis = assert_ladder(
        OPEN
        + """
        CLOSED      --> <SEQ=1001><ACK=5001><CTL=RST,ACK>         x
        +1 s
        SYN-SENT    --> <SEQ=900000><CTL=SYN>                     -->
                    <-- <SEQ=5001><ACK=1001><CTL=ACK>             <--
        SYN-SENT    --> <SEQ=1001><CTL=RST>                       -->
        +1 s
        SYN-SENT    --> <SEQ=900000><CTL=SYN>                     -->
        ESTABLISHED <-- <SEQ=700000><ACK=900001><CTL=SYN,ACK>     <-- SYN-RECEIVED
        ESTABLISHED --> <SEQ=900001><ACK=700001><CTL=ACK>         --> ESTABLISHED
    """
    )
    old = analysis["connections"][0]
    assert any(change["correction"] for change in old["transitions"])
    assert "HS018" in codes(analysis)


def test_bare_rst_for_data_of_a_request_that_is_gone_has_a_cause() -> None:
    analysis = assert_ladder(
        """
        SYN-SENT    --> <CTL=SYN>              --> LISTEN
        ESTABLISHED <-- <CTL=SYN,ACK>          <-- SYN-RECEIVED
        ESTABLISHED --> <CTL=ACK><LEN=9>       -->
        CLOSED      <-- <SEQ=5001><CTL=RST>    <-- CLOSED
    """
    )
    assert "RS004" in codes(analysis)
