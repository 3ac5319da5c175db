"""RFC 9293 figures 6 to 13: the RFC's ladder, with the states of both ends asserted line by line.

The ladders are the RFC's, with these differences, each marked by a remark in its line: an
unanswered SYN leaves its receiver LISTEN for the tap; an end that lost its memory is shown as the
tap knows it, until what it sends says otherwise; of two segments that cross the tap cannot know
when each arrived.
"""

from support.kernel_truth import endpoint_path
from support.states import assert_ladder, codes, steps_of, the_connection

# Numbers of the figures that begin on an open connection.
OPEN = """
       SYN-SENT    --> <SEQ=99><CTL=SYN>                --> LISTEN
       ESTABLISHED <-- <SEQ=299><ACK=100><CTL=SYN,ACK>  <-- SYN-RECEIVED
       ESTABLISHED --> <SEQ=100><ACK=300><CTL=ACK>      --> ESTABLISHED
"""


def test_figure_6_basic_three_way_handshake() -> None:
    analysis = assert_ladder("""
           TCP Peer A                                           TCP Peer B
       1.  CLOSED                                               LISTEN
       2.  SYN-SENT    --> <SEQ=100><CTL=SYN>               --> LISTEN        (until it answers)
       3.  ESTABLISHED <-- <SEQ=300><ACK=101><CTL=SYN,ACK>  <-- SYN-RECEIVED
       4.  ESTABLISHED --> <SEQ=101><ACK=301><CTL=ACK>       --> ESTABLISHED
       5.  ESTABLISHED --> <SEQ=101><ACK=301><CTL=ACK><DATA> --> ESTABLISHED
    """)
    connection = the_connection(analysis)
    assert connection["handshake"]["outcome"] == "completed"
    assert steps_of(connection, "responder")[:2] == [
        ("LISTEN", "received SYN", "observed"),
        ("SYN-RECEIVED", "sent SYN ACK", "observed"),
    ]


def test_figure_7_simultaneous_connection_synchronisation() -> None:
    analysis = assert_ladder("""
           TCP Peer A                                       TCP Peer B
       1.  CLOSED                                           CLOSED
       2.  SYN-SENT     --> <SEQ=100><CTL=SYN>              ... CLOSED
       3.  SYN-RECEIVED <-- <SEQ=300><CTL=SYN>              <--  (SYN-SENT, or A's SYN has arrived)
       4.               ... <SEQ=100><CTL=SYN>              --> SYN-RECEIVED
       5.  SYN-RECEIVED --> <SEQ=100><ACK=301><CTL=SYN,ACK> ...
       6.  ESTABLISHED  <-- <SEQ=300><ACK=101><CTL=SYN,ACK> <--
       7.               ... <SEQ=100><ACK=301><CTL=SYN,ACK> --> ESTABLISHED
    """)
    connection = the_connection(analysis)
    assert connection["handshake"]["outcome"] == "simultaneous"
    for side in ("originator", "responder"):
        assert endpoint_path(connection, side) == ["SYN-SENT", "SYN-RECEIVED", "ESTABLISHED"]
        assert connection[side]["role"] == "active-opener"
    assert {"LC002"} <= codes(analysis)
    assert codes(analysis).isdisjoint({"LC001", "HS010", "HS012"})


def test_figure_8_recovery_from_old_duplicate_syn() -> None:
    analysis = assert_ladder("""
           TCP Peer A                                           TCP Peer B
       1.  CLOSED                                               LISTEN
       2.  SYN-SENT    --> <SEQ=100><CTL=SYN>               ... LISTEN
       3.  (duplicate) ... <SEQ=90><CTL=SYN>                --> LISTEN        (until it answers)
       4.              <-- <SEQ=300><ACK=91><CTL=SYN,ACK>   <-- SYN-RECEIVED
       5.  SYN-SENT    --> <SEQ=91><CTL=RST>                --> LISTEN
       6.              ... <SEQ=100><CTL=SYN>               --> LISTEN        (until it answers)
       7.  ESTABLISHED <-- <SEQ=400><ACK=101><CTL=SYN,ACK>  <-- SYN-RECEIVED
       8.  ESTABLISHED --> <SEQ=101><ACK=401><CTL=ACK>      --> ESTABLISHED
    """)
    connection = the_connection(analysis)
    assert connection["handshake"]["outcome"] == "completed"
    assert connection["close"]["shape"] == "none"
    assert "HS008" in codes(analysis)
    assert not [found for found in analysis["findings"] if found["severity"] == "error"]


