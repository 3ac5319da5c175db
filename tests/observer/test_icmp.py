"""Which ICMP errors end a connection attempt, and which only tell of trouble."""

import pytest

from support.ladder import Ladder, Socket
from support.openings import OPEN
from support.states import assert_ladder, codes, the_connection
from tcpflow_analyzer.observer.icmp import is_hard


@pytest.mark.parametrize(
    ("version", "kind", "code", "hard"),
    [
        (4, 3, 1, True), (4, 3, 3, True), (4, 3, 13, True), (4, 3, 4, False),
        (4, 11, 0, False), (4, 4, 0, False), (6, 1, 4, True), (6, 2, 0, False), (6, 3, 0, False),
    ],
)  # fmt: skip
def test_is_hard(version: int, kind: int, code: int, hard: bool) -> None:
    assert is_hard(version, kind, code) == hard


def test_error_about_a_synchronised_connection_moves_nothing() -> None:
    # RFC 5927: in synchronised states even a hard error is taken as a soft one.
    assert_ladder(
        OPEN
        + """
        ESTABLISHED --> <CTL=ACK><LEN=10>              -->
        ESTABLISHED <-- <ICMP=3/3><FROM=192.0.2.99>    <-- ESTABLISHED
        ESTABLISHED <-- <CTL=ACK>                      <-- ESTABLISHED
    """
    )


def test_version_6_port_unreachable_rejects() -> None:
    ladder = Ladder(
        """
        SYN-SENT --> <CTL=SYN>                         --> CLOSED
        CLOSED   <-- <ICMP=1/4><FROM=2001:db8::ffff>   <-- CLOSED
        """,
        a=Socket("2001:db8::1", 40000),
        b=Socket("2001:db8::2", 80),
    )
    analysis = assert_ladder(ladder)
    assert the_connection(analysis)["handshake"]["outcome"] == "rejected"
    assert "HS005" in codes(analysis)


def test_version_6_packet_too_big_does_not() -> None:
    ladder = Ladder(
        """
        SYN-SENT --> <CTL=SYN>                         --> CLOSED
        SYN-SENT <-- <ICMP=2/0><FROM=2001:db8::ffff>   <-- CLOSED
        """,
        a=Socket("2001:db8::1", 40000),
        b=Socket("2001:db8::2", 80),
    )
    assert the_connection(assert_ladder(ladder))["handshake"]["outcome"] == "unanswered"


def test_rejected_and_answered_all_the_same_is_completed() -> None:
    analysis = assert_ladder("""
        SYN-SENT    --> <CTL=SYN>                      --> LISTEN
        CLOSED      <-- <ICMP=3/1><FROM=192.0.2.99>    <-- LISTEN
        +1 s
        SYN-SENT    --> <SEQ=1000><CTL=SYN>            --> LISTEN
        ESTABLISHED <-- <SEQ=5000><CTL=SYN,ACK>        <-- SYN-RECEIVED
        ESTABLISHED --> <CTL=ACK>                      --> ESTABLISHED
    """)
    assert the_connection(analysis)["handshake"]["outcome"] == "completed"


def test_time_exceeded_is_told_but_the_attempt_goes_on() -> None:
    # RFC 1122 4.2.3.9: a soft error.
    analysis = assert_ladder(
        """
        SYN-SENT    --> <CTL=SYN>                      --> CLOSED
        SYN-SENT    <-- <ICMP=11/0><FROM=192.0.2.99>   <-- CLOSED
        """
    )
    (found,) = (each for each in analysis["findings"] if each["code"] == "HS005")
    assert "time" in found["values"]["error"]


def test_error_about_an_end_that_was_not_captured_says_nothing() -> None:
    analysis = assert_ladder(
        """
        SYN-SENT    --> <CTL=SYN>                      -->
                    <-- <CTL=SYN,ACK><UNSEEN>          <--
        SYN-SENT    --> <ICMP=3/4><FROM=192.0.2.99>    -->
        """
    )
    assert "MB005" not in codes(analysis)


@pytest.mark.parametrize(("sequence", "is_lost"), [(1001, True), (90_001, False), (901, False)])
def test_size_reported_is_of_what_is_outstanding(sequence: int, is_lost: bool) -> None:
    # RFC 5927 4: an error that quotes other numbers may be forged.
    analysis = assert_ladder(
        OPEN
        + f"""
        ESTABLISHED --> <SEQ=1001><CTL=ACK><LEN=1000>                     x ESTABLISHED
        ESTABLISHED <-- <ICMP=3/4><FROM=192.0.2.99><SEQ={sequence}>       <-- ESTABLISHED
        +3 s
        tick
        """
    )
    assert ("MB005" in codes(analysis)) == is_lost
