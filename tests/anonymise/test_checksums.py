"""Renewed checksums: good, unfinished or wrong as before."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.capture_builder import checksum
from tcpflow_analyzer.anonymise.checksums import pseudo_header, renewed, sum_of

OCTETS = st.binary(min_size=1, max_size=80).filter(any)


def right(octets: bytes) -> int:
    return checksum(octets)


@given(OCTETS)
def test_sum_is_that_of_rfc_1071(octets: bytes) -> None:
    assert (0xFFFF - right(octets)) % 0xFFFF == sum_of(octets)


@given(OCTETS, OCTETS, st.integers(0, 0xFFFF), OCTETS, OCTETS)
def test_verdict_stays(
    before: bytes, after: bytes, stored: int, pseudo_before: bytes, pseudo_after: bytes
) -> None:
    partial = sum_of(pseudo_before), sum_of(pseudo_after)
    sums = [
        (sum_of(octets) + pseudo) % 0xFFFF
        for octets, pseudo in zip((before, after), partial, strict=True)
    ]
    value = renewed(stored, sums[0], sums[1], partial)
    was_good = (stored + sums[0]) % 0xFFFF == 0
    is_good = (value + sums[1]) % 0xFFFF == 0
    was = [partial[0] or 0xFFFF, (partial[0] or 0xFFFF) ^ 0xFFFF, 0]
    becomes = [partial[1] or 0xFFFF, (partial[1] or 0xFFFF) ^ 0xFFFF, 0]
    if was_good:
        assert is_good
    elif stored in was:
        assert value == becomes[was.index(stored)] or stored == 0
    else:
        assert not is_good
        assert value not in becomes


def test_wrong_by_as_much() -> None:
    assert renewed(0x1235, 0xFFFF - 0x1234, 0xFFFF - 0x4321) == 0x4322


@pytest.mark.parametrize("length", [20, 0x1_0004])
def test_pseudo_header(length: int) -> None:
    source, destination = bytes([192, 0, 2, 1]), bytes([192, 0, 2, 2])
    octets = source + destination + struct.pack("!II", 6, length)
    assert pseudo_header(source, destination, 6, length) == sum_of(octets)
