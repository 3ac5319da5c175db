"""Where whole blocks end, whatever the octets."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support import container_builder as build
from tcpflow_analyzer.sources.live.block_scan import (
    BROKEN,
    ENOUGH,
    INCOMPLETE,
    OTHER_BLOCK,
    UNLIMITED,
    BlockScan,
)

PACKETS = [build.enhanced(bytes(number), number) for number in range(5)]
THREE = b"".join(PACKETS[:3])


def test_scan_passes_whole_packets_and_stops_at_the_cut_one() -> None:
    scan = BlockScan(False)
    for cut in range(len(PACKETS[3])):
        assert scan.scan(THREE + PACKETS[3][:cut], 0, UNLIMITED) == INCOMPLETE
        assert (scan.position, scan.packets) == (len(THREE), 3)


def test_scan_stops_behind_as_many_packets_as_were_asked_for() -> None:
    scan = BlockScan(False)
    for count in range(4):
        assert scan.scan(THREE, 0, count) == ENOUGH
        assert scan.position == len(b"".join(PACKETS[:count]))
    assert scan.scan(THREE, 0, 4) == INCOMPLETE


@pytest.mark.parametrize("order", ["<", ">"])
def test_scan_stops_at_a_block_that_is_no_packet(order: str) -> None:
    scan = BlockScan(order == ">")
    packet, other = build.enhanced(b"abc", 1, order=order), build.statistics(0, b"", order)
    assert scan.scan(packet + other + packet, 0, UNLIMITED) == OTHER_BLOCK
    assert (scan.position, scan.kind, scan.length) == (len(packet), 5, len(other))
    assert scan.scan(packet + other[:-1], 0, UNLIMITED) == INCOMPLETE


@pytest.mark.parametrize("length", [0, 8, 13, 0xFFFF_FFFC])
def test_length_that_cannot_be_true_is_broken(length: int) -> None:
    scan = BlockScan(False)
    assert scan.scan(struct.pack("<III", 6, length, 0), 0, UNLIMITED) == BROKEN
    assert scan.position == 0


@given(st.binary(max_size=200), st.integers(0, 250), st.integers(0, 10))
def test_scan_never_leaves_the_octets(octets: bytes, start: int, most: int) -> None:
    scan = BlockScan(False)
    scan.scan(octets, start, most)
    assert start <= scan.position <= max(len(octets), start)
    assert scan.packets <= most
