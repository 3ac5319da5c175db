"""Zeek's letters and states: each rule of its sources, on the smallest exchange that shows it."""

import pytest

from support.exchange import Exchange, open_exchange
from tcpflow_analyzer.observer.zeek_history import (
    CLOSED,
    ESTABLISHED,
    LETTERS,
    LIKELY_SERVER_PORTS,
    NOT_KEPT,
    RESET,
    has_letter,
    zeek_state,
)


def segment_of(exchange: Exchange, length: int, *, truncated: bool = False) -> bool:
    """Whether a segment of the originator may skip the record of letters."""
    from tcpflow_analyzer.decode.segment import Segment  # noqa: PLC0415

    segment = Segment()
    segment.payload_len, segment.truncated = length, truncated
    return has_letter(exchange.connection, True, segment)


def test_history_orderly_close() -> None:
    exchange = open_exchange()
    exchange(">", "A", 1, 1, 100)
    exchange("<", "A", 1, 101)
    exchange("<", "A", 1, 101, 50)
    exchange(">", "A", 101, 51)
    exchange(">", "FA", 101, 51)
    exchange("<", "FA", 51, 102)
    exchange(">", "A", 102, 52)
    assert (exchange.history, exchange.conn_state) == ("ShADadFf", "SF")


def test_history_that_nobody_wants_is_not_written() -> None:
    exchange = Exchange()
    exchange.connection.history_seen = NOT_KEPT
    exchange(">", "S", 0)
    exchange("<", "SA", 0, 1)
    assert segment_of(exchange, 100, truncated=True)
    exchange(">", "A", 1, 1, 100)
    assert exchange.history == ""
    assert zeek_state(exchange.connection.originator) == 0


def test_letters_data_and_ack_once_an_end() -> None:
    exchange = open_exchange()
    for offset in (1, 11, 21):
        exchange(">", "A", offset, 1, 10)
        exchange("<", "A", 1, offset + 10)
    assert exchange.history == "ShADa"


@pytest.mark.parametrize(
    ("letters", "length", "letter"),
    [("FR", 0, "I"), ("SF", 0, "Q"), ("SRA", 0, "Q"), ("FA", 10, "F"), ("RA", 10, "R")],
)
def test_letter_of_control_bits_comes_before_data(letters: str, length: int, letter: str) -> None:
    exchange = open_exchange()
    exchange(">", letters, 1, 1, length)
    assert exchange.history == "ShA" + letter


def test_segment_without_any_bit_and_payload_has_no_letter() -> None:
    exchange = open_exchange()
    exchange("<", "", 1)
    assert exchange.history == "ShA"


def test_syn_repeated_has_one_letter() -> None:
    exchange = Exchange()
    for _ in range(3):
        exchange(">", "S", 0)
    assert (exchange.history, exchange.conn_state) == ("S", "S0")


def test_syn_after_close_with_other_number_is_written_again() -> None:
    exchange = open_exchange()
    exchange("<", "FA", 1, 1)
    exchange("<", "SA", 0, 1)
    assert exchange.history == "ShAf"
    exchange("<", "SA", 500, 1)
    assert exchange.history == "ShAfh"


def test_fin_repeated_and_moved() -> None:
    exchange = open_exchange()
    exchange(">", "FA", 1, 1)
    exchange(">", "FA", 1, 1)
    assert exchange.history == "ShAF"
    # Zeek compares where the FIN lies, not where its segment begins.
    exchange(">", "FA", 11, 1)
    assert exchange.history == "ShAFF"


def test_rst_repeated_and_moved() -> None:
    exchange = open_exchange()
    exchange(">", "RA", 1, 1)
    exchange(">", "RA", 1, 1)
    assert exchange.history == "ShAR"
    exchange(">", "R", 5)
    assert exchange.history == "ShARR"


def test_refused() -> None:
    exchange = Exchange()
    exchange(">", "S", 0)
    exchange("<", "RA", 0, 1)
    assert (exchange.history, exchange.conn_state) == ("Sr", "REJ")


