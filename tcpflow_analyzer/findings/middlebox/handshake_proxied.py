"""MB004: someone else answered the SYN."""

from collections.abc import Iterator

from tcpflow_analyzer.findings.finding import CaptureView, Finding, endpoint_name, seconds
from tcpflow_analyzer.findings.lifecycle.judgement import judge, tallies
from tcpflow_analyzer.findings.registry import finding
from tcpflow_analyzer.table.connection import Connection
from tcpflow_analyzer.table.observation import Observation
from tcpflow_analyzer.table.stream_cases import PROXIED_TIME, PROXIED_TTL
from tcpflow_analyzer.table.stream_observation import HANDSHAKE_PROXIED


@finding("MB004", severity="info", since="0.2.0", stream_wakes=HANDSHAKE_PROXIED)
def handshake_proxied(connection: Connection, capture: CaptureView) -> Iterator[Finding]:
    """The SYN-ACK was made by something nearer than the server.

    Set when at least one of the following holds:
      - the SYN-ACK came in less than 0.3 times the time that the first acknowledgement of data took
        (and that of the originator's FIN, if there is one), and 5 ms sooner; the SYN was not
        repeated;
      - all later segments of the responder, two at least, have another TTL than the SYN-ACK, by 2
        or more;
      - the first acknowledgement of data carries a timestamp that the clock of the SYN-ACK cannot
        have reached.

    Supersedes: nothing.
    Why it matters: a SYN proxy, a load balancer or a transparent proxy stands between the ends: an
        open connection says nothing about the server, and options may be translated wrongly.
    What to do: nothing if it is meant to be there; capture behind it to see the server's part.
    Not proof of: a proxy, where only the times differ: a slow program that acknowledges late looks
        the same.
    Other tools: none of Wireshark, Zeek, Suricata, tcptrace, conntrack looks for it.
    References: RFC 3135 section 2; RFC 4987 section 3.7.
    Seen in: fixtures/findings/MB004-handshake-proxied
    """
    for responder, tally in tallies(connection, HANDSHAKE_PROXIED):
        signs = {int(item.first): item for item in tally.kept}
        only_time = set(signs) == {PROXIED_TIME}
        yield judge(
            "MB004",
            connection,
            about=responder,
            certainty="assumed" if only_time else "inferred",
            time_ns=tally.last.time_ns,
            frames=[connection.synack_frame, *(item.frame for item in tally.kept)],
            template=(
                "something nearer than {responder} made its SYN-ACK (frame {synack_frame}): {signs}"
            ),
            values={
                "responder": endpoint_name(connection, responder),
                "synack_frame": connection.synack_frame,
                "signs": "; ".join(_words(item) for item in tally.kept),
                "handshake": seconds(connection.synack_time_ns - connection.syn_time_ns),
            },
            why="the SYN-ACK and what follows it cannot come from the same place",
            would_disprove="a capture at the server that shows it sending this SYN-ACK",
        )


def _words(item: Observation) -> str:
    """One sign in words."""
    if item.first == PROXIED_TIME:
        return f"it took {seconds(item.second):.6f} s, the first answer {seconds(item.third):.6f} s"
    if item.first == PROXIED_TTL:
        return f"its TTL is {item.second}, that of all others {item.third}"
    return f"its timestamp is {item.second}, the next one {item.third}"
