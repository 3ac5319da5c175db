"""The sink that checks one capture while it is analysed."""

from collections import Counter
from collections.abc import Sequence
from typing import Final, NamedTuple

from tcpflow_analyzer.findings.finding import SEVERITIES, Finding
from tcpflow_analyzer.findings.registry import rules
from tcpflow_analyzer.gate.configuration import Configuration, Expectation, Limit
from tcpflow_analyzer.gate.expectations import EXAMPLES, Example, Tally, places_of
from tcpflow_analyzer.gate.identity import (
    fingerprint,
    fingerprint_of,
    service_text,
    states_text,
)
from tcpflow_analyzer.gate.result import (
    CaptureResult,
    Coverage,
    ExpectationResult,
    FindingResult,
    Uncertain,
)
from tcpflow_analyzer.gate.rules import (
    PROBE_CODES,
    Verdict,
    asks_for_facts,
    failed_by,
    fails_by_code,
    forbidden_by,
    is_certain,
    is_chosen,
    is_health_probe,
    limit_for,
)
from tcpflow_analyzer.report.catalogue import advice
from tcpflow_analyzer.report.record import ConnectionRecord, connection_record
from tcpflow_analyzer.report.sink import LocateFrame, PassiveSink, ScopeName, Start
from tcpflow_analyzer.report.totals import Capture, Summary
from tcpflow_analyzer.table.connection import Connection

LIMITS: Final = "limits"  # the name under which counts by code are reported
NANOSECONDS: Final = 1e9


class Outcome(NamedTuple):
    """What came of one capture.

    Attributes:
        result: of it.
        connections: name of an expectation -> how many connections it was about.
    """

    result: CaptureResult
    connections: dict[str, int]


class _Group:
    """Findings with one fingerprint."""

    def __init__(
        self,
        finding: Finding,
        connection: ConnectionRecord | None,
        service: str,
        verdict: Verdict,
        expectation: str,
    ) -> None:
        self.worst = finding
        self.connection = connection
        self.service = service
        self.verdict = verdict
        self.expectation = expectation
        self.count = 0
        self.connections: list[int] = []

    def add(self, finding: Finding, connection: ConnectionRecord | None) -> None:
        """Count a finding; the worst so far speaks for all."""
        self.count += 1
        if connection is not None and len(self.connections) < EXAMPLES:
            self.connections.append(connection.number)
        if SEVERITIES.index(finding.severity) > SEVERITIES.index(self.worst.severity):
            self.worst, self.connection = finding, connection


