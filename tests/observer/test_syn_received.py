"""SYN-RECEIVED: RFC 9293 3.10.7.4 for a connection that is not quite one yet."""

import pytest

from support.states import assert_ladder, codes, steps_of, the_connection

ANSWERED = """
    SYN-SENT    --> <CTL=SYN>      --> LISTEN
    ESTABLISHED <-- <CTL=SYN,ACK>  <-- SYN-RECEIVED
"""


def test_syn_received_ack() -> None:
    connection = the_connection(
        assert_ladder(
            ANSWERED
            + """
            ESTABLISHED --> <CTL=ACK>          --> ESTABLISHED
            ESTABLISHED <-- <CTL=ACK><LEN=10>  <-- ESTABLISHED
        """
        )
    )
    change = connection["transitions"][-1]
    assert (change["event"], change["certainty"]) == ("received ACK of SYN", "inferred")
    assert (change["frame"], change["proved_by_frame"]) == (3, 4)


def test_syn_received_syn_ack_again_takes_the_ack_back() -> None:
    # The ACK was lost behind the tap, or dropped: the accept queue is full (HS013).
    analysis = assert_ladder(
        ANSWERED
        + """
        ESTABLISHED --> <SEQ=1001><ACK=5001><CTL=ACK>          x ESTABLISHED   (believed)
        +1 s
        ESTABLISHED <-- <SEQ=5000><ACK=1001><CTL=SYN,ACK>      <-- SYN-RECEIVED
        ESTABLISHED --> <SEQ=1001><ACK=5001><CTL=ACK>          --> SYN-RECEIVED
        ESTABLISHED --> <SEQ=1001><ACK=5001><CTL=ACK><LEN=5>   --> ESTABLISHED (data, at once)
    """
    )
    assert {"HS006", "CP011"} <= codes(analysis)
    # The ACK of frame 5 is believed again after the data: it changes nothing any more.
    steps = steps_of(the_connection(analysis), "responder")
    assert [state for state, _, _ in steps[2:]] == ["ESTABLISHED", "SYN-RECEIVED", "ESTABLISHED"]


def test_syn_received_ack_believed_again_once_the_next_syn_ack_is_overdue() -> None:
    assert_ladder(
        ANSWERED
        + """
        ESTABLISHED --> <SEQ=1001><ACK=5001><CTL=ACK>     x ESTABLISHED
        +1 s
        ESTABLISHED <-- <SEQ=5000><ACK=1001><CTL=SYN,ACK> <-- SYN-RECEIVED
        ESTABLISHED --> <SEQ=1001><ACK=5001><CTL=ACK>     --> SYN-RECEIVED
        +2 s
        tick
        ESTABLISHED                                           SYN-RECEIVED
        +1 s
        tick
        ESTABLISHED                                           ESTABLISHED
    """
    )


def test_syn_received_other_syn_ack() -> None:
    analysis = assert_ladder(
        ANSWERED + "ESTABLISHED <-- <SEQ=6000><ACK=1001><CTL=SYN,ACK> <-- SYN-RECEIVED"
    )
    assert "HS012" in codes(analysis)


def test_syn_received_ack_of_a_wrong_number() -> None:
    analysis = assert_ladder(
        ANSWERED + "ESTABLISHED --> <SEQ=1001><ACK=2000005000><CTL=ACK> --> SYN-RECEIVED"
    )
    assert "HS009" in codes(analysis)


def test_syn_received_ack_of_octets_not_captured_is_taken_for_true() -> None:
    # The capture missed A's third segment and 554 octets of B.
    analysis = assert_ladder(
        ANSWERED + "ESTABLISHED --> <SEQ=1001><ACK=5555><CTL=ACK> --> ESTABLISHED"
    )
    assert codes(analysis) & {"HS009", "CP004"} == {"CP004"}


def test_syn_received_ack_of_octets_never_sent_draws_a_rst() -> None:
    analysis = assert_ladder(
        ANSWERED
        + """
                    --> <SEQ=1001><ACK=5555><CTL=ACK>      -->
        CLOSED      <-- <SEQ=5555><CTL=RST>                <-- SYN-RECEIVED
        """
    )
    assert "HS009" in codes(analysis)


