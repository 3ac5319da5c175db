"""Output type of the findings: a judgement with the frames that prove it.

A message is a template plus values, kept apart, so that it can be shown in another language;
numbers are formatted by the template.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from tcpflow_analyzer.observer.census import Census
from tcpflow_analyzer.settings import PROFILES, Profile, Settings
from tcpflow_analyzer.table.connection import Connection
from tcpflow_analyzer.table.endpoint import Endpoint
from tcpflow_analyzer.table.socket_pair import socket_text

Severity = Literal["info", "warning", "error"]
SEVERITIES: tuple[Severity, ...] = ("info", "warning", "error")

FRAMES_KEPT = 20  # frames listed in a finding; `frame_count` counts all


@dataclass(frozen=True, slots=True)
class Finding:
    """One judgement about one connection, host or file.

    Attributes:
        code, name, severity: of the catalogue; the severity is this finding's own.
        certainty: "observed", "inferred" or "assumed": the weakest it rests on.
        connection: its number, None for host-wide and file-wide findings.
        endpoint: whom it is about: "originator", "responder" or None.
        time_ns: when it was decided on the wire: the time of its last proving frame.
        frames: the frames that prove it, ascending, at most FRAMES_KEPT.
        frame_count: number of all such frames.
        template: message with `{name}` fields of `values` (str.format).
        values: numbers and words compared; ints are nanoseconds where the name ends in `_ns`.
        why: one line: from what it follows. would_disprove: what would show it to be wrong.
        subject: for host-wide findings the host, listener or service in words; else "".
    """

    code: str
    name: str
    severity: Severity
    certainty: str
    connection: int | None
    endpoint: str | None
    time_ns: int
    frames: tuple[int, ...]
    frame_count: int
    template: str
    values: Mapping[str, object]
    why: str
    would_disprove: str
    subject: str = ""

    @property
    def message(self) -> str:
        """The sentence for people, in English."""
        return self.template.format(**self.values)

    @property
    def identifier(self) -> str:
        """Stable within one capture: connection, code, endpoint, first frame."""
        first = self.frames[0] if self.frames else 0
        return f"{self.connection or 0}:{self.code}:{self.endpoint or '-'}:{first}"


@dataclass(slots=True)
class CaptureView:
    """What a finding may know besides its connection.

    Attributes:
        settings: thresholds.
        first_time_ns, last_time_ns: of the capture so far; `last_time_ns` is "now".
        census: counts of hosts, services and listeners so far; None where nobody counts.
    """

    settings: Settings = field(default_factory=Settings)
    first_time_ns: int = 0
    last_time_ns: int = 0
    census: Census | None = None

    def profile(self, endpoint: Endpoint) -> Profile:
        """How this endpoint's operating system behaves; say its name in every assumed statement."""
        return PROFILES[endpoint.profile]

    def waited(self, since_ns: int, wait_ns: int) -> bool:
        """Whether the capture went on for `wait_ns` after `since_ns` (the waiting rule)."""
        return self.last_time_ns >= since_ns + wait_ns


def side_name(of_originator: bool) -> str:
    """Give the word for one end, originator or responder."""
    return "originator" if of_originator else "responder"


def seconds(duration_ns: int) -> float:
    """Nanoseconds as seconds, for `values` that a template formats as `{x:.6f}`."""
    return duration_ns / 1e9


def endpoint_name(connection: Connection, endpoint: Endpoint) -> str:
    """`address:port` of an endpoint, for messages."""
    return socket_text(connection.key, connection.address_len, endpoint.is_originator)
