"""Gives chosen connections together with their segments, for those who draw or extract them.

In: paths, settings, and which connections. Out: `Exchange`s in the order of connections. An
analysis keeps no segments, so that this is a run of its own, with the engine that tells whose each
segment is (`tracing`): the attribution is the analysis's own. Connections that are chosen by number
or socket take one run; by their findings two, the first of which finds their numbers.
"""

import ipaddress
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from os import fspath
from typing import NamedTuple, Self

from tcpflow_analyzer.decode.segment import Segment
from tcpflow_analyzer.errors import UsageError
from tcpflow_analyzer.findings.finding import Finding
from tcpflow_analyzer.findings.registry import rules
from tcpflow_analyzer.pipeline import AnyPath, Run, is_pipe
from tcpflow_analyzer.report.record import ConnectionRecord, connection_record
from tcpflow_analyzer.report.rungs import RungLog
from tcpflow_analyzer.report.sink import PassiveSink, ScopeName, Start
from tcpflow_analyzer.report.totals import Capture, Summary
from tcpflow_analyzer.settings import Settings
from tcpflow_analyzer.table.connection import Connection
from tcpflow_analyzer.tracing import SocketPairs

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(frozen=True, slots=True)
class Choice:
    """Which connections; all that is given has to hold.

    Attributes:
        numbers: one of these.
        addresses: one end in one of these networks.
        ports: one end with one of these.
        codes: a finding of one of these codes or families.
    """

    numbers: frozenset[int] = frozenset()
    addresses: tuple[Network, ...] = ()
    ports: frozenset[int] = frozenset()
    codes: tuple[str, ...] = ()

    @classmethod
    def of(
        cls,
        numbers: Iterable[int] = (),
        addresses: Iterable[str] = (),
        ports: Iterable[int] = (),
        codes: Iterable[str] = (),
    ) -> Self:
        """Choose by plain values; an address is an address or a network as text."""
        networks = tuple(ipaddress.ip_network(each) for each in addresses)
        return cls(frozenset(numbers), networks, frozenset(ports), tuple(codes))

    def takes(self, connection: Connection) -> bool:
        """Whether a connection is chosen, its findings aside."""
        if self.numbers and connection.number not in self.numbers:
            return False
        key, length = connection.key, connection.address_len
        if self.ports:
            ports = key[2 * length : 2 * length + 2], key[2 * length + 2 : 2 * length + 4]
            if not any(int.from_bytes(port, "big") in self.ports for port in ports):
                return False
        if self.addresses:
            ends = [ipaddress.ip_address(key[at : at + length]) for at in (0, length)]
            return any(end in network for end in ends for network in self.addresses)
        return True


@dataclass(frozen=True, slots=True)
class Exchange:
    """One connection with its segments.

    Attributes:
        connection: what is said of it.
        findings: about it, in the order of the output.
        rungs: its segments in the order in which it took them, which is that of the capture.
        evidence: frames that have to do with it without being segments of it, as
            `Tracer.take_evidence` tells.
    """

    connection: ConnectionRecord
    findings: tuple[Finding, ...] = ()
    rungs: RungLog = field(default_factory=RungLog)
    evidence: tuple[int, ...] = ()


class ExchangeSink(PassiveSink):
    """Collects the chosen connections of a run and their segments: its sink and its tracer.

    Attributes:
        exchanges: of the connections that are over.
        capture: the input as a whole, None until its end.
    """

    wants_connections = True
    wants_facts = True

    def __init__(self, choice: Choice) -> None:
        """Collect what `choice` takes; its codes are asked for too."""
        self.exchanges: list[Exchange] = []
        self.capture: Capture | None = None
        self._choice = choice
        self._taken: dict[int, bool] = {}
        self._logs: dict[int, RungLog] = {}
        self._evidence: dict[int, dict[int, None]] = {}
        self._scope_name: ScopeName = lambda _: (None, None)

    def take_segment(
        self, connection: Connection, from_originator: bool, segment: Segment, classes: int
    ) -> None:
        """Hear whose a segment is."""
        log = self._logs.get(connection.number)
        if log is None:
            if not self._takes(connection):
                return
            log = self._logs[connection.number] = RungLog()
        log.add(from_originator, segment, classes)

    def take_evidence(self, connection: Connection, frame: int) -> None:
        """Hear of a frame that has to do with a connection."""
        if self._takes(connection):
            self._evidence.setdefault(connection.number, {})[frame] = None

    def give_back(self, connection: Connection, frame: int) -> None:
        """Hear that a SYN belongs to another connection after all."""
        log = self._logs.get(connection.number)
        if log is not None:
            log.remove(frame)

    def begin(self, start: Start) -> None:
        """Hear of the run."""
        self._scope_name = start.scope_name

    def connection(self, connection: Connection, findings: Sequence[Finding]) -> None:
        """Take a connection that is over."""
        self._taken.pop(connection.number, None)
        log = self._logs.pop(connection.number, None)
        evidence = self._evidence.pop(connection.number, ())
        if log is None:
            return
        scope = self._scope_name(connection.scope) if connection.scope else (None, None)
        record = connection_record(connection, findings, scope)
        self.exchanges.append(Exchange(record, tuple(findings), log, tuple(evidence)))

    def _takes(self, connection: Connection) -> bool:
        """Whether a connection is chosen; asked once for each."""
        taken = self._taken.get(connection.number)
        if taken is None:
            taken = self._taken[connection.number] = self._choice.takes(connection)
        return taken

    def end(self, capture: Capture, summary: Summary) -> None:
        """Of the totals only those of the input are wanted."""
        self.capture = capture


