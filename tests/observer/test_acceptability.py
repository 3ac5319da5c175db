"""Windows and RFC 5961, with what the tap knows only as an interval."""

import pytest

from support.ladder import Ladder, capture
from support.observed import observe
from tcpflow_analyzer.observer.acceptability import (
    is_acceptable,
    is_plausible_ack,
    judge_reset,
    right_edge,
)
from tcpflow_analyzer.table.connection import Connection
from tcpflow_analyzer.table.endpoint import Endpoint
from tcpflow_analyzer.table.observation import (
    RST_ACCEPTED,
    RST_NOT_EXACT,
    RST_TO_NOBODY,
    RST_UNACCEPTABLE,
)
from tcpflow_analyzer.tcp.control_bits import ACK, RST, SYN
from tcpflow_analyzer.tcp.states import CLOSED, ESTABLISHED, SYN_RECEIVED, SYN_SENT

KEY = bytes(12)
WIDEST = 65535 << 14


def connection() -> Connection:
    """Open: the originator has sent 1 to 101, of which 51 are acknowledged; window up to 1051."""
    made = Connection(KEY, 1)
    for endpoint in (made.originator, made.responder):
        endpoint.has_origin = endpoint.iss_seen = True
        endpoint.proven = endpoint.believed = ESTABLISHED
        endpoint.segments = 1
        endpoint.window_scale = 0
    made.originator.snd_una, made.originator.contiguous = 51, 101
    made.originator.snd_nxt = 101
    made.responder.snd_una = made.responder.snd_nxt = made.responder.contiguous = 1
    made.responder.edge = 1051
    made.originator.edge, made.originator.max_window = 501, 500
    return made


def ends(made: Connection) -> tuple[Endpoint, Endpoint]:
    return made.originator, made.responder


@pytest.mark.parametrize(
    ("start", "end", "acceptable"),
    [
        (101, 201, True), (51, 101, True), (1, 52, True), (1051, 1151, True),
        (1, 50, False), (1052, 1152, False),
        (101, 101, True), (50, 50, True), (49, 49, False), (1051, 1051, True), (1052, 1052, False),
    ],
)  # fmt: skip
def test_is_acceptable_by_table_6(start: int, end: int, acceptable: bool) -> None:
    # (1, 50) ends below RCV.NXT; 50 is a keep-alive at SND.NXT - 1; 1051 is the window's edge.
    assert is_acceptable(*ends(connection()), start, end) == acceptable


def test_is_acceptable_while_nothing_is_known_of_the_receiver() -> None:
    made = connection()
    made.responder.segments = 0
    assert is_acceptable(*ends(made), 900_000, 900_001)


def test_right_edge_without_scale_is_the_widest_that_rfc_7323_allows() -> None:
    made = connection()
    assert right_edge(*ends(made)) == 1051
    made.responder.edge = 0
    assert right_edge(*ends(made)) == 51 + WIDEST


def test_is_plausible_ack_up_to_its_own_window() -> None:
    made = connection()
    assert is_plausible_ack(made.originator, made.responder, 1)
    assert is_plausible_ack(made.originator, made.responder, 502)  # the capture lost some
    assert not is_plausible_ack(made.originator, made.responder, 503)


@pytest.mark.parametrize(
    ("start", "verdict"),
    [
        (101, RST_ACCEPTED), (51, RST_ACCEPTED), (75, RST_ACCEPTED),
        (102, RST_NOT_EXACT), (1051, RST_NOT_EXACT),
        (50, RST_UNACCEPTABLE), (1052, RST_UNACCEPTABLE), (-5, RST_UNACCEPTABLE),
    ],
)  # fmt: skip
def test_judge_reset_synchronised(start: int, verdict: int) -> None:
    # RCV.NXT lies between 51 and 101: every value there may be the exact one.
    made = connection()
    assert judge_reset(made, *ends(made), start, -1, RST, 7) == verdict


@pytest.mark.parametrize(
    ("bits", "acknowledgement", "verdict"),
    [
        (RST | ACK, 1, RST_ACCEPTED), (RST | ACK, 0, RST_UNACCEPTABLE),
        (RST | ACK, 2, RST_UNACCEPTABLE), (RST, -1, RST_UNACCEPTABLE),
    ],
)  # fmt: skip
def test_judge_reset_in_syn_sent(bits: int, acknowledgement: int, verdict: int) -> None:
    made = connection()
    made.responder.proven = made.responder.believed = SYN_SENT
    assert judge_reset(made, *ends(made), 0, acknowledgement, bits, 7) == verdict


def test_judge_reset_after_the_fin() -> None:
    # Linux tcp_reset_check(): RCV.NXT - 1 is taken once a FIN has been received.
    made = connection()
    made.originator.fin_offset, made.originator.snd_una = 101, 102
    made.originator.contiguous = made.originator.snd_nxt = 102
    assert judge_reset(made, *ends(made), 101, -1, RST, 7) == RST_ACCEPTED


def test_judge_reset_towards_closed() -> None:
    made = connection()
    made.responder.proven = made.responder.believed = CLOSED
    assert judge_reset(made, *ends(made), 101, -1, RST, 7) == RST_TO_NOBODY


def test_judge_reset_at_what_the_receiver_said_it_expects() -> None:
    # A SYN-ACK that answers an old SYN: its own acknowledgement is its RCV.NXT.
    made = connection()
    made.responder.proven = made.responder.believed = SYN_RECEIVED
    made.responder.last_control_bits, made.responder.last_ack = SYN | ACK, 900_001
    assert judge_reset(made, *ends(made), 900_000, -1, RST, 900_001) == RST_ACCEPTED
    assert judge_reset(made, *ends(made), 900_000, -1, RST, 900_002) == RST_UNACCEPTABLE


def test_reset_without_a_number_of_its_sender_is_no_answer_to_an_attempt_given_up() -> None:
    # Long after the last SYN its sender is thought CLOSED, and nothing of the listener was seen.
    ladder = Ladder(
        """
        SYN-SENT  --> <CTL=SYN>                     --> CLOSED
        +1 s
        SYN-SENT  --> <SEQ=1000><CTL=SYN>           --> CLOSED
        +60 s
                  <-- <SEQ=77><ACK=99><CTL=RST,ACK> <--
        """
    )
    (connection,) = observe(capture(ladder))
    assert connection.resets is not None
    assert [reset.verdict for reset in connection.resets] == [RST_UNACCEPTABLE]
