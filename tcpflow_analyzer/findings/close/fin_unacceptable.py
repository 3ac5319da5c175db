"""CL004: a FIN outside the window."""

from collections.abc import Iterator

from tcpflow_analyzer.findings.close.waiting import is_full_view
from tcpflow_analyzer.findings.finding import CaptureView, Finding, endpoint_name
from tcpflow_analyzer.findings.lifecycle.judgement import frames_of, judge, peer_of, tallies
from tcpflow_analyzer.findings.registry import finding
from tcpflow_analyzer.table.connection import Connection
from tcpflow_analyzer.table.endpoint import Endpoint
from tcpflow_analyzer.table.observation import FIN_UNACCEPTABLE, Observation
from tcpflow_analyzer.tcp.sequence import distance


@finding("CL004", severity="warning", since="0.1.0", wakes=FIN_UNACCEPTABLE)
def fin_unacceptable(connection: Connection, capture: CaptureView) -> Iterator[Finding]:
    """A FIN lies outside the receiver's window and will not be processed.

    Set when all of the following hold:
      - a FIN is not acceptable by table 6 of RFC 9293, judged with the lowest plausible RCV.NXT
        and the highest window edge that the receiver advertised;
      - the receiver never acknowledged it, and both directions were captured without a gap.
    The receiver keeps its state; it is expected to answer with an ACK.

    Supersedes: nothing.
    Why it matters: the sender believes that it has closed, the receiver does not.
    What to do: look for a device that changes sequence numbers or windows, for an old duplicate,
        or for somebody who tries to end connections blindly.
    Not proof of: an attack; a sender that ignores the window looks the same.
    Other tools: Suricata fin_out_of_window; conntrack "SEQ is over the upper bound"; Wireshark,
        Zeek and tcptrace have no name for it.
    References: RFC 9293 section 3.10.7.4 first step, table 6.
    Seen in: fixtures/findings/CL004-fin-unacceptable
    """
    if not is_full_view(connection):
        return
    for sender, tally in tallies(connection, FIN_UNACCEPTABLE):
        first = tally.kept[0]
        if _was_taken(sender, peer_of(connection, sender), first):
            continue
        yield judge(
            "CL004",
            connection,
            about=sender,
            certainty="inferred",
            time_ns=tally.last.time_ns,
            frames=frames_of(tally),
            frame_count=tally.count,
            template=(
                "FIN of {sender} (frame {frame}) is octet {fin} of its stream; {receiver} takes "
                "octets {start} to {edge}"
            ),
            values={
                "sender": endpoint_name(connection, sender),
                "receiver": endpoint_name(connection, peer_of(connection, sender)),
                "frame": first.frame,
                "fin": first.first,
                "start": first.second,
                "edge": first.third,
            },
            why="the octet of the FIN lies outside the widest window that the receiver may have",
            would_disprove="a window advertisement that the capture missed",
        )


def _was_taken(sender: Endpoint, receiver: Endpoint, seen: Observation) -> bool:
    """Whether the receiver's last segment acknowledges the FIN: then the capture has a gap."""
    return distance(receiver.last_ack, (sender.iss + seen.first) & 0xFFFF_FFFF) > 0
