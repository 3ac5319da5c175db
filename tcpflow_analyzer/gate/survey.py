"""Sink that sums up what a capture holds, by service: for `check --init` and `diff`.

A service is what an expectation of the configuration names, else the responder's port; ports that
systems choose are one service together, as they differ from run to run (gate/identity.py). Memory:
two numbers for each connection.
"""

from array import array
from collections import Counter
from collections.abc import Sequence

from tcpflow_analyzer.findings.finding import SEVERITIES, Finding
from tcpflow_analyzer.gate.configuration import Configuration
from tcpflow_analyzer.gate.expectations import OVER, places_of
from tcpflow_analyzer.gate.identity import FIRST_EPHEMERAL, fingerprint_of, states_text
from tcpflow_analyzer.gate.result import Place
from tcpflow_analyzer.gate.rules import PROBE_CODES, counts, is_health_probe
from tcpflow_analyzer.report.record import ConnectionRecord, connection_record
from tcpflow_analyzer.report.sink import LocateFrame, PassiveSink, ScopeName, Start
from tcpflow_analyzer.report.summary_words import limits_text
from tcpflow_analyzer.report.totals import Capture, Summary
from tcpflow_analyzer.report.wording import listed
from tcpflow_analyzer.table.connection import Connection

EPHEMERAL = -1  # the service of all ports from FIRST_EPHEMERAL
NO_SERVICE = -2  # of findings about no single connection


class Kind:
    """Findings that are alike: same code, service, role and states (gate/identity.py).

    Attributes:
        finding: the first of the worst of them.
        states: in which its connection was left, "" without one.
        places: frames that prove it.
        count: how many there are.
    """

    def __init__(self, finding: Finding, states: str, places: tuple[Place, ...]) -> None:
        """Begin with one that is not counted yet."""
        self.finding = finding
        self.states = states
        self.places = places
        self.count = 0


class Service:
    """What one service did.

    Attributes:
        port: of it, EPHEMERAL or NO_SERVICE; of a named one that of its first connection.
        label: name that the configuration gives it, "" for none.
        connections: how many, health probes left out; probes: how many of these.
        outcomes, shapes, closers, states: name -> connections.
        handshakes: nanoseconds from the first SYN to the ACK.
        closes: nanoseconds from the first FIN to the ACK of the last, of those that closed so.
        longest_left_ns: how long a capture went on at most after the last segment of a connection
            that is not over.
        findings: code -> how many.
        kinds: fingerprint -> findings of the kind.
    """

    def __init__(self, port: int, label: str = "") -> None:
        """Begin with nothing."""
        self.port = port
        self.label = label
        self.connections = 0
        self.probes = 0
        self.outcomes: Counter[str] = Counter()
        self.shapes: Counter[str] = Counter()
        self.closers: Counter[str] = Counter()
        self.states: Counter[str] = Counter()
        self.handshakes = array("q")
        self.closes = array("q")
        self.longest_left_ns = 0
        self._left_since_ns: int | None = None  # of the run at work
        self.findings: Counter[str] = Counter()
        self.kinds: dict[str, Kind] = {}

    @property
    def name(self) -> str:
        """How it is called."""
        if self.label:
            return self.label
        if self.port == NO_SERVICE:
            return "no single connection"
        return "ephemeral ports" if self.port == EPHEMERAL else f"port {self.port}"

    def take(self, connection: Connection, record: ConnectionRecord, is_probe: bool) -> None:
        """Add a connection."""
        if is_probe:
            self.probes += 1
            return
        self.connections += 1
        self.outcomes[record.outcome] += 1
        self.shapes[record.shape] += 1
        self.states[states_text(record)] += 1
        if {record.originator.state, record.responder.state} - OVER:
            since_ns = record.last_time_ns
            if self._left_since_ns is None or since_ns < self._left_since_ns:
                self._left_since_ns = since_ns
        if record.active_closer is not None:
            self.closers[record.active_closer] += 1
        if connection.ack_frame and not record.midstream:
            self.handshakes.append(connection.ack_time_ns - record.first_time_ns)
        ends = (connection.originator, connection.responder)
        if all(end.fin_frame and end.fin_acked_frame for end in ends):
            begin_ns = min(end.fin_time_ns for end in ends)
            self.closes.append(max(end.fin_acked_time_ns for end in ends) - begin_ns)

    def end(self, last_time_ns: int) -> None:
        """The run has ended, with a frame at this time."""
        if self._left_since_ns is not None:
            left_ns = last_time_ns - self._left_since_ns
            self.longest_left_ns = max(self.longest_left_ns, left_ns)
            self._left_since_ns = None

    def take_finding(
        self, finding: Finding, record: ConnectionRecord | None, locate: LocateFrame
    ) -> None:
        """Add a finding; `locate` finds the file of a frame."""
        self.findings[finding.code] += 1
        identity = fingerprint_of(finding, record, self.label)
        kind = self.kinds.get(identity)
        if kind is None or is_worse(finding, kind.finding):
            count = 0 if kind is None else kind.count
            kind = Kind(finding, states_text(record), places_of(finding.frames, locate))
            kind.count = count
            self.kinds[identity] = kind
        kind.count += 1


