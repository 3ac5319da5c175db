"""conn_state for every pair of Zeek's states, by the table in Zeek's conn/main.zeek."""

import pytest

from tcpflow_analyzer.observer.zeek_history import (
    CLOSED,
    ESTABLISHED,
    INACTIVE,
    LETTERS,
    PARTIAL,
    RESET,
    ROLES_SWAPPED,
    SYN_ACK_SENT,
    SYN_SENT,
)
from tcpflow_analyzer.report.zeek import conn_state, history_text
from tcpflow_analyzer.table.connection import Connection

STATES = (INACTIVE, SYN_SENT, SYN_ACK_SENT, PARTIAL, ESTABLISHED, CLOSED, RESET)

# Rows: originator; columns: responder, both in the order of STATES; one octet of data each way.
TABLE = {
    INACTIVE: "OTH OTH OTH OTH OTH SHR RSTRH",
    SYN_SENT: "S0 OTH OTH OTH OTH S3 REJ",
    SYN_ACK_SENT: "OTH OTH OTH OTH OTH S3 REJ",
    PARTIAL: "OTH OTH OTH OTH OTH SHR RSTRH",
    ESTABLISHED: "OTH OTH OTH OTH S1 S3 RSTR",
    CLOSED: "SH S2 S2 SH S2 SF RSTR",
    RESET: "OTH RSTO RSTO OTH RSTO RSTO RSTR",
}


def connection_with(originator: int, responder: int, letters: str = "") -> Connection:
    """A connection in these states of Zeek's, with data both ways."""
    connection = Connection(bytes(12), 1)
    connection.originator.zeek_end().state = originator
    connection.responder.zeek_end().state = responder
    connection.originator.snd_nxt = connection.responder.snd_nxt = 2
    for letter in letters:
        connection.history = (connection.history << 5) | LETTERS.index(letter)
    return connection


@pytest.mark.parametrize("originator", STATES)
def test_conn_state_of_states(originator: int) -> None:
    found = [conn_state(connection_with(originator, responder)) for responder in STATES]
    assert " ".join(found) == TABLE[originator]


def test_conn_state_after_roles_were_swapped() -> None:
    connection = connection_with(CLOSED, ESTABLISHED)
    assert conn_state(connection) == "S2"
    connection.history_seen |= ROLES_SWAPPED
    assert conn_state(connection) == "S3"


@pytest.mark.parametrize(
    ("letters", "expected"),
    [
        ("SR", "RSTOS0"), ("^SR", "RSTOS0"), ("STR", "RSTOS0"), ("SRa", "RSTOS0"),
        ("SDR", "RSTOS0"), ("SAR", "OTH"), ("SFR", "OTH"), ("R", "OTH"),
    ],
)  # fmt: skip
def test_conn_state_syn_then_reset_by_history(letters: str, expected: str) -> None:
    connection = connection_with(RESET, INACTIVE, letters)
    assert history_text(connection) == letters
    assert conn_state(connection) == expected


def test_conn_state_both_reset_without_data_is_a_rejection() -> None:
    connection = connection_with(RESET, RESET)
    assert conn_state(connection) == "RSTR"
    connection.originator.snd_nxt = connection.responder.snd_nxt = 1
    assert conn_state(connection) == "REJ"
    connection.originator.snd_nxt, connection.originator.fin_offset = 2, 1
    assert conn_state(connection) == "REJ"
