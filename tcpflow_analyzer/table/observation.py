"""Facts that the observer records about a connection; findings interpret them.

Compiled: yes

A kind of observation is one bit, so that the kinds seen on a connection are one mask: a healthy
connection is recognised by its mask alone, and no finding is called for it. Observations are
counted, and the first few of a kind and endpoint are kept as evidence.
"""

from typing import Final

from mypy_extensions import i64, mypyc_attr

KEPT: Final = 8  # observations of one kind and endpoint kept as evidence; the rest is counted

# Bits of the mask. The comment says what the values `first`, `second`, `third` of the observation
# are.
HANDSHAKE_COMPLETED: Final = 0x1  # fact: three segments seen; frames are in the connection
SIMULTANEOUS_OPEN: Final = 0x2  # fact
SELF_CONNECT: Final = 0x4  # fact
FAST_OPEN: Final = 0x8  # octets of cookie (0: request), octets in the SYN, octets accepted
SYN_REPEATED: Final = 0x10  # gap to the copy before in ns, copies so far
SYN_CHANGED: Final = 0x20  # old ISS, new ISS (wrapped), gap in ns
REFUSED: Final = 0x40  # RST to a SYN: delay in ns, ttl
ICMP_REJECTED: Final = 0x80  # type, code, 1 if hard; the source stands in Connection.icmp_source
SYNACK_REPEATED: Final = (
    0x100  # gap in ns, frame of the covering ACK (0: none), 1 if the SYN was repeated
)
SYNACK_CHANGED: Final = 0x200  # old, new (ISS wrapped, or ack, or options), 0 seq, 1 ack, 2 options
HANDSHAKE_ACK_WRONG: Final = (
    # acknowledged, expected (wrapped), 0 on SYN-ACK, 1 third ACK, 2 seq, 3 to SYN-SENT, 4 third ACK
    # of what may have been sent unseen
    0x400
)
SPLIT_HANDSHAKE: Final = 0x800
WRONG_DIRECTION: Final = 0x1000  # sub-case 1 to 4 = a to d of the catalogue, state of the sender
DATA_BEFORE_ESTABLISHED: Final = 0x2000  # octets, state of the sender, 1 under Fast Open
SYN_WITH_DATA: Final = 0x4000  # octets, octets of cookie or -1
SYN_ON_LIVE: Final = (
    0x8000  # ISN (wrapped), believed state of the receiver, 1 if it repeats the ISS
)
STALE_RECOVERY: Final = (
    0x10000  # delay in ns from first SYN to its answer or -1, frame of ACK, frame of RST
)
FIN_BEFORE_ESTABLISHED: Final = 0x20000  # state of the sender
ORDERLY_CLOSE: Final = 0x40000  # fact: both FINs acknowledged
SIMULTANEOUS_CLOSE: Final = 0x80000  # fact
ACTIVE_CLOSE: Final = 0x100000  # fact: Connection.active_closer
HALF_CLOSE: Final = 0x200000  # new data after the peer's FIN: octets, offset of the first
FIN_WITH_DATA_ORIGINATOR: Final = 0x400000  # fact: no tally
FIN_REPEATED: Final = 0x800000  # gap in ns, frame of the covering ACK or 0, copies so far
FIN_MOVED: Final = 0x1000000  # old, new offset of the FIN octet
FIN_UNACCEPTABLE: Final = 0x2000000  # offset of the FIN, lowest RCV.NXT, highest edge
DATA_AFTER_FIN: Final = 0x4000000  # octets beyond the FIN
TIME_WAIT_ORIGINATOR: Final = 0x8000000  # fact: Endpoint.time_wait_since_ns
FIN_INTO_TIME_WAIT: Final = (
    0x10000000  # noted for the holder: frame of the repeated FIN, frame of its ACK
)
RESET: Final = 0x20000000  # details in Connection.resets
RESET_IN_TIME_WAIT: Final = (
    0x40000000  # age of TIME-WAIT in ns, 1 if the profile lets it end, trigger frame
)
TRAFFIC_AFTER_RESET: Final = (
    0x80000000  # frame of the RST, 1 if its seeming sender went on, 0 its receiver
)
CHALLENGE_ACK: Final = (
    0x1_0000_0000  # frame of the trigger, kind: 1 RST not exact, 2 SYN, 3 bad ACK
)
OLD_DUPLICATE: Final = 0x2_0000_0000  # original frame, offset it would have, 1 if acceptable
REUSED: Final = 0x4_0000_0000  # noted for the opener: TSval of its SYN or -1, frame of the SYN-ACK or 0; Connection.previous
MIDSTREAM: Final = 0x8_0000_0000  # fact
ACKED_UNSEEN: Final = (
    0x10_0000_0000  # octets, start offset, end offset; noted for the unseen sender
)
DUPLICATE_FRAME: Final = 0x20_0000_0000  # frame it copies
CORRECTED: Final = 0x40_0000_0000  # from state, to state
# Set when a connection is handed over, from the states it is left in:
OPEN_AT_END: Final = 0x80_0000_0000  # fact: an end is neither CLOSED nor in TIME-WAIT
ONE_SIDED: Final = 0x100_0000_0000  # noted for the endpoint that was seen
UNANSWERED: Final = 0x200_0000_0000  # a SYN without any answer
HANDSHAKE_UNFINISHED: Final = 0x400_0000_0000  # SYN-ACK seen, no segment that completes it
FIN_UNACKNOWLEDGED: Final = 0x800_0000_0000  # noted for the sender of the FIN
CLOSE_WAIT_HELD: Final = 0x1000_0000_0000  # since ns, until ns
FIN_WAIT_2_HELD: Final = 0x2000_0000_0000  # since ns, until ns
MISSING_DATA: Final = 0x4000_0000_0000  # octets never seen nor acknowledged before the FIN
SYN_REFUSED_BY_TIME_WAIT: Final = 0x8000_0000_0000  # answer: 0 none, 1 ACK, 2 RST; frame of it
TIME_WAIT_RESPONDER: Final = 0x1_0000_0000_0000  # fact
FIN_WITH_DATA_RESPONDER: Final = 0x2_0000_0000_0000  # fact
SYN_DROPPED: Final = (
    0x4_0000_0000_0000  # neighbours answered, frame of the newest, 1 if PAWS-like; the SYN's frame
)