def is_worse(finding: Finding, other: Finding) -> bool:
    """Whether a finding is more severe than another."""
    return SEVERITIES.index(finding.severity) > SEVERITIES.index(other.severity)


class Survey(PassiveSink):
    """Sink that sums up captures, one run after the other.

    Attributes:
        services: name -> what it did.
        connections, segments: how many there are in all.
        problems: lines that say which captures are cut short or damaged, or reached a limit.
    """

    wants_connections = True

    def __init__(self, configuration: Configuration | None = None) -> None:
        """Begin with nothing.

        Args:
            configuration: names services by its expectations, and chooses connections and findings
                as in a check; without it all count.
        """
        self.services: dict[str, Service] = {}
        self.connections = 0
        self.segments = 0
        self.problems: list[str] = []
        self._configuration = configuration
        self._scope_name: ScopeName = _no_scope_name
        self._locate: LocateFrame = _nowhere

    def begin(self, start: Start) -> None:
        """Take note of how scopes and frames are called."""
        self._scope_name = start.scope_name
        self._locate = start.locate_frame

    def connection(self, connection: Connection, findings: Sequence[Finding]) -> None:
        """Add a connection and what was found about it."""
        scope = self._scope_name(connection.scope) if connection.scope else (None, None)
        record = connection_record(connection, findings, scope)
        where = None if self._configuration is None else self._configuration.where
        is_chosen = where is None or where.asks_findings or where.matches(record)
        chosen = [finding for finding in findings if self._counts(finding, record)]
        if not is_chosen and not chosen:
            return
        service = self._service_of(record)
        is_probe = is_health_probe(record)
        if is_chosen:
            service.take(connection, record, is_probe)
        for finding in chosen:
            if not (is_probe and finding.code in PROBE_CODES):
                service.take_finding(finding, record, self._locate)

    def finding(self, finding: Finding) -> None:
        """Add a finding about no single connection."""
        if self._counts(finding, None):
            self._service(NO_SERVICE, "").take_finding(finding, None, self._locate)

    def end(self, capture: Capture, summary: Summary) -> None:
        """Add the totals of a run."""
        self.connections += summary.connections
        self.segments += capture.tcp_segments
        for service in self.services.values():
            service.end(capture.last_time_ns)
        for file in capture.files:
            if file.truncated or file.error is not None:
                self.problems.append(f"{file.path}: {file.error or 'cut short'}")
        if limits := limits_text(summary.left_out):
            self.problems.append(f"{listed([file.path for file in capture.files])}: {limits}")

    def _counts(self, finding: Finding, record: ConnectionRecord | None) -> bool:
        return self._configuration is None or counts(finding, record, self._configuration)

    def _service_of(self, record: ConnectionRecord) -> Service:
        port = record.responder.port
        if self._configuration is not None:
            for expectation in self._configuration.expectations:
                where = expectation.where
                if where is not None and where.matches(record):
                    return self._service(port, expectation.name)
        return self._service(port if port < FIRST_EPHEMERAL else EPHEMERAL, "")

    def _service(self, port: int, label: str) -> Service:
        service = Service(port, label)
        return self.services.setdefault(service.name, service)


def quantile(values: Sequence[int], part: float) -> int:
    """Give the smallest value that `part` of all do not exceed (nearest rank); 0 of none."""
    if not values:
        return 0
    ordered = sorted(values)
    return ordered[max(-int(-part * len(ordered) // 1), 1) - 1]


def _no_scope_name(_scope: int) -> tuple[str | None, str | None]:
    """Name no scope."""
    return (None, None)


def _nowhere(_frame: int) -> tuple[str, int] | None:
    """Find no frame."""
    return None
