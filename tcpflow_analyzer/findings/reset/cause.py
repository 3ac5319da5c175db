"""The single cause of a RST that ended a connection, by the catalogue's order; first match wins.

Compiled: yes

Every RST finding asks here, so that one RST never has two causes. RS007 to RS013 are about the RST
itself and never its cause. Registers nothing.
"""

from typing import Final

from mypy_extensions import i64

from tcpflow_analyzer.findings.keepalive.series import gives_up_probing
from tcpflow_analyzer.settings import NANOSECONDS, Settings
from tcpflow_analyzer.table.connection import OUTCOME_REJECTED, Connection
from tcpflow_analyzer.table.endpoint import Endpoint
from tcpflow_analyzer.table.observation import (
    ACKED_UNSEEN,
    CHALLENGE_ACK,
    FORM_LIVE,
    FORM_OTHER,
    FORM_REFUSAL,
    FORM_STATELESS,
    HANDSHAKE_ACK_WRONG,
    ONE_SIDED,
    RESET_IN_TIME_WAIT,
    RST_ACCEPTED,
    RST_NOT_EXACT,
    RST_TO_NOBODY,
    RST_UNACCEPTABLE,
    STALE_RECOVERY,
    TRAFFIC_AFTER_RESET,
    Reset,
)
from tcpflow_analyzer.table.stream_observation import GIVEN_UP
from tcpflow_analyzer.tcp.control_bits import FIN
from tcpflow_analyzer.tcp.states import (
    CLOSE_WAIT,
    CLOSED,
    ESTABLISHED,
    FIN_WAIT_1,
    FIN_WAIT_2,
    SYN_RECEIVED,
    SYN_SENT,
    TIME_WAIT,
)

# An answer without a socket comes at once; a trigger older than this is none (observer.md 5.2).
ANSWER_NS: Final = NANOSECONDS


class Cause:
    """What a RST, and those that only repeat it, came from.

    Attributes:
        code: of the catalogue.
        resets: the RST that is judged first, then its repeats and those to the dead connection.
        reset: the RST that was judged.
    """

    def __init__(self, code: str, reset: Reset) -> None:
        """Begin with the RST that was judged."""
        self.code = code
        self.reset: Reset = reset
        self.resets: list[Reset] = [reset]


class _Answer:
    """The causes of the connection that was asked about last.

    Every RST finding asks about the same connection in turn.
    """

    def __init__(self) -> None:
        self.connection: Connection | None = None
        self.unread_window_ns: i64 = 0
        self.number_of_resets: i64 = 0
        self.causes: list[Cause] = []


_answer: Final = _Answer()


def causes(connection: Connection, code: str, settings: Settings) -> list[Cause]:
    """The RSTs of a connection whose cause is `code`, usually none or one."""
    return [
        found for found in all_causes(connection, settings.unread_window_ns) if found.code == code
    ]


def all_causes(connection: Connection, unread_window_ns: i64) -> list[Cause]:
    """The causes of all RSTs of a connection, in the order of the RSTs.

    Args:
        connection: that they belong to; over, so that nothing of it changes any more.
        unread_window_ns: of the settings: for how long data may lie unread (RS003).
    """
    resets = connection.resets
    if resets is None:
        return []
    answer = _answer
    number: i64 = len(resets)
    if (
        answer.connection is not connection
        or answer.unread_window_ns != unread_window_ns
        or answer.number_of_resets != number
    ):
        answer.causes = _judge_all(connection, resets, unread_window_ns)
        answer.connection = connection
        answer.unread_window_ns = unread_window_ns
        answer.number_of_resets = number
    return answer.causes


def _judge_all(connection: Connection, resets: list[Reset], unread_window_ns: i64) -> list[Cause]:
    found: list[Cause] = []
    for reset in resets:
        if len(found) > 0 and (
            reset.sender_state == CLOSED
            or reset.verdict == RST_TO_NOBODY
            or _challenged(connection, reset) is not None
        ):
            found[-1].resets.append(reset)
            continue
        code = cause(connection, reset, unread_window_ns)
        if not code:
            continue
        repeated = _same(found, code, reset.of_originator)
        if repeated is not None:
            repeated.resets.append(reset)
        else:
            found.append(Cause(code, reset))
    return found


def _same(found: list[Cause], code: str, of_originator: bool) -> Cause | None:
    """An earlier RST of the same end with the same cause."""
    for each in found:
        if each.code == code and each.reset.of_originator == of_originator:
            return each
    return None


