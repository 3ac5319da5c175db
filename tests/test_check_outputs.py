"""`tcpflow check` writes every format, several at once, each to its file."""

import json
import os
from pathlib import Path
from xml.etree import ElementTree

import pytest

from support.program import run_program
from support.small_captures import closed, refused


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a capture that passes and one that fails; GitHub's variables are not set."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("GITHUB_STEP_SUMMARY", raising=False)
    (tmp_path / "good.pcap").write_bytes(closed())
    (tmp_path / "bad.pcap").write_bytes(refused())
    return tmp_path


def test_all_formats_at_once_each_to_its_file(folder: Path) -> None:
    names = ("junit:a", "sarif:b", "github:c", "gitlab:d", "json:e")
    outputs = [f"--output={name}" for name in names]
    done = run_program(["check", "--no-config", *outputs, "good.pcap", "bad.pcap"])
    assert done.returncode == 1, done.stderr
    assert b"HS004" in done.stdout
    assert ElementTree.parse(folder / "a").getroot().attrib["failures"] == "1"  # noqa: S314  our own
    (result,) = json.loads((folder / "b").read_text())["runs"][0]["results"]
    assert result["ruleId"] == "HS004"
    assert (folder / "c").read_text().startswith("::error file=bad.pcap,line=1,title=HS004 ")
    (entry,) = json.loads((folder / "d").read_text())
    assert entry["check_name"] == "tcpflow/HS004"
    check = json.loads((folder / "e").read_text())
    assert [capture["status"] for capture in check["captures"]] == [0, 1]


@pytest.mark.parametrize("form", ["junit", "sarif", "gitlab", "json"])
def test_format_on_standard_output_is_alone_there(form: str) -> None:
    done = run_program(["check", "--no-config", "--format", form, "good.pcap"])
    assert done.returncode == 0, done.stderr
    if form == "junit":
        assert ElementTree.fromstring(done.stdout).tag == "testsuites"  # noqa: S314  our own
    else:
        assert json.loads(done.stdout) is not None


def test_suffix_of_a_file_names_its_format(folder: Path) -> None:
    outputs = ["-oreport.xml", "-oreport.sarif", "-oreport.json", "-oreport.txt"]
    done = run_program(["check", "--no-config", *outputs, "bad.pcap"])
    assert done.returncode == 1, done.stderr
    assert (folder / "report.xml").read_text().startswith("<?xml")
    assert "runs" in json.loads((folder / "report.sarif").read_text())
    assert "captures" in json.loads((folder / "report.json").read_text())
    assert "HS004" in (folder / "report.txt").read_text()


def test_github_adds_its_summary_where_the_runner_wants_it(folder: Path) -> None:
    summary = folder / "summary.md"
    summary.write_text("of the step before\n")
    environment = {"GITHUB_STEP_SUMMARY": str(summary)}
    run_program(["check", "--no-config", "bad.pcap"], environment=environment)
    assert summary.read_text() == "of the step before\n"
    run_program(["check", "--no-config", "--format", "github", "bad.pcap"], environment=environment)
    assert summary.read_text().startswith(
        "of the step before\n### TCP traffic: 1 problem in 1 capture\n"
    )


def test_summary_that_cannot_be_written_is_status_4(folder: Path) -> None:
    environment = {"GITHUB_STEP_SUMMARY": str(folder / "none" / "summary.md")}
    command = ["check", "--no-config", "--format", "github", "good.pcap"]
    done = run_program(command, environment=environment)
    assert done.returncode == 4
    assert b"summary.md: No such file or directory" in done.stderr


def test_output_that_cannot_be_written_is_status_4_before_any_work() -> None:
    done = run_program(["check", "--no-config", f"--output=junit:none{os.sep}a", "good.pcap"])
    assert done.returncode == 4
    assert done.stdout == b""
