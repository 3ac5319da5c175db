"""CP006: packets captured twice."""

from collections.abc import Iterator
from typing import Final

from tcpflow_analyzer.findings.finding import FRAMES_KEPT, CaptureView, Finding, noun
from tcpflow_analyzer.findings.lifecycle.judgement import tallies
from tcpflow_analyzer.findings.registry import host_finding
from tcpflow_analyzer.table.connection import Connection
from tcpflow_analyzer.table.observation import DUPLICATE_FRAME

CONNECTIONS_SHOWN: Final = 20


@host_finding("CP006", severity="info", since="0.1.0", wakes=DUPLICATE_FRAME, context="file")
class DuplicateFrame:
    """The same packet was captured twice: mirror port, two interfaces, a bridge.

    Set when all of the following hold:
      - two frames agree in IP identification, TTL (or one less, for a routed copy), SEQ, ACK,
        control bits, length and checksum;
      - they lie at most 1 ms apart on one interface, or 50 ms on two;
      - where the IP identification does not vary, checksum and timestamps agree as well.

    Copies move no state and count as no retransmission.

    Supersedes: HS002, HS006, CL002 and SQ findings about the copies.
    Why it matters: tools that take copies for retransmissions report losses that never were.
    What to do: mirror one direction of each port only; capture on one interface; `editcap -d`.
    Not proof of: duplication on the network; that is what the receiver's duplicate ACKs would show.
    Other tools: Wireshark reports retransmissions and duplicate ACKs; Zeek history t; tcptrace
        "hardware duplicates"; Suricata and conntrack have no name for it.
    References: RFC 6864 section 4.1 (IP identification of atomic datagrams); not in any RFC: the
        observer's position.
    Seen in: fixtures/findings/CP006-duplicate-frame
    """

    def __init__(self) -> None:
        """Begin without copies; memory is bounded by the examples kept."""
        self._copies = 0
        self._connections = 0
        self._numbers: list[int] = []
        self._frames: list[int] = []
        self._segments = 0
        self._last_ns = 0

    def see(self, connection: Connection, capture: CaptureView) -> None:
        """Count the copies of one connection."""
        self._connections += 1
        self._segments += int(connection.frames)
        if len(self._numbers) < CONNECTIONS_SHOWN:
            self._numbers.append(int(connection.number))
        for _, tally in tallies(connection, DUPLICATE_FRAME):
            self._copies += int(tally.count)
            self._last_ns = max(self._last_ns, int(tally.last.time_ns))
            pairs = [number for item in tally.kept for number in (item.first, item.frame)]
            self._frames += [int(number) for number in pairs]
        # The earliest frames are kept whatever the order in which connections end.
        self._frames = sorted(set(self._frames))[:FRAMES_KEPT]

    def findings(self, capture: CaptureView) -> Iterator[Finding]:
        """One finding for the whole input, if there were copies."""
        if not self._copies:
            return
        yield Finding(
            code="CP006",
            name="duplicate-frame",
            severity="info",
            certainty="observed",
            connection=None,
            endpoint=None,
            time_ns=self._last_ns,
            frames=tuple(self._frames),
            frame_count=2 * self._copies,
            template=(
                "{copies} "
                + noun(self._copies, "frame is a copy of another", "frames are copies of others")
                + ", on {connections} "
                + noun(self._connections, "connection")
                + " with {segments} segments"
            ),
            values={
                "copies": self._copies,
                "connections": self._connections,
                "connection_numbers": tuple(sorted(self._numbers)),
                "segments": self._segments,
                "share": self._copies / max(self._segments, 1),
            },
            why="pairs of frames agree in all header fields within a moment",
            would_disprove="different IP identifications of the two, were they captured in full",
        )
