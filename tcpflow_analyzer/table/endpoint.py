"""One end of a connection, as far as the tap knows it. State only: every rule lives in observer/.

Compiled: yes

All stream positions are *offsets*: unwrapped, counted from the sender's initial sequence number
(tcp/sequence.py): the SYN is octet 0, the first octet of data is 1, the FIN comes behind the data.
"""

from typing import Final

from mypy_extensions import i64, mypyc_attr

from tcpflow_analyzer.table.receipt import Receipt
from tcpflow_analyzer.table.transition import Transition
from tcpflow_analyzer.tcp.states import CLOSED, OBSERVED

# A time that does not come, nanoseconds: later than any frame (engine.py sees to that). From 2**62
# on a constant would be an object, read anew at each comparison.
NEVER: Final = 0x3FFF_FFFF_FFFF_FFFF
UNKNOWN: Final = -1


@mypyc_attr(acyclic=True)
class Trouble:
    """What is known of an end that repeats itself or whose path changes.

    Attributes:
        asked, asked_since_ns, asked_frame: segments that want an answer since its peer's last
            segment, the first of them, and the frame of the first repetition.
        retry_since_ns: first transmission of what it sends again.
        other_ttl, other_ttl_at: the TTL that differed last, and how many segments it had sent
            when that series began.
        first_answer_ns: time to its first acknowledgement of data where that is far longer than
            the handshake took, 0 for nothing remarkable.
    """

    def __init__(self) -> None:
        """No trouble yet."""
        self.asked: i64 = 0
        self.asked_since_ns: i64 = 0
        self.asked_frame: i64 = 0
        self.retry_since_ns: i64 = 0
        self.other_ttl: i64 = UNKNOWN
        self.other_ttl_at: i64 = 0
        self.first_answer_ns: i64 = 0


@mypyc_attr(acyclic=True)
class Rarities:
    """What most endpoints never need; made when first used (memory is what connections cost).

    Attributes:
        other_iss: ISS of another SYN-ACK (HS012), wrapped, UNKNOWN for none.
        distrust_until_ns: before this time the same pure ACK is not believed again (accept queue
            full: received, but dropped).
        before_reset: proven state before its own RST.
        reset_time_ns: its first RST that closed the connection.
        probe_end, probe_time_ns: data whose acknowledgement will give the peer's `rtt_ns`.
        window_probe: the octet that it sent into a closed window, which counts as sent once it is
            acknowledged; UNKNOWN for none.
        fin_copies: further copies of its FIN.
        rests_on_inference: its state follows from a FIN, its own or its peer's, that was inferred.
        options_cut: the capture cut the options of its SYN: its window's scale is not known.
        user_timeout_ns: of the option that it sent (RFC 5482), 0 for none.
        lost_end: end of its stream where the capture lost exactly one octet, UNKNOWN for none.
        fin_inferred: its FIN was not captured, but inferred from an acknowledgement.
        ranges_merged: how often two captured ranges beyond a hole were taken for one, as there
            were too many.
        trouble: what is known of an end that repeats itself or whose path changes.
    """

    def __init__(self) -> None:
        """Nothing out of the ordinary yet."""
        self.other_iss: i64 = UNKNOWN
        self.distrust_until_ns: i64 = 0
        self.before_reset: i64 = CLOSED
        self.reset_time_ns: i64 = 0
        self.probe_end: i64 = UNKNOWN
        self.probe_time_ns: i64 = 0
        self.window_probe: i64 = UNKNOWN
        self.fin_copies: i64 = 0
        self.fin_inferred: bool = False
        self.rests_on_inference: bool = False
        self.lost_end: i64 = UNKNOWN
        self.trouble: Trouble | None = None
        self.user_timeout_ns: i64 = 0
        self.options_cut: bool = False
        self.ranges_merged: i64 = 0


@mypyc_attr(acyclic=True)
class ZeekEnd:
    """What Zeek would hold of an end (observer/zeek_history.py).

    Attributes:
        state: its state there, the one before, and counts.
        syn, fin, rst: wrapped number of the last one, UNKNOWN while it sent none.
    """

    def __init__(self) -> None:
        """Nothing was seen of it yet."""
        self.state: i64 = 0
        self.syn: i64 = UNKNOWN
        self.fin: i64 = UNKNOWN
        self.rst: i64 = UNKNOWN


