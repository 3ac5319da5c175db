"""CL005: the application that does not close."""

from collections.abc import Iterator

from tcpflow_analyzer.findings.finding import (
    CaptureView,
    Finding,
    Severity,
    endpoint_name,
    seconds,
)
from tcpflow_analyzer.findings.lifecycle.judgement import judge, peer_of, tallies
from tcpflow_analyzer.findings.registry import finding
from tcpflow_analyzer.table.connection import Connection
from tcpflow_analyzer.table.endpoint import Endpoint
from tcpflow_analyzer.table.observation import CLOSE_WAIT_HELD


@finding(
    "CL005",
    severity="error",
    severities=("warning", "error"),
    since="0.1.0",
    wakes=CLOSE_WAIT_HELD,
)
def close_wait_stuck(connection: Connection, capture: CaptureView) -> Iterator[Finding]:
    """CLOSE-WAIT leak: the application never closed after the peer did.

    Set when all of the following hold:
      - an endpoint acknowledged its peer's FIN, so it is in CLOSE-WAIT;
      - it sent neither FIN nor RST nor new data for close_wait_warn (seconds, default 60: a
        warning) or close_wait_error (seconds, default 300: an error);
      - the capture went on for that long.

    Supersedes: nothing; CL006 tells of the other end's FIN-WAIT-2.
    Why it matters: no timer ends CLOSE-WAIT. Each one holds a file descriptor until the process
        ends: "too many open files" follows.
    What to do: `ss -tanp state close-wait` names the process. In it, look for a path that forgets
        close(): an error branch, a response body that is not read to its end, a pool that keeps
        connections without checking them.
    Not proof of: a leak; a program may use the half-closed connection and be slow to answer.
    Other tools: Zeek S2 or S3 at the end; conntrack CLOSE_WAIT for 60 s; Wireshark, Suricata have
        no name for it; tcptrace "complete: no (FINs: 1)".
    References: RFC 9293 section 3.6; RFC 1122 section 4.2.2.13.
    Seen in: fixtures/findings/CL005-close-wait-stuck
    """
    settings = capture.settings
    for holder, tally in tallies(connection, CLOSE_WAIT_HELD):
        peer = peer_of(connection, holder)
        since_ns = tally.last.first
        until_ns = tally.last.second or capture.last_time_ns  # 0: held to the end
        held_ns = until_ns - since_ns
        if held_ns < settings.close_wait_warn_ns:
            continue
        severity: Severity = "error" if held_ns >= settings.close_wait_error_ns else "warning"
        ended, frame = _end(holder)
        is_seen = peer.fin_acked_frame > 0
        yield judge(
            "CL005",
            connection,
            about=holder,
            severity=severity,
            certainty="observed" if is_seen else "inferred",
            time_ns=until_ns,
            frames=(peer.fin_frame, peer.fin_acked_frame, frame),
            template=_ENDS[ended],
            values={
                "holder": endpoint_name(connection, holder),
                "peer": endpoint_name(connection, peer),
                "fin_frame": peer.fin_frame,
                "ack_frame": peer.fin_acked_frame,
                "held": seconds(held_ns),
                "end_frame": frame,
                "ended": ended,
                "last_data_frame": holder.last_data_frame,
                "close_wait_warn": seconds(settings.close_wait_warn_ns),
                "close_wait_error": seconds(settings.close_wait_error_ns),
            },
            why="it acknowledged the FIN and sent neither FIN, RST nor data for that long",
            would_disprove="a FIN or RST of it that the capture missed",
        )


_BEGIN = "{holder} acknowledged the FIN of {peer} (frames {fin_frame}, {ack_frame}) and "
_ENDS = {
    "open": _BEGIN + "sent nothing that closes its own direction for {held:.6f} s, to the end",
    "fin": _BEGIN + "sent its own FIN only {held:.6f} s later (frame {end_frame})",
    "rst": _BEGIN + "sent RST {held:.6f} s later (frame {end_frame})",
}


def _end(holder: Endpoint) -> tuple[str, int]:
    """How CLOSE-WAIT ended, and the frame that ended it."""
    if holder.fin_frame:
        return "fin", holder.fin_frame
    if holder.rst_frame:
        return "rst", holder.rst_frame
    return "open", 0
