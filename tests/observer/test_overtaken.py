"""Segments that overtake each other or come again: their order at the receiver, and what proves it.

Each ladder is what remained of an exchange that tests/properties/test_two_stacks.py found.
"""

from support.kernel_truth import endpoint_path
from support.states import Json, assert_ladder, codes, the_connection

OPEN = """
    SYN-SENT    --> <CTL=SYN>           -->
    ESTABLISHED <-- <CTL=SYN,ACK>       <-- SYN-RECEIVED
    ESTABLISHED --> <CTL=ACK>           --> ESTABLISHED
    ESTABLISHED <-- <CTL=ACK><LEN=1>    <-- ESTABLISHED
    ESTABLISHED --> <CTL=ACK>           --> ESTABLISHED
"""


def observed(analysis: Json, side: str) -> list[str]:
    """The states that an end is observed to have entered."""
    return [
        change["to"]
        for change in the_connection(analysis)["transitions"]
        if change["endpoint"] == side and change["certainty"] == "observed"
    ]


def test_fin_wait_1_fin_behind_a_hole_takes_effect_when_the_hole_is_filled() -> None:
    # The ACK of A's own FIN came in between: FIN-WAIT-2 was first, CLOSING never was.
    analysis = assert_ladder(
        OPEN
        + """
        FIN-WAIT-1  --> <CTL=FIN,ACK>                              ...
        FIN-WAIT-1  <-- <SEQ=5702><ACK=1001><CTL=FIN,ACK>          <--
                    ... <SEQ=1001><CTL=FIN,ACK>                    -->
        FIN-WAIT-2  <-- <SEQ=5703><ACK=1002><CTL=ACK>              <-- CLOSING
        +1 s
        TIME-WAIT   <-- <SEQ=5002><ACK=1002><CTL=ACK><LEN=700>     <-- CLOSING
        TIME-WAIT   --> <SEQ=1002><ACK=5703><CTL=ACK>              --> TIME-WAIT
        """
    )
    path = endpoint_path(the_connection(analysis), "originator")
    assert path[-3:] == ["FIN-WAIT-1", "FIN-WAIT-2", "TIME-WAIT"]
    assert "CLOSING" not in observed(analysis, "originator")


def test_fin_wait_1_ack_of_fin_overtakes_the_peers_fin() -> None:
    # B's FIN was late; that A acknowledges it does not show that it came before the ACK.
    analysis = assert_ladder(
        OPEN
        + """
        FIN-WAIT-1  --> <CTL=FIN,ACK>                              -->
        FIN-WAIT-2  <-- <SEQ=5003><ACK=1002><CTL=ACK>              <-- CLOSING
        +0.02 s
        TIME-WAIT   <-- <SEQ=5002><ACK=1001><CTL=FIN,ACK>          <-- CLOSING
        TIME-WAIT   --> <SEQ=1002><ACK=5003><CTL=ACK>              --> TIME-WAIT
        """
    )
    path = endpoint_path(the_connection(analysis), "originator")
    assert path[-3:] == ["FIN-WAIT-1", "FIN-WAIT-2", "TIME-WAIT"]
    assert "CLOSING" not in observed(analysis, "originator")


def test_fin_wait_1_peers_fin_is_lost_until_its_third_copy() -> None:
    # The ACK of A's FIN arrived long before: which copy it was that arrived is not proven.
    analysis = assert_ladder(
        OPEN
        + """
        FIN-WAIT-1  --> <CTL=FIN,ACK>                              ...
                      x <SEQ=5002><ACK=1001><CTL=FIN,ACK>          <--
                    ... <SEQ=1001><CTL=FIN,ACK>                    -->
                    <-- <SEQ=5003><ACK=1002><CTL=ACK>              <-- CLOSING
        +1 s
                      x <SEQ=5002><ACK=1002><CTL=FIN,ACK>          <-- CLOSING
        +2 s
                    <-- <SEQ=5002><ACK=1002><CTL=FIN,ACK>          <-- CLOSING
        TIME-WAIT   --> <SEQ=1002><ACK=5003><CTL=ACK>              --> TIME-WAIT
        """
    )
    assert "CLOSING" not in observed(analysis, "originator")


