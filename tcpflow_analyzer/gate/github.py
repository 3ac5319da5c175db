"""Writes a check for GitHub Actions: annotations, and a summary of the job.

Annotations are workflow commands, a line each (GitHub documentation, "Workflow commands"). GitHub
shows ten of a level and step, so that no more are written: the rest is counted. The summary is
Markdown for the file that $GITHUB_STEP_SUMMARY names; in it all that captures hold is escaped.
"""

import re
from collections.abc import Sequence
from typing import Final

from tcpflow_analyzer.gate.paths import relative_path
from tcpflow_analyzer.gate.plain_text import in_one_line, shown
from tcpflow_analyzer.gate.problems import Problem, place_text, problems
from tcpflow_analyzer.gate.result import CheckResult
from tcpflow_analyzer.report.sink import ByteWriter
from tcpflow_analyzer.report.wording import counted

LEVELS: Final = {"error": "error", "warning": "warning", "info": "notice"}
MOST_OF_A_LEVEL: Final = 10
MOST_ROWS: Final = 200  # of the summary, which may have 1 MiB
# What means something in Markdown or to GitHub: references, mentions, emphasis, code, HTML.
_MARKDOWN: Final = re.compile(r"([\\`*_{}\[\]()#+!|~<>&@:])")


def write_github(result: CheckResult, writer: ByteWriter) -> None:
    """Write the annotations, the worst first."""
    every = [problem for problem in problems(result) if not problem.excused]
    lines: list[str] = []
    for severity, level in LEVELS.items():
        alike = [problem for problem in every if problem.severity == severity]
        shown_ones = alike if len(alike) <= MOST_OF_A_LEVEL else alike[: MOST_OF_A_LEVEL - 1]
        lines += [_annotation(level, problem) for problem in shown_ones]
        if len(alike) > len(shown_ones):
            rest = counted(len(alike) - len(shown_ones), "more problem")
            lines.append(f"::{level} title=tcpflow::{rest} of this kind")
    writer.write("".join(f"{line}\n" for line in lines).encode("utf-8", "replace"))


def summary(result: CheckResult) -> str:
    """Give the job's summary in Markdown."""
    every = list(problems(result))
    failing = [problem for problem in every if not problem.excused]
    excused = len(every) - len(failing)
    captures = counted(len(result.captures), "capture")
    head = f"{counted(len(failing), 'problem')} in {captures}" if failing else f"{captures} passed"
    lines = [f"### TCP traffic: {head}", ""]
    if failing:
        lines += ["| | what | who | where | what to do |", "|---|---|---|---|---|"]
        lines += [_row(problem) for problem in failing[:MOST_ROWS]]
        lines.append("")
        if len(failing) > MOST_ROWS:
            lines += [f"and {len(failing) - MOST_ROWS:,} more", ""]
    connections = sum(capture.connections for capture in result.captures)
    segments = sum(capture.segments for capture in result.captures)
    looked = f"{counted(connections, 'connection')}, {counted(segments, 'TCP segment')}"
    lines.append(f"{looked}; {excused:,} known or allowed" if excused else looked)
    if result.stale:
        stale = counted(len(result.stale), "entry", "entries")
        lines += ["", f"{stale} of the baseline did not occur: `--write-baseline` removes them"]
    return "\n".join(lines) + "\n"


def _annotation(level: str, problem: Problem) -> str:
    properties = []
    if problem.places:
        path, line = problem.places[0]
        properties = [f"file={_property(relative_path(path))}", f"line={line}"]
    elif problem.origin.path:
        path, line = problem.origin.path, problem.origin.line
        properties = [f"file={_property(relative_path(path))}", f"line={max(line, 1)}"]
    elif problem.capture:
        properties = [f"file={_property(relative_path(problem.capture))}"]
    properties.append(f"title={_property(problem.title)}")
    text = "\n".join(_lines_of(problem))
    return f"::{level} {','.join(properties)}::{_data(text)}"


def _lines_of(problem: Problem) -> Sequence[str]:
    frames = place_text(problem.places)
    return [in_one_line(each) for each in (problem.message, *problem.details, frames) if each]


def _data(text: str) -> str:
    """Escape the text of a workflow command."""
    return shown(text).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    """Escape a property of a workflow command."""
    return _data(in_one_line(text)).replace(":", "%3A").replace(",", "%2C")


def _row(problem: Problem) -> str:
    where = ", ".join(str(place) for place in problem.places[:3]) or problem.capture
    advice = next((each for each in problem.details if each.startswith("What to do: ")), "")
    cells = [
        problem.severity,
        f"{problem.title}: {problem.message}",
        problem.service,
        where,
        advice.removeprefix("What to do: "),
    ]
    return f"| {' | '.join(_cell(cell) for cell in cells)} |"


def _cell(text: str) -> str:
    """Escape text for a cell of a table."""
    return _MARKDOWN.sub(lambda found: f"&#{ord(found[1])};", in_one_line(text))
