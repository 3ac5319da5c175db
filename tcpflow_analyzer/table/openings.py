"""Counts of connection attempts: at a listener, by a source, of a client at a service. State only.

Compiled: yes

Every rule that changes them lives in observer/openings.py. They are found by a number that stands
for an address or a socket, so that a flood costs one look at a bucket and makes no object for an
attempt that stays alone.
"""

from typing import Final

from mypy_extensions import i64, mypyc_attr

from tcpflow_analyzer.table.secret import secret

_FIRST_SIZE: Final = 1024  # buckets; a power of two

# How a source probed (FL004), index into `Prober.kinds`.
PROBE_SYN: Final = 0
PROBE_FIN: Final = 1
PROBE_NULL: Final = 2
PROBE_XMAS: Final = 3
PROBE_ACK: Final = 4
PROBE_MAIMON: Final = 5
PROBE_NAMES: Final = ("syn", "fin", "null", "xmas", "ack", "maimon")


@mypyc_attr(acyclic=True)
class Counted:
    """What stands in a `WordTable`.

    Attributes:
        word: the number it is found by. next_counted: the next one in the same bucket.
    """

    def __init__(self, word: i64) -> None:
        """Begin under a number."""
        self.word: i64 = word
        self.next_counted: Counted | None = None


class WordTable:
    """Entries by a number from 0 below 2**61.

    Attributes:
        entries: all of them, in the order in which they came.
    """

    def __init__(self) -> None:
        """Begin with none."""
        self.entries: list[Counted] = []
        self._buckets: list[Counted | None] = [None] * _FIRST_SIZE
        self._mask: i64 = _FIRST_SIZE - 1
        # They differ from process to process, so that nobody can aim attempts at one bucket.
        self._low: i64 = secret(b"low half")
        self._high: i64 = secret(b"high half") & 0xFF_FFFF

    def _index(self, word: i64) -> i64:
        """Bucket of a number: a multilinear hash, as in table/connection_table.py."""
        # Products of 24 and 36 and of 37 and 24 bits.
        product = (word & 0xFF_FFFF) * self._low + (word >> 24) * self._high
        return (product ^ (product >> 20) ^ (product >> 40)) & self._mask

    def find(self, word: i64) -> Counted | None:
        """The entry of a number, or None."""
        entry = self._buckets[self._index(word)]
        while entry is not None and entry.word != word:
            entry = entry.next_counted
        return entry

    def put(self, entry: Counted) -> None:
        """Add an entry; its number must not be there."""
        self.entries.append(entry)
        if len(self.entries) > self._mask:
            self._grow()
        else:
            self._place(entry)

    def _place(self, entry: Counted) -> None:
        index = self._index(entry.word)
        entry.next_counted = self._buckets[index]
        self._buckets[index] = entry

    def _grow(self) -> None:
        size = 2 * (self._mask + 1)
        self._buckets = [None] * size
        self._mask = size - 1
        for entry in self.entries:
            self._place(entry)


def mixed(word: i64) -> i64:
    """A number spread over the lower bits; the same in every process, for results must be."""
    # Products of 24 and 36 and of 37 and 24 bits, below 2**61.
    product: i64 = (word & 0xFF_FFFF) * 0x9_E377_9B97 + (word >> 24) * 0xC2_B2AE
    return product ^ (product >> 21) ^ (product >> 40)


