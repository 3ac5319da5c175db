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


def test_ack_behind_a_lost_fin_shows_a_simultaneous_close() -> None:
    # A's FIN never passed the tap; what acknowledges B's FIN stands one octet behind.
    analysis = assert_ladder(
        OPEN
        + """
                    <-- <SEQ=5001><ACK=1001><CTL=FIN,ACK>  <-- FIN-WAIT-1
        CLOSING     --> <SEQ=1002><ACK=5002><CTL=ACK>      --> FIN-WAIT-2
        +0.3 s
                    --> <SEQ=1001><ACK=5002><CTL=FIN,ACK>  --> TIME-WAIT
        TIME-WAIT   <-- <SEQ=5002><ACK=1002><CTL=ACK>      <-- TIME-WAIT
        """
    )
    assert path_of(analysis, "originator")[-3:] == ["FIN-WAIT-1", "CLOSING", "TIME-WAIT"]


def test_capture_filtered_for_syn_and_fin_gives_the_states_of_the_close() -> None:
    # What lies between them was sent and is not in the capture: both numbers have grown.
    analysis = assert_ladder(
        """
        SYN-SENT    --> <CTL=SYN>                               -->
        ESTABLISHED <-- <CTL=SYN,ACK>                           <-- SYN-RECEIVED
        FIN-WAIT-1  --> <SEQ=1101><ACK=5301><CTL=FIN,ACK>       -->
        TIME-WAIT   <-- <SEQ=5301><ACK=1102><CTL=FIN,ACK>       <-- LAST-ACK
        """
    )
    assert "HS019" not in codes(analysis)
    assert "HS009" not in codes(analysis)
    closer = next(each for each in analysis["findings"] if each["code"] == "LC006")
    assert closer["endpoint"] == "originator"


def test_newer_echo_shows_that_the_capture_missed_window_updates() -> None:
    # 200 kB, far beyond the window last captured; B echoes what A sent after that.
    assert_ladder(
        """
        SYN-SENT    --> <CTL=SYN><TSVAL=100><TSECR=0>                                 -->
        ESTABLISHED <-- <CTL=SYN,ACK><TSVAL=900><TSECR=100>                           <--
                    --> <SEQ=1101><ACK=5301><CTL=FIN,ACK><TSVAL=200><TSECR=950>       -->
        +1 s
        FIN-WAIT-2  <-- <SEQ=205301><ACK=1102><CTL=FIN,ACK><TSVAL=1900><TSECR=700>    <-- LAST-ACK
        """
    )


def test_fin_that_first_acknowledges_a_lost_octet_follows_a_fin() -> None:
    # The capture lost A's FIN; B answers it by its own: a close in three segments.
    analysis = assert_ladder(
        OPEN
        + """
                    <-- <SEQ=5001><ACK=1002><CTL=FIN,ACK>  <-- LAST-ACK
        TIME-WAIT   --> <SEQ=1002><ACK=5002><CTL=ACK>      --> CLOSED
        """
    )
    closer = next(each for each in analysis["findings"] if each["code"] == "LC006")
    assert closer["endpoint"] == "originator"


def test_answers_of_a_host_without_the_connection_are_no_copies_of_each_other() -> None:
    rsts = "+0.00001 s\n<-- <SEQ=5001><CTL=RST><ID=0> <--\n" * 3
    analysis = assert_ladder(
        OPEN + "--> <CTL=ACK><LEN=100> -->\n" * 3 + "+0.01 s\n" + rsts.partition("\n")[2]
    )
    assert "CP006" not in codes(analysis)
    assert the_connection(analysis)["responder"]["segments"] == 4
