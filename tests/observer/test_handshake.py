"""SYNs and SYN-ACKs, and the moment from which the handshake is done."""

from support.openings import OPEN
from support.states import assert_ladder, codes, steps_of, the_connection


def test_handshake_is_done_by_the_first_acknowledgement_of_the_syn_ack() -> None:
    connection = the_connection(assert_ladder(OPEN + "--> <CTL=ACK><LEN=10> -->"))
    assert connection["handshake"]["outcome"] == "completed"
    assert connection["handshake"]["synack_to_ack_ns"] == 10_000_000


def test_simultaneous_open_is_told_by_the_syn_ack_of_an_end_that_had_sent_a_syn() -> None:
    # RFC 9293 figure 7.
    analysis = assert_ladder(
        """
        SYN-SENT     --> <SEQ=1000><CTL=SYN>                 ...
        SYN-RECEIVED <-- <SEQ=5000><CTL=SYN>                 <--
                     ... <SEQ=1000><CTL=SYN>                 -->
        SYN-RECEIVED --> <SEQ=1000><ACK=5001><CTL=SYN,ACK>   -->
        ESTABLISHED  <-- <SEQ=5000><ACK=1001><CTL=SYN,ACK>   <-- ESTABLISHED
        """
    )
    assert "LC002" in codes(analysis)
    assert the_connection(analysis)["handshake"]["outcome"] == "simultaneous"


def test_repeated_syn_ack_takes_back_that_the_third_segment_arrived() -> None:
    analysis = assert_ladder(
        """
        SYN-SENT    --> <SEQ=1000><CTL=SYN>                  --> LISTEN
        ESTABLISHED <-- <SEQ=5000><ACK=1001><CTL=SYN,ACK>    <-- SYN-RECEIVED
        ESTABLISHED --> <SEQ=1001><ACK=5001><CTL=ACK>        x
        +1 s
                    <-- <SEQ=5000><ACK=1001><CTL=SYN,ACK>    <-- SYN-RECEIVED
        """
    )
    assert "HS006" in codes(analysis)
    assert steps_of(the_connection(analysis), "responder")[-1][0] == "SYN-RECEIVED"


def test_listener_with_fast_open_closes_while_the_third_segment_crosses() -> None:
    analysis = assert_ladder(
        """
        SYN-SENT     --> <SEQ=1000><CTL=SYN><TFO=0011223344556677><LEN=100>  -->
        +0.2 s
        ESTABLISHED  <-- <SEQ=5000><ACK=1101><CTL=SYN,ACK>                   <-- SYN-RECEIVED
        ESTABLISHED  --> <SEQ=1101><ACK=5001><CTL=ACK>                       ... SYN-RECEIVED
                     <-- <SEQ=5001><ACK=1101><CTL=FIN,ACK>                   <-- FIN-WAIT-1
    """
    )
    path = [state for state, _, _ in steps_of(the_connection(analysis), "responder")]
    assert path[path.index("SYN-RECEIVED") + 1] == "FIN-WAIT-1"


def test_repeated_syn_ack_that_acknowledges_more_is_another_answer() -> None:
    # The data of the SYN is taken only when it comes again.
    analysis = assert_ladder(
        """
        SYN-SENT    --> <CTL=SYN><LEN=100>                    --> LISTEN
                    <-- <SEQ=5000><ACK=1001><CTL=SYN,ACK>     <-- SYN-RECEIVED
        +1 s
                    <-- <SEQ=5000><ACK=1101><CTL=SYN,ACK>     <-- SYN-RECEIVED
        """
    )
    (found,) = (each for each in analysis["findings"] if each["code"] == "HS012")
    assert "with ACK 1101" in found["message"]