@mypyc_attr(acyclic=True)
class Arrivals(Counted):
    """SYNs at one listener (address and port).

    Attributes:
        key: address and port of the listener, the scope's octets behind. address_len: 4 or 16.
        attempts, unfinished: a ring of seconds: SYNs sent in that second, and those of them that
            no third segment completed in time; empty while there are few. second: the newest in
            the ring; judged: the newest whose window was judged; seconds since the epoch.
        window_attempts, window_unfinished: sums over the window that ends with `judged`.
        flooding: whether the window is a flood. floods: how many began.
        flood_attempts, flood_unfinished: in the fullest window of a flood.
        flood_first_ns, flood_last_ns: first and last unfinished SYN of the floods.
        total_attempts, total_unfinished: of all windows that were floods, each second once.
        first_ns, last_ns: unfinished SYNs since the counts were last at rest.
        frames: of the first of these. sources: how often each source left one unfinished, None
            before the first; other_sources: those whose source found no room there; resets:
            unfinished ones that their originator reset.
        repeats, last_repeat_ns: SYN-ACKs sent again.
        queued, peak, peak_ns, peak_frame: half-open connections now, most at once, when that was
            reached first, and the SYN-ACK that did it. expired, released: how those ended that did
            not complete. longest_ns: longest life of one. oldest_frame: its SYN-ACK. profile: of
            the listener (settings.PROFILES) when the peak was reached, which says how long they
            live.
        successes: SYNs answered. success_times, success_frames: of the newest of them, when the SYN
            was sent, and the SYN-ACK.
        failures: in a row; failure_ns, failure_frame: the first of them, last_failure_ns,
            last_failure_frame: the last; refused: how many of them by RST; before_ns,
            before_frame: the success before them.
        outage: the longest row of failures, None if none was long enough.
        offers: by offer of a client (window scale 1, timestamps 2), SYN-ACK options seen (window
            scale 1, timestamps 2, SACK 4) at first, frame of it.
        bare: what may be SYN cookies, None before the first.
    """

    def __init__(self, word: i64, key: bytes, address_len: i64) -> None:
        """Begin without a ring."""
        super().__init__(word)
        self.key: bytes = key
        self.address_len: i64 = address_len
        self.attempts: list[int] = []
        self.unfinished: list[int] = []
        self.second: i64 = 0
        self.judged: i64 = 0
        self.window_attempts: i64 = 0
        self.window_unfinished: i64 = 0
        self.flooding: bool = False
        self.floods: i64 = 0
        self.flood_attempts: i64 = 0
        self.flood_unfinished: i64 = 0
        self.flood_first_ns: i64 = 0
        self.flood_last_ns: i64 = 0
        self.total_attempts: i64 = 0
        self.total_unfinished: i64 = 0
        self.first_ns: i64 = 0
        self.last_ns: i64 = 0
        self.frames: list[int] = []
        self.sources: dict[int, int] | None = None
        self.other_sources: i64 = 0
        self.resets: i64 = 0
        self.repeats: i64 = 0
        self.last_repeat_ns: i64 = 0
        self.queued: i64 = 0
        self.peak: i64 = 0
        self.peak_ns: i64 = 0
        self.peak_frame: i64 = 0
        self.profile: i64 = 0
        self.expired: i64 = 0
        self.released: i64 = 0
        self.longest_ns: i64 = 0
        self.oldest_frame: i64 = 0
        self.successes: i64 = 0
        self.success_times: list[int] = []
        self.success_frames: list[int] = []
        self.failures: i64 = 0
        self.failure_ns: i64 = 0
        self.failure_frame: i64 = 0
        self.last_failure_ns: i64 = 0
        self.last_failure_frame: i64 = 0
        self.refused: i64 = 0
        self.before_ns: i64 = 0
        self.before_frame: i64 = 0
        self.outage: Outage | None = None
        self.offers: list[int] | None = None
        self.bare: Cookies | None = None


@mypyc_attr(acyclic=True)
class Outage:
    """A row of failed attempts at a listener that had accepted before (FL009).

    Attributes:
        failures, refused: attempts that failed, and how many of them by RST.
        first_ns, last_ns, first_frame, last_frame: of the failures' SYNs.
        before_ns, before_frame: the success before; after_ns: the next one, 0 for none yet.
    """

    def __init__(self, arrivals: Arrivals) -> None:
        """Take over the row that just goes on."""
        self.failures: i64 = arrivals.failures
        self.refused: i64 = arrivals.refused
        self.first_ns: i64 = arrivals.failure_ns
        self.last_ns: i64 = arrivals.last_failure_ns
        self.first_frame: i64 = arrivals.failure_frame
        self.last_frame: i64 = arrivals.last_failure_frame
        self.before_ns: i64 = arrivals.before_ns
        self.before_frame: i64 = arrivals.before_frame
        self.after_ns: i64 = 0


@mypyc_attr(acyclic=True)
class Cookies:
    """SYN-ACKs of a listener that look as if nothing was kept for them (FL003).

    Attributes:
        missing: SYN-ACKs without options that equal offers had been given before; encoded: SYN-ACKs
            whose timestamp carries the client's options in its low bits, in a row; most_encoded:
            in the longest row.
        before_frame: a SYN-ACK from before. first_ns, last_ns, first_frame, last_frame: of these.
        mss: of the last of them, -1 for none. odd_mss: those whose MSS is not of the set.
        tsval: of the last one. repeats: SYN-ACKs sent again since the first.
    """

    def __init__(self) -> None:
        """Begin with none."""
        self.missing: i64 = 0
        self.encoded: i64 = 0
        self.most_encoded: i64 = 0
        self.before_frame: i64 = 0
        self.first_ns: i64 = 0
        self.last_ns: i64 = 0
        self.first_frame: i64 = 0
        self.last_frame: i64 = 0
        self.mss: i64 = -1
        self.odd_mss: i64 = 0
        self.tsval: i64 = -1
        self.repeats: i64 = 0


