"""LC007: one direction closed, the other in use."""

from collections.abc import Iterator

from tcpflow_analyzer.findings.finding import CaptureView, Finding, endpoint_name, seconds
from tcpflow_analyzer.findings.lifecycle.judgement import frames_of, judge, peer_of, tallies
from tcpflow_analyzer.findings.registry import finding
from tcpflow_analyzer.table.connection import Connection
from tcpflow_analyzer.table.observation import HALF_CLOSE


@finding("LC007", severity="info", since="0.1.0", wakes=HALF_CLOSE)
def half_close(connection: Connection, capture: CaptureView) -> Iterator[Finding]:
    """One direction was closed while the other kept carrying data.

    Set when all of the following hold:
      - one end's FIN was acknowledged (it is in FIN-WAIT-2, its peer in CLOSE-WAIT);
      - the peer then sent at least one new octet of data;
      - the closed end acknowledged it.

    Supersedes: nothing; data that draws a RST instead is CL008.
    Why it matters: programs that use shutdown() rely on it; middleboxes and idle timers for
        half-closed connections (Linux tcp_fin_timeout for orphans) may cut it short.
    What to do: nothing, if it is meant.
    Not proof of: a program that forgot to close; see CL005.
    Other tools: Wireshark has no name for it; Zeek S2 or S3 only where the second FIN never comes;
        conntrack CLOSE_WAIT; tcptrace "complete: no"; Suricata has no name for it.
    References: RFC 9293 section 3.6.1.
    Seen in: fixtures/findings/LC007-half-close
    """
    for sender, tally in tallies(connection, HALF_CLOSE):
        closed = peer_of(connection, sender)
        # From the first octet after the acknowledgement of the FIN to what was acknowledged.
        octets = sender.snd_una - tally.kept[0].second - (sender.snd_una > sender.fin_offset > 0)
        if octets <= 0:
            continue
        until_ns = sender.fin_time_ns or tally.last.time_ns
        yield judge(
            "LC007",
            connection,
            about=sender,
            certainty="observed",
            time_ns=tally.last.time_ns,
            frames=(closed.fin_frame, closed.fin_acked_frame, *frames_of(tally)),
            frame_count=tally.count + 2,
            template=(
                "{closed} sent FIN (frame {fin_frame}); {sender} went on for {duration:.6f} s and "
                "delivered {octets} more octets"
            ),
            values={
                "closed": endpoint_name(connection, closed),
                "sender": endpoint_name(connection, sender),
                "fin_frame": closed.fin_frame,
                "duration": seconds(until_ns - closed.fin_acked_time_ns),
                "octets": octets,
            },
            why="octets sent after the acknowledgement of the FIN were acknowledged in turn",
            would_disprove="the octets having been sent before the FIN arrived",
        )
