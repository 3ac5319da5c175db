"""CL007: more data behind the end of the stream."""

from collections.abc import Iterator

from tcpflow_analyzer.findings.finding import CaptureView, Finding, endpoint_name
from tcpflow_analyzer.findings.lifecycle.judgement import frames_of, judge, tallies
from tcpflow_analyzer.findings.registry import finding
from tcpflow_analyzer.table.connection import Connection
from tcpflow_analyzer.table.observation import DATA_AFTER_FIN


@finding("CL007", severity="error", since="0.1.0", wakes=DATA_AFTER_FIN)
def data_after_fin(connection: Connection, capture: CaptureView) -> Iterator[Finding]:
    """New data was sent past the sender's own FIN.

    Set when all of the following hold:
      - an endpoint sent FIN;
      - a segment of it carries data that ends behind the octet of the FIN.

    Supersedes: nothing.
    Why it matters: a receiver drops these octets; a device that reassembles them sees other content
        than the receiver.
    What to do: find out which device wrote the segment: compare TTL and IP identification; look for
        a middlebox that closes on behalf of an end which goes on.
    Not proof of: which of the two, FIN or data, is the endpoint's own.
    Other tools: Zeek FIN_advanced_last_seq for a FIN only; Wireshark, Suricata, tcptrace and
        conntrack have no name for it.
    References: RFC 9293 section 3.6 (no SEND after CLOSE), section 3.10.7.4 seventh step.
    Seen in: fixtures/findings/CL007-data-after-fin
    """
    for sender, tally in tallies(connection, DATA_AFTER_FIN):
        first = tally.kept[0]
        yield judge(
            "CL007",
            connection,
            about=sender,
            certainty="observed",
            time_ns=tally.last.time_ns,
            frames=(sender.fin_frame, *frames_of(tally)),
            frame_count=1 + tally.count,
            template=(
                "{sender} sent FIN (frame {fin_frame}) and then data that ends {octets} octets "
                "behind it (frame {frame})"
            ),
            values={
                "sender": endpoint_name(connection, sender),
                "fin_frame": sender.fin_frame,
                "frame": first.frame,
                "octets": first.first,
                "count": tally.count,
            },
            why="the data's sequence numbers lie behind the octet of the FIN",
            would_disprove="the FIN or the data belonging to another incarnation",
        )
