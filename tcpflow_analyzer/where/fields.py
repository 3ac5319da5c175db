"""The fields that an expression may name, with what they hold and where it comes from.

A field has any number of values: none where the capture does not tell, two where it stands for
both ends (`port`), many for the findings of a connection.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Final, NamedTuple

from tcpflow_analyzer.findings.finding import SEVERITIES, Finding
from tcpflow_analyzer.report.record import ConnectionRecord, EndpointRecord
from tcpflow_analyzer.table.analysis import CLASS_NAMES
from tcpflow_analyzer.table.connection import OUTCOME_NAMES, SHAPE_NAMES, WHO_NAMES
from tcpflow_analyzer.tcp.states import CERTAINTY_NAMES, STATE_NAMES

NUMBER: Final = "number"
TEXT: Final = "text"
TRUTH: Final = "truth"
DURATION: Final = "duration"  # nanoseconds
ADDRESS: Final = "address"  # text of an IPv4 or IPv6 address

Value = int | float | str | bool


class Subject(NamedTuple):
    """What an expression is asked about.

    Attributes:
        connection: None for a finding that is about no single one.
        findings: about the connection, or the one finding that is asked about.
    """

    connection: ConnectionRecord | None
    findings: Sequence[Finding]


class Field(NamedTuple):
    """A field.

    Attributes:
        name: as written.
        kind: of its values, see above.
        meaning: for the documentation.
        values: of a subject.
        choices: all values that a text may have, () where anything goes; in ascending order for
            `is_ordered` ones.
        is_ordered: whether < and > go by the order of `choices`.
    """

    name: str
    kind: str
    meaning: str
    values: Callable[[Subject], Iterable[Value]]
    choices: tuple[str, ...] = ()
    is_ordered: bool = False


Get = Callable[[ConnectionRecord], Value | None]
GetOfEnd = Callable[[EndpointRecord], Value]
GetOfFinding = Callable[[Finding], Value | None]

_ROLES: Final = (
    "active-opener",
    "passive-opener",
    "guessed-active-opener",
    "guessed-passive-opener",
)
_WHO: Final = tuple(name for name in WHO_NAMES if name is not None)
_MOST_CERTAIN_LAST: Final = tuple(reversed(CERTAINTY_NAMES))

# Of an endpoint: written alone (any of the two ends), or behind originator. or responder.
_OF_ENDS: Final[tuple[tuple[str, str, str, GetOfEnd, tuple[str, ...], bool], ...]] = (
    ("address", ADDRESS, "address; in takes networks", lambda end: end.address, (), False),
    ("port", NUMBER, "port", lambda end: end.port, (), False),
    ("role", TEXT, "active or passive opener, or a guess", lambda end: end.role, _ROLES, False),
    (
        "state",
        TEXT,
        "state after its last event on the wire",
        lambda end: str(end.state),
        STATE_NAMES,
        False,
    ),
    (
        "proven_state",
        TEXT,
        "newest state that facts force",
        lambda end: str(end.proven_state),
        STATE_NAMES,
        False,
    ),
    (
        "state_at_capture_end",
        TEXT,
        "state with the timers that have run",
        lambda end: str(end.state_at_capture_end),
        STATE_NAMES,
        False,
    ),
    (
        "certainty",
        TEXT,
        "of the state",
        lambda end: end.certainty,
        _MOST_CERTAIN_LAST,
        True,
    ),
    ("segments", NUMBER, "segments that it sent", lambda end: end.segments, (), False),
    (
        "payload_octets",
        NUMBER,
        "octets that it sent, repeats included",
        lambda end: end.payload_octets,
        (),
        False,
    ),
    ("unique_octets", NUMBER, "without repeats", lambda end: end.unique_octets, (), False),
    (
        "retransmitted_segments",
        NUMBER,
        "segments that repeat octets",
        lambda end: end.retransmitted_segments,
        (),
        False,
    ),
)


def _of_connection(
    name: str, kind: str, meaning: str, get: Get, choices: tuple[str, ...] = ()
) -> Field:
    """A field of a connection; none of its values where `get` gives None."""

    def values(subject: Subject) -> tuple[Value, ...]:
        if subject.connection is None:
            return ()
        value = get(subject.connection)
        return () if value is None else (value,)

    return Field(name, kind, meaning, values, choices)


def _of_finding(
    name: str,
    meaning: str,
    get: GetOfFinding,
    choices: tuple[str, ...] = (),
    is_ordered: bool = False,
) -> Field:
    """A field of findings: of all of the connection, or of the one that is asked about."""

    def values(subject: Subject) -> list[Value]:
        found = (get(finding) for finding in subject.findings)
        return [value for value in found if value is not None]

    return Field(f"finding.{name}", TEXT, meaning, values, choices, is_ordered)


def _ends_fields() -> list[Field]:
    """The fields of endpoints: of any, of the originator, of the responder."""
    fields = []
    for name, kind, meaning, get, choices, is_ordered in _OF_ENDS:
        pairs = (
            ("", "either end", _both(get)),
            ("originator.", "originator", _originator(get)),
            ("responder.", "responder", _responder(get)),
        )
        for prefix, whose, values in pairs:
            fields.append(
                Field(f"{prefix}{name}", kind, f"{whose}: {meaning}", values, choices, is_ordered)
            )
    return fields


def _both(get: GetOfEnd) -> Callable[[Subject], Iterable[Value]]:
    def values(subject: Subject) -> tuple[Value, ...]:
        connection = subject.connection
        if connection is None:
            return ()
        return get(connection.originator), get(connection.responder)

    return values


def _originator(get: GetOfEnd) -> Callable[[Subject], Iterable[Value]]:
    def values(subject: Subject) -> tuple[Value, ...]:
        return () if subject.connection is None else (get(subject.connection.originator),)

    return values


def _responder(get: GetOfEnd) -> Callable[[Subject], Iterable[Value]]:
    def values(subject: Subject) -> tuple[Value, ...]:
        return () if subject.connection is None else (get(subject.connection.responder),)

    return values


def _analysis_field(name: str) -> Field:
    def get(connection: ConnectionRecord) -> Value:
        return connection.analysis[name]

    meaning = f"segments that are tcp.analysis.{name}"
    return _of_connection(f"analysis.{name}", NUMBER, meaning, get)


def _sum(first: int | None, second: int | None) -> int | None:
    return None if first is None or second is None else first + second


_OF_CONNECTIONS: Final = (
    _of_connection("connection", NUMBER, "its number (id)", lambda each: each.number),
    _of_connection(
        "incarnation", NUMBER, "1 for the first on its socket pair", lambda each: each.incarnation
    ),
    _of_connection(
        "duration",
        DURATION,
        "from its first to its last segment",
        lambda each: each.last_time_ns - each.first_time_ns,
    ),
    _of_connection("frames", NUMBER, "its frames", lambda each: each.frames),
    _of_connection("midstream", TRUTH, "no SYN was captured", lambda each: each.midstream),
    _of_connection("interface", TEXT, "where it was captured", lambda each: each.interface),
    _of_connection("tunnel", TEXT, "the tunnel that it was in", lambda each: each.tunnel),
    _of_connection(
        "handshake.outcome", TEXT, "how it opened", lambda each: each.outcome, OUTCOME_NAMES
    ),
    _of_connection(
        "handshake.duration",
        DURATION,
        "from the SYN that was answered to the ACK",
        lambda each: _sum(each.syn_to_synack_ns, each.synack_to_ack_ns),
    ),
    _of_connection(
        "handshake.syn_to_synack", DURATION, "SYN to SYN-ACK", lambda each: each.syn_to_synack_ns
    ),
    _of_connection(
        "handshake.synack_to_ack", DURATION, "SYN-ACK to ACK", lambda each: each.synack_to_ack_ns
    ),
    _of_connection("close.shape", TEXT, "how it closed", lambda each: each.shape, SHAPE_NAMES),
    _of_connection(
        "close.active_closer", TEXT, "who closed first", lambda each: each.active_closer, _WHO
    ),
    _of_connection(
        "close.time_wait_holder",
        TEXT,
        "who holds TIME-WAIT",
        lambda each: each.time_wait_holder,
        _WHO,
    ),
    _of_connection("zeek.conn_state", TEXT, "as Zeek says", lambda each: each.conn_state),
    _of_connection("zeek.history", TEXT, "as Zeek says", lambda each: each.history),
)
_OF_FINDINGS: Final = (
    _of_finding("code", "its code", lambda each: each.code),
    _of_finding("name", "its name", lambda each: each.name),
    _of_finding("severity", "its severity", lambda each: each.severity, SEVERITIES, True),
    _of_finding(
        "certainty", "its certainty", lambda each: each.certainty, _MOST_CERTAIN_LAST, True
    ),
    _of_finding("endpoint", "whom it is about", lambda each: each.endpoint, _WHO),
    _of_finding("subject", "the host or service it is about", lambda each: each.subject or None),
)


def _all_fields() -> dict[str, Field]:
    analysis = [_analysis_field(name) for name in CLASS_NAMES]
    fields = [*_OF_CONNECTIONS, *_ends_fields(), *analysis, *_OF_FINDINGS]
    return {field.name: field for field in fields}


FIELDS: Final = _all_fields()
