"""Reads TOML and tells in which line each key stands, which `tomllib` does not.

TOML is a sequence of statements, each on lines of its own: a header or a key with its value, which
comes after the header. A statement is TOML by itself.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping
from typing import Final

from tcpflow_analyzer.errors import UsageError

# Keys and numbers of array elements, as in ("expect", 0, "closed_by").
Path = tuple[str | int, ...]
DEEPEST: Final = 50  # tables and arrays inside each other
# What can hide the end of a statement, and the end itself. Of a text that is TOML already.
_TOKEN: Final = re.compile(
    r"""
    \#[^\n]*+
    | \"{3}(?:[^"\\]|\\.|"(?!""))*+"{3,5}
    | '{3}(?:[^']|'(?!''))*+'{3,5}
    | "(?:[^"\\]|\\.)*+"
    | '[^']*+'
    | [][{}\n]
    """,
    re.VERBOSE | re.DOTALL,
)
_PLACE: Final = re.compile(r"\(at line (\d+), column (\d+)\)$")


class Document:
    """A TOML file that was read.

    Attributes:
        path: of the file, as given.
        values: what it holds.
    """

    def __init__(self, path: str, text: str) -> None:
        """Read TOML.

        Args:
            path: for messages.
            text: of the file.

        Raises:
            UsageError: it is no TOML; the text names the line.
        """
        self.path = path
        try:
            self.values: Mapping[str, object] = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise UsageError(_located(path, error)) from error
        except RecursionError:
            raise UsageError(f"{path}: values inside values, too deep") from None
        except ValueError as error:  # of int(), which takes no more than 4,300 digits
            raise UsageError(f"{path}: a number has too many digits") from error
        _check_depth(path, self.values)
        self._lines = _lines_of(text)

    def line(self, path: Path) -> int:
        """Give the line of a key, or of the nearest table around it; 1 if there is none."""
        while path:
            if path in self._lines:
                return self._lines[path]
            path = path[:-1]
        return 1


def _located(path: str, error: Exception) -> str:
    """Say what is wrong in a line, its number in front as in all messages about a file."""
    text = " ".join(str(error).split())
    match = _PLACE.search(text)
    if match is None:  # at the end of the document
        return f"{path}: {text}"
    what = text[: match.start()].rstrip()
    return f"{path}, line {match[1]}: {what[:1].lower()}{what[1:]} (column {match[2]})"


def _check_depth(path: str, document: object) -> None:
    """Refuse tables and arrays that lie too deep, as a dotted key can make them without brackets.

    Raises:
        UsageError: they do.
    """
    level = [document]
    for _ in range(DEEPEST):
        inner: list[object] = []
        for value in level:
            if isinstance(value, dict):
                inner.extend(value.values())
            elif isinstance(value, list):
                inner.extend(value)
        level = inner
        if not level:
            return
    raise UsageError(f"{path}: values inside values, too deep")


def _lines_of(text: str) -> dict[Path, int]:
    """Give the line, from 1, of each header and key of a text that is TOML."""
    lines: dict[Path, int] = {}
    table: Path = ()
    lengths: dict[Path, int] = {}  # of arrays of tables so far
    for begin, statement in _statements(text):
        values = tomllib.loads(statement)
        if statement.lstrip().startswith("["):
            table = _enter(values, lengths)
            lines.setdefault(table, begin)
        else:
            _note(values, table, begin, lines)
    return lines


def _statements(text: str) -> Iterator[tuple[int, str]]:
    """Give the statements of a text that is TOML, each with the line where it begins.

    A statement ends with the first line in which no bracket and no string is open.
    """
    start = 0
    begin = line = 1
    depth = 0
    for match in _TOKEN.finditer(text):
        sign = match.group()
        line += sign.count("\n")
        if sign in ("[", "{"):
            depth += 1
        elif sign in ("]", "}"):
            depth -= 1
        elif sign == "\n" and depth == 0:
            yield begin, text[start : match.end()]
            start, begin = match.end(), line
    yield begin, text[start:]


def _enter(header: Mapping[str, object], lengths: dict[Path, int]) -> Path:
    """Give the path of the table that a header opens."""
    path: Path = ()
    value: object = header
    while isinstance(value, dict) and value:
        key, value = next(iter(value.items()))
        path = (*path, key)
        if isinstance(value, list):  # a header of an array of tables: its next element
            lengths[path] = lengths.get(path, 0) + 1
            value = value[0]
        if path in lengths:
            path = (*path, lengths[path] - 1)
    return path


def _note(values: object, path: Path, line: int, lines: dict[Path, int]) -> None:
    """Remember the line of each key of a statement."""
    if isinstance(values, dict):
        for key, value in values.items():
            lines.setdefault((*path, key), line)
            _note(value, (*path, key), line, lines)
