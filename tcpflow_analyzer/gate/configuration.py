"""Input type of `tcpflow check`: what may fail a check, what is expected, what is tolerated.

Made by read_configuration.py from a file, or by hand; options of the command line replace its
values. Plain values, which can be sent to another process.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from typing import Final

from tcpflow_analyzer.findings.finding import Severity
from tcpflow_analyzer.findings.selection import Codes
from tcpflow_analyzer.gate.result import Origin
from tcpflow_analyzer.settings import Settings
from tcpflow_analyzer.where.parser import Where

SETTLE_NS: Final = 60_000_000_000  # the least waiting time of the findings about ends (CL005)
BY_DEFAULT: Final = Origin(text="--fail-on error")
QUANTILES: Final = {
    "handshake_p50": 0.50,
    "handshake_p90": 0.90,
    "handshake_p95": 0.95,
    "handshake_p99": 0.99,
    "handshake_max": 1.0,
}


@dataclass(frozen=True, slots=True)
class FailOn:
    """What fails a check.

    Attributes:
        severity: findings at least so severe; None for none by severity.
        codes: these fail whatever their severity, if it is more than info or the code is whole.
        origin: who asked.
    """

    severity: Severity | None = "error"
    codes: tuple[Codes, ...] = ()
    origin: Origin = BY_DEFAULT


@dataclass(frozen=True, slots=True)
class Ignored:
    """Findings that do not count.

    Attributes:
        codes: which; None for all.
        where: only where this holds; None for everywhere.
        origin: who asked.
    """

    codes: Codes | None
    where: Where | None
    origin: Origin


@dataclass(frozen=True, slots=True)
class Limit:
    """How many findings there may be of some codes, in each capture.

    Attributes:
        codes: which.
        least, most: how many; None for any number.
        origin: who asked.
    """

    codes: Codes
    least: int
    most: int | None
    origin: Origin

    @property
    def text(self) -> str:
        """Write `3..5`, `at most 5`, `at least 3`, `exactly 4`."""
        if self.most is None:
            return f"at least {self.least}"
        if self.least == self.most:
            return f"exactly {self.least}" if self.most else "none"
        return f"{self.least} to {self.most}" if self.least else f"at most {self.most}"


@dataclass(frozen=True, slots=True)
class Expectation:
    """What is expected of the connections of a service.

    Attributes:
        name: for people.
        where: which connections; None for all.
        captures: patterns of names of captures; () for all.
        closed_by: who must close first: "originator", "responder"; "" for anybody.
        states: allowed end states, `ORIGINATOR/RESPONDER`; () for any.
        settle_ns: a connection that is not over is judged if the capture goes on so long after it.
        max_connections, at_least: how many there may and must be; None for any number.
        quantiles: key of QUANTILES -> most nanoseconds.
        forbid: findings that there must not be.
        lines: key -> where it was asked for.
    """

    name: str
    where: Where | None = None
    captures: tuple[str, ...] = ()
    closed_by: str = ""
    states: tuple[str, ...] = ()
    settle_ns: int = SETTLE_NS
    max_connections: int | None = None
    at_least: int | None = None
    quantiles: dict[str, int] = field(default_factory=dict)
    forbid: tuple[Codes, ...] = ()
    lines: dict[str, Origin] = field(default_factory=dict)

    def origin(self, key: str) -> Origin:
        """Where a key was asked for."""
        return self.lines.get(key, Origin(text=self.name))

    def concerns(self, path: str) -> bool:
        """Whether it is about a capture: by its path, or its name alone."""
        name = path.replace("\\", "/").rpartition("/")[2]
        return not self.captures or any(
            fnmatchcase(path, pattern) or fnmatchcase(name, pattern) for pattern in self.captures
        )


@dataclass(frozen=True, slots=True)
class Configuration:
    """Everything that a check goes by.

    Attributes:
        path: of the file it came from, "" without one.
        fail_on: see there.
        select: only these findings; () for all. ignore: but not these.
        min_certainty: findings less certain do not fail: "observed", "inferred" or "assumed".
        where: only connections and findings for which it holds; None for all.
        limits: counts by code; of several that mean a finding the last one counts.
        expectations: of services.
        settings: of the analysis: thresholds, profiles.
        allow_truncated, allow_empty: whether such captures are fine.
        together: whether all captures are one recording.
        baseline: path of a baseline, "" for none.
    """

    path: str = ""
    fail_on: FailOn = FailOn()
    select: tuple[Codes, ...] = ()
    ignore: tuple[Ignored, ...] = ()
    min_certainty: str = "inferred"
    where: Where | None = None
    limits: tuple[Limit, ...] = ()
    expectations: tuple[Expectation, ...] = ()
    settings: Settings = field(default_factory=Settings)
    allow_truncated: bool = False
    allow_empty: bool = False
    together: bool = False
    baseline: str = ""

    def with_limits(self, limits: Sequence[Limit]) -> "Configuration":
        """Give a configuration with these limits instead of those for the same codes."""
        new = {(each.codes.prefix, each.codes.is_whole) for each in limits}
        kept = [each for each in self.limits if (each.codes.prefix, each.codes.is_whole) not in new]
        return replace(self, limits=(*kept, *limits))
