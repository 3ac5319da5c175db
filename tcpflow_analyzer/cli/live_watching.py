"""The options of `tcpflow live` that tell others: metrics, alerts, the system's log."""

import functools
from collections.abc import Callable
from contextlib import ExitStack
from types import TracebackType
from typing import TYPE_CHECKING, Any, NamedTuple, Self

import click

from tcpflow_analyzer.cli.messages import say
from tcpflow_analyzer.cli.option_types import HostPort, host_port
from tcpflow_analyzer.errors import UsageError

if TYPE_CHECKING:
    from tcpflow_analyzer.cli.live_alerts import Alerts, Channel
    from tcpflow_analyzer.cli.live_metrics import MetricsServer
    from tcpflow_analyzer.findings.finding import Severity
    from tcpflow_analyzer.report.live_events import Watcher

OPTIONS = (
    click.option(
        "--metrics",
        type=host_port,
        metavar="[HOST:]PORT",
        help="Serve Prometheus metrics there; without a host on 127.0.0.1 only.",
    ),
    click.option(
        "--on-finding",
        metavar="COMMAND",
        help="Start this command for each alert, the finding as JSON on its standard input;"
        " no shell is started.",
    ),
    click.option(
        "--syslog",
        is_flag=False,
        flag_value="",
        metavar="[HOST[:PORT]]",
        help="Write each alert into the system's log, or send it by UDP; as --syslog=HOST.",
    ),
    click.option(
        "--alert-severity",
        type=click.Choice(["info", "warning", "error"]),
        default="warning",
        show_default=True,
        help="Findings at least this severe are alerts.",
    ),
    click.option(
        "--alert-rate",
        type=click.IntRange(min=1),
        default=10,
        metavar="N",
        show_default=True,
        help="At most so many alerts of one code a minute; the rest is counted.",
    ),
)


class WatchChoice(NamedTuple):
    """The values of these options, under the names that click gives them."""

    metrics: HostPort | None
    on_finding: str | None
    syslog: str | None
    alert_severity: "Severity"
    alert_rate: int


def watch_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options to a command, which gets them together as `watch`, a WatchChoice."""

    @functools.wraps(command)
    def with_watch(**values: Any) -> Any:  # noqa: ANN401 -- click's values
        watch = WatchChoice(*(values.pop(name) for name in WatchChoice._fields))
        return command(watch=watch, **values)

    decorated: Callable[..., Any] = with_watch
    for option in reversed(OPTIONS):
        decorated = option(decorated)
    return decorated


class Watching:
    """What the options ask for, from the start of the capture to its end.

    Attributes:
        watchers: to be told what happens.
    """

    def __init__(self, choice: WatchChoice, quiet: bool, ns_as_strings: bool) -> None:
        """Make what is asked for.

        Raises:
            UsageError: it cannot be: the port is taken, there is no such command or log, or the
                library for metrics is missing.
        """
        self.watchers: list[Watcher] = []
        self._quiet = quiet
        self._stack = ExitStack()
        self._alerts: Alerts | None = None
        self._server: MetricsServer | None = None
        channels = _channels(choice, ns_as_strings)
        if channels:
            from tcpflow_analyzer.cli import live_alerts  # noqa: PLC0415  few ask for it

            self._alerts = live_alerts.Alerts(channels, choice.alert_rate, choice.alert_severity)
            self.watchers.append(self._alerts)
        if choice.metrics is not None:
            self._serve(choice.metrics)

    def _serve(self, at: HostPort) -> None:
        try:
            from tcpflow_analyzer.cli import live_metrics  # noqa: PLC0415  few ask for it
        except ModuleNotFoundError as error:
            if error.name is None or not error.name.startswith("prometheus_client"):
                raise
            raise UsageError(
                "--metrics needs prometheus_client: pip install 'tcpflow-analyzer[metrics]'"
            ) from error
        metrics = live_metrics.LiveMetrics({} if self._alerts is None else self._alerts.counts)
        self._server = self._stack.enter_context(live_metrics.MetricsServer(metrics, at))
        self.watchers.append(metrics)
        if not self._quiet:
            say("note", f"metrics at http://{self._server.address}/metrics")

    def look(self) -> None:
        """Say what went wrong since the last look; called several times a second of the capture."""
        if self._server is not None:
            self._server.start()
        if self._alerts is not None:
            self._say(self._alerts.take_problems())

    def __enter__(self) -> Self:
        """Use it in a `with` statement."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Deliver the last alerts, and serve no more."""
        if self._alerts is not None:
            self._say(self._alerts.close())
        self._stack.close()

    def _say(self, problems: list[str]) -> None:
        for problem in problems:
            say("warning", problem)


def _channels(choice: WatchChoice, ns_as_strings: bool) -> "list[Channel]":
    channels: list[Channel] = []
    if choice.on_finding is None and choice.syslog is None:
        return channels
    from tcpflow_analyzer.cli.live_alert_channels import (  # noqa: PLC0415  few ask for it
        CommandChannel,
        SyslogChannel,
    )

    if choice.on_finding is not None:
        channels.append(CommandChannel(choice.on_finding, ns_as_strings))
    if choice.syslog is not None:
        channels.append(SyslogChannel(choice.syslog))
    return channels
