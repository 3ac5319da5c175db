"""Makes docs/schema/show.schema.json and docs/schema/ss.schema.json.

`pytest tests/test_show.py tests/test_ss.py --update-golden` writes the files anew.
"""

import json
from typing import Final

from support.analyze_schema import (
    COUNT,
    FRAME,
    SENTENCE,
    SIDES,
    TEXT,
    Schema,
    closed,
    described,
    list_of,
    one_of,
    or_null,
    reference,
    transition_schema,
)
from tcpflow_analyzer.findings.finding import SEVERITIES
from tcpflow_analyzer.table.analysis import CLASS_NAMES
from tcpflow_analyzer.table.connection import SHAPE_NAMES
from tcpflow_analyzer.tcp.control_bits import CONTROL_BIT_NAMES
from tcpflow_analyzer.tcp.states import CERTAINTY_NAMES, STATE_NAMES

DRAFT: Final = "https://json-schema.org/draft/2020-12/schema"
WIRE_NUMBER: Final[Schema] = {"type": "integer", "minimum": 0, "maximum": 0xFFFF_FFFF}
PORT: Final[Schema] = {"type": "integer", "minimum": 0, "maximum": 65535}
TIME: Final[Schema] = COUNT | {"description": "Nanoseconds since the epoch, UTC."}
WHO: Final[Schema] = one_of((*SIDES, "both", None))


def show_schema() -> Schema:
    """Give the schema of what `tcpflow show --format json` writes."""
    transition = transition_schema()
    segment = closed(
        **{
            "from": one_of(SIDES),
            "control_bits": list_of(one_of(name for _, name in CONTROL_BIT_NAMES), unique=True),
            "seq": WIRE_NUMBER,
            "ack": WIRE_NUMBER,
            "relative_seq": described({"type": "integer"}, "Counted from the end's first number."),
            "relative_ack": described({"type": "integer"}, "Counted from the peer's first number."),
            "payload_len": COUNT,
            "window": described(COUNT, "As sent, without its scale."),
            "options": described(TEXT, "Of a SYN, in words."),
            "analysis": list_of(one_of(CLASS_NAMES), unique=True),
        }
    )
    step = closed(
        kind=one_of(("segment", "event")),
        time_ns=reference("time"),
        frame=described(or_null(FRAME), "Of an event the frame that was received; null: a timer."),
        segment=described(or_null(reference("segment")), "Null where only a state changes."),
        transitions=list_of(reference("transition")),
        originator=described(reference("standing"), "Where the end stands afterwards."),
        responder=described(reference("standing"), "Where the end stands afterwards."),
    )
    return {
        "$schema": DRAFT,
        "title": "Output of tcpflow show",
        "description": "Members may be added in later versions.",
        **closed(schema_version={"const": 1}, connections=list_of(reference("connection"))),
        "$defs": {
            "connection": closed(
                id=FRAME,
                originator=reference("socket"),
                responder=reference("socket"),
                first_time_ns=reference("time"),
                close=closed(
                    shape=one_of(SHAPE_NAMES),
                    active_closer=WHO,
                    time_wait_holder=WHO,
                    time_wait_until_ns=or_null(reference("time")),
                ),
                findings=list_of(reference("finding")),
                steps=described(list_of(reference("step")), "In the order in which they came."),
            ),
            "step": step,
            "segment": segment,
            "transition": described(transition, "As in the output of tcpflow analyze."),
            "finding": closed(
                id=SENTENCE,
                code={"type": "string", "pattern": "^[A-Z]{2}[0-9]{3}$"},
                name=SENTENCE,
                severity=one_of(SEVERITIES),
                frames=list_of(FRAME),
                message=SENTENCE,
            ),
            **_common(),
        },
    }


def ss_schema() -> Schema:
    """Give the schema of what `tcpflow ss --format json` writes."""
    timer = closed(
        name=described(one_of(("timewait", "on")), "As ss calls it; on: a retransmission."),
        remaining_ns=COUNT,
        retransmissions=COUNT,
    )
    row = closed(
        connection=FRAME,
        local=reference("socket"),
        peer=reference("socket"),
        state=reference("state"),
        certainty=reference("certainty"),
        possible_states=list_of(reference("state"), least=1, unique=True),
        timer=or_null(reference("timer")),
    )
    peak = closed(count=FRAME, time_ns=reference("time"))
    return {
        "$schema": DRAFT,
        "title": "Output of tcpflow ss",
        "description": "Members may be added in later versions.",
        "oneOf": [reference("table"), reference("summary"), reference("census")],
        "$defs": {
            "table": closed(at_ns=reference("time"), sockets=list_of(reference("row"))),
            "summary": described(
                closed(at_ns=reference("time"), sockets=COUNT, by_state=_by_state(FRAME)),
                "With --summary.",
            ),
            "census": described(
                closed(
                    times_ns=list_of(reference("time")),
                    counts=_by_state(list_of(COUNT)),
                    highest=described(_by_state(list_of(COUNT)), "Since the time before."),
                    peaks=_by_state(reference("peak")),
                ),
                "With --census: a number for each of the times.",
            ),
            "row": described(row, "One socket; an end in CLOSED has none."),
            "timer": timer,
            "peak": peak,
            **_common(),
        },
    }


def _by_state(value: Schema) -> Schema:
    """An object with a value for each of some states."""
    return {"type": "object", "propertyNames": reference("state"), "additionalProperties": value}


def _common() -> dict[str, Schema]:
    standing = closed(state=reference("state"), certainty=reference("certainty"))
    return {
        "standing": standing,
        "socket": closed(address=SENTENCE, port=PORT),
        "state": one_of(STATE_NAMES),
        "certainty": one_of(CERTAINTY_NAMES),
        "time": TIME,
    }


def schema_text(schema: Schema) -> str:
    """Give a file's content."""
    return json.dumps(schema, indent=1) + "\n"
