"""`tcpflow report` as its users run it."""

import os
import stat
from pathlib import Path

import pytest

from support.places import FIXTURES, RECORDINGS
from support.program import run_program
from support.small_captures import closed, write_usual
from tcpflow_analyzer.cli import report as report_command
from tcpflow_analyzer.cli.main import run

ORDERS = FIXTURES / "tutorial" / "orders.pcap"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with captures of one connection, of several, and of none."""
    return write_usual(tmp_path)


def report(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> tuple[int, str, str]:
    """Exit status, standard output and standard error of `tcpflow report`."""
    status = run(["report", *map(str, arguments)])
    written = capsys.readouterr()
    return status, written.out, written.err


def test_page_is_written_and_measured(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = folder / "a.html"
    status, out, err = report(capsys, folder / "many.pcap", "-o", target, "--connections", "3")
    assert (status, out) == (0, "")
    assert err == (f"tcpflow: note: {target}: 0.2 MB, 3 connections drawn and 25 listed of 25\n")
    assert target.read_text().startswith("<!DOCTYPE html>")
    assert stat.S_IMODE(target.stat().st_mode) == 0o666 & ~_umask()


def test_many_drawings_make_the_table_no_longer_than_it_may_be(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(report_command, "MOST_ROWS", 7)
    target = folder / "a.html"
    status, _, err = report(capsys, folder / "many.pcap", "-o", target, "--connections", "9")
    assert status == 0
    assert err.endswith("MB, 7 connections drawn and 7 listed of 25\n")


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def test_standard_output_gets_the_same_octets_as_a_file_and_nothing_is_said(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    done = run_program(["report", ORDERS, "-o", "-"])  # a process that hashes differently
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.rstrip().endswith(b"</html>")
    assert report(capsys, ORDERS, "-o", folder / "a.html")[0] == 0
    assert (folder / "a.html").read_bytes() == done.stdout


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (["one.pcap"], 2, "missing option '-o' / '--output'"),
        (["-o", "a.html"], 2, "missing argument 'CAPTURE...'"),
        (["one.pcap", "-o", "one.pcap"], 2, "this output would replace a capture"),
        (["-", "-o", "a.html"], 2, "a pipe cannot be read twice, for findings and for drawings"),
        (["gone.pcap", "-o", "a.html"], 2, "no such file"),
        (["one.pcap", "-o", "a.html", "--where", "port = 82"], 2, "write == to compare"),
        (["one.pcap", "-o", "a.html", "--rows", "100000"], 2, "is not in the range 0<=x<=20000"),
        (["one.pcap", "-o", "nowhere/a.html"], 4, "nowhere/a.html: No such file or directory"),
    ],
)
def test_mistake_is_one_line_and_leaves_nothing(
    folder: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    status: int,
    message: str,
) -> None:
    monkeypatch.chdir(folder)
    found, out, err = report(capsys, *arguments)
    assert (found, out) == (status, "")
    assert message in err
    assert err.count("\n") == 1
    assert sorted(each.name for each in folder.iterdir()) == ["many.pcap", "none.pcap", "one.pcap"]


def test_older_page_stays_where_the_new_one_cannot_be_made(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = folder / "a.html"
    target.write_text("older")
    assert report(capsys, folder / "gone.pcap", "-o", target)[0] == 2
    assert target.read_text() == "older"
    assert report(capsys, folder / "none.pcap", "-o", target)[0] == 0
    assert "0 TCP segments" in target.read_text()


def test_damage_is_told_once_and_on_the_page(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cut = folder / "cut.pcap"
    cut.write_bytes(closed()[:-5])
    status, _, err = report(capsys, cut, "-o", folder / "a.html")
    assert status == 0
    assert err.count("warning") == 1
    assert "damaged: " in (folder / "a.html").read_text()


def test_options_of_the_analysis_decide_what_is_found(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "a.html"
    arguments = ["--set", "close_wait_warn=10min", "--set", "close_wait_error=20min"]
    assert report(capsys, ORDERS, "-o", target, *arguments)[0] == 0
    assert "close-wait-stuck" not in target.read_text()
    hosts = tmp_path / "hosts"
    hosts.write_text("10.9.1.2 shop\n")
    capture = RECORDINGS / "close_by_client.pcap"
    assert report(capsys, capture, "-o", target, "--names", hosts)[0] == 0
    assert '"shop:8080"' in target.read_text()
