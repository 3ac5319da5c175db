"""Wireshark's classes, one by one: what sets them and the near miss that does not."""

import pytest

from support.exchange import MILLISECOND, Exchange, open_exchange
from tcpflow_analyzer.observer.stream_analysis import (
    ACK_LOST_SEGMENT,
    DUPLICATE_ACK,
    FAST_RETRANSMISSION,
    KEEP_ALIVE,
    KEEP_ALIVE_ACK,
    LOST_SEGMENT,
    OUT_OF_ORDER,
    RETRANSMISSION,
    SPURIOUS_RETRANSMISSION,
    WINDOW_FULL,
    WINDOW_UPDATE,
    ZERO_WINDOW,
    ZERO_WINDOW_PROBE,
    ZERO_WINDOW_PROBE_ACK,
    captured_end,
    fills_window,
    is_settled,
)


def counts(exchange: Exchange) -> dict[str, int]:
    """The counts above 0."""
    analysis = exchange.connection.analysis
    if analysis is None:
        return {}
    names = (
        "retransmission fast_retransmission spurious_retransmission out_of_order lost_segment "
        "ack_lost_segment duplicate_ack zero_window zero_window_probe window_update window_full "
        "keep_alive keep_alive_ack"
    )
    found = {name: int(getattr(analysis, name)) for name in names.split()}
    return {name: count for name, count in found.items() if count}


def test_healthy_connection_allocates_nothing() -> None:
    exchange = open_exchange()
    assert exchange(">", "A", 1, 1, 100) == 0
    assert exchange("<", "A", 1, 101) == 0
    assert exchange("<", "A", 1, 101, 500) == 0
    assert exchange(">", "FA", 101, 501) == 0
    assert exchange("<", "FA", 501, 102) == 0
    assert exchange(">", "A", 102, 502) == 0
    assert exchange.connection.analysis is None
    assert is_settled(
        exchange.connection, exchange.connection.originator, exchange.connection.responder
    )


def test_retransmission_of_the_newest_segment() -> None:
    exchange = open_exchange()
    exchange(">", "A", 1, 1, 100)
    assert exchange(">", "A", 1, 1, 100) == RETRANSMISSION
    assert counts(exchange) == {"retransmission": 1}


@pytest.mark.parametrize("letters", ["S", "SA"])
def test_retransmission_of_syn(letters: str) -> None:
    exchange = Exchange()
    exchange(">", "S", 0)
    if letters == "SA":
        exchange("<", "SA", 0, 1)
    direction = ">" if letters == "S" else "<"
    assert exchange(direction, letters, 0, 1, after_ns=1000 * MILLISECOND) == RETRANSMISSION


def test_retransmission_of_fin_is_no_keep_alive() -> None:
    exchange = open_exchange()
    exchange(">", "FA", 1, 1)
    assert exchange(">", "FA", 1, 1) == RETRANSMISSION


def test_spurious_retransmission_acknowledged_before() -> None:
    exchange = open_exchange()
    exchange(">", "A", 1, 1, 100)
    exchange("<", "A", 1, 101)
    assert exchange(">", "A", 1, 1, 100) == SPURIOUS_RETRANSMISSION
    # As in Wireshark it counts as a retransmission too.
    assert counts(exchange) == {"retransmission": 1, "spurious_retransmission": 1}


def test_fast_retransmission_after_two_duplicate_acks() -> None:
    exchange = open_exchange()
    exchange(">", "A", 1, 1, 100)
    exchange("<", "A", 1, 101)
    assert exchange(">", "A", 201, 1, 100) == LOST_SEGMENT
    assert exchange("<", "A", 1, 101) == DUPLICATE_ACK
    assert exchange(">", "A", 301, 1, 100) == 0
    assert exchange("<", "A", 1, 101) == DUPLICATE_ACK
    assert exchange(">", "A", 101, 1, 100) == FAST_RETRANSMISSION
    assert counts(exchange)["retransmission"] == 1


@pytest.mark.parametrize(("copies", "after"), [(1, 1), (2, 25)])
def test_fast_retransmission_needs_two_and_haste(copies: int, after: int) -> None:
    exchange = open_exchange()
    exchange(">", "A", 1, 1, 100)
    exchange("<", "A", 1, 101)
    exchange(">", "A", 201, 1, 100)
    for _ in range(copies):
        exchange("<", "A", 1, 101)
    repeated = exchange(">", "A", 101, 1, 100, after_ns=after * MILLISECOND)
    assert repeated in (OUT_OF_ORDER, RETRANSMISSION)


def test_out_of_order_within_the_first_round_trip() -> None:
    for after, expected in ((19, OUT_OF_ORDER), (21, RETRANSMISSION)):
        exchange = open_exchange()  # its handshake took 20 ms
        assert exchange(">", "A", 101, 1, 100) == LOST_SEGMENT
        assert exchange(">", "A", 1, 1, 100, after_ns=after * MILLISECOND) == expected


def test_out_of_order_within_3_ms_without_handshake() -> None:
    for after, expected in ((2, OUT_OF_ORDER), (4, RETRANSMISSION)):
        exchange = Exchange()
        exchange(">", "A", 1, 1, 100)
        exchange(">", "A", 201, 1, 100)
        assert exchange(">", "A", 101, 1, 100, after_ns=after * MILLISECOND) == expected


def test_out_of_order_not_when_time_goes_back() -> None:
    exchange = open_exchange()
    exchange(">", "A", 101, 1, 100)
    assert exchange(">", "A", 1, 1, 100, after_ns=-5 * MILLISECOND) == RETRANSMISSION


