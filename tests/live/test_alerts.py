"""Alerts of `tcpflow live`: whom they reach, how many, and that they hold nothing up."""

import json
import signal
import socket
import threading
import time
from pathlib import Path

import pytest

from support.network import Network, abort, installed_engines
from support.program import await_true, run_program, start_program
from support.report_samples import make_finding
from support.watched import resets, start_following
from tcpflow_analyzer.cli import live_alert_channels, live_alerts
from tcpflow_analyzer.cli.live_alert_channels import CommandChannel, SyslogChannel
from tcpflow_analyzer.cli.live_alerts import Alert, Alerts, DeliveryError, Limit
from tcpflow_analyzer.errors import UsageError
from tcpflow_analyzer.findings.finding import Finding
from tcpflow_analyzer.report.event_report import Change


class Kept:
    """A channel that keeps what it gets; it waits at a gate that a test may close."""

    name = "kept"

    def __init__(self) -> None:
        """Be open."""
        self.gate = threading.Event()
        self.gate.set()
        self.alerts: list[Alert] = []

    def deliver(self, alert: Alert) -> None:
        """Keep it, once the gate is open."""
        self.gate.wait()
        self.alerts.append(alert)

    def abandon(self) -> None:
        """Open the gate."""
        self.gate.set()

    def close(self) -> None:
        """Do nothing."""


class Clock:
    """A clock that a test sets."""

    now = 0.0

    def __call__(self) -> float:
        """Seconds."""
        return self.now


def new(finding: Finding) -> Change:
    return Change(1, False, finding)


def test_limit_lets_a_burst_through_and_then_so_many_a_minute() -> None:
    clock = Clock()
    limit = Limit(30, clock)
    assert [limit.take() for _ in range(12)] == [True] * 10 + [False] * 2
    clock.now = 2
    assert [limit.take() for _ in range(2)] == [True, False]
    clock.now = 3600
    assert sum(limit.take() for _ in range(100)) == 10


def test_only_what_is_new_or_worse_and_severe_enough_is_an_alert() -> None:
    kept = Kept()
    alerts = Alerts([kept], 60, "warning")
    worse = make_finding(severity="error")
    for change in (
        new(make_finding()),
        Change(2, False, make_finding(after_ns=9), "warning"),  # as bad as before
        Change(3, False, worse, "warning"),
        Change(4, True, worse, "error"),  # withdrawn
        new(make_finding("TW001", severity="info")),
    ):
        alerts.decided(change)
    assert alerts.close() == []
    assert [(a.finding.severity, a.revision) for a in kept.alerts] == [("warning", 1), ("error", 3)]
    assert alerts.counts == {"sent": 2, "failed": 0, "limited": 0, "dropped": 0}


def test_one_code_does_not_take_the_turn_of_another_and_says_what_was_left_out() -> None:
    kept, clock = Kept(), Clock()
    alerts = Alerts([kept], 5, "warning", clock)
    for number in range(20):
        alerts.decided(new(make_finding(connection=number + 1)))
    alerts.decided(new(make_finding("RS001")))
    clock.now = 60
    alerts.decided(new(make_finding()))
    alerts.close()
    assert [alert.finding.code for alert in kept.alerts] == ["CL005"] * 5 + ["RS001", "CL005"]
    assert kept.alerts[-1].left_out == 15
    assert alerts.counts["limited"] == 15


def test_stuck_channel_holds_nothing_up_and_loses_only_what_does_not_fit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(live_alerts, "LAST_SECONDS", 0.2)
    monkeypatch.setattr(live_alerts, "MOST_WAITING", 20)
    monkeypatch.setattr(live_alerts, "BURST", 1000)
    stuck, other = Kept(), Kept()
    stuck.gate.clear()
    alerts = Alerts([stuck, other], 1000, "info")
    began = time.monotonic()
    for number in range(100):
        alerts.decided(new(make_finding(connection=number + 1)))
        if number % 10 == 0:
            so_far = number + 1
            await_true(lambda: len(other.alerts) == so_far, "the other one keeps up")  # noqa: B023
    assert time.monotonic() - began < 30
    (problem,) = alerts.close()
    assert len(other.alerts) == 100
    assert len(stuck.alerts) == 1  # what it was stuck with
    assert alerts.counts == {"sent": 101, "failed": 0, "limited": 0, "dropped": 99}
    assert problem.startswith("alerts: 101 sent, 0 failed, 99 dropped as those before them")


def test_command_gets_the_finding_as_json(tmp_path: Path) -> None:
    CommandChannel(f"tee '{tmp_path}/a b'").deliver(Alert(make_finding(), 2, 7))
    alert = json.loads((tmp_path / "a b").read_text())
    assert (alert["kind"], alert["code"], alert["id"]) == (
        "finding", "CL005", "1:CL005:responder:4",
    )  # fmt: skip
    assert (alert["revision"], alert["withdrawn"], alert["left_out"]) == (2, False, 7)


