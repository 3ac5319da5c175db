"""JSON and NDJSON of every capture: both fit the schema, say the same, and are in order."""

import io
import json
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import pytest
from jsonschema_rs import Draft202012Validator, ValidationError

from support.analyze_schema import analyze_schema
from support.places import (
    FIXTURES,
    capture_parameters,
    fixture_captures,
    shared_captures,
    shared_folder,
)
from tcpflow_analyzer.errors import InputError
from tcpflow_analyzer.pipeline import Run
from tcpflow_analyzer.report.json_report import JsonReport, NdjsonReport
from tcpflow_analyzer.report.sink import Sink
from tcpflow_analyzer.settings import Settings

Members = dict[str, Any]

WHOLE = Draft202012Validator(analyze_schema())
LINE = Draft202012Validator(analyze_schema() | {"$ref": "#/$defs/line"})
KEYS = ["schema_version", "tool", "capture", "summary", "connections", "findings"]


def both_reports(capture: Path, *, ns_as_strings: bool = False) -> tuple[Members, list[Members]]:
    """The JSON and the lines of NDJSON, from one run."""
    whole, lines = io.BytesIO(), io.BytesIO()
    sinks: list[Sink] = [JsonReport(whole, ns_as_strings), NdjsonReport(lines, ns_as_strings)]
    Run([capture], Settings(), sinks).run()
    return json.loads(whole.getvalue()), [
        json.loads(line) for line in lines.getvalue().split(b"\n") if line
    ]


def by_id(records: list[Members]) -> list[Members]:
    return sorted(records, key=lambda each: (str(type(each["id"])), each["id"]))


def lines_by_kind(lines: list[Members]) -> dict[str, list[Members]]:
    """The lines without `kind`, which stands first in each."""
    found: dict[str, list[Members]] = defaultdict(list)
    for line in lines:
        assert next(iter(line)) == "kind"
        found[line["kind"]].append({name: line[name] for name in line if name != "kind"})
    return found


def last_revisions(findings: list[Members]) -> list[Members]:
    """Findings as JSON has them: the last revision of each, without those withdrawn."""
    last = {each["id"]: each for each in findings}
    kept = [each for each in last.values() if not each["withdrawn"]]
    return [
        {name: each[name] for name in each if name not in {"revision", "withdrawn"}}
        for each in kept
    ]


def assert_lines_equal_whole(whole: Members, lines: list[Members]) -> None:
    """contract.md: sorted by id, without withdrawn findings, the lines equal the JSON."""
    kinds = [line["kind"] for line in lines]
    assert kinds[0] == "start"
    assert kinds[-2:] == ["capture", "summary"]
    assert Counter(kinds)["start"] == 1
    found = lines_by_kind(lines)
    assert by_id(found["connection"]) == whole["connections"]
    assert by_id(last_revisions(found["finding"])) == by_id(whole["findings"])
    assert found["capture"] == [whole["capture"]]
    assert found["summary"] == [whole["summary"]]


def assert_in_order(whole: Members) -> None:
    """Keys, ids and findings in the order that is promised; references that lead somewhere."""
    assert list(whole) == KEYS
    assert [each["id"] for each in whole["connections"]] == [
        *range(1, whole["summary"]["connections"] + 1)
    ]
    order = [
        (
            each["time_ns"],
            each["code"],
            each["connection"] or 0,
            each["endpoint"] or "",
            *each["frames"][:1],
        )
        for each in whole["findings"]
    ]
    assert order == sorted(order)
    ids: dict[int | None, list[str]] = defaultdict(list)
    for each in whole["findings"]:
        ids[each["connection"]].append(each["id"])
    for connection in whole["connections"]:
        assert sorted(connection["findings"]) == sorted(ids[connection["id"]])
    every = [each["id"] for each in whole["findings"]]
    assert len(set(every)) == len(every)
    assert Counter(each["code"] for each in whole["findings"]) == whole["summary"]["codes"]


def assert_sums(capture: Members) -> None:
    """contract.md: every frame is counted once."""
    assert capture["frames"] == (
        capture["tcp_segments"]
        + capture["other_frames"]
        + capture["fragments"]
        + sum(capture["undecoded"].values())
    )


@capture_parameters(fixture_captures())
def test_json_and_ndjson_agree(capture: Path) -> None:
    whole, lines = both_reports(capture)
    WHOLE.validate(whole)
    for line in lines:
        LINE.validate(line)
    assert_in_order(whole)
    assert_sums(whole["capture"])
    assert_lines_equal_whole(whole, lines)


def test_ns_as_strings_changes_times_and_nothing_else() -> None:
    capture = FIXTURES / "recordings" / "close_by_client.pcap"
    whole, lines = both_reports(capture, ns_as_strings=True)
    WHOLE.validate(whole)
    assert_lines_equal_whole(whole, lines)
    numbers, _ = both_reports(capture)
    assert whole != numbers
    assert times_read(whole) == numbers


def times_read(value: Any, name: str = "") -> Any:  # noqa: ANN401  JSON
    """The same JSON with times as numbers."""
    if isinstance(value, dict):
        return {each: times_read(value[each], each) for each in value}
    if isinstance(value, list):
        return [times_read(each) for each in value]
    if name.endswith("_ns") and isinstance(value, str):
        return int(value)
    return value


@pytest.mark.slow
@pytest.mark.skipif(shared_folder() is None, reason="needs captures that are not part of this")
def test_json_and_ndjson_agree_on_foreign_captures() -> None:
    wrong = []
    read = 0
    for capture in shared_captures():
        try:
            whole, lines = both_reports(capture)
        except InputError:
            continue
        read += 1
        try:
            WHOLE.validate(whole)
            assert_in_order(whole)
            assert_sums(whole["capture"])
            assert_lines_equal_whole(whole, lines)
        except (AssertionError, ValidationError) as error:
            wrong.append(f"{capture}: {str(error).splitlines()[0]}")
    assert wrong == []
    assert read > 100