def test_lost_segment_once_a_hole() -> None:
    exchange = open_exchange()
    assert exchange(">", "A", 101, 1, 100) == LOST_SEGMENT
    assert exchange(">", "A", 201, 1, 100) == 0
    assert exchange(">", "RA", 900, 1) == 0


def test_lost_segment_although_acknowledged_before() -> None:
    exchange = open_exchange()
    assert exchange("<", "A", 1, 101) == ACK_LOST_SEGMENT
    assert exchange(">", "A", 101, 1, 100) == LOST_SEGMENT
    assert captured_end(exchange.connection, True) == 201


def test_ack_lost_segment_once_a_stretch() -> None:
    exchange = open_exchange()
    assert exchange("<", "A", 1, 101) == ACK_LOST_SEGMENT
    assert exchange("<", "A", 1, 201) == 0
    assert not is_settled(
        exchange.connection, exchange.connection.originator, exchange.connection.responder
    )
    exchange(">", "A", 201, 1, 100)
    assert exchange("<", "A", 1, 301) == ACK_LOST_SEGMENT
    assert counts(exchange)["ack_lost_segment"] == 2


def test_duplicate_ack_needs_equal_numbers_and_window() -> None:
    exchange = open_exchange()
    exchange(">", "A", 1, 1, 100)
    exchange("<", "A", 1, 51)
    assert exchange("<", "A", 1, 51) == DUPLICATE_ACK
    assert exchange("<", "A", 1, 51, window=900) == WINDOW_UPDATE
    assert exchange("<", "A", 1, 101, window=900) == 0
    assert exchange("<", "FA", 1, 101, window=900) == 0


def test_zero_window_and_its_opening() -> None:
    exchange = open_exchange()
    assert exchange("<", "A", 1, 1, window=0) == ZERO_WINDOW
    assert exchange("<", "A", 1, 1, window=0) == ZERO_WINDOW
    assert exchange("<", "A", 1, 1, window=500) == WINDOW_UPDATE
    assert exchange("<", "RA", 1, 1, window=0) == 0


def test_zero_window_probe_repeated_stays_a_probe() -> None:
    exchange = open_exchange()
    exchange("<", "A", 1, 1, window=0)
    for _ in range(2):
        assert exchange(">", "A", 1, 1, 1) == ZERO_WINDOW_PROBE
        assert exchange("<", "A", 1, 1, window=0) == ZERO_WINDOW | ZERO_WINDOW_PROBE_ACK
    assert exchange("<", "A", 1, 1, window=500) == WINDOW_UPDATE
    assert exchange(">", "A", 1, 1, 100) == 0
    assert counts(exchange) == {"zero_window": 3, "zero_window_probe": 2, "window_update": 1}


def test_keep_alive_and_its_answer() -> None:
    exchange = open_exchange()
    exchange(">", "A", 1, 1, 100)
    exchange("<", "A", 1, 101)
    for length in (0, 1):
        assert exchange(">", "A", 100, 1, length) == KEEP_ALIVE
        assert exchange("<", "A", 1, 101) == KEEP_ALIVE_ACK
    assert exchange("<", "A", 1, 101) == KEEP_ALIVE_ACK
    assert exchange(">", "A", 100, 1, 2) != KEEP_ALIVE


@pytest.mark.parametrize("scale", [-1, 0, 3])
def test_window_full_to_the_octet(scale: int) -> None:
    exchange = open_exchange(scale)
    exchange("<", "A", 1, 1, window=1000)
    size = 1000 << max(scale, 0)
    assert exchange(">", "A", 1, 1, size - 1) == 0
    assert exchange(">", "A", size, 1, 1) == WINDOW_FULL


def test_window_full_unknown_without_handshake() -> None:
    exchange = Exchange()
    exchange("<", "A", 1, 1, window=1000)
    assert exchange(">", "A", 1, 1, 1000) == 0


def test_window_full_window_of_syn_ack_is_unscaled() -> None:
    exchange = open_exchange(7)
    assert exchange(">", "A", 1, 1, 1000) == WINDOW_FULL
    sender, peer = exchange.connection.originator, exchange.connection.responder
    from tcpflow_analyzer.decode.segment import Segment  # noqa: PLC0415

    segment = Segment()
    segment.seq, segment.payload_len = 1001, 1000
    assert fills_window(sender, peer, segment)
    segment.payload_len = 999
    assert not fills_window(sender, peer, segment)


def test_jump_of_two_gigabytes_is_followed() -> None:
    # More than any window allows: the observer stays behind, the words go along.
    exchange = open_exchange()
    assert exchange(">", "A", 2**31 - 200, 1, 100) == LOST_SEGMENT
    exchange("<", "A", 1, 2**31 - 100)
    assert exchange(">", "A", 2**31 - 100, 1, 200) == 0
    assert exchange(">", "A", 2**31 - 100, 1, 200) == RETRANSMISSION


def test_sequence_numbers_that_wrap_give_the_same_classes() -> None:
    plain, wrapping = Exchange(), Exchange()
    wrapping.start_at(2**32 - 60, 2**32 - 1)
    found = []
    for exchange in (plain, wrapping):
        found.append(
            [
                exchange(">", "S", 0),
                exchange("<", "SA", 0, 1),
                exchange(">", "A", 1, 1),
                exchange(">", "A", 1, 1, 50),
                exchange(">", "A", 101, 1, 50),
                exchange("<", "A", 1, 51),
                exchange("<", "A", 1, 51),
                exchange("<", "A", 1, 51),
                exchange(">", "A", 51, 1, 50),
                exchange("<", "A", 1, 151),
                exchange(">", "A", 51, 1, 50),
            ]
        )
    assert found[0] == found[1]
    assert found[0][-3:] == [FAST_RETRANSMISSION, 0, SPURIOUS_RETRANSMISSION]
