"""SYN-SENT: RFC 9293 3.10.7.3, and what an observer makes of repetition and silence."""

import pytest

from support.states import assert_ladder, codes, steps_of, the_connection

SYN = "SYN-SENT --> <CTL=SYN> --> LISTEN\n"


def test_syn_sent_same_syn_again() -> None:
    analysis = assert_ladder(
        SYN
        + """
        +1 s
        SYN-SENT    --> <SEQ=1000><CTL=SYN> --> LISTEN
        +2 s
        SYN-SENT    --> <SEQ=1000><CTL=SYN> --> LISTEN
        ESTABLISHED <-- <CTL=SYN,ACK>       <-- SYN-RECEIVED
    """
    )
    assert len(steps_of(the_connection(analysis), "originator")) == 2
    assert "HS002" in codes(analysis)


def test_syn_sent_other_isn_is_a_new_attempt_of_the_same_record() -> None:
    analysis = assert_ladder(
        SYN
        + """
        +1 s
        SYN-SENT    --> <SEQ=7000><CTL=SYN>              --> LISTEN
        ESTABLISHED <-- <SEQ=5000><ACK=7001><CTL=SYN,ACK> <-- SYN-RECEIVED
        ESTABLISHED --> <SEQ=7001><ACK=5001><CTL=ACK>    --> ESTABLISHED
    """
    )
    assert the_connection(analysis)["originator"]["iss"] == 7000
    assert "HS003" in codes(analysis)


def test_syn_sent_syn_ack() -> None:
    connection = the_connection(
        assert_ladder(
            SYN
            + """
            ESTABLISHED <-- <CTL=SYN,ACK> <-- SYN-RECEIVED
            ESTABLISHED --> <CTL=ACK>     --> ESTABLISHED
        """
        )
    )
    change = connection["transitions"][3]
    assert (change["to"], change["event"]) == ("ESTABLISHED", "received SYN ACK")
    # Believed at the SYN-ACK, proven by the ACK.
    assert (change["frame"], change["certainty"], change["proved_by_frame"]) == (2, "inferred", 3)


def test_syn_sent_syn_ack_of_a_wrong_number() -> None:
    analysis = assert_ladder(SYN + "SYN-SENT <-- <SEQ=5000><ACK=900><CTL=SYN,ACK> <-- SYN-RECEIVED")
    assert "HS009" in codes(analysis)


def test_syn_sent_rejects_a_wrong_syn_ack_and_waits_on() -> None:
    assert_ladder(
        SYN
        + """
        SYN-SENT <-- <SEQ=5000><ACK=900><CTL=SYN,ACK> <-- SYN-RECEIVED
        SYN-SENT --> <SEQ=900><CTL=RST>              --> CLOSED
    """
    )


@pytest.mark.parametrize(
    ("ack", "refuses"), [("<ACK=1001>", True), ("<ACK=1000>", False), ("<ACK=1002>", False)]
)
def test_syn_sent_rst_ack_refuses_only_with_the_right_number(ack: str, refuses: bool) -> None:
    state = "CLOSED" if refuses else "SYN-SENT"
    analysis = assert_ladder(SYN + f"{state} <-- <SEQ=0>{ack}<CTL=RST,ACK> <-- CLOSED")
    assert ("HS004" in codes(analysis)) == refuses
    assert ("RS007" in codes(analysis)) != refuses


def test_syn_sent_rst_without_ack_is_ignored() -> None:
    analysis = assert_ladder(SYN + "SYN-SENT <-- <SEQ=0><CTL=RST> <-- CLOSED")
    assert "RS007" in codes(analysis)


def test_syn_sent_refused_is_taken_back_by_another_copy_of_the_syn() -> None:
    # Some stacks try again after a RST; then the RST did not end SYN-SENT.
    assert_ladder(
        SYN
        + """
        CLOSED      <-- <SEQ=0><ACK=1001><CTL=RST,ACK> <-- CLOSED
        +0.5 s
        SYN-SENT    --> <SEQ=1000><CTL=SYN>            --> LISTEN
        ESTABLISHED <-- <SEQ=5000><CTL=SYN,ACK>        <-- SYN-RECEIVED
    """
    )


def test_syn_sent_ack_of_a_stale_connection_draws_rst_and_is_waited_out() -> None:
    analysis = assert_ladder(
        SYN
        + """
        SYN-SENT    <-- <SEQ=7777><ACK=500><CTL=ACK>      <-- (of an older connection)
        SYN-SENT    --> <SEQ=500><CTL=RST>                -->
        +1 s
        SYN-SENT    --> <SEQ=1000><CTL=SYN>               --> LISTEN
        ESTABLISHED <-- <SEQ=5000><ACK=1001><CTL=SYN,ACK> <-- SYN-RECEIVED
    """
    )
    assert "HS018" in codes(analysis)
    assert "HS009" not in codes(analysis)


