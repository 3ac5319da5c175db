"""Segments on their way: queued at the receiver, then proven or refuted by what it sends.

Compiled: yes

An acknowledgement proves that *some* copy of the octets arrived. The control bits and the ACK
field of a particular copy are proven only if it is the earliest queued copy of these octets, or if
a timestamp echo names it. Without this rule a repeated SYN-ACK of a simultaneous open would move
its receiver to ESTABLISHED too early.
"""

from typing import Final

from mypy_extensions import i64

from tcpflow_analyzer.decode.segment import ABSENT, Segment
from tcpflow_analyzer.observer.belief import prove
from tcpflow_analyzer.observer.timing import Timing
from tcpflow_analyzer.table.connection import Connection
from tcpflow_analyzer.table.endpoint import NEVER, UNKNOWN, Endpoint
from tcpflow_analyzer.table.observation import FAST_OPEN
from tcpflow_analyzer.table.receipt import ICMP_ERROR_BIT, Receipt
from tcpflow_analyzer.tcp.control_bits import ACK, FIN, RST, SYN, SYN_FIN_RST
from tcpflow_analyzer.tcp.events import (
    RCV_ACK_OF_FIN,
    RCV_ACK_OF_SYN,
    RCV_FIN,
    RCV_SYN,
    RCV_SYN_ACK,
)
from tcpflow_analyzer.tcp.sequence import distance
from tcpflow_analyzer.tcp.states import (
    CLOSED,
    CLOSING,
    ESTABLISHED,
    FIN_WAIT_1,
    FIN_WAIT_2,
    LAST_ACK,
    SYN_RECEIVED,
    SYN_SENT,
)

_MAX_PLAIN: Final = 8  # receipts without SYN, FIN and RST
_MAX_ALL: Final = 32
_MAX_RTT: Final = 1_500_000_000  # nanoseconds; what takes longer was lost and repeated
# What the tap needs to tell two segments of one host apart.
_SLACK: Final = 100_000  # nanoseconds
# A round trip of which nothing is known (simultaneous open, or in mid-stream): below the least
# retransmission timeout in use (Linux TCP_RTO_MIN, 200 ms).
_ANY_RTT: Final = 100_000_000


def half_round_trip(endpoint: Endpoint) -> i64:
    """From the tap to this endpoint, in nanoseconds; 0 while it is not known."""
    if endpoint.rtt_ns <= 0 or endpoint.rtt_ns > _MAX_RTT:
        return 0
    return endpoint.rtt_ns // 2


def crosses(receipt: Receipt, endpoint: Endpoint, now_ns: i64) -> bool:
    """Whether what the endpoint sends now may have been sent before this receipt reached it."""
    rtt = endpoint.rtt_ns if endpoint.rtt_ns != UNKNOWN else _ANY_RTT
    if rtt < _SLACK:
        rtt = _SLACK
    return now_ns < receipt.time_ns + rtt


def queue(
    endpoint: Endpoint,
    peer: Endpoint,
    segment: Segment,
    start: i64,
    end: i64,
    acknowledgement: i64,
    repeated: bool,
) -> None:
    """Queue a segment of `peer` at `endpoint`; it is not believed before it is due.

    Args:
        endpoint, peer: who gets it, who sent it.
        segment: not kept.
        start, end: of its octets in the stream of `peer`.
        acknowledgement: its SEG.ACK in the stream of `endpoint`, -1 for none.
        repeated: whether its octets were captured before.
    """
    bits = segment.control_bits
    due = segment.time_ns + half_round_trip(endpoint)
    if (
        bits & SYN_FIN_RST == 0
        and segment.payload_len == 0
        and endpoint.proven == SYN_RECEIVED
        and endpoint.rarities is not None
    ):
        distrusted = endpoint.rarities.distrust_until_ns
        due = max(due, distrusted)
    tsval = segment.tsval
    if tsval != ABSENT and peer.tsval != UNKNOWN and distance(tsval, peer.tsval) <= 0:
        tsval = UNKNOWN
    copy = repeated
    count: i64 = 0
    last: Receipt | None = None
    earlier = endpoint.receipts
    while earlier is not None:
        if (
            end > start
            and earlier.end > earlier.start
            and earlier.control_bits & bits & (SYN | FIN) != 0
        ):
            copy = True
        count += 1
        last = earlier
        earlier = earlier.next_receipt
    receipt = Receipt(
        segment.frame, segment.time_ns, due, bits, start, end, acknowledgement, tsval, copy
    )
    if last is None:
        endpoint.receipts = receipt
    else:
        last.next_receipt = receipt
    if count >= _MAX_PLAIN:
        _bound(endpoint)