def test_syn_received_syn_ack_repeated_before_it_arrived_proves_nothing() -> None:
    # A repeats its SYN-ACK, which acknowledges B's SYN once more and not B's SYN-ACK.
    analysis = assert_ladder(
        """
        SYN-SENT     --> <SEQ=100><CTL=SYN>              ...
                     <-- <SEQ=300><CTL=SYN>              <--
                     ... <SEQ=100><CTL=SYN>              -->
        SYN-RECEIVED --> <SEQ=100><ACK=301><CTL=SYN,ACK>   x
        +1 s
                     ... <SEQ=300><ACK=101><CTL=SYN,ACK> <--
        SYN-RECEIVED --> <SEQ=100><ACK=301><CTL=SYN,ACK> ...
                     <-- <SEQ=300><ACK=101><CTL=SYN,ACK> ...
                     ... <SEQ=100><ACK=301><CTL=SYN,ACK> --> ESTABLISHED
        """
    )
    assert "ESTABLISHED" not in observed(analysis, "originator")


def test_lost_fin_of_an_end_that_has_not_got_the_peers() -> None:
    # A's ACK stands behind its lost FIN and does not cover B's: A sent it from ESTABLISHED.
    analysis = assert_ladder(
        OPEN
        + """
                      x <SEQ=5002><ACK=1001><CTL=ACK><LEN=1>       <--
                    <-- <SEQ=5003><ACK=1001><CTL=FIN,ACK>          <--
                    --> <SEQ=1002><ACK=5002><CTL=ACK>              -->
        +1 s
                    --> <SEQ=1001><ACK=5002><CTL=FIN,ACK>          --> CLOSING
                    <-- <SEQ=5002><ACK=1002><CTL=FIN,ACK><LEN=1>   <-- CLOSING
        TIME-WAIT   <-- <SEQ=5004><ACK=1002><CTL=ACK>              <-- CLOSING
        TIME-WAIT   --> <SEQ=1002><ACK=5004><CTL=ACK>              --> TIME-WAIT
        """
    )
    assert endpoint_path(the_connection(analysis), "originator")[-1] == "TIME-WAIT"


def test_lost_fin_of_an_end_whose_third_segment_nothing_proved() -> None:
    analysis = assert_ladder(
        """
        SYN-SENT    --> <CTL=SYN>           -->
        ESTABLISHED <-- <CTL=SYN,ACK>       <-- SYN-RECEIVED
        ESTABLISHED --> <CTL=ACK>           --> ESTABLISHED
        +1 s
        FIN-WAIT-1  --> <CTL=FIN,ACK>                              -->
        FIN-WAIT-2  <-- <SEQ=5002><ACK=1002><CTL=ACK>              <-- CLOSING
        +1 s
        TIME-WAIT   <-- <SEQ=5001><ACK=1002><CTL=FIN,ACK>          <-- CLOSING
        TIME-WAIT   --> <SEQ=1002><ACK=5002><CTL=ACK>              --> TIME-WAIT
        """
    )
    assert "LAST-ACK" not in endpoint_path(the_connection(analysis), "responder")


def test_octet_of_a_window_probe_that_was_accepted_is_no_lost_fin() -> None:
    # A probes B's closed window by one octet; B takes it, and closes.
    analysis = assert_ladder(
        OPEN
        + """
        ESTABLISHED --> <CTL=ACK><LEN=1000>                        --> ESTABLISHED
        ESTABLISHED <-- <SEQ=5002><ACK=2001><CTL=ACK><WIN=0>       <-- ESTABLISHED
        +1 s
        ESTABLISHED --> <SEQ=2001><CTL=ACK><LEN=1>                 --> ESTABLISHED
                    <-- <SEQ=5002><ACK=2002><CTL=FIN,ACK>          <-- FIN-WAIT-1
        CLOSE-WAIT  --> <SEQ=2002><ACK=5003><CTL=ACK>              --> FIN-WAIT-2
        """
    )
    assert "CP004" not in codes(analysis)


def test_octet_that_looked_like_a_lost_fin_comes_late() -> None:
    # B's ACK of A's FIN overtook its last octet; what followed from a FIN there is not observed.
    analysis = assert_ladder(
        OPEN
        + """
        FIN-WAIT-1  --> <CTL=FIN,ACK>                              -->
        FIN-WAIT-2  <-- <SEQ=5003><ACK=1002><CTL=ACK>              <--
        +0.2 s
        FIN-WAIT-2  <-- <SEQ=5002><ACK=1001><CTL=ACK><LEN=1>       <-- CLOSE-WAIT
        """
    )
    assert not {"FIN-WAIT-1", "CLOSING"} & set(observed(analysis, "responder"))


