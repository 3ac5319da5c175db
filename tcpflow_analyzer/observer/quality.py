"""What the capture itself shows of how well it was taken (CP005, CP007 to CP010).

Compiled: yes

Counts over the whole input, with the first frame of each. Checksums are verified for control
segments, the first 64 segments of a direction as long as the listener's connections have not had
64 together, and what repeats octets (docs/adr/0012); what was left unverified is counted.
"""

from typing import Final

from mypy_extensions import i64

from tcpflow_analyzer.decode.checksum import (
    BAD,
    GOOD,
    NOT_VERIFIED,
    UNFINISHED,
    computed,
    verify,
)
from tcpflow_analyzer.decode.segment import Segment
from tcpflow_analyzer.settings import Settings
from tcpflow_analyzer.table.connection import Connection
from tcpflow_analyzer.table.connection_table import swapped
from tcpflow_analyzer.table.endpoint import Endpoint
from tcpflow_analyzer.table.observation import ACKED_UNSEEN
from tcpflow_analyzer.table.stream_observation import CHECKSUM_BAD
from tcpflow_analyzer.tcp.control_bits import FIN, SYN, SYN_FIN_RST
from tcpflow_analyzer.tcp.sequence import distance, unwrap

VERIFIED_SEGMENTS: Final = 64  # of each direction
VERIFIED_AT_LISTENER: Final = 64  # without SYN, FIN and RST, of all connections of a listener
ETHERNET_SEGMENT: Final = 1460  # octets: longer ones are compared with the MSS
_SKEW: Final = 50_000_000  # CP007: an effect that precedes its cause by no more, nanoseconds
_MOST_SENDERS: Final = 1024  # addresses of which unfinished sums are told apart
_MOST_STRAYS: Final = 4096  # pairs of sockets that are known by one bad segment


