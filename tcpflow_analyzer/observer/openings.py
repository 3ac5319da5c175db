"""Counts connection attempts for the findings about floods, scans and services (FL).

Compiled: yes

The engine tells what becomes of every SYN: answered, completed, failed. Failures are told in the
order of their SYNs, ten seconds late, when nothing may answer any more; the counts go to the
second in which the SYN was sent. All tables are bounded: an attempt that stays alone leaves
nothing but a place in a sieve, and what found no room is counted in `left_out`.

RFC 4987 (SYN floods), RFC 6528 (initial sequence numbers). Times are nanoseconds since the epoch.
"""

from typing import Final

from mypy_extensions import i64

from tcpflow_analyzer.decode.segment import Segment
from tcpflow_analyzer.observer.census import host_key_of, listener_key_of
from tcpflow_analyzer.observer.sieve import Sieve
from tcpflow_analyzer.observer.socket_words import pair_word, socket_word
from tcpflow_analyzer.settings import PROFILES, Settings
from tcpflow_analyzer.table.connection import Connection, Entry
from tcpflow_analyzer.table.endpoint import UNKNOWN
from tcpflow_analyzer.table.openings import (
    PROBE_SYN,
    Arrivals,
    Cookies,
    IsnSeries,
    Outage,
    Prober,
    Retries,
    Row,
    Single,
    WordTable,
)
from tcpflow_analyzer.tcp.states import SYN_RECEIVED

SECOND: Final = 1_000_000_000
# How an attempt failed.
REFUSED: Final = 0
UNANSWERED: Final = 1
REJECTED: Final = 2  # by ICMP
ABORTED: Final = 3  # by its originator, after the SYN-ACK

FAILED_AFTER: Final = 10 * SECOND  # HS001: a SYN without any answer for so long
FINISHED_WITHIN: Final = 3 * SECOND  # FL001: of the third segment after its SYN
# The capture ends: a client that answers does so within one round trip, shorter than the first
# retransmission timeout of RFC 6298 2.1.
FINISHED_AT_END: Final = 1 * SECOND
ENDS_BELOW: Final = 40  # FL001: percent of unfinished SYNs below which a flood is over
RETRY_GAP: Final = 5 * SECOND  # FL007: attempts that follow within this belong together
RETRIES: Final = 5  # FL007: attempts in a row
SUCCESSES: Final = 8  # FL007, FL009: the newest are kept; failures are told later than these
FAILURES: Final = 3  # FL009: attempts in a row
FEWEST_ISNS: Final = 8  # FL010: by which a rule may show
ISNS: Final = 64  # FL010: of one host
_LATE: Final = 13  # seconds after which nothing more is told of a second
_FEW: Final = 16  # SYNs of a listener that need not be counted by seconds
_DISTINCT: Final = 4096  # targets of one scan that are kept apart
_SAMPLE: Final = 12
_FRAMES: Final = 20
_SOURCES: Final = 4096  # of unfinished SYNs at one listener that are kept apart
_HOST_WINDOW: Final = 3600 * SECOND  # FL010: between the first two ISNs of a host
_OLD_SWEEP: Final = 8 * SECOND
# Bit of Connection.counted, beside those of engine.py.
QUEUED: Final = 32  # counts as half-open at its listener
# Linux net/ipv4/tcp_ipv4.c, syncookies.c: what a cookie may stand for; 1220 of IPv6.
_COOKIE_MSS: Final = (536, 1220, 1300, 1440, 1460)
_WINDOW_SCALE: Final = 1
_TIMESTAMPS: Final = 2
_SACK: Final = 4


