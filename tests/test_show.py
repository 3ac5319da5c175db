"""`tcpflow show` as its users run it."""

import json
from pathlib import Path
from typing import Final

import jsonschema
import pytest

from support.look_schema import schema_text, show_schema
from support.places import RECORDINGS, ROOT, shared_folder
from support.program import run_program
from support.small_captures import write_usual
from support.states import report_of
from tcpflow_analyzer.cli.main import run
from tcpflow_analyzer.exchange import Choice, Exchange, read_exchanges
from tcpflow_analyzer.tcp.control_bits import control_bit_names

SCHEMA: Final = ROOT / "docs" / "schema" / "show.schema.json"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with captures of one connection, of several, and of none."""
    return write_usual(tmp_path)


def show(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> tuple[int, str, str]:
    """Exit status, standard output and standard error of `tcpflow show`."""
    status = run(["show", *map(str, arguments)])
    written = capsys.readouterr()
    return status, written.out, written.err


def test_only_connection_is_drawn_without_a_choice(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status, out, err = show(capsys, folder / "one.pcap")
    assert (status, err) == (0, "")
    assert out.startswith("#1 192.0.2.1:40000 > 198.51.100.1:80: 4-segment close")
    assert out.count("▶") + out.count("◀") == 9


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["many.pcap"], "there are 25 connections: choose by --connection, --address, --port, --f"),
        (["many.pcap", "--connection", "26"], "there is no connection 26: the last is 25"),
        (["many.pcap", "--port", "82"], "none of 25 connections is as asked for"),
        (["many.pcap", "--finding", "XY"], "no finding has the code 'XY'"),
        (["many.pcap", "--address", "here"], "'here' is neither address nor network"),
        (["many.pcap", "--port", "80", "--format", "svg"], "svg shows one connection, of 12"),
        (["many.pcap", "--where", "port == 82"], "no connection is as asked for"),
        (["many.pcap", "--where", "port = 82"], "write == to compare"),
        (["none.pcap"], "there is no connection in what was read"),
        (["gone.pcap"], "no such file"),
        (["one.pcap", "-o", "one.pcap"], "this output would replace a capture"),
        (["-", "--finding", "RS"], "a pipe cannot be read twice"),
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
    status, out, err = show(capsys, *arguments)
    assert (status, out) == (2, "")
    assert message in err
    assert err.count("\n") == 1


def test_connections_are_chosen_by_all_that_is_given(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    many = folder / "many.pcap"
    _, out, _ = show(capsys, many, "--connection", "3", "--connection", "4", "--port", "80")
    assert [line.split()[0] for line in out.splitlines() if line.startswith("#")] == ["#4"]
    _, out, _ = show(capsys, many, "--address", "192.0.2.0/24", "--finding", "TW", "--port", "80")
    assert out.startswith("#2 ")
    _, out, _ = show(capsys, many, "--where", "responder.port == 81 and originator.port > 40022")
    assert [line.split()[0] for line in out.splitlines() if line.startswith("#")] == ["#25"]


def test_most_of_many_connections_are_left_out_with_a_note(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status, out, err = show(capsys, folder / "many.pcap", "--address", "192.0.2.1", "--top", "2")
    assert status == 0
    assert len([line for line in out.splitlines() if line.startswith("#")]) == 2
    assert err == "tcpflow: note: 23 more connections are not drawn; --top draws more\n"


@pytest.mark.parametrize(
    ("name", "begin"),
    [("a.svg", "<svg "), ("a.mmd", "sequenceDiagram"), ("a.json", "{"), ("a.txt", "#1 ")],
)
def test_suffix_of_the_output_tells_the_format(
    folder: Path, capsys: pytest.CaptureFixture[str], name: str, begin: str
) -> None:
    status, out, _ = show(capsys, folder / "one.pcap", "-o", folder / name)
    assert (status, out) == (0, "")
    assert (folder / name).read_text().startswith(begin)


def test_standard_input_and_ascii(folder: Path) -> None:
    done = run_program(["show", "-", "--ascii"], stdin=(folder / "one.pcap").read_bytes())
    assert done.returncode == 0
    assert done.stdout.isascii()
    assert b"SYN-SENT" in done.stdout


def test_json_has_the_states_of_the_analysis(capsys: pytest.CaptureFixture[str]) -> None:
    name = "half_open_reconnect@client.pcap"
    _, out, _ = show(capsys, RECORDINGS / name, "--address", "0.0.0.0/0", "--format", "json")
    analysis = json.loads(report_of([RECORDINGS / name]))
    shown = json.loads(out)["connections"]
    assert [each["id"] for each in shown] == [each["id"] for each in analysis["connections"]]
    for each, expected in zip(shown, analysis["connections"], strict=True):
        changes = [change for step in each["steps"] for change in step["transitions"]]
        for side in ("originator", "responder"):
            of_side = [change for change in changes if change["endpoint"] == side]
            assert of_side == [
                change for change in expected["transitions"] if change["endpoint"] == side
            ]


def test_schema_is_up_to_date_and_takes_what_is_written(
    capsys: pytest.CaptureFixture[str], update_golden: bool
) -> None:
    if update_golden:
        SCHEMA.write_text(schema_text(show_schema()))
    assert SCHEMA.read_text() == schema_text(show_schema()), "write it anew with --update-golden"
    jsonschema.Draft202012Validator.check_schema(show_schema())
    for name in ("zero_window.pcap", "syn_rejected_by_icmp@client.pcap"):
        _, out, _ = show(capsys, RECORDINGS / name, "--format", "json")
        jsonschema.validate(json.loads(out), show_schema())
    broken = json.loads(out.replace('"kind":"event"', '"kind":"else"'))
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(broken, show_schema())


def wire_text(exchanges: list[Exchange], hosts: dict[str, str]) -> str:
    """The segments of all connections as recordings write them: `C:S S:SA C:PA100`."""
    letters = {"SYN": "S", "FIN": "F", "RST": "R", "PSH": "P", "ACK": "A", "ECE": "E", "CWR": "W"}
    rungs = []
    for each in exchanges:
        for rung in each.rungs:
            end = each.connection.originator if rung.from_originator else each.connection.responder
            names = control_bit_names(rung.control_bits).split()
            flags = "".join(letter for name, letter in letters.items() if name in names)
            who = hosts.get(end.address, "X")
            rungs.append((rung.frame, f"{who}:{flags}{rung.payload_len or ''}"))
    return " ".join(text for _, text in sorted(rungs))


@pytest.mark.slow
@pytest.mark.skipif(shared_folder() is None, reason="no shared folder")
def test_ladder_has_every_segment_that_recordings_tell() -> None:
    compared = 0
    for path in sorted(((shared_folder() or Path()) / "recordings").glob("*.truth.json")):
        truth = json.loads(path.read_text())
        for name, wire in truth.get("wire", {}).items():
            exchanges = read_exchanges([path.parent / name], Choice())
            told = wire.partition(" ... (")[0]
            hosts = {truth["client"]: "C", truth["server"]: "S"}
            assert wire_text(exchanges, hosts)[: len(told)] == told, name
            compared += 1
    assert compared > 60
