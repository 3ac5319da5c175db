"""CL009: an end without all of the stream."""

from collections.abc import Iterator

from tcpflow_analyzer.findings.capture.control_only_trace import is_control_only
from tcpflow_analyzer.findings.close.waiting import patience_ns, was_reset
from tcpflow_analyzer.findings.finding import CaptureView, Finding, endpoint_name, seconds
from tcpflow_analyzer.findings.lifecycle.judgement import judge, peer_of, tallies
from tcpflow_analyzer.findings.registry import finding
from tcpflow_analyzer.table.connection import Connection
from tcpflow_analyzer.table.observation import MISSING_DATA, ONE_SIDED


@finding("CL009", severity="error", since="0.1.0", wakes=MISSING_DATA)
def close_with_missing_data(connection: Connection, capture: CaptureView) -> Iterator[Finding]:
    """A direction ended, but octets before the FIN were never seen nor acknowledged.

    Set when all of the following hold:
      - an endpoint sent FIN;
      - octets of its stream in front of the FIN were neither captured nor acknowledged by its peer;
      - the capture went on for three retransmission timeouts, at least 5 s, after the connection's
        last segment; both directions were captured, and no RST ended the connection.
    The receiver keeps the state it had before the FIN: a FIN counts only in order.

    Supersedes: CL001. Superseded by: the cause of a RST.
    Why it matters: the receiving application gets neither the rest of the data nor end of file.
    What to do: find out where the segments were lost, and why the sender stopped repeating them.
    Not proof of: loss in the network; a sender that never sent these octets looks the same.
    Other tools: Wireshark tcp.analysis.lost_segment; Zeek pending_data_when_closed, content_gap;
        Suricata reassembly_seq_gap; tcptrace "missed data"; conntrack has no name for it.
    References: RFC 9293 section 3.10.7.4 eighth step.
    Seen in: fixtures/findings/CL009-close-with-missing-data
    """
    if (
        connection.observed & ONE_SIDED
        or was_reset(connection)
        or is_control_only(connection)  # CP010
    ):
        return
    for sender, tally in tallies(connection, MISSING_DATA):
        peer = peer_of(connection, sender)
        if not capture.waited(connection.last_time_ns, patience_ns(sender, peer)):
            continue
        yield judge(
            "CL009",
            connection,
            about=sender,
            certainty="inferred",
            time_ns=connection.last_time_ns,
            frames=(sender.fin_frame, peer.last_frame),
            template=(
                "{sender} sent FIN at octet {fin} (frame {frame}), but {octets} octets from "
                "octet {hole} on were neither captured nor acknowledged in {silence:.6f} s"
            ),
            values={
                "sender": endpoint_name(connection, sender),
                "frame": sender.fin_frame,
                "fin": sender.fin_offset,
                "octets": tally.last.first,
                "hole": sender.contiguous,
                "acknowledged": sender.snd_una,
                "retransmitted": sender.retransmitted,
                "silence": seconds(capture.last_time_ns - sender.fin_time_ns),
            },
            why="the peer's highest acknowledgement stays in front of the hole",
            would_disprove="an acknowledgement behind the hole that the capture missed",
        )
