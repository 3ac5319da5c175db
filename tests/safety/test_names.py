"""Hostile names reach nobody raw: of files, in captures, in configurations, on the command line.

What goes to people is printable text; what goes to programs is read back whole. The page of
`tcpflow report` is tested in a browser, in tests of its own.
"""

import csv
import io
import json
import os
import re
import socket
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import jsonschema
import pytest

from support.analyze_schema import analyze_schema
from support.check_schema import check_schema
from support.hostile import HOSTILE, HOSTILE_NAME, assert_harmless, hostile_capture
from support.in_process import run_here
from support.places import ROOT
from support.report_samples import make_finding
from support.terminal import Terminal
from tcpflow_analyzer.cli.live_alert_channels import CommandChannel, SyslogChannel
from tcpflow_analyzer.cli.live_alerts import Alert

pytestmark = pytest.mark.skipif(os.name == "nt", reason="such names of files need POSIX")
Words = list[str | Path]


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A capture whose name and content are hostile, in a folder that is called alike."""
    folder = tmp_path_factory.mktemp("names") / os.fsdecode(HOSTILE_NAME[:120])
    folder.mkdir()
    path = folder / os.fsdecode(HOSTILE_NAME)
    path.write_bytes(hostile_capture())
    return path


def output(words: Sequence[str | Path], status: int = 0) -> bytes:
    """What a command writes; its messages are harmless."""
    done = run_here(words)
    assert_harmless(done.stderr)
    assert done.returncode == status, done.stderr
    return done.stdout


TEXTS: dict[str, tuple[tuple[str, ...], int]] = {
    "analyze": (("analyze", "X"), 0),
    "analyze all": (("analyze", "X", "--all", "--connections", "--time", "utc"), 0),
    "analyze several": (("analyze", "X", "X", "--connections"), 0),
    "analyze separate": (("analyze", "--separate", "X", "X"), 0),
    "check": (("check", "--no-config", "X", "--fail-on", "info"), 1),
    "check together": (("check", "--no-config", "X", "X", "--together", "--fail-on", "HS"), 1),
    "check init": (("check", "--no-config", "--init", "X"), 0),
    "diff": (("diff", "--no-config", "X", "X", "--all"), 0),
    "show": (("show", "X", "--connection", "2", "--all"), 0),
    "ss": (("ss", "X", "--at", "+0.002"), 0),
    "ss summary": (("ss", "X", "--summary"), 0),
    "ss census": (("ss", "X", "--census"), 0),
}


@pytest.mark.parametrize("color", ["--no-color", "--color"])
@pytest.mark.parametrize("name", TEXTS)
def test_text_is_harmless(hostile: Path, name: str, color: str) -> None:
    words, status = TEXTS[name]
    given: Words = [hostile if word == "X" else word for word in words]
    if name != "check init":
        given.append(color)
    assert_harmless(output(given, status))


def test_names_of_hosts_are_harmless(hostile: Path, tmp_path: Path) -> None:
    hosts = tmp_path / "hosts"
    name = "".join(HOSTILE.replace("#", "").split())
    hosts.write_text(f"192.0.2.1 {name}\n")
    for words in (["analyze", "--connections"], ["show", "--connection", "1"], ["ss"]):
        text = output([words[0], hostile, *words[1:], "--names", hosts])
        assert_harmless(text)
        assert b"alert(1)" in text


def read_json(octets: bytes) -> None:
    jsonschema.validate(json.loads(octets), analyze_schema())


def read_ndjson(octets: bytes) -> None:
    lines = octets.split(b"\n")
    assert lines.pop() == b""
    assert [json.loads(line)["kind"] for line in lines][-1] == "summary"


def read_csv(octets: bytes) -> None:
    head, *rows = csv.reader(io.StringIO(octets.decode(), newline=""), strict=True)
    assert rows
    for row in rows:
        assert len(row) == len(head)
        assert not [cell for cell in row if re.match(r"[=+@\t\r]|-(?!\d)", cell)]
    if "interface" in head:
        names = {row[head.index("interface")][:5] for row in rows}
        assert names == {"", "'=cmd", "cmd|'"}


def read_zeek(octets: bytes) -> None:
    lines = octets.decode().split("\n")
    fields = next(line for line in lines if line.startswith("#fields\t")).split("\t")[1:]
    rows = [line for line in lines if line and not line.startswith("#")]
    assert rows
    assert all(len(row.split("\t")) == len(fields) for row in rows)


def read_lines_of_json(octets: bytes) -> None:
    assert all(json.loads(line) for line in octets.splitlines())


def read_xml(octets: bytes) -> None:
    tree = ElementTree.fromstring(octets)  # noqa: S314  our own
    assert not [each for each in tree.iter() if each.tag.rpartition("}")[2] in ("script", "img")]
    for text in tree.itertext():
        assert not re.search("[^\t\n\u0020-\U0010ffff]|\x1b", text)


def read_sarif(octets: bytes) -> None:
    log = json.loads(octets)
    schema = json.loads((ROOT / "tests/schemas/sarif-schema-2.1.0.json").read_text())
    jsonschema.validate(log, schema)
    messages = [result["message"]["text"] for result in log["runs"][0]["results"]]
    assert messages
    assert all(message.replace("\n", "").isprintable() for message in messages)


def read_workflow_commands(octets: bytes) -> None:
    lines = octets.decode().splitlines()
    assert lines
    for line in lines:
        assert re.match(r"::(error|warning|notice) [^:]*::", line), line
        properties, data = line.split("::", 2)[1:]
        assert "\n" not in data
        assert len(re.findall(r"[a-z]+=", properties)) >= 2


def read_check(octets: bytes) -> None:
    jsonschema.validate(json.loads(octets), check_schema())


def read_list(octets: bytes) -> None:
    assert json.loads(octets)


def read_any_json(octets: bytes) -> None:
    assert json.loads(octets)


def read_mermaid(octets: bytes) -> None:
    text = octets.decode()
    assert text.startswith("sequenceDiagram\n")
    assert "<" not in re.sub("<br/>|<<?-+>?>?", "", text)


MACHINE: dict[str, tuple[tuple[str, ...], int, Callable[[bytes], None]]] = {
    "analyze json": (("analyze", "X", "--format", "json"), 0, read_json),
    "analyze ndjson": (("analyze", "X", "--format", "ndjson"), 0, read_ndjson),
    "analyze csv": (("analyze", "X", "--format", "csv"), 0, read_csv),
    "analyze zeek": (("analyze", "X", "--format", "zeek"), 0, read_zeek),
    "analyze zeek-json": (("analyze", "X", "--format", "zeek-json"), 0, read_lines_of_json),
    "check json": (("check", "--no-config", "X", "--format", "json"), 1, read_check),
    "check junit": (("check", "--no-config", "X", "--format", "junit"), 1, read_xml),
    "check sarif": (("check", "--no-config", "X", "--format", "sarif"), 1, read_sarif),
    "check github": (
        ("check", "--no-config", "X", "--format", "github"),
        1,
        read_workflow_commands,
    ),
    "check gitlab": (("check", "--no-config", "X", "--format", "gitlab"), 1, read_list),
    "diff json": (("diff", "--no-config", "X", "X", "--format", "json"), 0, read_any_json),
    "show json": (("show", "X", "--connection", "2", "--format", "json"), 0, read_any_json),
    "show svg": (("show", "X", "--connection", "2", "--format", "svg"), 0, read_xml),
    "show mermaid": (("show", "X", "--connection", "2", "--format", "mermaid"), 0, read_mermaid),
    "ss json": (("ss", "X", "--at", "+0.002", "--format", "json"), 0, read_any_json),
    "ss csv": (("ss", "X", "--at", "+0.002", "--format", "csv"), 0, read_csv),
}


@pytest.mark.parametrize("name", MACHINE)
def test_machine_output_is_read_back(hostile: Path, name: str) -> None:
    words, status, read = MACHINE[name]
    octets = output([hostile if word == "X" else word for word in words], status)
    assert octets
    assert not re.search(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]", octets)
    read(octets)


def test_parquet_is_read_back(hostile: Path, tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    output(["analyze", hostile, "-o", f"parquet:{tmp_path}/a"])
    rows: list[dict[str, Any]] = parquet.read_table(tmp_path / "a").to_pylist()
    names = {row["interface"] and row["interface"][:6] for row in rows}
    assert names == {None, "=cmd|'", "cmd|'/"}


def test_extract_is_read_back(hostile: Path, tmp_path: Path) -> None:
    out = tmp_path / os.fsdecode(HOSTILE_NAME)
    output(["extract", hostile, "--port", "80", "-o", out])
    found = json.loads(output(["analyze", out, "--format", "json"]))
    assert found["capture"]["tcp_segments"] == 10
    assert found["capture"]["files"][0]["error"] is None


WRONG: dict[str, tuple[str, ...]] = {
    "no such file": ("analyze", "X"),
    "no such option": ("analyze", "--X"),
    "no such command": ("X",),
    "filter": ("analyze", "a.pcap", "--filter", "X"),
    "where": ("analyze", "a.pcap", "--where", "X"),
    "select": ("analyze", "a.pcap", "--select", "X"),
    "profile": ("analyze", "a.pcap", "--profile", "X"),
    "set": ("analyze", "a.pcap", "--set", "X"),
    "set value": ("analyze", "a.pcap", "--set", "close_wait_warn=X"),
    "format": ("analyze", "a.pcap", "--format", "X"),
    "names": ("analyze", "a.pcap", "--names", "X"),
    "at": ("ss", "a.pcap", "--at", "X"),
    "filter of ss": ("ss", "a.pcap", "state", "X"),
    "connection": ("show", "a.pcap", "--connection", "X"),
    "finding": ("show", "a.pcap", "--finding", "X"),
    "code": ("explain", "X"),
    "config": ("check", "a.pcap", "--config", "X"),
    "baseline": ("check", "a.pcap", "--baseline", "X"),
    "max": ("check", "a.pcap", "--max", "X=1"),
    "fail-on": ("check", "a.pcap", "--fail-on", "X"),
    "output": ("analyze", "a.pcap", "-o", "none/X"),
    "interface": ("analyze", "--interface", "X"),
    "metrics": ("live", "-i", "lo", "--metrics", "X"),
    "command": ("live", "-i", "lo", "--on-finding", "X"),
    "log": ("live", "-i", "lo", "--syslog=/X"),
    "follow": ("live", "--follow", "X"),
}


@pytest.mark.parametrize("name", WRONG)
def test_message_is_one_harmless_line(name: str, tmp_path: Path) -> None:
    (tmp_path / "a.pcap").write_bytes(hostile_capture())
    words = [word.replace("X", os.fsdecode(HOSTILE_NAME)) for word in WRONG[name]]
    done = run_here(words, folder=tmp_path)
    assert done.returncode in (2, 4)
    assert done.stdout == b""
    assert done.stderr.count(b"\n") == 1
    assert_harmless(done.stderr)


def test_what_is_no_capture_is_told_in_one_harmless_line(hostile: Path) -> None:
    path = hostile.with_name("text" + hostile.name)
    path.write_bytes(HOSTILE_NAME * 9)
    for command in ("analyze", "check", "show", "ss"):
        done = run_here([command, path])
        assert done.returncode == 2
        assert_harmless(done.stdout + done.stderr)
        assert done.stderr.count(b"\n") == 1


def test_configuration_of_others_does_no_harm(hostile: Path, tmp_path: Path) -> None:
    name = json.dumps(HOSTILE)
    configuration = tmp_path / "tcpflow.toml"
    configuration.write_text(
        f'[tool.tcpflow]\nignore = [{{ code = "CL006", reason = {name} }}]\n'
        f"[[tool.tcpflow.expect]]\nname = {name}\nforbid = ['HS004']\nmax_connections = 0\n"
    )
    common: Words = ["check", "--config", configuration, hostile]
    assert_harmless(output(common, 1))
    for form, read in (
        ("junit", read_xml),
        ("sarif", read_sarif),
        ("github", read_workflow_commands),
        ("gitlab", read_list),
        ("json", read_check),
    ):
        read(output([*common, "--format", form], 1))


def test_mistake_in_a_configuration_of_others_is_one_harmless_line(tmp_path: Path) -> None:
    (tmp_path / "a.pcap").write_bytes(hostile_capture())
    name = json.dumps(HOSTILE)
    for text in (
        f"[tool.tcpflow]\n{name} = 1\n",
        f"[tool.tcpflow]\nfail_on = {name}\n",
        f"[tool.tcpflow]\nwhere = {name}\n",
        f"[tool.tcpflow.profiles]\n{name} = 'linux'\n",
        f"[tool.tcpflow.parameters]\n{name} = 1\n",
        HOSTILE,
    ):
        (tmp_path / "tcpflow.toml").write_text(text)
        done = run_here(["check", "--config", "tcpflow.toml", "a.pcap"], folder=tmp_path)
        assert done.returncode == 2
        assert done.stderr.count(b"\n") == 1
        assert_harmless(done.stderr)


def test_baseline_of_others_does_no_harm(hostile: Path, tmp_path: Path) -> None:
    baseline = tmp_path / "baseline.json"
    common: Words = ["check", "--no-config", hostile]
    output([*common, "--write-baseline", baseline])
    text = baseline.read_text()
    for name in ("code", "service", "text"):
        assert f'"{name}": "' in text
        name_of = re.compile(f'("{name}": )"[^"]*"')
        changed = name_of.sub(lambda found: found[1] + json.dumps(HOSTILE), text)
        # Nothing matches these, so that they are told.
        baseline.write_text(re.sub('("fingerprint": ").{4}', r"\g<1>0000", changed))
        done = run_here([*common, "--baseline", baseline])
        assert done.returncode in (1, 2)
        assert_harmless(done.stdout + done.stderr)
        assert b"\\x1b" in done.stdout + done.stderr


HOSTILE_FINDING = make_finding(template="{who} did it", values={"who": HOSTILE}, subject=HOSTILE)


def test_line_of_the_system_log_is_harmless(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as log:
        log.bind(str(tmp_path / "log"))
        log.settimeout(20)
        channel = SyslogChannel(str(tmp_path / "log"))
        channel.deliver(Alert(HOSTILE_FINDING, 1, 0))
        assert_harmless(log.recv(65_536))
        channel.close()


def test_command_gets_what_captures_hold_on_its_standard_input_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LC_ALL", "C")
    script = tmp_path / "script"
    script.write_text('#!/bin/sh\nset >"$0.set"\necho "$#" "$@" >"$0.words"\ncat >"$0.input"\n')
    script.chmod(0o700)
    channel = CommandChannel(f"{script} '$(touch {tmp_path}/gone)' ';' '{{}}' '`id`'")
    channel.deliver(Alert(HOSTILE_FINDING, 1, 0))
    words = (tmp_path / "script.words").read_text()
    assert words == f"4 $(touch {tmp_path}/gone) ; {{}} `id`\n"
    assert "alert(1)" not in (tmp_path / "script.set").read_text()
    assert not (tmp_path / "gone").exists()
    line = (tmp_path / "script.input").read_bytes()
    assert line.count(b"\n") == 1
    assert json.loads(line)["values"]["who"] == HOSTILE
    assert_harmless(line)


def test_labels_of_metrics_are_read_back() -> None:
    pytest.importorskip("prometheus_client")
    from prometheus_client import CollectorRegistry, generate_latest  # noqa: PLC0415
    from prometheus_client.core import CounterMetricFamily  # noqa: PLC0415
    from prometheus_client.parser import text_string_to_metric_families  # noqa: PLC0415
    from prometheus_client.registry import Collector  # noqa: PLC0415

    class One(Collector):
        """A metric with a hostile label, as findings of other packages might bring one."""

        def collect(self) -> list[CounterMetricFamily]:
            """Give the only one."""
            family = CounterMetricFamily("tcpflow_findings", "Findings.", labels=["name"])
            family.add_metric([HOSTILE], 1)
            return [family]

    registry = CollectorRegistry()
    registry.register(One())
    (found,) = text_string_to_metric_families(generate_latest(registry).decode())
    assert [sample.labels["name"] for sample in found.samples] == [HOSTILE]


@pytest.mark.slow
def test_view_of_a_live_capture_is_harmless(hostile: Path) -> None:
    with Terminal(["live", "--follow", hostile, "--view"]) as terminal:
        terminal.await_screen(lambda screen: "198.51.100.1" in screen)
        terminal.press("q")
        status, _ = terminal.await_end()
    assert status == 0
    for raw in (b"\x1b]0;", b"\xc2\x9b", b"\xc2\x85", "\u202e".encode(), b"\n::error"):
        assert raw not in terminal.octets
