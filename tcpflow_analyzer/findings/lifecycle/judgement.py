"""What findings about one connection share: making the output type, and walking over the evidence.

Compiled: yes

Registers nothing.
"""

from collections.abc import Iterable, Mapping

from mypy_extensions import i64

from tcpflow_analyzer.findings.finding import (
    FRAMES_KEPT,
    CaptureView,
    Finding,
    Severity,
    Verdict,
    side_name,
)
from tcpflow_analyzer.findings.registry import registered
from tcpflow_analyzer.table.connection import Connection
from tcpflow_analyzer.table.endpoint import Endpoint
from tcpflow_analyzer.table.observation import Tally
from tcpflow_analyzer.tcp.states import CERTAINTY_NAMES, STATE_NAMES


def judge(
    code: str,
    connection: Connection,
    *,
    about: Endpoint | None,
    certainty: str,
    time_ns: int,
    frames: Iterable[int],
    template: str,
    values: Mapping[str, object],
    why: str,
    would_disprove: str,
    severity: Severity | None = None,
    frame_count: int = 0,
) -> Finding:
    """Make a finding about one connection.

    Args:
        code: of the catalogue; gives the name.
        connection: whose number the finding carries.
        about: the endpoint it is about, None for both.
        certainty: the weakest of what it rests on.
        time_ns: of the last frame that proves it.
        frames: that prove it, in any order; zeros ("no such frame") and repeats are left out.
        template: message with the fields of `values`.
        values: what was compared.
        why: one line.
        would_disprove: one line.
        severity: None for the usual one of the code.
        frame_count: of all such frames where `frames` is not all of them.
    """
    name, usual = registered[code]
    proving = _proving(frames)
    return Finding(
        code,
        name,
        severity or usual,
        certainty,
        connection.number,
        None if about is None else side_name(about.is_originator),
        time_ns,
        proving if len(proving) <= FRAMES_KEPT else proving[:FRAMES_KEPT],
        max(frame_count, len(proving)),
        template,
        values,
        why,
        would_disprove,
    )


def _proving(frames: Iterable[int]) -> tuple[int, ...]:
    """The frames in ascending order, without zeros and repeats."""
    if isinstance(frames, tuple) and _is_ascending(frames):
        return frames  # as most are
    return tuple(sorted({frame for frame in frames if frame > 0}))


def _is_ascending(frames: tuple[int, ...]) -> bool:
    """Whether each is greater than the one before, and the first than 0."""
    last: i64 = 0
    for index in range(len(frames)):
        frame: i64 = frames[index]
        if frame <= last:
            return False
        last = frame
    return True


def both(connection: Connection) -> tuple[Endpoint, Endpoint]:
    """The originator and the responder."""
    return connection.originator, connection.responder


def tallies(connection: Connection, kind: i64) -> list[tuple[Endpoint, Tally]]:
    """The observations of a kind, by the endpoint they are about, the originator's first."""
    found: list[tuple[Endpoint, Tally]] = []
    if connection.observed & kind == 0 and connection.stream_observed & kind == 0:
        return found
    tally = connection.tally(kind, True)
    if tally is not None:
        found.append((connection.originator, tally))
    tally = connection.tally(kind, False)
    if tally is not None:
        found.append((connection.responder, tally))
    return found


def stream_tallies(
    connection: Connection, of_originator: i64, of_responder: i64
) -> list[tuple[Endpoint, Tally]]:
    """The observations of a fact of the stream, which has a kind for each end."""
    found: list[tuple[Endpoint, Tally]] = []
    tally = connection.tally(of_originator, True)
    if tally is not None:
        found.append((connection.originator, tally))
    tally = connection.tally(of_responder, False)
    if tally is not None:
        found.append((connection.responder, tally))
    return found


class KindInBrief:
    """`brief` of a rule that makes one finding for each end with a kind of observation.

    See registry.Brief. The finding is decided with the last observation.
    """

    def __init__(self, kind: int, severity: int) -> None:
        """Look for `kind`; `severity` is an index into SEVERITIES."""
        self._kind: i64 = kind
        self._severity: i64 = severity

    def __call__(self, connection: Connection, capture: CaptureView, verdict: Verdict) -> int:
        """Count the ends."""
        verdict.severity = self._severity
        number = 0
        tally = connection.tallies
        while tally is not None:
            if tally.kind == self._kind:
                number += 1
                verdict.time_ns = tally.last.time_ns
            tally = tally.following
        return number


def frames_of(tally: Tally) -> list[int]:
    """Frames of the observations that were kept, and of the last one."""
    frames: list[int] = [observation.frame for observation in tally.kept]
    frames.append(tally.last.frame)
    return frames


def peer_of(connection: Connection, endpoint: Endpoint) -> Endpoint:
    """The other end."""
    return connection.endpoint(not endpoint.is_originator)


def certainty_name(*levels: int) -> str:
    """Name of the weakest of some certainties (tcp/states.py)."""
    return CERTAINTY_NAMES[max(levels)]


def state_name(endpoint: Endpoint) -> str:
    """The believed state as RFC 9293 spells it."""
    return STATE_NAMES[endpoint.believed]
