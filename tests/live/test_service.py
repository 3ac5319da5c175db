"""docs/how-to/run-as-service.md and the files that it offers name only what exists."""

import json
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import click
import pytest
import yaml
from prometheus_client import generate_latest
from prometheus_client.registry import CollectorRegistry

from support.places import ROOT
from tcpflow_analyzer.cli.live_metrics import LiveMetrics
from tcpflow_analyzer.cli.main import tcpflow
from tcpflow_analyzer.observer.standing import Standing
from tcpflow_analyzer.observer.timing import Timing
from tcpflow_analyzer.report.live_events import Moment
from tcpflow_analyzer.settings import Settings

FOLDER = ROOT / "docs" / "how-to"
PAGE = (FOLDER / "run-as-service.md").read_text()
UNIT = FOLDER / "tcpflow@.service"


def blocks(language: str) -> list[str]:
    """The fenced blocks of a language, continued lines joined."""
    found = re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    return [block.replace("\\\n", " ") for block in found]


def exposed_names() -> set[str]:
    """Names of all metrics, as a server of Prometheus sees them."""
    metrics = LiveMetrics({"sent": 1})
    standing = Standing(set(), Timing(Settings()))
    metrics.ticked(Moment(1, 1, 1, 1, 1, 0, {}, {}, {}, standing))
    registry = CollectorRegistry(auto_describe=False)
    registry.register(metrics)
    return set(re.findall(r"^# TYPE (\S+) ", generate_latest(registry).decode(), re.MULTILINE))


def words_after(command: str) -> list[list[str]]:
    """The arguments of each call of tcpflow in a line of shell, or of a unit."""
    words = shlex.split(command)
    starts = [at for at, word in enumerate(words) if word.rpartition("/")[2] == "tcpflow"]
    return [words[at + 1 :] for at in starts if words[at + 1 : at + 2] == ["live"]]


def commands() -> list[list[str]]:
    """All calls of `tcpflow live` that are shown."""
    lines = [line for block in blocks("sh") for line in block.splitlines()]
    unit = UNIT.read_text().replace("\\\n", " ").replace("%i", "eth0")
    lines += [line.partition("=")[2] for line in unit.splitlines() if line.startswith("ExecStart=")]
    found = [words for line in lines for words in words_after(line)]
    container = next(each for each in blocks("yaml") if "image:" in each)
    return [*found, list(yaml.safe_load(container)[0]["args"])]


def test_commands_that_are_shown_are_understood() -> None:
    shown = commands()
    assert len(shown) >= 7
    with click.Context(tcpflow) as context:
        live = tcpflow.get_command(context, "live")
    assert live is not None
    for words in shown:
        made = live.make_context("live", words[1:], resilient_parsing=False)
        assert made.params["interfaces"] == ("eth0",)


def test_metrics_of_the_page_are_those_that_are_served() -> None:
    named = set(re.findall(r"\btcpflow_[a-z_]+", PAGE))
    assert named == exposed_names() - {"tcpflow_build_info"}


def test_yaml_of_the_page_can_be_read() -> None:
    documents = [yaml.safe_load(block) for block in blocks("yaml")]
    assert len(documents) == 3
    (group,) = documents[1]["groups"]
    assert all({"alert", "expr"} <= set(rule) for rule in group["rules"])


def test_files_that_are_offered_are_there() -> None:
    offered = set(re.findall(r"\{download\}`([^`]+)`", PAGE))
    assert offered == {"tcpflow@.service", "tcpflow.logrotate", "grafana-dashboard.json"}
    assert all((FOLDER / name).is_file() for name in offered)
    json.loads((FOLDER / "grafana-dashboard.json").read_text())


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed")
def test_systemd_accepts_the_unit(tmp_path: Path) -> None:
    unit = tmp_path / "tcpflow@.service"
    unit.write_text(UNIT.read_text().replace("/usr/local/lib/tcpflow/bin/tcpflow", "/bin/true"))
    done = subprocess.run(
        ["systemd-analyze", "verify", unit], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
