"""Laws of captures of two stacks on a bad network: cut, thinned, split into files, renumbered.

The exchanges come from support/two_stacks.py; those of test_exchanges.py are tidier.
"""

import json
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from support.capture_builder import Segment, ethernet, packet, pcap
from support.exchanges import capture_of, links
from support.hindsight import brief, changes_until
from support.kernel_truth import ENDPOINTS, endpoint_path
from support.ladder import SOCKET_A
from support.states import Json, analysis_of_frames, report_of, transitions_text
from support.two_ends import redirected
from support.two_stacks import Link
from tcpflow_analyzer.tcp.control_bits import ACK, RST

# Each is two analyses, of an exchange that is played first.
EXAMPLES = settings(
    max_examples=settings().max_examples // 10, suppress_health_check=[HealthCheck.too_slow]
)


def said(analysis: Json) -> list[Any]:
    """States and findings, without addresses, ports, times and numbers."""
    of_ends: list[Any] = [
        [endpoint_path(connection, side), connection[side]["certainty"]]
        for connection in analysis["connections"]
        for side, _ in ENDPOINTS
    ]
    return [*of_ends, sorted((f["code"], str(f["endpoint"])) for f in analysis["findings"])]


def with_segments(link: Link, segments: list[Segment]) -> list[tuple[int, bytes]]:
    """The same capture with other segments, one for each."""
    frames = capture_of(link)
    times = [time_ns for time_ns, _ in frames]
    octets = [ethernet(packet(segment)) for segment in segments]
    return list(zip(times, [*octets, frames[-1][1]], strict=True))


def one_after_another(link: Link) -> list[tuple[int, bytes]]:
    """The capture with no two frames at one time, where nothing tells which was first."""
    return [(time_ns + n, octets) for n, (time_ns, octets) in enumerate(capture_of(link))]


def renumbered(segment: Segment, shift: tuple[int, int]) -> Segment:
    """The segment with other ISNs; a RST of no connection keeps its SEG.SEQ of 0."""
    moved = redirected(segment, shift)
    stateless = segment.control_bits == RST | ACK and segment.seq == 0
    return replace(moved, seq=0) if stateless else moved


@EXAMPLES
@given(links(), st.data())
def test_cut_capture_gives_the_states_of_that_moment(link: Link, data: st.DataObject) -> None:
    frames = one_after_another(link)
    count = data.draw(st.integers(1, len(frames)), label="cut behind")
    at_ns = frames[count - 1][0]
    cut, whole = analysis_of_frames(frames[:count]), analysis_of_frames(frames)
    then, now = (changes_until(each, at_ns, count) for each in (cut, whole))
    for number in sorted(then.keys() | now.keys()):
        have, want = then.get(number), now.get(number)
        assert have == want, f"cut   {brief(have)}\nwhole {brief(want)}"


@EXAMPLES
@given(links(), st.data())
def test_frames_missing_in_the_capture_make_no_error_observed(
    link: Link, data: st.DataObject
) -> None:
    frames = capture_of(link)
    numbers = st.integers(0, max(len(frames) - 2, 0))
    missing = data.draw(st.sets(numbers, max_size=8), label="missing")
    thin = analysis_of_frames([each for n, each in enumerate(frames) if n not in missing])
    known = {(f["code"], f["severity"]) for f in analysis_of_frames(frames)["findings"]}
    for finding in thin["findings"]:
        if finding["severity"] == "error" and finding["certainty"] == "observed":
            text = f"{finding['message']}\n{transitions_text(thin)}"
            assert (finding["code"], "error") in known, text


@EXAMPLES
@given(links(), st.data())
def test_frames_of_two_files_are_those_of_one(link: Link, data: st.DataObject) -> None:
    frames = one_after_another(link)
    first = data.draw(st.lists(st.booleans(), min_size=len(frames), max_size=len(frames)))
    if all(first) or not any(first):
        return
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder) / name for name in ("a.pcap", "b.pcap")]
        for path, chosen in zip(paths, (True, False), strict=True):
            mine = [
                each for each, is_first in zip(frames, first, strict=True) if is_first is chosen
            ]
            path.write_bytes(pcap(mine))
        merged = json.loads(report_of(paths))
    usual = analysis_of_frames(frames)
    assert said(merged) == said(usual), f"{transitions_text(merged)}\n\n{transitions_text(usual)}"


@EXAMPLES
@given(links(), st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1), st.integers(-(10**9), 10**9))
def test_other_numbers_and_times_change_nothing(
    link: Link, shift_a: int, shift_b: int, seconds: int
) -> None:
    segments = [renumbered(segment, (shift_a, shift_b)) for _, segment in link.seen]
    later = [(t + seconds * 10**9, octets) for t, octets in with_segments(link, segments)]
    assert said(analysis_of_frames(later)) == said(analysis_of_frames(capture_of(link)))


@EXAMPLES
@given(links())
def test_swapped_ports_change_nothing(link: Link) -> None:
    swapped = [
        replace(each, source_port=each.destination_port, destination_port=each.source_port)
        for _, each in link.seen
    ]
    other = analysis_of_frames(with_segments(link, swapped))
    usual = analysis_of_frames(capture_of(link))
    assert said(other) == said(usual)
    for one, two in zip(other["connections"], usual["connections"], strict=True):
        assert one["originator"]["address"] == two["originator"]["address"]
        assert one["originator"]["port"] != two["originator"]["port"]


@EXAMPLES
@given(links())
def test_one_direction_leaves_what_is_possible(link: Link) -> None:
    frames = [
        (time_ns, ethernet(packet(segment)))
        for time_ns, segment in link.seen
        if segment.source == SOCKET_A.address
    ]
    analysis = analysis_of_frames([*frames, capture_of(link)[-1]])
    for finding in analysis["findings"]:
        assert (finding["severity"], finding["certainty"]) != ("error", "observed"), finding[
            "message"
        ]
