"""Makes docs/schema/check.schema.json.

`pytest tests/gate/test_check_json.py --update-golden` writes the file anew.
"""

import json
from typing import Final, get_args

from support.analyze_schema import (
    COUNT,
    FRAME,
    SENTENCE,
    TEXT,
    TRUTH,
    Schema,
    closed,
    counts_by,
    list_of,
    one_of,
    or_null,
    reference,
)
from tcpflow_analyzer.findings.finding import SEVERITIES
from tcpflow_analyzer.gate.result import Coverage
from tcpflow_analyzer.tcp.states import CERTAINTY_NAMES

STATUSES: Final = (0, 1, 2, 3)
CODE: Final[Schema] = {"type": "string", "pattern": "^[A-Z]{2}[0-9]{3}$"}
FINGERPRINT: Final[Schema] = {"type": "string", "pattern": "^[0-9a-f]{32}$"}


def check_schema() -> Schema:
    """Give the schema of what `tcpflow check --format json` writes."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Output of tcpflow check",
        "description": "Members may be added in later versions.",
        **closed(
            schema_version={"const": 1},
            tool=closed(name=SENTENCE, version=SENTENCE, compiled=TRUTH),
            status={"enum": list(STATUSES)},
            failures=COUNT,
            known=COUNT,
            configuration=or_null(TEXT),
            baseline=or_null(TEXT),
            captures=list_of(reference("capture")),
            expectations=list_of(reference("expectation")),
            stale=list_of(closed(fingerprint=TEXT, code=TEXT, service=TEXT, text=TEXT)),
        ),
        "$defs": {
            "capture": closed(
                path=TEXT,
                files=list_of(TEXT),
                status={"enum": list(STATUSES)},
                coverage=one_of(get_args(Coverage)),
                problem=or_null(TEXT),
                tolerated=TRUTH,
                frames=COUNT,
                tcp_segments=COUNT,
                connections=COUNT,
                seconds={"type": "number", "minimum": 0},
                findings=list_of(reference("finding")),
                expectations=list_of(reference("expectation")),
                uncertain=list_of(
                    closed(code=CODE, certainty=one_of(CERTAINTY_NAMES), count=FRAME)
                ),
                left_out=counts_by(TEXT),
            ),
            "finding": closed(
                code=CODE,
                name=SENTENCE,
                severity=one_of(SEVERITIES),
                certainty=one_of(CERTAINTY_NAMES),
                message=SENTENCE,
                why=TEXT,
                would_disprove=TEXT,
                advice=TEXT,
                service=TEXT,
                endpoint=one_of(("originator", "responder", None)),
                states=or_null(TEXT),
                places=list_of(reference("place")),
                connections=list_of(FRAME),
                sockets=or_null(TEXT),
                count=FRAME,
                fingerprint=FINGERPRINT,
                expectation=or_null(TEXT),
                expected=TEXT,
                origin=reference("origin"),
                known=TRUTH,
            ),
            "expectation": closed(
                name=TEXT,
                key=SENTENCE,
                capture=or_null(TEXT),
                passed=TRUTH,
                expected=TEXT,
                found=TEXT,
                message=TEXT,
                advice=TEXT,
                places=list_of(reference("place")),
                connections=list_of(FRAME),
                count=COUNT,
                fingerprint=FINGERPRINT,
                origin=reference("origin"),
                known=TRUTH,
            ),
            "place": closed(file=TEXT, frame=FRAME),
            "origin": closed(file=or_null(TEXT), line=or_null(COUNT), option=or_null(TEXT)),
        },
    }


def schema_text() -> str:
    """Give the file's content."""
    return json.dumps(check_schema(), indent=1) + "\n"
