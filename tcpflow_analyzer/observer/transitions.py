"""THE transition table of one endpoint: every rule that moves a state stands in this file as data.

Compiled: yes

Rules of this file:
  1. It does not know who is originator and who responder: both endpoints obey the same rows.
  2. `SND_` events are facts, `RCV_` events proven or believed receipts of acceptable segments, in
     sequence order, so that the same rows serve the proven and the believed state.
  3. A compound segment is several events, in the order of RFC 9293 3.10.7.4: RST, SYN, ACK, FIN.
     Hence note 2 of figure 5 (FIN-WAIT-1 to TIME-WAIT) needs no row: the ACK of our FIN comes
     first (FIN-WAIT-2), then the FIN (TIME-WAIT).
  4. What does not fit rows stands in observer/receipts.py (which receipts are proven) and in
     observer/pick_up.py (sets of states for connections that were running before the capture).

Three tuples in reading order, then a reason for every pair that has no edge. LISTEN is passed
through only when a SYN is answered; where RFC 9293 returns to LISTEN, the record of this connection
ends CLOSED (the listener itself is not a connection).
"""

from typing import Final, NamedTuple

from mypy_extensions import i64

from tcpflow_analyzer.tcp.events import (
    EVENT_COUNT,
    PICK_UP,
    RCV_ACK_OF_FIN,
    RCV_ACK_OF_SYN,
    RCV_FIN,
    RCV_ICMP_ERROR,
    RCV_RST,
    RCV_SYN,
    RCV_SYN_ACK,
    REPLACED,
    SND_ACK,
    SND_DATA,
    SND_FIN,
    SND_RST,
    SND_SYN,
    SND_SYN_ACK,
    TIMER_GIVE_UP,
    TIMER_TIME_WAIT,
)
from tcpflow_analyzer.tcp.states import (
    CLOSE_WAIT,
    CLOSED,
    CLOSING,
    ESTABLISHED,
    FIN_WAIT_1,
    FIN_WAIT_2,
    LAST_ACK,
    LISTEN,
    STATE_COUNT,
    SYN_RECEIVED,
    SYN_SENT,
    TIME_WAIT,
)


class Edge(NamedTuple):
    """In `state`, `event` leads to `next_state`; `source` says where that is written or why."""

    state: int
    event: int
    next_state: int
    source: str


# fmt: off
# RFC 9293 section 3.3.2, figure 5, top to bottom. User calls are not on the wire: an active OPEN is
# seen as a SYN sent, CLOSE as a FIN sent; a passive OPEN is inferred when a SYN is answered.
FIGURE_5: Final = (
    #    state         event            next state    the figure's own words
    Edge(CLOSED,       SND_SYN,         SYN_SENT,     "active OPEN / create TCB, snd SYN"),
    Edge(LISTEN,       SND_SYN,         SYN_SENT,     "SEND / snd SYN"),
    Edge(LISTEN,       SND_SYN_ACK,     SYN_RECEIVED, "rcv SYN / snd SYN,ACK"),
    Edge(SYN_SENT,     RCV_SYN,         SYN_RECEIVED, "rcv SYN / snd SYN,ACK (simultaneous open)"),
    Edge(SYN_SENT,     RCV_SYN_ACK,     ESTABLISHED,  "rcv SYN,ACK / snd ACK"),
    Edge(SYN_RECEIVED, RCV_ACK_OF_SYN,  ESTABLISHED,  "rcv ACK of SYN / x"),
    Edge(SYN_RECEIVED, SND_FIN,         FIN_WAIT_1,   "CLOSE / snd FIN"),
    Edge(ESTABLISHED,  SND_FIN,         FIN_WAIT_1,   "CLOSE / snd FIN"),
    Edge(ESTABLISHED,  RCV_FIN,         CLOSE_WAIT,   "rcv FIN / snd ACK"),
    Edge(FIN_WAIT_1,   RCV_ACK_OF_FIN,  FIN_WAIT_2,   "rcv ACK of FIN / x"),
    Edge(FIN_WAIT_1,   RCV_FIN,         CLOSING,      "rcv FIN / snd ACK"),
    Edge(CLOSE_WAIT,   SND_FIN,         LAST_ACK,     "CLOSE / snd FIN"),
    Edge(FIN_WAIT_2,   RCV_FIN,         TIME_WAIT,    "rcv FIN / snd ACK"),
    Edge(CLOSING,      RCV_ACK_OF_FIN,  TIME_WAIT,    "rcv ACK of FIN / x"),
    Edge(LAST_ACK,     RCV_ACK_OF_FIN,  CLOSED,       "rcv ACK of FIN / x"),
    Edge(TIME_WAIT,    TIMER_TIME_WAIT, CLOSED,       "Timeout=2MSL / delete TCB"),
)

