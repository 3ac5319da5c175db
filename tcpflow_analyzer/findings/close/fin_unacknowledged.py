"""CL001: a FIN without an answer."""

from collections.abc import Iterator

from tcpflow_analyzer.findings.close.waiting import patience_ns, was_reset
from tcpflow_analyzer.findings.finding import CaptureView, Finding, endpoint_name, seconds
from tcpflow_analyzer.findings.lifecycle.judgement import (
    frames_of,
    judge,
    peer_of,
    state_name,
    tallies,
)
from tcpflow_analyzer.findings.registry import finding
from tcpflow_analyzer.table.connection import Connection
from tcpflow_analyzer.table.endpoint import Endpoint
from tcpflow_analyzer.table.observation import (
    FIN_REPEATED,
    FIN_UNACKNOWLEDGED,
    MISSING_DATA,
    ONE_SIDED,
)


@finding("CL001", severity="error", since="0.1.0", wakes=FIN_UNACKNOWLEDGED)
def fin_unacknowledged(connection: Connection, capture: CaptureView) -> Iterator[Finding]:
    """A FIN was never acknowledged.

    Set when all of the following hold:
      - an endpoint sent FIN and no segment of its peer acknowledged it;
      - the capture went on for three retransmission timeouts, at least 5 s, after its last copy;
      - the peer's direction was captured, and no RST ended the connection.
    `gave_up` where the capture went on for longer than the endpoint's system retransmits
    (orphan_retries, Linux: 8, about 100 s).

    Superseded by: CL009 where octets in front of the FIN are missing, and the cause of a RST.
    Why it matters: the sender stays in FIN-WAIT-1, CLOSING or LAST-ACK and holds memory; the peer
        may never learn that the stream has ended.
    What to do: `ss -tno state fin-wait-1` (or `last-ack`, `closing`) on the sender shows the timer;
        find out whether the peer's host or the path to it was gone.
    Not proof of: a fault of the peer; the FIN may have been lost each time.
    Other tools: Wireshark tcp.fin_retransmission only; Zeek S2 or S3; tcptrace "complete: no";
        conntrack FIN_WAIT for 120 s, LAST_ACK for 30 s; Suricata has no name for it.
    References: RFC 9293 sections 3.6 and 3.8.3; Linux net.ipv4.tcp_orphan_retries.
    Seen in: fixtures/findings/CL001-fin-unacknowledged
    """
    if connection.observed & (ONE_SIDED | MISSING_DATA) or was_reset(connection):
        return
    for sender, _ in tallies(connection, FIN_UNACKNOWLEDGED):
        copies = connection.tally(FIN_REPEATED, sender.is_originator)
        last_ns = sender.fin_time_ns if copies is None else copies.last.time_ns
        peer = peer_of(connection, sender)
        if peer.segments == 0 or not capture.waited(last_ns, patience_ns(sender, peer)):
            continue
        values = _values(connection, sender)
        values["copies"] = 0 if copies is None else copies.count
        values["silence"] = seconds(capture.last_time_ns - last_ns)
        profile = capture.profile(sender)
        gave_up = capture.waited(sender.fin_time_ns, profile.orphan_give_up_ns)
        values |= {
            "gave_up": gave_up,
            "profile": profile.name,
            "profile_source": capture.profile_source(connection, sender),
        }
        template = (
            "{sender} sent FIN (frame {frame}, {copies} copies); {peer} did not acknowledge it in "
            "the {silence:.6f} s that follow the last of them"
        )
        if gave_up:
            template += "; by profile {profile} ({profile_source}) it has given up"
        yield judge(
            "CL001",
            connection,
            about=sender,
            certainty="inferred",  # what was not captured may have been sent
            time_ns=last_ns,
            frames=(sender.fin_frame, *(frames_of(copies) if copies is not None else ())),
            frame_count=1 + (copies.count if copies is not None else 0),
            template=template,
            values=values,
            why="no captured segment of the peer acknowledges the octet of the FIN",
            would_disprove="an acknowledgement that the capture missed",
        )


def _values(connection: Connection, sender: Endpoint) -> dict[str, object]:
    peer = peer_of(connection, sender)
    return {
        "sender": endpoint_name(connection, sender),
        "peer": endpoint_name(connection, peer),
        "state": state_name(sender),
        "frame": sender.fin_frame,
        "acknowledged": sender.snd_una,
        "unacknowledged": max(sender.fin_offset - sender.snd_una, 0),
        "peer_last_frame": peer.last_frame,
    }
