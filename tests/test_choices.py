"""The options that choose what is told, and what `explain` says of them."""

import json
from pathlib import Path
from typing import Any

import pytest

from support.in_process import run_here
from support.places import FIXTURES
from support.small_captures import closed, mixed
from tcpflow_analyzer.findings.registry import rules


@pytest.fixture(scope="module")
def captures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with two captures."""
    folder = tmp_path_factory.mktemp("captures")
    (folder / "closed.pcap").write_bytes(closed())
    (folder / "mixed.pcap").write_bytes(mixed())
    return folder


def analyzed(*arguments: str | Path) -> Any:  # noqa: ANN401  JSON
    done = run_here(["analyze", "--format", "json", *arguments])
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def status_and_error(*arguments: str | Path) -> tuple[int, str]:
    done = run_here(["analyze", *arguments])
    return done.returncode, done.stderr.decode()


def test_where_chooses_in_every_format_and_says_of_how_many(captures: Path) -> None:
    path = captures / "mixed.pcap"
    found = analyzed(path, "--where", "port == 81 and connection > 10")
    numbers = [each["id"] for each in found["connections"]]
    assert numbers
    assert {each["responder"]["port"] for each in found["connections"]} == {81}
    assert {each["connection"] for each in found["findings"]} <= set(numbers)
    assert found["summary"]["connections"] == len(numbers)
    text = run_here(["analyze", path, "--where", "port == 81 and connection > 10"]).stdout
    assert b"chosen of 30 connections: port == 81 and connection > 10" in text
    assert f"{numbers[-1]}  192.0.2.1:".encode() in text  # a row of the table
    lines = run_here(["analyze", path, "--where", "port == 81", "--format", "ndjson"]).stdout
    kinds = [json.loads(line)["kind"] for line in lines.splitlines()]
    assert kinds.count("connection") == 15
    nothing = run_here(["analyze", path, "--where", "port == 9"])
    assert nothing.returncode == 0
    assert b"no connection" in nothing.stdout


@pytest.mark.parametrize("text", ["", " "])
def test_where_without_an_expression_is_refused(captures: Path, text: str) -> None:
    status, error = status_and_error(captures / "closed.pcap", "--where", text)
    assert status == 2
    assert "--where: there is no expression; see `tcpflow explain where`" in error


def test_names_of_findings_are_as_good_as_codes(captures: Path) -> None:
    by_name = analyzed(captures / "mixed.pcap", "--select", "Orderly-Close,retry-storm")
    by_code = analyzed(captures / "mixed.pcap", "--select", "LC004", "--select", "FL007")
    assert by_name == by_code
    assert by_name["summary"]["codes"].keys() == {"LC004", "FL007"}
    status, error = status_and_error(captures / "mixed.pcap", "--ignore", "orderly-cloze")
    assert status == 2
    assert "did you mean orderly-close" in error


def test_set_changes_a_threshold_of_analyze_and_check(tmp_path: Path) -> None:
    path = FIXTURES / "findings" / "CL005-close-wait-stuck" / "quiet.pcap"  # held for 50 s
    assert "CL005" not in analyzed(path)["summary"]["codes"]
    found = analyzed(path, "--set", "close_wait_warn=20", "--set", "close_wait_error=45s")
    assert found["summary"]["findings"]["error"] == 1
    values = next(each["values"] for each in found["findings"] if each["code"] == "CL005")
    assert (values["close_wait_warn"], values["close_wait_error"]) == (20.0, 45.0)
    check: list[str | Path] = [
        "check",
        path,
        "--set",
        "close_wait_error=45s",
        "--set",
        "close_wait_warn=20s",
    ]
    assert run_here(check, folder=tmp_path).returncode == 1
    assert run_here([*check, "--ignore", "close-wait-stuck"], folder=tmp_path).returncode == 0
    assert run_here(["check", path], folder=tmp_path).returncode == 0
    (tmp_path / "tcpflow.toml").write_text(
        'parameters = { close_wait_warn = "20s", close_wait_error = "45s" }\n'
    )
    assert run_here(["check", path], folder=tmp_path).returncode == 1
    option = ["--set", "close_wait_error=5min"]  # wins
    assert run_here(["check", path, *option], folder=tmp_path).returncode == 0


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (
            "close_wait=3",
            "--set: there is no parameter 'close_wait'; did you mean",
        ),
        ("close_wait_warn=soon", "--set close_wait_warn=soon: 'soon' is no duration"),
        ("flood_percent=200", "--set flood_percent=200: 200 is not 1 to 100"),
        ("backlog", "'backlog' is no NAME=VALUE such as close_wait_warn=30s"),
    ],
)
def test_set_says_what_is_wrong_with_a_value(captures: Path, value: str, words: str) -> None:
    status, error = status_and_error(captures / "closed.pcap", "--set", value)
    assert status == 2
    assert words in error
    assert error.count("\n") == 1


@pytest.mark.parametrize("topic", ["parameters", "profiles", "where"])
def test_explain_lists_what_options_take(topic: str) -> None:
    text = run_here(["explain", topic])
    assert text.returncode == 0
    assert len(text.stdout.splitlines()) > 20
    assert json.loads(run_here(["explain", topic, "--format", "json"]).stdout)
    assert topic not in {rule.name for rule in rules().values()}


def test_explain_says_with_which_options_a_finding_changes() -> None:
    text = run_here(["explain", "close-wait-stuck"]).stdout.decode()
    assert "--set close_wait_warn=60s: CLOSE-WAIT without an answer" in text
    found = json.loads(run_here(["explain", "CL005", "--format", "json"]).stdout)
    names = [each["name"] for each in found["parameters"]]
    assert names == ["close_wait_warn", "close_wait_error"]


def test_analyze_takes_from_a_configuration_how_to_show_and_nothing_else(tmp_path: Path) -> None:
    path = FIXTURES / "findings" / "CL005-close-wait-stuck" / "fires.pcap"
    plain = run_here(["analyze", path], folder=tmp_path).stdout
    (tmp_path / "below").mkdir()
    (tmp_path / "tcpflow.toml").write_text(
        'ignore = ["CL005"]\nparameters = { close_wait_warn = "1h" }\n'
    )
    assert run_here(["analyze", path], folder=tmp_path / "below").stdout == plain
    (tmp_path / "tcpflow.toml").write_text(
        'ignore = ["CL005"]\n[display]\ntime = "epoch"\nall = true\n'
    )
    shown = run_here(["analyze", path], folder=tmp_path / "below").stdout.decode()
    assert "at 1767225" in shown
    assert "CL005" in shown
    assert "LC001" in shown
    assert shown.endswith("\nShown as ../tcpflow.toml says\n")
    option = run_here(["analyze", path, "--time", "relative"], folder=tmp_path).stdout.decode()
    assert "at +" in option
    assert "at 1767225" not in option
    for arguments in (["--no-config"], ["--config", "other.toml"]):
        (tmp_path / "other.toml").write_text("")
        assert run_here(["analyze", path, *arguments], folder=tmp_path).stdout == plain
    json_text = run_here(["analyze", path, "--format", "json"], folder=tmp_path).stdout
    assert b"tcpflow.toml" not in json_text
    wrong = run_here(["analyze", path, "--config", "none.toml"], folder=tmp_path)
    assert wrong.returncode == 2
    assert wrong.stderr == b"tcpflow: error: none.toml: no such file\n"
    both = run_here(["analyze", path, "--config", "other.toml", "--no-config"], folder=tmp_path)
    assert both.returncode == 2


def test_rules_lists_those_that_are_chosen() -> None:
    def codes(*arguments: str) -> list[str]:
        return [
            each["code"]
            for each in json.loads(run_here(["rules", "--format=json", *arguments]).stdout)
        ]

    assert codes() == list(rules())
    assert codes("--select", "TW,close-wait-stuck", "--ignore", "tw00") == [
        "CL005", "TW010", "TW011", "TW012", "TW013",
    ]  # fmt: skip
    assert codes("--min-severity", "error", "--select", "LC,RS") == ["RS002", "RS004", "RS010"]
    text = run_here(["rules", "--select", "CL005"]).stdout.decode().splitlines()
    assert text[0].split() == ["CL005", "close-wait-stuck", "warning/error"]
    assert run_here(["rules", "--select", "close-wait"]).returncode == 2
