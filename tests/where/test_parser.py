"""Expressions choose what they say, and complain with a column about what they cannot mean."""

import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.checked import analyzed_capture
from support.small_captures import mixed
from tcpflow_analyzer.where.fields import FIELDS
from tcpflow_analyzer.where.parser import DEEPEST, compile_where
from tcpflow_analyzer.where.words import WhereError

ANALYSIS = analyzed_capture(mixed(2))


def chosen(text: str) -> list[int]:
    """Numbers of the connections of the capture for which an expression holds."""
    where = compile_where(text)
    return [
        each.number
        for each in ANALYSIS.connections
        if where.matches(each, [f for f in ANALYSIS.findings if f.connection == each.number])
    ]


ALL = [each.number for each in ANALYSIS.connections]
REFUSED = [each.number for each in ANALYSIS.connections if each.outcome == "refused"]
OPENED = [number for number in ALL if number not in REFUSED]


def test_capture_has_both_kinds() -> None:
    assert REFUSED
    assert OPENED


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('handshake.outcome == "refused"', REFUSED),
        ('handshake.outcome != "refused"', OPENED),
        ('not handshake.outcome == "refused"', OPENED),
        ('handshake.outcome in ["refused", "rejected"]', REFUSED),
        ('handshake.outcome not in ("refused")', OPENED),
        ("responder.port == 81", REFUSED),
        ("port == 81", REFUSED),
        ("port != 81", OPENED),  # neither end has it
        ("responder.port >= 80 and responder.port < 81", OPENED),
        ("responder.port == 80 or responder.port == 81", ALL),
        ("midstream", []),
        ("midstream == false", ALL),
        ("not midstream and midstream or port == 81", REFUSED),  # and binds tighter
        ("not (midstream or port == 81)", OPENED),
        ("midstream in [true]", None),
        ('originator.address in "192.0.2.0/24"', ALL),
        ('originator.address == "192.0.2.1"', ALL),
        ('address in ["198.51.100.0/24", "2001:db8::/32"]', ALL),
        ('address in "2001:db8::/32"', []),
        ("address in 192.0.2.0/24", ALL),
        ("responder.address in [198.51.100.0/24, 2001:db8::/32] and port == 81", REFUSED),
        ("address in fe80::/10 or address == ::1", []),
        ("duration < 60", ALL),  # seconds
        ("duration < 0.001", REFUSED),
        ("duration < 1ms", REFUSED),
        ("duration >= 0.001s", OPENED),
        ("duration > 0", ALL),
        ('handshake.duration < "1h"', OPENED),  # no handshake, no duration
        ('finding.code startswith "HS"', REFUSED),
        ('finding.code endswith "004"', None),
        ('finding.name contains "refused"', REFUSED),
        ('finding.severity >= "warning"', REFUSED),
        ('responder.certainty >= "assumed"', ALL),
        ("originator.payload_octets > responder.payload_octets", OPENED),
        ('close.active_closer == "originator"', OPENED),
        ("originator.port == responder.port", []),
    ],
)
def test_matches(text: str, expected: list[int] | None) -> None:
    if text.startswith("midstream in"):
        with pytest.raises(WhereError, match="in no list"):
            compile_where(text)
        return
    if expected is None:
        assert set(chosen(text)) <= set(ALL)
        return
    assert chosen(text) == expected


@pytest.mark.parametrize(
    ("text", "column", "words"),
    [
        ("", 1, "a field belongs here, not the end"),
        ("responder.prot == 1", 1, "did you mean responder.port?"),
        ("qqqqq == 1", 1, "no field qqqqq; `tcpflow explain where` lists them"),
        ("port == 80 and", 15, "not the end"),
        ("port == 80 port == 81", 12, "and, or, or the end"),
        ("port", 5, "a comparison belongs behind port"),
        ('port == "80"', 9, "port needs a number"),
        ("port == 5ms", 9, "port needs a number"),
        ("duration > port", 12, "duration and port cannot be compared"),
        ("duration > 10.0.0.1", 12, "duration needs a duration, as 5ms or 60 (seconds)"),
        ("port == 10.0.0.1", 9, "port needs a number, not 10.0.0.1"),
        ("address in 10.0.0.0/99", 12, "neither address nor network"),
        ("duration > 5lightyears", 12, "no duration"),
        ('state == "CLOSE_WAIT"', 10, "there is CLOSE-WAIT"),
        ('state == "close-wait"', 10, "there is CLOSE-WAIT"),
        ("state == CLOSED", 10, "state needs text in quotes"),
        ('state > "CLOSED"', 7, "has no order"),
        ('port startswith "8"', 6, "is for text"),
        ("(port == 80", 12, "the parenthesis of column 1 is not closed"),
        ("port in [80, 81", 16, "the list of column 9 needs , or ]"),
        ("port not == 80", 10, "in belongs behind not"),
        ('address == "10.0.0.0/8"', 12, "a network needs in"),
        ('address == "nowhere"', 12, "is no address"),
        ('address in ["10.0.0.0/99"]', 13, "neither address nor network"),
        ("port == state", 9, "port and state cannot be compared"),
        ("and == 1", 1, "a field belongs here, not and"),
        ("(" * 60 + "midstream" + ")" * 60, DEEPEST + 2, "levels of parentheses"),
        ("not " * 60 + "midstream", 4 * DEEPEST + 5, "levels of parentheses"),
    ],
)
def test_error_names_the_column(text: str, column: int, words: str) -> None:
    with pytest.raises(WhereError) as caught:
        compile_where(text)
    assert caught.value.column == column
    assert str(caught.value).startswith(f"column {column}: ")
    assert words in str(caught.value)


def test_long_chains_are_not_deep() -> None:
    assert chosen(" or ".join(["port == 81"] * 150)) == REFUSED


def test_where_says_what_it_asks_and_can_be_sent_to_a_worker() -> None:
    where = compile_where('finding.code == "HS004"')
    assert (where.asks_findings, where.asks_connection) == (True, False)
    twin = pickle.loads(pickle.dumps(where))  # noqa: S301  our own
    assert twin == where
    assert hash(twin) == hash(where)
    assert twin.matches(None, ANALYSIS.findings)
    assert not twin.matches(None, ())


PIECES = [*list(FIELDS)[:6], "and", "or", "not", "in", "(", ")", "==", "<", "5", '"a"', "5ms", ","]


@given(st.lists(st.sampled_from(PIECES), max_size=12).map(" ".join) | st.text(max_size=60))
def test_any_text_is_an_expression_or_an_error_with_a_column(text: str) -> None:
    try:
        where = compile_where(text)
    except WhereError as error:
        column, message = error.column, str(error)
    else:
        for connection in ANALYSIS.connections:
            assert where.matches(connection) in (True, False)
        return
    assert 1 <= column <= len(text) + 1
    assert "\n" not in message
