"""HS012: two answers that disagree."""

from collections.abc import Iterator
from typing import Final

from tcpflow_analyzer.findings.finding import CaptureView, Finding, endpoint_name
from tcpflow_analyzer.findings.lifecycle.judgement import frames_of, judge, peer_of, tallies
from tcpflow_analyzer.findings.registry import finding
from tcpflow_analyzer.table.connection import Connection
from tcpflow_analyzer.table.endpoint import Endpoint
from tcpflow_analyzer.table.observation import SYN_CHANGED, SYNACK_CHANGED, Observation

_WHAT: Final = ("SEQ", "ACK", "options")
_ACK: Final = 1
_OPTIONS: Final = 2


@finding("HS012", severity="warning", since="0.1.0", wakes=SYNACK_CHANGED)
def synack_changed(connection: Connection, capture: CaptureView) -> Iterator[Finding]:
    """Two SYN-ACKs on the same socket pair disagree in SEQ, ACK or options.

    Set when all of the following hold:
      - an endpoint sent SYN-ACK more than once;
      - SEQ, ACK or the set of options differs from the one before;
      - the SYN it answers did not change.

    Superseded by: HS003, where the SYN-ACKs differ because the SYNs did.
    Why it matters: the originator can follow only one of them; the other connection is a ghost.
    What to do: compare TTL and timestamps of the two: two servers behind one address, a SYN proxy,
        or SYN cookies (the low bits and the MSS differ).
    Not proof of: an attack.
    Other tools: Wireshark tcp.analysis.reused_ports; Zeek SYN_seq_jump; Suricata
        3whs_synack_resend_with_different_ack, 3whs_synack_resend_with_diff_seq; tcptrace
        warn_printbad_syn_fin_seq; conntrack "sIG".
    References: RFC 9293 section 3.10.7.3; RFC 4987 section 3.6.
    Seen in: fixtures/findings/HS012-synack-changed
    """
    for sender, tally in tallies(connection, SYNACK_CHANGED):
        kept = [item for item in tally.kept if not _answers_changed_syn(connection, sender, item)]
        if not kept:
            continue
        first = kept[0]
        # Acknowledgements are noted as offsets in the peer's stream.
        origin = peer_of(connection, sender).iss if first.third == _ACK else 0
        template = (
            "{socket} sent SYN-ACK with {what} {new} (frame {frame}) after one with {old} (frame "
            "{first_frame})"
        )
        if first.third == _OPTIONS:
            template = (
                "{socket} sent SYN-ACK with other options (frame {frame}) than before (frame "
                "{first_frame})"
            )
        yield judge(
            "HS012",
            connection,
            about=sender,
            certainty="observed",
            time_ns=tally.last.time_ns,
            frames=[sender.first_frame, *frames_of(tally)],
            frame_count=tally.count + 1,
            template=template,
            values={
                "socket": endpoint_name(connection, sender),
                "what": _WHAT[first.third],
                "old": (origin + first.first) & 0xFFFF_FFFF,
                "new": (origin + first.second) & 0xFFFF_FFFF,
                "frame": first.frame,
                "first_frame": sender.first_frame,
                "changes": tally.count,
                "ttl_min": sender.ttl_min,
                "ttl_max": sender.ttl_max,
            },
            why="a repeated SYN-ACK has to be the same segment",
            would_disprove="a RST between them that the capture missed",
        )


def _answers_changed_syn(connection: Connection, sender: Endpoint, answer: Observation) -> bool:
    """Whether the SYN changed between two SYN-ACKs, or the ACK differs because it had (HS003)."""
    return any(
        change.frame < answer.frame and (change.frame > sender.first_frame or answer.third == _ACK)
        for _, tally in tallies(connection, SYN_CHANGED)
        for change in tally.kept
    )
