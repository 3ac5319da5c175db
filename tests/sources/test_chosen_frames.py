"""Frames by number: the same octets and times that the file holds, over files and blocks."""

import pytest

from support.places import FIXTURES
from tcpflow_analyzer.sources.chosen_frames import chosen_frames

CAPTURE = str(FIXTURES / "recordings" / "half_close.pcap")
OTHER = str(FIXTURES / "recordings" / "close_by_client.pcap")


def test_frames_have_the_octets_of_the_file() -> None:
    (frame,) = chosen_frames([CAPTURE], {4})
    content = (FIXTURES / "recordings" / "half_close.pcap").read_bytes()
    assert frame.number == 4
    assert frame.octets in content
    assert (frame.wire_len, len(frame.octets)) == (166, 96)  # the capture cuts frames


@pytest.mark.parametrize("block_octets", [1, 100, 1_000_000])
def test_size_of_reads_changes_nothing(block_octets: int) -> None:
    wanted = {1, 2, 9, 228}
    frames = list(chosen_frames([CAPTURE], wanted, block_octets=block_octets))
    whole = list(chosen_frames([CAPTURE], wanted))
    assert [each.number for each in frames] == sorted(wanted)
    assert [each._replace(interface=None) for each in frames] == [  # type: ignore[arg-type]
        each._replace(interface=None)  # type: ignore[arg-type]
        for each in whole
    ]


def test_numbers_count_through_all_files_by_time() -> None:
    first, second = sorted(
        [CAPTURE, OTHER], key=lambda path: next(chosen_frames([path], {1})).time_ns
    )
    joined = list(chosen_frames([second, first], set(range(1, 500))))
    alone = [
        *chosen_frames([first], set(range(1, 500))),
        *chosen_frames([second], set(range(1, 500))),
    ]
    assert [each.octets for each in joined] == [each.octets for each in alone]
    assert [each.number for each in joined] == list(range(1, len(alone) + 1))


def test_no_numbers_read_nothing() -> None:
    assert list(chosen_frames(["/missing"], set())) == []
