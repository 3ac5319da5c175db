"""One RST, one cause: the catalogue's order, on RSTs made by hand."""

from typing import Any

import pytest

from tcpflow_analyzer.findings.reset.cause import cause, causes, reset_certainty
from tcpflow_analyzer.settings import NANOSECONDS, Settings
from tcpflow_analyzer.table import observation as kinds
from tcpflow_analyzer.table.connection import (
    OUTCOME_COMPLETED,
    OUTCOME_REJECTED,
    Connection,
)
from tcpflow_analyzer.table.observation import (
    FORM_LIVE,
    FORM_OTHER,
    FORM_REFUSAL,
    FORM_STATELESS,
    RST_NOT_EXACT,
    RST_TO_NOBODY,
    RST_UNACCEPTABLE,
    Reset,
)
from tcpflow_analyzer.tcp.control_bits import ACK, FIN, PSH
from tcpflow_analyzer.tcp.states import (
    CLOSE_WAIT,
    CLOSED,
    ESTABLISHED,
    FIN_WAIT_2,
    SYN_RECEIVED,
    SYN_SENT,
    TIME_WAIT,
)

WINDOW_NS = Settings().unread_window_ns
FRAME = 20


def connection() -> Connection:
    """A connection with a handshake of frames 1, 2 and 3."""
    made = Connection(bytes((192, 0, 2, 1, 198, 51, 100, 1, 1, 2, 0, 80)), 1)
    made.syn_frame, made.synack_frame, made.ack_frame = 1, 2, 3
    made.outcome = OUTCOME_COMPLETED
    return made


def reset(
    made: Connection, of_originator: bool = True, frame: int = FRAME, **values: object
) -> Reset:
    """A RST of a live socket in ESTABLISHED with nothing in flight, but for the values given."""
    made.observed |= kinds.RESET
    record = Reset(of_originator, frame, frame * NANOSECONDS)
    record.form = FORM_LIVE
    record.sender_state = record.receiver_state = record.sender_proven = ESTABLISHED
    record.trigger_frame, record.trigger_time_ns = frame - 1, (frame - 1) * NANOSECONDS
    record.trigger_control_bits = ACK
    for name, value in values.items():
        assert hasattr(record, name)
        setattr(record, name, value)
    made.resets = [*(made.resets or []), record]
    return record


FINS: dict[str, Any] = {"sender_fin": True, "receiver_fin": True}
FIN_TRIGGER: dict[str, Any] = {"trigger_control_bits": FIN | ACK, "trigger_new": True}
DATA_TRIGGER: dict[str, Any] = {
    "trigger_control_bits": PSH | ACK,
    "trigger_payload_len": 50,
    "trigger_new": True,
}
STATELESS: dict[str, Any] = {"form": FORM_STATELESS}


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({}, "RS001"),
        ({"own_unacked": 1}, "RS002"),
        ({"peer_unacked": 1}, "RS002"),
        ({"receiver_data_frame": 15, "receiver_data_time_ns": 16 * NANOSECONDS}, "RS003"),
        ({"receiver_data_frame": 15, "receiver_data_time_ns": 14 * NANOSECONDS}, "RS001"),
        (
            {
                "receiver_data_frame": 15,
                "receiver_data_time_ns": 16 * NANOSECONDS,
                "sender_data_frame": 16,
            },
            "RS001",
        ),
        (STATELESS, "RS004"),
        (STATELESS | {"window": 100}, "RS001"),
        (STATELESS | {"trigger_time_ns": 18 * NANOSECONDS}, "RS001"),
        (STATELESS | {"peer_unacked": 50}, "RS004"),
        (STATELESS | {"sender_state": CLOSE_WAIT, "receiver_fin": True}, "RS004"),
        ({"form": FORM_REFUSAL}, "RS004"),
        (STATELESS | DATA_TRIGGER | {"sender_fin": True, "peer_unacked": 50}, "CL008"),
        (DATA_TRIGGER | {"sender_fin": True, "peer_unacked": 50}, "CL008"),
        (STATELESS | FINS | FIN_TRIGGER | {"sender_proven": FIN_WAIT_2}, "RS006"),
        (
            STATELESS | FINS | FIN_TRIGGER | {"sender_proven": FIN_WAIT_2, "peer_unacked": 50},
            "CL008",
        ),
        (
            STATELESS
            | FINS
            | FIN_TRIGGER
            | {"sender_proven": FIN_WAIT_2, "peer_unacked": 50, "trigger_payload_len": 50},
            "RS006",
        ),
        (FINS | {"receiver_fin_acked": True, "sender_state": TIME_WAIT}, "RS005"),
        (FINS | {"receiver_fin_acked": True, "verdict": RST_TO_NOBODY}, "RS005"),
        ({"verdict": RST_UNACCEPTABLE}, ""),
        ({"verdict": RST_NOT_EXACT}, "RS001"),
        ({"verdict": RST_NOT_EXACT, "form": FORM_OTHER}, ""),
        ({"receiver_state": SYN_SENT}, "HS004"),
        ({"receiver_state": SYN_SENT, "verdict": RST_NOT_EXACT}, ""),
        ({"sender_state": SYN_SENT}, ""),
        (STATELESS | {"sender_proven": SYN_RECEIVED}, "HS013"),
    ],
)
def test_cause_is_the_first_that_holds(values: dict[str, Any], code: str) -> None:
    made = connection()
    assert cause(made, reset(made, **values), WINDOW_NS) == code


