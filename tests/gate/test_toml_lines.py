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
