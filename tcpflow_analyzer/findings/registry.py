"""Finds the findings: walks this package, so that adding one is adding one module.

A finding is a function with the `finding` decorator (one connection, or a socket pair through
`Connection.previous`), or a class with the `host_finding` decorator (many connections). Name:
the function's or class's, kebab-cased. Its docstring is its definition; see docs/CONTRIBUTING.md
for the headings.
"""

import functools
import importlib
import pkgutil
import re
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple, Protocol, TypeVar

from tcpflow_analyzer.findings.finding import CaptureView, Finding, Severity, Verdict
from tcpflow_analyzer.settings import PARAMETERS, Parameter
from tcpflow_analyzer.table.connection import Connection, Request
from tcpflow_analyzer.table.stream_observation import STREAM, both_words

Detect = Callable[[Connection, CaptureView], Iterable[Finding]]
# How many findings `detect` would make; if it is one, the verdict is filled in. There may be
# hundreds of thousands of a kind, of which nobody reads more than the first few.
Brief = Callable[[Connection, CaptureView, Verdict], int]
# The same of a SYN that was sent once and of its refusal, if there is one.
RequestBrief = Callable[[Request, CaptureView, Verdict], int]

EVERY_RESET = -1  # for a finding that looks at every RST, also at one without any trait


class HostFinding(Protocol):
    """State of one finding over many connections; bounded, see each one's docstring."""

    def see(self, connection: Connection, capture: CaptureView) -> None:
        """Take note of a connection that is over (or open when the capture ends)."""

    def findings(self, capture: CaptureView) -> Iterator[Finding]:
        """Judge, when the capture has ended."""


class Rule(NamedTuple):
    """What the catalogue says of a code.

    Attributes:
        code, name, severity: `severity` is the usual one; severities: those it may take.
        context: "conn", "pair", "host" or "file".
        since, status: version that brought it; "stable" or "preview".
        wakes: mask of observations of which one at least must be on a connection.
        fact: one finding for each bit of `wakes` that is set on a connection, always info: counted
            by the mask, called only when somebody looks.
        resets: where only RESET wakes it: mask of the traits of the connection's RSTs
            (reset/traits.py) of which one at least must be there.
        stream_wakes: mask of observations of table/stream_observation.py that wake it as `wakes`
            does.
        stream_facts: mask of such observations of which each set bit is one finding of the usual
            severity, unless the rule is awake: counted by the mask, called only when somebody
            looks.
        detect: for conn and pair; make: for host and file.
        brief: for a conn rule that may find something on very many connections: what `detect`
            says, without the words. request: the same for a rule that a lone SYN, or its refusal,
            wakes.
        definition: the docstring.
        parameters: that it goes by and that no setting holds: of findings of other packages.
    """

    code: str
    name: str
    severity: Severity
    severities: tuple[Severity, ...]
    context: str
    since: str
    status: str
    wakes: int
    fact: bool
    detect: Detect | None
    make: Callable[[], HostFinding] | None
    definition: str
    resets: int = EVERY_RESET
    stream_wakes: int = 0
    stream_facts: int = 0
    brief: Brief | None = None
    request: RequestBrief | None = None
    parameters: tuple[Parameter, ...] = ()

    @property
    def awake(self) -> int:
        """Mask of both words (`both_words`): a connection with one of these has to be looked at."""
        return both_words(0 if self.fact else self.wakes, self.stream_wakes & ~STREAM)

    @property
    def facts(self) -> int:
        """Mask of both words: each of these on a connection is a finding, if it is not awake."""
        return both_words(self.wakes if self.fact else 0, self.stream_facts & ~STREAM)

    @property
    def summary(self) -> str:
        """First sentence of the definition."""
        return self.definition.partition("\n")[0]

    @property
    def family(self) -> str:
        """The two letters of the code."""
        return self.code[:2]


_RULES: dict[str, Rule] = {}
# Name and usual severity by code, of the rules that were imported so far.
registered: dict[str, tuple[str, Severity]] = {}

F = TypeVar("F", bound=Detect)
H = TypeVar("H", bound=type[HostFinding])


def finding(
    code: str,
    *,
    severity: Severity,
    since: str,
    wakes: int = 0,
    resets: int = EVERY_RESET,
    stream_wakes: int = 0,
    stream_facts: int = 0,
    severities: tuple[Severity, ...] = (),
    context: str = "conn",
    fact: bool = False,
    status: str = "stable",
    brief: Brief | None = None,
    request: RequestBrief | None = None,
    parameters: tuple[Parameter, ...] = (),
) -> Callable[[F], F]:
    """Register a function `(connection, capture) -> Iterable[Finding]` under a code."""

    def register(detect: F) -> F:
        name = detect.__name__.replace("_", "-")
        _add(
            Rule(
                code,
                name,
                severity,
                severities or (severity,),
                context,
                since,
                status,
                wakes,
                fact,
                detect,
                None,
                _definition(detect),
                resets,
                stream_wakes,
                stream_facts,
                brief,
                request,
                parameters,
            )
        )
        return detect

    return register


def host_finding(
    code: str,
    *,
    severity: Severity,
    since: str,
    wakes: int = 0,
    resets: int = EVERY_RESET,
    stream_wakes: int = 0,
    severities: tuple[Severity, ...] = (),
    context: str = "host",
    status: str = "stable",
    parameters: tuple[Parameter, ...] = (),
) -> Callable[[H], H]:
    """Register a class that keeps state over many connections (see `HostFinding`)."""

    def register(make: H) -> H:
        name = re.sub(r"(?<!^)(?=[A-Z])", "-", make.__name__).lower()
        _add(
            Rule(
                code,
                name,
                severity,
                severities or (severity,),
                context,
                since,
                status,
                wakes,
                False,
                None,
                make,
                _definition(make),
                resets,
                stream_wakes,
                parameters=parameters,
            )
        )
        return make

    return register


def _add(rule: Rule) -> None:
    if rule.code in _RULES:
        message = f"code {rule.code} is registered twice"
        raise ValueError(message)
    if rule.wakes & STREAM or any(
        mask and not mask & STREAM for mask in (rule.stream_wakes, rule.stream_facts)
    ):
        message = f"{rule.code}: kinds of one word of the mask stand under the other"
        raise ValueError(message)
    _RULES[rule.code] = rule
    registered[rule.code] = rule.name, rule.severity


def _definition(rule: Detect | type[HostFinding]) -> str:
    """The docstring of a rule; compiled functions have none, theirs is read from the source."""
    if rule.__doc__:
        return rule.__doc__.strip()
    package, _, module = rule.__module__.rpartition(".")
    source = (pkgutil.get_data(package, f"{module}.py") or b"").decode()
    _, _, behind = source.partition(f"\ndef {rule.__name__}(")
    return behind.partition('"""')[2].partition('"""')[0].strip()


@functools.cache
def rules() -> dict[str, Rule]:
    """All rules by code, in code order. Imports every module of this package on first use."""
    package = importlib.import_module("tcpflow_analyzer.findings")
    for module in pkgutil.walk_packages(package.__path__, "tcpflow_analyzer.findings."):
        importlib.import_module(module.name)
    return dict(sorted(_RULES.items()))


@functools.cache
def parameters() -> dict[str, Parameter]:
    """All parameters by name: those of the settings, and those that findings declare."""
    own = {each.name: each for rule in rules().values() for each in rule.parameters}
    return PARAMETERS | own


def parameters_of(rule: Rule) -> list[Parameter]:
    """The parameters that a finding goes by."""
    known = parameters().values()
    return [each for each in known if rule.code in each.codes or each in rule.parameters]
