"""Writes connections with their segments and states as JSON, for `tcpflow show --format json`."""

import json
from collections.abc import Iterator, Sequence
from typing import Any, Final

from tcpflow_analyzer.findings.finding import Finding
from tcpflow_analyzer.report.course import Standing, Step, course
from tcpflow_analyzer.report.ladder_plan import Numbers
from tcpflow_analyzer.report.record import ConnectionRecord, EndpointRecord, TransitionRecord
from tcpflow_analyzer.report.rungs import Rung
from tcpflow_analyzer.tcp.control_bits import control_bit_names

SCHEMA_VERSION: Final = 1


def ladder_json(
    connection: ConnectionRecord, rungs: Sequence[Rung], findings: Sequence[Finding]
) -> Iterator[str]:
    """Give the object of one connection as text, in pieces, a step a line.

    Args:
        connection: its record.
        rungs: its segments in the order of the capture.
        findings: about it.
    """
    head = {
        "id": connection.number,
        "originator": _socket(connection.originator),
        "responder": _socket(connection.responder),
        "first_time_ns": connection.first_time_ns,
        "close": {
            "shape": connection.shape,
            "active_closer": connection.active_closer,
            "time_wait_holder": connection.time_wait_holder,
            "time_wait_until_ns": connection.time_wait_until_ns,
        },
        "findings": [
            {
                "id": finding.identifier,
                "code": finding.code,
                "name": finding.name,
                "severity": finding.severity,
                "frames": list(finding.frames),
                "message": finding.message,
            }
            for finding in findings
        ],
    }
    yield f'{_text(head)[:-1]},"steps":['
    numbers = Numbers(connection, rungs)
    for place, step in enumerate(course(connection, rungs)):
        yield f"{',' if place else ''}\n{_text(_step(step, numbers))}"
    yield "\n]}"


def _step(step: Step, numbers: Numbers) -> dict[str, Any]:
    rung = step.rung
    return {
        "kind": "event" if rung is None else "segment",
        "time_ns": step.time_ns,
        "frame": step.frame,
        "segment": None if rung is None else _segment(rung, numbers),
        "transitions": [_transition(change) for change in step.changes],
        "originator": _standing(step.originator),
        "responder": _standing(step.responder),
    }


def _segment(rung: Rung, numbers: Numbers) -> dict[str, Any]:
    return {
        "from": "originator" if rung.from_originator else "responder",
        "control_bits": control_bit_names(rung.control_bits).split(),
        "seq": rung.seq,
        "ack": rung.ack,
        "relative_seq": numbers.seq(rung),
        "relative_ack": numbers.ack(rung),
        "payload_len": rung.payload_len,
        "window": rung.window,
        "options": rung.options,
        "analysis": rung.class_names(),
    }


def _transition(change: TransitionRecord) -> dict[str, Any]:
    """A transition as `tcpflow analyze` writes it."""
    return {
        "time_ns": change.time_ns,
        "frame": change.frame,
        "endpoint": change.endpoint,
        "from": str(change.from_state),
        "to": str(change.to_state),
        "event": change.event,
        "certainty": change.certainty,
        "proved_by_frame": change.proved_by_frame,
        "correction": change.correction,
    }


def _standing(standing: Standing) -> dict[str, str]:
    return {"state": str(standing.state), "certainty": standing.certainty}


def _socket(end: EndpointRecord) -> dict[str, Any]:
    return {"address": end.address, "port": end.port}


def _text(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))
