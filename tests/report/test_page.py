"""Layout of text."""

import pytest

from tcpflow_analyzer.report.page import Look, Page, Span, cell_width, padded, shortened


def test_paragraph_wraps_at_spaces_below_itself() -> None:
    page = Page(Look(width=40))
    page.paragraph("    e.g. ", "one two three four five six seven eight nine ten")
    assert page.text().splitlines() == [
        "    e.g. one two three four five six",
        "         seven eight nine ten",
    ]


def test_paragraph_never_breaks_an_address() -> None:
    page = Page(Look(width=40))
    address = "[2001:db8:aaaa:bbbb:cccc:dddd:eeee:ffff]:65535"
    page.paragraph("", f"from {address} to {address}")
    assert page.text().count(address) == 2


def test_columns_wrap_between_cells() -> None:
    page = Page(Look(width=40))
    page.columns("Left   ", ["TIME-WAIT/CLOSED 7,905", "ESTABLISHED/ESTABLISHED 212", "A 1"])
    assert page.text().splitlines() == [
        "Left   TIME-WAIT/CLOSED 7,905",
        "       ESTABLISHED/ESTABLISHED 212   A 1",
    ]


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252", "no-such-encoding"])
def test_text_is_ascii_where_marks_cannot_be_encoded(encoding: str) -> None:
    page = Page(Look(encoding=encoding))
    page.line("✖ ▲ · … ─")
    assert page.text() == "x ! - ... -\n"


def test_text_keeps_marks_in_utf_8() -> None:
    page = Page(Look())
    page.line("✖ ▲ ·")
    assert page.text() == "✖ ▲ ·\n"


@pytest.mark.parametrize("color", [False, True])
def test_text_shows_control_characters_as_escapes(color: bool) -> None:
    page = Page(Look(color=color))
    page.line("a\x1b[31mb\rc\u202ed")
    assert "a\\x1b[31mb\\rc\\u202ed" in page.text()


def test_text_in_color_has_the_same_words() -> None:
    plain, painted = Page(Look()), Page(Look(color=True))
    for page in (plain, painted):
        page.line(Span("ERRORS", "bold red"), "  ", "[bold]not markup[/bold] :smile:")
    assert "\x1b[1;31mERRORS\x1b[0m" in painted.text()
    assert plain.text() == "ERRORS  [bold]not markup[/bold] :smile:\n"
    assert painted.text().endswith("  [bold]not markup[/bold] :smile:\n")


def test_text_in_color_does_not_wrap_long_lines() -> None:
    page = Page(Look(color=True, width=40))
    page.line("x" * 300)
    assert page.text() == "x" * 300 + "\n"


def test_cell_width_counts_wide_characters_twice() -> None:
    assert cell_width("抓包") == 4
    assert padded("抓包", 6) == "抓包  "


@pytest.mark.parametrize("name", ["a/" * 60 + "capture.pcap", "抓包" * 40 + ".pcap"])
def test_shortened_keeps_the_end_and_the_width(name: str) -> None:
    short = shortened(name, 40)
    assert cell_width(short) <= 40
    assert short.endswith(name[-8:])
    assert "…" in short


def test_shortened_short_name_stays() -> None:
    assert shortened("capture.pcap", 40) == "capture.pcap"
