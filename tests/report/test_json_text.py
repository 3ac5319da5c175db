"""Pieces of JSON text."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tcpflow_analyzer.report.json_text import JsonText, octets_of


@given(st.integers(-(2**62) + 1, 2**62 - 1))
def test_numbers_are_written_as_python_writes_them(number: int) -> None:
    out = JsonText()
    out.number(number)
    assert out.take() == str(number).encode()


@pytest.mark.parametrize("number", [0, 9, 10, 99, 100, 10**18, -1, -10, 2**62 - 1])
def test_numbers_of_every_length(number: int) -> None:
    out = JsonText()
    out.number(number)
    assert out.take() == str(number).encode()


def test_times_get_quotes_where_they_are_asked_for() -> None:
    plain, quoted = JsonText(), JsonText(ns_as_strings=True)
    for out in (plain, quoted):
        out.time(5)
        out.raw(b",")
        out.time_or_null(-1)
        out.raw(b",")
        out.time_or_null(0)
    assert plain.take() == b"5,null,0"
    assert quoted.take() == b'"5",null,"0"'


@given(st.text())
def test_strings_are_ascii_and_read_back(text: str) -> None:
    out = JsonText()
    out.string(text)
    octets = out.take()
    assert octets.isascii()
    assert json.loads(octets) == text


def test_null_stands_for_nothing() -> None:
    out = JsonText()
    out.string_or_null(None)
    out.raw(b" ")
    out.string_or_null("x")
    out.raw(b" ")
    out.number_or_null(0)
    out.raw(b" ")
    out.number_or_null(7)
    out.raw(b" ")
    out.truth(True)
    out.raw(b" ")
    out.truth(False)
    assert out.take() == b'null "x" null 7 true false'


def test_take_begins_anew() -> None:
    out = JsonText()
    for word in octets_of(("a", "b")):
        out.word(word)
        assert out.take() == b'"' + word + b'"'
    assert out.take() == b""
