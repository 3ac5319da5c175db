"""How a new incarnation relates to the one before it on the same socket pair.

TW004, TW005, TW011 and TW013 ask here, so that one reuse is judged once. Numbers are wrapped, all
comparisons modulo 2**32. Registers nothing.
"""

from typing import Final, NamedTuple

from tcpflow_analyzer.findings.finding import CaptureView, endpoint_name, seconds
from tcpflow_analyzer.findings.lifecycle.judgement import peer_of
from tcpflow_analyzer.observer.incarnation import LINUX_ADVANCE
from tcpflow_analyzer.settings import NANOSECONDS
from tcpflow_analyzer.table.connection import Connection, Remembered
from tcpflow_analyzer.table.endpoint import Endpoint
from tcpflow_analyzer.table.observation import REUSED, SYN_REFUSED_BY_TIME_WAIT
from tcpflow_analyzer.tcp.sequence import distance
from tcpflow_analyzer.tcp.states import CLOSED, TIME_WAIT

TWO_MSL_NS: Final = 240 * NANOSECONDS  # RFC 9293 section 3.4.2: MSL is 2 minutes
# Linux's clock of initial numbers ticks every 64 ns; half the number space passes in 137 s, and
# nothing can be said about the order of numbers that lie further apart.
HALF_SPACE_NS: Final = (1 << 31) * 64


class OldEnd(NamedTuple):
    """What is remembered of one end of the old incarnation; -1 and 0 as in `Remembered`."""

    state: int
    iss: int
    snd_nxt: int
    tsval: int
    time_wait_since_ns: int
    time_wait_until_ns: int

    def holds_time_wait(self, time_ns: int) -> bool:
        """Whether TIME-WAIT was running at a time."""
        return self.time_wait_since_ns > 0 and (
            self.time_wait_since_ns <= time_ns < self.time_wait_until_ns
        )

    def continues_as(self, new_iss: int) -> bool:
        """Whether a new ISN is what Linux takes out of this end's TIME-WAIT, which so still ran."""
        return self.time_wait_since_ns > 0 and (
            (self.snd_nxt + LINUX_ADVANCE) & 0xFFFF_FFFF == new_iss
        )


class Reuse(NamedTuple):
    """The new SYN against the old incarnation.

    Attributes:
        previous: the old incarnation. opener, peer: the old ends at the sockets of the new SYN's
            sender and of its receiver.
        same_opener: whether the same socket opened both.
        syn_frame, syn_time_ns, synack_frame: of the new one; synack_frame 0 if none followed.
        age_ns: from the last segment of the old incarnation to the SYN.
        advance: from the old SND.NXT of the opener's stream to the new ISN, signed.
        tsval_advance: from the opener's newest old TSval to that of the SYN, None without both.
        overlap: octets of the old stream that lie in the new receive window.
        holder: "opener", "peer", "both", or "" where nobody was in TIME-WAIT.
        held_ns: how long the holder had been in TIME-WAIT, the longer of two.
        was_refused: TIME-WAIT did not let the SYN in at first (TW006).
        linux_number: the holder's new ISN is what Linux derives from its TIME-WAIT, which so has
            survived a RST that seemed to end it.
    """

    previous: Remembered
    opener: OldEnd
    peer: OldEnd
    same_opener: bool
    syn_frame: int
    syn_time_ns: int
    synack_frame: int
    age_ns: int
    advance: int
    tsval_advance: int | None
    overlap: int
    holder: str
    held_ns: int
    was_refused: bool
    linux_number: bool

    @property
    def is_protected(self) -> bool:
        """By a higher number (RFC 1122) or a newer timestamp (RFC 6191)."""
        return self.advance > 0 or self.has_newer_timestamp

    @property
    def has_newer_timestamp(self) -> bool:
        """Whether both SYN and old incarnation have timestamps, and the SYN's is newer."""
        return self.tsval_advance is not None and self.tsval_advance > 0

    @property
    def rule(self) -> str:
        """What allows the reuse."""
        if self.advance > 0:
            return "sequence number above the old ones (RFC 1122 4.2.2.13)"
        if self.has_newer_timestamp:
            return "newer timestamp (RFC 6191)"
        return "none"

    @property
    def code(self) -> str:
        """TW004, TW005, TW011 or TW013, "" for a reuse that is no matter."""
        if self.was_refused:
            return ""  # TW006 tells what became of it
        if self.previous.reset and not self.linux_number:
            return "TW013" if self.age_ns < TWO_MSL_NS else ""
        if self.holder and self.synack_frame == 0:
            return ""  # nobody has taken the SYN
        if self.holder and self.is_protected:
            return "TW004"
        if self.holder and self.overlap > 0:
            return "TW005"
        return "TW011" if self.is_regression else ""

    @property
    def is_regression(self) -> bool:
        """The opener's numbers go back, and no timestamp tells old from new."""
        return (
            self.same_opener
            and not self.was_refused
            and self.age_ns < min(TWO_MSL_NS, HALF_SPACE_NS)
            and self.advance < 0
            and not self.has_newer_timestamp
            and (self.previous.reset or self.opener.state in (CLOSED, TIME_WAIT))
        )

    def frames(self) -> tuple[int, ...]:
        """Last frame of the old incarnation, the new SYN, its SYN-ACK."""
        return self.previous.end_frame, self.syn_frame, self.synack_frame