@mypyc_attr(acyclic=True)
class Endpoint:
    """What one endpoint sent, and in which states it is proven and believed to be.

    Attributes, the stream it sends (offsets in its own stream):
        iss: initial sequence number, wrapped. Meaningful once `has_origin`.
        has_origin: whether `iss` is set; virtual (first number seen less one) unless `iss_seen`.
        iss_seen: whether its SYN or SYN-ACK was captured.
        snd_nxt: SND.NXT, the highest end of anything it sent, SYN and FIN counted.
        snd_una: SND.UNA as the tap knows it, the highest acknowledgement its peer sent.
        contiguous: first octet neither captured nor acknowledged.
        holes: captured ranges above `contiguous`, [start, end, start, end ...], None for none.
        fin_offset: offset of its FIN octet, UNKNOWN while it sent none.
    Attributes, what it says about the stream it receives:
        window: last SEG.WND, unscaled. max_window: largest SEG.WND.
        window_scale: shift of its option, UNKNOWN if it sent none or its SYN was not captured.
        edge: highest right window edge it advertised, an offset in the peer's stream.
        mss: of its option, UNKNOWN if none.
        tsval: newest timestamp value it sent, wrapped, UNKNOWN if none.
        sack_permitted, timestamps: whether its SYN or SYN-ACK carried these options.
    Attributes, states:
        proven: newest state that facts force.
        believed: `proven` plus plausible receipts that are due.
        certainty: of the believed state.
        possible: bit mask of states (bit number = state) while picked up in mid-stream, else 0.
        receipts: the oldest of the segments on their way to it, the others behind it; None for
            none.
        chain: the first of the transitions from `proven` to `believed`, not proven yet, the others
            behind it; None for none.
        path: the states it has been believed in, 4 bits each, newest lowest, at most 15.
    Attributes, close and TIME-WAIT:
        fin_frame, fin_time_ns: its first FIN.
        fin_ack: what the first FIN acknowledged, an offset in the peer's stream.
        fin_acked_frame, fin_acked_time_ns: first captured segment of the peer that covers the FIN.
        fin_acked_by_data: whether that segment carried data (and no FIN).
        rst_frame: its first RST that closed the connection, 0 for none.
        time_wait_since_ns, time_wait_until_ns: 0 while it never held TIME-WAIT. After a timer
            or a RST ended TIME-WAIT they keep their values.
    Attributes, counts and times:
        segments, data_segments, payload_octets: captured, copies included; data segments are those
            with payload.
        unique_octets: payload octets without repeats.
        retransmitted: segments that repeat octets.
        excerpt_at, excerpt_frame, excerpt_len, excerpt_first, excerpt_second: how its newest data
            begins (observer/overlap.py): offset, frame, octets kept (0, 8, 16), and these.
        first_frame: its first segment. last_frame, last_time_ns: its last segment.
        last_data_frame, last_data_time_ns: its last segment with new payload; 0 for none.
        rtt_ns: smallest time from a segment towards it to its answer, UNKNOWN while not measured.
        retry_time_ns: last transmission of what awaits an acknowledgement (SYN, SYN-ACK, FIN, or
            the data at SND.UNA); retry_gap_ns: time from the transmission before it, 0 for the
            first; retries: retransmissions since the last progress.
        give_up_ns: when silence means that it gave up, NEVER while it owes nothing.
        ttl: of its first segment, or of those since it changed for good. ttl_min, ttl_max: over
            all of its segments but RSTs.
        profile: index into settings.PROFILES, how it behaves where the wire does not say;
            `profile_known` once it was guessed or given.
    Attributes, for outputs that show what Zeek would say:
        zeek: what Zeek would hold of it, None while nothing was recorded.
    """

    def __init__(self, is_originator: bool) -> None:
        """Make an endpoint of which nothing was seen yet."""
        # stream sent
        self.iss: i64 = 0
        self.snd_nxt: i64 = 0
        self.snd_una: i64 = 0
        self.contiguous: i64 = 0
        self.holes: list[int] | None = None
        self.fin_offset: i64 = UNKNOWN
        # about the stream received
        self.window: i64 = 0
        self.max_window: i64 = 0
        self.window_scale: i64 = UNKNOWN
        self.edge: i64 = 0
        self.mss: i64 = UNKNOWN
        self.tsval: i64 = UNKNOWN
        # states
        self.proven: i64 = CLOSED
        self.believed: i64 = CLOSED
        self.certainty: i64 = OBSERVED
        self.possible: i64 = 0
        self.receipts: Receipt | None = None
        self.chain: Transition | None = None
        self.path: i64 = CLOSED
        # close and TIME-WAIT
        self.fin_frame: i64 = 0
        self.fin_time_ns: i64 = 0
        self.fin_ack: i64 = UNKNOWN
        self.fin_acked_frame: i64 = 0
        self.fin_acked_time_ns: i64 = 0
        self.rst_frame: i64 = 0
        self.time_wait_since_ns: i64 = 0
        self.time_wait_until_ns: i64 = 0
        # retransmission and round trips
        self.retry_time_ns: i64 = 0
        self.retry_gap_ns: i64 = 0
        self.retries: i64 = 0
        self.give_up_ns: i64 = NEVER
        # counts and times
        self.segments: i64 = 0
        self.data_segments: i64 = 0
        self.payload_octets: i64 = 0
        self.unique_octets: i64 = 0
        self.retransmitted: i64 = 0
        self.excerpt_at: i64 = 0
        self.excerpt_frame: i64 = 0
        self.excerpt_len: i64 = 0
        self.excerpt_first: i64 = 0
        self.excerpt_second: i64 = 0
        self.first_frame: i64 = 0
        self.last_frame: i64 = 0
        self.last_time_ns: i64 = 0
        self.last_data_frame: i64 = 0
        self.last_data_time_ns: i64 = 0
        self.rtt_ns: i64 = UNKNOWN
        self.ttl: i64 = UNKNOWN
        self.ttl_min: i64 = UNKNOWN
        self.ttl_max: i64 = UNKNOWN
        self.profile: i64 = 0
        # the last segment, to know a copy of it (CP006) and what a later one answers
        self.last_seq: i64 = 0
        self.last_ack: i64 = 0
        self.last_control_bits: i64 = 0
        self.last_payload_len: i64 = 0
        self.last_ip_id: i64 = UNKNOWN
        self.last_checksum: i64 = 0  # and the interface, shifted by 16
        self.rarities: Rarities | None = None
        self.zeek: ZeekEnd | None = None
        # flags, side by side: each takes one octet
        self.is_originator: bool = is_originator
        self.has_origin: bool = False
        self.iss_seen: bool = False
        self.sack_permitted: bool = False
        self.timestamps: bool = False
        self.fin_acked_by_data: bool = False
        self.profile_known: bool = False
        self.last_new: bool = False

    def queued(self) -> list[Receipt]:
        """The segments on their way to it, oldest first."""
        receipts: list[Receipt] = []
        receipt = self.receipts
        while receipt is not None:
            receipts.append(receipt)
            receipt = receipt.next_receipt
        return receipts

    def add_receipt(self, receipt: Receipt) -> None:
        """Queue a segment behind those that are queued."""
        last = self.receipts
        if last is None:
            self.receipts = receipt
            return
        following = last.next_receipt
        while following is not None:
            last = following
            following = last.next_receipt
        last.next_receipt = receipt

    def remove_receipt(self, before: Receipt | None, receipt: Receipt) -> None:
        """Take a segment out of the queue; `before` is the one in front of it, None for none."""
        if before is None:
            self.receipts = receipt.next_receipt
        else:
            before.next_receipt = receipt.next_receipt

    def step(self, index: i64) -> Transition | None:
        """Step `index` of the chain, from 0; None if it is shorter."""
        step = self.chain
        while step is not None and index > 0:
            step = step.next_step
            index -= 1
        return step

    def last_step(self) -> Transition | None:
        """The last step of the chain, None if there is none."""
        step = self.chain
        if step is None:
            return None
        following = step.next_step
        while following is not None:
            step = following
            following = step.next_step
        return step

    def rare(self) -> Rarities:
        """What most endpoints never need, made now if it is not there."""
        rarities = self.rarities
        if rarities is None:
            rarities = Rarities()
            self.rarities = rarities
        return rarities

    def trouble(self) -> Trouble:
        """What is known of its troubles, made now if it is not there."""
        rare = self.rare()
        trouble = rare.trouble
        if trouble is None:
            trouble = Trouble()
            rare.trouble = trouble
        return trouble

    def zeek_end(self) -> ZeekEnd:
        """What Zeek would hold of it, made now if it is not there."""
        zeek = self.zeek
        if zeek is None:
            zeek = ZeekEnd()
            self.zeek = zeek
        return zeek

    @property
    def fin_copies(self) -> int:
        """Further copies of its FIN."""
        rarities = self.rarities
        return 0 if rarities is None else rarities.fin_copies

    @property
    def reset_time_ns(self) -> int:
        """Time of its first RST that closed the connection, 0 for none."""
        rarities = self.rarities
        return 0 if rarities is None else rarities.reset_time_ns
