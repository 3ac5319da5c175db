"""What findings about one connection share: making the output type, and walking over the evidence.

Registers nothing.
"""

from collections.abc import Iterable, Iterator, Mapping

from tcpflow_analyzer.findings.finding import FRAMES_KEPT, Finding, Severity, side_name
from tcpflow_analyzer.findings.registry import rules
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
    rule = rules()[code]
    proving = sorted({frame for frame in frames if frame > 0})
    return Finding(
        code=code,
        name=rule.name,
        severity=severity or rule.severity,
        certainty=certainty,
        connection=connection.number,
        endpoint=None if about is None else side_name(about.is_originator),
        time_ns=time_ns,
        frames=tuple(proving[:FRAMES_KEPT]),
        frame_count=max(frame_count, len(proving)),
        template=template,
        values=values,
        why=why,
        would_disprove=would_disprove,
    )


def both(connection: Connection) -> tuple[Endpoint, Endpoint]:
    """The originator and the responder."""
    return connection.originator, connection.responder


def tallies(connection: Connection, kind: int) -> Iterator[tuple[Endpoint, Tally]]:
    """The observations of a kind, by the endpoint they are about, the originator's first."""
    for endpoint in both(connection):
        tally = connection.tally(kind, endpoint.is_originator)
        if tally is not None:
            yield endpoint, tally


def frames_of(tally: Tally) -> list[int]:
    """Frames of the observations that were kept, and of the last one."""
    return [*(observation.frame for observation in tally.kept), tally.last.frame]


def peer_of(connection: Connection, endpoint: Endpoint) -> Endpoint:
    """The other end."""
    return connection.endpoint(not endpoint.is_originator)


def certainty_name(*levels: int) -> str:
    """Name of the weakest of some certainties (tcp/states.py)."""
    return CERTAINTY_NAMES[max(levels)]


def state_name(endpoint: Endpoint) -> str:
    """The believed state as RFC 9293 spells it."""
    return STATE_NAMES[endpoint.believed]
