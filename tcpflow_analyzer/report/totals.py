"""What is told about a whole capture, besides its connections and findings.

Times are integers, nanoseconds since the epoch, UTC.
"""

from collections.abc import Mapping
from typing import Final, NamedTuple

from tcpflow_analyzer.findings.finding import SEVERITIES, Severity

SCHEMA_VERSION = 1
# Of Summary.left_out: lost by the capture, or left out as the user wished.
NO_LIMITS: Final = ("bad_checksums", "capture_gaps", "dropped_frames")


class CaptureFile(NamedTuple):
    """One file of the input.

    Attributes:
        path: as given by the caller, "-" for standard input.
        format: container: "pcap", "pcapng", "text" ...
        link_types: names as libpcap has them, without their prefix `LINKTYPE_` or `DLT_`.
        first_frame: number, through the whole input, of its first frame; 0 if it has none.
        frames: how many frames were read from it.
        truncated: whether it ends in the middle of a record.
        error: one line that says what is wrong with it and where, None if nothing is.
        drops: frames that the capture lost by the file's own count, None where it does not say;
            not part of the JSON.
    """

    path: str
    format: str
    link_types: tuple[str, ...]
    first_frame: int
    frames: int
    truncated: bool
    error: str | None
    drops: int | None = None


class Capture(NamedTuple):
    """The input as a whole: frames = tcp_segments + other_frames + fragments + sum of undecoded.

    Attributes:
        files: in the order of their first frames.
        frames, tcp_segments, other_frames, fragments: counts of frames by what they hold.
        duplicate_frames: copies of TCP segments (CP006); they are counted in tcp_segments too.
        undecoded: reason (decode/reasons.py) -> frames.
        first_time_ns, last_time_ns: of the earliest and the latest frame; 0 without frames.
        others: what the frames without TCP were, in words -> frames; not part of the JSON.
    """

    files: tuple[CaptureFile, ...]
    frames: int
    tcp_segments: int
    other_frames: int
    fragments: int
    duplicate_frames: int
    undecoded: Mapping[str, int]
    first_time_ns: int
    last_time_ns: int
    others: Mapping[str, int]


class Summary(NamedTuple):
    """Counts over all connections and findings, or those that were chosen (Settings.where).

    Attributes:
        connections: number of connections.
        by_state: "ORIGINATOR-STATE/RESPONDER-STATE" as left after the last event on the wire
            -> connections, in the order of the names.
        findings: severity -> findings, the worst first.
        codes: code -> findings, in code order.
        left_out: what is missing, in words -> how many: what a limit dropped, frames that the
            capture lost (`dropped_frames`), interruptions of a live capture (`capture_gaps`).
        outcomes, shapes, closers: names of table/connection.py -> connections; not in the JSON.
        chosen_of: number of all connections where some were chosen, else None; not in the JSON.
    """

    connections: int
    by_state: Mapping[str, int]
    findings: Mapping[Severity, int]
    codes: Mapping[str, int]
    left_out: Mapping[str, int]
    outcomes: Mapping[str, int]
    shapes: Mapping[str, int]
    closers: Mapping[str, int]
    chosen_of: int | None = None


WORST_FIRST: tuple[Severity, ...] = tuple(reversed(SEVERITIES))