# Note 1: SYN-RECEIVED goes to LISTEN on a RST after a passive OPEN; that record ends here. Note 3:
# transitions on RST are left out of the figure; the texts of 3.10.7.2 to 3.10.7.4 have them. The
# sender of a RST goes to CLOSED as stacks do (docs/adr/0004).
NOTES_TO_FIGURE_5: Final = (
    Edge(SYN_SENT,     RCV_RST,         CLOSED,       "3.10.7.3 second step: connection reset"),
    Edge(SYN_RECEIVED, RCV_RST,         CLOSED,       "3.10.7.4 second step, note 1: back to LISTEN, or refused"),
    Edge(ESTABLISHED,  RCV_RST,         CLOSED,       "3.10.7.4 second step: connection reset"),
    Edge(FIN_WAIT_1,   RCV_RST,         CLOSED,       "3.10.7.4 second step: connection reset"),
    Edge(FIN_WAIT_2,   RCV_RST,         CLOSED,       "3.10.7.4 second step: connection reset"),
    Edge(CLOSE_WAIT,   RCV_RST,         CLOSED,       "3.10.7.4 second step: connection reset"),
    Edge(CLOSING,      RCV_RST,         CLOSED,       "3.10.7.4 second step: enter CLOSED"),
    Edge(LAST_ACK,     RCV_RST,         CLOSED,       "3.10.7.4 second step: enter CLOSED"),
    Edge(TIME_WAIT,    RCV_RST,         CLOSED,       "3.10.7.4 second step: enter CLOSED; RFC 1337 stacks ignore it (profile)"),
    Edge(LISTEN,       SND_RST,         CLOSED,       "3.10.7.2: it refused, so this socket pair has no connection"),
    Edge(SYN_SENT,     SND_RST,         CLOSED,       "3.10.5 ABORT: delete the TCB"),
    Edge(SYN_RECEIVED, SND_RST,         CLOSED,       "3.10.5 ABORT: send RST, enter CLOSED"),
    Edge(ESTABLISHED,  SND_RST,         CLOSED,       "3.10.5 ABORT: send RST, enter CLOSED"),
    Edge(FIN_WAIT_1,   SND_RST,         CLOSED,       "3.10.5 ABORT: send RST, enter CLOSED"),
    Edge(FIN_WAIT_2,   SND_RST,         CLOSED,       "3.10.5 ABORT: send RST, enter CLOSED"),
    Edge(CLOSE_WAIT,   SND_RST,         CLOSED,       "3.10.5 ABORT: send RST, enter CLOSED"),
    Edge(CLOSING,      SND_RST,         CLOSED,       "3.10.7.1: only a host without this connection sends it"),
    Edge(LAST_ACK,     SND_RST,         CLOSED,       "3.10.7.1: only a host without this connection sends it"),
    Edge(TIME_WAIT,    SND_RST,         CLOSED,       "3.10.7.1: TIME-WAIT answers with ACK, so it is gone (TW003)"),
)