def test_syn_received_ack_of_octets_never_sent_draws_the_syn_ack_again() -> None:
    analysis = assert_ladder(
        ANSWERED
        + """
                    --> <SEQ=1001><ACK=5555><CTL=ACK>      -->
        +1 s
        ESTABLISHED <-- <SEQ=5000><ACK=1001><CTL=SYN,ACK>  <-- SYN-RECEIVED
        +3 s
        ESTABLISHED --> <SEQ=1001><ACK=5001><CTL=ACK>      --> ESTABLISHED
        ESTABLISHED <-- <SEQ=5001><ACK=1001><CTL=ACK><LEN=100> <-- ESTABLISHED
        """
    )
    assert "HS009" in codes(analysis)
    assert the_connection(analysis)["analysis"].get("retransmission", 0) == 1  # the SYN-ACK


def test_syn_received_fin_with_an_ack_of_octets_not_captured() -> None:
    # Simultaneous open; the SYN and the data of B and the SYN-ACK of A are not in the capture.
    analysis = assert_ladder(
        """
        SYN-SENT    --> <CTL=SYN>                              -->
                    <-- <SEQ=5000><ACK=1001><CTL=SYN,ACK>      <-- SYN-RECEIVED
        +0.1 s
        FIN-WAIT-1  --> <SEQ=1001><ACK=5002><CTL=FIN,ACK>      ...
                    ... <SEQ=5002><ACK=1001><CTL=FIN,ACK>      <-- CLOSING
                    ... <SEQ=1001><ACK=5002><CTL=FIN,ACK>      -->
                    <-- <SEQ=5003><ACK=1002><CTL=ACK>          <-- CLOSING
        CLOSING     --> <SEQ=1002><ACK=5003><CTL=ACK>          --> TIME-WAIT
        +1 s
        tick
        TIME-WAIT                                                  TIME-WAIT
        """
    )
    assert codes(analysis) & {"HS009", "HS019"} == set()


def test_syn_received_fin_with_good_ack_passes_established() -> None:
    connection = the_connection(
        assert_ladder(ANSWERED + "FIN-WAIT-1 --> <SEQ=1001><ACK=5001><CTL=FIN,ACK> --> CLOSE-WAIT")
    )
    last = connection["transitions"][-2:]
    assert [change["to"] for change in last] == ["ESTABLISHED", "CLOSE-WAIT"]
    assert {change["frame"] for change in last} == {3}


def test_syn_received_sends_rst_without_ack_never_became_a_socket() -> None:
    # Accept queue full with abort on overflow: the ESTABLISHED that was believed is taken back.
    connection = the_connection(
        assert_ladder(
            ANSWERED
            + """
            ESTABLISHED --> <SEQ=1001><ACK=5001><CTL=ACK> --> ESTABLISHED
            CLOSED      <-- <SEQ=5001><CTL=RST>           <-- CLOSED
        """
        )
    )
    changes = [c for c in connection["transitions"] if c["endpoint"] == "responder"][-2:]
    assert [(c["from"], c["to"], c["correction"]) for c in changes] == [
        ("ESTABLISHED", "SYN-RECEIVED", True),
        ("SYN-RECEIVED", "CLOSED", False),
    ]


def test_syn_received_rst_with_another_number_answers_something_else() -> None:
    assert_ladder(ANSWERED + "ESTABLISHED <-- <SEQ=9999><CTL=RST> <-- SYN-RECEIVED")


def test_syn_received_sends_fin_passes_established() -> None:
    # Without Fast Open stacks close only what was established: the third segment is proven by it.
    connection = the_connection(
        assert_ladder(ANSWERED + "CLOSE-WAIT <-- <CTL=FIN,ACK> <-- FIN-WAIT-1")
    )
    assert steps_of(connection, "responder")[-2:] == [
        ("ESTABLISHED", "received ACK of SYN", "observed"),
        ("FIN-WAIT-1", "sent FIN", "observed"),
    ]


