"""HS013: the application does not accept fast enough."""

from collections.abc import Iterator
from typing import Final

from tcpflow_analyzer.findings.finding import (
    FRAMES_KEPT,
    CaptureView,
    Finding,
    endpoint_name,
    noun,
    seconds,
)
from tcpflow_analyzer.findings.handshake.listener import listener_key, most_listeners
from tcpflow_analyzer.findings.registry import host_finding
from tcpflow_analyzer.findings.reset.cause import causes
from tcpflow_analyzer.findings.reset.traits import caused
from tcpflow_analyzer.settings import Settings
from tcpflow_analyzer.table.connection import Connection
from tcpflow_analyzer.table.observation import RESET, SYNACK_REPEATED

CONNECTIONS_WANTED: Final = 2
REPEATS_WANTED: Final = 2
TIMES_KEPT: Final = 64  # of ignored handshakes of one listener that are no overflow so far


class _Listener:
    """Ignored handshakes of one listener."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.connections = 0
        self.repeats = 0
        self.resets = 0
        self.longest_ns = 0
        self.first_ns = 0
        self.last_ns = 0
        self.times_ns: list[int] = []
        self.frames: list[int] = []
        self.several = False
        self.full = False

    def add(self, repeats: int, resets: int, begin_ns: int, end_ns: int, frames: list[int]) -> None:
        """Take note of one connection whose third segment was ignored."""
        self.connections += 1
        self.repeats += repeats
        self.resets += resets
        self.longest_ns = max(self.longest_ns, end_ns - begin_ns)
        self.first_ns = min(self.first_ns or begin_ns, begin_ns)
        self.last_ns = max(self.last_ns, end_ns)
        self.frames = sorted({*self.frames, *frames} - {0})[:FRAMES_KEPT]

    def near(self, time_ns: int, window_ns: int) -> bool:
        """Whether another of its handshakes was ignored within the window; remembers this one."""
        if any(abs(time_ns - other) <= window_ns for other in self.times_ns):
            return True
        if len(self.times_ns) == TIMES_KEPT:
            self.times_ns.pop(0)
        self.times_ns.append(time_ns)
        return False


@host_finding(
    "HS013",
    severity="error",
    severities=("warning", "error"),
    since="0.1.0",
    wakes=SYNACK_REPEATED | RESET,
    resets=caused("HS013"),
)
class AcceptQueueOverflow:
    """The listener ignores completed handshakes: its accept queue (backlog) is full.

    Set when, for one listener, all of the following hold:
      - the originator's third segment was captured, and the responder's next one is its SYN-ACK
        again, or (tcp_abort_on_overflow) a RST of a socket that never was;
      - this happens on at least 2 connections within `backlog_window` (10 s), or at least twice on
        one, or by RST on one.

    A warning where it is one connection only: loss of its ACKs behind the tap looks the same.
    State is kept for at most four times max_hosts listeners; how many were left out is told.

    Supersedes: nothing; each connection's repetitions are HS006 with cause ack-seen.
    Why it matters: clients believe to be connected, send, and wait for seconds; new SYNs are
        dropped as well on Linux (HS014).
    What to do: `ss -ltn` (Recv-Q against Send-Q), `nstat -az TcpExtListenOverflows`; let the
        program accept faster, raise its listen() backlog and net.core.somaxconn.
    Not proof of: an overflow; loss between tap and listener looks the same on one connection, and
        a listener that was closed between SYN-ACK and ACK like its RST.
    Other tools: Wireshark and tcptrace show retransmissions; Suricata est_synack_resend; conntrack
        "sIG"; Zeek has no name for it.
    References: RFC 9293 section 3.9.1.1; Linux listen(2), net/ipv4/tcp_minisocks.c tcp_check_req.
    Seen in: fixtures/findings/HS013-accept-queue-overflow
    """

    def __init__(self) -> None:
        """Begin with no listener."""
        self._listeners: dict[bytes, _Listener] = {}
        self.left_out = 0

    def see(self, connection: Connection, capture: CaptureView) -> None:
        """Take note if the third segment of this connection was ignored."""
        evidence = _ignored(connection, capture.settings)
        if evidence is None:
            return
        key = listener_key(connection)
        listener = self._listeners.get(key)
        if listener is None:
            if len(self._listeners) >= most_listeners(capture.settings):
                self.left_out += 1
                return
            listener = _Listener(endpoint_name(connection, connection.responder))
            self._listeners[key] = listener
        repeats, resets, begin_ns, end_ns, frames = evidence
        listener.add(repeats, resets, begin_ns, end_ns, frames)
        near = listener.near(begin_ns, capture.settings.backlog_window_ns)
        listener.several = listener.several or near
        enough = near or resets > 0 or repeats >= REPEATS_WANTED
        listener.full = listener.full or enough

    def findings(self, capture: CaptureView) -> Iterator[Finding]:
        """One finding for each listener whose queue was full."""
        for listener in self._listeners.values():
            if listener.full:
                yield self._finding(listener)

    def _finding(self, listener: _Listener) -> Finding:
        return Finding(
            code="HS013",
            name="accept-queue-overflow",
            severity="error" if listener.several else "warning",
            certainty="inferred",
            connection=None,
            endpoint=None,
            time_ns=listener.last_ns,
            frames=tuple(listener.frames),
            frame_count=listener.repeats + listener.resets + listener.connections,
            template=(
                "{listener} ignored the third segment of {connections} "
                + noun(listener.connections, "handshake")
                + ": SYN-ACK sent {repeats} more times, {resets} RST; longest stall {longest:.6f} s"
            ),
            values={
                "listener": listener.name,
                "connections": listener.connections,
                "repeats": listener.repeats,
                "resets": listener.resets,
                "longest": seconds(listener.longest_ns),
                "interval": seconds(listener.last_ns - listener.first_ns),
                "listeners_left_out": self.left_out,
            },
            why="SYN-ACK or RST of the request after an ACK that completes the handshake",
            would_disprove="loss of those ACKs between the tap and the listener",
            subject=listener.name,
        )


def _ignored(
    connection: Connection, settings: Settings
) -> tuple[int, int, int, int, list[int]] | None:
    """(repeats, RSTs, begin, end in ns, frames) of an ignored third segment, or None."""
    tally = connection.tally(SYNACK_REPEATED, False)
    kept = [] if tally is None else [item for item in tally.kept if item.second and not item.third]
    if tally is not None and kept:
        # Copies beyond those kept came later still, so after the ACK as well.
        repeats = len(kept) + max(0, int(tally.count) - len(tally.kept))
        begin_ns = int(connection.ack_time_ns or kept[0].time_ns)
        frames = [int(kept[0].second), *(int(item.frame) for item in kept)]
        end_ns = int(tally.last.time_ns)
    else:
        repeats, begin_ns, end_ns, frames = 0, 0, 0, []
    resets = 0
    for found in causes(connection, "HS013", settings):
        reset = found.reset
        resets += 1
        begin_ns = begin_ns or int(reset.trigger_time_ns or reset.time_ns)
        end_ns = max(end_ns, int(reset.time_ns))
        frames += [int(reset.trigger_frame), int(reset.frame)]
    return (repeats, resets, begin_ns, end_ns, frames) if repeats or resets else None
