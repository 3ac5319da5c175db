"""Joins the stages: reads a recording, follows its connections, judges them, hands results on.

In: paths and settings. Out: `Analysis` (everything kept), `stream` (nothing kept), or whatever
the sinks of a `Run` make of the results. This is the only module that knows all stages.
"""

from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from heapq import nlargest
from os import PathLike, fspath
from typing import TYPE_CHECKING

from tcpflow_analyzer.decode.decoder import Decoder
from tcpflow_analyzer.decode.reasons import LINK_TYPE_UNKNOWN
from tcpflow_analyzer.decode.segment import ABSENT
from tcpflow_analyzer.engine import Engine
from tcpflow_analyzer.errors import InputError, UsageError
from tcpflow_analyzer.findings.finding import SEVERITIES, Finding
from tcpflow_analyzer.findings.judge import Judge
from tcpflow_analyzer.findings.preview import Preview
from tcpflow_analyzer.findings.registry import Rule, rules
from tcpflow_analyzer.findings.selection import Codes, codes_of
from tcpflow_analyzer.observer.standing import ClientStanding, Standing
from tcpflow_analyzer.observer.timing import Timing
from tcpflow_analyzer.report.finding_order import finding_key
from tcpflow_analyzer.report.sink import EventSink, PassiveSink, Sink, Start
from tcpflow_analyzer.report.totals import WORST_FIRST, Capture, CaptureFile, Summary
from tcpflow_analyzer.report.wording import shortly_listed
from tcpflow_analyzer.settings import PROFILE_NAMES, Settings, check_parameters
from tcpflow_analyzer.sources.octets import PROBE_OCTETS, file_octets, is_fifo
from tcpflow_analyzer.sources.recording import FileSummary, Recording, Source, expand_paths
from tcpflow_analyzer.sources.records import RecordWalk
from tcpflow_analyzer.table.connection import (
    OUTCOME_NAMES,
    SHAPE_NAMES,
    WHO_NAMES,
    Connection,
)
from tcpflow_analyzer.tcp.states import STATE_NAMES

if TYPE_CHECKING:
    from tcpflow_analyzer.report.live_events import Moment
    from tcpflow_analyzer.report.record import ConnectionRecord
    from tcpflow_analyzer.sources.live.capture_engine import CaptureRequest
    from tcpflow_analyzer.sources.packet_filter import PacketFilter
    from tcpflow_analyzer.tracing import SocketPairs, Tracer
    from tcpflow_analyzer.where.choice import Choice
    from tcpflow_analyzer.where.parser import Where

__all__ = [
    "Analysis",
    "AnyPath",
    "Run",
    "Until",
    "analyze",
    "check_inputs",
    "check_settings",
    "expand_paths",
    "file_octets",
    "is_pipe",
    "make_decoder",
    "next_frame",
    "selected_rules",
    "stream",
    "time_of_frame",
]

AnyPath = str | PathLike[str]
STANDARD_INPUT = "-"
DROPPED_FRAMES = "dropped_frames"
LINK_TYPES_NAMED = 5
DAY_NS = 86_400_000_000_000
CLIENTS_TOLD = 10


def selected_rules(settings: Settings) -> dict[str, Rule]:
    """Give the rules that `select`, `ignore` and `min_severity` leave, by code, in code order.

    A rule stays if some severity that it may take is at least `min_severity`.

    Raises:
        UsageError: an entry names no finding and no family, or there is no such severity.
    """
    every = rules()
    select = _codes("select", settings.select, every)
    ignore = _codes("ignore", settings.ignore, every)
    if settings.min_severity not in SEVERITIES:
        raise UsageError(f"no such severity: {settings.min_severity!r}")
    least = SEVERITIES.index(settings.min_severity)
    return {
        code: rule
        for code, rule in every.items()
        if (not select or any(codes.holds(code) for codes in select))
        and not any(codes.holds(code) for codes in ignore)
        and max(SEVERITIES.index(severity) for severity in rule.severities) >= least
    }


