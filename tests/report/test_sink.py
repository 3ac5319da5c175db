"""Every report is a sink: it has the members that the pipeline asks for."""

import inspect

import pytest

from tcpflow_analyzer.report.json_report import JsonReport, NdjsonReport
from tcpflow_analyzer.report.sink import Sink
from tcpflow_analyzer.report.terminal import TextReport

METHODS = ("begin", "connection", "finding", "flush", "more_of", "end")


@pytest.mark.parametrize("report", [JsonReport, NdjsonReport, TextReport])
@pytest.mark.parametrize("method", METHODS)
def test_report_takes_what_the_pipeline_hands_over(report: type, method: str) -> None:
    # A compiled method knows the names of its parameters and not their types, which mypy compares.
    asked = list(inspect.signature(getattr(Sink, method)).parameters)
    assert list(inspect.signature(getattr(report, method)).parameters) == asked


def test_sink_asks_for_no_other_methods() -> None:
    asked = {name for name, _ in inspect.getmembers(Sink, inspect.isfunction) if name[0] != "_"}
    assert asked == set(METHODS)