class Watch(PassiveSink):
    """Sink that checks a capture; `outcome` is there when the run has ended."""

    def __init__(self, path: str, configuration: Configuration) -> None:
        """Begin a check.

        Args:
            path: under which the capture is reported, and which expectations look at.
            configuration: what to check.
        """
        self._path = path
        self._configuration = configuration
        self._tallies = [Tally(each) for each in configuration.expectations if each.concerns(path)]
        self.wants_connections = bool(self._tallies)
        self.wants_facts = asks_for_facts(configuration)
        self._scope_name: ScopeName = _no_scope_name
        self._locate: LocateFrame = _nowhere
        self._groups: dict[str, _Group] = {}
        self._limited: Counter[Limit] = Counter()
        self._uncertain: Counter[tuple[str, str]] = Counter()  # code, certainty
        self._beyond: dict[Limit, Example] = {}
        self.outcome: Outcome | None = None

    def begin(self, start: Start) -> None:
        """Take note of how scopes and frames are called."""
        self._scope_name = start.scope_name
        self._locate = start.locate_frame

    def connection(self, connection: Connection, findings: Sequence[Finding]) -> None:
        """Check a connection and what was found about it."""
        scope = self._scope_name(connection.scope) if connection.scope else (None, None)
        record = connection_record(connection, findings, scope)
        where = self._configuration.where
        is_probe = is_health_probe(record)
        concerned = []
        # What chooses findings does not choose connections as well.
        if where is None or where.asks_findings or where.matches(record):
            for tally in self._tallies:
                chosen = tally.expectation.where
                if chosen is None or chosen.matches(record):
                    tally.take(connection, record, is_probe)
                    concerned.append(tally)
        for finding in findings:
            self._take(finding, record, concerned, is_probe)

    def finding(self, finding: Finding) -> None:
        """Check a finding about no single connection."""
        self._take(finding, None, [], False)

    def _take(
        self,
        finding: Finding,
        record: ConnectionRecord | None,
        concerned: Sequence[Tally],
        is_probe: bool,
    ) -> None:
        if not is_chosen(finding, record, self._configuration):
            return
        certain = is_certain(finding, self._configuration)
        harmless = is_probe and finding.code in PROBE_CODES
        expectations = [tally.expectation for tally in concerned]
        if record is None:  # it may be about any of the services
            expectations = [each.expectation for each in self._tallies if each.expectation.forbid]
            expectations = [each for each in expectations if each.where is None]
        forbidden = forbidden_by(expectations, finding, harmless)
        limit = limit_for(self._configuration.limits, finding, harmless)
        if not certain:
            if forbidden or limit or fails_by_code(finding, self._configuration, harmless):
                self._uncertain[finding.code, finding.certainty] += 1
            return
        if forbidden is not None:
            self._note_forbidden(forbidden[0], finding, record)
            self._fail(finding, record, forbidden[0].name, forbidden[1], forbidden[0].name)
            return
        if limit is not None:
            self._count(limit, finding)
            return
        verdict = failed_by(finding, self._configuration, harmless)
        if verdict is not None:
            service = expectations[0].name if record is not None and expectations else ""
            self._fail(finding, record, service, verdict, "")

    def _note_forbidden(
        self, expectation: Expectation, finding: Finding, record: ConnectionRecord | None
    ) -> None:
        tally = next(each for each in self._tallies if each.expectation is expectation)
        tally.forbidden_codes[finding.code] += 1
        tally.forbidden.add(0 if record is None else record.number, finding.first_frame)

    def _count(self, limit: Limit, finding: Finding) -> None:
        self._limited[limit] += 1
        if limit.most is not None and self._limited[limit] > limit.most:
            beyond = self._beyond.setdefault(limit, Example())
            beyond.add(finding.connection or 0, finding.first_frame)

    def _fail(
        self,
        finding: Finding,
        record: ConnectionRecord | None,
        service: str,
        verdict: Verdict,
        expectation: str,
    ) -> None:
        identity = fingerprint_of(finding, record, service)
        group = self._groups.get(identity)
        if group is None:
            group = _Group(finding, record, service, verdict, expectation)
            self._groups[identity] = group
        group.add(finding, record)

    def end(self, capture: Capture, summary: Summary) -> None:
        """Conclude."""
        coverage, problem, tolerated = self._coverage(capture)
        findings = [self._finding_result(*item) for item in self._groups.items()]
        findings.sort(key=lambda each: (-SEVERITIES.index(each.severity), each.code, each.service))
        expectations = [
            result
            for tally in self._tallies
            for result in tally.results(self._path, capture.last_time_ns, self._locate)
        ]
        expectations += [
            self._limit_result(limit)
            for number, limit in enumerate(self._configuration.limits)
            if not any(
                limit.codes == later.codes for later in self._configuration.limits[number + 1 :]
            )
        ]
        result = CaptureResult(
            path=self._path,
            files=tuple(file.path for file in capture.files),
            coverage=coverage,
            problem=problem,
            tolerated=tolerated,
            frames=capture.frames,
            segments=capture.tcp_segments,
            connections=summary.connections,
            findings=tuple(findings),
            expectations=tuple(expectations),
            seconds=max(capture.last_time_ns - capture.first_time_ns, 0) / NANOSECONDS,
            uncertain=tuple(
                Uncertain(*kind, number) for kind, number in sorted(self._uncertain.items())
            ),
            left_out=summary.left_out,
        )
        self.outcome = Outcome(
            result, {tally.expectation.name: tally.connections for tally in self._tallies}
        )

    def _coverage(self, capture: Capture) -> tuple[Coverage, str, bool]:
        """Say how much was there; the first thing that is not tolerated comes first."""
        allowed = self._configuration
        found: list[tuple[Coverage, str, bool]] = []
        damaged = [file for file in capture.files if file.truncated or file.error is not None]
        if damaged:
            problem = f"{damaged[0].path}: {damaged[0].error or 'cut short'}"
            found.append(("damaged", problem, allowed.allow_truncated))
        if capture.tcp_segments == 0:
            found.append(("empty", f"{self._path}: no TCP segment", allowed.allow_empty))
        found.append(("complete", "", False))
        wrong = [each for each in found[:-1] if not each[2]]
        return (wrong or found)[0]

    def _finding_result(self, identity: str, group: _Group) -> FindingResult:
        finding, record = group.worst, group.connection
        rule = rules().get(finding.code)
        sockets = "" if record is None else f"{record.originator} > {record.responder}"
        return FindingResult(
            code=finding.code,
            name=finding.name,
            severity=finding.severity,
            certainty=finding.certainty,
            message=finding.message,
            why=finding.why,
            would_disprove=finding.would_disprove,
            advice="" if rule is None else advice(rule),
            service=group.service or service_text(finding, record),
            endpoint=finding.endpoint or "",
            states=states_text(record),
            capture=self._path,
            places=places_of(finding.frames, self._locate),
            connections=tuple(group.connections),
            sockets=sockets,
            count=group.count,
            fingerprint=identity,
            expectation=group.expectation,
            expected=group.verdict.expected,
            origin=group.verdict.origin,
        )

    def _limit_result(self, limit: Limit) -> ExpectationResult:
        found = self._limited[limit]
        passed = found >= limit.least and (limit.most is None or found <= limit.most)
        beyond = self._beyond.get(limit, Example())
        codes = limit.codes.text
        message = f"{codes} was found {found:,} times"
        return ExpectationResult(
            name=LIMITS,
            key=codes,
            capture=self._path,
            passed=passed,
            expected=limit.text,
            found=f"{found:,}",
            message=message if passed else f"{message}, expected {limit.text}",
            advice="" if passed else f"tcpflow explain {_explained(limit)}",
            places=places_of(beyond.frames, self._locate),
            connections=tuple(number for number in beyond.connections if number),
            count=0 if passed else max(beyond.count, 1),
            fingerprint=fingerprint("limit", codes),
            origin=limit.origin,
        )


def _explained(limit: Limit) -> str:
    """The code to look up: the first of a family."""
    return next(code for code in rules() if limit.codes.holds(code))


def _no_scope_name(_scope: int) -> tuple[str | None, str | None]:
    """Name no scope."""
    return (None, None)


def _nowhere(_frame: int) -> tuple[str, int] | None:
    """Find no frame."""
    return None
