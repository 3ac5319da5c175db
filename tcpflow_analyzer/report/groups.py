"""Findings of one code and severity together: how many, whose, when, and the first of them.

Compiled: yes

Bounded: the first findings are kept, of the rest only counts, and a few dozen names of hosts.
"""

from collections.abc import Sequence
from typing import Final

from mypy_extensions import i64

from tcpflow_analyzer.findings.finding import Finding, Severity, ipv4_text
from tcpflow_analyzer.findings.judge import CountMore
from tcpflow_analyzer.report.addresses import connection_addresses, socket_text
from tcpflow_analyzer.report.wording import counted
from tcpflow_analyzer.table.connection import Connection, Entry

HOSTS_COUNTED: Final = 1000


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
        self.first_time_ns: i64 = 0
        self.last_time_ns: i64 = 0
        self.examples: list[Finding] = []
        self._all_kept: bool = examples is None
        self._examples_kept: i64 = examples or 0
        self._connections: i64 = 0
        self._last_connection: i64 = 0
        # IPv4 as numbers (decode/segment.py), the others as names.
        self._services: set[int | tuple[str, int]] = set()
        self._originators: set[int | str] = set()
        self._responders: set[int | str] = set()
        self._subjects: set[str] = set()

    def add(self, finding: Finding, connection: Connection | None, interface: str | None) -> None:
        """Count a finding.

        Args:
            finding: of this group's code and severity.
            connection: that it is about, None for one about no connection.
            interface: the zone of its link-local addresses, or None.
        """
        self._count(finding.time_ns)
        if self._all_kept or len(self.examples) < self._examples_kept:
            self.examples.append(finding)
        if connection is None:
            if len(self._subjects) <= HOSTS_COUNTED:
                self._subjects.add(finding.subject)
        elif connection.number != self._last_connection:
            self._last_connection = connection.number
            self._connections += 1
            if connection.source >= 0:
                self._note_sockets(connection.source, connection.destination)
            else:
                self._note_names(connection, interface)

    def has_examples(self) -> bool:
        """Whether no more findings are kept."""
        return not self._all_kept and len(self.examples) >= self._examples_kept

    def add_more(self, time_ns: int, entry: Entry) -> None:
        """Count a finding that was not made.

        Args:
            time_ns: when it was decided.
            entry: what it is about; it has no other finding of this group, and IPv4 sockets.
        """
        self._count(time_ns)
        self._connections += 1
        self._note_sockets(entry.source, entry.destination)

    def _count(self, time_ns: int) -> None:
        self.count += 1
        now: i64 = time_ns
        if self.count == 1 or now < self.first_time_ns:
            self.first_time_ns = now
        if self.count == 1 or now > self.last_time_ns:
            self.last_time_ns = now

    def _note_sockets(self, source: i64, destination: i64) -> None:
        """Remember whose they were, by number (decode/segment.py): names are made at the end."""
        if len(self._services) <= HOSTS_COUNTED:
            self._services.add(destination)
        if len(self._originators) <= HOSTS_COUNTED:
            self._originators.add(source >> 16)
        if len(self._responders) <= HOSTS_COUNTED:
            self._responders.add(destination >> 16)

    def _note_names(self, connection: Connection, interface: str | None) -> None:
        source, _, destination, port = connection_addresses(connection, interface)
        if len(self._services) <= HOSTS_COUNTED:
            self._services.add((destination, port))
        if len(self._originators) <= HOSTS_COUNTED:
            self._originators.add(source)
        if len(self._responders) <= HOSTS_COUNTED:
            self._responders.add(destination)

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
        origin = f" from {_only_host(self._originators)}" if len(self._originators) == 1 else ""
        if len(self._services) == 1:
            return f"{phrase}{origin} to {_only_service(self._services)}"
        if len(self._responders) == 1:
            ports = _number(len(self._services))
            return f"{phrase}{origin} to {_only_host(self._responders)}, {ports} ports"
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
        for finding in findings:
            if finding.severity == "info" and not self._facts:
                continue
            self._group(finding.code, finding.name, finding.severity).add(
                finding, connection, interface
            )

    def more_of(self, code: str, name: str, severity: Severity) -> CountMore | None:
        """Who counts more findings of a kind, None while they have to be made."""
        if severity == "info" and not self._facts:
            return _count_nothing
        group = self._group(code, name, severity)
        return group.add_more if group.has_examples() else None

    def _group(self, code: str, name: str, severity: Severity) -> Group:
        key = code + severity
        group = self._groups.get(key)
        if group is None:
            group = Group(code, name, severity, self._examples)
            self._groups[key] = group
        return group

    def of_severity(self, severity: str) -> list[Group]:
        """The groups of a severity, the largest first."""
        groups = [group for group in self._groups.values() if group.severity == severity]
        return sorted(groups, key=_largest_first)

    def codes(self) -> set[str]:
        """The codes of all groups."""
        return {group.code for group in self._groups.values()}


def _largest_first(group: Group) -> tuple[int, str]:
    return -group.count, group.code


def _count_nothing(time_ns: int, entry: Entry) -> None:
    """Nobody looks at findings of this kind."""


def _number(count: int) -> str:
    return f"over {HOSTS_COUNTED:,}" if count > HOSTS_COUNTED else f"{count:,}"


def _only_host(hosts: set[int | str]) -> str:
    host = next(iter(hosts))
    return host if isinstance(host, str) else ipv4_text(host)


def _only_service(services: set[int | tuple[str, int]]) -> str:
    service = next(iter(services))
    if isinstance(service, tuple):
        return socket_text(service[0], service[1])
    return socket_text(ipv4_text(service >> 16), service & 0xFFFF)
