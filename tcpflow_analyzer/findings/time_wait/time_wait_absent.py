"""TW003: the last ACK was lost, and nobody was there to repeat it."""

from collections.abc import Iterator
from typing import Final

from tcpflow_analyzer.findings.finding import CaptureView, Finding, endpoint_name, seconds
from tcpflow_analyzer.findings.lifecycle.judgement import judge, peer_of, tallies
from tcpflow_analyzer.findings.registry import finding
from tcpflow_analyzer.findings.reset.cause import causes, frames_of_resets, sender_of
from tcpflow_analyzer.findings.reset.evidence import reset_values
from tcpflow_analyzer.findings.reset.traits import caused
from tcpflow_analyzer.observer.census import Census
from tcpflow_analyzer.table.connection import Connection
from tcpflow_analyzer.table.endpoint import Endpoint
from tcpflow_analyzer.table.observation import FIN_REPEATED, ONE_SIDED, RESET, Tally

SILENT_COPIES: Final = 3  # FINs without an answer that make silence


@finding(
    "TW003", severity="error", since="0.1.0", wakes=RESET | FIN_REPEATED, resets=caused("TW003")
)
def time_wait_absent(connection: Connection, capture: CaptureView) -> Iterator[Finding]:
    """A repeated FIN that TIME-WAIT should have acknowledged was answered by RST or by silence.

    Set when all of the following hold:
      - an endpoint acknowledged its peer's FIN and is believed in TIME-WAIT, for less than
        time_wait of its profile (seconds, Linux 60);
      - its peer sent its FIN again;
      - the endpoint answered with a RST in the form of a stack without a socket, or left at least 3
        copies unanswered although new connections of its host were opened meanwhile.

    Supersedes: RS005 to RS001, CL008, and TW002.
    Why it matters: the peer sees "connection reset" or waits in LAST-ACK although its data arrived;
        and nothing protects the next connection on the socket pair.
    What to do: `nstat -az TcpExtTCPTimeWaitOverflow` (net.ipv4.tcp_max_tw_buckets); look for a NAT
        gateway or balancer that drops its entry at the FIN; for a host that restarted.
    Not proof of: a fault of the endpoint's own stack; a device on the way may have answered for it.
    Other tools: Wireshark tcp.connection.rst; Zeek SF or RSTO; tcptrace RESET; conntrack CLOSE;
        Suricata has no name for it.
    References: RFC 9293 section 3.6 (MUST-13); RFC 1337.
    Seen in: fixtures/findings/TW003-time-wait-absent
    """
    for found in causes(connection, "TW003", capture.settings):
        reset = found.reset
        holder = sender_of(connection, reset)
        peer = peer_of(connection, holder)
        values = reset_values(connection, reset)
        values["ack_frame"] = peer.fin_acked_frame
        values["age"] = seconds(reset.time_ns - holder.time_wait_since_ns)
        values["profile"] = capture.profile(holder).name
        yield judge(
            "TW003",
            connection,
            about=holder,
            certainty="observed",
            time_ns=reset.time_ns,
            frames=(peer.fin_frame, peer.fin_acked_frame, *frames_of_resets(found.resets)),
            template=(
                "{sender} acknowledged the FIN of {peer} (frame {ack_frame}); when the FIN came "
                "again {age:.6f} s later (frame {trigger}) it answered RST (frame {frame})"
            ),
            values=values,
            why="TIME-WAIT acknowledges a repeated FIN; only a host without it answers with RST",
            would_disprove="a later segment of the endpoint that acknowledges the FIN",
        )
    if capture.census is not None and not connection.observed & (ONE_SIDED | RESET):
        yield from _silent(connection, capture.census)


def _silent(connection: Connection, census: Census) -> Iterator[Finding]:
    """Copies of an acknowledged FIN that drew nothing, from a host that was alive."""
    for peer, tally in tallies(connection, FIN_REPEATED):
        holder = peer_of(connection, peer)
        if tally.count < SILENT_COPIES or holder.time_wait_since_ns == 0:
            continue
        if not _is_unanswered(holder, tally):
            continue
        third = tally.kept[SILENT_COPIES - 1]
        if _last_opened_ns(connection, holder, census) <= third.time_ns:
            continue
        yield judge(
            "TW003",
            connection,
            about=holder,
            certainty="inferred",
            time_ns=tally.last.time_ns,
            frames=(peer.fin_acked_frame, *(seen.frame for seen in tally.kept)),
            frame_count=1 + tally.count,
            template=(
                "{holder} acknowledged the FIN of {peer} (frame {ack_frame}), then left {count} "
                "copies of it unanswered (first in frame {frame}) while its host opened new "
                "connections"
            ),
            values={
                "holder": endpoint_name(connection, holder),
                "peer": endpoint_name(connection, peer),
                "ack_frame": peer.fin_acked_frame,
                "frame": tally.kept[0].frame,
                "count": tally.count,
            },
            why="TIME-WAIT acknowledges every copy of the FIN; this host was up and sent nothing",
            would_disprove="acknowledgements that the capture missed",
        )


def _is_unanswered(holder: Endpoint, tally: Tally) -> bool:
    """The FIN was acknowledged before its copies, and the holder sent nothing after the first."""
    first = tally.kept[0]
    return first.second > 0 and holder.last_frame < first.frame


def _last_opened_ns(connection: Connection, holder: Endpoint, census: Census) -> int:
    """When the holder's host last opened a connection at this service, 0 if not known."""
    length = connection.address_len
    if holder.is_originator:
        service = census.service_at(connection, length)
        return 0 if service is None else service.last_opened_ns
    listener = census.listener_at(connection, length)
    return 0 if listener is None else listener.last_opened_ns
