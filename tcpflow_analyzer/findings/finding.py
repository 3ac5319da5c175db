"""Output type of the findings: a judgement with the frames that prove it.

Compiled: yes

A message is a template plus values, kept apart, so that it can be shown in another language;
numbers are formatted by the template.
"""

from collections.abc import Callable, Mapping
from string import Formatter
from typing import Final, Literal

from mypy_extensions import i64

from tcpflow_analyzer.observer.census import Census
from tcpflow_analyzer.observer.openings import Openings
from tcpflow_analyzer.observer.quality import Quality
from tcpflow_analyzer.settings import PROFILE_RFC, PROFILES, Profile, Settings
from tcpflow_analyzer.table.connection import Connection
from tcpflow_analyzer.table.endpoint import Endpoint
from tcpflow_analyzer.table.socket_pair import socket_text

Severity = Literal["info", "warning", "error"]
SEVERITIES: tuple[Severity, ...] = ("info", "warning", "error")
WARNING: Final = 1  # indices into SEVERITIES
ERROR: Final = 2

MOST_TEMPLATES: Final = 4096
FRAMES_KEPT = 20  # frames listed in a finding; `frame_count` counts all

_OCTETS: Final = [str(octet) for octet in range(256)]


class Piece:
    """A part of a template: text, and the field behind it, if any."""

    def __init__(self, text: str, name: str, form: str) -> None:
        """Make a part; `name` is "" where no field follows."""
        self.text: Final = text
        self.name: Final = name
        self.form: Final = form


# Templates taken apart: there are few, and their messages are many. None: not a plain one.
_PIECES: Final[dict[str, list[Piece] | None]] = {}


def pieces_of(template: str) -> list[Piece] | None:
    """Take a template apart, once; None unless its fields are all plain names."""
    if template in _PIECES:
        return _PIECES[template]
    pieces = _take_apart(template)
    if len(_PIECES) < MOST_TEMPLATES:
        _PIECES[template] = pieces
    return pieces


def _take_apart(template: str) -> list[Piece] | None:
    pieces: list[Piece] = []
    for text, name, form, conversion in Formatter().parse(template):
        if conversion or (name is not None and not name.isidentifier()) or "{" in (form or ""):
            return None
        pieces.append(Piece(text, name or "", form or ""))
    return pieces


