"""Zeek's view of a connection, kept beside ours so that the output can say what Zeek would.

Compiled: yes

Rules of this file: they are Zeek's, not ours, also where ours are better; nothing here moves a
state of the observer. Sources: Zeek src/packet_analysis/protocol/tcp/TCPSessionAdapter.cc (states,
letters, SYN/SYN-ACK reversal), TCP.cc (WantConnection), TCP_Reassembler.cc (gaps), src/Conn.cc
(ScaledHistoryEntry, FlipRoles), pull request zeek#2191 (roles after a lone SYN-ACK). Not modelled:
Zeek's timeouts, its checksum test (letter C) and its limits (letter X).
"""

from typing import Final

from mypy_extensions import i64

from tcpflow_analyzer.decode.segment import Segment
from tcpflow_analyzer.observer.stream_analysis import captured_end
from tcpflow_analyzer.table.connection import Connection
from tcpflow_analyzer.table.endpoint import Endpoint
from tcpflow_analyzer.tcp.control_bits import ACK, FIN, RST, SYN, SYN_FIN_RST

# Zeek's states of one end, TCP_Endpoint.h: the low four bits of ZeekEnd.state. The next four
# bits hold the state before, then 18 bits each count retransmissions, zero windows and gaps.
INACTIVE: Final = 0  # nothing seen of it
SYN_SENT: Final = 1
SYN_ACK_SENT: Final = 2  # before any SYN of its peer
PARTIAL: Final = 3  # no SYN seen of it
ESTABLISHED: Final = 4
CLOSED: Final = 5  # sent a FIN
RESET: Final = 6  # sent a RST

_STATE_BITS: Final = 4
_STATE_MASK: Final = 0xF
_BOTH_STATES: Final = 0xFF
_COUNT_MASK: Final = 0x3FFFF  # a full counter stays; the last letter is written at 100,000
_TRUNCATED_MOST: Final = 10  # gaps; all segments of such a capture would take the long way
RETRANSMISSIONS: Final = 0x100  # one of each counter
ZERO_WINDOWS: Final = 0x400_0000
GAPS: Final = 0x1000_0000_0000

# Bits of Connection.history_seen: what the originator (ours) sent; 16 bits higher the responder.
SEEN_SYN: Final = 0x1
SEEN_FIN: Final = 0x2
SEEN_RST: Final = 0x4
SEEN_FIN_RST: Final = 0x8
SEEN_DATA: Final = 0x10
SEEN_ACK: Final = 0x20
SEEN_MULTIPLE: Final = 0x40
_OF_RESPONDER: Final = 16
ROLES_SWAPPED: Final = 0x1_0000_0000  # Zeek's originator is our responder
STARTED: Final = 0x2_0000_0000
# Truncated payload of the originator awaits its acknowledgement; one bit higher the responder's.
UNDELIVERED: Final = 0x4_0000_0000
NOT_KEPT: Final = 0x10_0000_0000  # nobody will look: no letter is written, no state moves

# Letters in five bits each. The responder's letter stands behind the originator's.
LETTERS: Final = "-SsHhAaDdFfRrTtWwGgIiQq^"
_S: Final = 1
_H: Final = 3
_A: Final = 5
_D: Final = 7
_F: Final = 9
_R: Final = 11
_T: Final = 13
_W: Final = 15
_G: Final = 17
_I: Final = 19
_Q: Final = 21
_FLIP: Final = 23
_LETTER_BITS: Final = 5
_LETTER_MASK: Final = 0x1F
_FULL: Final = 0x80_0000_0000_0000  # from here on the twelfth letter is there

# Most connections of a capture have one of few histories.
_SPELLED: Final[dict[int, str]] = {}
_MOST_SPELLED: Final = 1024

