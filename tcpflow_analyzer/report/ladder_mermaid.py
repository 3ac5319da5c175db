"""Draws one connection as a sequence diagram of Mermaid, for READMEs, tickets and wikis."""

from collections.abc import Sequence
from typing import Final

from tcpflow_analyzer.findings.finding import Finding
from tcpflow_analyzer.report.course import OBSERVED, Standing
from tcpflow_analyzer.report.ladder_plan import (
    CORRECTION,
    FOLD,
    NOTE,
    SEGMENT,
    Line,
    PlanOptions,
    headline,
    plan_ladder,
)
from tcpflow_analyzer.report.record import ConnectionRecord
from tcpflow_analyzer.report.rungs import Rung

# What Mermaid would read as its own: https://mermaid.js.org/syntax/sequenceDiagram.html
ENTITIES: Final = {"#": "#35;", ";": "#59;", ":": "#58;", "<": "#lt;", ">": "#gt;", "%": "#37;"}
_TABLE: Final = str.maketrans(ENTITIES)


def ladder_mermaid(
    connection: ConnectionRecord,
    rungs: Sequence[Rung],
    findings: Sequence[Finding] = (),
    options: PlanOptions | None = None,
) -> str:
    """Write a connection as a sequence diagram; a state that is only believed is in brackets.

    Args:
        connection: its record, with its transitions.
        rungs: its segments in the order of the capture.
        findings: about it.
        options: what is shown.
    """
    lines = [
        "sequenceDiagram",
        f"    title {_clean(f'#{connection.number} {headline(connection)}')}",
        f"    participant O as {_clean(str(connection.originator))}",
        f"    participant R as {_clean(str(connection.responder))}",
    ]
    for line in plan_ladder(connection, rungs, findings, (), options):
        lines += [f"    {each}" for each in _statements(line, connection.first_time_ns)]
    return "\n".join(lines) + "\n"


def _statements(line: Line, first_ns: int) -> list[str]:
    """Write the statements of one line of the plan."""
    text = _clean(line.text)
    statements = []
    if line.kind == SEGMENT:
        arrow = "O->>R" if line.from_originator else "R->>O"
        at = "" if line.time_ns is None else f" +{(line.time_ns - first_ns) / 1e9:.6f}"
        statements.append(f"{arrow}: {text}{_clean(at)}")
    elif line.kind in {FOLD, NOTE}:
        words = f"({text})" if line.kind == FOLD else text
        if line.mark in {"error", "warning", CORRECTION}:
            words = f"{_clean('!')} {words}"
        statements.append(f"Note over O,R: {words}")
    elif text:
        statements.append(f"Note {'left of O' if line.from_originator else 'right of R'}: {text}")
    if line.shows_originator:
        statements.append(f"Note left of O: {_state(line.originator)}")
    if line.shows_responder:
        statements.append(f"Note right of R: {_state(line.responder)}")
    return statements


def _state(standing: Standing) -> str:
    name = str(standing.state)
    return name if standing.certainty == OBSERVED else f"({name}, {standing.certainty})"


def _clean(text: str) -> str:
    """Write what Mermaid would read as its own as entities, and no line feed."""
    return "".join(each if each.isprintable() else "?" for each in text).translate(_TABLE)
