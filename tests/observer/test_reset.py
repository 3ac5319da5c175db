"""The form of a RST tells who sent it; its receiver decides by RFC 5961."""

import pytest

from support.openings import HALF_CLOSED, OPEN
from support.states import assert_ladder, codes, steps_of, the_connection


@pytest.mark.parametrize(
    ("ladder", "code"),
    [
        ("--> <CTL=SYN> -->\n<-- <SEQ=0><ACK=1001><CTL=RST,ACK> <--", "HS004"),
        (OPEN + "<-- <CTL=ACK><LEN=9> <--\n--> <SEQ=1001><CTL=RST> -->", "RS004"),
        (OPEN + "--> <SEQ=1001><ACK=5001><CTL=RST,ACK> -->", "RS001"),
        (OPEN + "--> <CTL=ACK><LEN=9> -->\n--> <SEQ=1010><ACK=5001><CTL=RST,ACK> -->", "RS002"),
        (HALF_CLOSED + "<-- <CTL=ACK><LEN=9> <--\n--> <SEQ=1002><CTL=RST> -->", "CL008"),
        (OPEN + "--> <SEQ=1500><CTL=RST> -->", "RS008"),
        (OPEN + "--> <SEQ=99000000><CTL=RST> -->", "RS007"),
    ],
    ids=["refusal", "stateless", "abort", "loses-data", "after-close", "not-exact", "outside"],
)
def test_form_and_verdict(ladder: str, code: str) -> None:
    assert code in codes(assert_ladder(ladder))


def test_rst_never_moves_sequence_numbers() -> None:
    connection = the_connection(
        assert_ladder(
            OPEN
            + """
            --> <SEQ=1500><CTL=RST>                   --> ESTABLISHED
            --> <SEQ=1001><ACK=5001><CTL=ACK><LEN=10> --> ESTABLISHED
            <-- <SEQ=5001><ACK=1011><CTL=ACK>         <-- ESTABLISHED
        """
        )
    )
    assert connection["analysis"]["out_of_order"] == 0
    assert connection["analysis"]["lost_segment"] == 0


def test_sender_that_goes_on_did_not_send_the_rst() -> None:
    analysis = assert_ladder(
        OPEN
        + """
        CLOSED      --> <SEQ=1001><ACK=5001><CTL=RST,ACK>         x
        +0.5 s
        ESTABLISHED --> <SEQ=1001><ACK=5001><CTL=ACK><LEN=10>     --> ESTABLISHED
        ESTABLISHED <-- <SEQ=5001><ACK=1011><CTL=ACK>             <-- ESTABLISHED
    """
    )
    assert "RS010" in codes(analysis)
    corrections = [c for c in the_connection(analysis)["transitions"] if c["correction"]]
    assert {c["endpoint"] for c in corrections} == {"originator", "responder"}


def test_burst_of_resets_ends_the_connection_once() -> None:
    connection = the_connection(
        assert_ladder(
            OPEN + "--> <SEQ=1001><ACK=5001><CTL=RST,ACK> --> CLOSED\n"
            "--> <SEQ=1001><CTL=RST> --> CLOSED\n" * 3
        )
    )
    for side in ("originator", "responder"):
        assert [state for state, _, _ in steps_of(connection, side)].count("CLOSED") == 1


@pytest.mark.parametrize(
    "reset",
    [
        pytest.param("<-- <SEQ=77><ACK=1001><CTL=RST,ACK> <--", id="with another number"),
        pytest.param("+2 s\n<-- <SEQ=0><ACK=1001><CTL=RST,ACK> <--", id="late"),
    ],
)
def test_refusal_is_one_though_it_looks_or_comes_otherwise(reset: str) -> None:
    analysis = assert_ladder(
        f"""
        SYN-SENT    --> <CTL=SYN>                  --> CLOSED
        {reset}
        CLOSED                                         CLOSED
        +12 s
        tick
        """
    )
    assert "HS004" in codes(analysis)
    assert the_connection(analysis)["handshake"]["outcome"] == "refused"


def test_refusal_of_an_attempt_that_was_rejected_ends_it_as_well() -> None:
    analysis = assert_ladder(
        """
        SYN-SENT    --> <CTL=SYN>                      --> CLOSED
        CLOSED      <-- <ICMP=3/1><FROM=192.0.2.99>    <-- CLOSED
        +1 s
        SYN-SENT    --> <SEQ=1000><CTL=SYN>            --> CLOSED
        CLOSED      <-- <SEQ=0><CTL=RST,ACK>           <-- CLOSED
        """
    )
    assert "HS005" in codes(analysis)
    assert the_connection(analysis)["handshake"]["outcome"] == "rejected"


def test_reset_of_an_acceptor_that_rejects_a_segment_leaves_its_connection() -> None:
    # RFC 9293 3.10.7.4 fifth step: the RST takes its number from the ACK that it rejects, and so
    # has the number that the other end said it expects.
    assert_ladder(
        OPEN
        + """
        ESTABLISHED --> <SEQ=1001><ACK=77777><CTL=ACK><LEN=5>  -->
        CLOSED      <-- <SEQ=77777><CTL=RST>                   <-- ESTABLISHED
        """
    )
