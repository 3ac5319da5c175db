"""Writes a check as JSON, as docs/schema/check.schema.json describes it.

The members are those of the result's types; `failures` counts what fails the build, and `status`
is the exit status, unless an output could not be written.
"""

import json
from typing import Final

from tcpflow_analyzer.compiled import is_compiled
from tcpflow_analyzer.gate.result import (
    CaptureResult,
    CheckResult,
    ExpectationResult,
    FindingResult,
    Origin,
    Place,
    Uncertain,
)
from tcpflow_analyzer.report.sink import ByteWriter
from tcpflow_analyzer.version import __version__

SCHEMA_VERSION: Final = 1
Json = dict[str, object]


def write_json(result: CheckResult, writer: ByteWriter) -> None:
    """Write the object."""
    check: Json = {
        "schema_version": SCHEMA_VERSION,
        "tool": {"name": "tcpflow-analyzer", "version": __version__, "compiled": is_compiled()},
        "status": result.status,
        "failures": len(result.failures),
        "known": result.known,
        "configuration": result.configuration or None,
        "baseline": result.baseline or None,
        "captures": [_capture(capture) for capture in result.captures],
        "expectations": [_expectation(each) for each in result.expectations],
        "stale": [entry._asdict() for entry in result.stale],
    }
    writer.write((json.dumps(check, indent=1) + "\n").encode("ascii"))


def _capture(capture: CaptureResult) -> Json:
    return {
        "path": capture.path,
        "files": list(capture.files),
        "status": capture.status,
        "coverage": capture.coverage,
        "problem": capture.problem or None,
        "tolerated": capture.tolerated,
        "frames": capture.frames,
        "tcp_segments": capture.segments,
        "connections": capture.connections,
        "seconds": capture.seconds,
        "findings": [_finding(finding) for finding in capture.findings],
        "expectations": [_expectation(each) for each in capture.expectations],
        "uncertain": [_uncertain(each) for each in capture.uncertain],
        "left_out": dict(capture.left_out),
    }


def _finding(finding: FindingResult) -> Json:
    return {
        "code": finding.code,
        "name": finding.name,
        "severity": finding.severity,
        "certainty": finding.certainty,
        "message": finding.message,
        "why": finding.why,
        "would_disprove": finding.would_disprove,
        "advice": finding.advice,
        "service": finding.service,
        "endpoint": finding.endpoint or None,
        "states": finding.states or None,
        "places": [_place(place) for place in finding.places],
        "connections": list(finding.connections),
        "sockets": finding.sockets or None,
        "count": finding.count,
        "fingerprint": finding.fingerprint,
        "expectation": finding.expectation or None,
        "expected": finding.expected,
        "origin": _origin(finding.origin),
        "known": finding.known,
    }


def _expectation(expectation: ExpectationResult) -> Json:
    return {
        "name": expectation.name,
        "key": expectation.key,
        "capture": expectation.capture or None,
        "passed": expectation.passed,
        "expected": expectation.expected,
        "found": expectation.found,
        "message": expectation.message,
        "advice": expectation.advice,
        "places": [_place(place) for place in expectation.places],
        "connections": list(expectation.connections),
        "count": expectation.count,
        "fingerprint": expectation.fingerprint,
        "origin": _origin(expectation.origin),
        "known": expectation.known,
    }


def _uncertain(uncertain: Uncertain) -> Json:
    code, certainty, number = uncertain
    return {"code": code, "certainty": certainty, "count": number}


def _place(place: Place) -> Json:
    return {"file": place.path, "frame": place.frame}


def _origin(origin: Origin) -> Json:
    """The file and line that asked, or the option."""
    if origin.path:
        return {"file": origin.path, "line": origin.line, "option": None}
    return {"file": None, "line": None, "option": origin.text or None}