def test_close_wait_fin_that_an_ack_of_the_peers_overtook_was_sent_before() -> None:
    analysis = assert_ladder(
        OPEN
        + """
                    <-- <SEQ=5002><ACK=1001><CTL=FIN,ACK>               <-- FIN-WAIT-1
        CLOSE-WAIT  --> <SEQ=1102><ACK=5003><CTL=ACK>                   --> FIN-WAIT-2
        CLOSING     --> <SEQ=1001><ACK=5002><CTL=FIN,ACK><LEN=100>      --> TIME-WAIT
        TIME-WAIT   <-- <SEQ=5003><ACK=1102><CTL=ACK>                   <-- TIME-WAIT
        """
    )
    assert "LAST-ACK" not in endpoint_path(the_connection(analysis), "originator")


def test_fin_wait_1_data_that_came_before_proves_nothing_of_its_repetition() -> None:
    # A acknowledges octets that it had got when it sent its FIN; what the copy says crosses.
    analysis = assert_ladder(
        OPEN
        + """
                    <-- <SEQ=5002><ACK=1001><CTL=ACK><LEN=100>     <--
        FIN-WAIT-1  --> <SEQ=1001><ACK=5002><CTL=FIN,ACK>          -->
        +1 s
                    ... <SEQ=5002><ACK=1002><CTL=ACK><LEN=100>     <-- CLOSE-WAIT
        FIN-WAIT-1  --> <SEQ=1001><ACK=5102><CTL=FIN,ACK>          -->
        FIN-WAIT-2  <-- <SEQ=5102><ACK=1002><CTL=ACK>              <-- CLOSE-WAIT
        """
    )
    assert "FIN-WAIT-2" not in observed(analysis, "originator")


def test_syn_received_syn_acks_repeated_at_once_cross() -> None:
    # No round trip was measured: B may have repeated its SYN-ACK before A's came.
    assert_ladder(
        """
                     --> <SEQ=100><CTL=SYN>              -->
                     <-- <SEQ=300><CTL=SYN>              <--
                     --> <SEQ=100><ACK=301><CTL=SYN,ACK>   x
                       x <SEQ=300><ACK=101><CTL=SYN,ACK> <--
        +1 s
                     --> <SEQ=100><ACK=301><CTL=SYN,ACK> ...
        ESTABLISHED  <-- <SEQ=300><ACK=101><CTL=SYN,ACK> <--
                     ... <SEQ=100><ACK=301><CTL=SYN,ACK> --> ESTABLISHED
        """
    )


def test_fin_that_shows_the_peers_lost_fin_need_not_have_got_it() -> None:
    # B's ACK stands behind an octet that the capture missed; A's FIN does not acknowledge that.
    analysis = assert_ladder(
        OPEN
        + """
        ESTABLISHED --> <CTL=ACK><LEN=1000>                        -->
                    <-- <SEQ=5003><ACK=2001><CTL=ACK>              <-- ESTABLISHED
        FIN-WAIT-1  --> <SEQ=2001><ACK=5002><CTL=FIN,ACK>          -->
        """
    )
    assert "CLOSE-WAIT" not in endpoint_path(the_connection(analysis), "originator")


def test_octet_that_an_ack_overtook_is_no_fin_once_it_came() -> None:
    analysis = assert_ladder(
        OPEN
        + """
        ESTABLISHED --> <CTL=ACK><LEN=1000>                        -->
        ESTABLISHED <-- <SEQ=5003><ACK=2001><CTL=ACK>              <-- ESTABLISHED
        +0.06 s
        ESTABLISHED <-- <SEQ=5002><ACK=1001><CTL=ACK><LEN=1>       <-- ESTABLISHED
        FIN-WAIT-1  --> <SEQ=2001><ACK=5003><CTL=FIN,ACK>          -->
        FIN-WAIT-2  <-- <SEQ=5003><ACK=2002><CTL=ACK>              <-- CLOSE-WAIT
        """
    )
    assert endpoint_path(the_connection(analysis), "responder")[-1] == "CLOSE-WAIT"


def test_fin_wait_1_peers_fin_comes_with_its_third_copy_which_carries_the_ack() -> None:
    # The first copy, which would have led to CLOSING, and the second were lost behind the tap.
    analysis = assert_ladder(
        OPEN
        + """
                     --> <SEQ=1001><ACK=5002><CTL=FIN,ACK>  x
        +0.00001 s
        CLOSING      <-- <SEQ=5002><ACK=1001><CTL=FIN,ACK>  <--
        +1 s
                     --> <SEQ=1001><ACK=5003><CTL=FIN,ACK>  x
        +2 s
                     --> <SEQ=1001><ACK=5003><CTL=FIN,ACK>  -->
        TIME-WAIT    <-- <SEQ=5003><ACK=1002><CTL=ACK>      <-- TIME-WAIT
    """
    )
    assert observed(analysis, "responder")[-1] == "FIN-WAIT-1"
    assert the_connection(analysis)["responder"]["certainty"] == "inferred"
