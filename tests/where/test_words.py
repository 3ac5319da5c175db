"""Words of an expression and their columns."""

import pytest

from tcpflow_analyzer.where.words import LONGEST, WhereError, Word, split


def test_split_gives_columns_and_ends() -> None:
    assert split("port <= 5ms") == [
        Word("name", "port", 1),
        Word("sign", "<=", 6),
        Word("quantity", "5ms", 9),
        Word("end", "", 12),
    ]


def test_split_takes_quotes_of_both_kinds_and_escapes() -> None:
    assert [word.text for word in split(r"""'a"b' "c'd" "e\"f" """)][:3] == ['a"b', "c'd", 'e"f']


@pytest.mark.parametrize(
    "text", ["10.0.0.0/8", "192.0.2.1", "2001:db8::/32", "::", "::1", "fe80::1", "::ffff:192.0.2.1"]
)
def test_split_takes_addresses_and_networks_without_quotes(text: str) -> None:
    words = split(f"address in [{text}, {text}]")
    assert [word for word in words if word.text == text] == [
        Word("address", text, 13),
        Word("address", text, 15 + len(text)),
    ]


@pytest.mark.parametrize(
    ("expression", "column", "hint"),
    [
        ("port = 1", 6, "write =="),
        ("a && b", 3, "write and"),
        ('port == "1', 9, "no end"),
        ("port == 1\x00", 10, r"\x00"),
        ("état == 1", 1, "é"),
        ("port == 1.2.3", 9, "1 means nothing"),
    ],
)
def test_split_names_the_column_of_what_is_no_word(expression: str, column: int, hint: str) -> None:
    with pytest.raises(WhereError, match=f"^column {column}: ") as caught:
        split(expression)
    assert hint in str(caught.value)


def test_split_refuses_what_is_too_long() -> None:
    with pytest.raises(WhereError, match="at most"):
        split("a" * (LONGEST + 1))
