"""Makes docs/schema/diff.schema.json.

`pytest tests/gate/test_difference_json.py --update-golden` writes the file anew.
"""

import json
from typing import Final

from support.analyze_schema import (
    COUNT,
    FRAME,
    SENTENCE,
    TEXT,
    TRUTH,
    Schema,
    closed,
    list_of,
    one_of,
    or_null,
    reference,
)
from support.check_schema import FINGERPRINT
from tcpflow_analyzer.findings.finding import SEVERITIES
from tcpflow_analyzer.gate.difference import PARTS
from tcpflow_analyzer.tcp.states import CERTAINTY_NAMES

WHAT: Final = ("connections", "health_probes", "handshake", "closed_by", "end", "states")


def diff_schema() -> Schema:
    """Give the schema of what `tcpflow diff --format json` writes."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Output of tcpflow diff",
        "description": "Members may be added in later versions.",
        **closed(
            schema_version={"const": 1},
            tool=closed(name=SENTENCE, version=SENTENCE, compiled=TRUTH),
            differs=TRUTH,
            old=reference("recording"),
            new=reference("recording"),
            services=list_of(reference("service")),
        ),
        "$defs": {
            "recording": closed(path=TEXT, connections=COUNT),
            "service": closed(
                name=TEXT,
                differs=TRUTH,
                counts=list_of(reference("count")),
                times=list_of(reference("time")),
                findings=list_of(reference("finding")),
            ),
            "count": closed(
                what=one_of(WHAT), value=or_null(TEXT), old=COUNT, new=COUNT, differs=TRUTH
            ),
            "time": closed(
                what=one_of(("handshake", "close")),
                part=one_of(tuple(PARTS)),
                old_ns=or_null(COUNT),
                new_ns=or_null(COUNT),
                much=TRUTH,
            ),
            "finding": closed(
                code={"type": "string", "pattern": "^[A-Z]{2}[0-9]{3}$"},
                name=SENTENCE,
                severity=one_of(SEVERITIES),
                certainty=one_of(CERTAINTY_NAMES),
                endpoint=one_of(("originator", "responder", None)),
                states=or_null(TEXT),
                message=SENTENCE,
                places=list_of(closed(file=TEXT, frame=FRAME)),
                old=COUNT,
                new=COUNT,
                differs=TRUTH,
                fingerprint=FINGERPRINT,
            ),
        },
    }


def schema_text() -> str:
    """Give the file's content."""
    return json.dumps(diff_schema(), indent=1) + "\n"