# What Zeek's own scripts add to `likely_server_ports` (TCP), scripts/base/protocols/*/main.zeek.
LIKELY_SERVER_PORTS: Final = frozenset({
    21, 22, 25, 53, 79, 80, 81, 88, 135, 139, 143, 389, 443, 445, 502, 563, 585, 587, 614, 631, 636,
    989, 990, 992, 993, 995, 1080, 1883, 2811, 3128, 3268, 3389, 5222, 5223, 5269, 5432, 6379, 6666,
    6667, 6668, 6669, 8000, 8080, 8888, 20000,
})  # fmt: skip


def zeek_state(endpoint: Endpoint) -> i64:
    """Zeek's state of an end, INACTIVE to RESET."""
    zeek = endpoint.zeek
    if zeek is None:
        return INACTIVE
    return zeek.state & _STATE_MASK


def history_text(connection: Connection) -> str:
    """Zeek's history: upper case for its originator, lower for its responder, "^" for a flip."""
    return connection.history_more + _spell(connection.history)


def record(
    connection: Connection,
    from_originator: bool,
    segment: Segment,
    sequence: i64,
    acknowledgement: i64,
) -> None:
    """Do what Zeek would with a segment, before the observer changes anything for it.

    Args:
        connection: its connection; only the history and the endpoints' `zeek_` fields change.
        from_originator: whether our originator sent it.
        segment: the segment.
        sequence: offset of SEG.SEQ in the sender's stream.
        acknowledgement: offset of SEG.ACK in the peer's stream, UNKNOWN without the ACK bit.
    """
    if connection.history_seen & NOT_KEPT != 0:
        return
    _settle_roles(connection, from_originator, segment)
    if from_originator:
        sender = connection.originator
        peer = connection.responder
    else:
        sender = connection.responder
        peer = connection.originator
    lower: i64 = 0
    if from_originator == (connection.history_seen & ROLES_SWAPPED != 0):
        lower = 1
    _write_letter(connection, sender, from_originator, segment, lower)
    if segment.window == 0 and _is_zero_window(sender, peer, segment.control_bits):
        _count(connection, sender, ZERO_WINDOWS, _W + lower)
    if segment.payload_len > 0:
        last = captured_end(connection, from_originator)
        if _is_retransmission(sender, segment, sequence, last):
            _count(connection, sender, RETRANSMISSIONS, _T + lower)
    _change_state(connection, sender, peer, segment, lower)
    if acknowledgement > peer.snd_una:
        _reveal_gaps(connection, sender, peer, acknowledgement, _G + 1 - lower)
    if segment.truncated and segment.payload_len > 0 and segment.control_bits & RST == 0:
        _hold_back(connection, sender)


def has_letter(connection: Connection, from_originator: bool, segment: Segment) -> bool:
    """Whether a segment in order, with data or a new acknowledgement, changes nothing here.

    Its letter is written already, and no gap can come of it.
    """
    if connection.history_seen & NOT_KEPT != 0:
        return True
    data = segment.payload_len > 0
    seen: i64 = SEEN_DATA if data else SEEN_ACK
    undelivered: i64 = UNDELIVERED
    if from_originator:
        undelivered <<= 1
    else:
        seen <<= _OF_RESPONDER
    if connection.history_seen & seen == 0 or connection.history_seen & undelivered != 0:
        return False
    return not (data and segment.truncated and _expects_gaps(connection.endpoint(from_originator)))


# Roles


def _settle_roles(connection: Connection, from_originator: bool, segment: Segment) -> None:
    """Decide whom Zeek calls originator: at the first segment, again after a lone SYN-ACK."""
    seen = connection.history_seen
    if seen & STARTED == 0:
        seen |= STARTED
        if not from_originator:
            seen |= ROLES_SWAPPED
        if _is_from_likely_server(connection, from_originator, segment.control_bits):
            seen ^= ROLES_SWAPPED
            connection.history = _FLIP
        connection.history_seen = seen
    elif connection.history == _H and len(connection.history_more) == 0:
        # A stealth scan's SYN-ACK meets a RST or silence; with an ACK or data it was an answer.
        control_bits = segment.control_bits
        if control_bits & SYN_FIN_RST == 0 and (segment.payload_len > 0 or control_bits & ACK != 0):
            if seen & ROLES_SWAPPED != 0:
                _set_state(connection.responder, ESTABLISHED)
            else:
                _set_state(connection.originator, ESTABLISHED)
            connection.history_seen = seen ^ ROLES_SWAPPED
            connection.history = (_FLIP << _LETTER_BITS) | (_H + 1)


