"""Findings of one code and severity together: how many, whose, when, and the first of them.

Compiled: yes

Bounded: the first findings are kept, of the rest only counts, and a few dozen names of hosts.
"""

from collections.abc import Sequence
from typing import Final

from mypy_extensions import i64

from tcpflow_analyzer.findings.finding import Finding, Severity, ipv4_text
from tcpflow_analyzer.report.addresses import connection_addresses, socket_text
from tcpflow_analyzer.report.wording import counted
from tcpflow_analyzer.table.connection import Connection

HOSTS_COUNTED: Final = 1000

Sockets = tuple[str, int, str, int]


class Group:
    """Findings of one code and severity.

    Attributes:
        code, name, severity: of all of them.
        count: how many.
        first_time_ns, last_time_ns: when the earliest and the latest was decided.
        examples: the first of them, as many as asked for.
    """

    def __init__(self, code: str, name: str, severity: Severity, examples: int | None) -> None:
        """Make an empty group that keeps `examples` findings, None for all."""
        self.code = code
        self.name = name
        self.severity = severity
        self.count: i64 = 0
        self.first_time_ns: int = 0
        self.last_time_ns: int = 0
        self.examples: list[Finding] = []
        self._all_kept: bool = examples is None
        self._examples_kept: i64 = examples or 0
        self._connections: i64 = 0
        self._last_connection: int | None = None
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
        time_ns = finding.time_ns
        if self.count == 1 or time_ns < self.first_time_ns:
            self.first_time_ns = time_ns
        if self.count == 1 or time_ns > self.last_time_ns:
            self.last_time_ns = time_ns
        if self._all_kept or len(self.examples) < self._examples_kept:
            self.examples.append(finding)
        if sockets is None:
            _add(self._subjects, finding.subject)
            return
        if finding.connection != self._last_connection:
            self._last_connection = finding.connection
            self._connections += 1
            if len(self._services) <= HOSTS_COUNTED:
                self._services.add((sockets[2], sockets[3]))
            _add(self._originators, sockets[0])
            _add(self._responders, sockets[2])

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
            address, port = next(iter(self._services))
            return f"{phrase}{origin} to {socket_text(address, port)}"
        if len(self._responders) == 1:
            ports = _number(len(self._services))
            return f"{phrase}{origin} to {_only(self._responders)}, {ports} ports"
        if origin:
            return f"{phrase}{origin} to {_number(len(self._responders))} hosts"
        hosts = _number(len(self._originators))
        return f"{phrase} from {hosts} to {_number(len(self._responders))} hosts"


class Groups:
    """All groups of a run."""

    def __init__(self, facts: bool, examples: int | None) -> None:
        """Make no group yet.

        Args:
            facts: findings of severity info are wanted.
            examples: how many findings each group keeps, None for all.
        """
        self._facts: bool = facts
        self._examples = examples
        self._groups: dict[str, Group] = {}

    def add(
        self, findings: Sequence[Finding], connection: Connection | None, interface: str | None
    ) -> None:
        """Count findings.

        Args:
            findings: about one connection or about none.
            connection: which one.
            interface: the zone of its link-local addresses, or None.
        """
        sockets: Sockets | None = None
        for finding in findings:
            if finding.severity == "info" and not self._facts:
                continue
            if sockets is None and connection is not None:
                sockets = _sockets(connection, interface)
            key = finding.code + finding.severity
            group = self._groups.get(key)
            if group is None:
                group = Group(finding.code, finding.name, finding.severity, self._examples)
                self._groups[key] = group
            group.add(finding, sockets)

    def of_severity(self, severity: str) -> list[Group]:
        """The groups of a severity, the largest first."""
        groups = [group for group in self._groups.values() if group.severity == severity]
        return sorted(groups, key=_largest_first)

    def codes(self) -> set[str]:
        """The codes of all groups."""
        return {group.code for group in self._groups.values()}


def _largest_first(group: Group) -> tuple[int, str]:
    return -group.count, group.code


def _sockets(connection: Connection, interface: str | None) -> Sockets:
    """Address and port of both ends of a connection."""
    source, destination = connection.source, connection.destination
    if source < 0 or destination < 0:
        return connection_addresses(connection, interface)
    return (
        ipv4_text(source >> 16), source & 0xFFFF, ipv4_text(destination >> 16), destination & 0xFFFF
    )  # fmt: skip


def _number(count: int) -> str:
    return f"over {HOSTS_COUNTED:,}" if count > HOSTS_COUNTED else f"{count:,}"


def _add(names: set[str], name: str) -> None:
    if len(names) <= HOSTS_COUNTED:
        names.add(name)


def _only(names: set[str]) -> str:
    return next(iter(names))
