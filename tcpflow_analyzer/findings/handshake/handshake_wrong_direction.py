"""HS011: a handshake segment from the wrong end."""

from collections.abc import Iterator
from typing import Final

from tcpflow_analyzer.findings.finding import CaptureView, Finding, endpoint_name
from tcpflow_analyzer.findings.lifecycle.judgement import frames_of, judge, tallies
from tcpflow_analyzer.findings.registry import finding
from tcpflow_analyzer.table.connection import Connection
from tcpflow_analyzer.table.observation import (
    MIDSTREAM,
    SIMULTANEOUS_OPEN,
    SPLIT_HANDSHAKE,
    WRONG_DIRECTION,
)
from tcpflow_analyzer.tcp.states import STATE_NAMES

_CASES: Final = {
    1: ("a", "SYN-ACK of an endpoint that sent SYN and received none"),
    2: ("b", "SYN of the acceptor, which has answered already"),
    3: ("c", "SYN-ACK towards the acceptor"),
    4: ("d", "ACK of the acceptor before its SYN-ACK"),
}


@finding("HS011", severity="warning", since="0.1.0", wakes=WRONG_DIRECTION)
def handshake_wrong_direction(connection: Connection, capture: CaptureView) -> Iterator[Finding]:
    """A SYN, SYN-ACK or bare ACK came from the side that could not send it in its state.

    Set when one of the following holds:
      - (a) SYN-ACK from an endpoint that sent SYN and has received no SYN;
      - (b) SYN without ACK from the acceptor while it is in SYN-RECEIVED or later;
      - (c) SYN-ACK towards an acceptor in SYN-RECEIVED or ESTABLISHED;
      - (d) ACK without SYN from the acceptor before it sent SYN-ACK.

    Superseded by: LC002, HS010, HS018; not set where the roles are guessed (CP001).
    Why it matters: some stack, middlebox or program on the way makes segments of its own.
    What to do: compare TTL and IP identification of the segment with the endpoint's others.
    Not proof of: the endpoint having sent it.
    Other tools: Zeek connection_originator_SYN_ack, repeated_SYN_with_ack; Suricata
        3whs_synack_in_wrong_direction, 3whs_ack_in_wrong_dir; conntrack invalid (sIV); Wireshark
        and tcptrace have no name for it.
    References: RFC 9293 sections 3.10.7.3 and 3.10.7.4.
    Seen in: fixtures/findings/HS011-handshake-wrong-direction
    """
    if connection.observed & (SIMULTANEOUS_OPEN | SPLIT_HANDSHAKE | MIDSTREAM):
        return
    for sender, tally in tallies(connection, WRONG_DIRECTION):
        first = tally.kept[0]
        letter, words = _CASES.get(first.first, ("?", "handshake segment"))
        yield judge(
            "HS011",
            connection,
            about=sender,
            certainty="observed",
            time_ns=tally.last.time_ns,
            frames=frames_of(tally),
            frame_count=tally.count,
            template="{socket} in {state} sent what it could not send: {words} (frame {frame})",
            values={
                "socket": endpoint_name(connection, sender),
                "state": STATE_NAMES[first.second],
                "sub_case": letter,
                "words": words,
                "frame": first.frame,
            },
            why="no state that fits what the endpoint sent before permits this segment",
            would_disprove="a missed segment or a wrong capture order at the tap (CP007)",
        )
