"""Only one direction was captured: the other end follows from the acknowledgements."""

import pytest

from support.ladder import Ladder, capture
from support.observed import observe
from support.states import assert_ladder, codes, the_connection
from tcpflow_analyzer.settings import Settings
from tcpflow_analyzer.tcp.states import ESTABLISHED

OPEN = """
    SYN-SENT    --> <SEQ=1000><CTL=SYN>                   --> LISTEN
                <-- <SEQ=5000><ACK=1001><CTL=SYN,ACK><UNSEEN> <--
    ESTABLISHED --> <SEQ=1001><ACK=5001><CTL=ACK>         --> ESTABLISHED
"""


def test_unseen_responder_is_inferred_from_the_first_ack() -> None:
    connection = the_connection(assert_ladder(OPEN))
    assert connection["originator"]["certainty"] == "observed"
    assert connection["responder"]["certainty"] == "inferred"
    assert connection["responder"]["segments"] == 0


def test_unseen_data_is_no_fin() -> None:
    assert_ladder(
        OPEN
        + """
        ESTABLISHED --> <SEQ=1001><ACK=5001><CTL=ACK><LEN=100>  --> ESTABLISHED
        ESTABLISHED --> <SEQ=1101><ACK=5301><CTL=ACK>           --> ESTABLISHED
        ESTABLISHED --> <SEQ=1101><ACK=5601><CTL=ACK>           --> ESTABLISHED
    """
    )


def test_unseen_fin_is_an_ack_of_one_octet_more() -> None:
    connection = the_connection(
        assert_ladder(
            OPEN
            + """
            ESTABLISHED --> <SEQ=1001><ACK=5001><CTL=ACK><LEN=100>  --> ESTABLISHED
            FIN-WAIT-2  --> <SEQ=1101><ACK=5001><CTL=FIN,ACK>       --> (its ACK would be unseen)
            TIME-WAIT   --> <SEQ=1102><ACK=5002><CTL=ACK>           -->
        """
        )
    )
    assert connection["responder"]["certainty"] == "inferred"
    assert connection["close"]["time_wait_holder"] in ("originator", "both")


def test_unseen_octet_of_data_was_no_fin_after_all() -> None:
    assert_ladder(
        OPEN
        + """
                    --> <SEQ=1001><ACK=5002><CTL=ACK>           -->
        ESTABLISHED --> <SEQ=1001><ACK=5400><CTL=ACK>           --> ESTABLISHED
    """
    )


def test_other_direction_that_comes_after_all_ends_the_inference() -> None:
    analysis = assert_ladder(
        OPEN
        + """
        ESTABLISHED --> <SEQ=1001><ACK=5001><CTL=ACK><LEN=100>  --> ESTABLISHED
        ESTABLISHED <-- <SEQ=5001><ACK=1101><CTL=ACK><LEN=50>   <-- ESTABLISHED
        ESTABLISHED --> <SEQ=1101><ACK=5051><CTL=ACK>           --> ESTABLISHED
    """
    )
    assert "CP003" not in codes(analysis)


def test_unseen_fin_is_none_of_an_end_that_had_closed_as_the_second() -> None:
    # In mid-stream a FIN is taken for the second: what its sender acknowledges then is data.
    analysis = assert_ladder(
        """
        LAST-ACK    --> <SEQ=1001><ACK=5001><CTL=FIN,ACK>       -->
                    --> <SEQ=1002><ACK=5002><CTL=ACK>           -->
        """
    )
    connection = the_connection(analysis)
    assert all(step["event"] != "sent FIN" for step in connection["transitions"])


@pytest.mark.parametrize("keep", [True, False])
def test_octet_taken_for_a_fin_is_data_once_more_follows(keep: bool) -> None:
    # The states are the same whether or not the way to them is kept.
    ladder = Ladder(
        OPEN
        + """
        --> <SEQ=1001><ACK=5101><CTL=ACK>           -->
        --> <SEQ=1001><ACK=5102><CTL=ACK>           -->
        --> <SEQ=1001><ACK=5302><CTL=ACK>           -->
        """
    )
    (connection,) = observe(capture(ladder), Settings(keep_transitions=keep))
    assert (connection.originator.proven, connection.responder.proven) == (ESTABLISHED, ESTABLISHED)
    assert connection.responder.fin_offset < 0
    assert (connection.transitions is not None) == keep
