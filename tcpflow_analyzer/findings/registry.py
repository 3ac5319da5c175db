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
from typing import Final, NamedTuple, Protocol, TypeVar

from tcpflow_analyzer.errors import ExtensionError
from tcpflow_analyzer.findings.finding import CaptureView, Finding, Severity, Verdict
from tcpflow_analyzer.settings import PARAMETERS, Parameter
from tcpflow_analyzer.sources.entry_points import is_declared
from tcpflow_analyzer.table.connection import Connection, Request
from tcpflow_analyzer.table.stream_observation import STREAM, both_words

Detect = Callable[[Connection, CaptureView], Iterable[Finding]]
# How many findings `detect` would make; if it is one, the verdict is filled in. There may be
# hundreds of thousands of a kind, of which nobody reads more than the first few.
Brief = Callable[[Connection, CaptureView, Verdict], int]
# The same of a SYN that was sent once and of its refusal, if there is one.
RequestBrief = Callable[[Request, CaptureView, Verdict], int]

GROUP: Final = "tcpflow_analyzer.findings"  # of the entry points by which others add findings
OWN_CODE: Final = r"X[A-Z]\d{3}"  # families with X are theirs for ever

EVERY_RESET = -1  # for a finding that looks at every RST, also at one without any trait


class HostFinding(Protocol):
    """State of one finding over many connections; bounded, see each one's docstring.

    One that has an attribute `left_out`, how often it had no room, finds it in the summary.
    """

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
        docstring: what Python has of it; "" for compiled code.
        parameters: that it goes by and that no setting holds: of findings of other packages.
        package: name and version of the package that it comes from, "" for this one.
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
    docstring: str
    resets: int = EVERY_RESET
    stream_wakes: int = 0
    stream_facts: int = 0
    brief: Brief | None = None
    request: RequestBrief | None = None
    parameters: tuple[Parameter, ...] = ()
    package: str = ""

    @property
    def awake(self) -> int:
        """Mask of both words (`both_words`): a connection with one of these has to be looked at."""
        return both_words(0 if self.fact else self.wakes, self.stream_wakes & ~STREAM)

    @property
    def facts(self) -> int:
        """Mask of both words: each of these on a connection is a finding, if it is not awake."""
        return both_words(self.wakes if self.fact else 0, self.stream_facts & ~STREAM)

    @property
    def definition(self) -> str:
        """The docstring in the source, its lines indented as far as under its first."""
        import inspect  # noqa: PLC0415  slow, and few runs ask for any

        rule = self.detect or self.make
        docstring = self.docstring or ("" if rule is None else _docstring_in_source(rule))
        return inspect.cleandoc(docstring)  # Python 3.13 has done so, others and compiled code not

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

# Whose modules are being imported: see Rule.package.
_packages: list[str] = [""]

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
                (detect.__doc__ or "").strip(),
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
                (make.__doc__ or "").strip(),
                resets,
                stream_wakes,
                parameters=parameters,
            )
        )
        return make

    return register


def _add(rule: Rule) -> None:
    rule = rule._replace(package=_packages[-1])
    problem = _problem(rule)
    if problem:
        raise ValueError(problem)
    _RULES[rule.code] = guarded(rule) if rule.package else rule
    registered[rule.code] = rule.name, rule.severity


def _problem(rule: Rule) -> str:
    """Say what is wrong with a rule, "" if nothing is."""
    if rule.code in _RULES:
        known = _RULES[rule.code]
        owner = f" ({known.name} of {known.package})" if known.package else ""
        return f"code {rule.code} is registered twice{owner}"
    if rule.wakes & STREAM or any(
        mask and not mask & STREAM for mask in (rule.stream_wakes, rule.stream_facts)
    ):
        return f"{rule.code}: kinds of one word of the mask stand under the other"
    if not rule.package:
        return ""
    if not re.fullmatch(OWN_CODE, rule.code):
        return f"code {rule.code}: those of other packages are X, a letter and three digits"
    if any(known.name == rule.name for known in _RULES.values()):
        return f"{rule.code}: a finding called {rule.name} exists"
    taken = [each.name for each in rule.parameters if each.name in PARAMETERS]
    return f"{rule.code}: a parameter called {taken[0]} exists" if taken else ""


