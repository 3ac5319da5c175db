"""Kinds of observation about the stream itself: the second word of the mask of a connection.

Compiled: yes

The first word (table/observation.py) has room for no more. A kind of this module carries the mark
STREAM besides its own bit, so that `Connection.note`, `Connection.tally` and `tallies()` take
kinds of both words; its own bit goes to `Connection.stream_observed`, which never holds the mark.
So `connection.stream_observed & KIND` tells whether it is there; `connection.observed & KIND` is
always 0.

A kind of a finding that is a mere fact has one bit for each end, `..._ORIGINATOR` and
`..._RESPONDER`: the findings are then counted by the mask alone (findings/registry.py,
`stream_facts`). Unlike the facts of the first word they have tallies.

Each family has a block of bits; a new kind takes a free one of its family:
SQ 0 to 20, WN 21 to 30, KA 31 to 37, OP 38 to 46, MB 47 to 52, CP 53 to 58, FL 59 and 60.
"""

from typing import Final

from mypy_extensions import i64

STREAM: Final = 0x2000_0000_0000_0000  # bit 61: the mark of the kinds of this module

# SQ: sequence numbers. The comment says what `first`, `second`, `third` of the observation are.
# Each noted for the sender of the octets, but those about acknowledgements for who sent these.
RTO_ORIGINATOR: Final = STREAM | 0x1  # gap in ns, offset, bits: EARLY, FILLS, KNOWN_GAP
RTO_RESPONDER: Final = STREAM | 0x2
FAST_ORIGINATOR: Final = STREAM | 0x4  # ns since last asked for, offset, bits: FILLS, duplicates
FAST_RESPONDER: Final = STREAM | 0x8
SPURIOUS_ORIGINATOR: Final = STREAM | 0x10  # ns since an ACK, frame of that, frame of DSACK or 0
SPURIOUS_RESPONDER: Final = STREAM | 0x20
OUT_OF_ORDER_ORIGINATOR: Final = STREAM | 0x40  # ns late, segments late, PROOF_...
OUT_OF_ORDER_RESPONDER: Final = STREAM | 0x80
DUPLICATE_ACKS_ORIGINATOR: Final = STREAM | 0x100  # offset, how many, highest SACK edge or 0
DUPLICATE_ACKS_RESPONDER: Final = STREAM | 0x200
LOST_BEFORE_TAP_ORIGINATOR: Final = STREAM | 0x400  # frame that opened the hole, octets, ns open
LOST_BEFORE_TAP_RESPONDER: Final = STREAM | 0x800
RTO_MANY: Final = STREAM | 0x1000  # no tally: above the share of the settings
EXCESSIVE: Final = STREAM | 0x2000  # retransmissions of one octet, its offset, ns from the first
GIVEN_UP: Final = STREAM | 0x4000  # retransmissions, ns from first to last, frame of RST or 0
ACK_UNACCEPTABLE: Final = STREAM | 0x8000  # ack - limit, state of the other end, frame of answer
OUTSIDE_WINDOW: Final = STREAM | 0x1_0000  # octets beyond the edge, state of receiver, edge
OVERLAP_CONFLICT: Final = STREAM | 0x2_0000  # offset, octets compared, frame of the first copy
PAWS_REJECT: Final = STREAM | 0x4_0000  # ticks too old, TSval, newest TSval before
FLIGHT_EXCESSIVE: Final = STREAM | 0x8_0000  # octets in flight, largest window, last ACK's frame
SACK_RENEGED: Final = STREAM | 0x10_0000  # left edge, right edge, frame that no longer has it
# WN: window. Noted for who advertises the window, but probes and full windows for who sends.
ZERO_WINDOW_ORIGINATOR: Final = STREAM | 0x20_0000  # ns closed (0: still), frame opening it, 0
ZERO_WINDOW_RESPONDER: Final = STREAM | 0x40_0000
ZERO_WINDOW_LONG: Final = STREAM | 0x80_0000  # no tally: once closed for more than a second
WINDOW_PROBE_ORIGINATOR: Final = STREAM | 0x100_0000  # ns since probe before, octets, answer frame
WINDOW_PROBE_RESPONDER: Final = STREAM | 0x200_0000
WINDOW_STALL: Final = STREAM | 0x400_0000  # ns closed, how it ended: STALL_..., probes
WINDOW_FULL_ORIGINATOR: Final = STREAM | 0x800_0000  # octets of the window, 0, 0
WINDOW_FULL_RESPONDER: Final = STREAM | 0x1000_0000
WINDOW_FULL_MANY: Final = STREAM | 0x2000_0000  # no tally: above a fifth of the data segments
WINDOW_SHRUNK: Final = STREAM | 0x4000_0000  # octets taken back, edge before, edge now

