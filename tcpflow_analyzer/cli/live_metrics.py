"""Metrics of a live capture, served as Prometheus reads them.

Names and units follow https://prometheus.io/docs/practices/naming/: base units, `_total` for what
only grows. Counts are since the start of the program. The thread that reads packets leaves a
snapshot once a second; the threads of the server only read it.
"""

import socket
import socketserver
import threading
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType, TracebackType
from typing import TYPE_CHECKING, Final, NamedTuple, Self
from wsgiref.simple_server import WSGIRequestHandler, make_server

from prometheus_client import CollectorRegistry, ProcessCollector, make_wsgi_app
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily
from prometheus_client.exposition import ThreadingWSGIServer
from prometheus_client.registry import Collector

from tcpflow_analyzer.cli.option_types import HostPort
from tcpflow_analyzer.compiled import is_compiled
from tcpflow_analyzer.errors import UsageError
from tcpflow_analyzer.observer.standing import ListenerStanding
from tcpflow_analyzer.report.event_report import Change
from tcpflow_analyzer.report.live_events import Moment, Watcher
from tcpflow_analyzer.report.sink import Start
from tcpflow_analyzer.table.socket_pair import socket_text
from tcpflow_analyzer.tcp.states import CLOSED, STATE_NAMES
from tcpflow_analyzer.version import __version__

if TYPE_CHECKING:
    from prometheus_client.metrics_core import Metric

MOST_LISTENERS: Final = 50  # those that hold most; each is a series for each of four states
POLL_SECONDS: Final = 0.1  # how soon the server hears that it shall end
CLIENT_SECONDS: Final = 10.0  # a client that says nothing for so long is let go
LISTENER_STATES: Final = ("SYN-RECEIVED", "ESTABLISHED", "CLOSE-WAIT", "TIME-WAIT")
NOTHING_HELD: Final = (0, 0, 0, 0)
SECOND_NS: Final = 1_000_000_000

Counts = Mapping[str, int]
Raised = tuple[str, str, str]  # code, name, severity


class Snapshot(NamedTuple):
    """What is served until the next one.

    Attributes:
        moment: how things stand.
        lag_s: seconds between the last of the capture that was taken, and now; None before that.
        raised, withdrawn: findings.
        alerts: by what became of them.
    """

    moment: Moment
    lag_s: float | None
    raised: Mapping[Raised, int]
    withdrawn: Mapping[Raised, int]
    alerts: Counts


class LiveMetrics(Watcher, Collector):
    """Takes what happens, and gives it as families of metrics."""

    def __init__(self, alerts: Mapping[str, int] = MappingProxyType({})) -> None:
        """Have nothing to serve yet.

        Args:
            alerts: what became of alerts, by a word each; changed by others, copied here.
        """
        self._alerts = alerts
        self._facts: frozenset[str] = frozenset()
        self._raised: Counter[Raised] = Counter()
        self._withdrawn: Counter[Raised] = Counter()
        self._snapshot: Snapshot | None = None

    def begun(self, start: Start) -> None:
        """Take note of the facts: whether each is told depends on the output, so none counts."""
        self._facts = frozenset(
            code for code, rule in start.rules.items() if rule.facts and not rule.awake
        )

    def decided(self, change: Change) -> None:
        """Count a finding once, and once more if it is withdrawn."""
        finding = change.finding
        if finding.code in self._facts:
            return
        what = finding.code, finding.name, finding.severity
        if change.withdrawn:
            self._withdrawn[what] += 1
        elif change.revision == 1:
            self._raised[what] += 1

    def ticked(self, moment: Moment) -> None:
        """Leave a snapshot for the server."""
        lag_s = None
        if moment.time_ns:
            lag_s = max(time.time_ns() - moment.time_ns, 0) / SECOND_NS
        self._snapshot = Snapshot(
            moment, lag_s, dict(self._raised), dict(self._withdrawn), dict(self._alerts)
        )

    def collect(self) -> "Iterator[Metric]":
        """Give the families of the last snapshot; called by threads of the server."""
        yield InfoMetricFamily(
            "tcpflow_build",
            "Version of the program, and whether its hot modules are compiled.",
            {"version": __version__, "compiled": str(is_compiled()).lower()},
        )
        snapshot = self._snapshot
        if snapshot is not None:
            yield from _of_capture(snapshot)
            yield from _of_connections(snapshot.moment)
            yield from _of_findings(snapshot)


def _of_capture(snapshot: Snapshot) -> "Iterator[Metric]":
    moment = snapshot.moment
    yield _counter("tcpflow_frames", "Frames captured.", moment.frames)
    yield _counter("tcpflow_segments", "TCP segments among them.", moment.tcp_segments)
    yield _counter("tcpflow_captured_bytes", "Octets captured, as in pcapng.", moment.octets)
    if moment.drops is not None:
        yield _counter(
            "tcpflow_dropped_frames",
            "Frames that the system or the interface lost before they were read.",
            moment.drops,
        )
    if snapshot.lag_s is not None:
        yield GaugeMetricFamily(
            "tcpflow_lag_seconds",
            "How far the analysis is behind the present.",
            value=snapshot.lag_s,
        )
    yield _counters(
        "tcpflow_left_out",
        "What limits of the program dropped, and gaps in the capture.",
        ["what"],
        [((what,), count) for what, count in moment.left_out.items()],
    )
    yield _counters(
        "tcpflow_alerts",
        "Alerts by what became of them.",
        ["result"],
        [((result,), count) for result, count in snapshot.alerts.items()],
    )


