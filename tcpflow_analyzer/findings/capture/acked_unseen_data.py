"""CP004: the capture lost packets."""

from collections.abc import Iterator

from tcpflow_analyzer.findings.capture.control_only_trace import is_control_only
from tcpflow_analyzer.findings.finding import CaptureView, Finding, endpoint_name
from tcpflow_analyzer.findings.lifecycle.judgement import frames_of, judge, tallies
from tcpflow_analyzer.findings.registry import finding
from tcpflow_analyzer.table.connection import Connection
from tcpflow_analyzer.table.observation import ACKED_UNSEEN, KEPT, ONE_SIDED


@finding("CP004", severity="warning", since="0.1.0", wakes=ACKED_UNSEEN)
def acked_unseen_data(connection: Connection, capture: CaptureView) -> Iterator[Finding]:
    """The peer acknowledged octets the tap never saw: the capture lost packets.

    Set when all of the following hold:
      - an endpoint acknowledges octets of its peer that were not captured;
      - segments of both directions were captured;
      - the octets do not come within `reorder_slack` (10 ms) after the acknowledgement.

    Superseded by: CP003 where nothing of one end was captured; CP010 where no segment of the
        connection lacks SYN, FIN and RST.
    Why it matters: FIN and RST may be among what is missing; findings about what did not come are
        less sure.
    What to do: `tcpdump -B 65536`, a smaller snapshot length, a capture filter; look at the drop
        counters of the mirror port.
    Not proof of: loss on the network: the data did arrive.
    Other tools: Wireshark tcp.analysis.ack_lost_segment; Zeek content_gap,
        CaptureLoss::Too_Much_Loss; Suricata reassembly_seq_gap; tcptrace "missed data"; conntrack
        "ACKed data not seen yet".
    References: RFC 9293 section 3.10.7.4 fifth step; not in any RFC: the observer's position.
    Seen in: fixtures/findings/CP004-acked-unseen-data
    """
    if connection.observed & ONE_SIDED or is_control_only(connection):
        return
    for sender, tally in tallies(connection, ACKED_UNSEEN):
        shown = tally.kept if tally.count <= KEPT else [*tally.kept, tally.last]
        unseen = sum(int(observation.first) for observation in shown)
        if not unseen:
            continue  # it came within reorder_slack (CP007)
        acknowledged = max(int(sender.snd_una) - 1, unseen, 1)
        yield judge(
            "CP004",
            connection,
            about=sender,
            certainty="observed",
            time_ns=tally.last.time_ns,
            frames=frames_of(tally),
            frame_count=tally.count,
            template=(
                "{octets} octets of {socket} were acknowledged (first in frame {frame}) but not "
                "captured, {share:.2%} of its stream"
            ),
            values={
                "socket": endpoint_name(connection, sender),
                "octets": unseen,
                "gaps": tally.count,
                "frame": tally.kept[0].frame,
                "ranges": [[int(item.second), int(item.third)] for item in shown],
                "share": unseen / acknowledged,
            },
            why="an acknowledgement covers numbers that no captured segment carried",
            would_disprove="the octets appearing later in the capture (CP007)",
        )
