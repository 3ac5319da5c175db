"""The catalogue for people and programs."""

import json
from collections.abc import Iterator

import pytest

from tcpflow_analyzer.findings.finding import CaptureView, Finding
from tcpflow_analyzer.findings.registry import Rule, rules
from tcpflow_analyzer.report.catalogue import (
    explanation_json,
    explanation_text,
    list_json,
    list_text,
)
from tcpflow_analyzer.report.page import Look
from tcpflow_analyzer.table.connection import Connection

DEFINITION = """A leak of sockets that goes on, in a sentence that is rather long.

    Set when all of the following hold:
      - an endpoint is in CLOSE-WAIT
        for longer than it should;
      - nothing else follows.

    A paragraph of its own, which is longer than a
    single line.

    Why it matters: no timer ends it.
    What to do: look with `ss`; then look
        again.
    Other tools: none.
    References: RFC 9293 section 3.6."""


def detect(_connection: Connection, _capture: CaptureView) -> Iterator[Finding]:
    yield from ()


RULE = Rule(
    "CL999", "socket-leak", "warning", ("warning", "error"), "conn", "0.1.0", "stable", 1, False,
    detect, None, DEFINITION,
)  # fmt: skip


def test_list_json_members_in_the_order_of_the_contract() -> None:
    (found,) = json.loads(list_json([RULE]))
    assert found == {
        "code": "CL999",
        "name": "socket-leak",
        "severity": "warning",
        "severities": ["warning", "error"],
        "context": "conn",
        "status": "stable",
        "since": "0.1.0",
        "summary": "A leak of sockets that goes on, in a sentence that is rather long.",
    }
    assert list(found)[:3] == ["code", "name", "severity"]


def test_list_text_gives_code_name_severities_and_meaning() -> None:
    lines = list_text([RULE], Look(width=60)).splitlines()
    assert lines == [
        "CL999  socket-leak  warning/error",
        "       A leak of sockets that goes on, in a sentence that is",
        "       rather long.",
    ]


def test_explanation_json_finds_the_sections() -> None:
    found = json.loads(explanation_json(RULE))
    assert found["advice"] == "look with `ss`; then look again."
    assert found["references"] == "RFC 9293 section 3.6."
    assert found["peers"] == "none."
    assert found["definition"].startswith("A leak of sockets")


def test_explanation_text_is_filled_to_the_width() -> None:
    assert explanation_text(RULE, Look(width=72)).splitlines() == [
        "CL999 socket-leak   warning or error, since 0.1.0",
        "",
        "A leak of sockets that goes on, in a sentence that is rather long.",
        "",
        "Set when all of the following hold:",
        "  - an endpoint is in CLOSE-WAIT for longer than it should;",
        "  - nothing else follows.",
        "",
        "A paragraph of its own, which is longer than a single line.",
        "",
        "Why it matters: no timer ends it.",
        "What to do: look with `ss`; then look again.",
        "Other tools: none.",
        "References: RFC 9293 section 3.6.",
    ]


@pytest.mark.parametrize("code", sorted(rules()))
def test_explanation_text_of_every_rule_keeps_its_words_and_width(code: str) -> None:
    rule = rules()[code]
    text = explanation_text(rule, Look(width=80))
    assert rule.definition.split() == text.split("\n", 2)[2].split()
    assert max(map(len, text.splitlines())) <= 80
    assert "\n  - " in text
