"""Entry points are looked for without importing what is slow."""

import sys
from pathlib import Path

import pytest

from tcpflow_analyzer.sources.entry_points import is_declared

GROUP = "tcpflow_analyzer.findings"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a package that declares another group, and one that declares nothing."""
    for name in ("one-1.0.dist-info", "two-1.0.dist-info", "three"):
        (tmp_path / name).mkdir()
    (tmp_path / "one-1.0.dist-info" / "entry_points.txt").write_text("[console_scripts]\na = b:c\n")
    (tmp_path / "three" / "entry_points.txt").write_text(f"[{GROUP}]\na = b\n")
    return tmp_path


@pytest.mark.parametrize("name", ["acme-1.0.dist-info", "acme.egg-info"])
def test_package_that_declares_the_group_is_found(folder: Path, name: str) -> None:
    assert not is_declared(GROUP, [str(folder)])
    (folder / name).mkdir()
    (folder / name / "entry_points.txt").write_text(f"[x]\n\n[{GROUP}]\nacme = acme\n")
    assert is_declared(GROUP, ["", "/no/such/folder", str(folder)])


def test_archive_may_declare_anything(tmp_path: Path) -> None:
    archive = tmp_path / "packages.zip"
    archive.write_bytes(b"")
    assert is_declared(GROUP, [str(archive)])


def test_folders_are_those_that_python_imports_from(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "acme-1.0.dist-info").mkdir()
    (folder / "acme-1.0.dist-info" / "entry_points.txt").write_text(f"[{GROUP}]\nacme = acme\n")
    monkeypatch.setattr(sys, "path", [str(folder)])
    assert is_declared(GROUP)


def test_what_cannot_be_read_declares_nothing(folder: Path) -> None:
    (folder / "acme-1.0.dist-info").mkdir()
    (folder / "acme-1.0.dist-info" / "entry_points.txt").mkdir()
    assert not is_declared(GROUP, [str(folder)])
