"""KA001: someone asks whether the other end is still there."""

from collections.abc import Iterator

from tcpflow_analyzer.findings.finding import CaptureView, Finding, endpoint_name, noun, seconds
from tcpflow_analyzer.findings.lifecycle.judgement import both, frames_of, judge, peer_of
from tcpflow_analyzer.findings.registry import finding
from tcpflow_analyzer.table.connection import Connection
from tcpflow_analyzer.table.stream_observation import (
    KEEPALIVE_ORIGINATOR,
    KEEPALIVE_RESPONDER,
    keepalive,
)


@finding(
    "KA001",
    severity="info",
    since="0.2.0",
    stream_facts=KEEPALIVE_ORIGINATOR | KEEPALIVE_RESPONDER,
)
def keepalive_probe(connection: Connection, capture: CaptureView) -> Iterator[Finding]:
    """An endpoint sends keep-alive probes.

    Set when all of the following hold:
      - it sent ACK, without SYN, FIN and RST, with no payload or one octet, at SEQ = SND.NXT - 1;
      - all it had sent was acknowledged, and the other end's window was open;
      - its segment before is older than 1 s.

    A probe is answered by an acknowledgement of SND.NXT within 1 s.

    Superseded by: WN002, where the window is closed: the same segment asks for the window there.
    Why it matters: a fact. Someone set SO_KEEPALIVE: a dead peer will be noticed, and devices on
        the path are reminded of the connection.
    What to do: nothing; compare the interval with the idle time-outs on the path.
    Not proof of: an application that is alive; the kernel answers for it.
    Other tools: Wireshark tcp.analysis.keep_alive, tcp.analysis.keep_alive_ack; Suricata's packet
        flag KEEPALIVE; Zeek, tcptrace and conntrack have no name for it.
    References: RFC 9293 section 3.8.4; RFC 1122 section 4.2.3.6.
    Seen in: fixtures/findings/KA001-keepalive-probe
    """
    for prober in both(connection):
        tally = connection.tally(keepalive(prober.is_originator), prober.is_originator)
        if tally is None:
            continue
        first, last = tally.kept[0], tally.last
        answered = last.third + (1 if last.second else 0)
        interval = tally.kept[1].first if tally.count > 1 else 0
        answers = [item.second for item in tally.kept]
        yield judge(
            "KA001",
            connection,
            about=prober,
            certainty="observed",
            time_ns=last.time_ns,
            frames=[*frames_of(tally), *answers],
            frame_count=tally.count + answered,
            template=(
                "{prober} sent {probes} keep-alive "
                + noun(tally.count, "probe")
                + " (first: frame {frame}, {idle:.3f} s after its segment before); {peer} "
                "answered {answered}"
            ),
            values={
                "prober": endpoint_name(connection, prober),
                "peer": endpoint_name(connection, peer_of(connection, prober)),
                "probes": tally.count,
                "answered": answered,
                "frame": first.frame,
                "idle": seconds(first.first),
                "interval": seconds(interval),
            },
            why="SEQ is one below SND.NXT, and nothing was outstanding",
            would_disprove="data in flight that the capture missed",
        )
