"""Joins what came of the captures into the result of a check."""

from collections.abc import Sequence
from dataclasses import replace

from tcpflow_analyzer.gate.configuration import Configuration
from tcpflow_analyzer.gate.expectations import at_least_result
from tcpflow_analyzer.gate.result import ALL_CAPTURES, CaptureResult, CheckResult
from tcpflow_analyzer.gate.watch import Outcome


def conclude(outcomes: Sequence[Outcome], configuration: Configuration) -> CheckResult:
    """Judge what concerns all captures: whether the traffic was there at all.

    Args:
        outcomes: in the order of the captures.
        configuration: that they were checked by.
    """
    captures = tuple(outcome.result for outcome in outcomes)
    results = []
    if all(capture.coverage == "unusable" for capture in captures):  # nobody knows what they hold
        return CheckResult(captures, configuration=configuration.path)
    for expectation in configuration.expectations:
        if expectation.at_least is None:
            continue
        number = sum(outcome.connections.get(expectation.name, 0) for outcome in outcomes)
        capture = captures[0].path if len(captures) == 1 else ALL_CAPTURES
        results.append(at_least_result(expectation, expectation.at_least, capture, number))
    if len(captures) == 1:
        only = captures[0]
        captures = (replace(only, expectations=(*only.expectations, *results)),)
        results = []
    return CheckResult(captures, tuple(results), configuration=configuration.path)


def unusable(path: str, problem: str) -> Outcome:
    """What comes of an input that is no capture."""
    result = CaptureResult(path, (path,), "unusable", problem, False, 0, 0, 0, (), (), 0.0)
    return Outcome(result, {})