# Facts have no tally (a healthy connection allocates nothing for them): everything about them
# stands in the connection and its endpoints.
FACTS: Final = (
    HANDSHAKE_COMPLETED
    | SIMULTANEOUS_OPEN
    | SELF_CONNECT
    | ORDERLY_CLOSE
    | SIMULTANEOUS_CLOSE
    | ACTIVE_CLOSE
    | FIN_WITH_DATA_ORIGINATOR
    | FIN_WITH_DATA_RESPONDER
    | TIME_WAIT_ORIGINATOR
    | TIME_WAIT_RESPONDER
    | MIDSTREAM
    | OPEN_AT_END
)


@mypyc_attr(acyclic=True)
class Observation:
    """One fact: a kind, the endpoint it is about, the frame, and up to three numbers."""

    def __init__(
        self,
        kind: i64,
        of_originator: bool,
        frame: i64,
        time_ns: i64,
        first: i64,
        second: i64,
        third: i64,
    ) -> None:
        """Record a fact; the meaning of the numbers stands beside the kind."""
        self.kind: i64 = kind
        self.of_originator: bool = of_originator
        self.frame: i64 = frame
        self.time_ns: i64 = time_ns
        self.first: i64 = first
        self.second: i64 = second
        self.third: i64 = third


@mypyc_attr(acyclic=True)
class Tally:
    """All observations of one kind about one endpoint: how many, the first few, and the last.

    Attributes:
        following: the tally of another kind or endpoint on the same connection.
    """

    def __init__(self, observation: Observation) -> None:
        """Begin with the first observation."""
        self.kind: i64 = observation.kind
        self.of_originator: bool = observation.of_originator
        self.count: i64 = 1
        self.last: Observation = observation
        self.following: Tally | None = None
        self._first: Observation = observation
        self._more: list[Observation] | None = None  # most kinds are seen once

    @property
    def kept(self) -> list[Observation]:
        """The first observations, at most KEPT."""
        if self._more is None:
            return [self._first]
        return [self._first, *self._more]

    def add(self, observation: Observation) -> None:
        """Count one more; keep it if it is among the first KEPT."""
        self.count += 1
        self.last = observation
        if self._more is None:
            self._more = [observation]
        elif len(self._more) < KEPT - 1:
            self._more.append(observation)


