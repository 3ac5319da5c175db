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


@pytest.mark.parametrize("first", ["<-- <SEQ=77><CTL=RST> <--\n", "--> <SEQ=77><CTL=FIN> -->\n"])
def test_synack_behind_what_makes_no_connection_tells_who_opened(first: str) -> None:
    analysis = assert_ladder(
        first
        + """
                    --> <CTL=SYN><UNSEEN>           -->
        ESTABLISHED <-- <CTL=SYN,ACK>               <-- SYN-RECEIVED
        ESTABLISHED --> <CTL=ACK>                   --> ESTABLISHED
        """
    )
    _, opened = analysis["connections"]
    assert opened["originator"]["address"] == "192.0.2.1"
    assert [f["values"]["sub_case"] for f in analysis["findings"] if f["code"] == "CP001"] == [
        "midstream",
        "syn-missed",
    ]


REVERSED = """
    <-- <SEQ=9000><CTL=SYN> <--
    --> <SEQ=7000><ACK=9001><CTL=SYN,ACK> -->
    <-- <SEQ=9001><ACK=7001><CTL=ACK> <--
"""


@pytest.mark.parametrize(
    "first",
    [
        pytest.param("<-- <SEQ=77><CTL=RST> <--\n", id="RST of the later listener"),
        pytest.param("--> <SEQ=77><CTL=RST> -->\n", id="RST of the later opener"),
        pytest.param("<-- <SEQ=77><CTL=FIN> <--\n", id="what no stack sends"),
    ],
)
def test_syn_behind_what_makes_no_connection_opens_one_of_its_own(first: str) -> None:
    # observer.md section 7: a RST is no connection by itself. Who opens is told by the SYN.
    analysis = assert_ladder(
        first
        + """
        SYN-SENT    --> <CTL=SYN>                   --> LISTEN
        ESTABLISHED <-- <CTL=SYN,ACK>               <-- SYN-RECEIVED
        ESTABLISHED --> <CTL=ACK>                   --> ESTABLISHED
        """
    )
    alone, opened = analysis["connections"]
    assert (alone["originator"]["state"], alone["responder"]["state"]) == ("CLOSED", "CLOSED")
    assert opened["originator"]["address"] == "192.0.2.1"
    assert (opened["handshake"]["outcome"], opened["midstream"]) == ("completed", False)
    # Nothing ended before this SYN that could be used again too early.
    assert not codes(analysis) & {"TW004", "TW005", "TW008", "TW011", "TW013"}


@pytest.mark.parametrize(
    "first",
    [
        pytest.param("--> <CTL=SYN> -->\n<-- <SEQ=0><ACK=1001><CTL=RST,ACK> <--\n", id="refused"),
        pytest.param("--> <CTL=SYN> -->\n+20 s\n", id="given up"),
    ],
)
def test_syn_of_the_other_side_after_a_failed_attempt_is_a_new_connection(first: str) -> None:
    analysis = assert_ladder(first + REVERSED)
    failed, opened = analysis["connections"]
    assert failed["originator"]["address"] == opened["responder"]["address"] == "192.0.2.1"
    assert (failed["incarnation"], opened["incarnation"]) == (1, 2)
    assert opened["handshake"]["outcome"] == "completed"
    assert not codes(analysis) & {"HS010", "HS011", "HS017", "LC002"}


def test_reset_of_an_old_end_that_had_not_challenged_is_no_recovery() -> None:
    # B still lives in the old connection; the RST that clears it answers nothing that was captured.
    analysis = assert_ladder(
        ABORTED.replace("--> CLOSED\n", "x\n")
        + """
        +1 s
        SYN-SENT    --> <SEQ=900000><CTL=SYN>                     -->
        SYN-SENT    --> <SEQ=1001><CTL=RST>                       -->
        +1 s
        SYN-SENT    --> <SEQ=900000><CTL=SYN>                     -->
        ESTABLISHED <-- <SEQ=700000><ACK=900001><CTL=SYN,ACK>     <-- SYN-RECEIVED
    """
    )
    assert "HS018" not in codes(analysis)
