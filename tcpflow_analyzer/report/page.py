"""Lines of text in style, laid out for a width, in colour or plain, in ASCII where it must be.

rich is imported only where colours are wanted.
"""

import io
from typing import Final, NamedTuple

from tcpflow_analyzer.report.names import NO_NAMES, Names
from tcpflow_analyzer.report.wording import printable

PIPED_WIDTH: Final = 100  # of a page that no terminal shows; wide enough for most sentences
LEAST_WIDTH: Final = 40
ELLIPSIS: Final = "…"

# Without which the page is written in ASCII, and what stands in for it.
ASCII_FOR: Final = {
    "✖": "x", "▲": "!", "·": "-", "─": "-", "…": "...",
    "▁": "_", "▂": "_", "▃": "-", "▄": "-", "▅": "=", "▆": "=", "▇": "#", "█": "#",
}  # fmt: skip


class Span(NamedTuple):
    """Some text and its style, a style of rich or ""."""

    text: str
    style: str = ""


class Look(NamedTuple):
    """How a page is shown.

    Attributes:
        width: in cells.
        color: whether styles are shown.
        encoding: of the output.
        names: of hosts, shown in place of their addresses.
    """

    width: int = PIPED_WIDTH
    color: bool = False
    encoding: str = "utf-8"
    names: Names = NO_NAMES


class Page:
    """Collects lines."""

    def __init__(self, look: Look) -> None:
        """Make an empty page."""
        self.width = max(look.width, LEAST_WIDTH)
        self._color = look.color
        self._encoding = look.encoding
        self._names = look.names
        self._lines: list[list[Span]] = []
        try:
            "".join(ASCII_FOR).encode(look.encoding)
            self._ascii: dict[int, str] = {}
        except (UnicodeEncodeError, LookupError):
            self._ascii = str.maketrans(ASCII_FOR)

    def line(self, *spans: Span | str) -> None:
        """Add a line; it is not wrapped, whatever its length."""
        line = [each if isinstance(each, Span) else Span(each) for each in spans]
        if self._names:
            line = [Span(self.named(each.text), each.style) for each in line]
        self._lines.append(line)

    def paragraph(
        self,
        head: str,
        text: str,
        style: str = "",
        head_style: str = "",
        hanging: str | None = None,
        bold_len: int = 0,
    ) -> None:
        """Add text behind a head, wrapped at spaces.

        Args:
            head: what the first line begins with.
            text: words longer than a line, such as addresses, are never broken.
            style: of the text.
            head_style: of the head.
            hanging: what the other lines begin with; spaces as wide as the head without it.
            bold_len: characters at the beginning of the text that are bold.
        """
        if self._names:
            head, title = self.named(head), self.named(text[:bold_len])
            text, bold_len = title + self.named(text[bold_len:]), len(title)
        indent = " " * cell_width(head) if hanging is None else hanging
        lines = _wrapped(text, self.width - cell_width(head), self.width - cell_width(indent))
        first = lines[0]
        self.line(
            Span(head, head_style), Span(first[:bold_len], "bold"), Span(first[bold_len:], style)
        )
        for line in lines[1:]:
            self.line(indent, Span(line, style))

    def columns(self, head: str, cells: list[str], gap: str = "   ") -> None:
        """Add cells behind a head, as many on a line as fit, never broken."""
        indent = cell_width(head)
        line = ""
        for cell in map(self.named, cells):
            longer = f"{line}{gap}{cell}" if line else cell
            if line and indent + cell_width(longer) > self.width:
                self.line(Span(head, "bold"), line)
                head, line = " " * indent, cell
            else:
                line = longer
        self.line(Span(head, "bold"), line)

    def named(self, text: str) -> str:
        """Give text with names in place of addresses, where there are any; for tables."""
        return self._names.text(text)

    def lines(self) -> list[list[Span]]:
        """Give the page as lines, as they can be shown."""
        return [[Span(self.clean(span.text), span.style) for span in line] for line in self._lines]

    def text(self) -> str:
        """Give the page, each line closed by a line feed."""
        lines = self.lines()
        if self._color:
            return _painted(lines)
        plain = ("".join(span.text for span in line).rstrip() for line in lines)
        return "".join(f"{line}\n" for line in plain)

    def clean(self, text: str) -> str:
        """Show what would move the cursor or hide text as escapes; ASCII where it must be."""
        text = printable(text)
        if self._ascii:
            text = text.translate(self._ascii)
        return text


def _wrapped(text: str, first_room: int, room: int) -> list[str]:
    """Break text at spaces into lines of at most so many cells; longer words stay whole."""
    lines: list[str] = []
    line = ""
    for word in text.split():
        longer = f"{line} {word}" if line else word
        limit = room if lines else first_room
        if line and cell_width(longer) > max(limit, LEAST_WIDTH // 2):
            lines.append(line)
            line = word
        else:
            line = longer
    return [*lines, line]


def cell_width(text: str) -> int:
    """Give the width of text in cells of a terminal."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len  # noqa: PLC0415  plain text does not need rich

    return cell_len(text)


def shortened(text: str, width: int) -> str:
    """Cut a path or name in its middle so that it takes at most `width` cells; keep its end."""
    if cell_width(text) <= width:
        return text
    head_len = max(width // 3, 1)
    head, tail = text[:head_len], text[head_len:]
    while tail and cell_width(head) + 1 + cell_width(tail) > width:
        tail = tail[1:]
    return f"{head}{ELLIPSIS}{tail}"


def cut(text: str, width: int) -> str:
    """Cut text at its end so that it takes at most `width` cells."""
    if cell_width(text) <= width:
        return text
    while text and cell_width(text) + 1 > width:
        text = text[:-1]
    return f"{text}{ELLIPSIS}" if width > 0 else ""


def padded(text: str, width: int) -> str:
    """Fill up with spaces to `width` cells."""
    return text + " " * (width - cell_width(text))


def _painted(lines: list[list[Span]]) -> str:
    """Write lines with the escape sequences of their styles."""
    from rich.console import Console  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    stream = io.StringIO()
    console = Console(
        file=stream,
        force_terminal=True,
        color_system="standard",
        legacy_windows=False,
        soft_wrap=True,
        highlight=False,
        emoji=False,
        markup=False,
        no_color=False,
    )
    for line in lines:
        console.print(Text.assemble(*[(span.text, span.style) for span in line]))
    return stream.getvalue()