# Not in figure 5: what an observer infers, and what clocks do.
OBSERVER: Final = (
    Edge(CLOSED,       RCV_SYN,         LISTEN,       "proven by its SYN,ACK: somebody had listened"),
    Edge(SYN_SENT,     RCV_ICMP_ERROR,  CLOSED,       "3.9.2.2: hard errors abort; Linux: connect() fails"),
    Edge(SYN_SENT,     TIMER_GIVE_UP,   CLOSED,       "3.8.3: R2 for a SYN; profile syn_retries"),
    Edge(SYN_RECEIVED, TIMER_GIVE_UP,   CLOSED,       "profile synack_retries: the entry is deleted"),
    Edge(ESTABLISHED,  TIMER_GIVE_UP,   CLOSED,       "3.8.3: R2 for data; profile data_give_up"),
    Edge(CLOSE_WAIT,   TIMER_GIVE_UP,   CLOSED,       "3.8.3: R2 for data; profile data_give_up"),
    Edge(FIN_WAIT_1,   TIMER_GIVE_UP,   CLOSED,       "profile orphan_retries: the FIN is not repeated for ever"),
    Edge(CLOSING,      TIMER_GIVE_UP,   CLOSED,       "profile orphan_retries"),
    Edge(LAST_ACK,     TIMER_GIVE_UP,   CLOSED,       "profile orphan_retries"),
)

_UNSYNCHRONISED: Final = (CLOSED, LISTEN, SYN_SENT)
_SYNCHRONISED: Final = (
    ESTABLISHED, FIN_WAIT_1, FIN_WAIT_2, CLOSE_WAIT, CLOSING, LAST_ACK, TIME_WAIT
)
_OWN_FIN_SENT: Final = (FIN_WAIT_1, FIN_WAIT_2, CLOSING, LAST_ACK, TIME_WAIT)
_PEER_FIN_RECEIVED: Final = (CLOSE_WAIT, CLOSING, LAST_ACK, TIME_WAIT)


class Stay(NamedTuple):
    """In each of `states`, `event` changes nothing; `reason` says why."""

    event: int
    states: tuple[int, ...]
    reason: str


# Every pair without an edge, grouped by reason. tests/observer/test_transitions.py counts that
# edges and these make all pairs, each once.
NO_EDGE: Final = (
    Stay(SND_SYN,         (SYN_SENT,),            "retransmission, or a new attempt with another ISN (HS002, HS003)"),
    Stay(SND_SYN,         (SYN_RECEIVED,),        "simultaneous open: the SYN was sent before the peer's arrived"),
    Stay(SND_SYN,         _SYNCHRONISED,          "opens a new incarnation: observer/incarnation.py"),
    Stay(SND_SYN_ACK,     (CLOSED,),              "not possible: LISTEN is passed first (row RCV_SYN)"),
    Stay(SND_SYN_ACK,     (SYN_SENT,),            "not possible: the peer's SYN was received first"),
    Stay(SND_SYN_ACK,     (SYN_RECEIVED,),        "the state's own segment, or its retransmission (HS006)"),
    Stay(SND_SYN_ACK,     _SYNCHRONISED,          "not possible; a second answer is HS011 or a new incarnation"),
    Stay(SND_ACK,         _UNSYNCHRONISED,        "not possible without history: mid-stream pick-up (CP001)"),
    Stay(SND_ACK,         (SYN_RECEIVED,),        "not possible before the ACK of its SYN: that is proven first"),
    Stay(SND_ACK,         _SYNCHRONISED,          "allowed in every synchronised state"),
    Stay(SND_DATA,        _UNSYNCHRONISED,        "not possible without history: mid-stream pick-up (CP001), HS015"),
    Stay(SND_DATA,        (SYN_RECEIVED,),        "RFC 7413: data before the third segment under Fast Open"),
    Stay(SND_DATA,        (ESTABLISHED, CLOSE_WAIT), "3.10.2 SEND"),
    Stay(SND_DATA,        _OWN_FIN_SENT,          "retransmission; new data is CL007"),
    Stay(SND_FIN,         _UNSYNCHRONISED,        "3.10.4 CLOSE sends nothing here (HS019)"),
    Stay(SND_FIN,         _OWN_FIN_SENT,          "retransmission (CL002)"),
    Stay(SND_RST,         (CLOSED,),              "3.10.7.1: no connection, as before"),
    Stay(RCV_SYN,         (LISTEN,),              "counted when it is answered"),
    Stay(RCV_SYN,         (SYN_RECEIVED,),        "the same SYN again draws a SYN,ACK, another a challenge ACK"),
    Stay(RCV_SYN,         _SYNCHRONISED,          "RFC 5961 section 4: challenge ACK (HS017); TIME-WAIT: incarnation.py"),
    Stay(RCV_SYN_ACK,     (CLOSED, LISTEN),       "3.10.7.1, 3.10.7.2: answered by RST"),
    Stay(RCV_SYN_ACK,     (SYN_RECEIVED,),        "taken as the ACK of its SYN (row RCV_ACK_OF_SYN)"),
    Stay(RCV_SYN_ACK,     _SYNCHRONISED,          "duplicate: answered by an ACK"),
    Stay(RCV_ACK_OF_SYN,  _UNSYNCHRONISED,        "3.10.7.1 to 3.10.7.3: no SYN of it, or no SYN with it"),
    Stay(RCV_ACK_OF_SYN,  _SYNCHRONISED,          "known already"),
    Stay(RCV_FIN,         _UNSYNCHRONISED,        "3.10.7.4 eighth step: SEG.SEQ cannot be validated, drop"),
    Stay(RCV_FIN,         (SYN_RECEIVED,),        "its segment acknowledges the SYN: ESTABLISHED is passed first"),
    Stay(RCV_FIN,         _PEER_FIN_RECEIVED,     "3.10.7.4 eighth step: remain; TIME-WAIT restarts 2 MSL"),
    Stay(RCV_ACK_OF_FIN,  (CLOSED, LISTEN, SYN_SENT, SYN_RECEIVED, ESTABLISHED, CLOSE_WAIT), "it sent no FIN"),
    Stay(RCV_ACK_OF_FIN,  (FIN_WAIT_2, TIME_WAIT), "known already"),
    Stay(RCV_RST,         (CLOSED, LISTEN),       "3.10.7.1, 3.10.7.2: ignored"),
    Stay(RCV_ICMP_ERROR,  (CLOSED, LISTEN, SYN_RECEIVED, *_SYNCHRONISED), "RFC 5927: soft error only"),
    Stay(TIMER_GIVE_UP,   (CLOSED, LISTEN),       "nothing is retransmitted"),
    Stay(TIMER_GIVE_UP,   (FIN_WAIT_2,),          "only an orphan times out, and the tap cannot see close() (CL006)"),
    Stay(TIMER_GIVE_UP,   (TIME_WAIT,),           "row TIMER_TIME_WAIT"),
    Stay(TIMER_TIME_WAIT, (CLOSED, LISTEN, SYN_SENT, SYN_RECEIVED, ESTABLISHED, FIN_WAIT_1, FIN_WAIT_2, CLOSE_WAIT, CLOSING, LAST_ACK), "only TIME-WAIT has this timer"),
    Stay(PICK_UP,         tuple(range(STATE_COUNT)), "sets the state directly: observer/pick_up.py"),
    Stay(REPLACED,        tuple(range(STATE_COUNT)), "sets CLOSED directly: observer/incarnation.py"),
)
# fmt: on

