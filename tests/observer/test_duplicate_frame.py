"""CP006: what is the same packet captured twice, and what is another one like it."""

import pytest

from support.container_builder import enhanced, interface, section
from support.ladder import Ladder
from support.openings import OPEN
from support.states import (
    analysis_of_frames,
    analysis_of_octets,
    assert_ladder,
    codes,
    the_connection,
)

MILLISECOND = 1_000_000


@pytest.mark.parametrize(
    ("last", "later_ns", "is_copy"),
    [
        ("--> <CTL=ACK><LEN=100> -->", MILLISECOND, True),
        ("--> <CTL=ACK><LEN=100> -->", MILLISECOND + 1, False),
        ("--> <CTL=FIN,ACK> -->", MILLISECOND, True),
        ("<-- <CTL=RST,ACK> <--", MILLISECOND, True),
        ("<-- <CTL=RST,ACK><ID=0> <--", MILLISECOND, False),
        ("--> <CTL=ACK><ID=0> -->", 1000, False),
    ],
)
def test_equal_frame_is_a_copy_within_a_millisecond_if_it_carries_what_tells_it(
    last: str, later_ns: int, is_copy: bool
) -> None:
    frames = list(Ladder(OPEN + last).frames())
    time_ns, octets = frames[-1]
    found = codes(analysis_of_frames([*frames, (time_ns + later_ns, octets)]))
    assert ("CP006" in found) == is_copy


def test_copy_of_a_frame_counts_but_moves_nothing() -> None:
    ladder = Ladder(OPEN + "--> <CTL=FIN,ACK> -->", gap_ns=10_000_000)
    frames = list(ladder.frames())
    time_ns, octets = frames[-1]
    once = the_connection(analysis_of_frames(frames))
    twice_analysis = analysis_of_frames([*frames, (time_ns + 1000, octets)])
    twice = the_connection(twice_analysis)
    assert twice["originator"]["segments"] == once["originator"]["segments"] + 1
    assert [t["to"] for t in twice["transitions"]] == [t["to"] for t in once["transitions"]]
    assert "CP006" in codes(twice_analysis)
    assert "CL002" not in codes(twice_analysis)


def test_answers_of_a_host_without_the_connection_are_no_copies_of_each_other() -> None:
    rsts = "+0.00001 s\n<-- <SEQ=5001><CTL=RST><ID=0> <--\n" * 3
    analysis = assert_ladder(
        OPEN + "--> <CTL=ACK><LEN=100> -->\n" * 3 + "+0.01 s\n" + rsts.partition("\n")[2]
    )
    assert "CP006" not in codes(analysis)
    assert the_connection(analysis)["responder"]["segments"] == 4


@pytest.mark.parametrize(("later_ns", "is_copy"), [(50, True), (51, False)])
def test_equal_frame_of_another_interface_may_come_later(later_ns: int, is_copy: bool) -> None:
    # Two interfaces of a router: the same datagram goes in by one and out by the other.
    ladder = Ladder(OPEN + "--> <CTL=ACK><LEN=100> -->")
    frames = [(0, time_ns, octets) for time_ns, octets in ladder.frames()]
    _, time_ns, octets = frames[-1]
    frames.append((1, time_ns + later_ns * MILLISECOND, octets))
    packets = [enhanced(octets, time_ns // 1000, number) for number, time_ns, octets in frames]
    found = codes(analysis_of_octets(section() + interface() * 2 + b"".join(packets)))
    assert ("CP006" in found) == is_copy