def test_abandoned_without_answer() -> None:
    exchange = Exchange()
    exchange(">", "S", 0)
    exchange(">", "R", 1)
    assert (exchange.history, exchange.conn_state) == ("SR", "RSTOS0")


def test_reset_by_each_end() -> None:
    exchange = open_exchange()
    exchange(">", "RA", 1, 1)
    assert exchange.conn_state == "RSTO"
    exchange = open_exchange()
    exchange("<", "RA", 1, 1)
    assert exchange.conn_state == "RSTR"


def test_one_fin_only() -> None:
    exchange = open_exchange()
    assert exchange.conn_state == "S1"
    exchange(">", "FA", 1, 1)
    assert exchange.conn_state == "S2"
    exchange = open_exchange()
    exchange("<", "FA", 1, 1)
    assert exchange.conn_state == "S3"


def test_only_originator_captured() -> None:
    exchange = Exchange()
    exchange(">", "S", 0)
    exchange(">", "A", 1, 1)
    exchange(">", "A", 1, 1, 10)
    assert (exchange.history, exchange.conn_state) == ("SAD", "S0")
    exchange(">", "FA", 11, 1)
    assert (exchange.history, exchange.conn_state) == ("SADF", "SH")


def test_rst_after_both_fins_keeps_closed() -> None:
    exchange = open_exchange()
    exchange(">", "FA", 1, 1)
    exchange("<", "FA", 1, 2)
    exchange("<", "R", 2)
    assert (exchange.history, exchange.conn_state) == ("ShAFfr", "SF")
    assert zeek_state(exchange.connection.responder) == CLOSED


def test_fin_after_peers_fin_and_rst_is_an_ordinary_end() -> None:
    exchange = open_exchange()
    exchange(">", "FA", 1, 1)
    exchange(">", "R", 2)
    assert zeek_state(exchange.connection.originator) == RESET
    exchange("<", "FA", 1, 2)
    assert exchange.conn_state == "SF"


def test_first_segment_from_server_port_flips_roles() -> None:
    exchange = Exchange(80, 50000)
    exchange(">", "FA", 1, 1)
    exchange("<", "A", 1, 2)
    assert (exchange.history, exchange.conn_state) == ("^fA", "SHR")


def test_first_segment_from_our_responder_is_zeeks_originator() -> None:
    exchange = Exchange(50000, 12345)
    exchange("<", "RA", 1, 1)
    assert (exchange.history, exchange.conn_state) == ("R", "OTH")


def test_both_ports_likely_servers() -> None:
    assert {80, 443} <= LIKELY_SERVER_PORTS
    lower = Exchange(80, 443)
    lower(">", "A", 1, 1, 10)
    assert lower.history == "^d"
    higher = Exchange(443, 80)
    higher(">", "A", 1, 1, 10)
    assert higher.history == "D"
    synack = Exchange(443, 80)
    synack("<", "SA", 0, 1)
    assert synack.history == "H"


def test_syn_ack_first_flips_when_it_is_acknowledged() -> None:
    exchange = Exchange()
    exchange("<", "SA", 0, 1)
    exchange("<", "SA", 0, 1)
    assert exchange.history == "H"
    exchange(">", "A", 1, 1)
    assert (exchange.history, exchange.conn_state) == ("^hA", "S1")


def test_syn_ack_first_met_by_reset_is_a_scan() -> None:
    exchange = Exchange()
    exchange("<", "SA", 0, 1)
    exchange(">", "R", 1)
    assert (exchange.history, exchange.conn_state) == ("Hr", "REJ")


def test_syn_behind_its_syn_ack_flips() -> None:
    exchange = Exchange()
    exchange("<", "SA", 0, 1)
    exchange(">", "S", 0)
    exchange(">", "A", 1, 1)
    assert (exchange.history, exchange.conn_state) == ("Hs^A", "S1")


def test_simultaneous_open_is_established_at_once() -> None:
    exchange = Exchange()
    exchange(">", "S", 0)
    exchange("<", "S", 0)
    assert (exchange.history, exchange.conn_state) == ("Ss", "S1")


