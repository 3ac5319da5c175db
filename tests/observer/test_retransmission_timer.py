"""Repetitions of what awaits an acknowledgement, and from when on silence means giving up."""

from support.openings import HALF_CLOSED, OPEN
from support.states import assert_ladder, codes, the_connection


def test_repeated_octets_are_retries_until_they_are_acknowledged() -> None:
    analysis = assert_ladder(
        OPEN
        + """
        --> <SEQ=1001><ACK=5001><CTL=ACK><LEN=10>  x
        +0.2 s
        --> <SEQ=1001><ACK=5001><CTL=ACK><LEN=10>  x
        +0.4 s
        --> <SEQ=1001><ACK=5001><CTL=ACK><LEN=10>  -->
        <-- <SEQ=5001><ACK=1011><CTL=ACK>          <--
        """
    )
    assert the_connection(analysis)["originator"]["retransmitted_segments"] == 2


def test_octet_before_snd_nxt_is_a_keep_alive_and_no_retransmission() -> None:
    analysis = assert_ladder(
        OPEN
        + """
        --> <SEQ=1001><ACK=5001><CTL=ACK><LEN=10>  -->
        <-- <SEQ=5001><ACK=1011><CTL=ACK>          <--
        +60 s
        --> <SEQ=1010><ACK=5001><CTL=ACK><LEN=1>   -->
        <-- <SEQ=5001><ACK=1011><CTL=ACK>          <--
        """
    )
    assert the_connection(analysis)["originator"]["unique_octets"] == 10
    assert "KA001" in codes(analysis)


def test_last_ack_ends_when_the_next_repetition_of_the_fin_is_overdue() -> None:
    # Gaps of 1 and 2 s: the next was due 4 s later, and half as much again is allowed for. What was
    # lost behind the tap is believed to have arrived until it is repeated.
    assert_ladder(
        HALF_CLOSED
        + """
        x   <SEQ=5001><ACK=1002><CTL=FIN,ACK>  <-- LAST-ACK
        +1 s
        x   <SEQ=5001><ACK=1002><CTL=FIN,ACK>  <-- LAST-ACK
        +2 s
        x   <SEQ=5001><ACK=1002><CTL=FIN,ACK>  <-- LAST-ACK
        +5.9 s
        tick
                                                             LAST-ACK
        +0.2 s
        tick
                                                             CLOSED
        """
    )


def test_longest_time_between_two_repetitions_bounds_the_silence() -> None:
    # Linux TCP_RTO_MAX: the gap was 70 s, the next is 120 s at most, and half as much again.
    assert_ladder(
        OPEN
        + """
        FIN-WAIT-1 --> <SEQ=1001><ACK=5001><CTL=FIN,ACK>  x
        +70 s
        FIN-WAIT-1 --> <SEQ=1001><ACK=5001><CTL=FIN,ACK>  x
        +179 s
        tick
        FIN-WAIT-1
        +2 s
        tick
        CLOSED
        """
    )
