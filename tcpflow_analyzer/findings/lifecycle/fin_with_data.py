"""LC008: the last data and the FIN in one segment."""

from collections.abc import Iterator

from tcpflow_analyzer.findings.finding import CaptureView, Finding, endpoint_name
from tcpflow_analyzer.findings.lifecycle.judgement import judge
from tcpflow_analyzer.findings.registry import finding
from tcpflow_analyzer.table.connection import Connection
from tcpflow_analyzer.table.observation import FIN_WITH_DATA_ORIGINATOR, FIN_WITH_DATA_RESPONDER


@finding(
    "LC008",
    severity="info",
    since="0.1.0",
    wakes=FIN_WITH_DATA_ORIGINATOR | FIN_WITH_DATA_RESPONDER,
    fact=True,
)
def fin_with_data(connection: Connection, capture: CaptureView) -> Iterator[Finding]:
    """A FIN rode on a segment that also carried data.

    Set when all of the following hold:
      - a segment has FIN and at least one octet of payload.

    The FIN takes the sequence number after the last octet of data.

    Supersedes: nothing.
    Why it matters: normal where a program writes and closes at once; tools that count the FIN
        without its data are off by the payload.
    What to do: nothing.
    Not proof of: data loss; the FIN counts only once all data before it has arrived.
    Other tools: Wireshark tcp.connection.fin; Zeek history D and F; tcptrace counts "FIN pkts
        sent"; Suricata and conntrack have no name for it.
    References: RFC 9293 sections 3.4 and 3.10.4.
    Seen in: fixtures/findings/LC008-fin-with-data
    """
    for endpoint, kind in (
        (connection.originator, FIN_WITH_DATA_ORIGINATOR),
        (connection.responder, FIN_WITH_DATA_RESPONDER),
    ):
        if connection.observed & kind:
            yield judge(
                "LC008",
                connection,
                about=endpoint,
                certainty="observed",
                time_ns=endpoint.fin_time_ns,
                frames=(endpoint.fin_frame, endpoint.fin_acked_frame),
                template="{socket} sent its last data and FIN in one segment (frame {fin_frame})",
                values={
                    "socket": endpoint_name(connection, endpoint),
                    "fin_frame": endpoint.fin_frame,
                    "fin_acked_frame": endpoint.fin_acked_frame,
                },
                why="the segment has FIN set and carries payload",
                would_disprove="link-layer padding taken for payload",
            )
