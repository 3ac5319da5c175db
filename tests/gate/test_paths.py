"""Paths as build services want them."""

from pathlib import Path

import pytest

from tcpflow_analyzer.gate.paths import relative_path, relative_uri


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the build."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_path_below_the_folder_is_relative(folder: Path) -> None:
    assert relative_path("captures/a.pcap") == "captures/a.pcap"
    assert relative_path("./captures/../a.pcap") == "a.pcap"
    assert relative_path(str(folder / "a b.pcap")) == "a b.pcap"


def test_path_elsewhere_stays(folder: Path) -> None:
    assert relative_path("../a.pcap") == "../a.pcap"
    assert relative_path(str(folder.parent / "a.pcap")) == (folder.parent / "a.pcap").as_posix()


def test_uri_is_percent_encoded(folder: Path) -> None:
    assert relative_uri("captures/a b#1?.pcap") == "captures/a%20b%231%3F.pcap"
    assert relative_uri(str(folder / "a.pcap")) == "a.pcap"
    assert relative_uri("größe\udcff.pcap") == "gr%C3%B6%C3%9Fe%FF.pcap"
    elsewhere = folder.parent / "a b.pcap"
    assert relative_uri(str(elsewhere)) == elsewhere.as_uri()
