"""The compiled frame loop: from records to connections that are handed over.

Compiled: yes

One call for each block of frames. Decodes a frame, finds its connection, lets the observer take the
segment, and hands over what is over. Python is called only for connections that somebody wants.
"""

from collections.abc import Callable
from typing import Final

from mypy_extensions import i64

from tcpflow_analyzer.decode.decoder import Decoder
from tcpflow_analyzer.decode.reasons import FILTERED, TCP_HEADER_MALFORMED, TCP_HEADER_TRUNCATED
from tcpflow_analyzer.decode.segment import (
    FRAGMENT,
    ICMP_ERROR,
    OTHER,
    TCP_SEGMENT,
    UNDECODED,
    Segment,
)
from tcpflow_analyzer.observer.advance import advance
from tcpflow_analyzer.observer.attempts import Attempts
from tcpflow_analyzer.observer.belief import settle
from tcpflow_analyzer.observer.census import Census, busy_peak
from tcpflow_analyzer.observer.ecn_attempts import EcnAttempts, asks_for_ecn
from tcpflow_analyzer.observer.endings import Endings
from tcpflow_analyzer.observer.handshake import stray_syn
from tcpflow_analyzer.observer.icmp import take_icmp_error
from tcpflow_analyzer.observer.incarnation import (
    CANDIDATE,
    NEW,
    belongs_to_older,
    date_from,
    end_by_replacement,
    has_lived,
    inherit,
    judge_syn,
    meet_linux_number,
    note_candidate,
    note_recovery,
    note_refused_by_time_wait,
    note_reuse,
    note_stale_end,
    note_unanswered_by_time_wait,
    remember,
)
from tcpflow_analyzer.observer.listeners import neighbours, note_answered
from tcpflow_analyzer.observer.oddities import note_malformed_header
from tcpflow_analyzer.observer.old_duplicate import is_old_duplicate
from tcpflow_analyzer.observer.openings import (
    ABORTED,
    FAILED_AFTER,
    FINISHED_AT_END,
    REJECTED,
    Openings,
)
from tcpflow_analyzer.observer.openings import (
    REFUSED as BY_RESET,
)
from tcpflow_analyzer.observer.openings import (
    UNANSWERED as NO_ANSWER,
)
from tcpflow_analyzer.observer.outcome import conclude
from tcpflow_analyzer.observer.probes import probe_kind
from tcpflow_analyzer.observer.quality import ETHERNET_SEGMENT, Quality, is_bad, note_bad
from tcpflow_analyzer.observer.request import (
    add_copy,
    add_refusal,
    address_len_of,
    can_hold,
    control_bits_of,
    is_copy,
    is_refusal,
    make_request,
    observed_of,
    profile_of,
    restore_segment,
    segment_count,
)
from tcpflow_analyzer.observer.self_connect import is_self_connect
from tcpflow_analyzer.observer.stateless import settle_stateless_listeners
from tcpflow_analyzer.observer.storm import note_storm
from tcpflow_analyzer.observer.timing import Timing
from tcpflow_analyzer.observer.zeek_history import NOT_KEPT
from tcpflow_analyzer.settings import Settings
from tcpflow_analyzer.sources.records import RecordWalk
from tcpflow_analyzer.table.connection import (
    NOBODY,
    OUTCOME_ABORTED,
    OUTCOME_COMPLETED,
    OUTCOME_REFUSED,
    OUTCOME_REJECTED,
    OUTCOME_UNANSWERED,
    SHAPE_NONE,
    SHAPE_RESET,
    Connection,
    Entry,
    Remembered,
    Request,
)
from tcpflow_analyzer.table.connection_table import ConnectionTable, LiveEntries, swapped
from tcpflow_analyzer.table.endpoint import NEVER, UNKNOWN, Endpoint, Rarities
from tcpflow_analyzer.table.observation import (
    ACKED_UNSEEN,
    DUPLICATE_FRAME,
    ONE_SIDED,
    REFUSED,
    SELF_CONNECT,
    SYN_DROPPED,
    SYN_REPEATED,
    SYNACK_REPEATED,
    TIME_WAIT_ORIGINATOR,
    TIME_WAIT_RESPONDER,
)
from tcpflow_analyzer.tcp.control_bits import ACK, FIN, RST, SYN, SYN_FIN_RST
from tcpflow_analyzer.tcp.states import CLOSED, SYN_RECEIVED, SYN_SENT, TIME_WAIT

_SECOND: Final = 1_000_000_000
# A connection that is over waits so long for stragglers, unless too many wait: then until its
# TIME-WAIT is over, or 3 s after a RST (design.md decision 6).
_LINGER: Final = 240 * _SECOND
_AFTER_RESET: Final = 3 * _SECOND
_MOST_WAITING: Final = 4096
_MOST_ANSWERED: Final = 8192  # answered requests in the queue, beyond as many unanswered ones
# What a queue has passed stays in memory until it is cut off: when it is one part of so many.
_PASSED: Final = 8
_RETRY_WINDOW: Final = 10 * _SECOND  # HS004: another attempt may succeed within this
_DROPPED_AFTER: Final = 900_000_000  # HS014: a SYN unanswered for so long, nanoseconds
# Bits of Connection.counted: what the census was told.
_OPENED: Final = 1
_LEFT: Final = 2
_HOLDS_ORIGINATOR: Final = 4
_HOLDS_RESPONDER: Final = 8
_UNTOLD: Final = 16  # it holds TIME-WAIT since a sweep; no segment came since
_MOST_HELD: Final = 1_024  # connections handed over that are still held, beyond as many as live