def _codes(name: str, texts: Sequence[str], every: Mapping[str, Rule]) -> list[Codes]:
    """Read the entries of a setting; an error begins with its name."""
    try:
        return [codes_of(text, every) for text in texts]
    except UsageError as error:
        raise UsageError(f"{name}: {error}") from error


def check_settings(settings: Settings) -> None:
    """Raise the UsageError that a run with these settings would raise."""
    selected_rules(settings)
    profile_chooser(settings)
    check_parameters(settings)
    if settings.where:
        _compiled_where(settings.where)


def _packet_filter(expression: str) -> "PacketFilter":
    from tcpflow_analyzer.sources.packet_filter import PacketFilter  # noqa: PLC0415  few runs filter

    return PacketFilter(expression)


def _compiled_where(text: str) -> "Where":
    """Compile the expression that chooses connections; an error begins with the setting's name."""
    from tcpflow_analyzer.where.parser import compile_where  # noqa: PLC0415  few runs choose
    from tcpflow_analyzer.where.words import WhereError  # noqa: PLC0415

    try:
        return compile_where(text)
    except WhereError as error:
        raise UsageError(f"where: {error}") from error


def is_pipe(path: str) -> bool:
    """Whether what a path gives cannot be read again."""
    return path == STANDARD_INPUT or is_fifo(path)


def check_inputs(paths: Sequence[AnyPath], settings: Settings) -> tuple[list[str], list[str]]:
    """Tell inputs that can be read from those that cannot, if there are several.

    Pipes are not looked into, as what is read of them is gone.

    Returns:
        The paths that are usable or were not looked into, and one line for each of the others.
    """
    names = [fspath(path) for path in paths]
    if len(names) < 2 or settings.decoder != "native":
        return names, []
    usable, complaints = [], []
    for name in names:
        if is_pipe(name):
            usable.append(name)
            continue
        try:
            Recording([name], block_octets=PROBE_OCTETS).close()
        except InputError as error:
            complaints.append(str(error))
        else:
            usable.append(name)
    return usable, complaints


@dataclass(frozen=True, slots=True)
class Until:
    """Where a run ends before its input does; one of these is given.

    Attributes:
        time_ns: nanoseconds since the epoch.
        after_ns: nanoseconds after the first frame.
        of_day_ns: nanoseconds after midnight, UTC: the first such time after the first frame.
        frame: right after this frame of the whole input, from 1.
    """

    time_ns: int | None = None
    after_ns: int | None = None
    of_day_ns: int | None = None
    frame: int | None = None

    def after(self, first_ns: int) -> int | None:
        """Give the time, nanoseconds since the epoch, where the first frame decides; else None.

        Args:
            first_ns: time of the first frame.
        """
        if self.after_ns is not None:
            return first_ns + self.after_ns
        if self.of_day_ns is not None:
            return first_ns + (self.of_day_ns - first_ns) % DAY_NS
        return None


