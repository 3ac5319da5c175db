"""A socket connected to itself is one socket: both ends are always in the same state."""

import pytest

from support.ladder import Ladder, Socket, capture
from support.states import analysis_of_octets, codes, steps_of, the_connection
from tcpflow_analyzer.observer.self_connect import is_self_connect
from tcpflow_analyzer.table.connection import Connection

ONE = Socket("192.0.2.1", 40000)
LIFE = """
    --> <SEQ=1000><CTL=SYN>               -->
    --> <SEQ=1000><ACK=1001><CTL=SYN,ACK> -->
    --> <SEQ=1001><ACK=1001><CTL=ACK><LEN=10> -->
    --> <SEQ=1011><ACK=1011><CTL=ACK>     -->
    --> <SEQ=1011><ACK=1011><CTL=FIN,ACK> -->
    --> <SEQ=1012><ACK=1012><CTL=ACK>     -->
"""


@pytest.mark.parametrize(
    ("key", "length", "same"),
    [
        (b"\1\2\3\4\1\2\3\4\0\7\0\7", 4, True),
        (b"\1\2\3\4\1\2\3\4\0\7\0\6", 4, False),
        (b"\1\2\3\4\1\2\3\5\0\7\0\7", 4, False),
        (bytes(32) + b"\0\7\0\7", 16, True),
        (b"\1\2\3\4\1\2\3\4\0\7\0\7scope", 4, True),
    ],
)
def test_is_self_connect(key: bytes, length: int, same: bool) -> None:
    connection = Connection(key, 1)
    connection.address_len = length
    assert is_self_connect(connection) == same


def test_life_of_a_self_connected_socket() -> None:
    analysis = analysis_of_octets(capture(Ladder(LIFE, a=ONE, b=ONE)))
    connection = the_connection(analysis)
    path = [state for state, _, _ in steps_of(connection, "originator")]
    assert path == [
        "SYN-SENT", "SYN-RECEIVED", "ESTABLISHED", "FIN-WAIT-1", "CLOSING", "TIME-WAIT",
    ]  # fmt: skip
    assert connection["responder"]["state"] == connection["originator"]["state"] == "TIME-WAIT"
    assert connection["close"]["active_closer"] == "both"
    assert "LC003" in codes(analysis)


def test_self_connected_socket_aborts() -> None:
    text = "\n".join(LIFE.splitlines()[:4]) + "\n--> <SEQ=1011><ACK=1011><CTL=RST,ACK> -->"
    connection = the_connection(analysis_of_octets(capture(Ladder(text, a=ONE, b=ONE))))
    assert connection["originator"]["state"] == connection["responder"]["state"] == "CLOSED"
