"""Text that does nothing to whoever shows it."""

import pytest

from support.check_samples import HOSTILE
from tcpflow_analyzer.gate.plain_text import for_xml, in_one_line, shown


def test_plain_text_stays_as_it_is() -> None:
    assert shown("192.0.2.1:80 größer") == "192.0.2.1:80 größer"


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("a\x1b[31mb", "a\\x1b[31mb"),
        ("a\u202eb", "a\\u202eb"),
        ("a\rb", "a\\rb"),
        ("a\x00b\ud800", "a\\x00b\\ud800"),
        ("a\nb", "a\nb"),
        ("a\u2028b", "a\\u2028b"),
    ],
)
def test_what_cannot_be_printed_is_written_out(text: str, escaped: str) -> None:
    assert shown(text) == escaped


def test_one_line_is_one_line() -> None:
    assert in_one_line("a\nb") == "a b"
    assert len(in_one_line(HOSTILE).splitlines()) == 1


def test_xml_gets_nothing_that_it_forbids() -> None:
    assert for_xml("\ufffe\x0b\U0001f4e6") == "\\ufffe\\x0b\U0001f4e6"
