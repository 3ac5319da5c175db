"""A comparison as JSON, and its published schema."""

import io
import json
from pathlib import Path
from typing import Any

import jsonschema

from support.diff_schema import diff_schema, schema_text
from support.diffed import diffed, served
from support.places import ROOT
from tcpflow_analyzer.gate.difference import Difference
from tcpflow_analyzer.gate.difference_json import write_json

FILE = ROOT / "docs" / "schema" / "diff.schema.json"


def written(difference: Difference) -> Any:  # noqa: ANN401  JSON
    stream = io.BytesIO()
    write_json(difference, stream)
    return json.loads(stream.getvalue())


def test_schema_is_up_to_date(update_golden: bool) -> None:
    if update_golden:
        FILE.write_text(schema_text())
    assert FILE.read_text() == schema_text(), "write it anew with --update-golden"


def test_object_is_valid_and_says_what_changed(tmp_path: Path) -> None:
    jsonschema.Draft202012Validator.check_schema(diff_schema())
    document = written(diffed(tmp_path, served("client", "reset"), served("client", "leak")))
    jsonschema.validate(document, diff_schema())
    assert document["differs"] is True
    (service,) = [each for each in document["services"] if each["name"] == "port 8080"]
    assert {"what": "connections", "value": None, "old": 2, "new": 2, "differs": False} in service[
        "counts"
    ]
    (leak,) = [each for each in service["findings"] if each["code"] == "CL005"]
    assert (leak["old"], leak["new"], leak["states"]) == (0, 1, "FIN-WAIT-2/CLOSE-WAIT")


def test_recordings_that_are_alike_do_not_differ(tmp_path: Path) -> None:
    document = written(diffed(tmp_path, served("client"), served("client")))
    jsonschema.validate(document, diff_schema())
    assert document["differs"] is False
    assert not any(each["differs"] for each in document["services"])
