"""Connections that were running before the capture: sets of states, narrowed by what follows."""

import pytest

from support.ladder import Ladder, Socket
from support.states import Json, assert_ladder, codes, steps_of, the_connection


def possible(analysis: Json, side: str) -> set[str]:
    return set(the_connection(analysis)[side]["possible_states"])


def test_data_first_leaves_two_and_three_states() -> None:
    analysis = assert_ladder("ESTABLISHED --> <SEQ=100><ACK=300><CTL=ACK><LEN=10> --> ESTABLISHED")
    assert possible(analysis, "originator") == {"ESTABLISHED", "CLOSE-WAIT"}
    assert possible(analysis, "responder") == {"ESTABLISHED", "FIN-WAIT-1", "FIN-WAIT-2"}
    connection = the_connection(analysis)
    assert (connection["midstream"], connection["originator"]["certainty"]) == (True, "assumed")
    assert "CP001" in codes(analysis)


def test_ack_first_leaves_every_synchronised_state() -> None:
    analysis = assert_ladder("ESTABLISHED --> <SEQ=100><ACK=300><CTL=ACK> --> ESTABLISHED")
    assert len(possible(analysis, "originator")) == 7
    assert possible(analysis, "originator") == possible(analysis, "responder")


def test_data_of_both_ends_makes_established_certain() -> None:
    analysis = assert_ladder("""
        ESTABLISHED --> <SEQ=100><ACK=300><CTL=ACK><LEN=10> --> ESTABLISHED
        ESTABLISHED <-- <SEQ=300><ACK=110><CTL=ACK><LEN=20> <-- ESTABLISHED
        ESTABLISHED --> <SEQ=110><ACK=320><CTL=ACK><LEN=5>  --> ESTABLISHED
    """)
    assert possible(analysis, "responder") <= {"ESTABLISHED", "CLOSE-WAIT"}


def test_fin_first_is_taken_for_the_second_of_the_two() -> None:
    analysis = assert_ladder(
        """
        LAST-ACK    --> <SEQ=100><ACK=300><CTL=FIN,ACK> --> TIME-WAIT
        CLOSED      <-- <SEQ=300><ACK=101><CTL=ACK>     <-- TIME-WAIT
    """.replace("--> TIME-WAIT", "-->")
    )
    assert "CP001" in codes(analysis)


def test_fin_first_was_the_first_of_the_two_if_the_peer_goes_on() -> None:
    analysis = assert_ladder("""
                    --> <SEQ=100><ACK=300><CTL=FIN,ACK>         -->
        FIN-WAIT-2  <-- <SEQ=300><ACK=101><CTL=ACK><LEN=50>     <-- CLOSE-WAIT
    """)
    assert the_connection(analysis)["close"]["active_closer"] == "originator"


def test_close_seen_from_mid_stream_to_the_end() -> None:
    analysis = assert_ladder("""
        ESTABLISHED --> <SEQ=100><ACK=300><CTL=ACK><LEN=10>  --> ESTABLISHED
        ESTABLISHED <-- <SEQ=300><ACK=110><CTL=ACK><LEN=20>  <-- ESTABLISHED
        FIN-WAIT-1  --> <SEQ=110><ACK=320><CTL=FIN,ACK>      --> CLOSE-WAIT
        FIN-WAIT-2  <-- <SEQ=320><ACK=111><CTL=ACK>          <-- CLOSE-WAIT
        TIME-WAIT   <-- <SEQ=320><ACK=111><CTL=FIN,ACK>      <-- LAST-ACK
        TIME-WAIT   --> <SEQ=111><ACK=321><CTL=ACK>          --> CLOSED
    """)
    assert the_connection(analysis)["close"]["time_wait_holder"] == "originator"


@pytest.mark.parametrize(
    ("port_a", "port_b", "role"), [(40000, 80, "active"), (22, 50000, "passive")]
)
def test_roles_are_guessed_by_the_lower_port(port_a: int, port_b: int, role: str) -> None:
    ladder = Ladder(
        "--> <SEQ=100><ACK=300><CTL=ACK><LEN=10> -->",
        a=Socket("192.0.2.1", port_a),
        b=Socket("198.51.100.1", port_b),
    )
    connection = the_connection(assert_ladder(ladder))
    assert connection["originator"]["role"] == f"guessed-{role}-opener"


def test_syn_ack_first_has_an_originator_that_the_capture_missed() -> None:
    analysis = assert_ladder("ESTABLISHED <-- <SEQ=300><ACK=101><CTL=SYN,ACK> <-- SYN-RECEIVED")
    connection = the_connection(analysis)
    assert connection["originator"]["address"] == "192.0.2.1"
    assert "CP001" in codes(analysis)


@pytest.mark.parametrize(
    "first",
    [
        pytest.param("--> <SEQ=900><CTL=FIN> -->\n", id="what no stack sends"),
        pytest.param("--> <SEQ=900><CTL=RST> -->\n", id="a RST"),
        pytest.param("<-- <SEQ=900><CTL=RST> <--\n", id="a RST of the other end"),
    ],
)
@pytest.mark.parametrize(
    "segment",
    [
        "--> <SEQ=1001><ACK=5001><CTL=ACK><LEN=10> -->\n",
        "--> <SEQ=1001><ACK=5001><CTL=FIN,ACK> -->\n",
    ],
)
def test_what_drives_nothing_is_no_history(first: str, segment: str) -> None:
    # observer.md section 7: nothing is known of the ends, so their states are assumed.
    alone, behind = assert_ladder(segment), assert_ladder(first + segment)
    assert steps_by_address(alone) == steps_by_address(behind)
    assert {step[1] for step in steps_by_address(behind)["192.0.2.1"]} == {
        "picked up in mid-stream"
    }
    assert "CP001" in codes(behind)


def steps_by_address(analysis: Json) -> dict[str, list[tuple[str, str, str]]]:
    connection = the_connection(analysis)
    return {
        connection[side]["address"]: steps_of(connection, side)
        for side in ("originator", "responder")
    }