def _bound(endpoint: Endpoint) -> None:
    """Drop the oldest plain receipts beyond _MAX_PLAIN, and the oldest of all beyond _MAX_ALL."""
    plain: i64 = 0
    receipt = endpoint.receipts
    while receipt is not None:
        if receipt.control_bits & SYN_FIN_RST == 0:
            plain += 1
        receipt = receipt.next_receipt
    kept: i64 = 0
    seen_plain = False
    before: Receipt | None = None
    receipt = endpoint.receipts
    while receipt is not None:
        is_plain = receipt.control_bits & SYN_FIN_RST == 0
        # The very first stays: it is the one that a believed state rests on.
        if is_plain and seen_plain and plain > _MAX_PLAIN:
            plain -= 1
            endpoint.remove_receipt(before, receipt)
        else:
            seen_plain = seen_plain or is_plain
            kept += 1
            before = receipt
        receipt = receipt.next_receipt
    receipt = endpoint.receipts
    while receipt is not None and kept > _MAX_ALL:
        receipt = receipt.next_receipt
        kept -= 1
    endpoint.receipts = receipt


def matters(endpoint: Endpoint, control_bits: i64, acknowledgement: i64) -> bool:
    """Whether a segment towards `endpoint` may move its state, so that it has to be queued.

    What has neither SYN nor FIN nor RST has the ACK bit: other flags were ignored (OP001).
    """
    if control_bits & SYN_FIN_RST != 0:
        return True
    if endpoint.proven == SYN_RECEIVED or endpoint.proven == SYN_SENT:
        return True
    return (
        endpoint.fin_offset != UNKNOWN
        and acknowledgement > endpoint.fin_offset
        and (
            endpoint.proven == FIN_WAIT_1
            or endpoint.proven == CLOSING
            or endpoint.proven == LAST_ACK
        )
    )


def _apply(
    connection: Connection,
    endpoint: Endpoint,
    receipt: Receipt,
    with_octets: bool,
    frame: i64,
    now_ns: i64,
    timing: Timing,
) -> None:
    """A receipt is proven: SYN, then ACK, then FIN (RFC 9293 3.10.7.4)."""
    bits = receipt.control_bits
    if with_octets and bits & SYN != 0:
        if bits & ACK == 0:
            if endpoint.proven == CLOSED:
                return  # LISTEN is passed at the frame of its SYN-ACK
            prove(connection, endpoint, RCV_SYN, receipt.frame, frame, now_ns, timing)
        elif receipt.ack >= 1:
            event = RCV_SYN_ACK if endpoint.proven == SYN_SENT else RCV_ACK_OF_SYN
            prove(connection, endpoint, event, receipt.frame, frame, now_ns, timing)
        return
    if bits & ACK != 0:
        if endpoint.proven == SYN_RECEIVED and receipt.ack >= 1:
            prove(connection, endpoint, RCV_ACK_OF_SYN, receipt.frame, frame, now_ns, timing)
        if endpoint.fin_offset != UNKNOWN and receipt.ack > endpoint.fin_offset:
            prove(connection, endpoint, RCV_ACK_OF_FIN, receipt.frame, frame, now_ns, timing)
    if with_octets and bits & FIN != 0:
        prove(connection, endpoint, RCV_FIN, receipt.frame, frame, now_ns, timing)