def _is_from_likely_server(
    connection: Connection, from_originator: bool, control_bits: i64
) -> bool:
    """Whether Zeek takes the sender of the first segment for the server (WantConnection)."""
    if control_bits & SYN != 0 and control_bits & ACK == 0:
        return False
    key = connection.key
    at: i64 = 2 * connection.address_len
    source: i64 = (i64(key[at]) << 8) | i64(key[at + 1])
    destination: i64 = (i64(key[at + 2]) << 8) | i64(key[at + 3])
    if not from_originator:
        source, destination = destination, source
    if source not in LIKELY_SERVER_PORTS:
        return False
    if destination in LIKELY_SERVER_PORTS:
        return control_bits & SYN == 0 and source < destination
    return True


# Letters


def _write_letter(
    connection: Connection, sender: Endpoint, from_originator: bool, segment: Segment, lower: i64
) -> None:
    """Write the letter of the control bits or of the payload (update_history)."""
    control_bits = segment.control_bits
    which = control_bits & SYN_FIN_RST
    if which == 0:
        if segment.payload_len > 0:
            _see(connection, from_originator, SEEN_DATA, _D + lower)
        elif control_bits & ACK != 0:
            _see(connection, from_originator, SEEN_ACK, _A + lower)
    elif which == SYN:
        letter: i64 = _S
        if control_bits & ACK != 0:
            letter = _H
        state = zeek_state(sender)
        # In all other states Zeek starts its numbering anew at the SYN and sees no difference.
        is_other = state in (CLOSED, RESET) and segment.seq != sender.zeek_end().syn
        if _see(connection, from_originator, SEEN_SYN, letter + lower) and is_other:
            _add(connection, letter + lower)
        sender.zeek_end().syn = segment.seq
    elif which == FIN:
        end = (segment.seq + segment.payload_len) & 0xFFFF_FFFF
        if _see(connection, from_originator, SEEN_FIN, _F + lower) and end != sender.zeek_end().fin:
            _add(connection, _F + lower)
        sender.zeek_end().fin = end
    elif which == RST:
        seq = segment.seq
        if _see(connection, from_originator, SEEN_RST, _R + lower) and seq != sender.zeek_end().rst:
            _add(connection, _R + lower)
        sender.zeek_end().rst = seq
    elif control_bits & FIN != 0 and control_bits & RST != 0:
        _see(connection, from_originator, SEEN_FIN_RST, _I + lower)
    else:
        _see(connection, from_originator, SEEN_MULTIPLE, _Q + lower)


def _see(connection: Connection, from_originator: bool, kind: i64, letter: i64) -> bool:
    """Write a letter if this kind is new for this end; whether it was seen before."""
    if not from_originator:
        kind <<= _OF_RESPONDER
    if connection.history_seen & kind != 0:
        return True
    connection.history_seen |= kind
    _add(connection, letter)
    return False


def _add(connection: Connection, letter: i64) -> None:
    """Append a letter to the history."""
    if connection.history >= _FULL:
        connection.history_more += _spell(connection.history)
        connection.history = 0
    connection.history = (connection.history << _LETTER_BITS) | letter


