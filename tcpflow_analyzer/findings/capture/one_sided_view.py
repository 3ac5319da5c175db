"""CP003: half of the conversation."""

from collections.abc import Iterator
from typing import Final

from tcpflow_analyzer.findings.finding import CaptureView, Finding, endpoint_name
from tcpflow_analyzer.findings.lifecycle.judgement import judge, peer_of, tallies
from tcpflow_analyzer.findings.registry import finding
from tcpflow_analyzer.table.connection import Connection
from tcpflow_analyzer.table.observation import ONE_SIDED, SELF_CONNECT

FEWEST_SEGMENTS: Final = 10
FEWEST_OF_A_LIFE: Final = 4


@finding("CP003", severity="warning", since="0.1.0", wakes=ONE_SIDED)
def one_sided_view(connection: Connection, capture: CaptureView) -> Iterator[Finding]:
    """Only one direction was captured: asymmetric routes, one half of a mirror port, a filter.

    Set when all of the following hold:
      - at least 10 segments of one endpoint were captured, or its whole life from SYN to FIN or
        RST in at least 4, and none of its peer;
      - its acknowledgements advance by more than 1, so the peer is alive.

    Supersedes: findings that need both directions: HS001, HS009, HS019.
    Why it matters: states of the unseen end are inferred from acknowledgements alone.
    What to do: mirror both directions; capture on the host itself.
    Not proof of: a network problem.
    Other tools: Wireshark many tcp.analysis.ack_lost_segment; Zeek possible_split_routing; Suricata
        async-oneside; tcptrace "b2a 0 packets"; conntrack SYN_SENT [UNREPLIED].
    References: not in any RFC: the observer's position.
    Seen in: fixtures/findings/CP003-one-sided-view
    """
    for seen, tally in tallies(connection, ONE_SIDED):
        unseen = peer_of(connection, seen)
        if connection.observed & SELF_CONNECT:
            continue  # one socket is both ends
        ended = seen.fin_frame > 0 or seen.rst_frame > 0
        whole_life = seen.iss_seen and ended and seen.segments >= FEWEST_OF_A_LIFE
        if seen.segments < FEWEST_SEGMENTS and not whole_life:
            continue
        yield judge(
            "CP003",
            connection,
            about=unseen,
            certainty="inferred",
            time_ns=seen.last_time_ns,
            frames=(seen.first_frame, tally.last.frame, seen.last_frame),
            frame_count=seen.segments,
            template=(
                "{segments} segments of {seen} from frame {first_frame}, none of {unseen}, though "
                "{acknowledged} octets of it are acknowledged"
            ),
            values={
                "segments": seen.segments,
                "seen": endpoint_name(connection, seen),
                "unseen": endpoint_name(connection, unseen),
                "first_frame": seen.first_frame,
                "acknowledged": max(unseen.snd_una - 1, 0),
            },
            why="acknowledgements of the seen end advance over octets that were never captured",
            would_disprove="a segment of the other end in another capture of the same time",
        )
