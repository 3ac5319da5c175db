"""Writes a check as a SARIF 2.1.0 log (OASIS Standard): one run, a result for each problem.

Frames are given twice: as a logical location, which is what they are, and as the line of the
region, as readers that show source code know nothing else. Paths are relative to the folder of the
build. Rules are those that occur, each with the definition of the catalogue as its help.
"""

import json
from typing import Final

from tcpflow_analyzer.findings.registry import rules
from tcpflow_analyzer.gate.paths import relative_uri
from tcpflow_analyzer.gate.plain_text import in_one_line, shown
from tcpflow_analyzer.gate.problems import Problem, problems
from tcpflow_analyzer.gate.result import STATUS_UNUSABLE, CheckResult, Place
from tcpflow_analyzer.report.sink import ByteWriter
from tcpflow_analyzer.version import __version__

SCHEMA: Final = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)
LEVELS: Final = {"error": "error", "warning": "warning", "info": "note"}
BASE: Final = "%SRCROOT%"  # the folder of the build, by the name that GitHub uses
FINGERPRINT: Final = "tcpflow/v1"
# GitHub tells by this one whether a result is that of the run before.
GITHUB_FINGERPRINT: Final = "primaryLocationLineHash"
CAPTURE: Final = "capture/"
# What the keys of an expectation are about; limits by code have the code as their key.
EXPECTATIONS: Final = {
    "closed_by": "who closes a service's connections first",
    "states": "the states in which a service's connections may be left",
    "max_connections": "how many connections a service may have",
    "at_least": "how many connections a service must have",
    "handshake_p99": "how long handshakes with a service may take",
    "forbid": "findings that a service must not have",
}
Json = dict[str, object]


def write_sarif(result: CheckResult, writer: ByteWriter) -> None:
    """Write the whole log."""
    every = list(problems(result))
    about_traffic = [problem for problem in every if not problem.rule.startswith(CAPTURE)]
    about_captures = [problem for problem in every if problem.rule.startswith(CAPTURE)]
    names = sorted({problem.rule for problem in about_traffic})
    numbers = {name: number for number, name in enumerate(names)}
    driver: Json = {
        "name": "tcpflow",
        "fullName": "tcpflow-analyzer, the TCP connections of captures",
        "version": __version__,
        "rules": [_rule(name) for name in names],
        "notifications": [
            _descriptor(name, f"A capture: {name.removeprefix(CAPTURE)}")
            for name in sorted({problem.rule for problem in about_captures})
        ],
    }
    invocation: Json = {
        "executionSuccessful": result.status != STATUS_UNUSABLE,
        "exitCode": result.status,
        "toolExecutionNotifications": [_notification(problem) for problem in about_captures],
    }
    run: Json = {
        "tool": {"driver": driver},
        "invocations": [invocation],
        "artifacts": [
            {"location": _artifact(path), "roles": ["analysisTarget"]}
            for capture in result.captures
            for path in capture.files
        ],
        "results": [
            _result(problem, numbers[problem.rule], bool(result.baseline))
            for problem in about_traffic
        ],
    }
    log: Json = {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}
    writer.write((json.dumps(log, indent=1) + "\n").encode("ascii"))


def _rule(name: str) -> Json:
    """Describe a finding's code, or a key of an expectation."""
    rule = rules().get(name)
    if rule is None:
        key = name.partition("/")[2]
        what = EXPECTATIONS.get(key, f"how often {key} may occur")
        return _descriptor(name, f"Expectation: {what}") | {
            "defaultConfiguration": {"level": "error"}
        }
    definition = rule.definition
    return {
        "id": name,
        "name": "".join(word.capitalize() for word in rule.name.split("-")),
        "shortDescription": {"text": rule.summary},
        "fullDescription": {"text": rule.summary},
        "help": {"text": definition},
        "defaultConfiguration": {"level": LEVELS[rule.severity]},
        "properties": {"tags": ["tcp", rule.family]},
    }


def _descriptor(name: str, text: str) -> Json:
    return {
        "id": name,
        "shortDescription": {"text": text},
        "fullDescription": {"text": text},
        "help": {"text": text},
    }


def _result(problem: Problem, number: int, has_baseline: bool) -> Json:
    lines = [f"{problem.title}: {problem.message}", *problem.details]
    result: Json = {
        "ruleId": problem.rule,
        "ruleIndex": number,
        "level": LEVELS[problem.severity],
        "message": {"text": _plain_message("\n".join(in_one_line(line) for line in lines))},
        "locations": _locations(problem),
        "partialFingerprints": {
            FINGERPRINT: problem.fingerprint,
            GITHUB_FINGERPRINT: problem.fingerprint,
        },
    }
    others = _related(problem)
    if others:
        result["relatedLocations"] = others
    if has_baseline:
        result["baselineState"] = "unchanged" if problem.excused else "new"
    if problem.excused:
        result["suppressions"] = [{"kind": "external", "justification": shown(problem.excused)}]
    return result


def _locations(problem: Problem) -> list[Json]:
    """The first frame, else the capture, else the line of the configuration that asked."""
    if problem.places:
        return [_frame(problem.places[0])]
    if problem.capture:
        return [{"physicalLocation": {"artifactLocation": _artifact(problem.capture)}}]
    return [_line(problem)] if problem.origin.path else []


def _related(problem: Problem) -> list[Json]:
    """The other frames, and the line of the configuration that asked."""
    frames = [
        {"id": number, "message": {"text": f"frame {place.frame}"}} | _frame(place)
        for number, place in enumerate(problem.places[1:], 1)
    ]
    if not problem.origin.path or not (problem.places or problem.capture):
        return frames
    return [
        *frames,
        {"id": len(frames) + 1, "message": {"text": "asked for here"}} | _line(problem),
    ]


def _frame(place: Place) -> Json:
    name = f"frame {place.frame}"
    return {
        "physicalLocation": {
            "artifactLocation": _artifact(place.path),
            "region": {"startLine": max(place.frame, 1)},
        },
        "logicalLocations": [
            {
                "name": name,
                "fullyQualifiedName": shown(f"{place.path}:{place.frame}"),
                "kind": "frame",
            }
        ],
    }


def _line(problem: Problem) -> Json:
    return {
        "physicalLocation": {
            "artifactLocation": _artifact(problem.origin.path),
            "region": {"startLine": max(problem.origin.line, 1)},
        }
    }


def _artifact(path: str) -> Json:
    uri = relative_uri(path)
    return {"uri": uri} if uri.startswith("file:") else {"uri": uri, "uriBaseId": BASE}


def _notification(problem: Problem) -> Json:
    text = "\n".join(in_one_line(line) for line in (problem.message, *problem.details))
    return {
        "descriptor": {"id": problem.rule},
        "level": LEVELS[problem.severity],
        "message": {"text": _plain_message(text)},
        "locations": [{"physicalLocation": {"artifactLocation": _artifact(problem.capture)}}],
    }


def _plain_message(text: str) -> str:
    """Escape what SARIF reads as a link or a placeholder in a message (sections 3.11.5, 3.11.6)."""
    for mark in ("\\", "[", "]"):
        text = text.replace(mark, f"\\{mark}")
    return text.replace("{", "{{").replace("}", "}}")