def _measure(endpoint: Endpoint, peer: Endpoint, receipt: Receipt, segment: Segment) -> None:
    """Take a round trip from a receipt to the segment that proves it.

    Of several copies the one that a timestamp echo names (RFC 7323 section 4.1); else from the last
    copy on, since nobody knows which one is answered (RFC 6298 section 3, Karn): too short rather
    than too long. Every SYN-ACK echoes the first SYN that its sender got, so it names none: of a
    path that may be slower than the first timeout nothing is measured yet.
    """
    sent = receipt.time_ns
    if peer.retry_time_ns > sent:
        if receipt.control_bits & (SYN | ACK) == SYN:
            return
        if segment.tsecr == ABSENT or segment.tsecr != receipt.tsval:
            sent = peer.retry_time_ns
    sample = segment.time_ns - sent
    if sample >= 0 and (endpoint.rtt_ns == UNKNOWN or sample < endpoint.rtt_ns):
        endpoint.rtt_ns = sample


def prove_by_segment(
    connection: Connection,
    endpoint: Endpoint,
    peer: Endpoint,
    segment: Segment,
    acknowledgement: i64,
    timing: Timing,
) -> None:
    """What `endpoint` must have received to send this segment (observer.md section 3, step 3).

    Args:
        connection, endpoint, peer: `endpoint` sent the segment.
        segment: with the ACK bit and without RST.
        acknowledgement: its SEG.ACK as an offset in the peer's stream.
        timing: profile times.
    """
    first = endpoint.receipts
    if first is not None:
        if endpoint.proven == SYN_SENT and segment.control_bits & SYN == 0:
            _prefer_syn_ack(first)
        _prove_queued(connection, endpoint, peer, segment, acknowledgement, timing)
        if segment.sack_count > 0:
            _park_sacked_fin(endpoint, peer, segment, acknowledgement)
    _prove_by_reaction(connection, endpoint, peer, segment, acknowledgement, timing)


def _prove_queued(
    connection: Connection,
    endpoint: Endpoint,
    peer: Endpoint,
    segment: Segment,
    acknowledgement: i64,
    timing: Timing,
) -> None:
    """Apply the queued receipts that the segment proves, and leave the others queued."""
    frame, now = segment.frame, segment.time_ns
    proven_ack: i64 = -1
    before: Receipt | None = None
    receipt = endpoint.receipts
    while receipt is not None:
        bits = receipt.control_bits
        octets = receipt.end > receipt.start and acknowledgement >= receipt.end
        named = (
            receipt.tsval != UNKNOWN
            and segment.tsecr != ABSENT
            and distance(segment.tsecr, receipt.tsval) >= 0
        )
        stays = bits & RST != 0 or not (octets or named)
        if not stays and octets and _follows_an_ack(endpoint, receipt):
            _put_behind(endpoint, receipt, now)
            stays = True
        elif not stays and octets and receipt.copy and not named:
            # Some copy of the octets arrived; what this one says besides stays open.
            receipt.control_bits = bits & ~(SYN | FIN)
            receipt.start = receipt.end
            receipt.due_ns = min(receipt.due_ns, now)  # it was parked as long as none had arrived
            stays = True
        elif not stays:
            if octets and not receipt.copy:
                _measure(endpoint, peer, receipt, segment)
            _apply(connection, endpoint, receipt, octets, frame, now, timing)
            if receipt.ack > proven_ack:
                proven_ack = receipt.ack
            if receipt.end > receipt.start and not octets:
                receipt.ack = -1
                stays = True
        if stays:
            before = receipt
        else:
            endpoint.remove_receipt(before, receipt)
        receipt = receipt.next_receipt
    if endpoint.receipts is not None:
        _drop_implied(endpoint, proven_ack)


