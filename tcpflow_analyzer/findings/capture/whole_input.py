"""What findings about the whole input share: the output type. Registers nothing."""

from collections.abc import Iterable, Mapping
from typing import Final

from tcpflow_analyzer.findings.finding import FRAMES_KEPT, Finding, Severity
from tcpflow_analyzer.findings.registry import registered

NOT_WOKEN: Final = 0  # observer/quality.py counts; no connection has to be looked at


def judge_input(
    code: str,
    *,
    severity: Severity,
    time_ns: int,
    frames: Iterable[int],
    frame_count: int,
    template: str,
    values: Mapping[str, object],
    why: str,
    would_disprove: str,
    certainty: str = "observed",
) -> Finding:
    """Make a finding about the input as a whole."""
    proving = sorted({frame for frame in frames if frame > 0})[:FRAMES_KEPT]
    return Finding(
        code=code,
        name=registered[code][0],
        severity=severity,
        certainty=certainty,
        connection=None,
        endpoint=None,
        time_ns=time_ns,
        frames=tuple(proving),
        frame_count=max(frame_count, len(proving)),
        template=template,
        values=values,
        why=why,
        would_disprove=would_disprove,
    )
