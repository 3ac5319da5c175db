"""`tcpflow diff` on the command line."""

import gc
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from support.capture_builder import pcap
from support.diffed import LATE, served
from support.small_captures import without_tcp
from tcpflow_analyzer.cli.main import run

Diff = Callable[..., tuple[int, str, str]]


@pytest.fixture
def diff(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Iterator[Diff]:
    """Status, output and error output of a comparison in a folder of captures."""
    for name, frames in {
        "old.pcap": served("client", "client"),
        "same.pcap": served("client", "client", port=50000, step_ns=900_000),
        "leak.pcap": served("client", "leak"),
    }.items():
        (tmp_path / name).write_bytes(pcap([*frames, *LATE]))
    (tmp_path / "cut.pcap").write_bytes((tmp_path / "old.pcap").read_bytes()[:-5])
    (tmp_path / "no-tcp.pcap").write_bytes(without_tcp())
    (tmp_path / ".git").mkdir()
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs" / "a.pcap").write_bytes((tmp_path / "old.pcap").read_bytes())
    monkeypatch.chdir(tmp_path)

    def compare(*arguments: str) -> tuple[int, str, str]:
        capfd.readouterr()
        status = run(["diff", *arguments])
        return status, *capfd.readouterr()

    yield compare
    gc.unfreeze()  # what a process of its own would not need again


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (["old.pcap", "same.pcap"], 0),
        (["old.pcap", "runs"], 0),
        (["old.pcap", "leak.pcap"], 1),
        (["old.pcap", "leak.pcap", "--where", "port == 81"], 0),
        (["old.pcap", "leak.pcap", "-o", "report.json"], 1),
        (["old.pcap", "no-tcp.pcap"], 1),
        (["old.pcap", "cut.pcap"], 0),
        (["old.pcap", "missing.pcap"], 2),
        (["missing.pcap", "old.pcap"], 2),
        (["old.pcap"], 2),
        (["-", "-"], 2),
        (["old.pcap", "leak.pcap", "--where", "port = 1"], 2),
        (["old.pcap", "leak.pcap", "--config", "a", "--no-config"], 2),
        (["old.pcap", "leak.pcap", "-o", "old.pcap"], 2),
        (["old.pcap", "leak.pcap", "-o", "no/such/folder/a.txt"], 4),
    ],
)
def test_exit_status(diff: Diff, arguments: list[str], status: int) -> None:
    found, _, errors = diff(*arguments)
    assert found == status, errors
    assert all(line.startswith("tcpflow: ") for line in errors.splitlines())


def test_leak_is_told_with_what_to_do(diff: Diff) -> None:
    status, text, _ = diff("old.pcap", "leak.pcap")
    assert status == 1
    assert "+   CL005 close-wait-stuck (responder)" in text
    assert "at: leak.pcap, frame" in text
    assert text.splitlines()[-1].startswith(("DIFF", "     "))


def test_configuration_of_the_project_is_used(diff: Diff, tmp_path: Path) -> None:
    (tmp_path / "tcpflow.toml").write_text(
        'ignore = ["CL"]\n[[expect]]\nname = "orders"\nwhere = "port == 8080"\nat_least = 1\n'
    )
    _, text, _ = diff("old.pcap", "leak.pcap")
    assert text.startswith("orders ")
    assert "CL005" not in text
    assert "CL005" in diff("old.pcap", "leak.pcap", "--no-config")[1]


def test_outputs_in_both_formats_at_once(diff: Diff, tmp_path: Path) -> None:
    status, text, _ = diff("old.pcap", "leak.pcap", "-o", "json:a", "-o", "b.txt")
    assert (status, text) == (1, "")
    assert json.loads((tmp_path / "a").read_text())["differs"] is True
    assert "DIFF" in (tmp_path / "b.txt").read_text()


def test_captures_that_are_worth_less_are_named(diff: Diff) -> None:
    assert "cut.pcap: " in diff("old.pcap", "cut.pcap")[2]
    assert "no-tcp.pcap: no TCP segment" in diff("old.pcap", "no-tcp.pcap")[2]