def _follows_an_ack(endpoint: Endpoint, receipt: Receipt) -> bool:
    """Whether an ACK of our FIN is believed to have come before a FIN that does not carry one.

    They overtook each other, or the FIN was lost and came again. That it arrived does not prove
    that it was the first, so that what is believed stays as it is: FIN-WAIT-2, then TIME-WAIT, and
    not CLOSING.
    """
    if (
        endpoint.proven != FIN_WAIT_1
        or receipt.control_bits & FIN == 0
        or receipt.ack > endpoint.fin_offset
    ):
        return False
    first = endpoint.chain
    if first is not None and first.event == RCV_ACK_OF_FIN:
        return True
    # Parked: the first copies went unanswered, and later ones carry the ACK.
    return (receipt.due_ns == NEVER or receipt.control_bits & ACK == 0) and _has_ack_of_fin(
        endpoint
    )


def _has_ack_of_fin(endpoint: Endpoint) -> bool:
    """Whether something queued acknowledges its FIN."""
    receipt = endpoint.receipts
    while receipt is not None:
        if receipt.control_bits & ACK != 0 and receipt.ack > endpoint.fin_offset:
            return True
        receipt = receipt.next_receipt
    return False


def _put_behind(endpoint: Endpoint, receipt: Receipt, now_ns: i64) -> None:
    """Let a FIN that has arrived take effect behind all that is queued."""
    if receipt.control_bits & ACK == 0:
        receipt.due_ns = min(receipt.due_ns, now_ns)
        return
    start = receipt.end - 1
    receipt.control_bits &= ~FIN
    receipt.end = start
    frame = receipt.frame
    other = receipt.next_receipt
    while other is not None:
        if other.control_bits & FIN != 0:
            frame = other.frame
        other = other.next_receipt
    endpoint.add_receipt(
        Receipt(frame, receipt.time_ns, now_ns, FIN, start, start + 1, UNKNOWN, UNKNOWN, False)
    )


def _prefer_syn_ack(first: Receipt) -> None:
    """It answers by an ACK alone, so a SYN-ACK reached it in SYN-SENT, and no bare SYN before.

    A bare SYN would have drawn a SYN-ACK (RFC 9293 3.10.7.3 fourth step): of the copies that carry
    the peer's SYN, the bare ones were lost.
    """
    syn_ack: Receipt | None = first
    while syn_ack is not None and syn_ack.control_bits & (SYN | ACK) != SYN | ACK:
        syn_ack = syn_ack.next_receipt
    if syn_ack is None:
        return
    syn_ack.copy = False
    other: Receipt | None = first
    while other is not None:
        if other.control_bits & (SYN | ACK) == SYN:
            other.control_bits &= ~SYN
        other = other.next_receipt


def _park_sacked_fin(
    endpoint: Endpoint, peer: Endpoint, segment: Segment, acknowledgement: i64
) -> None:
    """A SACK block that ends at the peer's FIN: it is there, but not in order yet (RFC 2018 3).

    A FIN is processed in sequence (RFC 9293 3.10.7.4), so it is believed when it is acknowledged.
    """
    if peer.fin_offset == UNKNOWN or acknowledgement >= peer.fin_offset:
        return
    fin_end = (peer.iss + peer.fin_offset + 1) & 0xFFFF_FFFF
    for index in range(segment.sack_count):
        if segment.sack_right(index) == fin_end:
            park_unanswered_fin(endpoint)
            return


def _drop_implied(endpoint: Endpoint, proven_ack: i64) -> None:
    """Leave queued what says more than what is proven."""
    before: Receipt | None = None
    receipt = endpoint.receipts
    while receipt is not None:
        if (
            receipt.control_bits & SYN_FIN_RST == 0
            and receipt.end == receipt.start
            and receipt.ack <= proven_ack
        ):
            endpoint.remove_receipt(before, receipt)
        else:
            before = receipt
        receipt = receipt.next_receipt


