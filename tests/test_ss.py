"""`tcpflow ss` as its users run it."""

import json
from pathlib import Path
from typing import Final

import click
import jsonschema
import pytest

from support.capture_builder import START_NS
from support.look_schema import schema_text, ss_schema
from support.places import ROOT
from support.program import run_program
from support.small_captures import write_usual
from tcpflow_analyzer.cli.main import run
from tcpflow_analyzer.cli.option_types import MomentText, moment

SECOND: Final = 1_000_000_000
SCHEMA: Final = ROOT / "docs" / "schema" / "ss.schema.json"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with captures of one connection, of several, and of none."""
    return write_usual(tmp_path)


def ss(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> tuple[int, str, str]:
    """Exit status, standard output and standard error of `tcpflow ss`."""
    status = run(["ss", *map(str, arguments)])
    written = capsys.readouterr()
    return status, written.out, written.err


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("frame:88", MomentText(frame=88)),
        ("+12.5", MomentText(after_ns=12_500_000_000)),
        ("+3s", MomentText(after_ns=3 * SECOND)),
        ("1795217208.000000001", MomentText(time_ns=1_795_217_208_000_000_001)),
        ("0", MomentText(time_ns=0)),
        ("10:44:50.25", MomentText(of_day_ns=38_690_250_000_000)),
        ("7:05", MomentText(of_day_ns=25_500 * SECOND)),
        ("2026-01-01", MomentText(time_ns=START_NS)),
        ("2026-01-01T00:00:01Z", MomentText(time_ns=START_NS + SECOND)),
        ("2026-01-01 00:00:00.123456789 UTC", MomentText(time_ns=START_NS + 123_456_789)),
        ("2026-01-01T02:00:00.5+02:00", MomentText(time_ns=START_NS + SECOND // 2)),
    ],
)
def test_moments_are_read(text: str, expected: MomentText) -> None:
    assert moment(text) == expected


@pytest.mark.parametrize(
    "text",
    ["", "noon", "frame:0", "frame:x", "-5", "+", "25:00", "2026-13-01", "1e9", "1969-12-31"],
)
def test_what_is_no_moment_is_refused(text: str) -> None:
    with pytest.raises(click.BadParameter):
        moment(text)


def test_table_at_the_end_of_the_capture(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = ss(capsys, folder / "one.pcap")
    assert (status, err) == (0, "")
    assert out.splitlines()[1].split() == [
        "TIME-WAIT", "192.0.2.1:40000", "198.51.100.1:80", "timewait,1min0sec", "observed",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("at", "states"),
    [
        ("frame:6", ["FIN-WAIT-1", "ESTABLISHED"]),
        ("+0.0035", ["ESTABLISHED", "ESTABLISHED"]),
        ("00:00:00.0035", ["ESTABLISHED", "ESTABLISHED"]),
        ("2026-01-01T00:00:00.0035", ["ESTABLISHED", "ESTABLISHED"]),
        ("2026-01-01 00:00:00.0000005", ["SYN-SENT"]),
    ],
)
def test_table_at_a_moment(
    folder: Path, capsys: pytest.CaptureFixture[str], at: str, states: list[str]
) -> None:
    _, out, err = ss(capsys, folder / "one.pcap", "--at", at, "--format", "json")
    result = json.loads(out)
    assert [socket["state"] for socket in result["sockets"]] == states
    assert err == ""


def test_moments_outside_of_the_capture_are_noted(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status, out, err = ss(capsys, folder / "one.pcap", "--at", "+30")
    assert (status, "timewait,30sec" in out) == (0, True)
    assert "29.992 s behind the last frame" in err
    status, out, err = ss(capsys, folder / "one.pcap", "--at", "2025-12-31", "--format", "json")
    assert (status, json.loads(out)["sockets"]) == (0, [])
    assert err == "tcpflow: note: --at lies before the first frame\n"


def test_filter_is_that_of_ss(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    options = ["--at", "frame:4", "--format", "json"]
    words = ["state", "established", "sport", "=", ":http"]
    _, out, _ = ss(capsys, folder / "one.pcap", *options, *words)
    (socket,) = json.loads(out)["sockets"]
    assert socket["local"] == {"address": "198.51.100.1", "port": 80}


def test_summary_and_census(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    many = folder / "many.pcap"
    _, out, _ = ss(capsys, many, "--at", "+1", "--summary")
    assert out == "Total: 12 sockets\nTIME-WAIT           12\n"
    _, out, _ = ss(capsys, many, "--census")
    assert out.count("peak") == 8
    _, out, _ = ss(
        capsys, many, "--census", "--step", "100s", "--format", "json", "state", "time-wait"
    )
    series = json.loads(out)
    assert series["counts"] == {"TIME-WAIT": [0, 0, 0, 0, 0]}
    assert series["peaks"]["TIME-WAIT"]["count"] == 12
    status, out, _ = ss(capsys, folder / "none.pcap", "--census")
    assert (status, out) == (0, "no sockets\n")


def test_schema_is_up_to_date_and_takes_what_is_written(
    folder: Path, capsys: pytest.CaptureFixture[str], update_golden: bool
) -> None:
    if update_golden:
        SCHEMA.write_text(schema_text(ss_schema()))
    assert SCHEMA.read_text() == schema_text(ss_schema()), "write it anew with --update-golden"
    jsonschema.Draft202012Validator.check_schema(ss_schema())
    for options in (["--at", "+0.001"], ["--at", "+1"], ["--summary"], ["--census"]):
        _, out, _ = ss(capsys, folder / "many.pcap", "--format", "json", *options)
        jsonschema.validate(json.loads(out), ss_schema())
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(json.loads(out.replace("TIME-WAIT", "TIME_WAIT")), ss_schema())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["one.pcap", "--at", "noon"], "'noon' is no time such as"),
        (["one.pcap", "--at", "frame:99"], "there is no frame 99, the last is 9"),
        (["-", "--at", "frame:9"], "a pipe cannot be read twice to look for frame 9"),
        (["one.pcap", "state", "open"], "no such state: 'open'"),
        (["one.pcap", "--summary", "--census"], "exclude one another"),
        (["one.pcap", "--step", "1s"], "--step needs --census"),
        (["gone.pcap"], "no such file"),
        (["one.pcap", "-o", "one.pcap"], "this output would replace a capture"),
    ],
)
def test_mistake_is_one_line_and_status_2(
    folder: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    message: str,
) -> None:
    monkeypatch.chdir(folder)
    status, out, err = ss(capsys, *arguments)
    assert (status, out) == (2, "")
    assert message in err
    assert err.count("\n") == 1


def test_standard_input_and_suffix_of_the_output(folder: Path) -> None:
    octets = (folder / "one.pcap").read_bytes()
    done = run_program(["ss", "-", "-o", "t.csv"], stdin=octets, folder=folder)
    assert (done.returncode, done.stdout) == (0, b"")
    assert (folder / "t.csv").read_text().startswith("connection,local_address,")


def test_filter_leaves_frames_out(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, table, _ = ss(capsys, folder / "one.pcap", "--at", "frame:4", "-f", "udp")
    assert (status, table.count("\n")) == (0, 1)
