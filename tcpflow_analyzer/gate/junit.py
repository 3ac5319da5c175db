"""Writes a check as JUnit XML: a suite for each capture, a case for each expectation and service.

As of the schema that Jenkins' xUnit plugin and pytest follow (junit-10.xsd). What the baseline
holds or the user allowed is a skipped case. Names of cases do not change while a service stays as
it is, so that a build service can tell their history.
"""

from collections.abc import Iterable, Sequence
from typing import Final
from xml.sax.saxutils import escape, quoteattr

from tcpflow_analyzer.gate.plain_text import for_xml
from tcpflow_analyzer.gate.problems import (
    FORBID,
    Problem,
    of_coverage,
    of_expectation,
    of_finding,
    place_text,
)
from tcpflow_analyzer.gate.result import CaptureResult, CheckResult, ExpectationResult
from tcpflow_analyzer.report.sink import ByteWriter

ALL_TOGETHER: Final = "all captures together"
CAPTURE_CASE: Final = "the capture is complete"
FINDINGS_CASE: Final = "findings"


class _Case:
    """A test case and what is wrong with it."""

    def __init__(
        self, group: str, name: str, wrong: Sequence[Problem] = (), tag: str = "failure"
    ) -> None:
        self.group = group
        self.name = name
        failures = [problem for problem in wrong if not problem.excused]
        self.told = failures or list(wrong)
        self.tag = "" if not wrong else tag if failures else "skipped"

    def lines(self, suite: str) -> list[str]:
        """The element, a line each.

        Args:
            suite: stands in front of the class, as viewers tell cases apart by class and name. What
                is before the last dot is a package to them.
        """
        class_name = f"{suite}.{self.group}"
        head = f"<testcase classname={_quoted(class_name)} name={_quoted(self.name)}"
        if not self.tag:
            return [f"{head}/>"]
        first = self.told[0]
        if self.tag == "skipped":
            return [f"{head}>", f"<skipped message={_quoted(first.excused)}/>", "</testcase>"]
        more = f" (and {len(self.told) - 1} more)" if len(self.told) > 1 else ""
        attributes = f"message={_quoted(first.message + more)} type={_quoted(first.rule)}"
        text = "\n\n".join(problem_text(problem) for problem in self.told)
        return [
            f"{head}>",
            f"<{self.tag} {attributes}>{escape(for_xml(text))}</{self.tag}>",
            "</testcase>",
        ]


def write_junit(result: CheckResult, writer: ByteWriter) -> None:
    """Write the whole file."""
    suites = [
        (capture.path, _capture_cases(capture, result.baseline)) for capture in result.captures
    ]
    if result.expectations:
        cases = [_expectation_case(each, (), result.baseline) for each in result.expectations]
        suites.append((ALL_TOGETHER, cases))
    every = [case for _, cases in suites for case in cases]
    lines = [
        '<?xml version="1.0" encoding="utf-8"?>',
        f'<testsuites name="tcpflow" {_counts(every)}>',
    ]
    for name, cases in suites:
        skipped = sum(case.tag == "skipped" for case in cases)
        lines.append(f'<testsuite name={_quoted(name)} {_counts(cases)} skipped="{skipped}">')
        for case in cases:
            lines += case.lines(name)
        lines.append("</testsuite>")
    lines.append("</testsuites>")
    writer.write(("\n".join(lines) + "\n").encode())


def problem_text(problem: Problem) -> str:
    """Write a problem in some lines."""
    lines = [problem.title, problem.message, *problem.details, place_text(problem.places)]
    return "\n".join(line for line in lines if line)


def _capture_cases(capture: CaptureResult, baseline: str) -> list[_Case]:
    """The cases of one capture: itself, each expectation, and each service with findings."""
    trouble = [] if capture.coverage == "complete" else [of_coverage(capture)]
    cases = [_Case("capture", CAPTURE_CASE, trouble, "error")]
    findings = [of_finding(finding, baseline) for finding in capture.findings]
    by_expectation: dict[str, list[Problem]] = {}
    by_service: dict[str, list[Problem]] = {}
    for finding, problem in zip(capture.findings, findings, strict=True):
        by = by_expectation if finding.expectation else by_service
        by.setdefault(finding.expectation or finding.service, []).append(problem)
    for expectation in capture.expectations:
        forbidden = by_expectation.get(expectation.name, []) if expectation.key == FORBID else []
        cases.append(_expectation_case(expectation, forbidden, baseline))
    judged = {each.name for each in capture.expectations if each.key == FORBID}
    for name, wrong in by_expectation.items():
        if name not in judged:
            cases.append(_Case(name, FORBID, wrong))
    if capture.coverage != "unusable" and not by_service:
        cases.append(_Case(FINDINGS_CASE, FINDINGS_CASE))
    cases += [_Case(FINDINGS_CASE, service, wrong) for service, wrong in by_service.items()]
    return cases


def _expectation_case(
    expectation: ExpectationResult, forbidden: Sequence[Problem], baseline: str
) -> _Case:
    """The case of an expectation; `forbidden` are the findings that it forbids."""
    if expectation.passed:
        return _Case(expectation.name, expectation.key)
    wrong = forbidden or [of_expectation(expectation, baseline)]
    return _Case(expectation.name, expectation.key, wrong)


def _counts(cases: Iterable[_Case]) -> str:
    tags = [case.tag for case in cases]
    failures, errors = tags.count("failure"), tags.count("error")
    return f'tests="{len(tags)}" failures="{failures}" errors="{errors}"'


def _quoted(text: str) -> str:
    return quoteattr(for_xml(text))
