"""SQ013: more in flight than any window allowed."""

from collections.abc import Iterator

from tcpflow_analyzer.findings.finding import CaptureView, Finding, endpoint_name
from tcpflow_analyzer.findings.lifecycle.judgement import frames_of, judge, peer_of, tallies
from tcpflow_analyzer.findings.registry import finding
from tcpflow_analyzer.table.connection import Connection
from tcpflow_analyzer.table.observation import ONE_SIDED
from tcpflow_analyzer.table.stream_observation import FLIGHT_EXCESSIVE


@finding("SQ013", severity="warning", since="0.2.0", stream_wakes=FLIGHT_EXCESSIVE)
def unacked_flight_excessive(connection: Connection, capture: CaptureView) -> Iterator[Finding]:
    """A sender has more unacknowledged data than the peer ever allowed.

    Set when all of the following hold:
      - both ends were captured;
      - an endpoint continues its stream although more octets than the largest window its peer ever
        advertised, and two segments, are not acknowledged; or more than 10 MiB where the window
        scale is not known.

    Superseded by: CP003 where nothing of the peer was captured.
    Why it matters: it usually means that the capture misses acknowledgements: what other findings
        say about this connection is less sure.
    What to do: capture both directions, at one place.
    Not proof of: a sender that ignores flow control.
    Other tools: Wireshark tcp.analysis.bytes_in_flight; Zeek above_hole_data_without_any_acks,
        excessive_data_without_further_acks; conntrack "SEQ is over the upper bound"; Suricata,
        tcptrace: none.
    References: RFC 9293 section 3.8.6.
    Seen in: fixtures/findings/SQ013-unacked-flight-excessive
    """
    if connection.observed & ONE_SIDED:
        return
    for sender, tally in tallies(connection, FLIGHT_EXCESSIVE):
        shown = (*tally.kept, tally.last)
        flight = max(int(seen.first) for seen in shown)
        yield judge(
            "SQ013",
            connection,
            about=sender,
            certainty="inferred",
            time_ns=tally.last.time_ns,
            frames=(int(tally.kept[0].third), *frames_of(tally)),
            frame_count=1 + tally.count,
            template=(
                "{sender} had {flight} octets in flight, more than {peer} ever allowed ({window}); "
                "the last acknowledgement captured is frame {ack_frame}"
            ),
            values={
                "sender": endpoint_name(connection, sender),
                "peer": endpoint_name(connection, peer_of(connection, sender)),
                "flight": flight,
                "window": int(tally.kept[0].second),
                "ack_frame": int(tally.kept[0].third),
                "count": tally.count,
            },
            why="the stream goes on beyond the largest window",
            would_disprove="acknowledgements that the capture lost, which is the usual cause",
        )
