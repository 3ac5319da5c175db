"""Sink that sums up what a capture holds, by service: for `check --init` and `diff`.

A service is the responder's port; ports that systems choose are one service together, as they
differ from run to run (gate/identity.py). Memory: two numbers for each connection.
"""

from array import array
from collections import Counter
from collections.abc import Sequence

from tcpflow_analyzer.findings.finding import Finding, Severity
from tcpflow_analyzer.findings.judge import CountMore
from tcpflow_analyzer.gate.identity import FIRST_EPHEMERAL, fingerprint_of, states_text
from tcpflow_analyzer.gate.rules import is_health_probe
from tcpflow_analyzer.report.record import ConnectionRecord, connection_record
from tcpflow_analyzer.report.sink import ScopeName, Start
from tcpflow_analyzer.report.totals import Capture, Summary
from tcpflow_analyzer.table.connection import Connection

EPHEMERAL = -1  # the service of all ports from FIRST_EPHEMERAL
NO_SERVICE = -2  # of findings about no single connection


class Service:
    """What one service did.

    Attributes:
        port: of it, EPHEMERAL or NO_SERVICE.
        connections: how many, health probes left out; probes: how many of these.
        outcomes, shapes, closers, states: name -> connections.
        handshakes: nanoseconds from the first SYN to the ACK.
        durations: nanoseconds from the first to the last segment of those that are closed.
        findings: code -> how many.
        kinds: fingerprint -> the first finding of the kind.
    """

    def __init__(self, port: int) -> None:
        """Begin with nothing."""
        self.port = port
        self.connections = 0
        self.probes = 0
        self.outcomes: Counter[str] = Counter()
        self.shapes: Counter[str] = Counter()
        self.closers: Counter[str] = Counter()
        self.states: Counter[str] = Counter()
        self.handshakes = array("q")
        self.durations = array("q")
        self.findings: Counter[str] = Counter()
        self.kinds: dict[str, Finding] = {}

    @property
    def name(self) -> str:
        """How it is called."""
        if self.port == NO_SERVICE:
            return "no single connection"
        return "ephemeral ports" if self.port == EPHEMERAL else f"port {self.port}"

    def take(self, connection: Connection, record: ConnectionRecord) -> None:
        """Add a connection."""
        if is_health_probe(record):
            self.probes += 1
            return
        self.connections += 1
        self.outcomes[record.outcome] += 1
        self.shapes[record.shape] += 1
        self.states[states_text(record)] += 1
        if record.active_closer is not None:
            self.closers[record.active_closer] += 1
        if connection.ack_frame and not record.midstream:
            self.handshakes.append(connection.ack_time_ns - record.first_time_ns)
        if record.shape not in ("none", "half-closed", "replaced"):
            self.durations.append(record.last_time_ns - record.first_time_ns)

    def take_finding(self, finding: Finding, record: ConnectionRecord | None) -> None:
        """Add a finding."""
        self.findings[finding.code] += 1
        self.kinds.setdefault(fingerprint_of(finding, record, ""), finding)


class Survey:
    """Sink that sums up a capture.

    Attributes:
        services: port -> what it did.
        capture, summary: the totals, None until the end.
    """

    wants_connections = True
    wants_facts = False
    wants_first = 0

    def __init__(self) -> None:
        """Begin with nothing."""
        self.services: dict[int, Service] = {}
        self.capture: Capture | None = None
        self.summary: Summary | None = None
        self._scope_name: ScopeName = _no_scope_name

    def begin(self, start: Start) -> None:
        """Take note of how scopes are called."""
        self._scope_name = start.scope_name

    def connection(self, connection: Connection, findings: Sequence[Finding]) -> None:
        """Add a connection and what was found about it."""
        scope = self._scope_name(connection.scope) if connection.scope else (None, None)
        record = connection_record(connection, findings, scope)
        port = record.responder.port
        service = self._service(port if port < FIRST_EPHEMERAL else EPHEMERAL)
        service.take(connection, record)
        for finding in findings:
            service.take_finding(finding, record)

    def finding(self, finding: Finding) -> None:
        """Add a finding about no single connection."""
        self._service(NO_SERVICE).take_finding(finding, None)

    def more_of(self, code: str, name: str, severity: Severity) -> CountMore | None:
        """None: every connection is wanted."""
        return None

    def flush(self) -> None:
        """Do nothing: the sums are there at the end."""

    def end(self, capture: Capture, summary: Summary) -> None:
        """Take the totals."""
        self.capture, self.summary = capture, summary

    def _service(self, port: int) -> Service:
        service = self.services.get(port)
        if service is None:
            service = self.services[port] = Service(port)
        return service


def quantile(values: Sequence[int], part: float) -> int:
    """Give the smallest value that `part` of all do not exceed (nearest rank); 0 of none."""
    if not values:
        return 0
    ordered = sorted(values)
    return ordered[max(-int(-part * len(ordered) // 1), 1) - 1]


def _no_scope_name(_scope: int) -> tuple[str | None, str | None]:
    """Name no scope."""
    return (None, None)