class Quality:
    """Counts over the whole input.

    Attributes:
        is_printed: the input is a printed trace, which never holds the payload.
        truncated, truncated_frame: segments that the snapshot length cut, and the first.
        longest_cut: most octets that were missing of one.
        backwards, backwards_frame, backwards_ns: frames that are earlier than one before them, the
            first, and the largest step back. last_backwards_ns: time of the last.
        early, early_frame, early_ns: effects that precede their cause on one connection: a SYN-ACK
            before its SYN, an ACK before what it acknowledges; likewise. early_last_ns: the last.
        segments, connections: all of them; headers_cut, fragments_lost: segments whose TCP header
            was cut, and datagrams of which a fragment is missing; set when the capture has ended.
        plain: segments without SYN, FIN and RST.
        verified, unfinished, bad, unverified: checksums. unfinished_frame, unfinished_ns: of the
            first and the last. senders: addresses that sent unfinished ones, and how many.
        long, long_frame, long_ns: segments with more payload than the peer's MSS, the first, the
            time of the last. longest, longest_mss: the longest, and that MSS. long_senders: who
            sent the longest so far.
    """

    def __init__(self, settings: Settings) -> None:
        """Begin without frames."""
        self._slack: i64 = settings.reorder_slack_ns
        self.segments: i64 = 0
        self.connections: i64 = 0
        self.headers_cut: i64 = 0
        self.fragments_lost: i64 = 0
        self.verifies: bool = settings.checksum != "off"
        self.is_strict: bool = settings.checksum == "strict"
        self.is_printed: bool = False
        self.truncated: i64 = 0
        self.truncated_frame: i64 = 0
        self.truncated_ns: i64 = 0
        self.longest_cut: i64 = 0
        self.backwards: i64 = 0
        self.backwards_frame: i64 = 0
        self.backwards_ns: i64 = 0
        self.backwards_last_ns: i64 = 0
        self.early: i64 = 0
        self.early_frame: i64 = 0
        self.early_ns: i64 = 0
        self.early_last_ns: i64 = 0
        self.plain: i64 = 0
        self.verified: i64 = 0
        self.unfinished: i64 = 0
        self.unfinished_frame: i64 = 0
        self.unfinished_ns: i64 = 0
        self.bad: i64 = 0
        self.unverified: i64 = 0
        self.senders: dict[bytes, int] = {}
        self.long: i64 = 0
        self.long_frame: i64 = 0
        self.long_ns: i64 = 0
        self.longest: i64 = 0
        self.longest_mss: i64 = 0
        self.long_senders: dict[bytes, int] = {}
        self._strays: set[bytes] = set()

    def cut(self, segment: Segment) -> None:
        """A segment was not wholly captured."""
        self.truncated += 1
        if self.truncated_frame == 0:
            self.truncated_frame = segment.frame
        self.truncated_ns = segment.time_ns
        missing = segment.payload_len - segment.payload_captured
        self.longest_cut = max(self.longest_cut, missing)

    def went_back(self, frame: i64, time_ns: i64, newest_ns: i64) -> None:
        """A frame is earlier than one before it."""
        self.backwards += 1
        if self.backwards_frame == 0:
            self.backwards_frame = frame
        self.backwards_ns = max(self.backwards_ns, newest_ns - time_ns)
        self.backwards_last_ns = newest_ns

    def came_late(self, frame: i64, time_ns: i64, effect_ns: i64) -> None:
        """A cause came after its effect."""
        late = time_ns - effect_ns
        if 0 <= late <= _SKEW:
            self.early += 1
            if self.early_frame == 0:
                self.early_frame = frame
            self.early_ns = max(self.early_ns, late)
            self.early_last_ns = time_ns

    def meet_late_syn(self, connection: Connection, direct: bool, segment: Segment) -> bool:
        """CP007: a SYN whose SYN-ACK was captured before it; gives whether it is one."""
        if (
            not direct
            or connection.syn_frame != 0
            or connection.synack_frame == 0
            or segment.seq != connection.originator.iss
            or segment.time_ns - connection.synack_time_ns > _SKEW
        ):
            return False
        self.came_late(segment.frame, segment.time_ns, connection.synack_time_ns)
        return True

    def meet_late_data(self, connection: Connection, sender: Endpoint, segment: Segment) -> None:
        """CP007: octets whose acknowledgement was captured before them; CP004 forgets these."""
        tally = connection.tally(ACKED_UNSEEN, sender.is_originator)
        if tally is None:
            return
        unseen = tally.last
        start = unwrap(segment.seq, sender.iss, sender.snd_nxt)
        length = segment.payload_len + (1 if segment.control_bits & FIN != 0 else 0)
        if length == 0 or start < unseen.second or start + length > unseen.third:
            return
        self.came_late(segment.frame, segment.time_ns, unseen.time_ns)
        if segment.time_ns - unseen.time_ns <= self._slack:
            unseen.first = max(unseen.first - length, 0)

    def compare_length(self, segment: Segment, receiver: Endpoint) -> None:
        """Compare a long segment with the MSS that its receiver offered."""
        mss = receiver.mss
        if mss <= 0 or segment.payload_len <= mss:
            return
        self.long += 1
        if self.long_frame == 0:
            self.long_frame = segment.frame
        self.long_ns = segment.time_ns
        if segment.payload_len > self.longest:
            self.longest = segment.payload_len
            self.longest_mss = mss
            _count(self.long_senders, segment)

    def wants(self, connection: Connection, segment: Segment, sender: Endpoint) -> bool:
        """Whether the checksum of a segment on a known connection is to be verified.

        Cards that finish sums, and paths that spoil them, do it on all connections of a listener
        alike: summing the payload of each costs a fifth of the time on short connections.
        """
        if segment.control_bits & SYN_FIN_RST != 0 or self.is_strict:
            return True
        if sender.segments < VERIFIED_SEGMENTS:
            listener = connection.listener
            if listener is None:
                return True
            if listener.verified < VERIFIED_AT_LISTENER:
                listener.verified += 1
                return True
        if (
            segment.payload_len > 0
            and distance(segment.seq, (sender.iss + sender.snd_nxt) & 0xFFFF_FFFF) < 0
        ):
            return True
        self.unverified += 1
        return False

    def check(self, segment: Segment) -> i64:
        """Verify a checksum and count the outcome (decode/checksum.py)."""
        outcome = verify(segment)
        if outcome == GOOD:
            self.verified += 1
        elif outcome == NOT_VERIFIED:
            self.unverified += 1
        elif outcome == UNFINISHED:
            self.unfinished += 1
            if self.unfinished_frame == 0:
                self.unfinished_frame = segment.frame
            self.unfinished_ns = segment.time_ns
            _count(self.senders, segment)
        else:
            self.bad += 1
        return outcome

    def is_stray(self, segment: Segment) -> bool:
        """Whether a bad segment is the only one of sockets of which nothing is known.

        Nobody takes it, and where its ports were damaged there are no such sockets. It may be the
        first of a connection all the same where it has SYN, where the next one is bad too, and
        where the capture is what spoils most sums.
        """
        if segment.control_bits & SYN != 0 or self.bad > self.verified:
            return False
        key = segment.key
        pair = min(key, swapped(key, segment.address_len))
        if pair in self._strays:
            return False
        if len(self._strays) >= _MOST_STRAYS:
            self._strays.clear()
        self._strays.add(pair)
        return True


def note_bad(connection: Connection, from_originator: bool, segment: Segment) -> None:
    """Keep a bad checksum as evidence (CP008)."""
    connection.note(
        CHECKSUM_BAD,
        from_originator,
        segment.frame,
        segment.time_ns,
        segment.checksum,
        computed(segment),
        (segment.seq + segment.payload_len) & 0xFFFF_FFFF,
    )


def is_bad(outcome: i64) -> bool:
    """Whether a verified checksum is wrong, and not only unfinished."""
    return outcome == BAD


def _count(senders: dict[bytes, int], segment: Segment) -> None:
    address = segment.key[: segment.address_len]
    if address in senders or len(senders) < _MOST_SENDERS:
        senders[address] = senders.get(address, 0) + 1
