"""Reads the table `display` of a configuration: how `tcpflow analyze` shows what it finds.

It is all that `analyze` takes from a configuration: what it says of a capture depends on the
capture and the command line only. TOML is read only where it says something of that.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Final, NamedTuple, NoReturn

from tcpflow_analyzer.errors import UsageError

if TYPE_CHECKING:
    from tcpflow_analyzer.gate.toml_lines import Document, Path

TIMES: Final = ("relative", "utc", "local", "epoch")


def _is_time(value: object) -> bool:
    return value in TIMES


def _is_truth(value: object) -> bool:
    return isinstance(value, bool)


def _is_rows(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0


class Key(NamedTuple):
    """A key of the table: the option that it stands for, and what its values are."""

    option: str
    holds: Callable[[object], bool]
    noun: str


_TRUTH: Final = "true or false"
# The options are named as cli/analyze.py names its parameters.
KEYS: Final = {
    "time": Key("time", _is_time, f"one of {', '.join(TIMES)}"),
    "top": Key("top", _is_rows, "a number from 1"),
    "all": Key("show_all", _is_truth, _TRUTH),
    "connections": Key("connections", _is_truth, _TRUTH),
    "color": Key("color", _is_truth, _TRUTH),
    "progress": Key("progress", _is_truth, _TRUTH),
    "quiet": Key("quiet", _is_truth, _TRUTH),
}


def read_display(path: str, text: str) -> dict[str, object] | None:
    """Read the table of a file.

    Args:
        path: for messages; in a pyproject.toml only [tool.tcpflow.display] is looked at.
        text: of the file.

    Returns:
        Options of `analyze` and their values; None if it is a file of others that says nothing to
        this program.

    Raises:
        UsageError: it is no TOML, or the table makes no sense; the text names the line.
    """
    is_of_others = path.replace("\\", "/").rpartition("/")[2] == "pyproject.toml"
    if is_of_others and "tool.tcpflow" not in text:
        return None  # a dependency, or a name
    if "display" not in text:  # most say nothing, and reading TOML takes longer than looking
        return {}
    from tcpflow_analyzer.gate.toml_lines import Document  # noqa: PLC0415

    document = Document(path, text)
    tool = document.values.get("tool")
    table = tool.get("tcpflow") if isinstance(tool, dict) else None
    root: tuple[str, ...] = ("tool", "tcpflow")
    if table is None:
        if is_of_others:
            return None
        table, root = document.values, ()
    if not isinstance(table, dict) or "display" not in table:
        return {}
    return display_of(table["display"], document, root)


def display_of(table: object, document: "Document", root: "Path") -> dict[str, object]:
    """Check the table and give the options that it stands for.

    Args:
        table: as it was read.
        document: that it stands in.
        root: of the keys of this program.

    Raises:
        UsageError: it makes no sense; the text names the line.
    """
    if not isinstance(table, dict):
        _fail(document, (*root, "display"), "display is a table")
    options: dict[str, object] = {}
    for name, value in table.items():
        key = KEYS.get(name)
        place = (*root, "display", name)
        if key is None:
            from difflib import get_close_matches  # noqa: PLC0415  mistakes only

            near = get_close_matches(name, KEYS, 1)
            hint = f"did you mean {near[0]}?" if near else f"there is {', '.join(KEYS)}"
            _fail(document, place, f"unknown key {name!r}; {hint}")
        if not key.holds(value):
            _fail(document, place, f"{name} is {key.noun}, not {value!r}")
        options[key.option] = value
    return options


def _fail(document: "Document", path: "Path", message: str) -> NoReturn:
    raise UsageError(f"{document.path}, line {document.line(path)}: {message}")
