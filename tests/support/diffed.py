"""Two recordings of a service, compared."""

from pathlib import Path

from support.capture_builder import SECOND_NS, START_NS, pcap
from support.checked import configuration
from support.services import talk
from support.small_captures import Frames, clock
from tcpflow_analyzer.check import survey_captures
from tcpflow_analyzer.findings.finding import Severity
from tcpflow_analyzer.gate.difference import Difference, compare

LATE = clock(START_NS + 1000 * SECOND_NS)
MINUTE_NS = 60 * SECOND_NS


def served(*ends: str, port: int = 40000, step_ns: int = 1_000_000, service: int = 8080) -> Frames:
    """A connection a minute, each with its end (support.services.talk)."""
    return [
        frame
        for number, end in enumerate(ends)
        for frame in talk(
            end, port + number, service, START_NS + number * MINUTE_NS, step_ns=step_ns
        )
    ]


def diffed(
    folder: Path, old: Frames, new: Frames, text: str = "", least: Severity = "warning"
) -> Difference:
    """Compare the recordings of two lots of frames, by a configuration."""
    surveys = []
    for name, frames in (("old.pcap", old), ("new.pcap", new)):
        path = folder / name
        path.write_bytes(pcap([*frames, *LATE]))
        surveys.append(survey_captures([path], configuration(text)))
    return compare("old.pcap", surveys[0], "new.pcap", surveys[1], least)
