"""HS010: four steps where three are usual."""

from collections.abc import Iterator

from tcpflow_analyzer.findings.finding import CaptureView, Finding, endpoint_name
from tcpflow_analyzer.findings.lifecycle.judgement import frames_of, judge, peer_of, tallies
from tcpflow_analyzer.findings.registry import finding
from tcpflow_analyzer.table.connection import Connection
from tcpflow_analyzer.table.observation import SPLIT_HANDSHAKE


@finding("HS010", severity="warning", since="0.1.0", wakes=SPLIT_HANDSHAKE)
def split_handshake(connection: Connection, capture: CaptureView) -> Iterator[Finding]:
    """The acceptor split or reversed its SYN-ACK: a bare SYN, perhaps after an ACK.

    Set when all of the following hold:
      - the originator is in SYN-SENT;
      - the responder sends SYN without ACK, having received the originator's SYN: it acknowledged
        it before, or the time since then is at least its part of the round trip;
      - the originator answers SYN-ACK.

    Supersedes: LC002, which is reported where nothing proves that the SYN had been received.
    Why it matters: a filter or intrusion detection that takes the sender of the last SYN for the
        client has the roles reversed.
    What to do: see what the responder is; ordinary stacks do not do this.
    Not proof of: evasion.
    Other tools: Zeek simultaneous_open, repeated_SYN_reply_wo_ack; Suricata 4whs_* events;
        Wireshark says nothing; conntrack SYN_SENT2; tcptrace has no name for it.
    References: RFC 9293 section 3.5, section 3.10.7.3 fourth step.
    Seen in: fixtures/findings/HS010-split-handshake
    """
    for noted, tally in tallies(connection, SPLIT_HANDSHAKE):
        opener = peer_of(connection, noted) if not noted.is_originator else noted
        acceptor = peer_of(connection, opener)
        yield judge(
            "HS010",
            connection,
            about=acceptor,
            certainty="inferred",
            time_ns=tally.last.time_ns,
            frames=[
                opener.first_frame,
                acceptor.first_frame,
                connection.synack_frame,
                connection.ack_frame,
                *frames_of(tally),
            ],
            template=(
                "{acceptor} answered the SYN of {opener} (frame {syn_frame}) with a SYN of its own "
                "(frame {frame}) instead of SYN-ACK"
            ),
            values={
                "acceptor": endpoint_name(connection, acceptor),
                "opener": endpoint_name(connection, opener),
                "syn_frame": opener.first_frame,
                "frame": tally.kept[0].frame,
                "synack_frame": connection.synack_frame,
            },
            why="the bare SYN came after its sender had received the other's SYN",
            would_disprove="the SYNs having crossed on the way (LC002)",
        )
