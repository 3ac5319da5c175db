"""Asks the findings about connections that are over, and counts what they say.

Compiled: yes
"""

from collections.abc import Callable, Mapping
from typing import Final

from mypy_extensions import i64

from tcpflow_analyzer.engine import Engine
from tcpflow_analyzer.findings.finding import (
    ERROR,
    SEVERITIES,
    WARNING,
    CaptureView,
    Finding,
    Severity,
    Verdict,
)
from tcpflow_analyzer.findings.handshake.waiting import EXPLAINING
from tcpflow_analyzer.findings.registry import (
    EVERY_RESET,
    Brief,
    Detect,
    HostFinding,
    RequestBrief,
    Rule,
)
from tcpflow_analyzer.findings.reset.traits import traits_of, traits_of_refusal
from tcpflow_analyzer.settings import Settings
from tcpflow_analyzer.table.connection import Connection, Entry, Request
from tcpflow_analyzer.table.observation import RESET
from tcpflow_analyzer.table.stream_observation import WORD, both_words

PassOn = Callable[[Connection, list[Finding]], object]
# Counts one more finding that nobody will read: when it was decided, and on whose connection.
CountMore = Callable[[int, Entry], object]
# Code, name and severity of a finding: who counts more of its kind; None if it is to be made.
MoreOf = Callable[[str, str, Severity], CountMore | None]
_RESET: Final = RESET
_FIRST_WORD: Final = (1 << WORD) - 1
FEW: Final = 8


class _Alike:
    """Findings of one code and severity: how many, and who counts those that are not made."""

    def __init__(self, code: str, name: str, severity: Severity) -> None:
        self.code: Final = code
        self.name: Final = name
        self.severity: Final = severity
        self.count: i64 = 0
        self.count_more: CountMore | None = None


class _Kinds:
    """The findings of one rule by severity."""

    def __init__(self, code: str, name: str) -> None:
        self.all: list[_Alike] = [_Alike(code, name, severity) for severity in SEVERITIES]

    def of_severity(self, severity: i64) -> _Alike:
        """Those of one severity, an index into SEVERITIES."""
        return self.all[severity]


class _Asked:
    """The findings that are asked about connections with the same observations."""

    def __init__(
        self,
        rules: list[Rule],
        detects: list[Detect],
        briefs: list[Brief | None],
        kinds: list[_Kinds],
        hosts: list[HostFinding],
    ) -> None:
        self.rules: list[Rule] = rules
        self.detects: list[Detect] = detects
        self.briefs: list[Brief | None] = briefs
        self.kinds: list[_Kinds] = kinds
        self.hosts: list[HostFinding] = hosts
        self.by_traits: dict[int, _Asked] = {}
        self.observed: i64 = 0  # both words as far as anybody asks for them
        self.stream_observed: i64 = 0
        self.following: _Asked | None = None


class _Candidate:
    """A rule, and which observations wake it."""

    def __init__(self, rule: Rule, wants_facts: bool) -> None:
        self.rule = rule
        self.code = rule.code
        self.resets = rule.resets
        self.wakes: int = rule.awake | rule.facts if wants_facts else rule.awake


class _AskedOfRequest:
    """Who is asked about lone SYNs with the same observations."""

    def __init__(self) -> None:
        self.briefs: list[RequestBrief] = []
        self.alike: list[_Kinds] = []


