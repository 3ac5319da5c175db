"""The list of rules is found by walking the package, and each rule is consistent with itself."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tcpflow_analyzer.findings import registry
from tcpflow_analyzer.findings.finding import SEVERITIES, CaptureView, Finding
from tcpflow_analyzer.findings.registry import Rule, rules
from tcpflow_analyzer.table.connection import Connection
from tcpflow_analyzer.table.observation import FACTS, RESET
from tcpflow_analyzer.table.stream_observation import STREAM

PACKAGE = Path(registry.__file__).parents[1]

every_rule = pytest.mark.parametrize("rule", rules().values(), ids=lambda rule: rule.code)


@every_rule
def test_rule_has_a_code_and_a_name_in_the_house_form(rule: Rule) -> None:
    assert re.fullmatch(r"[A-Z]{2}\d{3}", rule.code)
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", rule.name)
    assert rule.family == rule.code[:2]
    assert rules()[rule.code] is rule


@every_rule
def test_rule_judges_connections_or_is_made_for_many(rule: Rule) -> None:
    assert (rule.detect is None) != (rule.make is None)
    assert (rule.make is None) == (rule.context in ("conn", "pair"))
    assert set(rule.severities) <= set(SEVERITIES)
    assert rule.status in ("stable", "preview")
    # A rule about hosts may read the census instead of connections.
    assert rule.awake | rule.facts or rule.make is not None


@every_rule
def test_fact_is_info_and_reads_no_tally(rule: Rule) -> None:
    if rule.fact:
        assert rule.severities == ("info",)
        assert rule.wakes & ~FACTS == 0


@every_rule
def test_facts_of_the_stream_are_of_the_usual_severity_and_not_awake(rule: Rule) -> None:
    if rule.stream_facts:
        assert rule.severity == "info"
        assert rule.stream_facts & rule.stream_wakes & ~STREAM == 0


@pytest.mark.parametrize(
    ("wakes", "stream_wakes", "stream_facts"),
    [(STREAM | 1, 0, 0), (0, RESET, 0), (0, 0, RESET)],
)
def test_kind_under_the_wrong_word_is_refused(
    wakes: int, stream_wakes: int, stream_facts: int
) -> None:
    def another(connection: Connection, capture: CaptureView) -> Iterator[Finding]:
        """Nothing."""
        yield from ()

    with pytest.raises(ValueError, match="XX001"):
        registry.finding(
            "XX001",
            severity="info",
            since="0.1.0",
            wakes=wakes,
            stream_wakes=stream_wakes,
            stream_facts=stream_facts,
        )(another)


@every_rule
def test_rule_about_hosts_says_nothing_without_evidence(rule: Rule) -> None:
    if rule.make is not None:
        assert list(rule.make().findings(CaptureView())) == []


def test_rules_come_in_code_order() -> None:
    assert list(rules()) == sorted(rules())


def test_code_registered_twice_is_refused() -> None:
    def another(connection: Connection, capture: CaptureView) -> Iterator[Finding]:
        yield from ()

    with pytest.raises(ValueError, match="LC001"):
        registry.finding("LC001", severity="info", since="0.1.0", wakes=RESET)(another)


@every_rule
def test_definition_is_the_docstring_in_the_source(rule: Rule) -> None:
    # A compiled function has no docstring; its definition is read from the source beside it.
    target = rule.detect or rule.make
    assert target is not None
    source = (PACKAGE.parent / f"{target.__module__.replace('.', '/')}.py").read_text()
    docstrings = [
        ast.get_docstring(node) or ""
        for node in ast.parse(source).body
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name == target.__name__
    ]
    assert docstrings == [rule.definition]
    assert rule.definition
