"""Segments of the incarnation before are told from those of the connection they meet."""

import pytest

from tcpflow_analyzer.decode.segment import Segment
from tcpflow_analyzer.observer.old_duplicate import is_old_duplicate
from tcpflow_analyzer.table.connection import Connection, Remembered
from tcpflow_analyzer.table.observation import OLD_DUPLICATE
from tcpflow_analyzer.tcp.control_bits import ACK, PSH, RST

KEY = bytes((192, 0, 2, 1, 198, 51, 100, 1)) + (40000).to_bytes(2, "big") + b"\x00\x50"
SWAPPED = KEY[4:8] + KEY[:4] + KEY[10:12] + KEY[8:10]


def connection(iss: int = 900, peer_iss: int = 20000, tsval: int = -1) -> Connection:
    """The new incarnation, ESTABLISHED with nothing sent; the old one went 1000 and 5000 on."""
    previous = Remembered(KEY)
    previous.end_frame = 6
    previous.originator_iss, previous.originator_snd_nxt = 1000, 1101
    previous.responder_iss, previous.responder_snd_nxt = 5000, 5201
    previous.originator_tsval = 7000 if tsval >= 0 else -1
    made = Connection(KEY, 2)
    made.previous = previous
    for endpoint, number in ((made.originator, iss), (made.responder, peer_iss)):
        endpoint.iss, endpoint.has_origin, endpoint.iss_seen = number, True, True
        endpoint.snd_nxt = endpoint.snd_una = 1
        endpoint.edge = 65536
        endpoint.max_window = 65535
    made.originator.tsval = tsval
    return made


def segment(
    seq: int, ack: int, length: int = 100, tsval: int = -1, bits: int = PSH | ACK
) -> Segment:
    """A segment of the originator, frame 12."""
    made = Segment()
    made.key = KEY
    made.frame, made.time_ns = 12, 12
    made.seq, made.ack, made.control_bits = seq, ack, bits
    made.payload_len, made.tsval = length, tsval
    return made


def noted(made: Connection, arriving: Segment) -> tuple[int, int, int] | None:
    """Numbers of the observation, None for none."""
    was_told = is_old_duplicate(made, True, arriving)
    tally = made.tally(OLD_DUPLICATE, True)
    assert was_told == (tally is not None)
    return None if tally is None else (tally.last.first, tally.last.second, tally.last.third)


def test_octets_and_ack_of_the_old_incarnation_are_told() -> None:
    assert noted(connection(), segment(1001, 5001)) == (6, 101, 1)


def test_old_ack_that_rfc_5961_rejects_is_not_acceptable() -> None:
    assert noted(connection(peer_iss=90000), segment(1001, 5001)) == (6, 101, 0)


def test_octets_outside_the_new_window_are_not_acceptable() -> None:
    assert noted(connection(iss=0x8000_0000), segment(1001, 5001)) is not None
    made = connection(iss=900)
    made.responder.edge = 50
    assert noted(made, segment(1001, 5001)) == (6, 101, 0)


def test_old_timestamp_is_told_and_not_acceptable() -> None:
    assert noted(connection(tsval=9000), segment(1001, 20001, tsval=6990)) == (6, 101, 0)


@pytest.mark.parametrize(
    "arriving",
    [
        segment(1001, 20001),  # acknowledges the new stream
        segment(1102, 5001),  # behind the old octets
        segment(1000, 5001),  # begins at the old SYN
        segment(1050, 5001),  # ends behind the old octets
        segment(1001, 5001, length=0),
        segment(1001, 5001, bits=RST | ACK),
        segment(1001, 5300),  # acknowledges neither stream
        segment(1001, 5001, bits=PSH),
    ],
)
def test_anything_else_is_the_connections_own(arriving: Segment) -> None:
    assert noted(connection(), arriving) is None


def test_newer_timestamp_is_the_connections_own() -> None:
    assert noted(connection(tsval=9000), segment(1001, 20001, tsval=9001)) is None


def test_clock_that_did_not_advance_tells_nothing() -> None:
    assert noted(connection(tsval=7000), segment(1001, 20001, tsval=7000)) is None


def test_first_incarnation_is_not_looked_at() -> None:
    made = connection()
    made.previous = None
    assert noted(made, segment(1001, 5001)) is None


def test_reuse_from_the_other_side_compares_the_socket_not_the_role() -> None:
    made = connection(peer_iss=90000)
    assert made.previous is not None
    made.previous.key = SWAPPED  # the responder's socket opened the old one
    assert noted(made, segment(1001, 5001)) is None
    assert noted(made, segment(5001, 1001, length=200)) is not None
