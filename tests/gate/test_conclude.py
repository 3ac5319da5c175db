"""Captures that are joined into one result; `at_least` is in test_expectations.py."""

from tcpflow_analyzer.gate.conclude import conclude, unusable
from tcpflow_analyzer.gate.configuration import Configuration


def test_unusable_input_is_a_capture_of_status_2() -> None:
    result = conclude([unusable("a", "a: no such file")], Configuration(path="tcpflow.toml"))
    assert result.status == 2
    assert result.captures[0].problem == "a: no such file"
    assert result.configuration == "tcpflow.toml"
