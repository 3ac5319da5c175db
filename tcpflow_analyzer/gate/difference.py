"""Compares two recordings of the same test, service by service: for `tcpflow diff`.

In: two surveys (gate/survey.py). Out: a `Difference`. Counts and findings differ or do not; times
never are the same twice, so that they are told, and marked where they changed a lot, but do not
make the recordings different.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from tcpflow_analyzer.findings.finding import SEVERITIES, Severity
from tcpflow_analyzer.gate.survey import NO_SERVICE, Kind, Service, Survey, quantile

GRACEFUL: Final = frozenset({"4-segment", "3-segment", "piggyback", "simultaneous"})
# The parts of a time that are compared, by name.
PARTS: Final = {"p50": 0.5, "p99": 0.99, "max": 1.0}
MUCH: Final = 2  # times as long
MUCH_NS: Final = 1_000_000  # less than this is noise of a scheduler


class CountChange(NamedTuple):
    """How many connections did something.

    Attributes:
        what: "connections", "health_probes", "handshake", "closed_by", "end" or "states".
        value: which, as `responder` or `FIN-WAIT-2/CLOSE-WAIT`; "" of the first two.
        old, new: connections.
    """

    what: str
    value: str
    old: int
    new: int

    @property
    def differs(self) -> bool:
        """Whether the numbers are not the same."""
        return self.old != self.new


class FindingChange(NamedTuple):
    """Findings that are alike: same code, service, role and states.

    Attributes:
        fingerprint: of them.
        old, new: of each recording; None where there is none.
    """

    fingerprint: str
    old: Kind | None
    new: Kind | None

    @property
    def kind(self) -> Kind:
        """The newer one that there is."""
        kind = self.new or self.old
        if kind is None:  # made from one of them
            raise AssertionError
        return kind

    @property
    def counts(self) -> tuple[int, int]:
        """How many there were and are."""
        return (
            0 if self.old is None else self.old.count,
            0 if self.new is None else self.new.count,
        )

    @property
    def differs(self) -> bool:
        """Whether the numbers are not the same."""
        return self.counts[0] != self.counts[1]


class TimeChange(NamedTuple):
    """A time of the connections of a service.

    Attributes:
        what: "handshake", from the first SYN to the ACK; "close", from the first FIN to the ACK of
            the last.
        part: one of PARTS.
        old_ns, new_ns: nanoseconds; None where no connection has one.
    """

    what: str
    part: str
    old_ns: int | None
    new_ns: int | None

    @property
    def is_much(self) -> bool:
        """Whether it changed more than from run to run: by a factor of MUCH, and by MUCH_NS."""
        if self.old_ns is None or self.new_ns is None:
            return False
        low, high = sorted((self.old_ns, self.new_ns))
        return high - low >= MUCH_NS and high >= low * MUCH


class ServiceDifference(NamedTuple):
    """A service in both recordings.

    Attributes:
        name: of it. old, new: what it did.
        counts, findings, times: what was compared, what did not change included.
    """

    name: str
    old: Service
    new: Service
    counts: tuple[CountChange, ...]
    findings: tuple[FindingChange, ...]
    times: tuple[TimeChange, ...]

    @property
    def differs(self) -> bool:
        """Whether a count or a finding changed."""
        return any(each.differs for each in self.counts) or any(
            each.differs for each in self.findings
        )

    @property
    def slower(self) -> tuple[TimeChange, ...]:
        """Times that changed a lot."""
        return tuple(each for each in self.times if each.is_much)


class Difference(NamedTuple):
    """Two recordings compared.

    Attributes:
        old, new: the paths of both.
        services: the busiest first.
        old_connections, new_connections: in all.
    """

    old: str
    new: str
    services: tuple[ServiceDifference, ...]
    old_connections: int
    new_connections: int

    @property
    def differing(self) -> tuple[ServiceDifference, ...]:
        """The services that differ."""
        return tuple(each for each in self.services if each.differs)


def compare(
    old_path: str, old: Survey, new_path: str, new: Survey, least: Severity = "warning"
) -> Difference:
    """Compare two surveys.

    Args:
        old_path, new_path: how the recordings are called.
        old, new: what they hold.
        least: findings less severe are left out.
    """
    names = dict.fromkeys((*old.services, *new.services))
    every = [
        _service(name, old.services.get(name), new.services.get(name), least) for name in names
    ]
    services = [each for each in every if each.counts or each.findings]
    services.sort(
        key=lambda each: (-max(each.old.connections, each.new.connections), each.new.port)
    )
    return Difference(old_path, new_path, tuple(services), old.connections, new.connections)


def _service(
    name: str, old: Service | None, new: Service | None, least: Severity
) -> ServiceDifference:
    port = (new or old or Service(NO_SERVICE)).port
    old, new = old or Service(port), new or Service(port)
    return ServiceDifference(
        name,
        old,
        new,
        tuple(_counts(old, new)),
        _findings(old, new, least),
        tuple(_times(old, new)),
    )


def _counts(old: Service, new: Service) -> Iterator[CountChange]:
    if new.port == NO_SERVICE:
        return
    yield CountChange("connections", "", old.connections, new.connections)
    if old.probes or new.probes:
        yield CountChange("health_probes", "", old.probes, new.probes)
    pairs = (
        ("handshake", old.outcomes, new.outcomes),
        ("closed_by", _closers(old), _closers(new)),
        ("end", _ends(old), _ends(new)),
        ("states", old.states, new.states),
    )
    for what, before, after in pairs:
        values = sorted({*before, *after}, key=lambda each: (-before[each], -after[each], each))
        for value in values:
            yield CountChange(what, value, before[value], after[value])


def _closers(service: Service) -> Counter[str]:
    """Who closed first, "nobody" included."""
    nobody = service.connections - service.closers.total()
    return service.closers + Counter({"nobody": nobody})


def _ends(service: Service) -> Counter[str]:
    """How they ended; in how many segments both said so is a matter of timing."""
    ends = Counter[str]()
    for shape, count in service.shapes.items():
        ends["graceful" if shape in GRACEFUL else shape] += count
    return ends


def _findings(old: Service, new: Service, least: Severity) -> tuple[FindingChange, ...]:
    wanted = SEVERITIES.index(least)

    def severe(kinds: Mapping[str, Kind]) -> dict[str, Kind]:
        return {
            identity: kind
            for identity, kind in kinds.items()
            if SEVERITIES.index(kind.finding.severity) >= wanted
        }

    before, after = severe(old.kinds), severe(new.kinds)
    changes = [
        FindingChange(identity, before.get(identity), after.get(identity))
        for identity in dict.fromkeys((*before, *after))
    ]
    changes.sort(
        key=lambda each: (
            -SEVERITIES.index(each.kind.finding.severity),
            each.kind.finding.code,
            each.fingerprint,
        )
    )
    return tuple(changes)


def _times(old: Service, new: Service) -> Iterator[TimeChange]:
    for what, before, after in (
        ("handshake", old.handshakes, new.handshakes),
        ("close", old.closes, new.closes),
    ):
        if not before and not after:
            continue
        for part, share in PARTS.items():
            yield TimeChange(
                what,
                part,
                quantile(before, share) if before else None,
                quantile(after, share) if after else None,
            )