def _count(connection: Connection, endpoint: Endpoint, unit: i64, letter: i64) -> None:
    """Count an event; write its letter the 1st, 10th, 100th ... time (ScaledHistoryEntry)."""
    count = (endpoint.zeek_end().state // unit) & _COUNT_MASK
    if count == _COUNT_MASK:
        return
    endpoint.zeek_end().state += unit
    count += 1
    if count in (1, 10, 100, 1000, 10_000, 100_000):
        _add(connection, letter)


def _spell(history: i64) -> str:
    """Letters of a packed history, oldest first."""
    known = _SPELLED.get(history)
    if known is not None:
        return known
    text = ""
    rest = history
    while rest > 0:
        text = LETTERS[rest & _LETTER_MASK] + text
        rest >>= _LETTER_BITS
    if len(_SPELLED) < _MOST_SPELLED:
        _SPELLED[history] = text
    return text


# States


def _set_state(endpoint: Endpoint, state: i64) -> None:
    """Change Zeek's state of an end and keep the one before (TCP_Endpoint::SetState)."""
    before = endpoint.zeek_end().state & _STATE_MASK
    if state != before:
        counts = endpoint.zeek_end().state & ~_BOTH_STATES
        endpoint.zeek_end().state = counts | (before << _STATE_BITS) | state


def _previous_state(endpoint: Endpoint) -> i64:
    """Zeek's state of an end before its present one."""
    return (endpoint.zeek_end().state >> _STATE_BITS) & _STATE_MASK


def _is_zero_window(sender: Endpoint, peer: Endpoint, control_bits: i64) -> bool:
    """Whether a window of 0 means anything: not with or after a RST, not after the peer's FIN."""
    return control_bits & RST == 0 and zeek_state(peer) != CLOSED and zeek_state(sender) != RESET


def _is_clean(endpoint: Endpoint) -> bool:
    """Whether gaps in what this end sent count: established, or closed from there (is_clean)."""
    state = zeek_state(endpoint)
    if state == CLOSED:
        return _previous_state(endpoint) == ESTABLISHED
    return state == ESTABLISHED


def _is_retransmission(sender: Endpoint, segment: Segment, sequence: i64, last: i64) -> bool:
    """Whether a segment with payload ends no later than `last`, an offset (update_last_seq)."""
    state = zeek_state(sender)
    if state == RESET or segment.control_bits & RST != 0:
        return False
    if segment.control_bits & SYN != 0:
        return True  # the numbering starts at this very segment, which then brings nothing new
    if state == INACTIVE:
        return False
    end = sequence + segment.payload_len
    if segment.control_bits & FIN != 0:
        if last == 1:
            return False
        end += 1
    return end <= last


def _reveal_gaps(
    connection: Connection, sender: Endpoint, peer: Endpoint, acknowledgement: i64, letter: i64
) -> None:
    """Count what an acknowledgement shows to be missing of the peer's stream (AckReceived)."""
    gaps: i64 = 0
    if acknowledgement > peer.contiguous:
        gaps = _gaps(peer, acknowledgement)
    undelivered: i64 = UNDELIVERED
    if not peer.is_originator:
        undelivered <<= 1
    if connection.history_seen & undelivered != 0:
        gaps = max(gaps, 1)
        if acknowledgement >= captured_end(connection, peer.is_originator):
            connection.history_seen &= ~undelivered
    if _is_clean(peer) and _is_clean(sender):
        while gaps > 0:
            _count(connection, peer, GAPS, letter)
            gaps -= 1


def _hold_back(connection: Connection, sender: Endpoint) -> None:
    """Zeek does not deliver payload that the capture truncated: its acknowledgement shows a gap."""
    if _expects_gaps(sender):
        undelivered: i64 = UNDELIVERED
        if not sender.is_originator:
            undelivered <<= 1
        connection.history_seen |= undelivered


def _expects_gaps(endpoint: Endpoint) -> bool:
    """Whether gaps by truncation are still counted: up to the second letter, then they are not."""
    return endpoint.zeek_end().state // GAPS < _TRUNCATED_MOST


def _gaps(endpoint: Endpoint, acknowledgement: i64) -> i64:
    """How many holes an acknowledgement reveals in the stream of `endpoint` (TCP_Reassembler)."""
    count: i64 = 0
    position = endpoint.contiguous
    holes = endpoint.holes
    if holes is not None:
        index: i64 = 0
        while index + 1 < len(holes):
            start: i64 = holes[index]
            if start >= acknowledgement:
                break
            if start > position:
                count += 1
            end: i64 = holes[index + 1]
            position = max(position, end)
            index += 2
    if acknowledgement > position:
        count += 1
    return count


def _change_state(
    connection: Connection, sender: Endpoint, peer: Endpoint, segment: Segment, lower: i64
) -> None:
    """Move Zeek's states of both ends (UpdateStateMachine); `lower` is 1 for Zeek's responder."""
    state = zeek_state(sender)
    control_bits = segment.control_bits
    if state == INACTIVE:
        _leave_inactive(connection, sender, peer, segment, lower)
    elif control_bits & SYN_FIN_RST == 0 or state == RESET:
        return
    elif state in (SYN_SENT, SYN_ACK_SENT):
        if control_bits & FIN != 0:
            _set_state(sender, CLOSED)
        if control_bits & RST != 0:
            _set_state(sender, RESET)
    elif state in (ESTABLISHED, PARTIAL):
        _leave_established(sender, peer, control_bits)
    elif control_bits & RST != 0 and zeek_state(peer) != CLOSED:
        _set_state(sender, RESET)


def _leave_inactive(
    connection: Connection, sender: Endpoint, peer: Endpoint, segment: Segment, lower: i64
) -> None:
    """First segment of an end (UpdateInactiveState)."""
    control_bits = segment.control_bits
    if control_bits & SYN != 0:
        if lower == 0:
            _set_state(sender, SYN_ACK_SENT if control_bits & ACK != 0 else SYN_SENT)
        else:
            _answer(connection, sender, peer, control_bits)
    if control_bits & FIN != 0:
        _set_state(sender, CLOSED)
    if control_bits & RST != 0:
        _set_state(sender, RESET)
    if zeek_state(sender) != INACTIVE:
        return
    if lower == 1 and segment.payload_len == 0 and zeek_state(peer) == SYN_SENT:
        return  # an ACK of the SYN before the SYN-ACK
    if control_bits & ACK != 0 and zeek_state(peer) == ESTABLISHED:
        _set_state(sender, ESTABLISHED)  # the SYN was missed
    else:
        _set_state(sender, PARTIAL)


def _answer(connection: Connection, sender: Endpoint, peer: Endpoint, control_bits: i64) -> None:
    """First segment of Zeek's responder, a SYN or SYN-ACK."""
    if control_bits & ACK == 0 and zeek_state(peer) == SYN_ACK_SENT:
        # The SYN comes behind its SYN-ACK: captured in the wrong order.
        connection.history_seen ^= ROLES_SWAPPED
        _add(connection, _FLIP)
        _set_state(peer, ESTABLISHED)
    if zeek_state(peer) == SYN_SENT:
        _set_state(peer, ESTABLISHED)
    _set_state(sender, ESTABLISHED)


def _leave_established(sender: Endpoint, peer: Endpoint, control_bits: i64) -> None:
    """SYN, FIN or RST of an end that Zeek holds for established or partial."""
    is_fresh = zeek_state(sender) == PARTIAL and zeek_state(peer) == INACTIVE
    if is_fresh and control_bits & SYN != 0 and control_bits & ACK == 0:
        _set_state(sender, SYN_SENT)
    if control_bits & FIN != 0 and control_bits & RST == 0:
        _set_state(sender, CLOSED)
        if zeek_state(peer) == RESET and _previous_state(peer) == CLOSED:
            _set_state(peer, CLOSED)  # a FIN and a RST behind it: an ordinary end
    if control_bits & RST != 0:
        _set_state(sender, RESET)
