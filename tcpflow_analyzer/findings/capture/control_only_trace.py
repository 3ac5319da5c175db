"""CP010: a capture filter let only the ends of connections through."""

from collections.abc import Iterator
from typing import Final

from tcpflow_analyzer.findings.capture.whole_input import judge_input
from tcpflow_analyzer.findings.finding import FRAMES_KEPT, CaptureView, Finding, noun
from tcpflow_analyzer.findings.registry import host_finding
from tcpflow_analyzer.table.connection import Connection
from tcpflow_analyzer.table.observation import ACKED_UNSEEN, MISSING_DATA

CONNECTIONS: Final = 20
PLAIN_PERCENT: Final = 1


def is_control_only(connection: Connection) -> bool:
    """Whether no segment of a connection that was open lacks SYN, FIN and RST."""
    ends = (connection.originator, connection.responder)
    return not any(end.payload_octets for end in ends) and (
        connection.ack_frame == 0
        or any(connection.ack_frame in (end.fin_frame, end.rst_frame) for end in ends)
    )


@host_finding(
    "CP010", severity="info", since="0.2.0", wakes=ACKED_UNSEEN | MISSING_DATA, context="file"
)
class ControlOnlyTrace:
    """The capture holds (almost) only SYN, FIN and RST segments: a filtered trace.

    Set when all of the following hold:
      - there are at least 20 connections;
      - less than 1 percent of the segments have none of SYN, FIN, RST;
      - the numbers of FINs and acknowledgements prove octets that were not captured.

    Supersedes: CP004 and CL009 of connections without any other segment.
    Why it matters: nothing can be said about data, windows and loss; handshake and close can be.
    What to do: capture without `tcp[tcpflags] & (tcp-syn|tcp-fin|tcp-rst) != 0`.
    Not proof of: loss.
    Other tools: Zeek find-filtered-trace.zeek; Wireshark, Suricata, tcptrace and conntrack have no
        name for it.
    References: not in any RFC: the observer's position.
    Seen in: fixtures/findings/CP010-control-only-trace
    """

    def __init__(self) -> None:
        """Begin with no connection; memory is bounded by the frames kept."""
        self._gaps = 0
        self._frames: list[int] = []

    def see(self, connection: Connection, capture: CaptureView) -> None:
        """Take note of a connection whose numbers prove data that was not captured."""
        if is_control_only(connection):
            self._gaps += 1
            self._frames = sorted({*self._frames, int(connection.last_frame)})[:FRAMES_KEPT]

    def findings(self, capture: CaptureView) -> Iterator[Finding]:
        """One finding for the whole input."""
        quality = capture.quality
        if (
            quality is None
            or not self._gaps
            or quality.connections < CONNECTIONS
            or 100 * quality.plain >= PLAIN_PERCENT * quality.segments
        ):
            return
        yield judge_input(
            "CP010",
            severity="info",
            certainty="inferred",
            time_ns=int(capture.last_time_ns),
            frames=self._frames,
            frame_count=self._gaps,
            template=(
                "{plain} of {segments} segments of {connections} connections have neither SYN, FIN "
                "nor RST, yet the numbers of {gaps} "
                + noun(self._gaps, "connection")
                + " prove data"
            ),
            values={
                "plain": int(quality.plain),
                "segments": int(quality.segments),
                "connections": int(quality.connections),
                "gaps": self._gaps,
            },
            why="numbers advance over octets that no segment carried, on one connection after the "
            "other",
            would_disprove="a capture of the same time that holds as little",
        )
