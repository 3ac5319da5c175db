"""Believed states over the frames of a capture, and a ladder's expectations compared with them.

Everything goes through the program's own JSON, made in this process: what is compared is what a
user gets.
"""

import functools
import io
import json
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from support.capture_builder import pcap
from support.kernel_truth import ENDPOINTS, sockets_at
from support.ladder import Ladder, Socket, capture, numbered
from tcpflow_analyzer.pipeline import Run
from tcpflow_analyzer.report.json_report import JsonReport
from tcpflow_analyzer.settings import Settings
from tcpflow_analyzer.sources.recording import Recording

Json = dict[str, Any]


def report_of(paths: Iterable[Path], settings: Settings | None = None) -> bytes:
    """What `tcpflow analyze --format json` writes of captures taken as one recording."""
    stream = io.BytesIO()
    Run(list(paths), settings or Settings(), [JsonReport(stream)]).run()
    return stream.getvalue()


def analysis_of_octets(octets: bytes, settings: Settings | None = None) -> Json:
    """The JSON object of a capture that is no file yet."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "made.pcap"
        path.write_bytes(octets)
        return dict(json.loads(report_of([path], settings)))


def analysis_of_frames(
    frames: Iterable[tuple[int, bytes]], settings: Settings | None = None
) -> Json:
    """The JSON object of (time_ns, Ethernet frame) pairs."""
    return analysis_of_octets(pcap(frames), settings)


def frame_times(path: Path) -> list[int]:
    """Capture time of each frame of a file, nanoseconds; index 0 is frame 1."""
    times = []
    recording = Recording([str(path)])
    for walk, _ in recording.steps():
        while walk.advance():
            times.append(int(walk.time_ns))
    recording.close()
    return times


class Pair(NamedTuple):
    """States of two sockets at one moment, RFC names."""

    a: str
    b: str


def pair_at(analysis: Json, a: Socket, b: Socket, at_ns: int) -> Pair:
    """What two sockets are believed to be in at a time; without a record they are CLOSED."""
    name_a, name_b = f"{a.address}:{a.port}", f"{b.address}:{b.port}"
    of_a = sockets_at(analysis, a.address, at_ns)
    of_b = sockets_at(analysis, b.address, at_ns)
    return Pair(of_a.get((name_a, name_b), "CLOSED"), of_b.get((name_b, name_a), "CLOSED"))


def assert_ladder(rungs: str | Ladder, settings: Settings | None = None) -> Json:
    """Check the states at every line of a ladder against the analysis of its frames.

    A line's states hold once what was sent has arrived: at the moment before the next frame, and
    at most the ladder's usual gap later. LISTEN is CLOSED where no SYN was answered yet.

    Args:
        rungs: a ladder, or its text in the notation of support/ladder.py.
        settings: of the run.

    Returns:
        The analysis, for further questions.
    """
    ladder = Ladder(rungs) if isinstance(rungs, str) else rungs
    a, b = ladder.sockets
    analysis = analysis_of_octets(capture(ladder), settings)
    times = [time_ns for time_ns, _ in ladder.frames()]
    wrong = []
    for number, rung in numbered(ladder):
        if number == 0:
            continue
        soon = times[number - 1] + ladder.gap_ns
        at_ns = min([soon, *times[number : number + 1]]) - 1
        have = pair_at(analysis, a, b, at_ns)
        for want, believed, peer in ((rung.state_a, have.a, "A"), (rung.state_b, have.b, "B")):
            if want is not None and not _same(want, believed):
                wrong.append(f"frame {number}, {peer}: {believed}, not as in {rung.line.strip()!r}")
    assert wrong == [], "\n".join([*wrong, "", transitions_text(analysis)])
    return analysis


def _same(want: str, have: str) -> bool:
    return want == have or {want, have} <= {"CLOSED", "LISTEN"}


def transitions_text(analysis: Json) -> str:
    """All transitions, a line each: what a failed test should show."""
    lines = []
    for connection in analysis["connections"]:
        first = connection["first_time_ns"]
        for change in connection["transitions"]:
            mark = " (correction)" if change["correction"] else ""
            lines.append(
                f"#{connection['id']} {(change['time_ns'] - first) / 1e9:.6f} frame "
                f"{change['frame']} {change['endpoint']}: {change['from']} > {change['to']}, "
                f"{change['event']}, {change['certainty']}{mark}"
            )
    return "\n".join(lines)


def the_connection(analysis: Json) -> Json:
    """The only connection of an analysis."""
    (connection,) = analysis["connections"]
    return dict(connection)


def codes(analysis: Json) -> set[str]:
    """Codes of all findings."""
    return {finding["code"] for finding in analysis["findings"]}


def steps_of(connection: Mapping[str, Any], side: str) -> list[tuple[str, str, str]]:
    """(state entered, event, certainty) of each change of one endpoint."""
    return [
        (change["to"], change["event"], change["certainty"])
        for change in connection["transitions"]
        if change["endpoint"] == side
    ]


def final_states(analysis: Json) -> list[tuple[str, str]]:
    """(originator's, responder's) last state of each connection."""
    return [tuple(c[side]["state"] for side, _ in ENDPOINTS) for c in analysis["connections"]]


@functools.cache
def analysis_of_file(path: Path) -> Json:
    """The JSON object of a file, made once a test run."""
    return dict(json.loads(report_of([path])))


def sides_of_octets(octets: bytes, settings: Settings) -> Json:
    """What a report says of connections and findings, without what names the file."""
    analysis = analysis_of_octets(octets, settings)
    return {key: analysis[key] for key in ("summary", "connections", "findings")}
