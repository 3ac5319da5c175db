"""Kinds of lone segments without SYN."""

import pytest

from tcpflow_analyzer.observer.probes import NONE, probe_kind
from tcpflow_analyzer.table.connection import Connection
from tcpflow_analyzer.table.openings import (
    PROBE_ACK,
    PROBE_FIN,
    PROBE_MAIMON,
    PROBE_NULL,
    PROBE_XMAS,
)
from tcpflow_analyzer.tcp.control_bits import ACK, FIN, PSH, SYN, URG

KEY = bytes((192, 0, 2, 1, 198, 51, 100, 1, 0x9C, 0x40, 0, 80))


def lone(bits: int) -> Connection:
    connection = Connection(KEY, 1)
    connection.midstream = True
    connection.originator.segments = 1
    connection.originator.last_control_bits = bits
    return connection


@pytest.mark.parametrize(
    ("bits", "kind"),
    [
        (0, PROBE_NULL),
        (FIN, PROBE_FIN),
        (FIN | PSH | URG, PROBE_XMAS),
        (ACK, PROBE_ACK),
        (FIN | ACK, PROBE_MAIMON),
        (SYN | ACK, NONE),
        (PSH | ACK, NONE),
    ],
)
def test_control_bits_tell_the_kind(bits: int, kind: int) -> None:
    assert probe_kind(lone(bits)) == kind


def test_answer_but_rst_makes_it_none() -> None:
    connection = lone(ACK)
    connection.responder.segments = 1
    assert probe_kind(connection) == NONE
    connection.reset_count = 1
    assert probe_kind(connection) == PROBE_ACK


def test_longer_conversation_is_none() -> None:
    connection = lone(ACK)
    connection.originator.segments = 3
    assert probe_kind(connection) == NONE