class Run:
    """One analysis of one recording, a block of input at a time.

    Attributes:
        recording: the input; `octets_read` and `octets_total` tell how far the run is.
        is_read: whether all input was read; the step after that writes the reports.
        capture, summary: the totals, None until the end.
        end_ns: of a run that ends at a moment: when that is, once something was read.
        is_at_end: whether all input was read, not only what came before that moment.
        last_frame_ns: the newest time of a frame, once all was read.
    """

    def __init__(
        self,
        paths: Sequence[AnyPath],
        settings: Settings,
        sinks: Sequence[Sink],
        live: "CaptureRequest | None" = None,
        tracer: "Tracer | None" = None,
        until: Until | None = None,
        pairs: "SocketPairs | None" = None,
    ) -> None:
        """Open the input; nothing is read but the beginning of each file.

        Args:
            paths: files, folders of captures, "-" for standard input; one recording together.
            settings: of the run.
            sinks: take the results.
            live: what to capture, instead of any paths.
            tracer: hears of every segment whose it is.
            until: where to end, as if the capture had ended there; timers run until then, also
                behind the last frame.
            pairs: with a tracer: only segments between these sockets are followed, so that numbers
                of connections count these, and nothing is said of the others.

        Raises:
            InputError: the input is unusable, or has no such frame as `until` says.
            UsageError: the settings are.
        """
        check_parameters(settings)
        self._settings = settings
        self._timing = Timing(settings)
        self._sinks = sinks
        self._rules = selected_rules(settings)
        chooses = bool(settings.where)
        wants_facts = chooses or any(sink.wants_facts for sink in sinks)
        self._judge = Judge(settings, self._rules, wants_facts)
        self.is_read = False
        self.capture: Capture | None = None
        self.summary: Summary | None = None
        self._decoder = make_decoder(settings)
        if not chooses and not any(sink.wants_connections for sink in sinks):
            # Nobody will look at the transitions, and they are half of what a connection costs.
            settings = replace(settings, keep_transitions=False, keep_history=False)
        judge = self._judge
        self._until = until
        self.end_ns: int | None = None
        self.is_at_end = True
        self.last_frame_ns = 0
        if until is not None and until.frame is not None:
            self.end_ns = time_of_frame(paths, until.frame, settings)
        elif until is not None:
            self.end_ns = until.time_ns
        self._engine = engine = self._make_engine(settings, tracer, pairs)
        if settings.capture_filter:
            engine.keeps = _packet_filter(settings.capture_filter).keeps
        judge.engine = engine
        judge.view.census = engine.census
        judge.view.openings = engine.openings
        judge.view.quality = engine.quality
        judge.pass_on = sinks[0].connection if len(sinks) == 1 else self._pass_on
        self._choice = self._make_choice() if chooses else None
        if self._choice is not None:
            judge.pass_on = self._choice.take
        judge.pass_all = engine.want_all = chooses or any(sink.wants_connections for sink in sinks)
        judge.pass_first = engine.want_first = max((sink.wants_first for sink in sinks), default=0)
        if len(sinks) == 1 and not engine.want_all:
            judge.more_of = sinks[0].more_of
            engine.on_request = judge.take_request
        engine.wanted = judge.wanted()
        engine.stream_wanted = judge.stream_wanted()
        self._walk: RecordWalk | None = None
        self._event_sinks = [sink for sink in sinks if isinstance(sink, EventSink)]
        self._preview = Preview(engine, judge)
        # Last, so that nothing stays open if the settings are unusable.
        self.recording = _open(paths, settings, live)
        # Packets that are built again from what tshark prints have no payload, yet nothing was cut.
        engine.quality.is_printed = live is not None and live.engine == "pyshark"

    def _make_engine(
        self, settings: Settings, tracer: "Tracer | None", pairs: "SocketPairs | None"
    ) -> Engine:
        """Make the engine; the plain one, unless somebody wants to hear of each segment."""
        take, profiles = self._judge.take, profile_chooser(settings)
        self._judge.view.profile_of_address = profiles
        last_frame = self._until.frame if self._until is not None else None
        if tracer is None and last_frame is None:
            return Engine(settings, self._decoder, take, profiles)
        from tcpflow_analyzer.tracing import NO_LIMIT, TracingEngine  # noqa: PLC0415  few runs do

        return TracingEngine(
            settings, self._decoder, take, profiles, tracer, last_frame or NO_LIMIT, pairs
        )

    def _is_past_end(self, walk: RecordWalk) -> bool:
        """Whether the next frame comes after the moment at which the run ends."""
        return self.end_ns is not None and walk.held and walk.time_ns > self.end_ns

    def _limit(self, walk: RecordWalk, until_ns: int) -> int:
        """Give the time up to which a step may go."""
        if self._until is None:
            return until_ns
        if self.end_ns is None and walk.held:
            self.end_ns = self._until.after(walk.time_ns)
        return until_ns if self.end_ns is None else min(until_ns, self.end_ns + 1)

    def steps(self) -> Iterator[None]:
        """Work on the input block by block; the totals are there at the end.

        Raises:
            InputError: no frame of the whole input has a link type that can be read.
        """
        view, engine = self._judge.view, self._engine
        start = Start(
            [file.path for file in self.recording.files],
            self._settings,
            self._rules,
            self._scope_name,
            self.locate,
        )
        for sink in self._sinks:
            sink.begin(start)
        try:
            for walk, until_ns in self.recording.steps():
                self._walk = walk
                engine.run(walk, self._limit(walk, until_ns))
                if self._event_sinks:
                    self._tell_what_is_due()
                for sink in self._sinks:
                    sink.flush()
                if self._is_past_end(walk):
                    self.is_at_end = False
                    break
                yield
        finally:
            self.recording.close()
        self.last_frame_ns = engine.last_time_ns
        if self.end_ns is not None:
            engine.take_clock(self.end_ns)
        engine.finish()
        self.is_read = True
        yield
        view.first_time_ns, view.last_time_ns = engine.first_time_ns, engine.last_time_ns
        engine.quality.is_printed |= any(file.format == "text" for file in self.recording.files)
        choice = self._choice
        for finding in sorted(self._judge.capture(), key=finding_key):
            if choice is not None and not choice.finding(finding):
                continue
            for sink in self._sinks:
                sink.finding(finding)
        self._judge.count_facts(engine.endings.masks())
        self.capture, self.summary = self._make_capture(), self._make_summary()
        self._refuse_unknown_link_types(self.capture)
        for sink in self._sinks:
            sink.end(self.capture, self.summary)

    def _tell_what_is_due(self) -> None:
        """Tell of connections that go on what can be told by now."""
        choice = self._choice
        for connection, findings in self._preview.due():
            if choice is not None and connection is None:
                findings = [each for each in findings if choice.wants(each)]  # noqa: PLW2901
            elif choice is not None and connection is not None:
                findings = choice.of_connection(connection, findings) or []  # noqa: PLW2901
            for sink in self._event_sinks:
                sink.about(connection)
                sink.preview(0 if connection is None else connection.number, findings)

    def _make_choice(self) -> "Choice":
        from tcpflow_analyzer.where.choice import Choice  # noqa: PLC0415  few runs choose

        where = _compiled_where(self._settings.where)
        return Choice(where, self._scope_name, self._pass_on_all)

    def _pass_on_all(self, connection: Connection, findings: list[Finding]) -> None:
        """Give a chosen connection to every sink: there are few of them."""
        for sink in self._sinks:
            sink.connection(connection, findings)

    @property
    def now_ns(self) -> int:
        """How far the capture's time has come, nanoseconds since the epoch; 0 before a frame."""
        return int(self._engine.last_time_ns)

    def run(self) -> None:
        """Work to the end."""
        for _ in self.steps():
            pass

    def locate(self, frame: int) -> tuple[str, int] | None:
        """Give the path of the file that holds a frame, and the frame's own number in it."""
        found = self.recording.locate(frame)
        return None if found is None else (found[0].path, found[1])

    def moment(self, addresses: set[bytes]) -> "Moment":
        """Look how far the run has come, and how things stand, at a cost that follows connections.

        Args:
            addresses: of this machine, 4 or 16 octets each, whose ends are counted apart.
        """
        from tcpflow_analyzer.report.live_events import Moment  # noqa: PLC0415  live runs only

        engine = self._engine
        standing = Standing(addresses, self._timing)
        standing.count(engine.live_entries(), engine.last_time_ns)
        drops = [file.drops for file in self.recording.files if file.drops is not None]
        return Moment(
            engine.last_time_ns,
            engine.frames,
            engine.tcp_segments,
            self.recording.octets_read,
            engine.connections,
            sum(drops) if drops else None,
            {what: count for what, count in self._left_out().items() if what != DROPPED_FRAMES},
            dict(sorted(self._judge.codes.items())),
            _named(OUTCOME_NAMES, engine.endings.outcomes()),
            standing,
            self._busiest_clients(standing),
            bool(addresses),
        )

    def _busiest_clients(self, standing: Standing) -> list[tuple[ClientStanding, int]]:
        from tcpflow_analyzer.findings.time_wait.port_exhaustion_forecast import (  # noqa: PLC0415
            ports_of,
        )

        busiest = nlargest(CLIENTS_TOLD, standing.clients.values(), key=lambda each: each.in_use)
        return [(each, ports_of(each, self._settings)) for each in busiest]

    def problems(self) -> list[str]:
        """One line for each file that is damaged: its name, the octet offset, what is wrong."""
        return [line for line in (file.problem() for file in self.recording.files) if line]

    def notes(self) -> list[str]:
        """What could not be taken from a text as it stood, one line each."""
        return [f"{file.name}: {note}" for file in self.recording.files for note in file.notes]

    def _refuse_unknown_link_types(self, capture: Capture) -> None:
        unread = capture.undecoded.get(LINK_TYPE_UNKNOWN, 0)
        if capture.frames == 0 or unread < capture.frames:
            return
        files = self.recording.files
        every = dict.fromkeys(name for file in files for name in file.link_types)
        names = shortly_listed(list(every), LINK_TYPES_NAMED)
        first = f"{files[0].name}: octet {files[0].link_type_offset}"
        what = "this capture" if len(files) == 1 else f"these {len(files)} captures"
        raise InputError(f"{first}: no link type of {what} can be read: {names}")

    def _pass_on(self, connection: Connection, findings: list[Finding]) -> None:
        """Give a connection and its findings to the sinks that want it."""
        for sink in self._sinks:
            if findings or sink.wants_connections or connection.number <= sink.wants_first:
                sink.connection(connection, findings)

    def _scope_name(self, number: int) -> tuple[str | None, str | None]:
        scope = self._decoder.scope_name(number)
        interface = None
        if scope.device != ABSENT:
            interface = str(scope.device)
        elif self._walk is not None and 0 <= scope.interface < len(self._walk.interfaces):
            interface = self._walk.interfaces[scope.interface].name or None
        return scope.tunnel or None, interface

    def _make_capture(self) -> Capture:
        engine = self._engine
        return Capture(
            tuple(_capture_file(file) for file in self.recording.files),
            engine.frames,
            engine.tcp_segments,
            engine.other_frames,
            engine.fragments,
            engine.duplicate_frames,
            dict(engine.undecoded),
            engine.first_time_ns,
            engine.last_time_ns,
            self._decoder.other_kinds(),
        )

    def _left_out(self) -> dict[str, int]:
        """What is missing from the results, by name."""
        files = self.recording.files
        engine = self._engine.left_out
        lost = {
            "listeners": engine.get("listeners", 0) + self._judge.left_out(),
            DROPPED_FRAMES: sum(file.drops or 0 for file in files),
            "capture_gaps": sum(file.gaps for file in files),
        }
        found = engine | {name: count for name, count in lost.items() if count}
        return dict(sorted(found.items()))

    def _make_summary(self) -> Summary:
        engine, judge, choice = self._engine, self._judge, self._choice
        counts = judge if choice is None else choice
        endings = engine.endings if choice is None else choice.endings
        states = {
            f"{STATE_NAMES[pair >> 4]}/{STATE_NAMES[pair & 15]}": count
            for pair, count in endings.states().items()
        }
        return Summary(
            engine.connections if choice is None else choice.connections,
            dict(sorted(states.items())),
            {severity: counts.severities.get(severity, 0) for severity in WORST_FIRST},
            dict(sorted(counts.codes.items())),
            self._left_out(),
            _named(OUTCOME_NAMES, endings.outcomes()),
            _named(SHAPE_NAMES, endings.shapes()),
            _named(WHO_NAMES, endings.closers()),
            None if choice is None else engine.connections,
        )


