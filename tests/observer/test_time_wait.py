"""TIME-WAIT: who holds it, what restarts it, ends it, and gets past it."""

import pytest

from support.capture_builder import SECOND_NS
from support.openings import CLOSED_BY_A, HALF_CLOSED
from support.states import Json, assert_ladder, codes, steps_of, the_connection
from tcpflow_analyzer.settings import Settings


def test_time_wait_ends_by_the_clock() -> None:
    analysis = assert_ladder(
        CLOSED_BY_A
        + """
        +59.9 s
        tick
        TIME-WAIT                                       CLOSED
        +0.2 s
        tick
        CLOSED                                          CLOSED
    """
    )
    connection = the_connection(analysis)
    assert steps_of(connection, "originator")[-1] == ("CLOSED", "timer TIME-WAIT", "assumed")
    assert connection["originator"]["state"] == "TIME-WAIT"
    assert connection["originator"]["state_at_capture_end"] == "CLOSED"


@pytest.mark.parametrize(("msl_s", "state"), [(10, "CLOSED"), (100, "TIME-WAIT")])
def test_time_wait_lasts_two_msl(msl_s: int, state: str) -> None:
    assert_ladder(
        CLOSED_BY_A + f"+60 s\ntick\n{state}                       CLOSED",
        Settings(msl_ns=msl_s * SECOND_NS),
    )


def test_time_wait_fin_again_restarts_the_clock_at_its_ack() -> None:
    analysis = assert_ladder(
        CLOSED_BY_A
        + """
        +50 s
        TIME-WAIT <-- <SEQ=5001><ACK=1002><CTL=FIN,ACK> <-- LAST-ACK
        TIME-WAIT --> <SEQ=1002><ACK=5002><CTL=ACK>     --> CLOSED
        +59 s
        tick
        TIME-WAIT                                           CLOSED
        +2 s
        tick
        CLOSED                                              CLOSED
    """
    )
    assert "TW002" in codes(analysis)


def test_time_wait_fin_again_answered_by_rst_had_gone() -> None:
    analysis = assert_ladder(
        CLOSED_BY_A
        + """
        +0.3 s
                  <-- <SEQ=5001><ACK=1002><CTL=FIN,ACK> <-- LAST-ACK
        CLOSED    --> <SEQ=1002><CTL=RST>               --> CLOSED
    """
    )
    assert "TW003" in codes(analysis)


@pytest.mark.parametrize(("profile", "state"), [("linux", "CLOSED"), ("rfc", "TIME-WAIT")])
def test_time_wait_receives_rst(profile: str, state: str) -> None:
    analysis = assert_ladder(
        CLOSED_BY_A + f"{state} <-- <SEQ=5002><CTL=RST> <-- CLOSED",
        Settings(profiles={"": profile}),
    )
    assert "TW007" in codes(analysis)


@pytest.mark.parametrize("resets", [1, 2])
def test_time_wait_that_answers_after_a_rst_has_outlived_it(resets: int) -> None:
    analysis = assert_ladder(
        CLOSED_BY_A
        + resets * "CLOSED    <-- <SEQ=5002><CTL=RST>                    <-- CLOSED\n"
        + """
        +5 s
        CLOSED    <-- <SEQ=5001><ACK=1001><CTL=ACK><LEN=1>   <-- CLOSED
        TIME-WAIT --> <SEQ=1002><ACK=5002><CTL=ACK>          --> CLOSED
    """
    )
    assert_outlived(analysis, 9 + resets)


def assert_outlived(analysis: Json, frame: int) -> None:
    """TW007 is no warning, as that frame shows."""
    (found,) = (each for each in analysis["findings"] if each["code"] == "TW007")
    assert (found["severity"], found["values"]["ended"]) == ("info", False)
    assert found["message"].endswith(f"it was in TIME-WAIT still, as frame {frame} shows")


LINUX_NUMBER = 1002 + 65_537


def test_time_wait_that_gives_the_next_number_has_outlived_a_rst() -> None:
    """Linux with tcp_rfc1337, as fixtures/recordings/rfc1337_then_port_reuse shows."""
    analysis = assert_ladder(
        CLOSED_BY_A
        + f"""
        CLOSED       <-- <SEQ=5002><CTL=RST>                              <-- CLOSED
        +5 s
        CLOSED       <-- <SEQ=900000><CTL=SYN>                            <-- SYN-SENT
        SYN-RECEIVED --> <SEQ={LINUX_NUMBER}><ACK=900001><CTL=SYN,ACK>    --> ESTABLISHED
    """
    )
    assert_outlived(analysis, 10)
    assert "TW004" in codes(analysis)
    first = analysis["connections"][0]
    assert steps_of(first, "originator")[-2:] == [
        ("TIME-WAIT", "received RST", "observed"),
        ("CLOSED", "replaced by a new incarnation", "inferred"),
    ]


def test_time_wait_that_opens_with_the_next_number_has_outlived_a_rst() -> None:
    analysis = assert_ladder(
        CLOSED_BY_A
        + f"""
        CLOSED       <-- <SEQ=5002><CTL=RST>                              <-- CLOSED
        +5 s
        SYN-SENT     --> <SEQ={LINUX_NUMBER}><CTL=SYN>                    --> CLOSED
        ESTABLISHED  <-- <SEQ=900000><ACK={LINUX_NUMBER + 1}><CTL=SYN,ACK> <-- SYN-RECEIVED
    """
    )
    assert_outlived(analysis, 9)
    assert "TW004" in codes(analysis)