def _prove_by_reaction(
    connection: Connection,
    endpoint: Endpoint,
    peer: Endpoint,
    segment: Segment,
    acknowledgement: i64,
    timing: Timing,
) -> None:
    """Receipts that need no queue: the segment is possible only after them."""
    frame, now = segment.frame, segment.time_ns
    bits = segment.control_bits
    if (
        endpoint.proven == SYN_SENT
        and bits & SYN == 0
        and acknowledgement >= 1
        and (
            # After its SYN an endpoint acknowledges only a SYN-ACK. Whether the tap saw that does
            # not matter, unless the peer spoke with another number before (a stale connection,
            # HS018).
            peer.iss_seen or peer.segments == 0
        )
    ):
        # Only timers have no frame: where the SYN-ACK was not captured, its ACK stands for it.
        cause = peer.first_frame if peer.first_frame != 0 else frame
        prove(connection, endpoint, RCV_SYN_ACK, cause, frame, now, timing)
    if (
        endpoint.proven == SYN_RECEIVED
        and bits & SYN == 0
        and not _speaks_early(connection, endpoint, now)
    ):
        cause = _first_ack(endpoint)
        prove(connection, endpoint, RCV_ACK_OF_SYN, cause if cause else frame, frame, now, timing)
        _drop_handshake_acks(endpoint)
    if (
        peer.fin_offset != UNKNOWN
        and acknowledgement > peer.fin_offset
        and (
            endpoint.proven == ESTABLISHED
            or (endpoint.proven == FIN_WAIT_1 and not _is_queued_behind_an_ack(endpoint))
            or endpoint.proven == FIN_WAIT_2
        )
    ):
        prove(connection, endpoint, RCV_FIN, peer.fin_frame, frame, now, timing)


def _is_queued_behind_an_ack(endpoint: Endpoint) -> bool:
    """Whether the peer's FIN was left queued because of `_follows_an_ack`."""
    receipt = endpoint.receipts
    while receipt is not None:
        if _follows_an_ack(endpoint, receipt):
            return True
        receipt = receipt.next_receipt
    return False


def _speaks_early(connection: Connection, endpoint: Endpoint, now_ns: i64) -> bool:
    """RFC 7413: a Fast Open listener sends data before the third segment; it proves nothing.

    So does what crosses the third segment on its way.
    """
    if connection.observed & FAST_OPEN == 0:
        return False
    if endpoint.receipts is None:
        return connection.ack_frame == 0
    return all(crosses(receipt, endpoint, now_ns) for receipt in endpoint.queued())


def _first_ack(endpoint: Endpoint) -> i64:
    """Frame of the oldest queued segment that acknowledges the SYN, 0 for none."""
    receipt = endpoint.receipts
    while receipt is not None:
        if receipt.control_bits & ACK != 0 and receipt.ack >= 1:
            return receipt.frame
        receipt = receipt.next_receipt
    return 0


def _drop_handshake_acks(endpoint: Endpoint) -> None:
    """Once it is ESTABLISHED, plain receipts that only acknowledged its SYN say nothing more."""
    _keep_only(endpoint, SYN_FIN_RST, True)


def _keep_only(endpoint: Endpoint, bits: i64, present: bool) -> None:
    """Leave queued what has one of these control bits, or what has none of them."""
    before: Receipt | None = None
    receipt = endpoint.receipts
    while receipt is not None:
        if (receipt.control_bits & bits != 0) == present:
            before = receipt
        else:
            endpoint.remove_receipt(before, receipt)
        receipt = receipt.next_receipt


def refute_acks(endpoint: Endpoint, offset: i64, now_ns: i64) -> i64:
    """The endpoint repeats the octet at `offset`: queued ACKs that cover it did not arrive.

    Those that may still be on their way (they cross the repetition) stay.

    Returns:
        Frame of the first refuted ACK, 0 for none.
    """
    first: i64 = 0
    before: Receipt | None = None
    receipt = endpoint.receipts
    while receipt is not None:
        stays = True
        if (
            receipt.control_bits & ACK != 0
            and receipt.ack > offset
            and not crosses(receipt, endpoint, now_ns)
        ):
            if first == 0:
                first = receipt.frame
            stays = receipt.end != receipt.start
            receipt.ack = -1
            receipt.control_bits &= ~ACK
        if stays:
            before = receipt
        else:
            endpoint.remove_receipt(before, receipt)
        receipt = receipt.next_receipt
    return first