class Openings:
    """What became of the connection attempts of a capture.

    Attributes:
        listeners: `Arrivals`, probers: `Prober`, services: `Retries`, hosts: `IsnSeries`.
        scans, floods, rows: how many of them are more than a beginning.
        left_out: how often something was not counted because a table was full.
        two_sided, one_sided: connections over, by the directions of which segments were captured.
    """

    def __init__(self, settings: Settings) -> None:
        """Begin with none."""
        self.listeners: WordTable = WordTable()
        self.probers: WordTable = WordTable()
        self.services: WordTable = WordTable()
        self.hosts: WordTable = WordTable()
        self.scans: i64 = 0
        self.floods: i64 = 0
        self.rows: i64 = 0
        self.left_out: i64 = 0
        self.two_sided: i64 = 0
        self.one_sided: i64 = 0
        self._half_open_ns: list[int] = [profile.half_open_ns for profile in PROFILES]
        self._window: i64 = max(settings.flood_window_ns // SECOND, 1)
        self._ring: i64 = self._window + 2 * _LATE
        self._flood_half_open: i64 = settings.flood_half_open
        self._flood_percent: i64 = settings.flood_percent
        self._promote: i64 = max(settings.flood_half_open // 10, 2)
        self._scan_window_ns: i64 = settings.scan_window_ns
        self._scan_targets: i64 = max(settings.scan_targets, 2)
        self._lone_listeners: Sieve = Sieve(settings.flood_window_ns)
        self._lone_sources: Sieve = Sieve(settings.scan_window_ns)
        self._lone_hosts: Sieve = Sieve(_HOST_WINDOW)
        self._young: list[Connection] = []
        self._old: list[Connection] = []
        self._old_sweep_ns: i64 = 0
        self._most: i64 = settings.max_hosts
        self._sources_left: i64 = 4 * settings.max_hosts  # at all listeners together

    # What the engine tells

    def answered(self, connection: Connection, segment: Segment) -> None:
        """The first SYN-ACK of a connection was captured."""
        now = segment.time_ns
        length = connection.address_len
        source = socket_word(connection, length, True)
        destination = socket_word(connection, length, False)
        self._add_isn(connection, True, source, destination)
        self._add_isn(connection, False, source, destination)
        arrivals = self._listener(connection, length, destination)
        if arrivals is None:
            return
        syn_ns = connection.syn_time_ns
        self._succeeded(arrivals, connection)
        if connection.synack_frame == 0 or syn_ns == 0:
            return
        waited = now - syn_ns
        if waited < FAILED_AFTER:
            self._count(arrivals, syn_ns // SECOND, 0)
        self._watch_cookies(arrivals, connection, segment)
        connection.counted |= QUEUED
        arrivals.queued += 1
        if arrivals.queued > arrivals.peak:
            arrivals.peak = arrivals.queued
            arrivals.peak_ns = now
            arrivals.peak_frame = connection.synack_frame
            arrivals.profile = connection.responder.profile
        self._young.append(connection)

    def completed(self, connection: Connection) -> None:
        """The segment that completes a handshake was captured."""
        length = connection.address_len
        if connection.counted & QUEUED != 0:
            word = socket_word(connection, length, False)
            self._release(connection, word, connection.ack_time_ns)

    def succeeded(self, connection: Connection) -> None:
        """A handshake was completed with a service at which the client had failed before."""
        length = connection.address_len
        source = socket_word(connection, length, True) >> 16
        destination = socket_word(connection, length, False)
        service = self._service(source, destination)
        if service is None:
            service = self._add_service(source, destination)
        if service is None:
            return
        if len(service.successes) == SUCCESSES:
            del service.successes[0]
        service.successes.append(connection.syn_time_ns)

    def repeated(self, connection: Connection, now_ns: i64) -> None:
        """A SYN-ACK was sent again."""
        found = self.listeners.find(socket_word(connection, connection.address_len, False))
        if isinstance(found, Arrivals):
            found.repeats += 1
            found.last_repeat_ns = now_ns
            if found.bare is not None:
                found.bare.repeats += 1

    def failed(self, entry: Entry, address_len: i64, kind: i64, time_ns: i64, frame: i64) -> None:
        """An attempt has failed; to be told in the order of the SYNs.

        Args:
            entry: the request or connection.
            address_len: 4 or 16.
            kind: REFUSED, UNANSWERED, REJECTED or ABORTED.
            time_ns, frame: of its SYN.
        """
        source = socket_word(entry, address_len, True)
        destination = socket_word(entry, address_len, False)
        self._retry(entry, address_len, kind, source >> 16, destination, time_ns, frame)
        if kind == ABORTED:
            return
        if kind == UNANSWERED:
            self._unfinished(entry, address_len, source, destination, time_ns, frame)
        if kind != REJECTED:
            self._failure(destination, kind, time_ns, frame)
            prober = self._prober(entry, address_len, source >> 16, destination, time_ns, frame)
            if prober is not None:
                self._probe(prober, entry, address_len, destination, PROBE_SYN, time_ns, frame)
                if kind == REFUSED:
                    prober.refused += 1
                else:
                    prober.unanswered += 1

    def unfinished_at_end(self, entry: Entry, address_len: i64, time_ns: i64, frame: i64) -> None:
        """The capture ends before an unanswered SYN has failed for certain."""
        source = socket_word(entry, address_len, True)
        destination = socket_word(entry, address_len, False)
        self._unfinished(entry, address_len, source, destination, time_ns, frame)

    def probed(self, connection: Connection, kind: i64) -> None:
        """A connection was one segment without SYN that nobody answered but by RST (FL004)."""
        length = connection.address_len
        source = socket_word(connection, length, True) >> 16
        destination = socket_word(connection, length, False)
        now, frame = connection.first_time_ns, connection.first_frame
        prober = self._prober(connection, length, source, destination, now, frame)
        if prober is not None:
            self._probe(prober, connection, length, destination, kind, now, frame)
            if connection.responder.segments > 0:
                prober.refused += 1
            else:
                prober.unanswered += 1

    def open_port(self, connection: Connection) -> None:
        """A connection is over that carried nothing: of a scan it is a port that was open."""
        length = connection.address_len
        found = self.probers.find(socket_word(connection, length, True) >> 16)
        if isinstance(found, Prober):
            if connection.ack_frame != 0:
                found.open_completed += 1
            else:
                found.open_reset += 1
            if len(found.open) < _SAMPLE:
                key = listener_key_of(connection)
                if key not in found.open:
                    found.open.append(key)

    # What goes by time

    def sweep(self, now_ns: i64) -> None:
        """See to half-open connections, once a second."""
        young: list[Connection] = []
        for connection in self._young:
            if connection.ack_frame != 0 or connection.finished:
                self._release_if_queued(connection, now_ns)
                continue
            if connection.responder.believed != SYN_RECEIVED:
                self._release_if_queued(connection, now_ns)
            if now_ns - connection.syn_time_ns < FINISHED_WITHIN:
                young.append(connection)
                continue
            self._tell(connection)
            if connection.counted & QUEUED != 0:
                self._old.append(connection)
        self._young = young
        if now_ns >= self._old_sweep_ns:
            self._old_sweep_ns = now_ns + _OLD_SWEEP
            self._sweep_old(now_ns)

    def let_go(self, now_ns: i64) -> None:
        """Forget connections that were handed over, before the next sweep would."""
        young: list[Connection] = []
        for connection in self._young:
            if connection.finished:
                self._release_if_queued(connection, now_ns)
            else:
                young.append(connection)
        self._young = young

    def finish(self, now_ns: i64) -> None:
        """The capture has ended; all failures were told."""
        for connection in self._young:
            if connection.ack_frame != 0:
                continue
            if now_ns - connection.syn_time_ns >= FINISHED_AT_END:
                self._tell(connection)
            else:
                self._uncount(connection)
        self._young = []
        self._old = []
        for entry in self.listeners.entries:
            if isinstance(entry, Arrivals) and len(entry.attempts) > 0:
                self._judge_until(entry, entry.second)

    def explains(self, entry: Entry, address_len: i64, time_ns: i64) -> bool:
        """Whether a failed attempt, with a SYN at `time_ns`, is one of a flood, scan or row."""
        if self.scans + self.floods + self.rows == 0:
            return False
        source = socket_word(entry, address_len, True)
        destination = socket_word(entry, address_len, False)
        prober = self.probers.find(source >> 16)
        if isinstance(prober, Prober) and _in_scan(prober, time_ns):
            return True
        listener = self.listeners.find(destination)
        if isinstance(listener, Arrivals) and _in_flood(listener, time_ns):
            return True
        service = self._service(source >> 16, destination)
        if service is None:
            return False
        return _in_row(service.row, time_ns) or _in_row(service.worst, time_ns)

    def in_flood(self, destination: i64, time_ns: i64) -> bool:
        """Whether a listener, given by its number, was flooded at a time."""
        listener = self.listeners.find(destination)
        return isinstance(listener, Arrivals) and _in_flood(listener, time_ns)

    def sees_both_directions(self) -> bool:
        """Whether the capture shows both directions of nearly all connections."""
        return self.two_sided > 0 and 5 * self.one_sided <= self.two_sided + self.one_sided

    # Listeners: floods

    def _listener(self, entry: Entry, address_len: i64, destination: i64) -> Arrivals | None:
        """The arrivals at a listener, made if there is room."""
        found = self.listeners.find(destination)
        if isinstance(found, Arrivals):
            return found
        if len(self.listeners.entries) >= self._most:
            self.left_out += 1
            return None
        key = _target(entry, address_len)
        arrivals = Arrivals(destination, key, address_len)
        self.listeners.put(arrivals)
        return arrivals

    def _unfinished(
        self,
        entry: Entry,
        address_len: i64,
        source: i64,
        destination: i64,
        time_ns: i64,
        frame: i64,
    ) -> None:
        """A SYN that the listener did not answer at all."""
        found = self.listeners.find(destination)
        if isinstance(found, Arrivals):
            self._count(found, time_ns // SECOND, 1)
            self._note_unfinished(found, source >> 16, time_ns, frame)
            return
        place = self._lone_listeners.note(destination, source >> 16, time_ns, frame)
        if place is None or place.count < self._promote:
            return
        arrivals = self._listener(entry, address_len, destination)
        if arrivals is not None:
            self._note_unfinished(arrivals, place.other, place.first_ns, place.frame)
            for _ in range(place.count):
                self._count(arrivals, time_ns // SECOND, 1)
            self._note_unfinished(arrivals, source >> 16, time_ns, frame)
            self._lone_listeners.forget(place)

    def _tell(self, connection: Connection) -> None:
        """A SYN that was answered, and whose third segment did not come in time."""
        length = connection.address_len
        found = self.listeners.find(socket_word(connection, length, False))
        if not isinstance(found, Arrivals):
            return
        second = connection.syn_time_ns // SECOND
        if len(found.attempts) == 0:
            self._count(found, second, 1)
        elif found.judged < second <= found.second:
            at = second % self._ring
            found.unfinished[at] = found.unfinished[at] + 1
        if connection.originator.rst_frame != 0:
            found.resets += 1
        source = socket_word(connection, length, True) >> 16
        self._note_unfinished(found, source, connection.syn_time_ns, connection.syn_frame)

    def _uncount(self, connection: Connection) -> None:
        """The capture ends too early to tell whether a SYN would have been finished."""
        found = self.listeners.find(socket_word(connection, connection.address_len, False))
        second = connection.syn_time_ns // SECOND
        if (
            isinstance(found, Arrivals)
            and len(found.attempts) > 0
            and found.judged < second <= found.second
        ):
            at = second % self._ring
            found.attempts[at] = max(found.attempts[at] - 1, 0)

    def _count(self, arrivals: Arrivals, second: i64, unfinished: i64) -> None:
        """Add a SYN to the second in which it was sent."""
        if len(arrivals.attempts) == 0:
            if unfinished == 0 and arrivals.successes < _FEW:
                return  # most listeners have few connections, and all of them finished
            self._start(arrivals, second)
        if second > arrivals.second:
            self._advance(arrivals, second)
        elif second <= arrivals.judged:
            return
        at = second % self._ring
        arrivals.attempts[at] = arrivals.attempts[at] + 1
        if unfinished != 0:
            arrivals.unfinished[at] = arrivals.unfinished[at] + 1

    def _start(self, arrivals: Arrivals, second: i64) -> None:
        """Begin to count by seconds."""
        arrivals.attempts = [0] * self._ring
        arrivals.unfinished = [0] * self._ring
        arrivals.second = second
        arrivals.judged = second - self._ring // 2
        arrivals.attempts[second % self._ring] = max(arrivals.successes - 1, 0)

    def _advance(self, arrivals: Arrivals, second: i64) -> None:
        """Let a ring begin a later second; judge what leaves it and what nothing more comes to."""
        ring = self._ring
        while arrivals.second < second:
            if arrivals.judged < arrivals.second - _LATE:
                self._judge_until(arrivals, arrivals.second - _LATE)
            if arrivals.window_attempts == 0 and arrivals.judged + ring < second - ring:
                self._judge_until(arrivals, arrivals.second)
                if arrivals.window_attempts == 0:
                    # At rest: time may jump, and nothing old may stand in the ring then.
                    arrivals.attempts = [0] * ring
                    arrivals.unfinished = [0] * ring
                    arrivals.judged = second - ring // 2
                    arrivals.second = second
                    return
            arrivals.second += 1
            at = arrivals.second % ring
            arrivals.attempts[at] = 0
            arrivals.unfinished[at] = 0

    def _judge_until(self, arrivals: Arrivals, second: i64) -> None:
        while arrivals.judged < second:
            arrivals.judged += 1
            self._judge_second(arrivals)

    def _judge_second(self, arrivals: Arrivals) -> None:
        """Judge the window that ends with the second `judged`."""
        ring = self._ring
        at = arrivals.judged % ring
        attempts: i64 = arrivals.attempts[at]
        unfinished: i64 = arrivals.unfinished[at]
        arrivals.window_attempts += attempts
        arrivals.window_unfinished += unfinished
        out = (arrivals.judged - self._window) % ring
        arrivals.window_attempts -= arrivals.attempts[out]
        arrivals.window_unfinished -= arrivals.unfinished[out]
        many = arrivals.window_unfinished
        share = 100 * many
        if arrivals.flooding:
            arrivals.total_attempts += attempts
            arrivals.total_unfinished += unfinished
            if arrivals.window_attempts == 0 or share < ENDS_BELOW * arrivals.window_attempts:
                arrivals.flooding = False
        elif (
            many >= self._flood_half_open
            and share >= self._flood_percent * arrivals.window_attempts
        ):
            arrivals.flooding = True
            arrivals.total_attempts += arrivals.window_attempts
            arrivals.total_unfinished += many
            if arrivals.floods == 0:
                arrivals.flood_first_ns = arrivals.first_ns
                self.floods += 1
            arrivals.floods += 1
        if arrivals.flooding:
            if unfinished > 0:
                # Later SYNs were told already: whether they belong to it is not judged yet.
                last_ns = min(arrivals.last_ns, (arrivals.judged + 1) * SECOND - 1)
                arrivals.flood_last_ns = max(arrivals.flood_last_ns, last_ns)
            if many > arrivals.flood_unfinished:
                arrivals.flood_unfinished = many
                arrivals.flood_attempts = arrivals.window_attempts
        elif many == 0 and arrivals.floods == 0 and arrivals.last_ns // SECOND <= arrivals.judged:
            _rest(arrivals)

    def _note_unfinished(self, arrivals: Arrivals, source: i64, time_ns: i64, frame: i64) -> None:
        """Keep who left a SYN unfinished, and which."""
        if arrivals.first_ns == 0 or time_ns < arrivals.first_ns:
            arrivals.first_ns = time_ns
        arrivals.last_ns = max(arrivals.last_ns, time_ns)
        if len(arrivals.frames) < _FRAMES:
            arrivals.frames.append(frame)
        sources = arrivals.sources
        if sources is None:
            sources = {}
            arrivals.sources = sources
        seen = sources.get(source)
        if seen is not None:
            sources[source] = seen + 1
        elif len(sources) < _SOURCES and self._sources_left > 0:
            self._sources_left -= 1
            sources[source] = 1
        else:
            arrivals.other_sources += 1

    # Listeners: half-open connections

    def _release_if_queued(self, connection: Connection, now_ns: i64) -> None:
        if connection.counted & QUEUED != 0:
            word = socket_word(connection, connection.address_len, False)
            self._release(connection, word, now_ns)

    def _release(self, connection: Connection, destination: i64, now_ns: i64) -> None:
        """A connection is not half-open any more."""
        connection.counted &= ~QUEUED
        found = self.listeners.find(destination)
        if isinstance(found, Arrivals):
            found.queued -= 1
            lived = now_ns - connection.synack_time_ns
            if lived > found.longest_ns:
                found.longest_ns = lived
                found.oldest_frame = connection.synack_frame
            if connection.ack_frame == 0:
                found.released += 1

    def _sweep_old(self, now_ns: i64) -> None:
        """Let half-open connections expire after the life that the listener's profile gives."""
        old: list[Connection] = []
        for connection in self._old:
            if connection.counted & QUEUED == 0:
                continue
            expires_ns = (
                connection.synack_time_ns + self._half_open_ns[connection.responder.profile]
            )
            if connection.finished or connection.responder.believed != SYN_RECEIVED:
                self._release_if_queued(connection, min(now_ns, expires_ns))
            elif now_ns >= expires_ns:
                found = self.listeners.find(socket_word(connection, connection.address_len, False))
                if isinstance(found, Arrivals):
                    found.expired += 1
                self._release_if_queued(connection, expires_ns)
            else:
                old.append(connection)
        self._old = old

    # Listeners: SYN cookies

    def _watch_cookies(self, arrivals: Arrivals, connection: Connection, segment: Segment) -> None:
        """Compare the options of a SYN-ACK with those that equal offers were given before."""
        client = connection.originator
        offer: i64 = 0
        if client.window_scale != UNKNOWN:
            offer |= _WINDOW_SCALE
        if client.tsval != UNKNOWN:
            offer |= _TIMESTAMPS
        if offer == 0:
            return
        given: i64 = 0
        if segment.window_scale >= 0:
            given |= _WINDOW_SCALE
        if segment.tsval >= 0:
            given |= _TIMESTAMPS
        if segment.sack_permitted:
            given |= _SACK
        offers = arrivals.offers
        if offers is None:
            offers = [0] * 8
            arrivals.offers = offers
        before: i64 = offers[offer]
        if before == 0:
            offers[offer] = given
            offers[offer + 4] = segment.frame
        elif before & ~given != 0:
            bare = _cookies(arrivals, segment)
            bare.missing += 1
            bare.before_frame = offers[offer + 4]
            _keep_cookie(bare, segment)
        if given & _TIMESTAMPS != 0:
            self._watch_encoded(arrivals, client.window_scale, segment)

    def _watch_encoded(self, arrivals: Arrivals, scale: i64, segment: Segment) -> None:
        """Linux net/ipv4/syncookies.c, cookie_init_timestamp(): options in the low bits of TSval.

        Bits 0 to 3 are the client's window scale, or 15 without it; bit 4 is SACK, bit 5 ECN.
        """
        expected: i64 = 15 if scale < 0 else scale & 15
        if segment.sack_permitted:
            expected |= 16
        bare = arrivals.bare
        if segment.tsval & 31 != expected:
            if bare is not None:
                bare.encoded = 0
            return
        bare = _cookies(arrivals, segment)
        if segment.tsval == bare.tsval:
            return  # says nothing new
        if bare.encoded == 0 and bare.missing == 0:
            bare.first_ns = segment.time_ns
            bare.first_frame = segment.frame
            bare.repeats = 0
        bare.encoded += 1
        bare.tsval = segment.tsval
        if bare.encoded >= bare.most_encoded:
            bare.most_encoded = bare.encoded
            _keep_cookie(bare, segment)

    # Listeners: outages

    def _succeeded(self, arrivals: Arrivals, connection: Connection) -> None:
        """A SYN was answered by SYN-ACK."""
        syn_ns = connection.syn_time_ns
        if syn_ns == 0:
            syn_ns = connection.synack_time_ns
        arrivals.successes += 1
        times, frames = arrivals.success_times, arrivals.success_frames
        if len(times) < SUCCESSES:
            times.append(syn_ns)
            frames.append(connection.synack_frame)
        else:
            at = arrivals.successes % SUCCESSES
            times[at] = syn_ns
            frames[at] = connection.synack_frame
        outage = arrivals.outage
        if outage is not None and outage.after_ns == 0 and syn_ns > outage.last_ns:
            outage.after_ns = syn_ns

    def _failure(self, destination: i64, kind: i64, time_ns: i64, frame: i64) -> None:
        """A SYN was refused, or not answered."""
        found = self.listeners.find(destination)
        if not isinstance(found, Arrivals) or found.successes == 0:
            return
        before: i64 = 0
        before_frame: i64 = 0
        for at in range(len(found.success_times)):
            when: i64 = found.success_times[at]
            if before <= when <= time_ns:
                before = when
                before_frame = found.success_frames[at]
        if before == 0:
            if found.successes == len(found.success_times):
                return  # nothing had succeeded yet
            # There were many successes since; one of them is taken to have come just before.
            before = time_ns
            before_frame = min(found.success_frames)
        if found.failures == 0 or before > found.last_failure_ns:
            found.failures = 0
            found.refused = 0
            found.failure_ns = time_ns
            found.failure_frame = frame
            found.before_ns = before
            found.before_frame = before_frame
        found.failures += 1
        if kind == REFUSED:
            found.refused += 1
        found.last_failure_ns = time_ns
        found.last_failure_frame = frame
        if found.failures < FAILURES:
            return
        outage = found.outage
        if (
            outage is None
            or outage.first_ns == found.failure_ns
            or found.failures > outage.failures
        ):
            outage = Outage(found)
            for when in found.success_times:
                if when > time_ns and (outage.after_ns == 0 or when < outage.after_ns):
                    outage.after_ns = when
            found.outage = outage

    # Clients

    def _service(self, source: i64, destination: i64) -> Retries | None:
        found = self.services.find(pair_word(source, destination))
        if (
            isinstance(found, Retries)
            and found.source == source
            and found.destination == destination
        ):
            return found
        return None

    def _add_service(self, source: i64, destination: i64) -> Retries | None:
        """Begin to count a client's failures at a service, if there is room."""
        word = pair_word(source, destination)
        if len(self.services.entries) >= 2 * self._most or self.services.find(word) is not None:
            self.left_out += 1
            return None
        service = Retries(word, source, destination)
        self.services.put(service)
        return service

    def _retry(
        self,
        entry: Entry,
        address_len: i64,
        kind: i64,
        source: i64,
        destination: i64,
        time_ns: i64,
        frame: i64,
    ) -> None:
        """Count an attempt of a client at a service that failed (FL007)."""
        found = self._service(source, destination)
        if found is None:
            found = self._add_service(source, destination)
        if found is None:
            return
        row = found.row
        if (
            row is None
            or time_ns - row.last_ns >= RETRY_GAP
            or _has_between(found.successes, row.last_ns, time_ns)
        ):
            row = Row(time_ns, frame)
            found.row = row
        _add_to_row(row, kind, time_ns, frame)
        if row.count < RETRIES:
            return
        if row.count == RETRIES:
            self.rows += 1
            found.address_len = address_len
            found.key = _source_and_target(entry, address_len)
        worst = found.worst
        if worst is None or row.count > worst.count:
            found.worst = row

    # Sources

    def _prober(
        self,
        entry: Entry,
        address_len: i64,
        source: i64,
        destination: i64,
        time_ns: i64,
        frame: i64,
    ) -> Prober | None:
        """What is known of a source, once it failed at a second target within the window."""
        found = self.probers.find(source)
        if isinstance(found, Prober):
            return found
        place = self._lone_sources.note(source, destination, time_ns, frame)
        if place is None or place.count < 2 or place.other == destination:
            return None
        if 2 * len(self.probers.entries) >= self._most:
            self.left_out += 1
            return None
        prober = Prober(source, _source(entry, address_len), address_len, self._scan_targets)
        self.probers.put(prober)
        prober.targets[0] = place.other
        prober.times[0] = place.first_ns
        prober.next_target = 1
        prober.frames.append(place.frame)
        prober.distinct.add(place.other)
        prober.attempts = 1
        self._lone_sources.forget(place)
        return prober

    def _probe(
        self,
        prober: Prober,
        entry: Entry,
        address_len: i64,
        destination: i64,
        kind: i64,
        time_ns: i64,
        frame: i64,
    ) -> None:
        """Count a failed target of a source (FL004)."""
        if prober.scanning and time_ns - prober.last_ns <= self._scan_window_ns:
            prober.last_ns = max(prober.last_ns, time_ns)
        elif self._is_scan(prober, destination, time_ns):
            if not prober.scanning:
                prober.scanning = True
                prober.first_ns = min(prober.times)
                self.scans += 1
            prober.last_ns = max(prober.last_ns, time_ns)
        elif prober.scanning:
            return  # alone, long after its scan
        prober.attempts += 1
        prober.kinds[kind] = prober.kinds[kind] + 1
        if len(prober.frames) < _FRAMES:
            prober.frames.append(frame)
        if len(prober.distinct) < _DISTINCT:
            prober.distinct.add(destination)
            if len(prober.sample) < _SAMPLE and len(prober.distinct) > len(prober.sample):
                key = _target(entry, address_len)
                if key not in prober.sample:
                    prober.sample.append(key)
        elif not prober.more:
            prober.more = destination not in prober.distinct

    def _is_scan(self, prober: Prober, destination: i64, time_ns: i64) -> bool:
        """Keep the newest different targets; are there enough within the window?"""
        targets, times = prober.targets, prober.times
        oldest: i64 = time_ns
        at: i64 = -1
        for i in range(len(targets)):
            if targets[i] == destination:
                at = i
        if at < 0:
            at = 0
            for i in range(len(times)):
                when: i64 = times[i]
                if when < oldest:
                    oldest = when
                    at = i
            targets[at] = destination
        times[at] = max(times[at], time_ns)
        oldest = time_ns
        for i in range(len(times)):
            when = times[i]
            if when < oldest:
                oldest = when
        if oldest > 0 and time_ns - oldest <= self._scan_window_ns:
            return True
        if not prober.scanning and len(prober.distinct) > 4 * len(targets):
            prober.distinct = set(targets)  # what lies before the window is no scan
        return False

    # Initial sequence numbers

    def _add_isn(
        self, connection: Connection, of_originator: bool, source: i64, destination: i64
    ) -> None:
        """Take the ISN of one end whose SYN or SYN-ACK was captured."""
        endpoint = connection.endpoint(of_originator)
        if not endpoint.iss_seen:
            return
        word = source >> 16 if of_originator else destination >> 16
        time_ns = connection.syn_time_ns if of_originator else connection.synack_time_ns
        frame = connection.syn_frame if of_originator else connection.synack_frame
        isn = endpoint.iss
        found = self.hosts.find(word)
        if isinstance(found, IsnSeries):
            if not found.full:
                _add_to_series(found, isn, time_ns, frame, pair_word(source, destination))
            return
        place = self._lone_hosts.note(word, isn, time_ns, frame)
        if place is not None and place.count > 1:
            series = self._series(place, host_key_of(connection, of_originator), connection)
            if series is not None:
                _add_to_series(series, isn, time_ns, frame, pair_word(source, destination))

    def _series(self, place: Single, address: bytes, connection: Connection) -> IsnSeries | None:
        """Begin to keep the ISNs of a host that was seen before."""
        if len(self.hosts.entries) >= self._most:
            self.left_out += 1
            return None
        series = IsnSeries(place.word, address, connection.address_len)
        self.hosts.put(series)
        _add_to_series(series, place.other, place.first_ns, place.frame, 0)
        self._lone_hosts.forget(place)
        return series


def _add_to_series(series: IsnSeries, isn: i64, time_ns: i64, frame: i64, pair: i64) -> None:
    if pair == series.pair or frame == 0:
        return  # RFC 6528: on the same socket pair ISNs follow each other
    series.pair = pair
    series.isns.append(isn)
    series.times.append(time_ns)
    series.frames.append(frame)
    count: i64 = len(series.isns)
    if count == FEWEST_ISNS and not _may_follow_a_rule(series):
        # Numbers like these are what RFC 6528 wants; nothing more is kept of the host.
        series.full = True
        series.isns, series.times, series.frames = [], [], []
    elif count >= ISNS:
        series.full = True


def _may_follow_a_rule(series: IsnSeries) -> bool:
    """Whether some number repeats, or the increments are nearly equal, each or by the second."""
    isns, times = series.isns, series.times
    least_step: i64 = 1 << 32
    most_step: i64 = 0
    least_rate: i64 = least_step * 1_000
    most_rate: i64 = 0
    before: i64 = isns[0]
    before_ns: i64 = times[0]
    for at in range(1, len(isns)):
        isn: i64 = isns[at]
        time_ns: i64 = times[at]
        step = (isn - before) & 0xFFFF_FFFF
        rate = step * 1_000 // max((time_ns - before_ns) // 1_000, 1)
        least_step = min(least_step, step)
        most_step = max(most_step, step)
        least_rate = min(least_rate, rate)
        most_rate = max(most_rate, rate)
        before, before_ns = isn, time_ns
    return (
        _nearly_equal(least_step, most_step)
        or _nearly_equal(least_rate, most_rate)
        or _repeats(isns)
    )


def _nearly_equal(least: i64, most: i64) -> bool:
    """Whether numbers differ by less than a quarter: the finding asks for far less."""
    return 4 * (most - least) < most


def _repeats(isns: list[int]) -> bool:
    """Whether some number is there twice."""
    for at in range(1, len(isns)):
        isn: i64 = isns[at]
        for earlier in range(at):
            other: i64 = isns[earlier]
            if isn == other:
                return True
    return False


def _add_to_row(row: Row, kind: i64, time_ns: i64, frame: i64) -> None:
    """Count one more failed attempt."""
    if row.count > 0:
        gap = max(time_ns - row.last_ns, 0)
        if row.count == 1:
            row.first_gap_ns = gap
            row.least_gap_ns = gap
        elif 2 * gap >= 3 * row.last_gap_ns:
            row.growths += 1
        row.least_gap_ns = min(row.least_gap_ns, gap)
        row.most_gap_ns = max(row.most_gap_ns, gap)
        row.last_gap_ns = gap
    row.count += 1
    row.last_ns = max(row.last_ns, time_ns)
    row.last_frame = max(row.last_frame, frame)
    if kind == REFUSED:
        row.refused += 1
    elif kind == UNANSWERED:
        row.unanswered += 1
    elif kind == REJECTED:
        row.rejected += 1
    else:
        row.aborted += 1


def _has_between(times: list[int], first_ns: i64, last_ns: i64) -> bool:
    """Whether one of the times lies between two."""
    for at in range(len(times)):
        when: i64 = times[at]
        if first_ns <= when <= last_ns:
            return True
    return False


def _rest(arrivals: Arrivals) -> None:
    """Nothing was unfinished for a whole window: forget who it was before."""
    arrivals.first_ns = 0
    arrivals.frames = []


def _cookies(arrivals: Arrivals, segment: Segment) -> Cookies:
    bare = arrivals.bare
    if bare is None:
        bare = Cookies()
        bare.first_ns = segment.time_ns
        bare.first_frame = segment.frame
        arrivals.bare = bare
    return bare


def _keep_cookie(bare: Cookies, segment: Segment) -> None:
    bare.last_ns = segment.time_ns
    bare.last_frame = segment.frame
    bare.mss = segment.mss
    if segment.mss not in _COOKIE_MSS:
        bare.odd_mss += 1


def _in_flood(arrivals: Arrivals, time_ns: i64) -> bool:
    return arrivals.floods > 0 and arrivals.flood_first_ns <= time_ns <= arrivals.flood_last_ns


def _in_scan(prober: Prober, time_ns: i64) -> bool:
    return prober.scanning and prober.first_ns <= time_ns <= prober.last_ns


def _in_row(row: Row | None, time_ns: i64) -> bool:
    return row is not None and row.count >= RETRIES and row.first_ns <= time_ns <= row.last_ns


def _source(entry: Entry, address_len: i64) -> bytes:
    """Address of the originator, the scope's octets behind."""
    key = entry.key
    return key[:address_len] + key[2 * address_len + 4 :]


def _target(entry: Entry, address_len: i64) -> bytes:
    """Address and port of the responder, the scope's octets behind."""
    key = entry.key
    ports = 2 * address_len
    return key[address_len:ports] + key[ports + 2 :]


def _source_and_target(entry: Entry, address_len: i64) -> bytes:
    """Address of the originator, address and port of the responder, the scope's octets behind."""
    key = entry.key
    ports = 2 * address_len
    return key[:ports] + key[ports + 2 :]
