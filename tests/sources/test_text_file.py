"""Small text files and where the nearest of them lies."""

from pathlib import Path

import pytest

from tcpflow_analyzer.errors import UsageError
from tcpflow_analyzer.sources.text_file import folders_upward, nearest_files, read_text


def test_read_text_drops_the_byte_order_mark(tmp_path: Path) -> None:
    path = tmp_path / "a.toml"
    path.write_bytes(b"\xef\xbb\xbfa = 1\r\n")
    assert read_text(str(path)) == "a = 1\r\n"


def test_read_text_says_why_not(tmp_path: Path) -> None:
    (tmp_path / "bad").write_bytes(b"abc\xff")
    for name, words in (("none", "no such file"), ("bad", "octet 3"), ("", "is a directory")):
        with pytest.raises(UsageError, match=words):
            read_text(str(tmp_path / name))
    with pytest.raises(UsageError, match="null"):
        read_text("a\0b")


def test_folders_end_at_the_root_of_the_repository(tmp_path: Path) -> None:
    inner = tmp_path / "repository" / "a" / "b"
    inner.mkdir(parents=True)
    (tmp_path / "repository" / ".git").write_text("gitdir: elsewhere")  # as in a worktree
    found = [Path(folder) for folder in folders_upward(str(inner))]
    assert found == [inner, inner.parent, inner.parent.parent]


def test_nearest_files_come_by_folder_then_by_name(tmp_path: Path) -> None:
    inner = tmp_path / "a"
    inner.mkdir()
    (tmp_path / ".git").mkdir()
    for path in (tmp_path / "x.toml", tmp_path / "y.toml", inner / "y.toml"):
        path.write_text("")
    (inner / "x.toml").mkdir()  # no file
    found = [Path(path) for path in nearest_files(str(inner), ("x.toml", "y.toml"))]
    assert found == [inner / "y.toml", tmp_path / "x.toml", tmp_path / "y.toml"]
