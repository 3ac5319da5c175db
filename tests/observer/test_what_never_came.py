"""What silence, gaps and repetition show of segments that were sent and did not arrive."""

from support.kernel_truth import endpoint_path
from support.openings import OPEN
from support.states import Json, assert_ladder, codes, the_connection


def path_of(analysis: Json, side: str) -> list[str]:
    """The states of one end, without what corrections took back."""
    return endpoint_path(the_connection(analysis), side)


def test_echoed_timestamp_dates_the_copy_of_the_syn_ack_that_was_answered() -> None:
    # The round trip is 1.3 s, not the 0.3 s since the last copy: B's FIN needs 0.65 s.
    assert_ladder(
        """
        SYN-SENT    --> <CTL=SYN><TSVAL=100><TSECR=0>                          -->
                    <-- <CTL=SYN,ACK><TSVAL=900><TSECR=100>                    <--
        +1 s
                    <-- <SEQ=5000><ACK=1001><CTL=SYN,ACK><TSVAL=1900><TSECR=100>  <--
        +0.3 s
        ESTABLISHED --> <CTL=ACK><TSVAL=800><TSECR=900>                        -->
        +2 s
                    <-- <SEQ=5001><ACK=1001><CTL=FIN,ACK><TSVAL=4200><TSECR=800>  <-- FIN-WAIT-1
        +0.4 s
        tick
        ESTABLISHED                                                            FIN-WAIT-1
        +0.4 s
        tick
        CLOSE-WAIT                                                             FIN-WAIT-1
        """
    )


def test_answer_to_one_of_two_syns_dates_nothing() -> None:
    # Slow, or lost once? Data tells: 1.3 s, so that A's FIN needs 0.65 s.
    assert_ladder(
        """
        SYN-SENT     --> <CTL=SYN>                                    -->
        +1 s
                     --> <SEQ=1000><CTL=SYN>                          -->
        +0.3 s
        ESTABLISHED  <-- <CTL=SYN,ACK>                                <--
                     --> <CTL=ACK>                                    -->
        +2 s
                     --> <SEQ=1001><ACK=5001><CTL=ACK><LEN=100>       -->
        +1.3 s
                     <-- <SEQ=5001><ACK=1101><CTL=ACK>                <--
        FIN-WAIT-1   --> <SEQ=1101><ACK=5001><CTL=FIN,ACK>            -->
        +0.4 s
        tick
        FIN-WAIT-1                                                    ESTABLISHED
        +0.4 s
        tick
        FIN-WAIT-1                                                    CLOSE-WAIT
        """
    )


def test_rst_into_silence_is_not_believed_to_arrive() -> None:
    analysis = assert_ladder(
        OPEN
        + """
                    --> <CTL=ACK><LEN=100>              x
        +0.3 s
                    --> <SEQ=1001><CTL=ACK><LEN=100>    x
        +0.6 s
                    --> <SEQ=1001><CTL=ACK><LEN=100>    x
        +1.2 s
        CLOSED      --> <SEQ=1101><CTL=RST,ACK>         x ESTABLISHED
        +30 s
        tick
        CLOSED                                            ESTABLISHED
        """
    )
    assert path_of(analysis, "originator")[-1] == "CLOSED"


def test_rst_after_one_repetition_is_believed() -> None:
    assert_ladder(
        OPEN
        + """
                    --> <CTL=ACK><LEN=100>              x
        +0.3 s
                    --> <SEQ=1001><CTL=ACK><LEN=100>    -->
        CLOSED      --> <SEQ=1101><CTL=RST,ACK>         --> CLOSED
        """
    )


def test_third_rst_in_vain_is_not_believed() -> None:
    # A forgot the connection, and a firewall in front of B forgot it too: B repeats its FIN.
    fin, rst = "<-- <SEQ=5001><CTL=FIN,ACK> <--", "--> <SEQ=1001><CTL=RST> "
    assert_ladder(
        OPEN
        + f"""
                   <-- <CTL=FIN,ACK> <-- FIN-WAIT-1
        CLOSED     {rst} -->               CLOSED
        +0.3 s
        CLOSED     {fin}                   FIN-WAIT-1
        CLOSED     {rst} -->               CLOSED
        +0.6 s
        CLOSED     {fin}                   FIN-WAIT-1
        CLOSED     {rst} x                 FIN-WAIT-1
        +1 s
        tick
        CLOSED                             FIN-WAIT-1
        """
    )


def test_fin_that_comes_after_the_sender_gave_up_finds_nobody() -> None:
    analysis = assert_ladder(
        OPEN
        + """
                    --> <CTL=ACK><LEN=100>              x
        +0.3 s
                    --> <SEQ=1001><CTL=ACK><LEN=100>    x
        +0.6 s
                    --> <SEQ=1001><CTL=ACK><LEN=100>    x
        +1.2 s
                    --> <SEQ=1001><CTL=ACK><LEN=100>    x ESTABLISHED
        +30 s
        CLOSED      <-- <CTL=FIN,ACK>                     <-- FIN-WAIT-1
        CLOSED      --> <SEQ=1001><CTL=RST>               --> CLOSED
        """
    )
    assert path_of(analysis, "originator") == ["SYN-SENT", "ESTABLISHED", "CLOSED"]
    assert "SQ005" in codes(analysis)
