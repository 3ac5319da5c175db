"""The import contracts of pyproject.toml hold: data flows one way, each library has its place."""

import pytest
from importlinter.cli import lint_imports

from support.places import ROOT


def test_import_contracts_hold(capsys: pytest.CaptureFixture[str]) -> None:
    status = lint_imports(config_filename=str(ROOT / "pyproject.toml"), no_cache=True)
    assert status == 0, capsys.readouterr().out
