"""CL003: two ends of one stream."""

from collections.abc import Iterator

from tcpflow_analyzer.findings.finding import CaptureView, Finding, endpoint_name
from tcpflow_analyzer.findings.lifecycle.judgement import frames_of, judge, tallies
from tcpflow_analyzer.findings.registry import finding
from tcpflow_analyzer.table.connection import Connection
from tcpflow_analyzer.table.observation import FIN_MOVED


@finding("CL003", severity="error", since="0.1.0", wakes=FIN_MOVED)
def fin_seq_changed(connection: Connection, capture: CaptureView) -> Iterator[Finding]:
    """The same endpoint sent FINs at different sequence numbers.

    Set when all of the following hold:
      - an endpoint sent FIN;
      - a later segment of it has FIN at another octet of the stream (SEQ and length together;
        data packed in another way before the same octet does not count).

    Supersedes: CL002 for that segment.
    Why it matters: a stream ends once; whoever believes the other FIN gets a shorter or a longer
        stream. Used to make inspection devices see other content than the receiver.
    What to do: find out which device wrote the second FIN: compare TTL and IP identification.
    Not proof of: an attack; a faulty proxy or a stack that lost count does it, too.
    Other tools: Zeek FIN_advanced_last_seq; Suricata fin1_fin_wrong_seq and fin2_fin_wrong_seq;
        tcptrace warns of a bad FIN number; Wireshark and conntrack have no name for it.
    References: RFC 9293 section 3.10.7.4 eighth step.
    Seen in: fixtures/findings/CL003-fin-seq-changed
    """
    for sender, tally in tallies(connection, FIN_MOVED):
        first = tally.kept[0]
        yield judge(
            "CL003",
            connection,
            about=sender,
            certainty="observed",
            time_ns=tally.last.time_ns,
            frames=(sender.fin_frame, *frames_of(tally)),
            frame_count=1 + tally.count,
            template=(
                "{sender} sent FIN at octet {old} of its stream (frame {fin_frame}), then at octet "
                "{new} (frame {frame}): {difference:+d}"
            ),
            values={
                "sender": endpoint_name(connection, sender),
                "fin_frame": sender.fin_frame,
                "frame": first.frame,
                "old": first.first,
                "new": first.second,
                "difference": first.second - first.first,
            },
            why="the octets of the two FINs differ",
            would_disprove="one of the two belonging to another incarnation of the socket pair",
        )
