"""Which SYN opens a new incarnation, which is only noted, and what the next one remembers."""

import pytest

from support.openings import CLOSED_BY_A, HALF_CLOSED, OPEN
from support.states import assert_ladder, codes, final_states

ABORTED = OPEN + "CLOSED --> <SEQ=1001><ACK=5001><CTL=RST,ACK> --> CLOSED\n"


@pytest.mark.parametrize(
    ("before", "syn", "incarnations"),
    [
        ("SYN-SENT --> <CTL=SYN> -->\n", "--> <SEQ=9000><CTL=SYN> -->", 1),
        (OPEN, "--> <SEQ=1000><CTL=SYN> -->", 1),
        (OPEN, "--> <SEQ=9000><CTL=SYN> -->", 1),
        (HALF_CLOSED, "--> <SEQ=9000><CTL=SYN> -->", 1),
        (CLOSED_BY_A, "--> <SEQ=900000><CTL=SYN> -->", 2),
        (CLOSED_BY_A, "<-- <SEQ=900000><CTL=SYN> <--", 2),
        (ABORTED, "--> <SEQ=900000><CTL=SYN> -->", 2),
        (ABORTED, "<-- <SEQ=900000><CTL=SYN> <--", 2),
    ],
    ids=[
        "new-attempt", "late-copy", "stray", "half-closed", "holder", "peer-of-time-wait",
        "after-reset", "after-reset-other-side",
    ],
)  # fmt: skip
def test_syn_opens_a_new_incarnation_only_where_nothing_is_left(
    before: str, syn: str, incarnations: int
) -> None:
    analysis = assert_ladder(before + "+1 s\n" + syn)
    assert [c["incarnation"] for c in analysis["connections"]] == list(range(1, incarnations + 1))


def test_new_incarnation_has_the_syns_sender_as_originator() -> None:
    analysis = assert_ladder(ABORTED + "+1 s\n<-- <SEQ=900000><CTL=SYN> <--")
    assert analysis["connections"][1]["originator"]["address"] == "198.51.100.1"


def test_challenge_ack_goes_to_the_old_incarnation_and_its_rst_ends_that() -> None:
    # RFC 9293 figure 9 with an opener that has forgotten: the old end lives on till the RST.
    analysis = assert_ladder(
        HALF_CLOSED
        + """
        TIME-WAIT   <-- <CTL=FIN,ACK>                         <-- LAST-ACK
        TIME-WAIT   --> <CTL=ACK>                             x   CLOSED    (believed)
        +0.2 s
        SYN-SENT    --> <SEQ=900000><CTL=SYN>                 -->
        SYN-SENT    <-- <SEQ=5002><ACK=1002><CTL=ACK>         <-- (it was still in LAST-ACK)
        SYN-SENT    --> <SEQ=1002><CTL=RST>                   -->
        +1 s
        SYN-SENT    --> <SEQ=900000><CTL=SYN>                 --> LISTEN
        ESTABLISHED <-- <SEQ=70000><ACK=900001><CTL=SYN,ACK>  <-- SYN-RECEIVED
    """
    )
    assert len(analysis["connections"]) == 2
    assert final_states(analysis)[1] == ("ESTABLISHED", "SYN-RECEIVED")


def test_three_incarnations_are_numbered() -> None:
    life = """
        SYN-SENT    --> <SEQ={a}><CTL=SYN>                     -->
        ESTABLISHED <-- <SEQ={b}><ACK={a1}><CTL=SYN,ACK>       <-- SYN-RECEIVED
        ESTABLISHED --> <SEQ={a1}><ACK={b1}><CTL=ACK>          --> ESTABLISHED
        CLOSED      --> <SEQ={a1}><ACK={b1}><CTL=RST,ACK>      --> CLOSED
        +2 s
    """
    text = "".join(
        life.format(a=n * 10**6, b=n * 10**7, a1=n * 10**6 + 1, b1=n * 10**7 + 1) for n in (1, 2, 3)
    )
    analysis = assert_ladder(text)
    assert [c["incarnation"] for c in analysis["connections"]] == [1, 2, 3]
    assert "TW013" in codes(analysis)


def test_long_after_its_end_a_connection_is_forgotten() -> None:
    idle = "+300 s\ntick\n" * 3
    analysis = assert_ladder(ABORTED + idle + "--> <SEQ=900000><CTL=SYN> -->")
    assert "TW013" not in codes(analysis)
