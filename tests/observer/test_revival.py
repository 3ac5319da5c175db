"""RS010: an endpoint that was thought CLOSED by a RST goes on."""

import pytest

from support.openings import OPEN
from support.states import assert_ladder, codes, the_connection

# Somebody on the way sends a RST in A's name; neither end takes it.
FORGED = (
    OPEN
    + """
    --> <SEQ=1001><ACK=5001><CTL=RST,ACK>  x
    +0.1 s
    ESTABLISHED --> <SEQ=1001><ACK=5001><CTL=ACK><LEN=10>  -->
    ESTABLISHED <-- <SEQ=5001><ACK=1011><CTL=ACK>          <-- ESTABLISHED
"""
)


def test_seeming_sender_of_a_rst_that_goes_on_is_set_back_to_what_it_was() -> None:
    analysis = assert_ladder(FORGED)
    assert "RS010" in codes(analysis)
    corrections = [c for c in the_connection(analysis)["transitions"] if c["correction"]]
    assert ("originator", "CLOSED", "ESTABLISHED") in {
        (c["endpoint"], c["from"], c["to"]) for c in corrections
    }


def test_new_syn_of_the_sender_of_a_rst_revives_nothing() -> None:
    analysis = assert_ladder(
        OPEN
        + """
        CLOSED   --> <SEQ=1001><ACK=5001><CTL=RST,ACK>  --> CLOSED
        +1 s
        SYN-SENT --> <SEQ=900000><CTL=SYN>              --> LISTEN
        """
    )
    assert "RS010" not in codes(analysis)
    assert [each["incarnation"] for each in analysis["connections"]] == [1, 2]


@pytest.mark.parametrize(("segments", "is_told"), [(1, False), (2, True)])
def test_receiver_of_a_rst_has_not_obeyed_it_if_it_sends_two_segments_more(
    segments: int, is_told: bool
) -> None:
    # One may have been under way.
    analysis = assert_ladder(
        OPEN
        + "--> <SEQ=1001><ACK=5001><CTL=RST,ACK>  x\n+0.5 s\n"
        + "<-- <CTL=ACK><LEN=10> <-- ESTABLISHED\n" * segments
    )
    assert ("RS010" in codes(analysis)) == is_told
