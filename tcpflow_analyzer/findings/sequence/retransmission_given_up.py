"""SQ005: a sender that exhausted its retries."""

from collections.abc import Iterator

from tcpflow_analyzer.findings.finding import CaptureView, Finding, endpoint_name, seconds
from tcpflow_analyzer.findings.lifecycle.judgement import judge, peer_of, state_name, tallies
from tcpflow_analyzer.findings.registry import finding
from tcpflow_analyzer.findings.sequence.retransmission_excessive import doubles
from tcpflow_analyzer.table.connection import Connection
from tcpflow_analyzer.table.endpoint import Endpoint
from tcpflow_analyzer.table.observation import Observation
from tcpflow_analyzer.table.stream_observation import GIVEN_UP, RTO_ORIGINATOR, RTO_RESPONDER


@finding("SQ005", severity="error", since="0.2.0", stream_wakes=GIVEN_UP)
def retransmission_given_up(connection: Connection, capture: CaptureView) -> Iterator[Finding]:
    """The sender exhausted its retries: the connection was lost without a close.

    Set when all of the following hold:
      - an endpoint retransmitted the same octets and they were never acknowledged;
      - it did so as often as its operating system does (its profile), or for at least
        `retransmission_limit` (R2, 100 s; the User Timeout option's value where it sent one), and
        nothing more came from it for twice the last gap, while the capture went on; or it sent a
        RST after at least `retries_warn` (R1, 3) of them.

    Supersedes: SQ004 of the same endpoint; as the cause of a RST, RS001 to RS004.
    Why it matters: the application gets ETIMEDOUT minutes after the path or the peer died.
    What to do: look at the peer and the path at the time of the first retransmission; set
        TCP_USER_TIMEOUT or keep-alives to notice earlier.
    Not proof of: a dead peer: one direction of the path is enough.
    Other tools: Zeek connection_timeout; conntrack times the entry out (unacknowledged, 300 s);
        Wireshark, Suricata, tcptrace: none.
    References: RFC 9293 section 3.8.3 (R2); RFC 5482 section 3; Linux net/ipv4/tcp_timer.c
        retransmits_timed_out().
    Seen in: fixtures/findings/SQ005-retransmission-given-up
    """
    for sender, tally in tallies(connection, GIVEN_UP):
        last = tally.last
        frames, gaps = _chain(connection, sender)
        yield judge(
            "SQ005",
            connection,
            about=sender,
            certainty="observed" if last.third else "inferred",
            time_ns=_decided_ns(connection, last),
            frames=(*frames, last.frame),
            frame_count=int(last.first) + (1 if last.third else 0),
            template=_WITH_RESET if last.third else _IN_SILENCE,
            values={
                "socket": endpoint_name(connection, sender),
                "count": int(last.first),
                "duration": seconds(last.second),
                "gaps": [seconds(gap) for gap in gaps],
                "doubles": doubles(gaps),
                "reset_frame": int(last.third),
                "profile": capture.profile(sender).name,
                "profile_source": capture.profile_source(connection, sender),
                "state": state_name(sender),
                "peer_frame": peer_of(connection, sender).last_frame,
            },
            why="the last retransmission was not acknowledged, and no further one came",
            would_disprove="a retransmission or an acknowledgement that the capture lost",
        )


_WITH_RESET = (
    "{socket} gave up after {count} retransmissions of one segment within {duration:.3f} s and "
    "reset the connection (frame {reset_frame})"
)
_IN_SILENCE = (
    "{socket} gave up after {count} retransmissions of one segment within {duration:.3f} s "
    "(profile {profile}, {profile_source}); its peer's last segment is frame {peer_frame}"
)


def _decided_ns(connection: Connection, last: Observation) -> int:
    if last.third:
        for reset in connection.resets or ():
            if reset.frame == last.third:
                return int(reset.time_ns)
    return int(last.time_ns)


def _chain(connection: Connection, sender: Endpoint) -> tuple[list[int], list[int]]:
    """Frames of the retransmissions that were kept, and the times between them."""
    tally = connection.tally(
        RTO_ORIGINATOR if sender.is_originator else RTO_RESPONDER, sender.is_originator
    )
    if tally is None:
        return [], []
    chain = [seen for seen in tally.kept if seen.second == tally.last.second]
    return [int(seen.frame) for seen in chain], [int(seen.first) for seen in chain]
