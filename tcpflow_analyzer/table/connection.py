"""Output type of the table: what a key leads to, above all `Connection`.

Compiled: yes

Three kinds of entry share the table (docs/adr): a `Request` while only a SYN was seen (as kernels
keep request sockets), a `Connection`, and a `Remembered` after the end, for telling reuse.
"""

from typing import Final

from librt.strings import BytesWriter
from mypy_extensions import i64, mypyc_attr

from tcpflow_analyzer.decode.segment import destination_word, source_word
from tcpflow_analyzer.table.analysis import Analysis
from tcpflow_analyzer.table.counts import ListenerCensus, ServiceCensus
from tcpflow_analyzer.table.endpoint import NEVER, UNKNOWN, Endpoint
from tcpflow_analyzer.table.observation import Observation, Reset, Tally
from tcpflow_analyzer.table.socket_octets import append_address, append_port
from tcpflow_analyzer.table.stream_observation import STREAM
from tcpflow_analyzer.table.transition import Transition

# Outcome of the handshake (docs: handshake.outcome).
OUTCOME_MIDSTREAM: Final = 0
OUTCOME_UNANSWERED: Final = 1
OUTCOME_REFUSED: Final = 2
OUTCOME_REJECTED: Final = 3  # by ICMP
OUTCOME_INCOMPLETE: Final = 4  # SYN-ACK seen, nothing that completes
OUTCOME_ABORTED: Final = 5  # by a RST before it was complete
OUTCOME_COMPLETED: Final = 6
OUTCOME_SIMULTANEOUS: Final = 7
OUTCOME_SPLIT: Final = 8
OUTCOME_NAMES: Final = (
    "midstream",
    "unanswered",
    "refused",
    "rejected",
    "incomplete",
    "aborted",
    "completed",
    "simultaneous",
    "split",
)

# How it was closed (docs: close.shape).
SHAPE_NONE: Final = 0
SHAPE_4_SEGMENT: Final = 1
SHAPE_3_SEGMENT: Final = 2
SHAPE_PIGGYBACK: Final = 3
SHAPE_SIMULTANEOUS: Final = 4
SHAPE_HALF_CLOSED: Final = 5
SHAPE_RESET: Final = 6
SHAPE_REPLACED: Final = 7
SHAPE_NAMES: Final = (
    "none",
    "4-segment",
    "3-segment",
    "piggyback",
    "simultaneous",
    "half-closed",
    "reset",
    "replaced",
)

# Who: of close.active_closer and close.time_wait_holder.
NOBODY: Final = 0
ORIGINATOR: Final = 1
RESPONDER: Final = 2
BOTH: Final = 3
WHO_NAMES: Final = (None, "originator", "responder", "both")

# Bits of Wireshark's tcp.completeness.
COMPLETE_SYN: Final = 1
COMPLETE_SYN_ACK: Final = 2
COMPLETE_ACK: Final = 4
COMPLETE_DATA: Final = 8
COMPLETE_FIN: Final = 16
COMPLETE_RST: Final = 32


def key_of_words(source: i64, destination: i64) -> bytes:
    """The key of two IPv4 sockets given as numbers, address << 16 | port."""
    key = BytesWriter()
    append_address(key, source)
    append_address(key, destination)
    append_port(key, source)
    append_port(key, destination)
    return key.getvalue()


@mypyc_attr(acyclic=True)
class Entry:
    """What the table holds under a key.

    Attributes:
        source, destination: the sockets of an IPv4 key as numbers (decode/segment.py), else -1.
        next_entry: the next entry in the same bucket of the table.
        position: its place in `LiveEntries` (table/connection_table.py), -1 for none.
        retried: another attempt by the same originator at the same service succeeded soon.
    """

    def __init__(self, key: bytes) -> None:
        """Begin an entry; `key` is in the direction of its originator (decode/segment.py)."""
        self._key: bytes | None = key
        self.source: i64 = source_word(key)
        self.destination: i64 = destination_word(key)
        self.next_entry: Entry | None = None
        self.position: i64 = -1
        self.retried: bool = False

    @property
    def key(self) -> bytes:
        """Both sockets as octets, in the direction of the originator."""
        key = self._key
        if key is None:
            key = key_of_words(self.source, self.destination)
            self._key = key
        return key

    @key.setter
    def key(self, key: bytes) -> None:
        """Set the sockets as octets."""
        self._key = key
        self.source = source_word(key)
        self.destination = destination_word(key)

    def take_sockets(self, other: "Entry") -> None:
        """Set the sockets to those of another entry."""
        if other.source >= 0:
            self.set_words(other.source, other.destination)
        else:
            self.key = other.key

    def set_words(self, source: i64, destination: i64) -> None:
        """Set the sockets as numbers; the octets are made when asked for."""
        self._key = None
        self.source = source
        self.destination = destination