def test_retransmission_first_and_tenth() -> None:
    exchange = open_exchange()
    exchange(">", "A", 1, 1, 10)
    for _ in range(9):
        exchange(">", "A", 1, 1, 10)
    assert exchange.history == "ShADT"
    exchange(">", "A", 1, 1, 10)
    assert exchange.history == "ShADTT"


def test_retransmission_partly_new_is_none() -> None:
    exchange = open_exchange()
    exchange(">", "A", 1, 1, 10)
    exchange(">", "A", 6, 1, 10)
    assert exchange.history == "ShAD"


def test_retransmission_late_segment_behind_an_acknowledged_hole() -> None:
    # The acknowledgement of what was not captured is no sending of it.
    exchange = open_exchange()
    exchange("<", "A", 1, 101)
    exchange(">", "A", 1, 1, 100)
    assert exchange.history == "ShAaGD"


def test_syn_with_data_counts_as_retransmission() -> None:
    # Zeek's numbering starts at that segment, so that its end is not new.
    exchange = Exchange()
    exchange(">", "S", 0, length=20)
    assert exchange.history == "ST"


def test_zero_window_letter_and_its_exceptions() -> None:
    exchange = open_exchange()
    exchange("<", "A", 1, 1, window=0)
    exchange("<", "RA", 1, 1, window=0)
    assert exchange.history == "ShAawr"
    closed = open_exchange()
    closed(">", "FA", 1, 1)
    closed("<", "A", 1, 2, window=0)
    assert closed.history == "ShAFa"


def test_gap_each_hole_counts() -> None:
    exchange = open_exchange()
    for offset in range(101, 1101, 200):
        exchange(">", "A", offset, 1, 100)
    exchange("<", "A", 1, 1001)
    assert exchange.history == "ShADaG"
    for offset in range(1101, 2101, 200):
        exchange(">", "A", offset, 1, 100)
    exchange("<", "A", 1, 2001)
    # Five holes and five more: the tenth has the second letter.
    assert exchange.history == "ShADaGG"


def test_gap_not_where_no_handshake_was_seen() -> None:
    exchange = Exchange()
    exchange(">", "A", 1, 1, 10)
    exchange("<", "A", 1, 500)
    assert (exchange.history, exchange.conn_state) == ("Da", "OTH")


def test_history_longer_than_twelve_letters() -> None:
    exchange = open_exchange()
    expected = "ShA"
    for number in range(20):
        exchange(">", "R", number)
        expected += "R"
    assert exchange.history == expected
    assert len(exchange.connection.history_more) == 12


def test_sequence_numbers_that_wrap_give_the_same_letters() -> None:
    plain, wrapping = Exchange(), Exchange()
    wrapping.start_at(2**32 - 3, 2**32 - 50)
    for exchange in (plain, wrapping):
        exchange(">", "S", 0)
        exchange("<", "SA", 0, 1)
        exchange(">", "A", 1, 1)
        exchange(">", "A", 1, 1, 100)
        exchange(">", "A", 1, 1, 100)
        exchange("<", "A", 1, 301, 60)
        exchange(">", "FA", 301, 61)
    assert plain.history == wrapping.history == "ShADTdGF"


def test_has_letter_only_when_written() -> None:
    exchange = open_exchange()
    assert not segment_of(exchange, 10)
    assert segment_of(exchange, 0)
    exchange(">", "A", 1, 1, 10)
    assert segment_of(exchange, 10)
    assert not segment_of(exchange, 10, truncated=True)


def test_letters_upper_before_lower() -> None:
    assert len(LETTERS) <= 32
    for upper in "SHADFRTWGIQ":
        assert LETTERS.index(upper) + 1 == LETTERS.index(upper.lower())


def test_established_needs_both_ends() -> None:
    exchange = Exchange()
    exchange(">", "S", 0)
    assert zeek_state(exchange.connection.originator) != ESTABLISHED
    exchange("<", "SA", 0, 1)
    assert zeek_state(exchange.connection.originator) == ESTABLISHED
    assert zeek_state(exchange.connection.responder) == ESTABLISHED