def test_syn_sent_fin_is_dropped() -> None:
    analysis = assert_ladder(SYN + "SYN-SENT <-- <SEQ=7777><CTL=FIN> <-- CLOSED")
    assert "HS019" in codes(analysis)


def test_syn_sent_aborts_by_rst_ack() -> None:
    connection = the_connection(
        assert_ladder(SYN + "CLOSED --> <SEQ=1001><ACK=0><CTL=RST,ACK> --> CLOSED")
    )
    assert steps_of(connection, "originator")[-1] == ("CLOSED", "sent RST", "observed")


def test_syn_sent_gave_up_connecting_when_the_syn_ack_came() -> None:
    # RST without ACK after an acceptable SYN-ACK: connect() had been given up (HS008).
    analysis = assert_ladder(
        SYN
        + """
                 <-- <CTL=SYN,ACK>       <-- SYN-RECEIVED
        CLOSED   --> <SEQ=1001><CTL=RST> --> CLOSED
    """
    )
    assert "HS008" in codes(analysis)


def test_syn_sent_syn_again_shows_that_the_syn_ack_did_not_arrive() -> None:
    analysis = assert_ladder(
        SYN
        + """
        ESTABLISHED x   <CTL=SYN,ACK>           <-- SYN-RECEIVED  (believed, until it repeats)
        +1 s
        SYN-SENT    --> <SEQ=1000><CTL=SYN>     --> SYN-RECEIVED
        ESTABLISHED <-- <SEQ=5000><CTL=SYN,ACK> <-- SYN-RECEIVED
        ESTABLISHED --> <CTL=ACK>               --> ESTABLISHED
    """
    )
    assert "CP011" in codes(analysis)


def test_syn_sent_gives_up_when_the_next_copy_is_overdue() -> None:
    analysis = assert_ladder(
        SYN
        + """
        +1 s
        SYN-SENT    --> <SEQ=1000><CTL=SYN> --> LISTEN
        +2 s
        SYN-SENT    --> <SEQ=1000><CTL=SYN> --> LISTEN
        +5 s
        tick  (the fourth was due after 4 s)
        SYN-SENT                                LISTEN
        +7 s
        tick
        CLOSED                                  LISTEN
    """
    )
    connection = the_connection(analysis)
    assert steps_of(connection, "originator")[-1] == ("CLOSED", "timer give-up", "assumed")
    assert connection["originator"]["state"] == "SYN-SENT"
    assert connection["originator"]["state_at_capture_end"] == "CLOSED"
    assert connection["transitions"][-1]["frame"] is None


def test_syn_sent_icmp_hard_error() -> None:
    analysis = assert_ladder(SYN + "CLOSED <-- <ICMP=3/3><FROM=192.0.2.99> <--")
    assert the_connection(analysis)["handshake"]["outcome"] == "rejected"
    assert "HS005" in codes(analysis)


def test_syn_sent_icmp_fragmentation_needed_ends_nothing() -> None:
    assert_ladder(SYN + "SYN-SENT <-- <ICMP=3/4><FROM=192.0.2.99> <--")


def test_syn_sent_icmp_error_that_quotes_another_number_ends_nothing() -> None:
    # RFC 5927 section 4: the quoted sequence number has to be one that is outstanding.
    assert_ladder(SYN + "SYN-SENT <-- <ICMP=3/3><SEQ=555><FROM=192.0.2.99> <--")


def test_syn_sent_icmp_error_taken_back_by_the_next_syn() -> None:
    analysis = assert_ladder(
        SYN
        + """
        CLOSED      <-- <ICMP=3/1><FROM=192.0.2.99> <--
        +1 s
        SYN-SENT    --> <SEQ=1000><CTL=SYN>         --> LISTEN
    """
    )
    assert "CP011" in codes(analysis)


def test_syn_sent_syn_of_the_peer() -> None:
    connection = the_connection(
        assert_ladder(
            SYN
            + """
            SYN-RECEIVED <-- <SEQ=5000><CTL=SYN>               <-- SYN-RECEIVED
            SYN-RECEIVED --> <SEQ=1000><ACK=5001><CTL=SYN,ACK> -->
        """
        )
    )
    change = [c for c in connection["transitions"] if c["endpoint"] == "originator"][-1]
    assert (change["to"], change["event"]) == ("SYN-RECEIVED", "received SYN")
    # Its SYN-ACK proves that the SYN was received.
    assert (change["frame"], change["proved_by_frame"]) == (2, 3)
