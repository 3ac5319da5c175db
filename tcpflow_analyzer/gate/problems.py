"""What a check has to tell, in one form that all outputs for machines and build services share.

In: a `CheckResult`. Out: problems in the order of the captures, the worst of each first. A finding
that an expectation forbids is one problem, not two.
"""

from collections.abc import Iterator
from typing import Final, NamedTuple

from tcpflow_analyzer.findings.finding import Severity
from tcpflow_analyzer.gate.result import (
    CaptureResult,
    CheckResult,
    ExpectationResult,
    FindingResult,
    Origin,
    Place,
)

FORBID: Final = "forbid"  # the key of an expectation whose findings stand beside it
COVERAGE_WORDS: Final = {
    "damaged": "is cut short or damaged",
    "empty": "holds no TCP segment",
    "unusable": "cannot be read",
}
COVERAGE_ADVICE: Final = {
    "damaged": "End the capture before it is copied, or allow it: --allow-truncated.",
    "empty": "Check what is captured and when (interface, filter), or allow it: --allow-empty.",
    "unusable": "Check the path; a capture is a pcap or pcapng file.",
}


class Problem(NamedTuple):
    """Something that fails the build, or would if it were not known or allowed.

    Attributes:
        rule: code of the finding, "expect/KEY", or "capture/COVERAGE".
        title: a few words.
        severity: "error", "warning" or "info".
        message: one sentence.
        details: further lines: whose, what was expected, what to do.
        capture: path of the capture; "" for all together.
        service: whom it concerns, "" where that is nobody.
        places: frames that prove it.
        fingerprint: survives other ports, times and frame numbers; "" of a capture's problem.
        origin: who asked.
        excused: why it does not fail the build, "" if it does.
    """

    rule: str
    title: str
    severity: Severity
    message: str
    details: tuple[str, ...]
    capture: str
    service: str
    places: tuple[Place, ...]
    fingerprint: str
    origin: Origin
    excused: str


def problems(result: CheckResult) -> Iterator[Problem]:
    """Give everything that is wrong, what is known and allowed included."""
    for capture in result.captures:
        yield from capture_problems(capture, result.baseline)
    for expectation in result.expectations:
        if not expectation.passed:
            yield of_expectation(expectation, result.baseline)


def capture_problems(capture: CaptureResult, baseline: str) -> Iterator[Problem]:
    """Give everything that is wrong with one capture.

    Args:
        capture: which one.
        baseline: path of the baseline, "" without one.
    """
    if capture.coverage != "complete":
        yield of_coverage(capture)
    for finding in capture.findings:
        yield of_finding(finding, baseline)
    for expectation in capture.expectations:
        if not expectation.passed and expectation.key != FORBID:
            yield of_expectation(expectation, baseline)


def of_coverage(capture: CaptureResult) -> Problem:
    """The problem of a capture that could not be read to its end."""
    words = COVERAGE_WORDS[capture.coverage]
    message = f"{capture.path} {words}"
    return Problem(
        f"capture/{capture.coverage}",
        f"the capture {words}",
        "warning" if capture.tolerated else "error",
        f"{message}: {capture.problem}" if capture.problem else message,
        (f"What to do: {COVERAGE_ADVICE[capture.coverage]}",),
        capture.path,
        "",
        (),
        "",
        Origin(),
        "allowed" if capture.tolerated else "",
    )


def of_finding(finding: FindingResult, baseline: str) -> Problem:
    """The problem that findings which are alike are."""
    more = f", {finding.count:,} times" if finding.count > 1 else ""
    details = [f"Service: {finding.service}{more}"]
    if finding.sockets:
        states = f", left in {finding.states}" if finding.states else ""
        details.append(f"First: {finding.sockets}{states}")
    if finding.expected:
        details.append(f"Expected: {_with_origin(finding.expected, finding.origin)}")
    if finding.why:
        details.append(f"Why: {finding.why}")
    if finding.advice:
        details.append(f"What to do: {finding.advice}")
    details.append(f"More: tcpflow explain {finding.code}")
    return Problem(
        finding.code,
        f"{finding.code} {finding.name}",
        finding.severity,
        finding.message,
        tuple(details),
        finding.capture,
        finding.service,
        finding.places,
        finding.fingerprint,
        finding.origin,
        _excuse(finding.known, baseline),
    )


def of_expectation(expectation: ExpectationResult, baseline: str) -> Problem:
    """The problem that an expectation is which does not hold."""
    asked = _with_origin(expectation.expected, expectation.origin)
    details = [f"Expected: {asked}", f"Found: {expectation.found}"]
    if expectation.advice:
        details.append(f"What to do: {expectation.advice}")
    return Problem(
        f"expect/{expectation.key}",
        f"{expectation.name}: {expectation.key}",
        "error",
        expectation.message,
        tuple(details),
        expectation.capture,
        expectation.name,
        expectation.places,
        expectation.fingerprint,
        expectation.origin,
        _excuse(expectation.known, baseline),
    )


def place_text(places: tuple[Place, ...]) -> str:
    """Write frames as `Frames: a.pcap:4, a.pcap:5`; "" for none."""
    if not places:
        return ""
    noun = "Frame" if len(places) == 1 else "Frames"
    return f"{noun}: {', '.join(str(place) for place in places)}"


def _with_origin(expected: str, origin: Origin) -> str:
    return f"{expected} ({origin})" if str(origin) else expected


def _excuse(known: bool, baseline: str) -> str:
    if not known:
        return ""
    return f"known: in the baseline {baseline}" if baseline else "known: in the baseline"