class Judge:
    """Asks the findings about connections, and counts what they say.

    Attributes:
        view: what the findings know besides the connection.
        engine: whose times are the view's; None where nobody calls `take`.
        pass_on: called with a connection and its findings,
        pass_all: for all connections,
        pass_first: or for those with findings and those with a number up to this.
        more_of: tells of which findings only the number matters; None: of none.
    """

    def __init__(self, settings: Settings, rules: Mapping[str, Rule], wants_facts: bool) -> None:
        """Make a judge.

        Args:
            settings: of the run.
            rules: that are asked, by code, in code order.
            wants_facts: findings of fact rules are made, not only counted.
        """
        self.view: CaptureView = CaptureView(settings)
        self.view.tells_floods = all(code in rules for code in EXPLAINING)
        self.engine: Engine | None = None
        self.pass_on: PassOn | None = None
        self.pass_all: bool = False
        self.pass_first: i64 = 0
        self.more_of: MoreOf | None = None
        self._rules = rules
        self._least: i64 = SEVERITIES.index(settings.min_severity)
        self._wants_facts: bool = wants_facts
        # Asked for each kind of connection, of which there may be thousands.
        self._candidates: list[_Candidate] = [
            _Candidate(rule, wants_facts) for rule in rules.values()
        ]
        self._all: int = self._wanted()
        self._unread_window_ns: i64 = settings.unread_window_ns
        self._first_word: i64 = self._all & _FIRST_WORD
        self._stream_word: i64 = self._all >> WORD
        self._asked: dict[int, _Asked] = {}  # by the first word; one each of the second
        self._last_asked: _Asked = _Asked([], [], [], [], [])  # of nothing observed
        self._verdict: Verdict = Verdict()
        self._kinds: dict[str, _Kinds] = {}
        self._asked_of_requests: dict[int, _AskedOfRequest | None] = {}
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
        for candidate in self._candidates:
            mask |= candidate.wakes
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

    def take_request(self, request: Request, observed: int) -> bool:
        """Judge a SYN that was sent once, and its refusal, by number only.

        Args:
            request: that nothing more can happen to; its sockets are IPv4 numbers.
            observed: what its connection would have.

        Returns:
            Whether that was enough; else the connection has to be made and judged.
        """
        asked = self._asked_of_request(observed)
        if asked is None:
            return False
        engine, view = self.engine, self.view
        if engine is not None:
            view.last_time_ns = engine.last_time_ns
        verdict = self._verdict
        found: _Alike | None = None
        for index in range(len(asked.briefs)):
            number: i64 = asked.briefs[index](request, view, verdict)
            if number == 0 or verdict.severity < self._least:
                continue
            if number > 1 or found is not None:
                return False  # more than one finding on a lone SYN: not worth a list
            found = asked.alike[index].of_severity(verdict.severity)
        return found is None or self._only_counted(found, request)

    def _only_counted(self, alike: _Alike, entry: Entry) -> bool:
        """Count a finding of which nobody wants to see more than the number."""
        count_more = alike.count_more
        if count_more is None:
            if self.more_of is None:
                return False
            count_more = self.more_of(alike.code, alike.name, alike.severity)
            if count_more is None:
                return False
            alike.count_more = count_more
        alike.count += 1
        count_more(self._verdict.time_ns, entry)
        return True

    def _asked_of_request(self, observed: int) -> _AskedOfRequest | None:
        """Who is asked about requests with these observations; None if a rule has only words."""
        if observed not in self._asked_of_requests:
            rules = self._choose(observed & self._all, traits_of_refusal()).rules
            self._asked_of_requests[observed] = self._ask_of_request(rules)
        return self._asked_of_requests[observed]

    def _ask_of_request(self, rules: list[Rule]) -> _AskedOfRequest | None:
        asked = _AskedOfRequest()
        for rule in rules:
            if rule.request is None:
                return None
            asked.briefs.append(rule.request)
            asked.alike.append(self._kinds_of(rule.code, rule.name))
        return asked

    def _kinds_of(self, code: str, name: str) -> _Kinds:
        kinds = self._kinds.get(code)
        if kinds is None:
            kinds = self._kinds[code] = _Kinds(code, name)
        return kinds

    def _is_counted_in_brief(self, asked: _Asked, index: i64, connection: Connection) -> bool:
        """Whether what a rule says of a connection needs no words, or is nothing."""
        brief = asked.briefs[index]
        if brief is None or self.more_of is None or connection.source < 0:
            return False
        verdict = self._verdict
        number: i64 = brief(connection, self.view, verdict)
        if number == 0 or verdict.severity < self._least:
            return True
        if number > 1:
            return False
        kinds = asked.kinds[index]
        return self._only_counted(kinds.of_severity(verdict.severity), connection)

    def connection(self, connection: Connection) -> list[Finding]:
        """Judge a connection; its findings in the order of the output."""
        asked = self._asked_about(connection)
        if connection.observed & _RESET != 0:
            asked = self._narrow(asked, connection)
        view = self.view
        for host in asked.hosts:
            host.see(connection, view)
        found: list[Finding] = []
        for index in range(len(asked.detects)):
            if not self._is_counted_in_brief(asked, index, connection):
                found.extend(asked.detects[index](connection, view))
        if len(found) == 0:
            return found
        return self._count(found)

    def _asked_about(self, connection: Connection) -> _Asked:
        """Who is asked about connections with these observations."""
        # What no rule asks for must not multiply the kinds of connections.
        observed = connection.observed & self._first_word
        stream_observed = connection.stream_observed & self._stream_word
        last = self._last_asked
        if last.observed == observed and last.stream_observed == stream_observed:
            return last  # connections of one kind come in rows
        asked: _Asked | None = self._asked.get(observed)
        while asked is not None and asked.stream_observed != stream_observed:
            asked = asked.following
        if asked is None:
            asked = self._choose(both_words(observed, stream_observed), EVERY_RESET)
            asked.observed = observed
            asked.stream_observed = stream_observed
            asked.following = self._asked.get(observed)
            self._asked[observed] = asked
        self._last_asked = asked
        return asked

    def preview(self, connection: Connection) -> list[Finding]:
        """What would be said of a connection now; nothing is counted, and no host is judged."""
        engine, view = self.engine, self.view
        if engine is not None:
            view.first_time_ns = engine.first_time_ns
            view.last_time_ns = engine.last_time_ns
        words = both_words(connection.observed, connection.stream_observed) & self._all
        asked = self._choose(words, EVERY_RESET)
        if connection.observed & _RESET != 0:
            asked = self._narrow(asked, connection)
        found: list[Finding] = []
        for detect in asked.detects:
            found.extend(detect(connection, view))
        found = [each for each in found if SEVERITIES.index(each.severity) >= self._least]
        sort_findings(found)
        return found

    def preview_hosts(self) -> list[Finding]:
        """What would be said now of what is about no single connection; nothing is counted."""
        engine, view = self.engine, self.view
        if engine is not None:
            view.first_time_ns = engine.first_time_ns
            view.last_time_ns = engine.last_time_ns
        found: list[Finding] = []
        for host in self._hosts.values():
            found.extend(host.findings(view))
        return [each for each in found if SEVERITIES.index(each.severity) >= self._least]

    def left_out(self) -> int:
        """How often a finding about hosts had no room for one."""
        count = 0
        for host in self._hosts.values():
            found: int = getattr(host, "left_out", 0)
            count += found
        return count

    def capture(self) -> list[Finding]:
        """Judge what is about no single connection, when the capture has ended."""
        found: list[Finding] = []
        for host in self._hosts.values():
            found.extend(host.findings(self.view))
        return self._count(found)

    def count_facts(self, masks: Mapping[int, int]) -> None:
        """Count the findings of fact rules, which were not made.

        To be called once, at the end.

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
                kinds = self._kinds_of(code, rule.name)
                kinds.of_severity(SEVERITIES.index(rule.severity)).count += number

    @property
    def codes(self) -> dict[str, int]:
        """How many findings there were so far of each code, of those without one nothing."""
        counts: dict[str, int] = {}
        for code, kinds in self._kinds.items():
            for alike in kinds.all:
                if alike.count > 0:
                    counts[code] = counts.get(code, 0) + alike.count
        return counts

    @property
    def severities(self) -> dict[str, int]:
        """The same of each severity."""
        counts: dict[str, int] = {}
        for kinds in self._kinds.values():
            for alike in kinds.all:
                if alike.count > 0:
                    counts[alike.severity] = counts.get(alike.severity, 0) + alike.count
        return counts

    def _narrow(self, asked: _Asked, connection: Connection) -> _Asked:
        """Of those asked about a connection with RSTs, the ones that its RSTs concern."""
        traits = traits_of(connection, self._unread_window_ns)
        narrowed = asked.by_traits.get(traits)
        if narrowed is None:
            words = both_words(connection.observed, connection.stream_observed) & self._all
            narrowed = asked.by_traits[traits] = self._choose(words, traits)
        return narrowed

    def _choose(self, words: int, traits: int) -> _Asked:
        chosen: list[Rule] = []
        briefs: list[Brief | None] = []
        kinds: list[_Kinds] = []
        detects: list[Detect] = []
        hosts: list[HostFinding] = []
        for candidate in self._candidates:
            awake = words & candidate.wakes
            narrow = awake == _RESET and candidate.resets != EVERY_RESET
            if not awake or (narrow and not traits & candidate.resets):
                continue
            rule = candidate.rule
            chosen.append(rule)
            if rule.detect is not None:
                detects.append(rule.detect)
                briefs.append(rule.brief)
                kinds.append(self._kinds_of(rule.code, rule.name))
            else:
                hosts.append(self._hosts[candidate.code])
        return _Asked(chosen, detects, briefs, kinds, hosts)

    def _count(self, found: list[Finding]) -> list[Finding]:
        if self._least > 0:
            found = [each for each in found if SEVERITIES.index(each.severity) >= self._least]
        sort_findings(found)
        for each in found:
            self._kinds_of(each.code, each.name).of_severity(_index_of(each.severity)).count += 1
        return found


def _index_of(severity: str) -> i64:
    """The index into SEVERITIES."""
    if severity == "info":
        return 0
    return WARNING if severity == "warning" else ERROR


def sort_findings(found: list[Finding]) -> None:
    """Put findings of one connection into the order of the output."""
    if len(found) > FEW:
        found.sort(key=order_in_connection)
        return
    # There are a handful for each of many connections, and no keys have to be made for this.
    for index in range(1, len(found)):
        finding = found[index]
        place: i64 = index
        while place > 0 and _comes_before(finding, found[place - 1]):
            found[place] = found[place - 1]
            place -= 1
        if place < index:
            found[place] = finding


def _comes_before(one: Finding, other: Finding) -> bool:
    """Whether `order_in_connection` of one is less than that of the other."""
    time_ns: i64 = one.time_ns
    other_time_ns: i64 = other.time_ns
    if time_ns != other_time_ns:
        return time_ns < other_time_ns
    if one.code != other.code:
        return one.code < other.code
    return order_in_connection(one) < order_in_connection(other)


def order_in_connection(finding: Finding) -> tuple[int, str, str, int]:
    """The order of the output among findings of one connection; "" sorts before both sides."""
    return finding.time_ns, finding.code, finding.endpoint or "", finding.first_frame