def test_time_wait_that_gives_another_number_has_not_outlived_a_rst() -> None:
    analysis = assert_ladder(
        CLOSED_BY_A
        + """
        CLOSED       <-- <SEQ=5002><CTL=RST>                              <-- CLOSED
        +5 s
        CLOSED       <-- <SEQ=900000><CTL=SYN>                            <-- SYN-SENT
        SYN-RECEIVED --> <SEQ=800000><ACK=900001><CTL=SYN,ACK>            --> ESTABLISHED
    """
    )
    (found,) = (each for each in analysis["findings"] if each["code"] == "TW007")
    assert (found["severity"], found["values"]["ended"]) == ("warning", True)
    assert "TW013" in codes(analysis)


def test_time_wait_rst_outside_the_window_is_ignored() -> None:
    assert_ladder(CLOSED_BY_A + "TIME-WAIT <-- <SEQ=9000000><CTL=RST> <-- CLOSED")


def test_time_wait_old_data_restarts_nothing() -> None:
    assert_ladder(
        CLOSED_BY_A
        + """
        +50 s
        TIME-WAIT <-- <SEQ=5001><ACK=1001><CTL=ACK><LEN=1> <-- CLOSED
        TIME-WAIT --> <SEQ=1002><ACK=5002><CTL=ACK>        -->
        +11 s
        tick
        CLOSED
    """
    )


def test_time_wait_peer_opens_anew_with_a_higher_isn() -> None:
    analysis = assert_ladder(
        CLOSED_BY_A
        + """
        +5 s
        TIME-WAIT    <-- <SEQ=900000><CTL=SYN>                <-- SYN-SENT
        SYN-RECEIVED --> <SEQ=800000><ACK=900001><CTL=SYN,ACK> --> ESTABLISHED
        ESTABLISHED  <-- <SEQ=900001><ACK=800001><CTL=ACK>    <-- ESTABLISHED
    """
    )
    assert [c["incarnation"] for c in analysis["connections"]] == [1, 2]
    assert "TW004" in codes(analysis)
    assert "TW005" not in codes(analysis)


def test_time_wait_peer_opens_anew_with_a_lower_isn_is_unsafe() -> None:
    analysis = assert_ladder(
        CLOSED_BY_A
        + """
        +5 s
        TIME-WAIT    <-- <SEQ=4990><CTL=SYN>                 <-- SYN-SENT
        SYN-RECEIVED --> <SEQ=800000><ACK=4991><CTL=SYN,ACK> --> ESTABLISHED
    """
    )
    assert "TW005" in codes(analysis)


def test_time_wait_refuses_syn_by_ack() -> None:
    analysis = assert_ladder(
        CLOSED_BY_A
        + """
        +5 s
        TIME-WAIT <-- <SEQ=4000><CTL=SYN>             <-- SYN-SENT
        TIME-WAIT --> <SEQ=1002><ACK=5002><CTL=ACK>   --> SYN-SENT
        +61 s
        tick (the SYN did not restart the clock)
        CLOSED
    """
    )
    assert "TW006" in codes(analysis)


def test_time_wait_holder_opens_anew_itself() -> None:
    # Linux tcp_tw_reuse: the holder reuses the socket pair.
    analysis = assert_ladder(
        CLOSED_BY_A
        + """
        +5 s
        SYN-SENT    --> <SEQ=900000><CTL=SYN>                 --> LISTEN
        ESTABLISHED <-- <SEQ=800000><ACK=900001><CTL=SYN,ACK> <-- SYN-RECEIVED
    """
    )
    assert "TW004" in codes(analysis)


def test_time_wait_begins_at_the_ack_of_the_fin() -> None:
    connection = the_connection(
        assert_ladder(
            HALF_CLOSED
            + """
            TIME-WAIT <-- <CTL=FIN,ACK> <-- LAST-ACK
            +0.5 s
            TIME-WAIT --> <CTL=ACK>     --> CLOSED
        """
        )
    )
    until = connection["close"]["time_wait_until_ns"]
    assert until == connection["last_time_ns"] + 60 * SECOND_NS


@pytest.mark.parametrize(
    "segment",
    [
        pytest.param("--> <SEQ=1002><ACK=5002><CTL=ACK> -->", id="a second ACK of the FIN"),
        pytest.param("... <SEQ=1001><ACK=5001><CTL=ACK> -->", id="an old ACK"),
    ],
)
def test_time_wait_is_restarted_by_no_ack_but_the_one_that_answers_the_fin(segment: str) -> None:
    assert_ladder(
        CLOSED_BY_A
        + f"""
        +10 s
        TIME-WAIT <-- <SEQ=5001><ACK=1002><CTL=FIN,ACK> <-- LAST-ACK
        TIME-WAIT --> <SEQ=1002><ACK=5002><CTL=ACK>     --> CLOSED
        +30 s
        {segment}
        +31 s
        tick
        CLOSED                                              CLOSED
    """
    )