NO_NEXT: Final = 255


def _flatten() -> bytes:
    table = bytearray([NO_NEXT] * (STATE_COUNT * EVENT_COUNT))
    for edge in FIGURE_5 + NOTES_TO_FIGURE_5 + OBSERVER:
        table[edge.state * EVENT_COUNT + edge.event] = edge.next_state
    return bytes(table)


_NEXT: Final[bytes] = _flatten()

# In which states an endpoint may send a segment of a kind at all (bit number = state): where a mask
# says no, a pick-up guess was wrong, or the segment breaks the protocol.
MAY_SEND: Final[tuple[int, ...]] = tuple(
    sum(
        1 << state
        for state in range(STATE_COUNT)
        if event == SND_RST
        or (event == SND_SYN and state in {CLOSED, LISTEN, SYN_SENT, SYN_RECEIVED})
        or (event == SND_SYN_ACK and state in {LISTEN, SYN_RECEIVED})
        or (event == SND_ACK and state in _SYNCHRONISED)
        or (event == SND_DATA and state not in {*_UNSYNCHRONISED, SYN_RECEIVED, TIME_WAIT})
        or (event == SND_FIN and state not in {*_UNSYNCHRONISED, FIN_WAIT_2, TIME_WAIT})
    )
    for event in range(EVENT_COUNT)
)


def next_state(state: i64, event: i64) -> i64:
    """The state after `event`, or NO_NEXT where it stays."""
    return _NEXT[state * EVENT_COUNT + event]
