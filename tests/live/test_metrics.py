"""`tcpflow live --metrics`: what a Prometheus server reads, and the dashboard that shows it."""

import json
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest
from prometheus_client import generate_latest
from prometheus_client.metrics_core import Metric
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.registry import CollectorRegistry

from support.places import ROOT
from support.program import program_command, run_program
from support.report_samples import make_finding
from support.watched import line_of, resets, start_following
from tcpflow_analyzer.cli.live_metrics import MOST_LISTENERS, LiveMetrics, MetricsServer
from tcpflow_analyzer.cli.option_types import HostPort
from tcpflow_analyzer.errors import UsageError
from tcpflow_analyzer.observer.standing import ListenerStanding, Standing
from tcpflow_analyzer.observer.timing import Timing
from tcpflow_analyzer.pipeline import selected_rules
from tcpflow_analyzer.report.event_report import Change
from tcpflow_analyzer.report.live_events import Moment
from tcpflow_analyzer.report.sink import Start
from tcpflow_analyzer.settings import Settings
from tcpflow_analyzer.tcp.states import CLOSE_WAIT

DASHBOARD = ROOT / "docs" / "how-to" / "grafana-dashboard.json"


def moment(standing: Standing | None = None, drops: int | None = None) -> Moment:
    """How things may stand."""
    return Moment(
        time_ns=1_000_000_000,
        frames=70,
        tcp_segments=60,
        octets=5000,
        connections=9,
        drops=drops,
        left_out={"connections": 3},
        codes={},
        outcomes={"completed": 7},
        standing=standing or Standing(set(), Timing(Settings())),
    )


