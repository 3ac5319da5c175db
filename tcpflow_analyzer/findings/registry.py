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
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol, TypeVar

from tcpflow_analyzer.findings.finding import CaptureView, Finding, Severity
from tcpflow_analyzer.table.connection import Connection

Detect = Callable[[Connection, CaptureView], Iterator[Finding]]


class HostFinding(Protocol):
    """State of one finding over many connections; bounded, see each one's docstring."""

    def see(self, connection: Connection, capture: CaptureView) -> None:
        """Take note of a connection that is over (or open when the capture ends)."""

    def findings(self, capture: CaptureView) -> Iterator[Finding]:
        """Judge, when the capture has ended."""


@dataclass(frozen=True, slots=True)
class Rule:
    """What the catalogue says of a code.

    Attributes:
        code, name, severity: `severity` is the usual one; severities: those it may take.
        context: "conn", "pair", "host" or "file".
        since, status: version that brought it; "stable" or "preview".
        wakes: mask of observations of which one at least must be on a connection.
        fact: one finding for each bit of `wakes` that is set on a connection, always info: counted
            by the mask, called only when somebody looks.
        detect: for conn and pair; make: for host and file.
        definition: the docstring.
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

    @property
    def summary(self) -> str:
        """First sentence of the definition."""
        return self.definition.partition("\n")[0]

    @property
    def family(self) -> str:
        """The two letters of the code."""
        return self.code[:2]


_RULES: dict[str, Rule] = {}

F = TypeVar("F", bound=Detect)
H = TypeVar("H", bound=type[HostFinding])


def finding(
    code: str,
    *,
    severity: Severity,
    since: str,
    wakes: int,
    severities: tuple[Severity, ...] = (),
    context: str = "conn",
    fact: bool = False,
    status: str = "stable",
) -> Callable[[F], F]:
    """Register a function `(connection, capture) -> Iterator[Finding]` under a code."""

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
                (detect.__doc__ or "").strip(),
            )
        )
        return detect

    return register


def host_finding(
    code: str,
    *,
    severity: Severity,
    since: str,
    wakes: int,
    severities: tuple[Severity, ...] = (),
    context: str = "host",
    status: str = "stable",
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
                (make.__doc__ or "").strip(),
            )
        )
        return make

    return register


def _add(rule: Rule) -> None:
    if rule.code in _RULES:
        message = f"code {rule.code} is registered twice"
        raise ValueError(message)
    _RULES[rule.code] = rule


@functools.cache
def rules() -> dict[str, Rule]:
    """All rules by code, in code order. Imports every module of this package on first use."""
    package = importlib.import_module("tcpflow_analyzer.findings")
    for module in pkgutil.walk_packages(package.__path__, "tcpflow_analyzer.findings."):
        importlib.import_module(module.name)
    return dict(sorted(_RULES.items()))