@mypyc_attr(acyclic=True)
class Prober(Counted):
    """Targets at which one source failed (FL004).

    Attributes:
        address: octets, the scope's behind. address_len: 4 or 16.
        targets, times: the newest different targets and when each was tried last, a ring that is
            searched; next_target: where the next one goes.
        scanning: whether enough of them came within the window.
        attempts, refused, unanswered: of the scan. kinds: attempts by PROBE_*.
        distinct: targets of the scan, as far as there is room; more: whether there was none.
        sample: the first of them, as address, port and scope.
        open: the first targets that answered with a SYN-ACK; open_reset, open_completed: how many
            of these the source then reset, or completed the handshake with.
        first_ns, last_ns, frames: of the scan.
    """

    def __init__(self, word: i64, address: bytes, address_len: i64, size: i64) -> None:
        """Begin with no target; `size` different ones make a scan."""
        super().__init__(word)
        self.address: bytes = address
        self.address_len: i64 = address_len
        self.targets: list[int] = [-1] * size
        self.times: list[int] = [0] * size
        self.next_target: i64 = 0
        self.scanning: bool = False
        self.attempts: i64 = 0
        self.refused: i64 = 0
        self.unanswered: i64 = 0
        self.kinds: list[int] = [0] * len(PROBE_NAMES)
        self.distinct: set[int] = set()
        self.more: bool = False
        self.sample: list[bytes] = []
        self.open: list[bytes] = []
        self.open_reset: i64 = 0
        self.open_completed: i64 = 0
        self.first_ns: i64 = 0
        self.last_ns: i64 = 0
        self.frames: list[int] = []


@mypyc_attr(acyclic=True)
class Retries(Counted):
    """Failed attempts in a row of one client at one service (FL007).

    Attributes:
        source, destination: numbers of the client's address and of the service's socket.
        key: client's address, service's address and port, scope; empty until a row is long
            enough. address_len: 4 or 16.
        row: the present row, None before the first failure and after a success.
        worst: the longest row that was long enough, None for none.
        successes: when the SYNs of the newest successes were sent.
    """

    def __init__(self, word: i64, source: i64, destination: i64) -> None:
        """Begin with none."""
        super().__init__(word)
        self.source: i64 = source
        self.destination: i64 = destination
        self.key: bytes = b""
        self.address_len: i64 = 4
        self.row: Row | None = None
        self.worst: Row | None = None
        self.successes: list[int] = []


@mypyc_attr(acyclic=True)
class Row:
    """One row of failed attempts of a client at a service.

    Attributes:
        count: attempts. first_ns, last_ns, first_frame, last_frame: of their SYNs.
        first_gap_ns, last_gap_ns, least_gap_ns, most_gap_ns: times between them.
        growths: gaps at least half again as long as the one before.
        refused, unanswered, rejected, aborted: how they failed.
    """

    def __init__(self, time_ns: i64, frame: i64) -> None:
        """Begin with the first failure."""
        self.count: i64 = 0
        self.first_ns: i64 = time_ns
        self.last_ns: i64 = time_ns
        self.first_frame: i64 = frame
        self.last_frame: i64 = frame
        self.first_gap_ns: i64 = 0
        self.last_gap_ns: i64 = 0
        self.least_gap_ns: i64 = 0
        self.most_gap_ns: i64 = 0
        self.growths: i64 = 0
        self.refused: i64 = 0
        self.unanswered: i64 = 0
        self.rejected: i64 = 0
        self.aborted: i64 = 0


@mypyc_attr(acyclic=True)
class IsnSeries(Counted):
    """Initial sequence numbers of one host, the first of them (FL010).

    Attributes:
        address: octets, the scope's behind. address_len: 4 or 16.
        isns, times, frames: ISNs on different socket pairs, one after the other (wrapped), when
            each was sent (nanoseconds), and its frame.
        pair: number of the last socket pair. full: no more are taken.
    """

    def __init__(self, word: i64, address: bytes, address_len: i64) -> None:
        """Begin with none."""
        super().__init__(word)
        self.address: bytes = address
        self.address_len: i64 = address_len
        self.isns: list[int] = []
        self.times: list[int] = []
        self.frames: list[int] = []
        self.pair: i64 = -1
        self.full: bool = False


@mypyc_attr(acyclic=True)
class Single(Counted):
    """A place of the sieve: what was seen of one number so far.

    Attributes:
        other: what it was seen with first. first_ns: when. frame: of it. count: how often since.
    """

    def __init__(self) -> None:
        """Begin empty."""
        super().__init__(-1)
        self.other: i64 = -1
        self.first_ns: i64 = 0
        self.frame: i64 = 0
        self.count: i64 = 0
