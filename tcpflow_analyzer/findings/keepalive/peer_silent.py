"""KA003: one side vanished."""

from collections.abc import Iterator

from tcpflow_analyzer.findings.finding import CaptureView, Finding, endpoint_name, seconds
from tcpflow_analyzer.findings.lifecycle.judgement import judge, peer_of, tallies
from tcpflow_analyzer.findings.registry import finding
from tcpflow_analyzer.settings import NANOSECONDS
from tcpflow_analyzer.table.connection import Connection
from tcpflow_analyzer.table.endpoint import Endpoint
from tcpflow_analyzer.table.stream_observation import PEER_SILENT

TOGETHER_NS = 5 * NANOSECONDS  # all connections of a host fall silent within this time


@finding("KA003", severity="error", since="0.2.0", stream_wakes=PEER_SILENT)
def peer_silent(connection: Connection, capture: CaptureView) -> Iterator[Finding]:
    """An endpoint vanished: it sends nothing while it must answer.

    Set when all of the following hold:
      - it had sent something, and is ESTABLISHED or later;
      - its peer sent at least 3 segments that want an answer (data, FIN, probes) over at least
        silent_window (seconds, default 10);
      - no segment of any kind came from it meanwhile;
      - both directions were captured.

    "recovered" says that it spoke again later: an outage, no death. "host" says that all open
    connections of its listener fell silent within 5 s.

    Supersedes: nothing; KA002, SQ005 and CL001 tell how its peer took it.
    Why it matters: a cable, a power failure, a crash or a path that carries one direction only: no
        FIN and no RST will ever come.
    What to do: compare the last frame of the silent end with events on its host and its switch
        port; set SO_KEEPALIVE or TCP_USER_TIMEOUT where the peer has to notice sooner.
    Not proof of: a dead host; its answers may be lost between it and the tap.
    Other tools: Wireshark a series of tcp.analysis.retransmission; tcptrace idletime max; conntrack
        UNACK timeout; Zeek connection_timeout; Suricata has no name for it.
    References: RFC 9293 section 3.8.3; RFC 5482.
    Seen in: fixtures/findings/KA003-peer-silent
    """
    if connection.one_sided:
        return
    for silent, tally in tallies(connection, PEER_SILENT):
        peer = peer_of(connection, silent)
        last = tally.last
        trouble = None if peer.rarities is None else peer.rarities.trouble
        asked_frame = 0 if trouble is None else trouble.asked_frame
        recovered = last.third > 0
        ended_ns = last.third or last.time_ns
        template = (
            "{silent} sent nothing after frame {last_frame} while {peer} sent {asked} segments "
            "that want an answer over {asking:.3f} s"
        )
        if recovered:
            template += "; it spoke again after {outage:.3f} s"
        yield judge(
            "KA003",
            connection,
            about=silent,
            certainty="inferred",
            time_ns=last.time_ns,
            frames=(last.frame, asked_frame, peer.last_frame if not recovered else 0),
            frame_count=last.first,
            template=template,
            values={
                "silent": endpoint_name(connection, silent),
                "peer": endpoint_name(connection, peer),
                "last_frame": last.frame,
                "asked": last.first,
                "asking": seconds(last.time_ns - last.second),
                "outage": seconds(ended_ns - last.second),
                "recovered": recovered,
                "recovered_ns": last.third,
                "outages": tally.count,
                "host": _is_whole_host(connection, silent),
                "silent_window": seconds(capture.settings.silent_window_ns),
            },
            why="segments that want an answer, and not one segment of the other end",
            would_disprove="answers on a path that the capture does not see",
        )


def _is_whole_host(connection: Connection, silent: Endpoint) -> bool:
    """Whether every open connection of its listener, and another one at least, fell silent."""
    listener = connection.listener
    if listener is None or silent.is_originator:
        return False
    together = listener.silent_until_ns - listener.silent_from_ns <= TOGETHER_NS
    still_open = listener.connections - listener.closes
    return together and listener.silent > 1 and listener.silent >= still_open
