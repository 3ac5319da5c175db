"""What follows from a connection."""

from support.report_samples import START_NS, make_connection
from tcpflow_analyzer.report.particulars import (
    originator_role,
    responder_role,
    syn_to_synack_ns,
    synack_to_ack_ns,
    time_wait_until_ns,
)
from tcpflow_analyzer.table.connection import OUTCOME_SIMULTANEOUS


def test_roles_ordinary() -> None:
    connection = make_connection()
    assert (originator_role(connection), responder_role(connection)) == (
        "active-opener",
        "passive-opener",
    )


def test_roles_guessed_without_a_syn() -> None:
    connection = make_connection()
    connection.roles_guessed = True
    assert (originator_role(connection), responder_role(connection)) == (
        "guessed-active-opener",
        "guessed-passive-opener",
    )


def test_roles_simultaneous_open_has_two_active_openers() -> None:
    connection = make_connection()
    connection.outcome = OUTCOME_SIMULTANEOUS
    assert (originator_role(connection), responder_role(connection)) == (
        "active-opener",
        "active-opener",
    )


def test_handshake_times_from_both_frames() -> None:
    connection = make_connection()
    assert syn_to_synack_ns(connection) == 400_000
    assert synack_to_ack_ns(connection) == 10_000


def test_handshake_times_missing_frame_gives_none() -> None:
    connection = make_connection()
    connection.syn_frame = 0
    assert syn_to_synack_ns(connection) == -1
    connection.ack_frame = 0
    assert synack_to_ack_ns(connection) == -1
    connection = make_connection()
    connection.synack_frame = 0
    assert (syn_to_synack_ns(connection), synack_to_ack_ns(connection)) == (-1, -1)


def test_time_wait_until_is_the_later_of_two_holders() -> None:
    connection = make_connection()
    connection.responder.time_wait_until_ns = START_NS + 100_000_000_000
    assert time_wait_until_ns(connection) == START_NS + 100_000_000_000
