"""Each module of the lower layers has a test file of its own: x/y.py is tested by x/test_y.py.

Modules that hold only names, numbers or state (no function but `__init__`) need none.
"""

import ast
from pathlib import Path

from support.places import ROOT

PACKAGE = ROOT / "tcpflow_analyzer"
MIRRORED = (
    "anonymise",
    "tcp",
    "sources",
    "decode",
    "table",
    "observer",
    "findings",
    "report",
    "where",
    "gate",
)

# Modules without a test of their own although they do something, with the reason.
EXEMPT: dict[str, str] = {
    "tcp/states.py": "only how a state is printed; every test of a report sees it",
}


def does_something(module: Path) -> bool:
    """Whether a module has a function or method besides constructors."""
    nodes = ast.walk(ast.parse(module.read_text()))
    return any(isinstance(node, ast.FunctionDef) and node.name != "__init__" for node in nodes)


def mirror_of(module: Path) -> Path:
    """The test file that belongs to a module."""
    return ROOT / "tests" / module.parent.name / f"test_{module.name}"


def test_every_module_has_a_mirror_test() -> None:
    missing = [
        str(mirror_of(module).relative_to(ROOT))
        for folder in MIRRORED
        for module in sorted((PACKAGE / folder).glob("*.py"))
        if module.name != "__init__.py"
        and f"{folder}/{module.name}" not in EXEMPT
        and does_something(module)
        and not mirror_of(module).is_file()
    ]
    assert missing == [], "\n".join(missing)


def test_exemptions_are_still_needed() -> None:
    for name in EXEMPT:
        assert does_something(PACKAGE / name)
        assert not mirror_of(PACKAGE / name).is_file()
