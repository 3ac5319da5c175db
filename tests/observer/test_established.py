"""ESTABLISHED: data, close, resets by RFC 5961, SYNs out of place, silence."""

import pytest

from support.openings import OPEN
from support.states import assert_ladder, codes, steps_of, the_connection


def test_established_data_and_acks_move_nothing() -> None:
    connection = the_connection(
        assert_ladder(
            OPEN
            + """
            ESTABLISHED --> <CTL=ACK><LEN=100>  --> ESTABLISHED
            ESTABLISHED <-- <CTL=ACK>           <-- ESTABLISHED
            ESTABLISHED <-- <CTL=ACK><LEN=3000> <-- ESTABLISHED
            ESTABLISHED --> <CTL=ACK>           --> ESTABLISHED
        """
        )
    )
    assert len(connection["transitions"]) == 5


def test_established_sends_fin() -> None:
    analysis = assert_ladder(OPEN + "FIN-WAIT-1 --> <CTL=FIN,ACK> --> CLOSE-WAIT")
    assert the_connection(analysis)["close"]["active_closer"] == "originator"
    assert "LC006" in codes(analysis)


def test_established_receives_fin_proven_by_its_ack() -> None:
    connection = the_connection(
        assert_ladder(
            OPEN
            + """
            FIN-WAIT-1  --> <CTL=FIN,ACK>  --> CLOSE-WAIT
            FIN-WAIT-2  <-- <CTL=ACK>      <-- CLOSE-WAIT
        """
        )
    )
    change = next(c for c in connection["transitions"] if c["to"] == "CLOSE-WAIT")
    assert (change["frame"], change["certainty"], change["proved_by_frame"]) == (4, "inferred", 5)


def test_established_fin_behind_a_hole_waits_until_it_is_filled() -> None:
    # FIN is effective only in order: RCV.NXT has to reach it.
    assert_ladder(
        OPEN
        + """
        ESTABLISHED --> <SEQ=1001><CTL=ACK><LEN=100><UNSEEN>      x   (never captured)
        FIN-WAIT-1  --> <SEQ=1101><ACK=5001><CTL=FIN,ACK><LEN=50> --> ESTABLISHED
        FIN-WAIT-1  --> <SEQ=1001><ACK=5001><CTL=ACK><LEN=100>    --> CLOSE-WAIT
    """
    )


def test_established_fin_behind_a_hole_that_its_ack_explains() -> None:
    analysis = assert_ladder(
        OPEN
        + """
        ESTABLISHED --> <CTL=ACK><LEN=100><UNSEEN>                --> (the capture missed it)
        FIN-WAIT-1  --> <SEQ=1101><ACK=5001><CTL=FIN,ACK>         --> ESTABLISHED
        FIN-WAIT-2  <-- <SEQ=5001><ACK=1102><CTL=ACK>             <-- CLOSE-WAIT
    """
    )
    assert "CP004" in codes(analysis)


@pytest.mark.parametrize(
    ("segment", "state", "code"),
    [
        ("<SEQ=1001><CTL=RST>", "CLOSED", None),
        ("<SEQ=1001><ACK=5001><CTL=RST,ACK>", "CLOSED", "RS001"),
        ("<SEQ=1500><CTL=RST>", "ESTABLISHED", "RS008"),
        ("<SEQ=900000><CTL=RST>", "ESTABLISHED", "RS007"),
        ("<SEQ=900><CTL=RST>", "ESTABLISHED", "RS007"),
    ],
    ids=["exact", "exact-abort", "in-the-window", "above-the-window", "below-the-window"],
)
def test_established_receives_rst(segment: str, state: str, code: str | None) -> None:
    analysis = assert_ladder(OPEN + f"--> {segment} --> {state}")
    assert code is None or code in codes(analysis)


def test_established_forged_rst_does_not_close_its_seeming_sender() -> None:
    analysis = assert_ladder(
        OPEN
        + """
        ESTABLISHED --> <SEQ=1500><CTL=RST>          --> ESTABLISHED
        ESTABLISHED <-- <SEQ=5001><ACK=1001><CTL=ACK> <-- ESTABLISHED  (challenge)
        ESTABLISHED --> <SEQ=1001><ACK=5001><CTL=ACK><LEN=10> --> ESTABLISHED
    """
    )
    assert {"RS008", "RS009"} <= codes(analysis)