# Verdict on a RST, RFC 5961 section 3.2 (observer/acceptability.py).
RST_ACCEPTED: Final = 0
RST_NOT_EXACT: Final = 1  # in the window, not at RCV.NXT: a challenge ACK is the answer
RST_UNACCEPTABLE: Final = 2
RST_TO_NOBODY: Final = 3  # the receiver was CLOSED already

# Form of a RST: tells who sent it (RFC 9293 3.5.2, 3.10.7.1).
FORM_REFUSAL: Final = 0  # RST ACK, SEQ 0, ACK = SEG.SEQ + SEG.LEN: answers a segment without ACK
FORM_STATELESS: Final = 1  # RST without ACK, SEQ = SEG.ACK of a recent segment: no such socket
FORM_LIVE: Final = 2  # RST ACK at SND.NXT: the socket itself aborted
FORM_OTHER: Final = 3  # none of these: a middlebox, or forged


@mypyc_attr(acyclic=True)
class Reset:
    """One RST with all that its cause is judged by.

    Attributes:
        of_originator: its sender (called X here; its peer Y).
        frame, time_ns, control_bits, seq, ack (wrapped), ttl, ip_id, window, payload_len: as sent.
        excerpt: first octets of its payload, at most 80.
        form, verdict: see above.
        sender_state, receiver_state: believed before this segment.
        sender_proven: X's proven state before.
        trigger_frame, trigger_time_ns: the segment of Y that it answers, 0 for none.
        trigger_control_bits, trigger_payload_len, trigger_new: of that segment; `trigger_new` is 1
        if
            it carried octets (data or FIN) not sent before.
        seq_offset: in X's stream. expected: RCV.NXT of Y as far as known, an offset likewise.
        own_unacked: octets of X (data only) that Y had not acknowledged.
        peer_unacked: octets of Y (data only) that X had not acknowledged.
        sender_fin, receiver_fin: whether X, Y had sent a FIN before.
        receiver_fin_acked: whether X had acknowledged Y's FIN before.
        sender_data_frame, sender_data_time_ns, receiver_data_frame, receiver_data_time_ns: last
            segment of X, of Y with new payload before the RST; 0 for none.
        sender_rtt_ns: Endpoint.rtt_ns of X. sender_ip_id: of X's segment before. tsval: of the RST.
        sender_tsval: X's newest before it. Each -1 where there is none.
        sender_window: X's last window field. sender_ttl: its ttl.
        reverted: a later segment showed that it did not end the connection (RS010).
        later_segments: segments of Y that show it, from the first on.
    """

    def __init__(self, of_originator: bool, frame: i64, time_ns: i64) -> None:
        """Make the record of a RST; the observer fills it."""
        self.of_originator: bool = of_originator
        self.frame: i64 = frame
        self.time_ns: i64 = time_ns
        self.control_bits: i64 = 0
        self.seq: i64 = 0
        self.ack: i64 = 0
        self.ttl: i64 = 0
        self.ip_id: i64 = -1
        self.window: i64 = 0
        self.payload_len: i64 = 0
        self.excerpt: bytes = b""
        self.form: i64 = FORM_OTHER
        self.verdict: i64 = RST_ACCEPTED
        self.sender_state: i64 = 0
        self.receiver_state: i64 = 0
        self.sender_proven: i64 = 0
        self.trigger_frame: i64 = 0
        self.trigger_time_ns: i64 = 0
        self.trigger_control_bits: i64 = 0
        self.trigger_payload_len: i64 = 0
        self.trigger_new: bool = False
        self.seq_offset: i64 = 0
        self.expected: i64 = 0
        self.own_unacked: i64 = 0
        self.peer_unacked: i64 = 0
        self.sender_fin: bool = False
        self.receiver_fin: bool = False
        self.receiver_fin_acked: bool = False
        self.sender_data_frame: i64 = 0
        self.sender_data_time_ns: i64 = 0
        self.receiver_data_frame: i64 = 0
        self.receiver_data_time_ns: i64 = 0
        self.sender_rtt_ns: i64 = -1
        self.sender_ip_id: i64 = -1
        self.tsval: i64 = -1
        self.sender_tsval: i64 = -1
        self.sender_window: i64 = 0
        self.sender_ttl: i64 = -1
        self.reverted: bool = False
        self.later_segments: i64 = 0
