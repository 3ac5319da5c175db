"""Findings of one code and severity together: how many, whose, when, and the first of them.

Bounded: the first findings are kept, of the rest only counts, and a few dozen names of hosts.
"""

from typing import Final, TypeVar

from tcpflow_analyzer.findings.finding import Finding, Severity
from tcpflow_analyzer.report.addresses import socket_text
from tcpflow_analyzer.report.wording import counted

HOSTS_COUNTED: Final = 1000

T = TypeVar("T")
Sockets = tuple[str, int, str, int]


class Group:
    """Findings of one code and severity.

    Attributes:
        code, name, severity: of all of them.
        count: how many.
        first_time_ns, last_time_ns: when the earliest and the latest was decided.
        examples: the first of them with the sockets of its connection, as many as asked for.
    """

    def __init__(self, code: str, name: str, severity: Severity, examples: int | None) -> None:
        """Make an empty group that keeps `examples` findings, None for all."""
        self.code = code
        self.name = name
        self.severity = severity
        self.count = 0
        self.first_time_ns = 0
        self.last_time_ns = 0
        self.examples: list[tuple[Finding, Sockets | None]] = []
        self._examples_kept = examples
        self._connections = 0
        self._last_connection = 0
        self._services: set[tuple[str, int]] = set()
        self._originators: set[str] = set()
        self._responders: set[str] = set()
        self._subjects: set[str] = set()

    def add(self, finding: Finding, sockets: Sockets | None) -> None:
        """Count a finding.

        Args:
            finding: of this group's code and severity.
            sockets: address and port of originator and responder, None for one about no connection.
        """
        self.count += 1
        if self.count == 1:
            self.first_time_ns = self.last_time_ns = finding.time_ns
        else:
            self.first_time_ns = min(self.first_time_ns, finding.time_ns)
            self.last_time_ns = max(self.last_time_ns, finding.time_ns)
        if self._examples_kept is None or len(self.examples) < self._examples_kept:
            self.examples.append((finding, sockets))
        if sockets is None:
            _add(self._subjects, finding.subject)
            return
        if finding.connection != self._last_connection:
            self._last_connection = finding.connection or 0
            self._connections += 1
            originator, _, responder, port = sockets
            _add(self._services, (responder, port))
            _add(self._originators, originator)
            _add(self._responders, responder)

    def who(self) -> str:
        """Say how many connections, and what they have in common."""
        if not self._connections:
            subjects = sorted(each for each in self._subjects if each)
            if len(subjects) == 1:
                return subjects[0]
            return counted(len(subjects) or self.count, "host")
        phrase = counted(self._connections, "connection")
        if self.count > self._connections:
            phrase = f"{counted(self.count, 'time')} on {phrase}"
        origin = f" from {_only(self._originators)}" if len(self._originators) == 1 else ""
        if len(self._services) == 1:
            return f"{phrase}{origin} to {socket_text(*_only(self._services))}"
        if len(self._responders) == 1:
            ports = _number(self._services)
            return f"{phrase}{origin} to {_only(self._responders)}, {ports} ports"
        if origin:
            return f"{phrase}{origin} to {_number(self._responders)} hosts"
        hosts = _number(self._originators)
        return f"{phrase} from {hosts} to {_number(self._responders)} hosts"


def _number(names: set[str] | set[tuple[str, int]]) -> str:
    return f"over {HOSTS_COUNTED:,}" if len(names) > HOSTS_COUNTED else f"{len(names):,}"


def _add(names: set[T], name: T) -> None:
    if len(names) <= HOSTS_COUNTED:
        names.add(name)


def _only(names: set[T]) -> T:
    return next(iter(names))
