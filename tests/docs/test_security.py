"""Every threat of docs/security.md is covered by tests that are there."""

import ast
import re
from functools import cache

from support.places import ROOT

PAGE = (ROOT / "docs" / "security.md").read_text("utf-8")
NAMED = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")


@cache
def names_in(path: str) -> set[str]:
    """The names of the tests of a file."""
    tree = ast.parse((ROOT / path).read_text("utf-8"))
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


def test_every_test_that_is_named_is_there() -> None:
    named = NAMED.findall(PAGE)
    assert len(named) > 50
    assert PAGE.count("::test_") == len(named)
    assert [f"{path}::{name}" for path, name in named if name not in names_in(path)] == []


def test_every_threat_has_a_test() -> None:
    rows = [line for line in PAGE.splitlines() if line.startswith("| ") and line.count(" | ") == 2]
    threats = [row for row in rows if "| tests |" not in row]
    assert len(threats) > 25
    assert [row for row in threats if not NAMED.search(row)] == []