class Engine:
    """Follows all connections of one recording.

    Attributes:
        wanted, stream_wanted: masks of observations, of the two words that a connection has;
            `on_finished` gets connections that have one of them,
        want_all: or all connections,
        want_first: or those with a number up to this.
        keeps: asked whether a frame is looked at (octets, start, captured length, length on the
            wire, link type); None: every one is.
        on_request: asked about a lone SYN or its refusal that would be wanted, with the mask its
            connection would have, whether it is enough to count it; None: it never is.
        frames, tcp_segments, other_frames, fragments, duplicate_frames: counts of frames.
        undecoded: reason -> frames.
        first_time_ns, last_time_ns: of the frames so far.
        connections: how many were begun.
        endings: counts of finished connections.
        left_out: what limits dropped, by name.
        census, openings: counts for host-wide findings. quality: of the capture itself.
    """

    def __init__(
        self,
        settings: Settings,
        decoder: Decoder,
        on_finished: Callable[[Connection], None],
        profile_of_address: Callable[[bytes], int] | None = None,
    ) -> None:
        """Make an engine.

        Args:
            settings: of the run.
            decoder: its decoder.
            on_finished: called once for each connection that is wanted, when it is over or the
                capture has ended; not in the order of numbers.
            profile_of_address: operating system profile of an address (4 or 16 octets), an index
                into settings.PROFILES, or -1 to guess; None to guess always.
        """
        self.wanted: i64 = 0
        self.stream_wanted: i64 = 0
        self.want_all: bool = True
        self.want_first: i64 = 0
        self.keeps: Callable[[bytes, int, int, int, int], bool] | None = None
        self.on_request: Callable[[Request, int], bool] | None = None
        self.frames: i64 = 0
        self.tcp_segments: i64 = 0
        self.other_frames: i64 = 0
        self.fragments: i64 = 0
        self.duplicate_frames: i64 = 0
        self.undecoded: dict[str, int] = {}
        self.first_time_ns: i64 = 0
        self.last_time_ns: i64 = 0
        self.connections: i64 = 0
        self.endings = Endings()
        self.left_out: dict[str, int] = {}
        self.census = Census(
            settings.max_hosts,
            busy_peak(settings),
            settings.churn_per_second,
            max(settings.churn_window_ns // _SECOND, 1),
        )
        self.openings = Openings(settings)
        self.quality = Quality(settings)
        self._decoder = decoder
        self._on_finished = on_finished
        self._profile_of_address = profile_of_address
        self._timing = Timing(settings)
        self._table = ConnectionTable()
        self._segment = Segment()
        self._restored = Segment()
        self._over: list[Connection] = []
        self._over_first: i64 = 0
        self._closed: list[Connection] = []
        self._closed_first: i64 = 0
        self._handed_over: i64 = 0  # connections, since the queues were looked through for them
        self._next_sweep_ns: i64 = 0
        self._live = LiveEntries()
        self._requests: list[Request] = []
        self._requests_first: i64 = 0
        self._answered_requests: i64 = 0
        self._told_requests: i64 = 0
        self._attempted: list[Connection] = []
        self._time_wait: list[Connection] = []
        self._time_wait_first: i64 = 0
        self._remembered: list[Remembered] = []
        self._remembered_first: i64 = 0
        self._max_remembered: i64 = settings.max_remembered
        self._max_connections: i64 = settings.max_connections
        self._attempts = Attempts(4 * settings.max_hosts)
        self._ecn = EcnAttempts(4 * settings.max_hosts)
        self._listening: set[bytes] = set()  # those that are known by their SYN-ACKs
        self._most_listening: i64 = 4 * settings.max_hosts
        self._finishing: bool = False
        self._restoring: bool = False  # segments of a request, whose failures were told already
        self._closing: list[Connection] = []

    # Frames

    def run(self, walk: RecordWalk, until_ns: i64) -> None:
        """Take frames and clock records of the walk, as far as they precede `until_ns`."""
        while True:
            self._take_frames(walk, until_ns)
            clock_ns = walk.take_clock()
            if clock_ns < 0:
                return
            self.take_clock(min(clock_ns, until_ns))

    def take_clock(self, clock_ns: i64) -> None:
        """The capture went on until `clock_ns` (nanoseconds since the epoch), frames or not."""
        if self.frames > 0 and self.last_time_ns < clock_ns < NEVER:
            self.last_time_ns = clock_ns
            if clock_ns >= self._next_sweep_ns:
                self._next_sweep_ns = (clock_ns // _SECOND + 1) * _SECOND
                self.sweep()

    def _take_frames(self, walk: RecordWalk, until_ns: i64) -> None:
        """Take frames up to the next clock record."""
        segment = self._segment
        decoder = self._decoder
        plain: i64 = 0
        while walk.advance():
            time_ns = walk.time_ns
            if time_ns >= until_ns:
                walk.hold()
                break
            if time_ns >= NEVER:
                time_ns = NEVER - 1
            self.frames += 1
            if time_ns > self.last_time_ns:
                self.last_time_ns = time_ns
                if time_ns >= self._next_sweep_ns:
                    self._next_sweep_ns = (time_ns // _SECOND + 1) * _SECOND
                    self.sweep()
            elif time_ns < self.last_time_ns:
                self.quality.went_back(self.frames, time_ns, self.last_time_ns)
            if self.frames == 1:
                self.first_time_ns = time_ns
            segment.frame = self.frames
            segment.time_ns = time_ns
            segment.interface = walk.interface
            keeps = self.keeps
            if keeps is not None and not keeps(
                walk.buffer, walk.start, walk.captured_len, walk.wire_len, walk.link_type
            ):
                self.undecoded[FILTERED] = self.undecoded.get(FILTERED, 0) + 1
                continue
            status = decoder.decode(
                walk.buffer, walk.start, walk.captured_len, walk.wire_len, walk.link_type, segment
            )
            if status == TCP_SEGMENT:
                self.tcp_segments += 1
                if segment.control_bits & SYN_FIN_RST == 0:
                    plain += 1
                if segment.truncated:
                    self.quality.cut(segment)
                self._take(segment)
            else:
                self._count_frame(status, segment)
        self.quality.plain += plain

    def _count_frame(self, status: i64, segment: Segment) -> None:
        """A frame without a TCP segment of its own."""
        if status == OTHER:
            self.other_frames += 1
        elif status == FRAGMENT:
            self.fragments += 1
        elif status == ICMP_ERROR:
            self.other_frames += 1
            self._take_icmp_error(segment)
        elif status == UNDECODED:
            self.undecoded[segment.reason] = self.undecoded.get(segment.reason, 0) + 1
            if segment.reason == TCP_HEADER_MALFORMED:
                self._take_malformed(segment)

    def _take_malformed(self, segment: Segment) -> None:
        """Tell the connection, if there is one, of a header that cannot be read (OP006)."""
        entry = self._table.find(segment)
        from_originator = self._table.from_originator
        if isinstance(entry, Request) and entry.number != 0:
            entry = self._answer(entry)
        if isinstance(entry, Connection):
            note_malformed_header(entry, from_originator, segment)

    # Segments

    def _take(self, segment: Segment) -> None:
        """Find the connection of a segment and let it take it."""
        table = self._table
        entry = table.find(segment)
        if isinstance(entry, Connection):
            self._take_known(entry, table.from_originator, segment)
        elif self.quality.verifies and is_bad(self.quality.check(segment)):
            self._take_bad(segment)
        else:
            self._take_new(entry, segment)

    def _take_known(self, connection: Connection, direct: bool, segment: Segment) -> None:
        """A segment of a connection: see to its checksum and its length, then let it take it."""
        quality = self.quality
        sender, receiver = connection.originator, connection.responder
        if not direct:
            sender, receiver = receiver, sender
        if (
            quality.verifies
            and quality.wants(connection, segment, sender)
            and is_bad(quality.check(segment))
        ):
            note_bad(connection, direct, segment)
            if quality.is_strict:
                self._leave_out("bad_checksums", 1)
                return
        if segment.payload_len > ETHERNET_SEGMENT:
            quality.compare_length(segment, receiver)
        if connection.observed & ACKED_UNSEEN != 0:
            quality.meet_late_data(connection, sender, segment)
        elif segment.control_bits & (SYN | ACK) == SYN and quality.meet_late_syn(
            connection, direct, segment
        ):
            self._advance(connection, direct, segment)
            return
        self._continue(connection, direct, segment)

    def _take_bad(self, segment: Segment) -> None:
        """A segment with a bad checksum on a socket pair without a connection."""
        if self.quality.is_strict:
            self._leave_out("bad_checksums", 1)
            return
        table = self._table
        entry = table.find(segment)
        if entry is None and self.quality.is_stray(segment):
            self._leave_out("bad_checksums", 1)
            return
        self._take_new(entry, segment)
        entry = table.find(segment)
        direct = table.from_originator
        if isinstance(entry, Request):
            entry = self._answer(entry)
            self._attempted.append(entry)
        if isinstance(entry, Connection):
            note_bad(entry, direct, segment)

    def _take_new(self, entry: Entry | None, segment: Segment) -> None:
        """A segment on a socket pair that has no connection, perhaps a request or a record."""
        table = self._table
        if entry is None:
            self._begin(segment, None)
        elif isinstance(entry, Request):
            self._continue_request(entry, table.from_originator, segment)
        elif isinstance(entry, Remembered):
            self._begin(segment, entry)

    def _put(self, entry: Entry) -> None:
        """Add an entry to the table and to the list of what has to be handed over.

        Room is made before: a connection that has not taken its first segment seems idle for ever.
        """
        if self._live.count >= self._max_connections:
            self._evict()
        self._table.put(entry)
        self._live.put(entry)
        if self._handed_over > self._live.count + _MOST_HELD:
            self._let_go()

    def _begin(self, segment: Segment, previous: Remembered | None) -> None:
        """The first segment of a connection that the table knows."""
        if can_hold(segment):
            self.connections += 1
            request = make_request(segment, self.connections)
            if previous is not None:
                self._table.drop(previous)
                request.previous = previous
                request.incarnation = previous.incarnation + 1
            self._put(request)
            self._requests.append(request)
            return
        self.connections += 1
        connection = self._make_connection(segment, self.connections)
        if previous is not None:
            self._table.drop(previous)
            inherit(connection, previous)
        self._put(connection)
        self._advance(connection, segment.control_bits & (SYN | ACK | RST) != SYN | ACK, segment)
        if segment.control_bits & (SYN | ACK | RST) == SYN:
            self._attempted.append(connection)
            if previous is not None:
                note_reuse(connection, segment, segment.tsval, 0)

    def _make_connection(self, segment: Segment, number: i64) -> Connection:
        """A connection whose originator is the sender, unless the segment is a SYN-ACK."""
        bits = segment.control_bits
        connection = Connection(b"", number)
        is_answer = bits & (SYN | ACK | RST) == SYN | ACK
        if segment.source < 0:
            key = segment.key
            connection.key = swapped(key, segment.address_len) if is_answer else key
        elif is_answer:
            connection.set_words(segment.destination, segment.source)
        else:
            connection.set_words(segment.source, segment.destination)
        connection.address_len = segment.address_len
        connection.scope = segment.scope
        connection.vlan = segment.vlan
        if self._timing.keep_transitions:
            connection.transitions = []
        if not self._timing.keep_history:
            connection.history_seen = NOT_KEPT
        if bits & SYN == 0:
            connection.roles_guessed = True
            connection.originator_listens = self._sender_listens(segment)
        if is_self_connect(connection):
            connection.observed |= SELF_CONNECT
        self._set_profiles(connection)
        return connection

    def _set_profiles(self, connection: Connection) -> None:
        """Explicit profiles; what is not explicit is guessed at the end's first segment."""
        profile_of_address = self._profile_of_address
        if profile_of_address is None:
            return
        length = connection.address_len
        originator = profile_of_address(connection.key[:length])
        responder = profile_of_address(connection.key[length : 2 * length])
        if originator >= 0:
            connection.originator.profile = originator
            connection.originator.profile_known = True
        if responder >= 0:
            connection.responder.profile = responder
            connection.responder.profile_known = True

    def _sender_listens(self, segment: Segment) -> bool:
        """Guess of roles without a SYN: a known listener, else the lower well-known port."""
        length = segment.address_len
        key = segment.key
        source = key[:length] + key[2 * length : 2 * length + 2]
        destination = key[length : 2 * length] + key[2 * length + 2 : 2 * length + 4]
        if destination in self._listening:
            return False
        if source in self._listening:
            return True
        source_port: i64 = (key[2 * length] << 8) | key[2 * length + 1]
        destination_port: i64 = (key[2 * length + 2] << 8) | key[2 * length + 3]
        return source_port < destination_port

    def _continue_request(self, request: Request, direct: bool, segment: Segment) -> None:
        """A segment on a socket pair of which only a SYN was seen."""
        if direct and is_copy(request, segment):
            length = address_len_of(request)
            self._attempts.failed(request, length, segment.time_ns)
            if asks_for_ecn(segment.control_bits):
                self._ecn.ignored(request.key, length, request.frame, request.time_ns)
            add_copy(request, segment)
        elif not direct and is_refusal(request, segment):
            length = address_len_of(request)
            self._attempts.failed(request, length, segment.time_ns)
            self.census.refused(request, length, segment.frame, segment.time_ns)
            if asks_for_ecn(control_bits_of(request)):
                self._ecn.refused(request.key, length, request.frame, request.time_ns)
            add_refusal(request, segment)
        else:
            connection = self._answer(request)
            if segment.control_bits & (SYN | ACK | RST) != SYN | ACK:
                self._attempted.append(connection)
            self._continue(connection, direct, segment)

    def _answer(self, request: Request) -> Connection:
        """Put the connection that a request stands for in its place."""
        connection = self._promote(request)
        self._table.replace(request, connection)
        self._live.replace(request, connection)
        self._answered_requests += 1
        return connection

    def _begin_anew(self, request: Request) -> Connection:
        """Make the connection that a request stands for, before its first segment."""
        restored = self._restored
        restore_segment(request, 0, restored)
        connection = self._make_connection(restored, request.number)
        connection.incarnation = request.incarnation
        connection.retried = request.retried
        if not connection.originator.profile_known:
            connection.originator.profile = profile_of(request)
            connection.originator.profile_known = True
        return connection

    def _promote(self, request: Request) -> Connection:
        """Make the connection that the request stands for; its segments are told."""
        restored = self._restored
        connection = self._begin_anew(request)
        if request.previous is not None:
            connection.previous = request.previous
        self._restoring = True
        for index in range(segment_count(request)):
            from_originator = restore_segment(request, index, restored)
            self._advance(connection, from_originator, restored)
            if index == 0 and request.previous is not None:
                note_reuse(connection, restored, restored.tsval, 0)
        self._restoring = False
        request.number = 0  # nothing of it is left to hand over
        return connection

    def _continue(self, connection: Connection, direct: bool, segment: Segment) -> None:
        """A segment on a known connection: SYNs may open another incarnation."""
        bits = segment.control_bits
        if bits & (SYN | RST | FIN) == SYN:
            if bits & ACK == 0:
                if self._take_syn(connection, direct, segment):
                    return
            elif self._take_syn_ack(connection, direct, segment):
                return
        older = connection.older
        if older is not None:
            if older.finished:
                connection.older = None
            elif belongs_to_older(connection, older, direct, segment):
                self._advance(older, (older.key == connection.key) == direct, segment)
                if not direct:
                    note_refused_by_time_wait(connection, older, segment)
                note_stale_end(connection, older, direct, segment)
                return
        self._advance(connection, direct, segment)

    def _take_syn(self, connection: Connection, direct: bool, segment: Segment) -> bool:
        """A SYN on a known connection. Gives True if that was all."""
        if direct:
            sender, receiver = connection.originator, connection.responder
        else:
            sender, receiver = connection.responder, connection.originator
        verdict = judge_syn(connection, sender, receiver, segment, self._timing)
        if verdict == NEW:
            if has_lived(connection):
                self._reopen(connection, receiver, segment)
            else:
                self._leave(connection)
                self._begin(segment, None)
            return True
        if verdict == CANDIDATE:
            note_candidate(connection, sender, receiver, segment)
            candidate = make_request(segment, 0)
            connection.candidate = candidate
            stray_syn(connection, direct, segment)
            return True
        return False

    def _take_syn_ack(self, connection: Connection, direct: bool, segment: Segment) -> bool:
        """A SYN-ACK may accept a candidate, or end the older incarnation. True if that was all."""
        if not has_lived(connection):
            self._leave(connection)
            self._begin(segment, None)
            return True
        candidate = connection.candidate
        if candidate is not None and segment.ack == (candidate.seq + 1) & 0xFFFF_FFFF:
            from_candidate = candidate.key == segment.key
            sender = connection.endpoint(direct)
            if not from_candidate and (not sender.iss_seen or segment.seq != sender.iss):
                self._accept_candidate(connection, candidate, segment)
                return True
        older = connection.older
        if (
            older is not None
            and not direct
            and segment.ack == (connection.originator.iss + 1) & 0xFFFF_FFFF
        ):
            if not older.finished:
                meet_linux_number(older, older.key != connection.key, segment)
                note_recovery(connection, older, segment)
                end_by_replacement(older, segment, self._timing)
                self._hand_over(older)
            connection.older = None
        return False

    def _reopen(self, old: Connection, receiver: Endpoint, segment: Segment) -> None:
        """Open the next incarnation at a SYN whose sender has nothing left of the old one."""
        meet_linux_number(old, not receiver.is_originator, segment)
        # What is only believed to have ended it may have been lost (RFC 9293 3.5.1, figure 10).
        lives_on = receiver.believed != CLOSED or receiver.proven != CLOSED
        self._replace_older(old, segment)
        note_recovery(old, old, segment)
        record = remember(old)
        if not lives_on:
            self._table.drop(old)
            self._hand_over(old)
            self._begin(segment, record)
            return
        self._table.drop(old)
        self.connections += 1
        connection = self._make_connection(segment, self.connections)
        inherit(connection, record)
        connection.older = old
        self._put(connection)
        self._advance(connection, True, segment)
        note_reuse(connection, segment, segment.tsval, 0)

    def _replace_older(self, connection: Connection, segment: Segment) -> None:
        """End what lived on beside a connection on which another one follows.

        The table has lost it, so that no segment could be found to be its own any more.
        """
        older = connection.older
        connection.older = None
        if older is not None and not older.finished:
            end_by_replacement(older, segment, self._timing)
            self._hand_over(older)

    def _accept_candidate(self, old: Connection, candidate: Request, segment: Segment) -> None:
        """A SYN-ACK acknowledges the candidate's SYN: the old incarnation is replaced."""
        restored = self._restored
        restore_segment(candidate, 0, restored)
        self._replace_older(old, segment)
        meet_linux_number(old, old.key != candidate.key, segment)
        end_by_replacement(old, segment, self._timing)
        self._uncount_syn(old, candidate)
        record = remember(old)
        self._table.drop(old)
        self._hand_over(old)
        self.connections += 1
        connection = self._make_connection(restored, self.connections)
        inherit(connection, record)
        self._put(connection)
        self._advance(connection, True, restored)
        date_from(connection, segment)
        note_reuse(connection, restored, restored.tsval, segment.frame)
        self._advance(connection, False, segment)

    def _uncount_syn(self, old: Connection, candidate: Request) -> None:
        """The candidate's SYN turned out to belong to the next incarnation."""
        endpoint = old.originator if old.key == candidate.key else old.responder
        endpoint.segments -= 1
        old.frames -= 1

    def _advance(self, connection: Connection, from_originator: bool, segment: Segment) -> None:
        """Let the observer take the segment; then see to what the whole capture knows."""
        had_ack = connection.ack_frame
        had_synack = connection.synack_frame
        observed = connection.observed
        if connection.counted & _UNTOLD != 0:
            connection.counted &= ~_UNTOLD
            observed &= ~(TIME_WAIT_ORIGINATOR | TIME_WAIT_RESPONDER)
        if connection.previous is not None and is_old_duplicate(
            connection, from_originator, segment
        ):
            return
        advance(connection, from_originator, segment, self._timing)
        if connection.synack_frame != had_synack and had_synack == 0:
            self.openings.answered(connection, segment)
            self._drain_time_wait(segment.time_ns)
            self.census.opened(connection, segment.time_ns)
            note_answered(connection)
            connection.counted |= _OPENED
            listener = connection.listener
            is_new = listener is None or listener.connections == 1
            if is_new:
                self._add_listening(_service(connection))
        if connection.observed != observed:
            self._note_new(connection, connection.observed & ~observed, segment)
        if connection.counted & (_OPENED | _LEFT) == _OPENED and _has_left(connection):
            self._count_left(connection)
        if had_ack == 0 and connection.ack_frame != 0:
            self.openings.completed(connection)
            if self._attempts.succeeded(connection, connection.address_len, segment.time_ns):
                self.openings.succeeded(connection)
            if self._ecn.is_used:
                self._ecn.succeeded(connection, segment)
        if not connection.queued and not self._finishing:
            if _is_over(connection):
                self._queue(connection)
            elif _may_end(connection):
                connection.queued = True
                self._closing.append(connection)
        if connection.outcome == OUTCOME_UNANSWERED and segment.control_bits & SYN != 0:
            self._note_dropped(connection, segment)

    def _add_listening(self, service: bytes) -> None:
        """Something answers at an address and port: where there is no SYN, it tells the roles."""
        if len(self._listening) < self._most_listening:
            self._listening.add(service)
        elif service not in self._listening:
            self._leave_out("listeners", 1)

    def _note_new(self, connection: Connection, new: i64, segment: Segment) -> None:
        """What the census has to know of the observations that a segment brought."""
        if new & (TIME_WAIT_ORIGINATOR | TIME_WAIT_RESPONDER) != 0:
            self._drain_time_wait(segment.time_ns)
            if new & TIME_WAIT_ORIGINATOR != 0:
                self._count_time_wait(connection, True, _HOLDS_ORIGINATOR)
            if new & TIME_WAIT_RESPONDER != 0:
                self._count_time_wait(connection, False, _HOLDS_RESPONDER)
        if new & SYNACK_REPEATED != 0:
            self.openings.repeated(connection, segment.time_ns)
        if new & REFUSED != 0:
            length = connection.address_len
            if not self._restoring:
                self.census.refused(connection, length, segment.frame, segment.time_ns)
                self._attempts.failed(connection, length, segment.time_ns)
            older = connection.older
            if older is not None:
                note_refused_by_time_wait(connection, older, segment)

    def _count_time_wait(self, connection: Connection, of_originator: bool, bit: i64) -> None:
        if connection.counted & bit != 0:
            return
        connection.counted |= bit
        endpoint = connection.endpoint(of_originator)
        self.census.time_wait_entered(
            connection, of_originator, endpoint.time_wait_since_ns, endpoint.time_wait_until_ns
        )
        self._time_wait.append(connection)

    def _drain_time_wait(self, now_ns: i64) -> None:
        """Let the census forget TIME-WAIT that has expired, before a count may reach a new peak."""
        waiting = self._time_wait
        first = self._time_wait_first
        count: i64 = len(waiting)
        while first < count:
            connection = waiting[first]
            if not connection.finished and now_ns < _time_wait_until(connection):
                break
            self._count_time_wait_left(connection)
            first += 1
        if first > 4096 and first * _PASSED > count:
            del waiting[:first]
            first = 0
        self._time_wait_first = first

    def _count_time_wait_left(self, connection: Connection) -> None:
        """No end of it holds TIME-WAIT any more."""
        if connection.counted & _HOLDS_ORIGINATOR != 0:
            self.census.time_wait_left(connection, True)
        if connection.counted & _HOLDS_RESPONDER != 0:
            self.census.time_wait_left(connection, False)
        connection.counted &= ~(_HOLDS_ORIGINATOR | _HOLDS_RESPONDER)
        if connection.counted & (_OPENED | _LEFT) == _OPENED:
            self._count_left(connection)

    def _count_left(self, connection: Connection) -> None:
        """The originator's socket is free again."""
        connection.counted |= _LEFT
        self.census.left(connection)

    def _note_dropped(self, connection: Connection, segment: Segment) -> None:
        """HS014: this SYN went unanswered while others to the same listener were answered."""
        tally = connection.tally(SYN_REPEATED, True)
        if tally is None or tally.last.frame != segment.frame:
            return
        gap: i64 = tally.last.first
        if gap < _DROPPED_AFTER:
            return
        if not self._restoring:
            self._attempts.failed(connection, connection.address_len, segment.time_ns)
        dropped_ns = segment.time_ns - gap
        listener = self.census.listener_at(connection, connection.address_len)
        count, newest = neighbours(listener, dropped_ns)
        if count > 0:
            frame: i64 = connection.first_frame
            connection.note(SYN_DROPPED, True, frame, dropped_ns, count, newest, 0)

    def _take_icmp_error(self, segment: Segment) -> None:
        """Match an ICMP error to the connection of the segment that it quotes."""
        entry = self._table.find(segment)
        if isinstance(entry, Request) and entry.number != 0:
            self._attempted.append(self._answer(entry))
            entry = self._table.find(segment)
        if isinstance(entry, Connection):
            self._attempts.failed(entry, entry.address_len, segment.time_ns)
            take_icmp_error(entry, self._table.from_originator, segment, self._timing)
            if not entry.queued and _is_over(entry):
                self._queue(entry)

    # What is over

    def sweep(self) -> None:
        """Hand over what is over by now.

        Once a second of capture time, never once a block: results must not depend on how much is
        read at a time.
        """
        self._sweep_closing()
        self._sweep_over()
        self._tell_failures()
        self.openings.sweep(self.last_time_ns)
        self._sweep_requests()
        self._sweep_remembered()

    def _queue(self, connection: Connection) -> None:
        """A connection that is over waits for stragglers: by a RST shortly, in TIME-WAIT longer."""
        connection.queued = True
        if _time_wait_until(connection) != 0:
            self._over.append(connection)
        else:
            self._closed.append(connection)

    def _evict(self) -> None:
        """Too many connections: hand over a tenth and count them.

        Attempts that nothing came of go first, the oldest before the others, then the connections
        that were idle for longest. So a flood of SYNs does not displace what is established.
        """
        idle: list[tuple[int, int]] = []
        patience = self.last_time_ns - _SECOND
        for at in range(len(self._live.entries)):
            entry = self._live.entries[at]
            last_ns = _idle_since(entry)
            if last_ns >= 0:
                if last_ns < patience and self._is_stuck(entry, patience):
                    last_ns = _begun_at(entry) - NEVER  # before all others
                idle.append((last_ns, at))
        idle.sort()
        number: i64 = self._max_connections // 10 + 1
        for _, at in idle[:number]:
            entry = self._live.entries[at]
            if isinstance(entry, Connection):
                self._leave(entry)
            elif isinstance(entry, Request):
                self._leave_request(entry)
                self._answered_requests += 1
        self._leave_out("connections", len(idle[:number]))
        self._sweep_remembered()  # the capture's time may stand still, and then nobody else does
        self._trim_requests()

    def _is_stuck(self, entry: Entry | None, now: i64) -> bool:
        """Whether an entry is an attempt to connect that has not succeeded by now."""
        if not _is_embryonic(entry):
            return False
        if isinstance(entry, Connection) and entry.next_due_ns <= now:
            self._settle(entry, now)  # the ACK of the SYN-ACK may be the last that came
            return _is_embryonic(entry)
        return True

    def _leave_out(self, what: str, number: i64) -> None:
        """Count what a limit dropped."""
        self.left_out[what] = self.left_out.get(what, 0) + number

    def _sweep_closing(self) -> None:
        """Believe what is on its way to ends that will send nothing more: it may be the last."""
        now = self.last_time_ns - _SECOND  # frames may be a little out of order
        closing: list[Connection] = []
        for connection in self._closing:
            if connection.finished:
                continue
            if connection.next_due_ns <= now:
                self._settle(connection, now)
            if _is_over(connection):
                self._queue(connection)
            elif _may_end(connection):
                closing.append(connection)
            else:
                connection.queued = False
        self._closing = closing

    def _settle(self, connection: Connection, now_ns: i64) -> None:
        """Let happen what is due by now; the census hears of it with the next segment, if any."""
        observed = connection.observed
        settle(connection, now_ns, self._timing)
        if connection.observed & ~observed & (TIME_WAIT_ORIGINATOR | TIME_WAIT_RESPONDER) != 0:
            connection.counted |= _UNTOLD

    def _sweep_over(self) -> None:
        self._over_first = self._sweep_queue(self._over, self._over_first)
        self._closed_first = self._sweep_queue(self._closed, self._closed_first)

    def _sweep_queue(self, waiting: list[Connection], first: i64) -> i64:
        """Hand over the connections at the head of a queue; gives the new head."""
        now = self.last_time_ns
        count: i64 = len(waiting)
        while first < count:
            connection = waiting[first]
            if not connection.finished:
                crowded = count - first > _MOST_WAITING
                if now < self._due_to_leave(connection, crowded):
                    break
                connection.queued = False
                if _is_over(connection):
                    self._leave(connection)
            first += 1
            if first > 1024 and first * _PASSED > count:
                del waiting[:first]
                count -= first
                first = 0
        return first

    def _due_to_leave(self, connection: Connection, crowded: bool) -> i64:
        """When a connection that is over may be handed over."""
        if not crowded:
            return connection.last_time_ns + _LINGER
        due = connection.last_time_ns + _AFTER_RESET
        until = _time_wait_until(connection)
        return until if until > due else due

    def _trim_requests(self) -> None:
        """Keep the queue of requests below twice those that wait."""
        if 2 * self._answered_requests > len(self._requests) + _MOST_ANSWERED:
            self._forget_answered()

    def _sweep_requests(self) -> None:
        self._trim_requests()
        requests = self._requests
        now = self.last_time_ns
        first = self._requests_first
        count: i64 = len(requests)
        while first < count:
            request = requests[first]
            if request.number != 0:
                wait: i64 = _RETRY_WINDOW if request.reset_frame != 0 else _LINGER
                if now < request.last_time_ns + wait:
                    break
                self._leave_request(request)
            first += 1
        if first > 4096 and first * _PASSED > count:
            del requests[:first]
            self._told_requests = max(self._told_requests - first, 0)
            first = 0
        self._requests_first = first

    def _tell_failures(self) -> None:
        """Tell what became of attempts, when nothing answers any more, in the order of SYNs."""
        due = self.last_time_ns - FAILED_AFTER
        at = self._told_requests
        requests = self._requests
        count: i64 = len(requests)
        while at < count:
            request = requests[at]
            if request.number != 0:
                if request.time_ns > due:
                    break
                self._tell_failure(request)
            at += 1
        self._told_requests = at
        waiting: list[Connection] = []
        for connection in self._attempted:
            if connection.first_time_ns > due:
                waiting.append(connection)
            else:
                self._tell_outcome(connection)
        self._attempted = waiting

    def _tell_failure(self, request: Request) -> None:
        kind = BY_RESET if request.reset_frame != 0 else NO_ANSWER
        self.openings.failed(
            request,
            address_len_of(request),
            kind,
            request.time_ns,
            request.frame,
        )

    def _tell_outcome(self, connection: Connection) -> None:
        """Tell what became of an attempt that has a connection."""
        if connection.outcome == OUTCOME_REFUSED:
            kind = BY_RESET
        elif connection.outcome == OUTCOME_REJECTED:
            kind = REJECTED
        elif connection.outcome == OUTCOME_UNANSWERED:
            kind = NO_ANSWER
        else:
            return
        self.openings.failed(
            connection,
            connection.address_len,
            kind,
            connection.first_time_ns,
            connection.first_frame,
        )

    def _tell_last(self) -> None:
        """The capture has ended: tell what is known of attempts that are still young."""
        now = self.last_time_ns
        self._tell_failures()
        requests = self._requests
        for at in range(self._told_requests, len(requests)):
            request = requests[at]
            if request.number == 0:
                continue
            if request.reset_frame != 0:
                self._tell_failure(request)
            elif request.time_ns <= now - FINISHED_AT_END:
                self.openings.unfinished_at_end(
                    request, address_len_of(request), request.time_ns, request.frame
                )
        for connection in self._attempted:
            if connection.outcome != OUTCOME_UNANSWERED:
                self._tell_outcome(connection)
        self._attempted = []
        self.openings.finish(now)

    def _tell_end(self, connection: Connection) -> None:
        """Tell of a connection that carried nothing: it may be a probe, or given up at once."""
        originator, responder = connection.originator, connection.responder
        if connection.observed & ONE_SIDED != 0:
            self.openings.one_sided += 1
        elif originator.segments > 0 and responder.segments > 0:
            self.openings.two_sided += 1
        note_storm(connection)
        if originator.rarities is not None:
            self._tell_merged(originator.rarities)
        if responder.rarities is not None:
            self._tell_merged(responder.rarities)
        if originator.payload_octets + responder.payload_octets > 1:
            return
        if connection.midstream:
            kind = probe_kind(connection)
            if kind >= 0:
                self.openings.probed(connection, kind)
        elif connection.synack_frame != 0:
            if originator.rst_frame != 0 or originator.fin_frame != 0:
                self.openings.open_port(connection)
            if connection.outcome == OUTCOME_ABORTED and originator.rst_frame != 0:
                self.openings.failed(
                    connection,
                    connection.address_len,
                    ABORTED,
                    connection.first_time_ns,
                    connection.first_frame,
                )

    def _tell_merged(self, rarities: Rarities) -> None:
        """Count where an end had more captured ranges beyond holes than are kept."""
        if rarities.ranges_merged > 0:
            self._leave_out("ranges", rarities.ranges_merged)

    def _forget_answered(self) -> None:
        """Keep in the queue of requests only those that still wait."""
        told: i64 = 0
        for at in range(self._told_requests):
            if self._requests[at].number != 0:
                told += 1
        self._told_requests = told
        self._requests = [request for request in self._requests if request.number != 0]
        self._requests_first = 0
        self._answered_requests = 0

    def _sweep_remembered(self) -> None:
        remembered = self._remembered
        first = self._remembered_first
        count: i64 = len(remembered)
        now = self.last_time_ns
        while first < count:
            record = remembered[first]
            if now < record.end_time_ns + _LINGER:
                if count - first <= self._max_remembered:
                    break
                self._leave_out("remembered", 1)
            self._table.drop(record)
            first += 1
        if first > 4096 and first * _PASSED > count:
            del remembered[:first]
            first = 0
        self._remembered_first = first

    def _leave(self, connection: Connection) -> None:
        """Hand over a connection and keep the compact record of it."""
        still_found = self._table.holds(connection)
        older = connection.older
        if older is not None:  # the table has lost it
            self._hand_over(older)
        self._hand_over(connection)
        if still_found and not has_lived(connection):
            self._table.drop(connection)  # there is nothing that could be used again
        elif still_found:
            record = remember(connection)
            self._table.replace(connection, record)
            self._remembered.append(record)

    def _leave_request(self, request: Request) -> None:
        """Hand over a request: as a connection if somebody looks, else counted only."""
        self._finish_request(request)
        self._table.drop(request)

    def _finish_request(self, request: Request) -> None:
        """Hand over a request that nothing more can happen to."""
        observed = observed_of(request, self.last_time_ns)
        if self._is_only_counted(request, observed):
            self._count_request(request, observed)
            request.number = 0
        else:
            self._hand_over(self._promote(request))
        self._live.drop(request)

    def _is_only_counted(self, request: Request, observed: i64) -> bool:
        """Whether nobody wants to see the connection that the request stands for."""
        if (
            self.want_all
            or request.number <= self.want_first
            or request.previous is not None
            or request.copy_count > 0
        ):
            return False
        if observed & self.wanted == 0:
            return True
        on_request = self.on_request
        if on_request is None or request.source < 0:
            return False
        if self._attempts.was_retried(request, 4, request.time_ns, request.last_time_ns):
            request.retried = True
        return on_request(request, observed)

    def _count_request(self, request: Request, observed: i64) -> None:
        """Count it as the connection that it stands for."""
        if request.reset_frame != 0:
            self.endings.add(
                observed, 0, CLOSED * 16 + CLOSED, OUTCOME_REFUSED, SHAPE_RESET, NOBODY
            )
        else:
            self.endings.add(
                observed, 0, SYN_SENT * 16 + CLOSED, OUTCOME_UNANSWERED, SHAPE_NONE, NOBODY
            )

    def _hand_over(self, connection: Connection) -> None:
        """Conclude a connection, count it, and give it to whoever wants it."""
        if connection.finished:
            return
        connection.finished = True
        self._live.drop(connection)
        self._handed_over += 1
        self._conclude(connection)
        self._count_time_wait_left(connection)
        self._tell_end(connection)
        mask = connection.observed
        if mask & DUPLICATE_FRAME != 0:
            for of_originator in (True, False):
                tally = connection.tally(DUPLICATE_FRAME, of_originator)
                if tally is not None:
                    self.duplicate_frames += tally.count
        self.endings.count(connection)
        if (
            self.want_all
            or mask & self.wanted != 0
            or connection.stream_observed & self.stream_wanted != 0
            or connection.number <= self.want_first
        ):
            self._on_finished(connection)

    def _let_go(self) -> None:
        """Forget what was handed over but stands in a queue whose time has not come.

        Time may stand still, by accident or on purpose, while connections come and go.
        """
        self._handed_over = 0
        self._over = _unfinished(self._over, self._over_first)
        self._closed = _unfinished(self._closed, self._closed_first)
        self._time_wait = _unfinished(self._time_wait, self._time_wait_first)
        self._over_first = self._closed_first = self._time_wait_first = 0
        self._closing = _unfinished(self._closing, 0)
        self._trim_requests()
        self.openings.let_go(self.last_time_ns)
        if len(self._attempted) > self._max_connections:
            for connection in self._attempted:
                if connection.finished:
                    self._tell_outcome(connection)
            self._attempted = _unfinished(self._attempted, 0)

    def _conclude(self, connection: Connection) -> None:
        """Settle what is known of a connection, as if the capture ended now."""
        conclude(connection, self.last_time_ns, self._timing)
        if connection.outcome == OUTCOME_UNANSWERED:
            note_unanswered_by_time_wait(connection)
        if connection.outcome < OUTCOME_COMPLETED and self._attempts.was_retried(
            connection,
            connection.address_len,
            connection.first_time_ns,
            connection.last_time_ns,
        ):
            connection.retried = True
        connection.older = None
        connection.candidate = None

    def live_entries(self) -> list[Entry | None]:
        """What is not handed over yet, None between it; only to be looked at."""
        return self._live.entries

    def connection_of(self, request: Request) -> Connection:
        """Make the connection that a request stands for, which stays as it is; told to nobody."""
        restored = self._restored
        connection = self._begin_anew(request)
        for index in range(segment_count(request)):
            from_originator = restore_segment(request, index, restored)
            advance(connection, from_originator, restored, self._timing)
        return connection

    def conclude_copy(self, connection: Connection) -> None:
        """Conclude a copy of a connection that goes on: what would be said if it ended now."""
        self._conclude(connection)

    def finish(self) -> None:
        """The capture has ended: hand over all that is left, in the order of numbers."""
        self._tell_last()
        quality = self.quality
        quality.segments = self.tcp_segments
        quality.connections = self.connections
        quality.headers_cut = self.undecoded.get(TCP_HEADER_TRUNCATED, 0)
        quality.fragments_lost = self._decoder.fragments.lost()
        self._finishing = True
        self._table = ConnectionTable()
        self._over = []
        self._closed = []
        self._closing = []
        self._requests = []
        self._time_wait = []
        entries = self._live.take_all()
        settle_stateless_listeners(entries, self.last_time_ns, self._timing)
        for index in range(len(entries)):
            entry = entries[index]
            entries[index] = None  # what was handed over leaves memory at once
            if isinstance(entry, Connection):
                self._hand_over(entry)
            elif isinstance(entry, Request):
                self._finish_request(entry)
        for what, number in (
            ("ecn_attempts", self._ecn.left_out),
            ("failed_services", self._attempts.left_out),
            ("attempts", self.openings.left_out),
            ("hosts", self.census.left_out),
            ("scopes", self._decoder.scopes_left_out),
            ("fragments", self._decoder.fragments.left_out),
        ):
            if number > 0:
                self._leave_out(what, number)


def _idle_since(entry: Entry | None) -> i64:
    """Time of the last segment of an entry that is still to be handed over, else -1."""
    if isinstance(entry, Connection):
        return entry.last_time_ns
    if isinstance(entry, Request):
        return entry.last_time_ns
    return -1


def _begun_at(entry: Entry | None) -> i64:
    """Time of the first segment of an entry that is still to be handed over, else 0."""
    if isinstance(entry, Connection):
        return entry.first_time_ns
    if isinstance(entry, Request):
        return entry.time_ns
    return 0


def _is_embryonic(entry: Entry | None) -> bool:
    """Whether an entry is an attempt to connect that is not known to have succeeded."""
    if isinstance(entry, Connection):
        return (
            entry.originator.believed == SYN_SENT
            or entry.originator.believed == SYN_RECEIVED
            or entry.responder.believed == SYN_RECEIVED
        )
    return isinstance(entry, Request)


def _service(connection: Connection) -> bytes:
    """Address and port of the responder."""
    length = connection.address_len
    key = connection.key
    return key[length : 2 * length] + key[2 * length + 2 : 2 * length + 4]


def _has_left(connection: Connection) -> bool:
    """Whether the originator's socket is free: CLOSED, or about to be by the last ACK."""
    if connection.originator.believed == CLOSED:
        return True
    return (
        connection.originator.fin_acked_frame != 0
        and connection.counted & (_HOLDS_ORIGINATOR | _HOLDS_RESPONDER) == _HOLDS_RESPONDER
    )


def _time_wait_until(connection: Connection) -> i64:
    """When the last of its ends leaves TIME-WAIT; 0 if none holds it any more."""
    until: i64 = 0
    originator, responder = connection.originator, connection.responder
    if originator.believed == TIME_WAIT:
        until = originator.time_wait_until_ns
    if responder.believed == TIME_WAIT and responder.time_wait_until_ns > until:
        until = responder.time_wait_until_ns
    return until


def _may_end(connection: Connection) -> bool:
    """Whether a FIN, its ACK or a RST on its way may be the last that happens to it."""
    return connection.next_due_ns < NEVER and (
        connection.reset_count > 0
        or (
            connection.originator.fin_offset != UNKNOWN
            and connection.responder.fin_offset != UNKNOWN
        )
    )


def _is_over(connection: Connection) -> bool:
    """Whether both ends are believed CLOSED or in TIME-WAIT."""
    originator = connection.originator.believed
    responder = connection.responder.believed
    return (originator == CLOSED or originator == TIME_WAIT) and (
        responder == CLOSED or responder == TIME_WAIT
    )


def _unfinished(waiting: list[Connection], first: i64) -> list[Connection]:
    """What of a queue was not handed over yet, from its head on."""
    found: list[Connection] = []
    for index in range(first, len(waiting)):
        connection = waiting[index]
        if not connection.finished:
            found.append(connection)
    return found