@pytest.mark.parametrize(
    ("command", "complaint"),
    [
        ("false", "false: exit status 1"),
        ("sh -c 'kill -9 $$'", "sh: killed by signal 9"),
        ("sh -c 'sleep 100 & sleep 100'", "sh took longer than 0 s and was killed"),
    ],
)
def test_command_that_fails_says_how(
    command: str, complaint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if "sleep" in command:
        monkeypatch.setattr(live_alert_channels, "COMMAND_SECONDS", 0.2)
    with pytest.raises(DeliveryError, match=complaint):
        CommandChannel(command).deliver(Alert(make_finding(), 1, 0))


def test_command_need_not_read() -> None:
    CommandChannel("true").deliver(Alert(make_finding(template="x" * 500_000), 1, 0))


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--on-finding", "/no/such/command -x"], "no such command: '/no/such/command'"),
        (["--on-finding", "'x"], '--on-finding "\'x": no closing quotation'),
        (["--on-finding", " "], "--on-finding: the command is empty"),
        (["--syslog=/no/such/log"], "--syslog: /no/such/log: No such file or directory"),
        (["--syslog=a:b:c"], "is no address and port"),
        (["--alert-rate", "0"], "0 is not in the range x>=1"),
    ],
)
def test_what_cannot_be_is_refused_at_once(arguments: list[str], complaint: str) -> None:
    done = run_program(["live", "--follow", "x", *arguments])
    assert (done.returncode, done.stdout) == (2, b"")
    assert complaint in done.stderr.decode()
    assert "Traceback" not in done.stderr.decode()


@pytest.fixture
def log() -> "socket.socket":
    """A log that takes UDP."""
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    made.bind(("127.0.0.1", 0))
    made.settimeout(30)
    return made


def test_syslog_gets_a_line_with_the_severity(log: socket.socket) -> None:
    with log:
        channel = SyslogChannel(f"127.0.0.1:{log.getsockname()[1]}")
        finding = make_finding(severity="error", template="bad\n\x1b[2J {fin_frame}")
        channel.deliver(Alert(finding, 1, 3))
        line = log.recv(5000).decode()
        channel.close()
    # 3 * 8 (daemon) + 3 (error)
    assert line.startswith("<27>tcpflow[")
    assert line.endswith(
        "]: error CL005 close-wait-stuck connection 1: bad \\x1b[2J 4 (3 more were left out before)"
    )


def test_syslog_that_goes_away_is_a_failure_and_comes_back(tmp_path: Path) -> None:
    path = tmp_path / "log"

    def listen() -> socket.socket:
        made = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        made.bind(str(path))
        return made

    with listen() as first:
        channel = SyslogChannel(str(path))
        channel.deliver(Alert(make_finding(severity="info"), 1, 0))
        assert first.recv(5000).startswith(b"<30>tcpflow[")
    path.unlink()
    with pytest.raises(DeliveryError, match="No such file or directory"):
        channel.deliver(Alert(make_finding(), 1, 0))
    with listen() as second:
        channel.deliver(Alert(make_finding(), 1, 0))
        assert second.recv(5000).startswith(b"<28>tcpflow[")
    channel.close()


def test_syslog_of_a_host_that_does_not_exist_is_refused() -> None:
    with pytest.raises(UsageError, match=r"^--syslog: host\.invalid: "):
        SyslogChannel("host.invalid")


def test_live_run_alerts_a_command_and_a_log(tmp_path: Path, log: socket.socket) -> None:
    script = tmp_path / "alert.sh"
    script.write_text(f'#!/bin/sh\ncat >>"{tmp_path}/got"\n')
    script.chmod(0o755)
    port = log.getsockname()[1]
    with log:
        arguments = ["--quiet", "--on-finding", str(script), f"--syslog=127.0.0.1:{port}"]
        program = start_following(tmp_path, resets(3), [*arguments, "--alert-severity", "info"])
        lines = [log.recv(5000).decode() for _ in range(3)]
        program.send_signal(signal.SIGTERM)
        output, messages = program.communicate(timeout=60)
    assert (program.returncode, messages) == (0, b"")
    assert all(" RS0" in line for line in lines)
    alerts = [json.loads(line) for line in (tmp_path / "got").read_text().splitlines()]
    assert [alert["connection"] for alert in alerts] == [1, 2, 3]
    assert output.decode().count(" RS0") == 3


@pytest.mark.parametrize("engine", installed_engines(["af-packet"]))
def test_command_has_no_capabilities_where_the_capture_needs_them_no_more(
    hosts: Network, engine: str, tmp_path: Path
) -> None:
    got = tmp_path / "status"
    script = tmp_path / "alert.sh"
    script.write_text(f"#!/bin/sh\ncat /proc/self/status >'{got}.part'; mv '{got}.part' '{got}'\n")
    script.chmod(0o755)
    arguments = ["live", "-i", "eth0", "--engine", engine, "--on-finding", str(script)]
    program = start_program([*arguments, "--alert-severity", "info"], prefix=hosts.a.prefix)
    hosts.a.await_capture()
    with hosts.b.listen() as listener:
        client, server = hosts.connect(listener)
        abort(client)
        server.close()
        await_true(got.exists, "the command ran")
    program.send_signal(signal.SIGTERM)
    _, messages = program.communicate(timeout=60)
    assert (program.returncode, messages) == (0, b"")
    status = dict(line.split(":\t", 1) for line in got.read_text().splitlines() if ":\t" in line)
    assert [int(status[name], 16) for name in ("CapEff", "CapPrm")] == [0, 0]
    assert status["NoNewPrivs"] == "1"


@pytest.mark.slow
def test_live_run_with_a_stuck_command_ends_in_time_and_says_what_was_lost(tmp_path: Path) -> None:
    arguments = ["--on-finding", "sleep 1000", "--alert-severity", "info"]
    program = start_following(tmp_path, resets(5), arguments)
    assert program.stdout is not None
    told = [program.stdout.readline() for _ in range(5)]  # nothing waits for the command
    assert all(b" RS0" in line for line in told)
    began = time.monotonic()
    program.send_signal(signal.SIGTERM)
    _, messages = program.communicate(timeout=30)
    assert time.monotonic() - began < 15
    assert program.returncode == 0
    said = messages.decode().splitlines()
    assert said[-1].startswith("tcpflow: warning: alerts: 0 sent, ")
    assert "Traceback" not in messages.decode()
