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


def decimal(seconds: float) -> str | None:
    out = JsonText()
    return out.take().decode() if out.decimal(seconds) else None


def fixed(seconds: float, digits: int) -> str | None:
    out = JsonText()
    return out.take().decode() if out.fixed(seconds, digits) else None


@given(st.integers(0, 10**15 - 1))
def test_seconds_of_whole_nanoseconds_are_written_as_python_writes_them(time_ns: int) -> None:
    assert decimal(time_ns / 1e9) == repr(time_ns / 1e9)


@given(st.floats())
def test_other_floats_are_refused_or_written_as_python_writes_them(value: float) -> None:
    assert decimal(value) in (None, repr(value))
    for digits in range(10):
        assert fixed(value, digits) in (None, f"{value:.{digits}f}")


@given(st.integers(0, 10**15 - 1), st.integers(0, 9))
def test_digits_are_rounded_as_python_rounds_them(time_ns: int, digits: int) -> None:
    seconds = time_ns / 1e9
    written = fixed(seconds, digits)
    halfway = time_ns % 10 ** (9 - digits) * 2 == 10 ** (9 - digits)
    assert written == (None if halfway else f"{seconds:.{digits}f}")


@pytest.mark.parametrize("seconds", [0.0, 3e-05, 1e-09, 1.25e-05, 0.0001, 0.1, 60.0, 999_999.5])
def test_seconds_of_every_form(seconds: float) -> None:
    assert decimal(seconds) == repr(seconds)


@pytest.mark.parametrize("value", [-0.0, -1.5, 1e6, 1e-10, 0.1 + 0.2, 1 / 3])
def test_what_is_no_number_of_nanoseconds_is_refused(value: float) -> None:
    assert decimal(value) is None
    assert fixed(value, 6) is None
