"""Makes docs/schema/analyze.schema.json, so that its lists of names are the program's own.

`pytest tests/report/test_schema.py --update-golden` writes the file anew.
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any, Final, cast

from support.schema_meanings import describe
from tcpflow_analyzer.decode.reasons import REASONS
from tcpflow_analyzer.findings.registry import rules
from tcpflow_analyzer.table.analysis import CLASS_NAMES
from tcpflow_analyzer.table.connection import OUTCOME_NAMES, SHAPE_NAMES
from tcpflow_analyzer.tcp.events import EVENT_NAMES
from tcpflow_analyzer.tcp.states import CERTAINTY_NAMES, STATE_NAMES

Schema = dict[str, object]

CONN_STATES: Final = (
    *("S0", "S1", "SF", "REJ", "S2", "S3", "RSTO", "RSTR", "RSTOS0", "RSTRH", "SH", "SHR", "OTH"),
)
SIDES: Final = ("originator", "responder")
COUNT: Final[Schema] = {"type": "integer", "minimum": 0}
FRAME: Final[Schema] = {"type": "integer", "minimum": 1}
TEXT: Final[Schema] = {"type": "string"}
SENTENCE: Final[Schema] = {"type": "string", "minLength": 1}
TRUTH: Final[Schema] = {"type": "boolean"}


def schema_text() -> str:
    """Give the file's content."""
    return json.dumps(analyze_schema(), indent=1) + "\n"


def analyze_schema() -> Schema:
    """Give the schema of all that `tcpflow analyze` writes for machines."""
    schema = _schema()
    describe(cast("dict[str, Any]", schema["$defs"]))
    return schema


