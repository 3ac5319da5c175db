"""SQ014: a receiver that dropped what it had reported."""

from collections.abc import Iterator

from tcpflow_analyzer.findings.finding import CaptureView, Finding, endpoint_name
from tcpflow_analyzer.findings.lifecycle.judgement import frames_of, judge, tallies
from tcpflow_analyzer.findings.registry import finding
from tcpflow_analyzer.table.connection import Connection
from tcpflow_analyzer.table.stream_observation import SACK_RENEGED


@finding("SQ014", severity="warning", since="0.2.0", stream_wakes=SACK_RENEGED)
def sack_reneging(connection: Connection, capture: CaptureView) -> Iterator[Finding]:
    """The receiver dropped data it had SACKed.

    Set when all of the following hold:
      - an endpoint reported a block [left, right) by SACK;
      - a later ACK of it, not beyond `left`, has room for the block and does not carry it;
      - the peer then retransmits octets of the block, or the endpoint's ACKs stay below `right`
        for more than a second.

    Supersedes: nothing.
    Why it matters: the sender may have believed that these octets are safe; it recovers only by
        timeout.
    What to do: look for memory pressure at the receiver (Linux: TCPSACKReneging, OfoPruned).
    Not proof of: reneging: a middlebox that strips or rewrites SACK options does it as well.
    Other tools: Linux counter TCPSACKReneging; Wireshark, Zeek, Suricata, tcptrace, conntrack:
        none.
    References: RFC 2018 section 8.
    Seen in: fixtures/findings/SQ014-sack-reneging
    """
    for receiver, tally in tallies(connection, SACK_RENEGED):
        first = tally.kept[0]
        yield judge(
            "SQ014",
            connection,
            about=receiver,
            certainty="inferred",
            time_ns=tally.last.time_ns,
            frames=(*(int(seen.third) for seen in tally.kept), *frames_of(tally)),
            frame_count=2 * tally.count,
            template=(
                "{socket} had reported octets {left} to {right} by SACK and no longer does in "
                "frame {dropped}; frame {frame} shows that they are needed again"
            ),
            values={
                "socket": endpoint_name(connection, receiver),
                "left": int(first.first),
                "right": int(first.second),
                "dropped": int(first.third),
                "frame": first.frame,
                "count": tally.count,
            },
            why="a block that was reported is missing although there is room for it",
            would_disprove="acknowledgements captured in another order than they were sent",
        )
