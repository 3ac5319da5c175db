"""What is written on the frames of extracted connections: states and findings, a line each.

In: connections with their segments. Out: lines by frame, which Wireshark shows as packet comments.
"""

from collections.abc import Sequence

from tcpflow_analyzer.findings.finding import Finding
from tcpflow_analyzer.report.course import OBSERVED, Standing, course
from tcpflow_analyzer.report.record import ConnectionRecord
from tcpflow_analyzer.report.rungs import Rung


def frame_comments(
    connection: ConnectionRecord,
    rungs: Sequence[Rung],
    findings: Sequence[Finding],
    evidence: Sequence[int] = (),
    in_full: bool = True,
) -> dict[int, list[str]]:
    """Give the lines of each frame of one connection.

    Args:
        connection: its record.
        rungs: its segments in the order of the capture.
        findings: about it.
        evidence: frames that have to do with it without being segments of it.
        in_full: with what findings say, which may quote addresses and payload.

    Returns:
        Frame number -> where both ends stand after it and what changed since the frame before,
        then the findings that it proves.
    """
    lines: dict[int, list[str]] = {}
    changed: list[str] = []
    for step in course(connection, rungs):
        for change in step.changes:
            end = connection.originator if change.endpoint == "originator" else connection.responder
            changed.append(f"{end} {change.from_state} to {change.to_state}: {change.event}")
        if step.rung is None or step.frame is None:
            continue
        standing = (
            f"tcpflow #{connection.number}: {connection.originator} {_word(step.originator)}, "
            f"{connection.responder} {_word(step.responder)}"
        )
        classes = [name.replace("_", " ") for name in step.rung.class_names()]
        lines.setdefault(step.frame, []).extend([standing, *changed, *classes])
        changed = []
    for frame in evidence:
        about = f"tcpflow #{connection.number}: {connection.originator} > {connection.responder}"
        lines.setdefault(frame, []).append(f"{about}, no segment of its own")
    for finding in findings:
        text = f"{finding.code} {finding.name}"
        if finding.severity != "info":
            text = f"{text} ({finding.severity})"
            if in_full:
                text = f"{text}: {finding.message}"
        for frame in finding.frames:
            if frame in lines:
                lines[frame].append(text)
    return lines


def _word(standing: Standing) -> str:
    """A state, and how sure it is where it was not observed."""
    if standing.certainty == OBSERVED:
        return str(standing.state)
    return f"{standing.state} ({standing.certainty})"