def test_syn_received_sends_fin_under_fast_open() -> None:
    connection = the_connection(
        assert_ladder("""
            SYN-SENT    --> <CTL=SYN><LEN=10><TFO=0102030405060708> --> LISTEN
            ESTABLISHED <-- <ACK=1011><CTL=SYN,ACK>                 <-- SYN-RECEIVED
            CLOSE-WAIT  <-- <ACK=1011><CTL=FIN,ACK>                 <-- FIN-WAIT-1
        """)
    )
    assert steps_of(connection, "responder")[-1] == ("FIN-WAIT-1", "sent FIN", "observed")
    assert "ESTABLISHED" not in [step[0] for step in steps_of(connection, "responder")]


def test_syn_received_sends_data_under_fast_open_stays() -> None:
    analysis = assert_ladder("""
        SYN-SENT    --> <CTL=SYN><LEN=10><TFO=0102030405060708>  --> LISTEN
        ESTABLISHED <-- <ACK=1011><CTL=SYN,ACK>                  <-- SYN-RECEIVED
        ESTABLISHED <-- <ACK=1011><CTL=ACK><LEN=100>             <-- SYN-RECEIVED
        ESTABLISHED --> <SEQ=1011><ACK=5101><CTL=ACK>            --> ESTABLISHED
    """)
    assert "LC009" in codes(analysis)


def test_syn_received_rst_acceptable() -> None:
    analysis = assert_ladder(ANSWERED + "CLOSED --> <SEQ=1001><CTL=RST> --> CLOSED")
    assert the_connection(analysis)["handshake"]["outcome"] == "aborted"


def test_syn_received_rst_outside_the_window() -> None:
    analysis = assert_ladder(ANSWERED + "ESTABLISHED --> <SEQ=900000><CTL=RST> --> SYN-RECEIVED")
    assert "RS007" in codes(analysis)


def test_syn_received_same_syn_again() -> None:
    assert_ladder(
        ANSWERED
        + """
        +1 s
                    --> <SEQ=1000><CTL=SYN>     --> SYN-RECEIVED
        ESTABLISHED <-- <SEQ=5000><CTL=SYN,ACK> <-- SYN-RECEIVED
    """
    )


def test_syn_received_gives_up_when_the_next_syn_ack_is_overdue() -> None:
    analysis = assert_ladder("""
        SYN-SENT --> <CTL=SYN>                         --> LISTEN
                 x   <CTL=SYN,ACK>                     <-- SYN-RECEIVED
        +1 s
                 x   <SEQ=5000><ACK=1001><CTL=SYN,ACK> <-- SYN-RECEIVED
        +2 s
                 x   <SEQ=5000><ACK=1001><CTL=SYN,ACK> <-- SYN-RECEIVED
        +5 s
        tick
                                                        SYN-RECEIVED
        +5 s
        tick
                                                        CLOSED
    """)
    last = the_connection(analysis)["transitions"][-1]
    assert (last["event"], last["certainty"]) == ("timer give-up", "assumed")


@pytest.mark.parametrize("repeats", [1, 3])
def test_syn_received_simultaneous_open_syn_ack_of_the_peer(repeats: int) -> None:
    again = "<-- <SEQ=5000><ACK=1001><CTL=SYN,ACK> <--\n+1 s\n" * (repeats - 1)
    connection = the_connection(
        assert_ladder(
            """
            SYN-SENT     --> <SEQ=1000><CTL=SYN>               ...
                         <-- <SEQ=5000><CTL=SYN>               <--
                         ... <SEQ=1000><CTL=SYN>               --> SYN-RECEIVED
            SYN-RECEIVED --> <SEQ=1000><ACK=5001><CTL=SYN,ACK> -->
            ESTABLISHED  <-- <SEQ=5000><ACK=1001><CTL=SYN,ACK> <-- ESTABLISHED
            """
            + again
        )
    )
    assert steps_of(connection, "originator")[-1][:2] == ("ESTABLISHED", "received ACK of SYN")
