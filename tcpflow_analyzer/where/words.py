"""Splits an expression into words, each with the column where it begins."""

import re
from typing import Final, NamedTuple

from tcpflow_analyzer.errors import UsageError

LONGEST: Final = 4000  # characters of an expression


class WhereError(UsageError):
    """An expression makes no sense; the text names the column, from 1."""

    def __init__(self, column: int, message: str) -> None:
        """Say what is wrong at a column, counted from 1."""
        super().__init__(f"column {column}: {message}")
        self.column = column


class Word(NamedTuple):
    """A word of an expression.

    Attributes:
        kind: "name", "text", "number", "quantity" (a number with a unit), "address" (also a
            network), "sign", or "end".
        text: as written; of a text without its quotes.
        column: where it begins, from 1.
    """

    kind: str
    text: str
    column: int


# Signs in the order of their lengths, so that <= is not < and then =.
_WORD: Final = re.compile(
    r"""
    (?P<space>\s+)
    | (?P<address>(?:\d{1,3}\.){3}\d{1,3}(?:/\d+)?(?![\w.])
        | (?:[0-9A-Fa-f]{0,4}:){2,}[0-9A-Fa-f:.]*(?:/\d+)?(?![\w.]))
    | (?P<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
    | (?P<quantity>\d+(?:\.\d+)?[A-Za-z]+)
    | (?P<number>\d+(?:\.\d+)?(?![\w.]))
    | (?P<name>[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)
    | (?P<sign>==|!=|<=|>=|<|>|\(|\)|\[|\]|,)
    """,
    re.VERBOSE | re.ASCII,
)
_ESCAPE: Final = re.compile(r"\\(.)", re.DOTALL)
_HINTS: Final = {
    "=": "write == to compare",
    "&": "write and",
    "|": "write or",
    "!": "write not",
    '"': "this quotation has no end",
    "'": "this quotation has no end",
}


def split(expression: str) -> list[Word]:
    """Split an expression; the last word has the kind "end".

    Raises:
        WhereError: it holds what is no word, or it is too long.
    """
    if len(expression) > LONGEST:
        raise WhereError(LONGEST + 1, f"an expression has at most {LONGEST} characters")
    words: list[Word] = []
    position = 0
    while position < len(expression):
        match = _WORD.match(expression, position)
        if match is None:
            sign = expression[position]
            shown = sign if sign.isprintable() else ascii(sign)[1:-1]
            raise WhereError(position + 1, _HINTS.get(sign, f"{shown} means nothing here"))
        kind = match.lastgroup or ""
        text = match.group()
        if kind == "text":
            text = _ESCAPE.sub(r"\1", text[1:-1])
        if kind != "space":
            words.append(Word(kind, text, position + 1))
        position = match.end()
    return [*words, Word("end", "", len(expression) + 1)]