def test_established_receiver_goes_on_after_an_exact_rst() -> None:
    analysis = assert_ladder(
        OPEN
        + """
                    --> <SEQ=1001><CTL=RST>                   x   CLOSED (believed)
        +1 s
                    <-- <SEQ=5001><ACK=1001><CTL=ACK><LEN=10> <-- ESTABLISHED
        ESTABLISHED --> <SEQ=1001><ACK=5011><CTL=ACK>         --> ESTABLISHED
    """
    )
    assert {"RS010", "CP011"} <= codes(analysis)


def test_established_sends_rst_ack_aborts() -> None:
    connection = the_connection(
        assert_ladder(OPEN + "CLOSED --> <SEQ=1001><ACK=5001><CTL=RST,ACK> --> CLOSED")
    )
    assert steps_of(connection, "originator")[-1] == ("CLOSED", "sent RST", "observed")
    assert steps_of(connection, "responder")[-1] == ("CLOSED", "received RST", "inferred")
    assert connection["close"]["time_wait_holder"] is None


def test_established_receives_syn_in_the_window() -> None:
    analysis = assert_ladder(
        OPEN
        + """
        ESTABLISHED --> <SEQ=2000><CTL=SYN>           --> ESTABLISHED
        ESTABLISHED <-- <SEQ=5001><ACK=1001><CTL=ACK> <-- ESTABLISHED   (challenge)
        ESTABLISHED --> <SEQ=1001><ACK=5001><CTL=ACK><LEN=10> --> ESTABLISHED
    """
    )
    assert len(analysis["connections"]) == 1
    assert {"HS017", "RS009"} <= codes(analysis)


def test_established_peer_accepts_a_new_syn_replaces_the_connection() -> None:
    # The other end had lost its state too: nothing is left of the old incarnation.
    analysis = assert_ladder(
        OPEN
        + """
                    --> <SEQ=900000><CTL=SYN>               --> ESTABLISHED
        ESTABLISHED <-- <SEQ=70000><ACK=900001><CTL=SYN,ACK> <-- SYN-RECEIVED
        ESTABLISHED --> <SEQ=900001><ACK=70001><CTL=ACK>    --> ESTABLISHED
    """
    )
    old, new = analysis["connections"]
    assert old["close"]["shape"] == "replaced"
    assert new["incarnation"] == 2
    assert new["handshake"]["outcome"] == "completed"


def test_established_ack_of_what_was_never_sent_moves_nothing() -> None:
    assert_ladder(OPEN + "ESTABLISHED <-- <SEQ=5001><ACK=900000><CTL=ACK> <-- ESTABLISHED")


def test_established_fin_outside_the_window() -> None:
    analysis = assert_ladder(OPEN + "--> <SEQ=900000><ACK=5001><CTL=FIN,ACK> --> ESTABLISHED")
    assert "CL004" in codes(analysis)


def test_established_keep_alive_moves_nothing() -> None:
    connection = the_connection(
        assert_ladder(
            OPEN
            + """
            +75 s
            ESTABLISHED --> <SEQ=1000><ACK=5001><CTL=ACK>        --> ESTABLISHED
            ESTABLISHED <-- <SEQ=5001><ACK=1001><CTL=ACK>        <-- ESTABLISHED
            +75 s
            ESTABLISHED --> <SEQ=1000><ACK=5001><CTL=ACK><LEN=1> --> ESTABLISHED
            ESTABLISHED <-- <SEQ=5001><ACK=1001><CTL=ACK>        <-- ESTABLISHED
        """
        )
    )
    assert connection["originator"]["unique_octets"] == 0


def test_established_gives_up_when_a_retransmission_is_overdue() -> None:
    analysis = assert_ladder(
        OPEN
        + """
        ESTABLISHED --> <SEQ=1001><ACK=5001><CTL=ACK><LEN=10> x ESTABLISHED
        +1 s
        ESTABLISHED --> <SEQ=1001><ACK=5001><CTL=ACK><LEN=10> x ESTABLISHED
        +2 s
        ESTABLISHED --> <SEQ=1001><ACK=5001><CTL=ACK><LEN=10> x ESTABLISHED
        +5 s
        tick (the next was due after 4 s)
        ESTABLISHED                                             ESTABLISHED
        +5 s
        tick
        CLOSED                                                  ESTABLISHED
    """
    )
    last = the_connection(analysis)["transitions"][-1]
    assert (last["event"], last["certainty"]) == ("timer give-up", "assumed")


def test_established_idle_for_hours_stays() -> None:
    assert_ladder(OPEN + "+20000 s\ntick\nESTABLISHED                       ESTABLISHED")