class Finding:
    """One judgement about one connection, host or file. Not to be changed.

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

    def __init__(
        self,
        code: str,
        name: str,
        severity: Severity,
        certainty: str,
        connection: int | None,
        endpoint: str | None,
        time_ns: int,
        frames: tuple[int, ...],
        frame_count: int,
        template: str,
        values: Mapping[str, object],
        why: str,
        would_disprove: str,
        subject: str = "",
    ) -> None:
        """Make a finding."""
        self.code: Final = code
        self.name: Final = name
        self.severity: Final = severity
        self.certainty: Final = certainty
        self.connection: Final = connection
        self.endpoint: Final = endpoint
        self.time_ns: Final = time_ns
        self.frames: Final = frames
        self.frame_count: Final = frame_count
        self.template: Final = template
        self.values: Final = values
        self.why: Final = why
        self.would_disprove: Final = would_disprove
        self.subject: Final = subject

    @property
    def message(self) -> str:
        """The sentence for people, in English."""
        pieces = pieces_of(self.template)
        if pieces is None:
            return self.template.format_map(self.values)
        values = self.values
        words: list[str] = []
        for piece in pieces:
            words.append(piece.text)
            if piece.name:
                words.append(format(values[piece.name], piece.form))
        return "".join(words)

    @property
    def identifier(self) -> str:
        """Stable within one capture: connection, code, endpoint, first frame."""
        return f"{self.connection or 0}:{self.code}:{self.endpoint or '-'}:{self.first_frame}"

    @property
    def first_frame(self) -> int:
        """The first of the frames that prove it, 0 for none."""
        return self.frames[0] if self.frames else 0

    def _fields(self) -> tuple[object, ...]:
        """All attributes, in the order of the constructor."""
        return (
            self.code, self.name, self.severity, self.certainty, self.connection, self.endpoint,
            self.time_ns, self.frames, self.frame_count, self.template, self.values, self.why,
            self.would_disprove, self.subject,
        )  # fmt: skip

    def __eq__(self, other: object) -> bool:
        """Whether all attributes are equal."""
        if not isinstance(other, Finding):
            return NotImplemented
        return self._fields() == other._fields()

    def __hash__(self) -> int:
        """Agrees with `__eq__`; the values may hold what has no hash."""
        return hash((self.code, self.connection, self.endpoint, self.time_ns, self.frames))

    def __reduce__(self) -> tuple[type["Finding"], tuple[object, ...]]:
        """Let copy and pickle make it anew."""
        return Finding, self._fields()

    def __repr__(self) -> str:
        """Show what it says of whom."""
        return f"<Finding {self.identifier} {self.severity}: {self.message}>"


class Verdict:
    """What a finding says, without the words: for those of which only the number matters.

    Attributes:
        severity: index into SEVERITIES.
        time_ns: as Finding.time_ns.
    """

    def __init__(self) -> None:
        """To be filled by who judges."""
        self.severity: i64 = 0
        self.time_ns: i64 = 0


class CaptureView:
    """What a finding may know besides its connection.

    Attributes:
        settings: thresholds.
        first_time_ns, last_time_ns: of the capture so far; `last_time_ns` is "now".
        census, openings: counts of hosts, services and listeners, and of attempts to connect, so
            far; quality: of the capture itself; None where nobody counts.
        unread_window_ns: of the settings.
        profile_of_address: index into PROFILES that the user chose for an address (4 or 16 octets),
            -1 if none; None where nobody chose anything.
        tells_floods: the findings that explain many failed attempts at once are asked for.
    """

    def __init__(
        self,
        settings: Settings | None = None,
        first_time_ns: i64 = 0,
        last_time_ns: i64 = 0,
        census: Census | None = None,
    ) -> None:
        """Look at a capture."""
        self.settings: Settings = settings or Settings()
        self.first_time_ns: i64 = first_time_ns
        self.last_time_ns: i64 = last_time_ns
        self.census: Census | None = census
        self.openings: Openings | None = None
        self.quality: Quality | None = None
        self.unread_window_ns: i64 = self.settings.unread_window_ns
        self.profile_of_address: Callable[[bytes], int] | None = None
        self.tells_floods: bool = True

    def profile(self, endpoint: Endpoint) -> Profile:
        """How this endpoint's operating system behaves; say its name in every assumed statement."""
        return PROFILES[endpoint.profile]

    def profile_source(self, connection: Connection, endpoint: Endpoint) -> str:
        """Where an endpoint's profile comes from: "chosen", "guessed" (its SYN), "by default"."""
        if self.profile_of_address is None:
            return self.source_of_profile(b"", endpoint.profile)
        key, length = connection.key, connection.address_len
        address = key[:length] if endpoint.is_originator else key[length : 2 * length]
        return self.source_of_profile(address, endpoint.profile)

    def source_of_profile(self, address: bytes, profile: i64) -> str:
        """The same of a host by its address, 4 or 16 octets."""
        choose = self.profile_of_address
        if choose is not None and choose(address) >= 0:
            return "chosen"
        return "by default" if profile == PROFILE_RFC else "guessed"

    def waited(self, since_ns: i64, wait_ns: i64) -> bool:
        """Whether the capture went on for `wait_ns` after `since_ns` (the waiting rule)."""
        return self.last_time_ns >= since_ns + wait_ns


def side_name(of_originator: bool) -> str:
    """Word for an end: "originator" or "responder"."""
    return "originator" if of_originator else "responder"


def seconds(duration_ns: int) -> float:
    """Nanoseconds as seconds, for `values` that a template formats as `{x:.6f}`."""
    return duration_ns / 1e9


def noun(count: i64, one: str, many: str = "") -> str:
    """Word for so many in a template: `many` is the plural where it is not `one` and an s."""
    if count == 1:
        return one
    return many or one + "s"


class _Named:
    """The name of a socket."""

    def __init__(self, socket: i64, name: str) -> None:
        self.socket: Final[i64] = socket
        self.name: Final = name


# The last originator and responder: all findings of a connection ask for the same two.
_last_named: Final = [_Named(-1, ""), _Named(-1, "")]


def endpoint_name(connection: Connection, endpoint: Endpoint) -> str:
    """`address:port` of an endpoint, for messages."""
    if endpoint.is_originator:
        socket = connection.source
        named = _last_named[0]
    else:
        socket = connection.destination
        named = _last_named[1]
    if socket < 0:
        return socket_text(connection.key, connection.address_len, endpoint.is_originator)
    if socket != named.socket:
        port: int = socket & 0xFFFF
        named = _Named(socket, f"{ipv4_text(socket >> 16)}:{port}")
        _last_named[0 if endpoint.is_originator else 1] = named
    return named.name


def ipv4_text(address: i64) -> str:
    """An IPv4 address, given as a number, as text."""
    octets = _OCTETS
    return (
        f"{octets[address >> 24]}.{octets[address >> 16 & 255]}"
        f".{octets[address >> 8 & 255]}.{octets[address & 255]}"
    )