def _open(paths: Sequence[AnyPath], settings: Settings, live: "CaptureRequest | None") -> Source:
    """Open what is to be read."""
    if live is not None and live.follow is not None:
        from tcpflow_analyzer.sources.live.follow import FollowRecording  # noqa: PLC0415

        return FollowRecording(live.follow, live.duration_ns)
    if live is not None:
        from tcpflow_analyzer.sources.live.live_recording import LiveRecording  # noqa: PLC0415

        return LiveRecording(live)
    return Recording([fspath(path) for path in paths], settings.decoder, settings.block_octets)


def time_of_frame(paths: Sequence[AnyPath], frame: int, settings: Settings) -> int:
    """Find the newest time up to a frame, by a reading of its own.

    Args:
        paths: of the recording; standard input cannot be read twice.
        frame: its number in the whole input, from 1.
        settings: of the run.

    Raises:
        InputError: the input is unusable or has fewer frames.
        UsageError: the input is standard input.
    """
    names = [fspath(path) for path in paths]
    for name in names:
        if is_pipe(name):
            raise UsageError(f"{name}: a pipe cannot be read twice to look for frame {frame}")
    recording = Recording(names, settings.decoder, settings.block_octets)
    newest = found = 0
    try:
        for walk, until_ns in recording.steps():
            while found < frame and next_frame(walk, until_ns):
                found += 1
                newest = max(newest, walk.time_ns)
            if found == frame:
                return newest
    finally:
        recording.close()
    raise InputError(f"{names[0]}: there is no frame {frame:,}, the last is {found:,}")