def test_figure_9_half_open_connection_discovery() -> None:
    analysis = assert_ladder(
        OPEN
        + """
       1.  (Crash)                               (send 300,receive 100)
       2.  ESTABLISHED (the tap saw no crash)               ESTABLISHED
       3.  ESTABLISHED --> <SEQ=400><CTL=SYN>           --> ESTABLISHED   (a stray SYN so far)
       4.  ESTABLISHED <-- <SEQ=300><ACK=100><CTL=ACK>  <-- ESTABLISHED
       5.  CLOSED      --> <SEQ=100><CTL=RST>           --> CLOSED        (Abort!!)
       6.  CLOSED                                           CLOSED
           +1 s
       7.  SYN-SENT    --> <SEQ=400><CTL=SYN>           --> CLOSED
       8.  ESTABLISHED <-- <SEQ=900><ACK=401><CTL=SYN,ACK>  <-- SYN-RECEIVED
    """
    )
    old, new = analysis["connections"]
    assert (old["close"]["shape"], new["incarnation"]) == ("reset", 2)
    assert "HS018" in codes(analysis)


def test_figure_10_active_side_causes_half_open_connection_discovery() -> None:
    analysis = assert_ladder(
        OPEN
        + """
       1.  (Crash)
       2.  ESTABLISHED <-- <SEQ=300><ACK=100><DATA=10><CTL=ACK> <-- ESTABLISHED  (it forgot)
       3.  CLOSED      --> <SEQ=100><CTL=RST>                   --> CLOSED       (Abort!!)
    """
    )
    connection = the_connection(analysis)
    assert steps_of(connection, "originator")[-1] == ("CLOSED", "sent RST", "observed")
    assert steps_of(connection, "responder")[-1] == ("CLOSED", "received RST", "inferred")
    assert "RS004" in codes(analysis)


def test_figure_11_old_duplicate_syn_initiates_a_reset_on_two_passive_sockets() -> None:
    analysis = assert_ladder("""
           TCP Peer A                                           TCP Peer B
       1.  LISTEN                                               LISTEN
       2.           ... <SEQ=90><CTL=SYN>                   --> LISTEN        (until it answers)
       3.  (??)     <-- <SEQ=300><ACK=91><CTL=SYN,ACK>      <-- SYN-RECEIVED
       4.  CLOSED   --> <SEQ=91><CTL=RST>                   --> LISTEN        (return to LISTEN!)
       5.  LISTEN                                               LISTEN
    """)
    connection = the_connection(analysis)
    assert connection["handshake"]["outcome"] == "aborted"
    # LISTEN belongs to the listener; the record of this request ends CLOSED.
    assert steps_of(connection, "responder")[-1] == ("CLOSED", "received RST", "inferred")
    assert "HS008" in codes(analysis)


def test_figure_12_normal_close_sequence() -> None:
    analysis = assert_ladder(
        OPEN
        + """
       1.  ESTABLISHED                                          ESTABLISHED
       2.  (Close)
           FIN-WAIT-1  --> <SEQ=100><ACK=300><CTL=FIN,ACK>  --> CLOSE-WAIT
       3.  FIN-WAIT-2  <-- <SEQ=300><ACK=101><CTL=ACK>      <-- CLOSE-WAIT
       4.                                                       (Close)
           TIME-WAIT   <-- <SEQ=300><ACK=101><CTL=FIN,ACK>  <-- LAST-ACK
       5.  TIME-WAIT   --> <SEQ=101><ACK=301><CTL=ACK>      --> CLOSED
       6.  (2 MSL: 60 s by the profile of the SYN's TTL)
           +59.9 s
           tick
           TIME-WAIT                                            CLOSED
           +0.2 s
           tick
           CLOSED                                               CLOSED
    """
    )
    connection = the_connection(analysis)
    assert connection["close"]["shape"] == "4-segment"
    assert connection["close"]["active_closer"] == "originator"
    assert connection["close"]["time_wait_holder"] == "originator"
    assert steps_of(connection, "originator")[-1] == ("CLOSED", "timer TIME-WAIT", "assumed")


def test_figure_13_simultaneous_close_sequence() -> None:
    analysis = assert_ladder(
        OPEN
        + """
       1.  ESTABLISHED                                          ESTABLISHED
       2.  (Close)                                              (Close)
           FIN-WAIT-1  --> <SEQ=100><ACK=300><CTL=FIN,ACK>  ...
                       <-- <SEQ=300><ACK=100><CTL=FIN,ACK>  <-- (FIN-WAIT-1, or A's has arrived)
                       ... <SEQ=100><ACK=300><CTL=FIN,ACK>  -->
       3.  CLOSING     --> <SEQ=101><ACK=301><CTL=ACK>      ...
           TIME-WAIT   <-- <SEQ=301><ACK=101><CTL=ACK>      <--
                       ... <SEQ=101><ACK=301><CTL=ACK>      --> TIME-WAIT
       4.  TIME-WAIT                                            TIME-WAIT
           (2 MSL)                                              (2 MSL)
           +60.1 s
           tick
           CLOSED                                               CLOSED
    """
    )
    connection = the_connection(analysis)
    assert connection["close"]["shape"] == "simultaneous"
    assert connection["close"]["time_wait_holder"] == "both"
    for side in ("originator", "responder"):
        assert endpoint_path(connection, side)[-4:] == [
            "FIN-WAIT-1", "CLOSING", "TIME-WAIT", "CLOSED",
        ]  # fmt: skip
    assert "LC005" in codes(analysis)
