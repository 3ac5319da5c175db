"""CP011: the timeline was rewritten."""

from collections.abc import Iterator

from tcpflow_analyzer.findings.finding import CaptureView, Finding, endpoint_name
from tcpflow_analyzer.findings.lifecycle.judgement import frames_of, judge, tallies
from tcpflow_analyzer.findings.registry import finding
from tcpflow_analyzer.table.connection import Connection
from tcpflow_analyzer.table.observation import CORRECTED
from tcpflow_analyzer.tcp.states import STATE_NAMES


@finding("CP011", severity="info", since="0.1.0", wakes=CORRECTED)
def belief_corrected(connection: Connection, capture: CaptureView) -> Iterator[Finding]:
    """Later evidence showed that the believed state was wrong; the timeline was rewritten.

    Set when all of the following hold:
      - an endpoint was believed in a state because a segment went towards it;
      - a later segment is only possible if that one had not arrived: FIN or SYN-ACK sent again
        after the covering ACK, traffic after a RST, data below a FIN thought delivered.

    Supersedes: nothing.
    Why it matters: marks where the capture alone misleads: the segment was lost behind the tap, or
        the endpoint dropped it.
    What to do: nothing; the corrected transitions are marked in the timeline.
    Not proof of: loss; a full accept queue drops ACKs that have arrived (HS013).
    Other tools: Zeek puts RESET back to CLOSED after FIN; Suricata rolls RST back; conntrack takes
        up its entry anew on a SYN-ACK; Wireshark and tcptrace have no name for it.
    References: RFC 9293 section 3.10; not in any RFC: believed states.
    Seen in: fixtures/findings/CP011-belief-corrected
    """
    for endpoint, tally in tallies(connection, CORRECTED):
        first = tally.kept[0]
        yield judge(
            "CP011",
            connection,
            about=endpoint,
            certainty="observed",
            time_ns=tally.last.time_ns,
            frames=frames_of(tally),
            frame_count=tally.count,
            template=(
                "{socket} was believed in {from_state}; frame {frame} shows {to_state} instead"
                "{more}"
            ),
            values={
                "socket": endpoint_name(connection, endpoint),
                "from_state": STATE_NAMES[first.first],
                "to_state": STATE_NAMES[first.second],
                "frame": first.frame,
                "corrections": tally.count,
                "more": f", and {tally.count - 1} more such" if tally.count > 1 else "",
            },
            why="the endpoint sent what it could not have sent in the believed state",
            would_disprove="a forged segment in its name",
        )
