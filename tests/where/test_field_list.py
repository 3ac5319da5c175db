"""The list of fields."""

import json

from tcpflow_analyzer.report.page import Look
from tcpflow_analyzer.where.field_list import INTRODUCTION, fields_json, fields_text
from tcpflow_analyzer.where.fields import FIELDS
from tcpflow_analyzer.where.parser import compile_where


def test_every_field_is_in_the_list_once() -> None:
    lines = fields_text(FIELDS.values(), Look(width=80)).splitlines()
    for name in FIELDS:
        plain = name.removeprefix("originator.").removeprefix("responder.")
        heads = (plain, f"[originator.|responder.]{plain}")
        assert len([line for line in lines if line.split("  ")[0] in heads]) == 1, name
    assert max(map(len, lines)) <= 80


def test_fields_for_programs_have_kind_and_values() -> None:
    found = {each["name"]: each for each in json.loads(fields_json(FIELDS.values()))}
    assert found.keys() == FIELDS.keys()
    assert found["finding.severity"]["values"] == ["info", "warning", "error"]
    assert found["finding.severity"]["ordered"]
    assert not found["responder.state"]["ordered"]


def test_examples_of_the_introduction_are_expressions() -> None:
    examples = [line.strip() for line in INTRODUCTION.splitlines() if line.startswith("  ")]
    assert len(examples) == 3
    for example in examples:
        assert compile_where(example).text == example