class _Search(PassiveSink):
    """Finds the numbers of connections, with codes of those that have findings of them."""

    wants_facts = True

    def __init__(self, codes: tuple[str, ...]) -> None:
        self.numbers: set[int] = set()
        self.wants_connections = not codes
        self._codes = codes

    def connection(self, connection: Connection, findings: Sequence[Finding]) -> None:
        if not self._codes or any(each.code.startswith(self._codes) for each in findings):
            self.numbers.add(connection.number)


def read_exchanges(
    paths: Sequence[AnyPath],
    choice: Choice,
    settings: Settings | None = None,
    work: Callable[[Run], object] = Run.run,
) -> list[Exchange]:
    """Give the chosen connections with their segments, in the order of connections.

    Memory grows with the segments of what is chosen, by 48 octets for each.

    Args:
        paths: files and folders, one recording together.
        choice: which connections.
        settings: of the analysis, so that connections have the same numbers and states; with
            `where` only connections that it chooses.
        work: works through a run; there are two where findings or `where` choose.

    Raises:
        InputError: the input cannot be read.
        UsageError: the settings are unusable, a code of the choice is of no finding, or findings
            are to choose among what stands on a pipe, which cannot be read twice.
    """
    return read_capture(paths, choice, settings, work)[0]


def read_capture(
    paths: Sequence[AnyPath],
    choice: Choice,
    settings: Settings | None = None,
    work: Callable[[Run], object] = Run.run,
) -> tuple[list[Exchange], Capture | None]:
    """Give what `read_exchanges` gives, and what was read.

    Args:
        paths, choice, settings, work: as of `read_exchanges`, which errors are those of too.

    Returns:
        The exchanges, and the input as a whole; None where nothing is as asked for.
    """
    settings = settings or Settings()
    names = [fspath(path) for path in paths]
    check_codes(choice.codes)
    if choice.codes or settings.where:
        for name in names:
            if is_pipe(name):
                raise UsageError(f"{name}: a pipe cannot be read twice, first to look for these")
        search = _Search(choice.codes)
        work(Run(names, settings, [search]))
        if not search.numbers:
            return [], None
        numbers = frozenset(search.numbers)
        choice = replace(choice, numbers=numbers & choice.numbers if choice.numbers else numbers)
        if not choice.numbers:
            return [], None
        settings = replace(settings, where="")
    sink = ExchangeSink(choice)
    work(Run(names, settings, [sink], tracer=sink))
    return sorted(sink.exchanges, key=_number), sink.capture


class Wanted(NamedTuple):
    """A connection of which an analysis has told, and whose segments are wanted.

    Attributes:
        number: in that analysis.
        key, address_len: its sockets, as of `Connection`.
        first_frame, frames: likewise.
    """

    number: int
    key: bytes
    address_len: int
    first_frame: int
    frames: int


class _SegmentSink(PassiveSink):
    """Collects the segments of connections that begin at known frames."""

    def __init__(self, first_frames: Iterable[int]) -> None:
        self.logs = {frame: RungLog() for frame in first_frames}

    def take_segment(
        self, connection: Connection, from_originator: bool, segment: Segment, classes: int
    ) -> None:
        log = self.logs.get(connection.first_frame)
        if log is not None:
            log.add(from_originator, segment, classes)

    def take_evidence(self, connection: Connection, frame: int) -> None:
        pass

    def give_back(self, connection: Connection, frame: int) -> None:
        log = self.logs.get(connection.first_frame)
        if log is not None:
            log.remove(frame)


def read_segments(
    paths: Sequence[AnyPath],
    wanted: Sequence[Wanted],
    settings: Settings,
    work: Callable[[Run], object] = Run.run,
) -> dict[int, RungLog]:
    """Give the segments of connections that an analysis has told of, by their numbers.

    Only what runs between their sockets is followed, which takes a fraction of an analysis. Where
    that gives a connection other segments than the analysis (which a limit made forget it), all is
    followed once more.

    Args:
        paths: files and folders that can be read again.
        wanted: the connections.
        settings: of the analysis.
        work: works through a run.
    """
    if not wanted:
        return {}
    names = [fspath(path) for path in paths]
    settings = replace(settings, where="")
    sink = _SegmentSink(each.first_frame for each in wanted)
    pairs = SocketPairs()
    for each in wanted:
        pairs.add(each.key, each.address_len)
    work(Run(names, settings, [sink], tracer=sink, pairs=pairs))
    logs = {each.number: sink.logs[each.first_frame] for each in wanted}
    others = frozenset(each.number for each in wanted if len(logs[each.number]) != each.frames)
    if others:
        whole = ExchangeSink(Choice(numbers=others))
        work(Run(names, settings, [whole], tracer=whole))
        logs |= {each.connection.number: each.rungs for each in whole.exchanges}
    return logs


def check_codes(codes: Sequence[str]) -> None:
    """Raise a UsageError unless each is the code of a finding, or the beginning of one."""
    every = rules()
    for prefix in codes:
        if not prefix or not any(code.startswith(prefix) for code in every):
            raise UsageError(f"no finding has the code {prefix!r} or a code that begins so")


def _number(exchange: Exchange) -> int:
    return exchange.connection.number