def next_frame(walk: RecordWalk, until_ns: int) -> bool:
    """Make the next frame before `until_ns` current; False if there is none."""
    while True:
        if walk.advance():
            if walk.time_ns < until_ns:
                return True
            walk.hold()
            return False
        if walk.take_clock() < 0:
            return False


def profile_chooser(settings: Settings) -> Callable[[bytes], int] | None:
    """Make a function that gives the profile a user chose for an address.

    Returns:
        From an address (4 or 16 octets) to an index into settings.PROFILES, of the longest network
        that holds it, or -1; None if the user chose nothing.

    Raises:
        UsageError: a network or a profile's name is unknown.
    """
    if not settings.profiles:
        return None
    import ipaddress  # noqa: PLC0415  few runs name a network

    networks = []
    everywhere = -1
    for network, name in settings.profiles.items():
        if name not in PROFILE_NAMES:
            raise UsageError(f"no such profile: {name!r}")
        number = PROFILE_NAMES.index(name)
        if not network:
            everywhere = number
            continue
        try:
            networks.append((ipaddress.ip_network(network), number))
        except ValueError as error:
            raise UsageError(f"neither an address nor a network: {network!r}") from error
    networks.sort(key=lambda each: -each[0].prefixlen)

    @lru_cache(maxsize=65_536)
    def choose(octets: bytes) -> int:
        address = ipaddress.ip_address(octets)
        for network, number in networks:
            if address in network:
                return number
        return everywhere

    return choose