def _schema() -> Schema:
    """The schema without what its members mean."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Output of tcpflow analyze",
        "description": (
            "The root describes the object of --format json, $defs/separate the one of --separate, "
            "$defs/line a line of --format ndjson. Members that end in _ns are nanoseconds since "
            "the epoch, UTC, or durations. Members may be added in later versions."
        ),
        "$ref": "#/$defs/analysis",
        "$defs": {
            "analysis": closed(
                schema_version={"const": 1},
                tool=reference("tool"),
                capture=whole("capture"),
                summary=whole("summary"),
                connections=list_of(whole("connection")),
                findings=list_of(whole("finding")),
            ),
            "separate": closed(
                schema_version={"const": 1}, captures=list_of(reference("analysis"))
            ),
            "line": {
                "oneOf": [
                    line("start", "start"),
                    line("connection", "connection"),
                    line("finding", "finding", revision=FRAME, withdrawn=TRUTH),
                    line("capture", "capture"),
                    line("summary", "summary"),
                ]
            },
            **_totals(),
            **_connection(),
            **_finding(),
            "state": one_of(STATE_NAMES),
            "certainty": one_of(CERTAINTY_NAMES),
            "time": {
                "anyOf": [COUNT, {"type": "string", "pattern": "^[0-9]+$"}],
                "description": "Nanoseconds; a string with --ns-as-strings.",
            },
        },
    }


def _totals() -> Schema:
    file = closed(
        path=TEXT,
        format=one_of(("pcap", "pcapng", "text", "hex", "tshark")),
        link_types=list_of(TEXT),
        first_frame=COUNT,
        frames=COUNT,
        truncated=TRUTH,
        error=or_null(TEXT),
    )
    return {
        "tool": closed(name={"const": "tcpflow-analyzer"}, version=TEXT, compiled=TRUTH),
        "start": open_object(
            schema_version={"const": 1},
            tool=reference("tool"),
            files=list_of(closed(path=TEXT)),
        ),
        "capture": open_object(
            files=list_of(file),
            frames=described(
                COUNT, "tcp_segments + other_frames + fragments + the sum of undecoded."
            ),
            tcp_segments=COUNT,
            other_frames=COUNT,
            fragments=COUNT,
            duplicate_frames=COUNT,
            undecoded=counts_by(one_of(REASONS)),
            first_time_ns=reference("time"),
            last_time_ns=reference("time"),
        ),
        "summary": open_object(
            connections=COUNT,
            by_state=counts_by({"pattern": "^[A-Z0-9-]+/[A-Z0-9-]+$"}),
            findings=closed(error=COUNT, warning=COUNT, info=COUNT),
            codes=counts_by(reference("code")),
            left_out=counts_by(TEXT),
        ),
    }


def _connection() -> Schema:
    time, who = reference("time"), one_of((*SIDES, "both", None))
    endpoint = closed(
        address=TEXT,
        port={"type": "integer", "minimum": 0, "maximum": 65535},
        role=one_of(
            f"{guessed}{role}-opener"
            for guessed in ("", "guessed-")
            for role in ("active", "passive")
        ),
        state=described(
            reference("state"), "After its last event on the wire; no timer is applied."
        ),
        certainty=reference("certainty"),
        proven_state=reference("state"),
        possible_states=list_of(reference("state"), least=1, unique=True),
        state_at_capture_end=reference("state"),
        iss=or_null({"type": "integer", "minimum": 0, "maximum": 0xFFFF_FFFF}),
        segments=COUNT,
        payload_octets=COUNT,
        unique_octets=COUNT,
        retransmitted_segments=COUNT,
    )
    transition = transition_schema()
    connection = open_object(
        id=FRAME,
        incarnation=FRAME,
        scope=closed(
            vlans=list_of({"type": "integer", "minimum": 0, "maximum": 4095}),
            tunnel=or_null(TEXT),
            interface=or_null(TEXT),
        ),
        originator=reference("endpoint"),
        responder=reference("endpoint"),
        first_time_ns=time,
        last_time_ns=time,
        first_frame=FRAME,
        last_frame=FRAME,
        frames=FRAME,
        midstream=TRUTH,
        handshake=closed(
            outcome=one_of(OUTCOME_NAMES),
            syn_to_synack_ns=or_null(time),
            synack_to_ack_ns=or_null(time),
        ),
        close=closed(
            shape=one_of(SHAPE_NAMES),
            active_closer=who,
            time_wait_holder=who,
            time_wait_until_ns=or_null(time),
        ),
        completeness={"type": "integer", "minimum": 0, "maximum": 63},
        zeek=closed(conn_state=one_of(CONN_STATES), history=TEXT),
        analysis=closed(**dict.fromkeys(CLASS_NAMES, COUNT)),
        transitions=list_of(reference("transition")),
        findings=list_of(reference("findingId"), unique=True),
    )
    return {"connection": connection, "endpoint": endpoint, "transition": transition}


def transition_schema() -> Schema:
    """Give the schema of a change of state."""
    return closed(
        **{
            "time_ns": reference("time"),
            "frame": or_null(FRAME),
            "endpoint": one_of(SIDES),
            "from": reference("state"),
            "to": reference("state"),
            "event": one_of(EVENT_NAMES),
            "certainty": reference("certainty"),
            "proved_by_frame": or_null(FRAME),
            "correction": TRUTH,
        }
    )


def _finding() -> Schema:
    finding = open_object(
        id=reference("findingId"),
        code=reference("code"),
        name=or_own(one_of(rule.name for rule in rules().values()), "^[a-z0-9]+(-[a-z0-9]+)*$"),
        severity=one_of(("error", "warning", "info")),
        certainty=reference("certainty"),
        connection=or_null(FRAME),
        endpoint=one_of((*SIDES, None)),
        time_ns=reference("time"),
        frames=list_of(FRAME),
        frame_count=COUNT,
        message=SENTENCE,
        why=SENTENCE,
        would_disprove=SENTENCE,
        values={"type": "object"},
    )
    identifier = {
        "type": "string",
        "pattern": "^[0-9]+:[A-Z]{2}[0-9]{3}:(-|originator|responder):[0-9]+$",
    }
    return {
        "finding": finding,
        "findingId": identifier,
        "code": or_own(one_of(rules()), "^X[A-Z][0-9]{3}$"),
    }


def closed(**members: object) -> Schema:
    """An object with exactly these members."""
    return open_object(**members) | {"additionalProperties": False}


def open_object(**members: object) -> Schema:
    """An object with these members; whoever refers to it says whether there are more."""
    return {"type": "object", "properties": members, "required": list(members)}


def reference(name: str) -> Schema:
    """What stands in $defs under a name."""
    return {"$ref": f"#/$defs/{name}"}


def whole(name: str) -> Schema:
    """The object of $defs, with nothing more."""
    return reference(name) | {"unevaluatedProperties": False}


def line(kind: str, name: str, **more: object) -> Schema:
    """A line of NDJSON: an object of $defs with its kind."""
    members = {"kind": {"const": kind}, **more}
    return reference(name) | open_object(**members) | {"unevaluatedProperties": False}


def list_of(items: Schema, *, least: int = 0, unique: bool = False) -> Schema:
    """A list of such items."""
    schema: Schema = {"type": "array", "items": items}
    if least:
        schema["minItems"] = least
    if unique:
        schema["uniqueItems"] = True
    return schema


def one_of(values: Iterable[str | None] | Mapping[str, object]) -> Schema:
    """One of these values."""
    return {"enum": list(values)}


def or_own(schema: Schema, pattern: str) -> Schema:
    """That, or what a finding of another package may have."""
    return {"anyOf": [schema, {"type": "string", "pattern": pattern}]}


def or_null(schema: Schema) -> Schema:
    """That, or null."""
    return {"anyOf": [schema, {"type": "null"}]}


def counts_by(names: Schema) -> Schema:
    """An object that gives a number, not 0, for each name."""
    return {"type": "object", "propertyNames": names, "additionalProperties": FRAME}


def described(schema: Schema, words: str) -> Schema:
    """The same with a description."""
    return schema | {"description": words}