@mypyc_attr(acyclic=True)
class Remembered(Entry):
    """What is kept of a connection after its end, to tell reuse of its socket pair.

    Attributes:
        connection_id, incarnation: of the connection.
        originator_key: whether `key` is the direction of the old originator (always true; the new
            incarnation may be opened from the other side).
        end_time_ns: last segment. reset: ended by an accepted RST. closed: both ends were CLOSED.
        originator_*, responder_*: the state each end was left in, ISS and SND.NXT (wrapped), newest
            timestamp value (wrapped, or -1), highest window edge (wrapped), end of TIME-WAIT
            (0 if it never held it), and its frame.
        samples: the last data segments: (sender is originator, seq, payload_len, tsval, first 64
            octets' hash, frame), 6 numbers each; None for none.
    """

    def __init__(self, key: bytes) -> None:
        """Make an empty record; the observer fills it."""
        super().__init__(key)
        self.connection_id: i64 = 0
        self.incarnation: i64 = 1
        self.end_frame: i64 = 0
        self.end_time_ns: i64 = 0
        self.reset: bool = False
        self.reset_frame: i64 = 0
        self.originator_state: i64 = 0
        self.originator_iss: i64 = 0
        self.originator_snd_nxt: i64 = 0
        self.originator_tsval: i64 = UNKNOWN
        self.originator_edge: i64 = 0
        self.originator_time_wait_since_ns: i64 = 0
        self.originator_time_wait_until_ns: i64 = 0
        self.responder_state: i64 = 0
        self.responder_iss: i64 = 0
        self.responder_snd_nxt: i64 = 0
        self.responder_tsval: i64 = UNKNOWN
        self.responder_edge: i64 = 0
        self.responder_time_wait_since_ns: i64 = 0
        self.responder_time_wait_until_ns: i64 = 0
        self.samples: list[int] | None = None


@mypyc_attr(acyclic=True)
class Request(Entry):
    """A SYN alone, until anything but its copy or a refusal arrives (kernels: request sockets).

    Enough is kept to feed the segments to a `Connection` later, as if it had been there at once.

    Attributes:
        number, incarnation: as of Connection.
        frame, time_ns, seq, ip_id, checksum, payload_len, tsval: of the SYN.
        header: window, ttl, mss, window scale, SACK permitted and control bits, packed by
            observer/request.py. origin: scope, VLAN, interface and address length, packed.
        copies: (frame, time_ns) of the SYN's copies, flat, at most 16 numbers; copy_count: of all.
        last_time_ns: last SYN. last_frame: likewise.
        reset_frame, reset_time_ns: of the refusing RST, 0 for none; reset_header: its ttl, IP id
            and window, packed.
        previous: the incarnation before, if it is remembered.
    """

    def __init__(self, key: bytes) -> None:
        """Make an empty request; observer/request.py fills it."""
        super().__init__(key)
        self.number: i64 = 0
        self.incarnation: i64 = 1
        self.frame: i64 = 0
        self.time_ns: i64 = 0
        self.seq: i64 = 0
        self.ip_id: i64 = UNKNOWN
        self.checksum: i64 = 0
        self.payload_len: i64 = 0
        self.tsval: i64 = UNKNOWN
        self.header: i64 = 0
        self.origin: i64 = 0
        self.copies: list[int] | None = None
        self.copy_count: i64 = 0
        self.last_time_ns: i64 = 0
        self.last_frame: i64 = 0
        self.reset_frame: i64 = 0
        self.reset_time_ns: i64 = 0
        self.reset_header: i64 = 0
        self.previous: Remembered | None = None


