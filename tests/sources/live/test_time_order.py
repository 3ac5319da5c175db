"""Packets of several interfaces come out by time, and none is lost."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support import container_builder as build
from tcpflow_analyzer.sources.live.time_order import TimeOrder, described
from tcpflow_analyzer.sources.records import RecordWalk

ANY_TIME = 1 << 62
NANO = build.option(9, b"\x09")
HEAD = build.section() + build.interface(options=NANO) + build.interface()  # the second: us


def frames(octets: bytes) -> list[tuple[int, int, bytes]]:
    """Time, interface and octets of the frames."""
    walk = RecordWalk("x")
    walk.feed(octets)
    found = []
    while walk.advance():
        octets = walk.buffer[walk.start : walk.start + walk.captured_len]
        found.append((walk.time_ns, walk.interface, octets))
    walk.finish()
    assert walk.error == ""
    return found


@given(
    st.lists(st.tuples(st.integers(0, 50), st.integers(0, 1)), max_size=40),
    st.integers(1, 9),
    st.integers(0, 60_000),
)
def test_packets_come_by_time_whatever_the_reads(
    times: list[tuple[int, int]], piece: int, until_ns: int
) -> None:
    blocks = [
        build.enhanced(bytes([at]), us * (1 if number else 1000), number)
        for at, (us, number) in enumerate(times)
    ]
    order = TimeOrder(False)
    order.feed(HEAD)
    for start in range(0, len(blocks), piece):
        order.feed(b"".join(blocks[start : start + piece]))
    early = order.take(until_ns)
    found = frames(early + order.take(ANY_TIME))
    expected = [(us * 1000, number, bytes([at])) for at, (us, number) in enumerate(times)]
    assert found == sorted(expected, key=lambda each: (each[0], each[2]))
    assert len(frames(early)) == sum(us * 1000 < until_ns for us, _ in times)


def test_other_blocks_stay_behind_the_packets_that_came_before() -> None:
    order = TimeOrder(False)
    late, statistics, early = (
        build.enhanced(b"a", 9),
        build.statistics(0, b""),
        build.enhanced(b"b", 1),
    )
    order.feed(HEAD + late + statistics + early)
    assert order.take(0) == HEAD + late + statistics
    assert order.take(ANY_TIME) == early


@pytest.mark.parametrize("order", ["<", ">"])
def test_interface_is_read_in_either_byte_order(order: str) -> None:
    block = build.interface(113, order, build.option(9, b"\x09", order))
    interface = described(block, order == ">")
    assert (interface.link_type, interface.exponent) == (113, 9)


def test_cut_block_and_unknown_interface_harm_nothing() -> None:
    order = TimeOrder(False)
    order.feed(build.enhanced(b"a", 5, 3) + build.enhanced(b"b", 5)[:-4])
    assert order.take(ANY_TIME) == build.enhanced(b"a", 5, 3)