def make_decoder(settings: Settings) -> Decoder:
    """Make the decoder of a run, with dpkt behind it, which is imported on first use."""
    return Decoder(
        settings.tunnel_outer,
        settings.vlan_separates,
        _slow_path,
        settings.max_fragment_octets,
    )


def _slow_path(octets: bytes, link_type: int) -> tuple[bytes, int, str]:
    """Let dpkt look at a frame of a link type that the compiled decoder does not know."""
    from tcpflow_analyzer.decode.slow_path import read_frame  # noqa: PLC0415  imports dpkt

    return read_frame(octets, link_type)


def _named(names: Iterable[str | None], counts: Sequence[int]) -> dict[str, int]:
    """Counts by name, those of 0 left out."""
    pairs = zip(names, counts, strict=True)
    return {name or "none": count for name, count in pairs if count}


def _capture_file(file: FileSummary) -> CaptureFile:
    error = None if file.error is None else f"octet {file.error_offset}: {file.error}"
    return CaptureFile(
        file.path,
        file.format,
        tuple(file.link_types),
        file.first_frame,
        file.frames,
        file.truncated,
        error,
        file.drops,
    )


@dataclass(frozen=True, slots=True)
class Analysis:
    """Everything that an analysis gives, in memory.

    Attributes:
        connections: in the order of their first frames; `connections[n].number` is n + 1, unless
            `Settings.where` chose some of them.
        findings: ordered by time, code, connection, endpoint, first frame.
        capture: what was read.
        summary: counts over the connections and findings.
        warnings: one line for each file that is damaged, with the octet offset.
    """

    connections: "Sequence[ConnectionRecord]"
    findings: Sequence[Finding]
    capture: Capture
    summary: Summary
    warnings: Sequence[str]


