"""What all reports say of a capture as a whole, in words: what was read, and how it went.

Phrases only; where they stand is the report's.
"""

from collections.abc import Mapping
from typing import Final

from tcpflow_analyzer.decode.reasons import FILTERED
from tcpflow_analyzer.findings.registry import registered
from tcpflow_analyzer.report.totals import NO_LIMITS, Capture, CaptureFile, Summary
from tcpflow_analyzer.report.wording import (
    LINK_TYPE_WORDS,
    absolute_text,
    counted,
    duration_text,
    listed,
    shortly_listed,
)

ABOUT_CAPTURES: Final = "CP"  # family of findings about the capture itself
KINDS_SHOWN: Final = 5
STATES_SHOWN: Final = 8
STANDARD_INPUT: Final = "-"
# Outcomes of handshakes as they are told in the line of totals; the others keep their names.
OUTCOME_WORDS: Final = {
    "midstream": "begun before the capture",
    "rejected": "rejected by ICMP",
    "aborted": "aborted while opening",
    "simultaneous": "opened from both ends",
    "split": "opened by a split handshake",
}
ENDS: Final = ("reset", "replaced")  # shapes of a close that nobody's FIN began
CLOSER_WORDS: Final = {"both": "both at once", "none": "nobody"}


def file_name(file: CaptureFile) -> str:
    """Name an input."""
    return "standard input" if file.path == STANDARD_INPUT else file.path


def container_text(file: CaptureFile) -> str:
    """Write what a file is."""
    links = [LINK_TYPE_WORDS.get(name, name) for name in file.link_types]
    return shortly_listed([file.format, *dict.fromkeys(links)], KINDS_SHOWN)


def extent_text(capture: Capture) -> str:
    """Write frames, duration and beginning."""
    if capture.frames == 0:
        return "no frames"
    text = counted(capture.frames, "frame")
    if capture.last_time_ns > capture.first_time_ns:
        text += f" in {duration_text(capture.last_time_ns - capture.first_time_ns)}"
    try:
        return f"{text} from {absolute_text(capture.first_time_ns)}"
    except OverflowError:  # beyond the year 9999
        return text


def without_tcp(capture: Capture) -> str:
    """Say what a capture holds that has no connections."""
    if capture.frames == 0:
        return "0 TCP segments: the capture holds no frame at all"
    others = other_frames(capture) or [
        f"the filter leaves out all {counted(capture.frames, 'frame')}"
    ]
    return f"{counted(capture.tcp_segments, 'TCP segment')}; {listed(others)}"


def other_frames(capture: Capture) -> list[str]:
    """Say what the frames without TCP were, the most frequent first."""
    kinds = list(capture.others.items())
    shown = KINDS_SHOWN if len(kinds) > KINDS_SHOWN + 1 else len(kinds)
    words = [f"{count:,} {name}" for name, count in kinds[:shown]]
    if kinds[shown:]:
        rest = sum(count for _, count in kinds[shown:])
        words.append(f"{rest:,} of {len(kinds) - shown} other kinds")
    if capture.fragments:
        words.append(f"{counted(capture.fragments, 'fragment')} of IP datagrams")
    words += [
        f"{count:,} not decoded ({reason})"
        for reason, count in capture.undecoded.items()
        if reason != FILTERED
    ]
    return words


def outcome_cells(summary: Summary) -> list[str]:
    """Say how many connections opened how, the most frequent first."""
    return [
        f"{count:,} {OUTCOME_WORDS.get(name, name)}"
        for name, count in sorted(summary.outcomes.items(), key=lambda each: -each[1])
    ]


def closer_cells(summary: Summary) -> list[str]:
    """Say who closed first, and what ended without a close."""
    closers = [
        f"{CLOSER_WORDS.get(name, name)} {count:,}"
        for name, count in summary.closers.items()
        if name != "none"
    ]
    shapes = [f"{name} {count:,}" for name, count in summary.shapes.items() if name in ENDS]
    return closers + shapes or ["nobody"]


def state_cells(summary: Summary) -> list[str]:
    """Say in which states connections were left, the most frequent first."""
    states = sorted(summary.by_state.items(), key=lambda each: (-each[1], each[0]))
    cells = [f"{name} {count:,}" for name, count in states[:STATES_SHOWN]]
    if len(states) > STATES_SHOWN:
        cells.append(f"{len(states) - STATES_SHOWN} others")
    return cells


def limits_text(left_out: Mapping[str, int]) -> str:
    """Say in one line what limits dropped, as Summary.left_out; "" for nothing."""
    found = [
        f"{count:,} {name.replace('_', ' ')}"
        for name, count in left_out.items()
        if name not in NO_LIMITS
    ]
    if not found:
        return ""
    return f"left out by limits: {listed(found)}; `tcpflow explain parameters` has those to raise"


def quality_cells(capture: Capture, summary: Summary) -> list[str]:
    """Say how good the capture is."""
    cells = []
    damaged = sum(file.error is not None for file in capture.files)
    if damaged:
        cells.append("damaged" if len(capture.files) == 1 else counted(damaged, "damaged file"))
    drops = [file.drops for file in capture.files if file.drops is not None]
    if sum(drops):
        cells.append(f"{counted(sum(drops), 'frame')} dropped while capturing")
    if capture.duplicate_frames:
        cells.append(counted(capture.duplicate_frames, "duplicate frame"))
    filtered = capture.undecoded.get(FILTERED, 0)
    if filtered:
        cells.append(f"{counted(filtered, 'frame')} left out by the filter")
    undecoded = sum(capture.undecoded.values()) - filtered
    if undecoded:
        cells.append(f"{counted(undecoded, 'frame')} not decoded")
    for code, count in summary.codes.items():
        name, severity = registered[code]
        if code.startswith(ABOUT_CAPTURES) and severity != "info":
            cells.append(f"{code} {name} {count:,}")
    left_out = dict(summary.left_out)
    left_out.pop("dropped_frames", None)  # told above
    if gaps := left_out.pop("capture_gaps", 0):
        cells.append(counted(gaps, "gap") + " while capturing")
    cells += [f"{name}: {count:,} left out" for name, count in left_out.items()]
    return cells or ["complete as far as the file tells"]
