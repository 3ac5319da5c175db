"""Lines of keys in TOML."""

import pytest

from tcpflow_analyzer.errors import UsageError
from tcpflow_analyzer.gate.toml_lines import Document

TEXT = '''\
# comment

[tool.tcpflow]
fail_on = "error"
select = [
  "CL",   # one
  "RS",
]
text = """
[not.a.header]
fail_on = 1
"""

[tool.tcpflow.counts]
"TW004" = "3..5"

[[tool.tcpflow.expect]]
name = "first"

[[tool.tcpflow.expect]]
name = "second"
where = "port == 1"
inline = { a = 1, b = { c = 2 } }
[other]
dotted.key = 1
'''


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("tool", "tcpflow"), 3),
        (("tool", "tcpflow", "fail_on"), 4),
        (("tool", "tcpflow", "select"), 5),
        (("tool", "tcpflow", "select", 1), 5),
        (("tool", "tcpflow", "text"), 9),
        (("tool", "tcpflow", "counts", "TW004"), 15),
        (("tool", "tcpflow", "expect", 0), 17),
        (("tool", "tcpflow", "expect", 0, "name"), 18),
        (("tool", "tcpflow", "expect", 1), 20),
        (("tool", "tcpflow", "expect", 1, "where"), 22),
        (("tool", "tcpflow", "expect", 1, "inline", "b", "c"), 23),
        (("other", "dotted", "key"), 25),
        (("other", "missing"), 24),
        (("nothing",), 1),
    ],
)
def test_line_of_a_key(path: tuple[str | int, ...], line: int) -> None:
    assert Document("a.toml", TEXT).line(path) == line


def test_line_counts_windows_line_ends_once() -> None:
    document = Document("a.toml", "a = 1\r\n\r\nb = 2\r\n")
    assert document.line(("b",)) == 3


def test_document_says_where_it_is_no_toml() -> None:
    with pytest.raises(UsageError, match=r"^a.toml, line 2: .* \(column \d+\)$") as caught:
        Document("a.toml", "a = 1\nb = = 2\n")
    assert "\n" not in str(caught.value)


def test_document_too_deep_is_an_error() -> None:
    with pytest.raises(UsageError, match=r"^a.toml: "):
        Document("a.toml", "a = " + "[" * 100_000)


@pytest.mark.parametrize(
    "value",
    [
        '"""quoted """"',
        '""""\\""" and # [\n"""',
        "'''it''s\n[ '''''",
        '"# \\" ["',
        "'\\'",
        '[ # ]\n "]", \']\', """\n]""", { a = [\n] } ]',
        '""',
        "''",
        '""""""',
        "''''''",
        '"\u2028"',
    ],
)
def test_statement_ends_where_its_strings_and_brackets_do(value: str) -> None:
    document = Document("a.toml", f"first = {value}\nlast = 1")
    assert document.line(("first",)) == 1
    assert document.line(("last",)) == 2 + value.count("\n")


def test_array_of_many_lines_takes_time_as_long_as_it_is() -> None:
    text = "first = [\n" + '"a", # "\n' * 20_000 + "]\nlast = 1"
    assert Document("a.toml", text).line(("last",)) == 20_003


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("a = " + "9" * 5000, "too many digits"),
        ("a = " + "[" * 5000, "too deep"),
        (".".join("a" * 60) + " = 1", "too deep"),
        ("a = " + "[" * 60 + "]" * 60, "too deep"),
    ],
)
def test_what_python_would_stumble_over_is_refused(text: str, complaint: str) -> None:
    with pytest.raises(UsageError, match=complaint):
        Document("a.toml", text)