class _GuardedDetect:
    """A finding of another package: what it raises is told as its mistake."""

    def __init__(self, rule: Rule, detect: Detect) -> None:
        self._rule = rule
        self._detect = detect

    def __call__(self, connection: Connection, capture: CaptureView) -> list[Finding]:
        """Judge a connection; raises ExtensionError."""
        try:
            return list(self._detect(connection, capture))
        except Exception as error:
            raise _failure(self._rule, f" on connection {connection.number}", error) from error


class _GuardedHost:
    """The same for one that looks at many connections."""

    def __init__(self, rule: Rule, host: HostFinding) -> None:
        self._rule = rule
        self._host = host

    def see(self, connection: Connection, capture: CaptureView) -> None:
        """Take note of a connection; raises ExtensionError."""
        try:
            self._host.see(connection, capture)
        except Exception as error:
            raise _failure(self._rule, f" on connection {connection.number}", error) from error

    def findings(self, capture: CaptureView) -> Iterator[Finding]:
        """Judge at the end; raises ExtensionError."""
        try:
            yield from self._host.findings(capture)
        except Exception as error:
            raise _failure(self._rule, "", error) from error


def guarded(rule: Rule) -> Rule:
    """Give a rule of another package whose mistakes name it."""
    make = rule.make
    if make is not None:
        return rule._replace(make=lambda: _GuardedHost(rule, make()))
    return rule if rule.detect is None else rule._replace(detect=_GuardedDetect(rule, rule.detect))


def _failure(rule: Rule, where: str, error: Exception) -> ExtensionError:
    what = " ".join(f"{type(error).__name__}: {error}".split())
    return ExtensionError(f"{rule.code} {rule.name} of {rule.package} failed{where}: {what}")


@functools.cache
def _docstring_in_source(rule: Detect | Callable[[], HostFinding]) -> str:
    """The docstring of a rule that has none as it is compiled; few runs ask for any."""
    package, _, module = rule.__module__.rpartition(".")
    source = (pkgutil.get_data(package, f"{module}.py") or b"").decode()
    _, _, behind = source.partition(f"\ndef {rule.__name__}(")
    return behind.partition('"""')[2].partition('"""')[0].strip()


@functools.cache
def rules() -> dict[str, Rule]:
    """All rules by code, in code order. Imports every module of this package on first use.

    Findings of other packages are those of the entry point group GROUP.

    Raises:
        ExtensionError: a package has such findings, and they cannot be imported.
    """
    package = importlib.import_module("tcpflow_analyzer.findings")
    for module in pkgutil.walk_packages(package.__path__, "tcpflow_analyzer.findings."):
        importlib.import_module(module.name)
    if is_declared(GROUP):
        import_extensions()
    return dict(sorted(_RULES.items()))


def import_extensions() -> None:
    """Import what other packages declare; a module registers its findings when it is imported.

    Raises:
        ExtensionError: one cannot be imported.
    """
    from importlib.metadata import entry_points  # noqa: PLC0415  slow, and seldom needed

    for entry in sorted(entry_points(group=GROUP), key=lambda each: (each.name, each.value)):
        of = entry.dist
        _packages.append(f"{of.name} {of.version}" if of is not None else entry.value)
        try:
            entry.load()
        except Exception as error:  # whatever the module of somebody else does
            what = " ".join(f"{type(error).__name__}: {error}".split())
            message = f"the findings of {_packages[-1]} ({entry.value}) cannot be used: {what}"
            raise ExtensionError(message) from error
        finally:
            _packages.pop()


@functools.cache
def parameters() -> dict[str, Parameter]:
    """All parameters by name: those of the settings, and those that findings declare."""
    own: dict[str, Parameter] = {}
    for rule in rules().values():
        for each in rule.parameters:
            before = own[each.name].codes if each.name in own else ()
            own[each.name] = each._replace(codes=(*before, rule.code))
    return PARAMETERS | own


def parameters_of(rule: Rule) -> list[Parameter]:
    """The parameters that a finding goes by."""
    return [each for each in parameters().values() if rule.code in each.codes]