def cause(connection: Connection, reset: Reset, unread_window_ns: i64) -> str:
    """Code of the cause of one RST, "" for a RST that ended nothing.

    Args:
        connection: that it belongs to.
        reset: the RST.
        unread_window_ns: of the settings: for how long data may lie unread (RS003).
    """
    if not _ended(connection, reset):
        return ""
    of_handshake = _handshake_cause(connection, reset)
    if of_handshake or reset.sender_state == SYN_SENT or reset.receiver_state == SYN_SENT:
        return of_handshake  # a SYN that was given up had nothing that could be reset
    return _close_cause(connection, reset, unread_window_ns)


def _ended(connection: Connection, reset: Reset) -> bool:
    """Whether the RST ended its sender's end, whatever the receiver made of it."""
    if reset.verdict == RST_UNACCEPTABLE or (reset.reverted and went_on(connection, reset)):
        return False
    if reset.verdict != RST_NOT_EXACT or reset.form != FORM_OTHER:
        return True
    # Or its sender has confirmed it with the exact number.
    return any(_challenged(connection, later) is reset for later in connection.resets or ())


def _handshake_cause(connection: Connection, reset: Reset) -> str:
    if connection.outcome == OUTCOME_REJECTED:
        return "HS005"
    if reset.receiver_state == SYN_SENT:
        return "HS004" if reset.verdict == RST_ACCEPTED else ""
    if _answers(connection, reset, HANDSHAKE_ACK_WRONG):
        return "HS009"
    if _names(connection, reset, STALE_RECOVERY):
        return "HS018"
    before_ack = connection.ack_frame == 0 or reset.frame < connection.ack_frame
    if reset.receiver_state == SYN_RECEIVED and before_ack:
        return "HS008"
    if (
        reset.sender_proven == SYN_RECEIVED
        and reset.form == FORM_STATELESS
        and reset.trigger_payload_len == 0  # data is refused where the request is gone: RS004
        and connection.synack_frame > 0
    ):
        return "HS013"  # the request never became a socket: the queue was full
    return ""


def _close_cause(connection: Connection, reset: Reset, unread_window_ns: i64) -> str:
    if _is_time_wait_absent(connection, reset):
        return "TW003"
    if _is_in_time_wait(connection, reset):
        return "TW007"
    if reset.sender_fin and reset.receiver_fin and reset.receiver_fin_acked:
        return "RS005"
    if _refuses_fin(reset):
        return "RS006"
    if reset.sender_fin and reset.peer_unacked > 0:
        return "CL008"
    if gives_up_probing(connection, reset):
        return "KA002"
    if _gave_up(connection, reset):
        return "SQ005"
    if is_stateless(reset) and not reset.sender_fin:
        return "RS004"
    if own_lost(reset) > 0 or reset.peer_unacked > 0:
        return "RS002"
    return "RS003" if _is_soon_after_data(reset, unread_window_ns) else "RS001"


def _gave_up(connection: Connection, reset: Reset) -> bool:
    """Whether the sender's retransmissions had gone unanswered (SQ005)."""
    if connection.stream_observed & GIVEN_UP == 0:
        return False
    tally = connection.tally(GIVEN_UP, reset.of_originator)
    return tally is not None and tally.last.third == reset.frame


def _answers(connection: Connection, reset: Reset, kind: i64) -> bool:
    """Whether the RST answers a segment that was noted as `kind`."""
    if connection.observed & kind == 0 or reset.trigger_frame == 0:
        return False
    tally = connection.tally(kind, not reset.of_originator)
    return tally is not None and any(seen.frame == reset.trigger_frame for seen in tally.kept)


def _challenged(connection: Connection, reset: Reset) -> Reset | None:
    """The earlier RST of the same sender that this one repeats, asked by a challenge ACK."""
    if connection.observed & CHALLENGE_ACK == 0:
        return None
    tally = connection.tally(CHALLENGE_ACK, not reset.of_originator)
    if tally is None:
        return None
    for seen in tally.kept:
        if seen.frame != reset.trigger_frame:
            continue
        for earlier in connection.resets or ():
            if earlier.frame == seen.first and earlier.of_originator == reset.of_originator:
                return earlier
    return None


def own_lost(reset: Reset) -> int:
    """Octets of the RST's sender that were not acknowledged, or never even seen before it."""
    lost = reset.own_unacked
    if reset.verdict == RST_NOT_EXACT:
        unseen = reset.seq_offset - reset.expected
        if unseen > lost:
            lost = unseen
    return lost


