"""Captures that are analysed each alone from Python."""

from pathlib import Path

import pytest

import tcpflow_analyzer as ta
from support.small_captures import closed, mixed, refused
from tcpflow_analyzer.batch import analyze_each


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Captures, one of which is cut, and something else beside them."""
    for name, octets in {"a": mixed(), "b": closed()[:-5], "c": refused()}.items():
        (tmp_path / f"{name}.pcap").write_bytes(octets)
    (tmp_path / "note.txt").write_text("no capture\n")
    return tmp_path


@pytest.mark.parametrize("jobs", [None, 1, 2, 5])
def test_each_capture_is_analysed_alone_and_in_order(folder: Path, jobs: int | None) -> None:
    given = dict(analyze_each(folder, folder / "note.txt", jobs=jobs))
    names = ["a.pcap", "b.pcap", "c.pcap", "note.txt"]
    assert list(given) == [str(folder / name) for name in names]
    for name in names[:3]:
        assert given[str(folder / name)] == ta.analyze(folder / name)
    error = given[str(folder / "note.txt")]
    assert isinstance(error, ta.InputError)
    assert str(error).startswith(f"{folder / 'note.txt'}: octet 0: not a capture")


def test_settings_hold_for_every_capture(folder: Path) -> None:
    settings = ta.Settings(select=("HS004",))
    for _, analysis in analyze_each(folder, settings=settings, jobs=2):
        assert isinstance(analysis, ta.Analysis)
        assert set(analysis.summary.codes) <= {"HS004"}


@pytest.mark.parametrize("jobs", [1, 2])
def test_pipe_is_read_too(folder: Path, jobs: int, monkeypatch: pytest.MonkeyPatch) -> None:
    class Standard:
        buffer = (folder / "c.pcap").open("rb")

    monkeypatch.setattr("sys.stdin", Standard)
    given = list(analyze_each("-", folder / "b.pcap", jobs=jobs))
    Standard.buffer.close()
    assert [path for path, _ in given] == ["-", str(folder / "b.pcap")]
    assert isinstance(given[0][1], ta.Analysis)
    assert given[0][1].connections == ta.analyze(folder / "c.pcap").connections


@pytest.mark.parametrize("jobs", [0, -1])
def test_unusable_arguments(folder: Path, jobs: int) -> None:
    with pytest.raises(ta.UsageError, match=f"no such number of jobs: {jobs}"):
        next(analyze_each(folder, jobs=jobs))
    with pytest.raises(ta.UsageError, match="no capture was given"):
        next(analyze_each())
    with pytest.raises(ta.UsageError, match="ZZ"):
        next(analyze_each(folder, settings=ta.Settings(select=("ZZ",)), jobs=2))


def test_closing_early_leaves_nothing_behind(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    temporary = folder / "temporary"
    temporary.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    results = analyze_each(folder, jobs=2)
    next(results)
    assert len(list(temporary.iterdir())) == 1
    results.close()
    assert list(temporary.iterdir()) == []
