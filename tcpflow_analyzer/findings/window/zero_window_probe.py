"""WN002: probes of a closed window."""

from collections.abc import Iterator

from tcpflow_analyzer.findings.finding import CaptureView, Finding, endpoint_name, seconds
from tcpflow_analyzer.findings.lifecycle.judgement import frames_of, judge, stream_tallies
from tcpflow_analyzer.findings.registry import finding
from tcpflow_analyzer.table.connection import Connection
from tcpflow_analyzer.table.stream_observation import (
    WINDOW_PROBE_ORIGINATOR,
    WINDOW_PROBE_RESPONDER,
)


@finding(
    "WN002",
    severity="info",
    since="0.2.0",
    stream_facts=WINDOW_PROBE_ORIGINATOR | WINDOW_PROBE_RESPONDER,
)
def zero_window_probe(connection: Connection, capture: CaptureView) -> Iterator[Finding]:
    """The sender probes a closed window.

    Set when all of the following hold:
      - the last window that the peer advertised is 0;
      - an endpoint sends one octet at SND.NXT, or none (Linux) or one at SND.NXT - 1.

    Supersedes: KA001: the same segments while the window is open are keep-alives.
    Why it matters: data waits at the sender; the probes are what keeps the connection alive.
    What to do: see WN001 and WN003.
    Not proof of: a stall: a window that closes for an instant is probed too.
    Other tools: Wireshark tcp.analysis.zero_window_probe, .zero_window_probe_ack (Linux's are
        .keep_alive there); Suricata est_ack_zwp_data; tcptrace "zwnd probe pkts"; conntrack allows
        for one octet more; Zeek: none.
    References: RFC 9293 section 3.8.6.1; Linux tcp_output.c tcp_xmit_probe_skb().
    Seen in: fixtures/findings/WN002-zero-window-probe
    """
    for sender, tally in stream_tallies(
        connection, WINDOW_PROBE_ORIGINATOR, WINDOW_PROBE_RESPONDER
    ):
        answers = [int(seen.third) for seen in tally.kept if seen.third > 0]
        yield judge(
            "WN002",
            connection,
            about=sender,
            certainty="observed",
            time_ns=tally.last.time_ns,
            frames=(*frames_of(tally), *answers),
            frame_count=tally.count + len(answers),
            template=(
                "{socket} probed its peer's closed window {count} times, first in frame {frame} "
                "after {wait:.3f} s"
            ),
            values={
                "socket": endpoint_name(connection, sender),
                "count": tally.count,
                "frame": tally.kept[0].frame,
                "wait": seconds(tally.kept[0].first),
                "waits": [seconds(seen.first) for seen in tally.kept],
                "octets": int(tally.kept[0].second),
                "unanswered": sum(1 for seen in tally.kept if seen.third == 0),
            },
            why="it sends next to nothing into a window of 0",
            would_disprove="a window update that the capture lost",
        )
