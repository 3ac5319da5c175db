"""The published schema is valid, up to date, and strict enough to notice what is wrong."""

import copy
import io
import json
from typing import Any

import jsonschema
import pytest

from support.analyze_schema import analyze_schema, schema_text
from support.places import ROOT
from support.report_samples import make_capture, make_connection, make_finding, make_summary
from tcpflow_analyzer.report.json_report import JsonReport
from tcpflow_analyzer.report.sink import Start
from tcpflow_analyzer.settings import Settings

FILE = ROOT / "docs" / "schema" / "analyze.schema.json"


def test_schema_is_up_to_date(update_golden: bool) -> None:
    if update_golden:
        FILE.write_text(schema_text())
    assert FILE.read_text() == schema_text(), "write it anew with --update-golden"


def test_schema_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(analyze_schema())


def output() -> dict[str, Any]:
    stream = io.BytesIO()
    report = JsonReport(stream)
    report.begin(Start(["a.pcap"], Settings(), {}, lambda _: (None, None), lambda _: None))
    report.connection(make_connection(), [make_finding()])
    report.end(make_capture(), make_summary(1, CL005=1))
    return dict(json.loads(stream.getvalue()))


def test_schema_takes_what_a_report_writes() -> None:
    jsonschema.validate(output(), analyze_schema())


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("connections", 0, "originator", "state"), "TIME_WAIT"),
        (("connections", 0, "originator", "port"), 65536),
        (("connections", 0, "originator", "possible_states"), []),
        (("connections", 0, "handshake", "outcome"), "fine"),
        (("connections", 0, "close", "active_closer"), "client"),
        (("connections", 0, "transitions", 0, "frame"), 0),
        (("connections", 0, "extra"), 1),
        (("findings", 0, "code"), "CL5"),
        (("findings", 0, "time_ns"), 1.5),
        (("findings", 0, "extra"), 1),
        (("capture", "undecoded"), {"no such reason": 1}),
        (("summary", "findings"), {"error": 0}),
    ],
)
def test_schema_refuses_what_breaks_it(path: tuple[str | int, ...], value: object) -> None:
    wrong: Any = copy.deepcopy(output())
    place = wrong
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(wrong, analyze_schema())
