"""Every module, public class and public function says what it is for."""

import ast
import functools
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.places import ROOT

PACKAGE = ROOT / "tcpflow_analyzer"
MODULES = sorted(PACKAGE.rglob("*.py"))
Documented = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


@functools.cache
def parsed(module: Path) -> ast.Module:
    """The syntax of a module, parsed once for all tests."""
    return ast.parse(module.read_text())


def public_definitions(node: ast.AST, name: str) -> Iterator[tuple[str, Documented]]:
    """All public classes, functions and methods below a node, with dotted names."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            if child.name.startswith("_"):
                continue
            yield f"{name}.{child.name}", child
            if isinstance(child, ast.ClassDef):
                yield from public_definitions(child, f"{name}.{child.name}")


@pytest.mark.parametrize("module", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_public_names_have_a_docstring(module: Path) -> None:
    tree = parsed(module)
    definitions = [(module.stem, tree), *public_definitions(tree, module.stem)]
    missing = [name for name, node in definitions if not ast.get_docstring(node)]
    assert missing == []


@pytest.mark.parametrize("module", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_module_docstring_begins_with_one_line(module: Path) -> None:
    lines = (ast.get_docstring(parsed(module)) or "").splitlines()
    assert lines
    assert lines[0].endswith((".", ":")), f"does not end the first line: {lines[0]!r}"
    assert lines[1:2] in ([], [""])