class _Collector(PassiveSink):
    """Sink that keeps records until they are taken."""

    wants_connections = True
    wants_facts = True

    def __init__(self) -> None:
        from tcpflow_analyzer.report.record import connection_record  # noqa: PLC0415  API only

        self._make_record = connection_record
        self.records: list[ConnectionRecord | Finding] = []
        self._scope_name: Callable[[int], tuple[str | None, str | None]] = lambda _: (None, None)

    def begin(self, start: Start) -> None:
        self._scope_name = start.scope_name

    def connection(self, connection: Connection, findings: Sequence[Finding]) -> None:
        scope = self._scope_name(connection.scope) if connection.scope else (None, None)
        self.records.append(self._make_record(connection, findings, scope))
        self.records.extend(findings)

    def finding(self, finding: Finding) -> None:
        self.records.append(finding)


def analyze(*paths: AnyPath, settings: Settings | None = None) -> Analysis:
    """Analyse captures as one recording and keep everything.

    Memory grows with the number of connections and findings; `stream` keeps nothing.

    Args:
        paths: files, folders of captures, or "-" for standard input.
        settings: thresholds and choices; the defaults without them.

    Raises:
        InputError: the input is missing, empty, or not a capture.
        UsageError: the settings are unusable, or no path was given.

    Damaged input is analysed up to the damage; `Analysis.warnings` says where it is.
    """
    collector = _Collector()
    run = _make_run(paths, settings, collector)
    run.run()
    records = collector.records
    connections = [each for each in records if not isinstance(each, Finding)]
    connections.sort(key=lambda record: record.number)
    findings = sorted((each for each in records if isinstance(each, Finding)), key=finding_key)
    if run.capture is None or run.summary is None:  # set by every run that ends
        raise AssertionError
    return Analysis(connections, findings, run.capture, run.summary, run.problems())


def stream(
    *paths: AnyPath, settings: Settings | None = None
) -> "Generator[ConnectionRecord | Finding | Capture | Summary, None, None]":
    """Analyse captures and give each result as soon as it is decided; nothing is kept.

    Connections come in the order in which they are over, each followed by its findings; then
    come findings about hosts, and last the `Capture` and the `Summary`.

    Args and errors are those of `analyze`; errors come with the first result.
    """
    collector = _Collector()
    run = _make_run(paths, settings, collector)
    for _ in run.steps():
        yield from collector.records
        collector.records.clear()
    yield from collector.records
    if run.capture is None or run.summary is None:  # set by every run that ends
        raise AssertionError
    yield run.capture
    yield run.summary


def _make_run(paths: Sequence[AnyPath], settings: Settings | None, sink: Sink) -> Run:
    if not paths:
        raise UsageError("no capture was given")
    return Run(paths, settings or Settings(), [sink])