def _of_connections(moment: Moment) -> "Iterator[Metric]":
    standing = moment.standing
    yield _counter("tcpflow_connections_opened", "Connections begun.", moment.connections)
    yield GaugeMetricFamily(
        "tcpflow_connections",
        "Connections of which one end at least is not CLOSED.",
        value=int(standing.connections),
    )
    yield _counters(
        "tcpflow_handshakes",
        "Connections that are over, by the outcome of their handshake.",
        ["outcome"],
        [((outcome,), count) for outcome, count in moment.outcomes.items()],
    )
    ends = GaugeMetricFamily(
        "tcpflow_endpoints", "Ends of connections by state.", labels=["endpoint", "state"]
    )
    for name, counts in (
        ("originator", standing.originators),
        ("responder", standing.responders),
    ):
        for state, count in enumerate(counts):
            if state != CLOSED:
                ends.add_metric([name, STATE_NAMES[state]], count)
    yield ends
    here = GaugeMetricFamily(
        "tcpflow_local_endpoints", "Ends on this machine by state.", labels=["state"]
    )
    for state, count in enumerate(standing.here):
        if state != CLOSED:
            here.add_metric([STATE_NAMES[state]], count)
    yield here
    yield _of_listeners(standing.listeners.values())


def _of_listeners(listeners: Iterable[ListenerStanding]) -> "Metric":
    family = GaugeMetricFamily(
        "tcpflow_listener_endpoints",
        f"Ends of the {MOST_LISTENERS} listeners that hold most, by state.",
        labels=["listener", "state"],
    )
    held: dict[str, tuple[int, ...]] = {}
    for each in listeners:  # those of several tunnels or interfaces may have the same name
        name = listener_name(each)
        counts = each.half_open, each.established, each.close_wait, each.time_wait
        held[name] = tuple(map(sum, zip(held.get(name, NOTHING_HELD), counts, strict=True)))
    most = sorted(held.items(), key=lambda item: sum(item[1]), reverse=True)[:MOST_LISTENERS]
    for name, numbers in most:
        for state, number in zip(LISTENER_STATES, numbers, strict=True):
            family.add_metric([name, state], number)
    return family


def listener_name(listener: ListenerStanding) -> str:
    """Address and port of a listener in words."""
    length = listener.address_len
    key = listener.key
    # The key of a socket pair: two addresses, two ports.
    pair = key[:length] + bytes(length) + key[length : length + 2] + bytes(2)
    return socket_text(pair, length, True)


def _of_findings(snapshot: Snapshot) -> "Iterator[Metric]":
    labels = ["code", "name", "severity"]
    yield _counters(
        "tcpflow_findings",
        "Findings raised, each counted once, by the severity that it had then; no plain facts.",
        labels,
        snapshot.raised.items(),
    )
    yield _counters(
        "tcpflow_findings_withdrawn",
        "Findings that turned out not to hold.",
        labels,
        snapshot.withdrawn.items(),
    )


def _counter(name: str, what: str, value: int) -> "Metric":
    return CounterMetricFamily(name, what, value=value)


def _counters(
    name: str, what: str, labels: Sequence[str], counts: Iterable[tuple[Sequence[str], int]]
) -> "Metric":
    family = CounterMetricFamily(name, what, labels=labels)
    for values, count in counts:
        family.add_metric(list(values), count)
    return family


class _Server(ThreadingWSGIServer):
    """A server that asks no name service what its address is called."""

    def server_bind(self) -> None:
        """Bind, and keep the address as the name."""
        socketserver.TCPServer.server_bind(self)
        self.server_name = str(self.server_address[0])
        self.server_port = int(self.server_address[1])
        self.setup_environ()


class _ServerOfIPv6(_Server):
    """The same for IPv6."""

    address_family = socket.AF_INET6


class _Handler(WSGIRequestHandler):
    """A handler that logs nothing and lets go of clients that say nothing."""

    timeout = CLIENT_SECONDS

    def log_message(self, format: str, *args: object) -> None:
        """Log nothing."""


class MetricsServer:
    """An HTTP server with its threads, which end with the program or `close`.

    Attributes:
        address: where it listens; the port is the real one where 0 was asked for.
    """

    def __init__(self, metrics: Collector, at: HostPort) -> None:
        """Listen; `start` answers.

        Raises:
            UsageError: the address cannot be bound.
        """
        registry = CollectorRegistry(auto_describe=False)
        registry.register(metrics)
        ProcessCollector(registry=registry)
        kind = _ServerOfIPv6 if at.is_ipv6 else _Server
        try:
            self._server = make_server(at.host, at.port, make_wsgi_app(registry), kind, _Handler)
        except OSError as error:
            raise UsageError(f"--metrics {at}: {error.strerror or error}") from error
        self.address = HostPort(at.host, self._server.server_port)
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Answer from now on; does nothing if it does already.

        To be called once the right to capture was given up: a thread keeps what it began with.
        """
        if self._thread is None:
            self._thread = threading.Thread(
                target=self._server.serve_forever, args=(POLL_SECONDS,), name="metrics", daemon=True
            )
            self._thread.start()

    def __enter__(self) -> Self:
        """Use the server in a `with` statement."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Serve no more."""
        self.close()

    def close(self) -> None:
        """Serve no more."""
        if self._thread is not None:
            self._server.shutdown()
        self._server.server_close()
