"""The machine-readable outputs, tabled from their JSON Schemas in docs/schema."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from tcpflow_docs.markdown import literal, prose, table

FOLDER: Final = Path(__file__).parents[2] / "schema"
Schema = Mapping[str, Any]
MOST_VALUES: Final = 14  # of an enumeration that are shown


def analyze() -> str:
    """The output of analyze and live."""
    return _described("analyze")


def check() -> str:
    """The output of check."""
    return _described("check")


def diff() -> str:
    """The output of diff."""
    return _described("diff")


def show() -> str:
    """The output of show."""
    return _described("show")


def ss() -> str:
    """The output of ss."""
    return _described("ss")


def _described(name: str) -> str:
    schema = json.loads((FOLDER / f"{name}.schema.json").read_text())
    parts: list[str] = []
    if "properties" in schema:
        parts += [_table(schema), ""]
    for title, definition in schema["$defs"].items():
        parts += [f"### {title}", "", *_definition(definition), ""]
    return "\n".join(parts)


def _definition(definition: Schema) -> Iterator[str]:
    if "description" in definition:
        yield from (prose(definition["description"], "findings/"), "")
    if "properties" in definition:
        yield from (_table(definition), "")
    else:
        yield from (_kind(definition).capitalize() + ".", "")


def _table(definition: Schema) -> str:
    required = set(definition.get("required", ()))
    rows = list(_rows("", definition, required))
    if any(row[2] for row in rows):
        return table(("member", "value", "what"), rows)
    return table(("member", "value"), (row[:2] for row in rows))


def _rows(prefix: str, definition: Schema, required: set[str]) -> Iterator[tuple[str, str, str]]:
    """A row for each member, and for the members of objects that have no name of their own."""
    for name, member in definition["properties"].items():
        optional = "" if name in required else "may be left out. "
        what = optional.capitalize() + prose(member.get("description", ""), "findings/")
        yield literal(prefix + name), _kind(member), what
        inner = member.get("items", member)
        if "properties" in inner:
            dots = "[]." if inner is not member else "."
            yield from _rows(f"{prefix}{name}{dots}", inner, set(inner.get("required", ())))


def _kind(member: Schema) -> str:
    """What a value is, in words."""
    if "$ref" in member:
        return str(member["$ref"]).rpartition("/")[2]
    if "const" in member:
        return literal(json.dumps(member["const"]))
    if "enum" in member:
        shown = [literal(json.dumps(value)) for value in member["enum"][:MOST_VALUES]]
        more = len(member["enum"]) - len(shown)
        return ", ".join(shown) + (f" and {more} more" if more else "")
    for several in ("anyOf", "oneOf"):
        if several in member:
            return " or ".join(dict.fromkeys(_kind(each) for each in member[several]))
    if "pattern" in member:
        return f"text like {literal(member['pattern'])}"
    kinds = member.get("type", "anything")
    if kinds == "array" and "items" in member:
        return f"list of {_kind(member['items'])}"
    words = [kinds] if isinstance(kinds, str) else kinds
    return " or ".join("text" if word == "string" else word for word in words)