@mypyc_attr(acyclic=True)
class Connection(Entry):
    """One incarnation of a socket pair and its two endpoints.

    Attributes:
        number: the `id` of the output, from 1 by first frame.
        incarnation: 1 for the first connection on this socket pair, 2 for the next ...
        address_len, scope, vlan: as of its first segment (decode/segment.py).
        originator, responder: the endpoints; `midstream` says that no SYN of it was seen, then the
            roles are guessed (`roles_guessed`).
        syn_frame, synack_frame, ack_frame and their times: of the handshake: the SYN that was
            answered, its answer, and the segment that completed it; 0 while there is none.
        outcome, shape, active_closer: see the constants above.
        completeness: Wireshark's bits.
        history: Zeek's letters, the newest 12 at most, 5 bits each, newest lowest; history_more:
            the letters before these; history_seen: which kinds were seen (zeek_history.py).
        observed: mask of the kinds of observation; stream_observed: of those of
            table/stream_observation.py. tallies: the observations of both; None for none.
        resets: RSTs, the first 8; reset_count: all of them.
        transitions: the believed states' changes in order of decision; None if they are not kept.
        previous: the incarnation before, if it is remembered.
        analysis: None while nothing is to be counted.
        retried: another attempt by the same originator at the same service succeeded within 10 s.
        older: the incarnation before, while one of its ends still lives on beside this one.
        candidate: a SYN on this live connection that may turn out to open a new incarnation.
        next_due_ns: when the next belief is due (a receipt, a timer); NEVER for none.
        stale_ack_frame, stale_reset_frame: of HS018: the ACK of a stale connection that answered
            the SYN, and the RST that cleared it; 0 for none.
        counted: what observer/census.py was told of it, bits of engine.py.
        service, listener: where the census counts it, None before its SYN is answered.
        one_sided: only one end was captured; what the other sent is inferred from acknowledgements.
        queued: waits in the queue of connections that are over.
        originator_listens: for guessed roles: the originator (sender of the first segment seen) is
            thought to be the passive opener.
        finished: handed over already.
    """

    def __init__(self, key: bytes, number: i64) -> None:
        """Begin a connection; the observer fills it."""
        super().__init__(key)
        self.number: i64 = number
        self.incarnation: i64 = 1
        self.address_len: i64 = 4
        self.scope: i64 = 0
        self.vlan: i64 = UNKNOWN
        self.originator: Endpoint = Endpoint(True)
        self.responder: Endpoint = Endpoint(False)
        self.first_time_ns: i64 = 0
        self.last_time_ns: i64 = 0
        self.first_frame: i64 = 0
        self.last_frame: i64 = 0
        self.frames: i64 = 0
        self.syn_frame: i64 = 0
        self.syn_time_ns: i64 = 0
        self.synack_frame: i64 = 0
        self.synack_time_ns: i64 = 0
        self.ack_frame: i64 = 0
        self.ack_time_ns: i64 = 0
        self.outcome: i64 = OUTCOME_MIDSTREAM
        self.shape: i64 = SHAPE_NONE
        self.active_closer: i64 = NOBODY
        self.completeness: i64 = 0
        self.history: i64 = 0
        self.history_seen: i64 = 0
        self.history_more: str = ""
        self.observed: i64 = 0
        self.stream_observed: i64 = 0
        self.tallies: Tally | None = None
        self.resets: list[Reset] | None = None
        self.reset_count: i64 = 0
        self.transitions: list[Transition] | None = None
        self.previous: Remembered | None = None
        self.analysis: Analysis | None = None
        self.icmp_source: bytes = b""
        self.older: Connection | None = None
        self.candidate: Request | None = None
        self.next_due_ns: i64 = NEVER
        self.stale_ack_frame: i64 = 0
        self.stale_reset_frame: i64 = 0
        self.counted: i64 = 0
        self.service: ServiceCensus | None = None
        self.listener: ListenerCensus | None = None
        # flags, side by side: each takes one octet
        self.midstream: bool = False
        self.roles_guessed: bool = False
        self.originator_listens: bool = False
        self.authenticated: bool = False
        self.one_sided: bool = False
        self.queued: bool = False
        self.finished: bool = False

    def endpoint(self, of_originator: bool) -> Endpoint:
        """The originator or the responder."""
        if of_originator:
            return self.originator
        return self.responder

    def tally(self, kind: i64, of_originator: bool) -> Tally | None:
        """All observations of a kind about one endpoint, or None."""
        tally = self.tallies
        while tally is not None and (tally.kind != kind or tally.of_originator != of_originator):
            tally = tally.following
        return tally

    def all_tallies(self) -> list[Tally]:
        """All tallies, the newest kind first."""
        tallies: list[Tally] = []
        tally = self.tallies
        while tally is not None:
            tallies.append(tally)
            tally = tally.following
        return tallies

    def note(
        self,
        kind: i64,
        of_originator: bool,
        frame: i64,
        time_ns: i64,
        first: i64,
        second: i64,
        third: i64,
    ) -> None:
        """Record an observation; what the numbers mean stands beside the kind."""
        if kind & STREAM != 0:
            self.stream_observed |= kind & ~STREAM
        else:
            self.observed |= kind
        observation = Observation(kind, of_originator, frame, time_ns, first, second, third)
        tally = self.tally(kind, of_originator)
        if tally is not None:
            tally.add(observation)
        else:
            tally = Tally(observation)
            tally.following = self.tallies
            self.tallies = tally
