"""CLOSED and LISTEN: what opens a connection, what is refused, what nobody answers.

The contract shows LISTEN only at the frame of the SYN-ACK that proves it; in ladders LISTEN and
CLOSED are the same until then.
"""

from support.states import (
    assert_ladder,
    codes,
    final_states,
    steps_of,
    the_connection,
)


def test_closed_sends_syn() -> None:
    analysis = assert_ladder("SYN-SENT --> <CTL=SYN> --> LISTEN")
    assert steps_of(the_connection(analysis), "originator") == [
        ("SYN-SENT", "sent SYN", "observed")
    ]


def test_closed_receives_syn_unanswered_may_be_listening() -> None:
    connection = the_connection(assert_ladder("SYN-SENT --> <CTL=SYN> --> LISTEN"))
    assert connection["responder"]["state"] == "CLOSED"
    assert connection["responder"]["possible_states"] == ["CLOSED", "LISTEN"]
    assert steps_of(connection, "responder") == []


def test_listen_is_passed_at_the_syn_ack() -> None:
    connection = the_connection(
        assert_ladder("""
            SYN-SENT    --> <CTL=SYN>      --> LISTEN
            ESTABLISHED <-- <CTL=SYN,ACK>  <-- SYN-RECEIVED
        """)
    )
    assert steps_of(connection, "responder") == [
        ("LISTEN", "received SYN", "observed"),
        ("SYN-RECEIVED", "sent SYN ACK", "observed"),
    ]
    assert {change["frame"] for change in connection["transitions"][1:3]} == {2}


def test_closed_sends_syn_ack_without_a_syn_in_the_capture() -> None:
    connection = the_connection(
        assert_ladder("""
            SYN-SENT    --> <CTL=SYN><UNSEEN>  --> LISTEN
            ESTABLISHED <-- <CTL=SYN,ACK>      <-- SYN-RECEIVED
            ESTABLISHED --> <CTL=ACK>          --> ESTABLISHED
        """)
    )
    # The receiver of the SYN-ACK must have sent a SYN; it is the originator.
    assert connection["originator"]["port"] == 40000
    assert steps_of(connection, "originator")[0] == (
        "SYN-SENT", "picked up in mid-stream", "inferred",
    )  # fmt: skip


def test_closed_refuses_syn_by_rst() -> None:
    analysis = assert_ladder("""
        SYN-SENT --> <CTL=SYN>                     --> CLOSED
        CLOSED   <-- <SEQ=0><ACK=1001><CTL=RST,ACK> <-- CLOSED
    """)
    assert the_connection(analysis)["handshake"]["outcome"] == "refused"
    assert "HS004" in codes(analysis)


def test_closed_answers_data_of_an_unknown_connection_by_rst() -> None:
    analysis = assert_ladder(
        """
        CLOSED      <-- <SEQ=5001><ACK=1001><CTL=ACK><LEN=10> <-- ESTABLISHED
        CLOSED      --> <SEQ=1001><CTL=RST>                   --> CLOSED
    """.replace("CLOSED      <--", "            <--")
    )
    assert "RS004" in codes(analysis)


def test_rst_alone_is_a_connection_with_both_ends_closed() -> None:
    analysis = assert_ladder("CLOSED --> <SEQ=1><CTL=RST> --> CLOSED")
    connection = the_connection(analysis)
    assert connection["handshake"]["outcome"] == "midstream"
    assert connection["close"]["shape"] == "reset"
    assert final_states(analysis) == [("CLOSED", "CLOSED")]


def test_closed_tail_of_a_connection_that_is_over_moves_nothing() -> None:
    analysis = assert_ladder("""
        SYN-SENT    --> <CTL=SYN>                        --> LISTEN
        ESTABLISHED <-- <CTL=SYN,ACK>                    <-- SYN-RECEIVED
        ESTABLISHED --> <CTL=ACK>                        --> ESTABLISHED
        CLOSED      --> <SEQ=1001><ACK=5001><CTL=RST,ACK> --> CLOSED
        CLOSED      --> <SEQ=1001><CTL=RST>              --> CLOSED
    """)
    assert len(analysis["connections"]) == 1
    assert final_states(analysis) == [("CLOSED", "CLOSED")]


def test_closed_opens_the_next_incarnation_by_syn() -> None:
    analysis = assert_ladder("""
        SYN-SENT    --> <CTL=SYN>                        --> LISTEN
        ESTABLISHED <-- <CTL=SYN,ACK>                    <-- SYN-RECEIVED
        ESTABLISHED --> <CTL=ACK>                        --> ESTABLISHED
        CLOSED      --> <SEQ=1001><ACK=5001><CTL=RST,ACK> --> CLOSED
        SYN-SENT    --> <SEQ=90000><CTL=SYN>             --> LISTEN
        ESTABLISHED <-- <SEQ=70000><ACK=90001><CTL=SYN,ACK> <-- SYN-RECEIVED
    """)
    assert [c["incarnation"] for c in analysis["connections"]] == [1, 2]
    assert "TW013" in codes(analysis)
