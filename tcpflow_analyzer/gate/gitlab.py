"""Writes a check as a GitLab code quality report, a JSON list of what is wrong.

GitLab documentation, "Code Quality report format": description, check_name, fingerprint (one for
each entry), severity, and a location whose path is relative to the repository. Frames take the
place of lines. What the baseline holds or the user allowed is left out.
"""

import hashlib
import json
from typing import Final

from tcpflow_analyzer.gate.paths import relative_path
from tcpflow_analyzer.gate.plain_text import in_one_line
from tcpflow_analyzer.gate.problems import Problem, problems
from tcpflow_analyzer.gate.result import CheckResult
from tcpflow_analyzer.report.sink import ByteWriter

SEVERITIES: Final = {"error": "critical", "warning": "major", "info": "info"}


def write_gitlab(result: CheckResult, writer: ByteWriter) -> None:
    """Write the whole report."""
    entries = [_entry(problem, result) for problem in problems(result) if not problem.excused]
    writer.write((json.dumps(entries, indent=1) + "\n").encode())


def _entry(problem: Problem, result: CheckResult) -> dict[str, object]:
    path, line = _location(problem, result)
    identity = "\0".join([problem.rule, problem.fingerprint, problem.capture])
    return {
        "description": in_one_line(f"{problem.title}: {problem.message}"),
        "check_name": f"tcpflow/{problem.rule}",
        "content": {"body": in_one_line(" ".join(problem.details))},
        "fingerprint": hashlib.sha256(identity.encode("utf-8", "surrogatepass")).hexdigest(),
        "severity": SEVERITIES[problem.severity],
        "location": {"path": path, "lines": {"begin": line}},
    }


def _location(problem: Problem, result: CheckResult) -> tuple[str, int]:
    """The first frame that proves it, else the capture, else the line that asked."""
    if problem.places:
        path, line = problem.places[0]
    elif problem.capture:
        path, line = problem.capture, 1
    else:
        path, line = problem.origin.path, problem.origin.line
    captures = [capture.path for capture in result.captures]
    path = path or (captures[0] if captures else "tcpflow.toml")
    return in_one_line(relative_path(path)), max(line, 1)