def families(metrics: LiveMetrics) -> dict[str, Metric]:
    """What is exposed, parsed as Prometheus does."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(metrics)
    text = generate_latest(registry).decode()
    return {family.name: family for family in text_string_to_metric_families(text)}


def value(metric: Metric, **labels: str) -> float:
    """The value of the series with exactly these labels."""
    (sample,) = [sample for sample in metric.samples if sample.labels == labels]
    return float(sample.value)


def test_before_the_first_second_only_the_build_is_told() -> None:
    assert list(families(LiveMetrics())) == ["tcpflow_build_info"]


def test_counts_of_the_capture() -> None:
    metrics = LiveMetrics({"sent": 4, "limited": 2})
    metrics.ticked(moment())
    found = families(metrics)
    assert value(found["tcpflow_frames"]) == 70
    assert value(found["tcpflow_segments"]) == 60
    assert value(found["tcpflow_captured_bytes"]) == 5000
    assert value(found["tcpflow_connections_opened"]) == 9
    assert value(found["tcpflow_handshakes"], outcome="completed") == 7
    assert value(found["tcpflow_left_out"], what="connections") == 3
    assert value(found["tcpflow_alerts"], result="limited") == 2
    assert value(found["tcpflow_lag_seconds"]) > 1e9
    assert "tcpflow_dropped_frames" not in found  # nobody tells


def test_drops_are_told_once_they_are_known() -> None:
    metrics = LiveMetrics()
    metrics.ticked(moment(drops=0))
    assert value(families(metrics)["tcpflow_dropped_frames"]) == 0


def test_ends_by_state_leave_out_those_that_are_closed() -> None:
    standing = Standing(set(), Timing(Settings()))
    standing.responders[CLOSE_WAIT] = 5
    standing.here[CLOSE_WAIT] = 4
    metrics = LiveMetrics()
    metrics.ticked(moment(standing))
    found = families(metrics)
    ends = found["tcpflow_endpoints"]
    assert value(ends, endpoint="responder", state="CLOSE-WAIT") == 5
    assert value(ends, endpoint="originator", state="CLOSE-WAIT") == 0
    assert value(found["tcpflow_local_endpoints"], state="CLOSE-WAIT") == 4
    assert not [each for each in ends.samples if each.labels["state"] == "CLOSED"]


def test_listeners_are_bounded_and_those_of_one_name_are_one_series() -> None:
    standing = Standing(set(), Timing(Settings()))
    for number in range(MOST_LISTENERS + 20):
        key = bytes([192, 0, 2, 1]) + number.to_bytes(2, "big")
        standing.listeners[number] = listener = ListenerStanding(key, 4)
        listener.close_wait = number
        standing.listeners[-1 - number] = other = ListenerStanding(key + b"a tunnel", 4)
        other.close_wait = 1
    metrics = LiveMetrics()
    metrics.ticked(moment(standing))
    samples = families(metrics)["tcpflow_listener_endpoints"]
    assert len(samples.samples) == 4 * MOST_LISTENERS
    last = f"192.0.2.1:{MOST_LISTENERS + 19}"
    assert value(samples, listener=last, state="CLOSE-WAIT") == MOST_LISTENERS + 20
    assert "192.0.2.1:1" not in [each.labels["listener"] for each in samples.samples]


def test_each_finding_counts_once_and_facts_not_at_all() -> None:
    metrics = LiveMetrics()
    rules = selected_rules(Settings())
    metrics.begun(Start([], Settings(), rules, lambda _: (None, None), lambda _: None))
    finding = make_finding("CL005")
    metrics.decided(Change(1, False, finding))
    metrics.decided(Change(2, False, make_finding("CL005", severity="error"), "warning"))
    metrics.decided(Change(3, True, finding, "error"))
    metrics.decided(Change(1, False, make_finding("LC001", severity="info")))
    metrics.ticked(moment())
    found = families(metrics)
    labels = {"code": "CL005", "name": "close-wait-stuck", "severity": "warning"}
    assert value(found["tcpflow_findings"], **labels) == 1
    assert len(found["tcpflow_findings"].samples) == 1
    assert value(found["tcpflow_findings_withdrawn"], **labels) == 1


def test_names_are_as_prometheus_advises() -> None:
    metrics = LiveMetrics()
    metrics.ticked(moment(drops=1))
    for name, family in families(metrics).items():
        assert re.fullmatch(r"tcpflow_[a-z_]+[a-z]", name)
        assert family.documentation.endswith(".")
        assert not name.endswith(("_ms", "_ns", "_octets", "_count", "_kb"))


def test_server_serves_what_stands_and_ends() -> None:
    metrics = LiveMetrics()
    with MetricsServer(metrics, HostPort("127.0.0.1", 0)) as server:
        server.start()
        metrics.ticked(moment())
        with urllib.request.urlopen(f"http://{server.address}/metrics", timeout=30) as answer:
            assert answer.headers["Content-Type"].startswith("text/plain")
            text = answer.read().decode()
        assert "tcpflow_frames_total 70.0" in text
        assert "process_resident_memory_bytes" in text
        with pytest.raises(
            UsageError, match=r"^--metrics 127\.0\.0\.1:\d+: Address already in use"
        ):
            MetricsServer(metrics, server.address)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(server.address, 5)


def test_live_run_serves_metrics_until_it_ends(tmp_path: Path) -> None:
    arguments = ["--metrics", "0", "-o", str(tmp_path / "events")]
    program = start_following(tmp_path, resets(3), arguments)
    said = line_of(program.stderr)
    assert said.startswith("tcpflow: note: metrics at http://127.0.0.1:")
    url = said.removeprefix("tcpflow: note: metrics at ")
    for _ in range(600):
        with urllib.request.urlopen(url, timeout=30) as answer:  # noqa: S310 -- http, as asserted
            text = answer.read().decode()
        if "tcpflow_connections_opened_total 3.0" in text and 'code="RS' in text:
            break
        time.sleep(0.1)
    found = {family.name: family for family in text_string_to_metric_families(text)}
    assert value(found["tcpflow_connections_opened"]) == 3
    assert sum(sample.value for sample in found["tcpflow_findings"].samples) >= 3
    program.send_signal(signal.SIGTERM)
    assert program.communicate(timeout=60) == (b"", b"")
    assert program.returncode == 0


@pytest.mark.parametrize("text", ["x", "1.2.3.4", "1:2:3", "127.0.0.1:99999", ":", "host:"])
def test_wrong_address_is_refused(text: str) -> None:
    done = run_program(["live", "--follow", "x", "--metrics", text])
    assert done.returncode == 2
    assert "is no address and port such as 127.0.0.1:9464" in done.stderr.decode()


def test_without_the_library_one_line_says_what_to_install(tmp_path: Path) -> None:
    (tmp_path / "prometheus_client.py").write_text(
        "raise ModuleNotFoundError('no', name='prometheus_client')"
    )
    code = (
        f"import sys; sys.path.insert(0, {str(tmp_path)!r});"
        "from tcpflow_analyzer.cli.live_watching import Watching, WatchChoice;"
        "from tcpflow_analyzer.cli.option_types import HostPort;"
        "Watching(WatchChoice(HostPort('127.0.0.1', 0), None, None, 'info', 1), True, False)"
    )
    done = subprocess.run(
        [sys.executable, "-P", "-c", code],
        env=program_command([])[1], capture_output=True, check=False,
    )  # fmt: skip
    assert b"UsageError: --metrics needs prometheus_client: pip install" in done.stderr


def test_dashboard_asks_only_for_metrics_that_exist() -> None:
    metrics = LiveMetrics({"sent": 0})
    metrics.ticked(moment(drops=0))
    registry = CollectorRegistry(auto_describe=False)
    registry.register(metrics)
    exposed = generate_latest(registry).decode()
    names = set(re.findall(r"^# TYPE (\S+) ", exposed, re.MULTILINE))
    dashboard = json.loads(DASHBOARD.read_text())
    asked = {
        name
        for panel in dashboard["panels"]
        for target in panel.get("targets", [])
        for name in re.findall(r"\b(?:tcpflow|process)_[a-z_]+", target["expr"])
    }
    assert len(asked) >= 10
    assert {name for name in asked if not name.startswith("process_")} <= names
    identifiers = [panel["id"] for panel in dashboard["panels"]]
    assert len(set(identifiers)) == len(identifiers)
