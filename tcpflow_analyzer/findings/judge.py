"""Asks the findings about connections that are over, and counts what they say.

Compiled: yes
"""

from collections.abc import Callable, Mapping
from typing import Final

from mypy_extensions import i64

from tcpflow_analyzer.engine import Engine
from tcpflow_analyzer.findings.finding import SEVERITIES, CaptureView, Finding
from tcpflow_analyzer.findings.registry import EVERY_RESET, Detect, HostFinding, Rule
from tcpflow_analyzer.findings.reset.traits import traits_of
from tcpflow_analyzer.settings import Settings
from tcpflow_analyzer.table.connection import Connection
from tcpflow_analyzer.table.observation import RESET
from tcpflow_analyzer.table.stream_observation import WORD, both_words

PassOn = Callable[[Connection, list[Finding]], object]
_RESET: Final = RESET
_FIRST_WORD: Final = (1 << WORD) - 1


class _Asked:
    """The findings that are asked about connections with the same observations."""

    def __init__(self, detects: list[Detect], hosts: list[HostFinding]) -> None:
        self.detects: list[Detect] = detects
        self.hosts: list[HostFinding] = hosts
        self.by_traits: dict[int, _Asked] = {}


class Judge:
    """Asks the findings about connections, and counts what they say.

    Attributes:
        view: what the findings know besides the connection.
        codes, severities: how many findings there were of each.
        engine: whose times are the view's; None where nobody calls `take`.
        pass_on: called with a connection and its findings,
        pass_all: for all connections,
        pass_first: or for those with findings and those with a number up to this.
    """

    def __init__(self, settings: Settings, rules: Mapping[str, Rule], wants_facts: bool) -> None:
        """Make a judge.

        Args:
            settings: of the run.
            rules: that are asked, by code, in code order.
            wants_facts: findings of fact rules are made, not only counted.
        """
        self.view: CaptureView = CaptureView(settings)
        self.codes: dict[str, int] = {}
        self.severities: dict[str, int] = {}
        self.engine: Engine | None = None
        self.pass_on: PassOn | None = None
        self.pass_all: bool = False
        self.pass_first: i64 = 0
        self._rules = rules
        self._least: i64 = SEVERITIES.index(settings.min_severity)
        self._wants_facts: bool = wants_facts
        self._all: int = self._wanted()
        self._unread_window_ns: i64 = settings.unread_window_ns
        self._asked: dict[int, _Asked] = {}
        self._hosts: dict[str, HostFinding] = {
            code: rule.make() for code, rule in rules.items() if rule.make is not None
        }

    def wanted(self) -> int:
        """Mask of the observations for which some finding has to see the connection."""
        return self._all & _FIRST_WORD

    def stream_wanted(self) -> int:
        """The same of the second word, without its mark."""
        return self._all >> WORD

    def _wanted(self) -> int:
        mask = 0
        for rule in self._rules.values():
            mask |= rule.awake | rule.facts if self._wants_facts else rule.awake
        return mask

    def take(self, connection: Connection) -> None:
        """Judge a connection that the engine hands over, and pass it on."""
        view, engine, pass_on = self.view, self.engine, self.pass_on
        if engine is not None:
            view.first_time_ns = engine.first_time_ns
            view.last_time_ns = engine.last_time_ns
        found = self.connection(connection)
        if pass_on is not None and (
            len(found) > 0 or self.pass_all or connection.number <= self.pass_first
        ):
            pass_on(connection, found)

    def connection(self, connection: Connection) -> list[Finding]:
        """Judge a connection; its findings in the order of the output."""
        observed = connection.observed
        stream_observed = connection.stream_observed
        words: int = observed if stream_observed == 0 else both_words(observed, stream_observed)
        words &= self._all  # what no rule asks for must not multiply the kinds of connections
        asked = self._asked.get(words)
        if asked is None:
            asked = self._asked[words] = self._choose(words, EVERY_RESET)
        if observed & _RESET != 0:
            asked = self._narrow(asked, connection)
        view = self.view
        for host in asked.hosts:
            host.see(connection, view)
        found: list[Finding] = []
        for detect in asked.detects:
            found.extend(detect(connection, view))
        if len(found) == 0:
            return found
        return self._count(found)

    def capture(self) -> list[Finding]:
        """Judge what is about no single connection, when the capture has ended."""
        found: list[Finding] = []
        for host in self._hosts.values():
            found.extend(host.findings(self.view))
        return self._count(found)

    def count_facts(self, masks: Mapping[int, int]) -> None:
        """Count the findings of fact rules that nobody asked to see.

        Args:
            masks: mask of observations, of both words -> number of connections with exactly it.
        """
        if self._wants_facts:
            return
        for code, rule in self._rules.items():
            facts, awake = rule.facts, rule.awake
            if facts:
                number = 0
                for mask, count in masks.items():
                    if not mask & awake:
                        number += count * (mask & facts).bit_count()
                if number:
                    self.codes[code] = self.codes.get(code, 0) + number
                    self.severities[rule.severity] = self.severities.get(rule.severity, 0) + number

    def _narrow(self, asked: _Asked, connection: Connection) -> _Asked:
        """Of those asked about a connection with RSTs, the ones that its RSTs concern."""
        traits = traits_of(connection, self._unread_window_ns)
        narrowed = asked.by_traits.get(traits)
        if narrowed is None:
            words = both_words(connection.observed, connection.stream_observed) & self._all
            narrowed = asked.by_traits[traits] = self._choose(words, traits)
        return narrowed

    def _choose(self, words: int, traits: int) -> _Asked:
        detects: list[Detect] = []
        hosts: list[HostFinding] = []
        for code, rule in self._rules.items():
            awake = words & (rule.awake | rule.facts if self._wants_facts else rule.awake)
            narrow = awake == _RESET and rule.resets != EVERY_RESET
            if not awake or (narrow and not traits & rule.resets):
                continue
            if rule.detect is not None:
                detects.append(rule.detect)
            else:
                hosts.append(self._hosts[code])
        return _Asked(detects, hosts)

    def _count(self, found: list[Finding]) -> list[Finding]:
        if self._least > 0:
            found = [each for each in found if SEVERITIES.index(each.severity) >= self._least]
        if len(found) > 1:
            found.sort(key=order_in_connection)
        codes, severities = self.codes, self.severities
        for each in found:
            codes[each.code] = codes.get(each.code, 0) + 1
            severities[each.severity] = severities.get(each.severity, 0) + 1
        return found


def order_in_connection(finding: Finding) -> tuple[int, str, str, int]:
    """The order of the output among findings of one connection; "" sorts before both sides."""
    return finding.time_ns, finding.code, finding.endpoint or "", finding.first_frame