def went_on(connection: Connection, reset: Reset) -> bool:
    """Whether the seeming sender of the RST sent more afterwards: it did not send the RST."""
    if connection.observed & TRAFFIC_AFTER_RESET == 0:
        return False
    tally = connection.tally(TRAFFIC_AFTER_RESET, reset.of_originator)
    return tally is not None and any(
        seen.first == reset.frame and seen.second == 1 for seen in tally.kept
    )


def _names(connection: Connection, reset: Reset, kind: i64) -> bool:
    """Whether an observation's third number is the frame of this RST."""
    if connection.observed & kind == 0:
        return False
    return any(
        seen.third == reset.frame
        for tally in connection.all_tallies()
        if tally.kind == kind
        for seen in tally.kept
    )


def _is_time_wait_absent(connection: Connection, reset: Reset) -> bool:
    """A repeated FIN, which TIME-WAIT should have acknowledged, drew a RST (TW003)."""
    sender = connection.endpoint(reset.of_originator)
    return (
        reset.sender_fin
        and reset.receiver_fin_acked
        and reset.sender_state == TIME_WAIT
        and reset.form == FORM_STATELESS
        and bool(reset.trigger_control_bits & FIN)
        and not reset.trigger_new
        and 0 < sender.time_wait_since_ns <= reset.time_ns
    )


def _is_in_time_wait(connection: Connection, reset: Reset) -> bool:
    """The RST hit a TIME-WAIT that was young enough (TW007)."""
    if connection.observed & RESET_IN_TIME_WAIT == 0:
        return False
    return any(
        seen.frame == reset.frame
        for tally in connection.all_tallies()
        if tally.kind == RESET_IN_TIME_WAIT
        for seen in tally.kept
    )


def _refuses_fin(reset: Reset) -> bool:
    """The first FIN of the peer, in order, drew a RST instead of the last ACK (RS006)."""
    return (
        reset.sender_fin
        and reset.receiver_fin
        and not reset.receiver_fin_acked
        and bool(reset.trigger_control_bits & FIN)
        # Data in front of the FIN that was not acknowledged drew the RST first: CL008.
        and reset.peer_unacked <= reset.trigger_payload_len
        and (reset.sender_proven == FIN_WAIT_1 or reset.sender_proven == FIN_WAIT_2)
    )


def is_stateless(reset: Reset) -> bool:
    """Whether a synchronised end answered as if it had no socket (RFC 9293 section 3.5.2)."""
    return (
        (reset.form == FORM_STATELESS or reset.form == FORM_REFUSAL)
        and reset.window == 0
        and (reset.sender_state == ESTABLISHED or reset.sender_state == CLOSE_WAIT)
        and reset.trigger_frame > 0
        and reset.time_ns - reset.trigger_time_ns <= ANSWER_NS
    )


def unread_since_ns(reset: Reset) -> int | None:
    """Time of the peer's last data that the sender of the RST may not have read, else None.

    Data counts if it came after all data of the RST's sender, and if that owes an answer: a
    responder always, an originator only before it has sent data itself. An originator that resets
    after it was answered has what it asked for: SO_LINGER looks the same on the wire.
    """
    if reset.form != FORM_LIVE or reset.sender_fin or reset.receiver_data_frame == 0:
        return None
    if reset.receiver_data_frame < reset.sender_data_frame:
        return None
    if reset.of_originator and reset.sender_data_frame > 0:
        return None
    return reset.receiver_data_time_ns


def _is_soon_after_data(reset: Reset, window_ns: i64) -> bool:
    since_ns = unread_since_ns(reset)
    return since_ns is not None and reset.time_ns - since_ns <= window_ns


def reset_certainty(connection: Connection, reset: Reset) -> str:
    """Certainty: "observed" where the RST's own form shows its sender's state in a full view."""
    doubtful = (
        reset.form == FORM_OTHER
        or (reset.verdict != RST_ACCEPTED and reset.verdict != RST_TO_NOBODY)
        or connection.authenticated
        or connection.midstream
        or connection.observed & (ONE_SIDED | ACKED_UNSEEN) != 0
    )
    return "inferred" if doubtful else "observed"


def sender_of(connection: Connection, reset: Reset) -> Endpoint:
    """The end that sent the RST, or seems to have."""
    return connection.endpoint(reset.of_originator)


def frames_of_resets(resets: list[Reset]) -> list[int]:
    """Frames of the RSTs and of the segments that they answer."""
    frames: list[int] = []
    for reset in resets:
        frames.append(reset.trigger_frame)
        frames.append(reset.frame)
    return frames