def refute_syn_acks(endpoint: Endpoint, now_ns: i64) -> None:
    """The endpoint repeats its SYN: a SYN-ACK that it must have got by now did not arrive."""
    before: Receipt | None = None
    receipt = endpoint.receipts
    while receipt is not None:
        if receipt.control_bits & (SYN | ACK) != SYN | ACK or crosses(receipt, endpoint, now_ns):
            before = receipt
        else:
            endpoint.remove_receipt(before, receipt)
        receipt = receipt.next_receipt


def refute_icmp_errors(endpoint: Endpoint) -> None:
    """The endpoint goes on trying: the ICMP error did not end its attempt."""
    _keep_only(endpoint, ICMP_ERROR_BIT, False)


def refute_resets(endpoint: Endpoint, now_ns: i64) -> i64:
    """The endpoint goes on: a RST that it must have got by now did not end its connection.

    Returns:
        Frame of the refuted RST, 0 for none.
    """
    found: i64 = 0
    before: Receipt | None = None
    receipt = endpoint.receipts
    while receipt is not None:
        if receipt.control_bits & RST != 0 and not crosses(receipt, endpoint, now_ns):
            found = receipt.frame
            endpoint.remove_receipt(before, receipt)
        else:
            before = receipt
        receipt = receipt.next_receipt
    return found


def forget_all_but_resets(endpoint: Endpoint) -> None:
    """The peer begins anew: what it sent before, RSTs apart, has no place any more."""
    _keep_only(endpoint, RST, True)


def delay_receipts(endpoint: Endpoint, now_ns: i64) -> None:
    """What is still queued reached the endpoint only after what it has just sent."""
    receipt = endpoint.receipts
    while receipt is not None:
        if receipt.due_ns <= now_ns:
            receipt.due_ns = now_ns + 1
        receipt = receipt.next_receipt


def renew_fin(endpoint: Endpoint, segment: Segment, start: i64) -> None:
    """The hole in front of the peer's FIN is filled: it takes effect now, behind what came since.

    Args:
        endpoint: at which the FIN is queued.
        segment: that fills the hole, queued already.
        start: offset of the FIN in the peer's stream.
    """
    last: Receipt | None = None
    waited = False
    receipt = endpoint.receipts
    while receipt is not None:
        if receipt.control_bits & FIN != 0 and receipt.frame < segment.frame:
            waited = True
            receipt.control_bits &= ~FIN
            if receipt.end == start + 1:
                receipt.end = start if receipt.start < start else receipt.start
        last = receipt
        receipt = receipt.next_receipt
    if not waited or last is None:
        return
    if last.frame == segment.frame and last.control_bits & FIN != 0:
        last.copy = False
        return
    due = segment.time_ns + half_round_trip(endpoint)
    last.next_receipt = Receipt(
        segment.frame, segment.time_ns, due, FIN, start, start + 1, UNKNOWN, UNKNOWN, False
    )


def withdraw_resets(endpoint: Endpoint) -> None:
    """The seeming sender of a RST goes on: it was not its own, whoever sent it."""
    _keep_only(endpoint, RST, False)


def park_reset(endpoint: Endpoint) -> None:
    """Do not believe a RST: what its sender sent before did not arrive either."""
    receipt = endpoint.receipts
    while receipt is not None:
        if receipt.control_bits & RST != 0:
            receipt.due_ns = NEVER
        receipt = receipt.next_receipt


def park_unanswered_fin(endpoint: Endpoint) -> None:
    """Several copies of the peer's FIN went unanswered: believe none before it is acknowledged."""
    receipt = endpoint.receipts
    while receipt is not None:
        if receipt.control_bits & FIN != 0:
            receipt.due_ns = NEVER
        receipt = receipt.next_receipt


def reached_closed(endpoint: Endpoint) -> bool:
    """Whether a queued receipt leads to CLOSED."""
    return endpoint.believed == CLOSED and endpoint.proven != CLOSED