def test_rst_of_an_originator_that_was_answered_is_an_abort() -> None:
    data: dict[str, Any] = {"receiver_data_frame": 15, "receiver_data_time_ns": 16 * NANOSECONDS}
    for of_originator, code in ((True, "RS001"), (False, "RS003")):
        made = connection()
        record = reset(made, of_originator, sender_data_frame=14, **data)
        assert cause(made, record, WINDOW_NS) == code


def test_rst_before_the_handshake_is_complete_is_the_handshakes() -> None:
    made = connection()
    made.ack_frame = 0
    record = reset(made, receiver_state=SYN_RECEIVED, sender_state=SYN_SENT)
    assert cause(made, record, WINDOW_NS) == "HS008"
    made.note(kinds.HANDSHAKE_ACK_WRONG, False, FRAME - 1, 0, 0, 0, 0)
    assert cause(made, record, WINDOW_NS) == "HS009"
    made.outcome = OUTCOME_REJECTED
    assert cause(made, record, WINDOW_NS) == "HS005"


def test_rst_that_a_stale_connection_draws_is_hs018() -> None:
    made = connection()
    record = reset(made, **STATELESS)
    made.note(kinds.STALE_RECOVERY, True, FRAME - 2, 0, 0, FRAME - 1, FRAME)
    assert cause(made, record, WINDOW_NS) == "HS018"


def test_repeated_fin_in_time_wait_that_draws_a_rst_is_tw003() -> None:
    made = connection()
    made.originator.time_wait_since_ns = NANOSECONDS
    values = STATELESS | FINS | {"receiver_fin_acked": True, "sender_state": TIME_WAIT}
    again: dict[str, Any] = {"trigger_control_bits": FIN | ACK, "trigger_new": False}
    assert cause(made, reset(made, **values, **again), WINDOW_NS) == "TW003"
    assert cause(made, reset(made, **values, **FIN_TRIGGER), WINDOW_NS) == "RS005"


def test_rst_into_time_wait_is_tw007_before_rs005() -> None:
    made = connection()
    record = reset(made, False, receiver_fin_acked=True, **FINS)
    assert cause(made, record, WINDOW_NS) == "RS005"
    made.note(kinds.RESET_IN_TIME_WAIT, True, FRAME, 0, 0, 1, FRAME - 1)
    assert cause(made, record, WINDOW_NS) == "TW007"


def test_rst_that_its_sender_did_not_send_has_no_cause() -> None:
    made = connection()
    record = reset(made, reverted=True)
    made.note(kinds.TRAFFIC_AFTER_RESET, True, FRAME + 1, 0, FRAME, 0, 0)
    assert cause(made, record, WINDOW_NS) == "RS001"  # it was sent, and did not arrive
    made.note(kinds.TRAFFIC_AFTER_RESET, True, FRAME + 2, 0, FRAME, 1, 0)
    assert cause(made, record, WINDOW_NS) == ""


def test_later_rsts_belong_to_the_first_cause() -> None:
    made = connection()
    reset(made, own_unacked=100)
    reset(made, frame=21, sender_state=CLOSED, form=FORM_STATELESS)
    reset(made, False, frame=22, verdict=RST_TO_NOBODY)
    found = {code: list(causes(made, code, Settings())) for code in ("RS001", "RS002", "RS004")}
    assert [code for code, each in found.items() if each] == ["RS002"]
    assert [each.frame for each in found["RS002"][0].resets] == [20, 21, 22]


def test_both_ends_may_reset_for_causes_of_their_own() -> None:
    made = connection()
    reset(made, own_unacked=100)
    reset(made, False, frame=21, verdict=RST_NOT_EXACT)
    assert len(list(causes(made, "RS002", Settings()))) == 1
    assert len(list(causes(made, "RS001", Settings()))) == 1


@pytest.mark.parametrize(
    ("values", "observed", "certainty"),
    [
        ({}, 0, "observed"),
        ({"form": FORM_OTHER}, 0, "inferred"),
        ({"verdict": RST_NOT_EXACT}, 0, "inferred"),
        ({}, kinds.ONE_SIDED, "inferred"),
        ({}, kinds.ACKED_UNSEEN, "inferred"),
    ],
)
def test_certainty_is_lower_where_the_view_or_the_form_is(
    values: dict[str, Any], observed: int, certainty: str
) -> None:
    made = connection()
    made.observed |= observed
    assert reset_certainty(made, reset(made, **values)) == certainty


def test_certainty_is_lower_where_segments_are_authenticated() -> None:
    made = connection()
    made.authenticated = True
    assert reset_certainty(made, reset(made)) == "inferred"
