"""The list of compiled modules agrees with their docstrings and with what is installed."""

import ast
import os
import sys
import tomllib

import pytest

from support.places import ROOT
from tcpflow_analyzer.compiled import compiled_modules, is_compiled

MARKER = "Compiled: yes"


def listed_modules() -> list[str]:
    """The build hook's list, as dotted names in the order of pyproject.toml."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    hook = project["tool"]["hatch"]["build"]["targets"]["wheel"]["hooks"]["custom"]
    return [path.removesuffix(".py").replace("/", ".") for path in hook["modules"]]


def marked_modules() -> set[str]:
    """Dotted names of the modules whose docstring has the marker on a line of its own."""
    marked = set()
    for source in (ROOT / "tcpflow_analyzer").rglob("*.py"):
        docstring = ast.get_docstring(ast.parse(source.read_text())) or ""
        if MARKER in docstring.splitlines():
            marked.add(".".join(source.relative_to(ROOT).with_suffix("").parts))
    return marked


def test_list_equals_docstring_markers() -> None:
    listed = listed_modules()
    assert len(listed) == len(set(listed))
    assert set(listed) == marked_modules()


def test_list_equals_installed_extension_modules() -> None:
    installed = compiled_modules()
    if not installed:
        pytest.skip("a plain Python install")
    assert set(installed) == set(listed_modules())


def test_running_twin_is_the_one_that_was_asked_for() -> None:
    wish = os.environ.get("TCPFLOW_COMPILE", "auto")
    if wish == "auto":
        assert is_compiled() == bool(compiled_modules())
    else:
        assert is_compiled() == (wish == "require")


def test_compiled_modules_use_no_third_party_package() -> None:
    allowed = {"mypy_extensions", "librt", "tcpflow_analyzer"} | sys.stdlib_module_names
    for name in listed_modules():
        tree = ast.parse((ROOT / (name.replace(".", "/") + ".py")).read_text())
        for node in ast.walk(tree):
            imported = []
            if isinstance(node, ast.Import):
                imported = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                imported = [node.module or ""]
            roots = {module.partition(".")[0] for module in imported}
            assert roots <= allowed, f"{name}, line {getattr(node, 'lineno', 0)}"