def reuse(connection: Connection) -> Reuse | None:
    """Compare a connection with the incarnation before; None if none is remembered."""
    previous = connection.previous
    tally = connection.tally(REUSED, True)
    if previous is None or tally is None:
        return None
    noted = tally.kept[0]
    syn_time_ns = connection.syn_time_ns or noted.time_ns
    same_opener = previous.key == connection.key
    opener, peer = _old_ends(previous, same_opener)
    originator, responder = connection.originator, connection.responder
    opener_continues = opener.continues_as(originator.iss)
    peer_continues = peer.continues_as(responder.iss)
    by_opener = opener_continues or opener.holds_time_wait(syn_time_ns)
    by_peer = peer_continues or peer.holds_time_wait(syn_time_ns)
    return Reuse(
        previous=previous,
        opener=opener,
        peer=peer,
        same_opener=same_opener,
        syn_frame=connection.syn_frame or noted.frame,
        syn_time_ns=syn_time_ns,
        synack_frame=noted.second or connection.synack_frame,
        age_ns=syn_time_ns - previous.end_time_ns,
        advance=distance(originator.iss, opener.snd_nxt),
        tsval_advance=_tsval_advance(noted.first, opener.tsval),
        overlap=_overlap(opener, originator, responder),
        holder=_holder(by_opener, by_peer),
        held_ns=max(
            syn_time_ns - opener.time_wait_since_ns if by_opener else 0,
            syn_time_ns - peer.time_wait_since_ns if by_peer else 0,
        ),
        was_refused=connection.observed & SYN_REFUSED_BY_TIME_WAIT != 0,
        linux_number=opener_continues or peer_continues,
    )


def reuse_values(connection: Connection, found: Reuse) -> dict[str, object]:
    """Fields that the templates of these findings share."""
    return {
        "opener": endpoint_name(connection, connection.originator),
        "peer": endpoint_name(connection, connection.responder),
        "previous": found.previous.connection_id,
        "old_frame": found.previous.end_frame,
        "syn_frame": found.syn_frame,
        "synack_frame": found.synack_frame,
        "age": seconds(found.age_ns),
        "held": seconds(found.held_ns),
        "holder": found.holder,
        "rule": found.rule,
        "advance": found.advance,
        "old_number": found.opener.snd_nxt,
        "new_number": connection.originator.iss,
        "tsval_advance": found.tsval_advance,
        "overlap": found.overlap,
        "incarnation": connection.incarnation,
        "fixed_source_port": connection.incarnation >= 3,
        "linux_tw_isn": found.linux_number,
    }


def _old_ends(previous: Remembered, same_opener: bool) -> tuple[OldEnd, OldEnd]:
    """The old ends at the new opener's socket and at its peer's."""
    originator = OldEnd(
        previous.originator_state,
        previous.originator_iss,
        previous.originator_snd_nxt,
        previous.originator_tsval,
        previous.originator_time_wait_since_ns,
        previous.originator_time_wait_until_ns,
    )
    responder = OldEnd(
        previous.responder_state,
        previous.responder_iss,
        previous.responder_snd_nxt,
        previous.responder_tsval,
        previous.responder_time_wait_since_ns,
        previous.responder_time_wait_until_ns,
    )
    return (originator, responder) if same_opener else (responder, originator)


def _tsval_advance(new: int, old: int) -> int | None:
    return distance(new, old) if new >= 0 and old >= 0 else None


def _overlap(old: OldEnd, originator: Endpoint, responder: Endpoint) -> int:
    """Octets of the opener's old stream inside the window that the peer now offers it."""
    window = responder.max_window << max(responder.window_scale, 0)
    length = (old.snd_nxt - old.iss - 1) & 0xFFFF_FFFF
    end = distance(old.snd_nxt, (originator.iss + 1) & 0xFFFF_FFFF)
    return max(0, min(end, window) - max(end - length, 0))


def _holder(by_opener: bool, by_peer: bool) -> str:
    if by_opener and by_peer:
        return "both"
    if by_opener:
        return "opener"
    return "peer" if by_peer else ""


ENDED_BEFORE: Final = (
    "TIME-WAIT having ended before: profile {profile} ({source}) says how long it lasts"
)


def ended_before(connection: Connection, found: Reuse, capture: CaptureView) -> str:
    """Say what would disprove that the holder still was in TIME-WAIT, and whose word that is."""
    opener = connection.originator
    holder = opener if found.holder == "opener" else peer_of(connection, opener)
    source = capture.profile_source(connection, holder)
    return ENDED_BEFORE.format(profile=capture.profile(holder).name, source=source)
