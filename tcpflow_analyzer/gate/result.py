"""Output type of `tcpflow check`: what failed, what held, and what could not be told.

Plain values, which can be sent to another process. Texts hold what the captures held: whoever
writes them escapes for the format at hand.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, NamedTuple

from tcpflow_analyzer.findings.finding import Severity
from tcpflow_analyzer.report.wording import counted

# How far a capture could be checked.
Coverage = Literal["complete", "damaged", "empty", "unusable"]

STATUS_PASSED: Final = 0
STATUS_FAILED: Final = 1
STATUS_UNUSABLE: Final = 2
STATUS_INCOMPLETE: Final = 3

ALL_CAPTURES: Final = ""  # the capture of an expectation about all of them together


class Place(NamedTuple):
    """A frame.

    Attributes:
        path: of its file, as given.
        frame: its own number in that file, from 1, as Wireshark shows it.
    """

    path: str
    frame: int

    def __str__(self) -> str:
        """Write `file:frame`."""
        return f"{self.path}:{self.frame}"


class Origin(NamedTuple):
    """Where somebody asked for what was checked.

    Attributes:
        path: of the configuration; "" where an option or the default asked.
        line: in it, from 1; 0 without a path.
        text: the option, as in `--max RS001=0`; "" with a path.
    """

    path: str = ""
    line: int = 0
    text: str = ""

    def __str__(self) -> str:
        """Write `tcpflow.toml, line 9`, or the option."""
        return f"{self.path}, line {self.line}" if self.path else self.text


@dataclass(frozen=True, slots=True)
class FindingResult:
    """Findings that are alike: same code, severity, service, role and states (same fingerprint).

    Attributes:
        code, name, severity, certainty: of the worst of them.
        message, why, would_disprove: of the first of the worst of them.
        advice: what to do, of the catalogue; one paragraph.
        service: whom it concerns: the name of the expectation or service of the configuration,
            else `port 8080`, else the host in words.
        endpoint: whose doing: "originator", "responder" or "".
        states: in which the ends were left, "ESTABLISHED/CLOSED"; "" about no connection.
        capture: the path under which its capture is reported.
        places: frames that prove the first of them.
        connections: numbers of the first connections that have one.
        sockets: of the first of them, `192.0.2.1:40000 > 192.0.2.2:80`, "" about no connection.
        count: how many findings.
        fingerprint: 32 hexadecimal digits; survives other ports, times and frame numbers.
        expectation: name of the expectation that forbids it, "" where the severity or code does.
        expected: what was asked for, in words, as in `no CL005`.
        origin: who asked.
        known: whether the baseline holds it; it does not fail then.
    """

    code: str
    name: str
    severity: Severity
    certainty: str
    message: str
    why: str
    would_disprove: str
    advice: str
    service: str
    endpoint: str
    states: str
    capture: str
    places: tuple[Place, ...]
    connections: tuple[int, ...]
    sockets: str
    count: int
    fingerprint: str
    expectation: str
    expected: str
    origin: Origin
    known: bool = False


@dataclass(frozen=True, slots=True)
class ExpectationResult:
    """One key of an expectation, or of a limit, and whether it held.

    Attributes:
        name: of the expectation, as in `database pool`; "limits" for counts by code.
        key: "closed_by", "states", "max_connections", "handshake_p99", "forbid", "at_least",
            or the code of a limit.
        capture: the path under which its capture is reported; ALL_CAPTURES for one about all.
        passed: whether it held.
        expected, found: in words, as in `at most 5 ms`, `7.2 ms`.
        message: one sentence: what is wrong, or what held.
        advice: what to do; "" if it held.
        places: frames of what is wrong; of the first connections that are.
        connections: their numbers; count: of all that are wrong.
        fingerprint: as of a finding.
        origin: who asked.
        known: whether the baseline holds it; it does not fail then.

    A `forbid` that does not hold has its findings beside it, as FindingResult.
    """

    name: str
    key: str
    capture: str
    passed: bool
    expected: str
    found: str
    message: str
    advice: str
    places: tuple[Place, ...]
    connections: tuple[int, ...]
    count: int
    fingerprint: str
    origin: Origin
    known: bool = False


class Uncertain(NamedTuple):
    """Findings whose code somebody asked about, and which are not certain enough to count.

    Attributes:
        code, certainty: of each of them.
        number: how many there are.
    """

    code: str
    certainty: str
    number: int

    def __str__(self) -> str:
        """What is to be told where nothing failed."""
        who = counted(self.number, f"finding of {self.code} is", f"findings of {self.code} are")
        return f"{who} only {self.certainty} and did not count"


@dataclass(frozen=True, slots=True)
class CaptureResult:
    """One capture, or several that were checked as one recording.

    Attributes:
        path: under which it is reported: as given; the first of several.
        files: all files of it.
        coverage: "complete"; "damaged": cut short or broken; "empty": not one TCP segment;
            "unusable": not a capture at all.
        problem: one line that says what is wrong with it, "" if nothing is.
        tolerated: the problem was allowed (`--allow-truncated`, `--allow-empty`).
        frames, segments, connections: how many.
        findings: that fail, or would if the baseline did not hold them, the worst first.
        expectations: all that were judged, in the order of the configuration.
        seconds: of the capture, from its first to its last frame.
        uncertain: findings of codes that should fail, left out by the least certainty.
        left_out: what was not followed or not captured, as report.totals.Summary has it.
    """

    path: str
    files: tuple[str, ...]
    coverage: Coverage
    problem: str
    tolerated: bool
    frames: int
    segments: int
    connections: int
    findings: tuple[FindingResult, ...]
    expectations: tuple[ExpectationResult, ...]
    seconds: float
    uncertain: tuple[Uncertain, ...] = ()
    left_out: Mapping[str, int] = field(default_factory=dict)

    @property
    def failures(self) -> tuple[FindingResult | ExpectationResult, ...]:
        """What fails: new findings, then expectations that are not about findings."""
        findings = [each for each in self.findings if not each.known]
        expectations = [each for each in self.expectations if fails(each) and each.key != "forbid"]
        return (*findings, *expectations)

    @property
    def status(self) -> int:
        """The exit status that this capture alone would give."""
        if self.coverage == "unusable":
            return STATUS_UNUSABLE
        if self.failures:
            return STATUS_FAILED
        if self.coverage != "complete" and not self.tolerated:
            return STATUS_INCOMPLETE
        return STATUS_PASSED


class StaleEntry(NamedTuple):
    """An entry of the baseline that nothing of this check matched.

    Attributes:
        fingerprint, code, service: of the entry.
        text: what it was about, in words.
    """

    fingerprint: str
    code: str
    service: str
    text: str


@dataclass(frozen=True, slots=True)
class CheckResult:
    """One run of `tcpflow check`.

    Attributes:
        captures: in the order in which they were given.
        expectations: those about all captures together.
        stale: what the baseline holds and nobody saw.
        configuration: path of the configuration in force, "" without one.
        baseline: path of the baseline, "" without one.
    """

    captures: tuple[CaptureResult, ...]
    expectations: tuple[ExpectationResult, ...] = ()
    stale: tuple[StaleEntry, ...] = ()
    configuration: str = ""
    baseline: str = ""

    @property
    def failures(self) -> tuple[FindingResult | ExpectationResult, ...]:
        """Everything that fails, of all captures."""
        of_captures = [failure for capture in self.captures for failure in capture.failures]
        return (*of_captures, *(each for each in self.expectations if fails(each)))

    @property
    def uncertain(self) -> tuple[Uncertain, ...]:
        """What the least certainty left out of all captures, by code and certainty."""
        counts = Counter[tuple[str, str]]()
        for capture in self.captures:
            for each in capture.uncertain:
                counts[each.code, each.certainty] += each.number
        return tuple(Uncertain(*kind, number) for kind, number in sorted(counts.items()))

    @property
    def known(self) -> int:
        """How many failures the baseline holds; a `forbid` is told by its findings."""
        findings = sum(each.known for capture in self.captures for each in capture.findings)
        every = [each for capture in self.captures for each in capture.expectations]
        every = [each for each in (*every, *self.expectations) if each.key != "forbid"]
        return findings + sum(each.known for each in every)

    @property
    def status(self) -> int:
        """The exit status: 2, 1, 3 or 0, the first of them that applies."""
        statuses = {capture.status for capture in self.captures}
        if STATUS_UNUSABLE in statuses:
            return STATUS_UNUSABLE
        if self.failures:
            return STATUS_FAILED
        return STATUS_INCOMPLETE if STATUS_INCOMPLETE in statuses else STATUS_PASSED


def fails(expectation: ExpectationResult) -> bool:
    """Whether an expectation did not hold and the baseline does not excuse it."""
    return not expectation.passed and not expectation.known