# Bits of `third` of a retransmission.
EARLY: Final = 1  # sooner than a retransmission timeout: a probe, or another algorithm
FILLS: Final = 2  # octets that had not been captured before
KNOWN_GAP: Final = 4  # the gap is to the copy before, not only to the newest data
DUPLICATES: Final = 8  # times the number of duplicate ACKs, of a fast one
# Why a late segment was sent before the one that overtook it.
PROOF_TIME: Final = 0  # only that it came too soon to be a retransmission
PROOF_TSVAL: Final = 1
PROOF_IP_ID: Final = 2
# How a closed window ended.
STALL_OPENED: Final = 0
STALL_RESET: Final = 1
STALL_FIN: Final = 2
STALL_END: Final = 3  # of the capture
WORD: Final = 64  # bits by which this word stands above the first, in `both_words`

# KA, keep-alive and idleness (observer/liveness.py). A number is 0 where nothing is said of it.
KEEPALIVE_ORIGINATOR: Final = (
    STREAM | 0x8000_0000
)  # fact; noted for the prober: ns since its segment before, frame of the answer, answered before
KEEPALIVE_RESPONDER: Final = STREAM | 0x1_0000_0000  # likewise
KEEPALIVE_UNANSWERED: Final = (
    STREAM | 0x2_0000_0000
)  # noted for the prober: probes in a row, ns since the one before, frame of the first
PEER_SILENT: Final = (
    STREAM | 0x4_0000_0000
)  # noted for the silent end with its last frame: segments that ask, since ns, spoke again at ns
IDLE: Final = (
    STREAM | 0x8_0000_0000
)  # noted for the end that speaks again: ns, longest survived before, frame before
LONG_IDLE: Final = STREAM | 0x10_0000_0000  # ns, frame before, 1 if a segment ended it
IDLE_CLOSE: Final = STREAM | 0x20_0000_0000  # noted for the end that sends the FIN: ns

# OP, header and options (observer/oddities.py).
INVALID_FLAGS: Final = STREAM | 0x40_0000_0000  # control bits, believed state of the receiver
FIELD_WITHOUT_FLAG_ORIGINATOR: Final = STREAM | 0x80_0000_0000  # fact: FIELD_..., value
FIELD_WITHOUT_FLAG_RESPONDER: Final = STREAM | 0x100_0000_0000  # likewise
OPTION_MALFORMED: Final = (
    STREAM | 0x200_0000_0000
)  # BAD_... << 16 | kind << 8 | length, up to 7 octets of it, how many these are
NEGOTIATION_VIOLATION: Final = STREAM | 0x400_0000_0000  # VIOLATION_..., two values
TIMESTAMP_DROPPED: Final = (
    STREAM | 0x800_0000_0000
)  # 0 if there is none, 1 if TSecr is not the peer's: TSecr, newest TSval of the peer (wrapped)
HEADER_MALFORMED: Final = STREAM | 0x1000_0000_0000  # HEADER_..., two values
ECN_SYN: Final = STREAM | 0x2000_0000_0000  # no tally: the first SYN asks for ECN (RFC 3168)
ECN_BLOCKED: Final = STREAM | 0x4000_0000_0000  # ECN_..., frame of the failed SYN, delay in ns

# MB, the path (observer/path.py, observer/liveness.py).
TTL_SHIFT_ORIGINATOR: Final = STREAM | 0x8000_0000_0000  # fact: TTL, TTL before, segments with it
TTL_SHIFT_RESPONDER: Final = STREAM | 0x1_0000_0000_0000  # likewise
IDLE_UNANSWERED: Final = (
    STREAM | 0x2_0000_0000_0000
)  # idle ns, transmissions (0: answered by a foreign RST), longest idle survived
IDLE_RESET: Final = (
    STREAM | 0x4_0000_0000_0000
)  # noted for the sender of the RST: idle ns, RESET_..., 1 no socket + 2 TTL differs
HANDSHAKE_PROXIED: Final = STREAM | 0x8_0000_0000_0000  # PROXIED_..., handshake's value, later one
SIZE_LOST: Final = (
    STREAM | 0x10_0000_0000_0000
)  # octets, retransmissions, 0; or by ICMP: octets, frame of the first smaller one, MTU + 1
# CP
CHECKSUM_BAD: Final = STREAM | 0x20_0000_0000_0000  # bit 53: stored, computed, control bits

# FL
CONTROL_STORM: Final = STREAM | 0x800_0000_0000_0000  # bit 59: RSTs, FINs, pure ACKs in a loop


def keepalive(of_originator: bool) -> i64:
    """The kind KEEPALIVE_... of an end."""
    if of_originator:
        return KEEPALIVE_ORIGINATOR
    return KEEPALIVE_RESPONDER


def ttl_shift(of_originator: bool) -> i64:
    """The kind TTL_SHIFT_... of an end."""
    if of_originator:
        return TTL_SHIFT_ORIGINATOR
    return TTL_SHIFT_RESPONDER


def field_without_flag(of_originator: bool) -> i64:
    """The kind FIELD_WITHOUT_FLAG_... of an end."""
    if of_originator:
        return FIELD_WITHOUT_FLAG_ORIGINATOR
    return FIELD_WITHOUT_FLAG_RESPONDER


def both_words(observed: int, stream_observed: int) -> int:
    """The masks of a connection, `observed` and `stream_observed`, as one number."""
    return observed | stream_observed << WORD
