"""LC002: both ends opened at once."""

from collections.abc import Iterator

from tcpflow_analyzer.findings.finding import CaptureView, Finding, endpoint_name, seconds
from tcpflow_analyzer.findings.lifecycle.judgement import judge
from tcpflow_analyzer.findings.registry import finding
from tcpflow_analyzer.table.connection import Connection
from tcpflow_analyzer.table.observation import SIMULTANEOUS_OPEN


@finding("LC002", severity="info", since="0.1.0", wakes=SIMULTANEOUS_OPEN, fact=True)
def simultaneous_open(connection: Connection, capture: CaptureView) -> Iterator[Finding]:
    """Both ends sent SYN before either saw the other's; one connection results, not two.

    Set when all of the following hold:
      - both ends sent SYN without ACK on the mirrored socket pair;
      - at least one of them then sent SYN-ACK with the ISS of its own SYN, acknowledging the
        other's.

    Supersedes: LC001. A responder that answered the SYN late with a SYN of its own is HS010.
    Why it matters: both ends are active openers; middleboxes that expect a listener may drop it.
    What to do: nothing, if peers that open towards each other are meant to.
    Not proof of: two connections; there is one.
    Other tools: Wireshark marks the SYN-ACKs as suspected retransmissions; Zeek weird
        simultaneous_open; tcptrace "complete conn: no"; conntrack SYN_SENT2; Suricata handles it
        without an event.
    References: RFC 9293 section 3.5 figure 7, section 3.10.7.3.
    Seen in: fixtures/findings/LC002-simultaneous-open
    """
    originator, responder = connection.originator, connection.responder
    yield judge(
        "LC002",
        connection,
        about=None,
        certainty="observed",
        time_ns=max(connection.synack_time_ns, connection.ack_time_ns),
        frames=(
            originator.first_frame,
            responder.first_frame,
            connection.synack_frame,
            connection.ack_frame,
        ),
        template=(
            "{originator} sent SYN (frame {originator_syn}) and {responder} sent SYN (frame "
            "{responder_syn}); SYN-ACK with the same ISS in frame {synack_frame}"
        ),
        values={
            "originator": endpoint_name(connection, originator),
            "responder": endpoint_name(connection, responder),
            "originator_syn": originator.first_frame,
            "responder_syn": responder.first_frame,
            "synack_frame": connection.synack_frame,
            "open_time": seconds(connection.synack_time_ns - connection.first_time_ns),
        },
        why="a SYN-ACK repeats the sequence number of its sender's own SYN",
        would_disprove="proof that one SYN was sent after the other had been received",
    )
