"""Each module of the lower layers has a test file of its own: x/y.py is tested by x/test_y.py."""

from support.places import ROOT

PACKAGE = ROOT / "tcpflow_analyzer"
MIRRORED = ("tcp", "sources", "decode", "table", "observer", "findings", "report")

# Modules without a test of their own, with the reason.
EXEMPT = {
    "tcp/states.py": "numbers and names only; every test of the observer uses them",
    "tcp/events.py": "numbers and names only; tests/observer counts all pairs",
}


def test_every_module_has_a_mirror_test() -> None:
    missing = []
    for folder in MIRRORED:
        for module in sorted((PACKAGE / folder).glob("*.py")):
            name = f"{folder}/{module.name}"
            mirror = ROOT / "tests" / folder / f"test_{module.name}"
            if module.name != "__init__.py" and name not in EXEMPT and not mirror.is_file():
                missing.append(str(mirror.relative_to(ROOT)))
    assert missing == []


def test_exemptions_are_still_needed() -> None:
    for name in EXEMPT:
        folder, module = name.split("/")
        assert (PACKAGE / name).is_file()
        assert not (ROOT / "tests" / folder / f"test_{module}").is_file()
