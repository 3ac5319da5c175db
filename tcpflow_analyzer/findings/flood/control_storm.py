"""FL005: control segments without end."""

from collections.abc import Iterator
from typing import Final

from tcpflow_analyzer.findings.finding import CaptureView, Finding, endpoint_name, seconds
from tcpflow_analyzer.findings.lifecycle.judgement import judge
from tcpflow_analyzer.findings.registry import finding
from tcpflow_analyzer.observer.storm import LOOP, MOST
from tcpflow_analyzer.table.connection import Connection
from tcpflow_analyzer.table.stream_observation import CONTROL_STORM

SHORTEST: Final = 1e-6  # seconds that a storm lasts at least, for its rate


@finding("FL005", severity="warning", since="0.2.0", stream_wakes=CONTROL_STORM)
def control_storm(connection: Connection, capture: CaptureView) -> Iterator[Finding]:
    """A storm of FIN, RST or pure ACK segments on one connection.

    Set when one of the following holds:
      - at least 1000 FIN, or at least 1000 RST, were captured on it;
      - more than 100 equal pure ACKs went to and fro in turn, less than 1 s apart (an ACK loop).

    Supersedes: CL002 and RS012 of the same connection say how it began.
    Why it matters: it takes bandwidth and time of both ends, and does not end by itself.
    What to do: an ACK loop has ends that disagree about the numbers: a middlebox that changes them,
        or a forged segment; net.ipv4.tcp_invalid_ratelimit bounds it on Linux.
    Not proof of: an attack.
    Other tools: Zeek FIN_storm, RST_storm; Wireshark tcp.analysis.duplicate_ack; Suricata, tcptrace
        and conntrack have no name for it.
    References: RFC 5961 section 7; RFC 9293 section 3.10.7.4.
    Seen in: fixtures/findings/FL005-control-storm
    """
    tally = connection.tally(CONTROL_STORM, True)
    if tally is None:
        return
    resets, fins, loop = int(tally.last.first), int(tally.last.second), int(tally.last.third)
    parts = []
    if fins >= MOST:
        parts.append(f"{fins} FIN")
    if resets >= MOST:
        parts.append(f"{resets} RST")
    analysis = connection.analysis
    first_frame = int(connection.first_frame)
    if loop > LOOP and analysis is not None:
        parts.append(f"{loop} equal ACKs in turn")
        first_frame = int(analysis.longest_loop_frame)
    lasted = max(seconds(int(connection.last_time_ns - connection.first_time_ns)), SHORTEST)
    yield judge(
        "FL005",
        connection,
        about=None,
        certainty="observed",
        time_ns=int(connection.last_time_ns),
        frames=(first_frame, int(tally.last.frame)),
        frame_count=max(resets, fins, loop),
        template=(
            "{what} between {originator} and {responder} from frame {first_frame} on, within "
            "{lasted:.6f} s"
        ),
        values={
            "what": " and ".join(parts),
            "originator": endpoint_name(connection, connection.originator),
            "responder": endpoint_name(connection, connection.responder),
            "fins": fins,
            "resets": resets,
            "loop": loop,
            "first_frame": first_frame,
            "lasted": lasted,
            "rate": max(resets, fins, loop) / lasted,
        },
        why="far more control segments than any close or handshake needs",
        would_disprove="copies of one segment by the capture itself (CP006)",
    )
