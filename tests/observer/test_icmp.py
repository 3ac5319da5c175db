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
