"""What is believed at a moment rests on nothing that was captured later.

A capture that is cut behind any frame gives exactly the transitions (apart from `proved_by_frame`)
that the whole capture gives up to the time of that frame. Observer.md calls it invariant 6: an
offline run says what a live one would have said.
"""

import random
from pathlib import Path

import pytest

from support.cut import first_frames, is_classic, octets_of, times_of
from support.hindsight import brief, changes_until, transitions_of_octets
from support.places import RECORDINGS, capture_parameters, fixture_captures, is_capture
from support.states import analysis_of_octets

EVERY_FRAME = 8  # of captures with at most so many frames; larger ones are sampled
SAMPLES = 3
EVERY_FRAME_SLOWLY = 40  # the same where time matters less


def hindsight(capture: Path, frames: list[int]) -> list[str]:
    """What the whole capture says of the past otherwise than a cut one does, for each cut."""
    octets = octets_of(capture)
    times = times_of(octets)
    whole = transitions_of_octets(octets)
    differences = []
    for frame in frames:
        time_ns = max(times[:frame])
        cut = transitions_of_octets(first_frames(octets, frame))
        then, now = (changes_until(each, time_ns, frame) for each in (cut, whole))
        for number in sorted(then.keys() | now.keys()):
            if then.get(number, []) != now.get(number, []):
                differences.append(
                    f"behind frame {frame}, connection {number}:\n"
                    f"  cut   {brief(then.get(number))}\n  whole {brief(now.get(number))}"
                )
    return differences


def sample(capture: Path, every_frame: int = EVERY_FRAME) -> list[int]:
    """Frames behind which to cut: all of a small capture, some of a large one."""
    count = len(times_of(octets_of(capture)))
    if count <= every_frame:
        return list(range(1, count + 1))
    source = random.Random(capture.name)  # the same frames in every run
    return sorted({source.randrange(1, count + 1) for _ in range(SAMPLES)} | {count})


CAPTURES = [path for path in fixture_captures() if is_classic(octets_of(path))]


@capture_parameters([path for path in CAPTURES if path.parent == RECORDINGS])
def test_cut_recording_gives_the_same_past(capture: Path) -> None:
    differences = hindsight(capture, sample(capture))
    assert differences == [], "\n".join(differences[:3])


@pytest.mark.parametrize("name", ["fin_lost_other_closes@client", "many_manners@server"])
def test_transitions_are_those_of_the_json(name: str) -> None:
    octets = octets_of(RECORDINGS / f"{name}.pcap")
    alike = transitions_of_octets(octets)["connections"]
    told = analysis_of_octets(octets)["connections"]
    assert [each["transitions"] for each in alike] == [each["transitions"] for each in told]
    assert [each["first_frame"] for each in alike] == [each["first_frame"] for each in told]


def test_all_recordings_are_cut() -> None:
    recordings = {path for path in RECORDINGS.iterdir() if is_capture(path)}
    assert recordings <= set(CAPTURES)


@pytest.mark.slow
@capture_parameters([path for path in CAPTURES if path.parent != RECORDINGS])
def test_small_capture_cut_behind_every_frame_gives_the_same_past(capture: Path) -> None:
    differences = hindsight(capture, sample(capture, EVERY_FRAME_SLOWLY))
    assert differences == [], "\n".join(differences[:3])


@pytest.mark.slow
@capture_parameters([path for path in CAPTURES if path.parent == RECORDINGS])
def test_recording_cut_behind_every_frame_gives_the_same_past(capture: Path) -> None:
    count = len(times_of(octets_of(capture)))
    step = max(1, count // 400)  # of thousands of frames, some hundreds
    differences = hindsight(capture, [*range(1, count + 1, step), count])
    assert differences == [], "\n".join(differences[:3])
