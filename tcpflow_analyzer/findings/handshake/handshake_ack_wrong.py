"""HS009: an acknowledgement of what was never sent."""

from collections.abc import Iterator
from typing import Final

from tcpflow_analyzer.findings.finding import CaptureView, Finding, endpoint_name
from tcpflow_analyzer.findings.lifecycle.judgement import frames_of, judge, peer_of, tallies
from tcpflow_analyzer.findings.registry import finding
from tcpflow_analyzer.table.connection import Connection
from tcpflow_analyzer.table.endpoint import Endpoint
from tcpflow_analyzer.table.observation import (
    HANDSHAKE_ACK_WRONG,
    ONE_SIDED,
    STALE_RECOVERY,
    SYN_CHANGED,
    SYNACK_CHANGED,
    SYNACK_REPEATED,
    Observation,
)
from tcpflow_analyzer.tcp.sequence import distance

_SEGMENTS: Final = ("SYN-ACK", *4 * ("third segment",))
_STALE_ACK: Final = 3  # third number: an ACK without SYN towards SYN-SENT
_AHEAD: Final = 4  # an ACK within the window, of what the capture may have missed
_FIELDS: Final = ("acknowledges", "acknowledges", "has SEQ", "acknowledges", "acknowledges")


@finding("HS009", severity="error", since="0.1.0", wakes=HANDSHAKE_ACK_WRONG)
def handshake_ack_wrong(connection: Connection, capture: CaptureView) -> Iterator[Finding]:
    """A handshake segment acknowledged a number the peer never sent.

    Set when one of the following holds, and both directions were captured:
      - a SYN-ACK to an endpoint in SYN-SENT acknowledges something else than what that one sent;
      - an ACK to an endpoint in SYN-RECEIVED acknowledges something else than its ISS+1;
      - such an ACK has a SEQ outside the receive window.

    The expected answer is a RST with SEQ equal to the wrong number; whether it came is told. Where
    the peer goes on behind that number instead, the capture lost what was acknowledged (CP004); of
    an ACK of a number within its sender's window the same is thought, unless the peer answers by
    that RST or by its SYN-ACK once more.

    Superseded by: HS003 when the SYN-ACK answers the SYN with the older number; HS012 when the ACK
        answers the older SYN-ACK; HS018 when the wrong number is that of a stale connection.
    Why it matters: the handshake fails, or hangs until the SYN is sent again.
    What to do: look for a load balancer or firewall that lost its state, two servers behind one
        address (TTL differs), or forged answers.
    Not proof of: an attack.
    Other tools: Wireshark tcp.analysis.ack_lost_segment, misleadingly; Zeek bad_SYN_ack; Suricata
        3whs_synack_with_wrong_ack, 3whs_wrong_seq_wrong_ack; conntrack "ACK is over the upper
        bound"; tcptrace has no name for it.
    References: RFC 9293 section 3.10.7.3 first step, section 3.10.7.4 fifth step.
    Seen in: fixtures/findings/HS009-handshake-ack-wrong
    """
    if connection.observed & (ONE_SIDED | STALE_RECOVERY):
        return
    for sender, tally in tallies(connection, HANDSHAKE_ACK_WRONG):
        kept = (
            item
            for item in tally.kept
            if not _is_explained(connection, item) and not _was_sent(connection, sender, item)
        )
        wrong = next(kept, None)
        if wrong is None:
            continue
        peer = peer_of(connection, sender)
        rst_frame = _answer(connection, wrong)
        yield judge(
            "HS009",
            connection,
            about=sender,
            certainty="observed",
            time_ns=wrong.time_ns,
            frames=[peer.first_frame, rst_frame, *frames_of(tally)],
            frame_count=tally.count + 1,
            template=(
                "{segment} of {sender} (frame {frame}) {field} {number}, {peer} expects "
                "{expected}; {answer}"
            ),
            values={
                "segment": _SEGMENTS[wrong.third],
                "field": _FIELDS[wrong.third],
                "sender": endpoint_name(connection, sender),
                "peer": endpoint_name(connection, peer),
                "frame": wrong.frame,
                "number": wrong.first,
                "expected": wrong.second,
                "distance": distance(wrong.first, wrong.second),
                "answer": f"RST in frame {rst_frame}" if rst_frame else "no RST seen",
                "rst_frame": rst_frame,
            },
            why="the number was never sent by the peer, whose segments were captured",
            would_disprove="a SYN of the peer with another ISS that the capture missed",
        )


def _was_sent(connection: Connection, sender: Endpoint, wrong: Observation) -> bool:
    """Whether the capture missed what was acknowledged: the peer goes on, or does not object."""
    if _answer(connection, wrong):
        return False
    peer = peer_of(connection, sender)
    if wrong.third == _AHEAD:
        return not _asks_again(connection, peer, wrong)
    return 0 < distance(wrong.first, peer.iss) <= peer.snd_nxt


def _asks_again(connection: Connection, peer: Endpoint, wrong: Observation) -> bool:
    """Whether the peer repeats its SYN-ACK although the ACK reached it: it is not established."""
    tally = connection.tally(SYNACK_REPEATED, peer.is_originator)
    return tally is not None and any(
        item.frame > wrong.frame and 0 < item.second <= wrong.frame for item in tally.kept
    )


def _is_explained(connection: Connection, wrong: Observation) -> bool:
    """Whether it is of a stale connection (HS018), or answers an older SYN or SYN-ACK."""
    return wrong.third == _STALE_ACK or any(
        change.first == (wrong.first - 1) & 0xFFFF_FFFF
        for kind in (SYN_CHANGED, SYNACK_CHANGED)
        for _, tally in tallies(connection, kind)
        for change in tally.kept
    )


def _answer(connection: Connection, wrong: Observation) -> int:
    """Frame of the RST that answers the wrong segment, 0 for none."""
    for reset in connection.resets or ():
        answers = reset.trigger_frame == wrong.frame or reset.seq == wrong.first
        later = reset.frame > wrong.frame
        if answers and later and reset.of_originator != wrong.of_originator:
            return reset.frame
    return 0
