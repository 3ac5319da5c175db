"""Unsigned integers out of octets."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tcpflow_analyzer.decode.octets import (
    read_u16,
    read_u16_little,
    read_u32,
    read_u32_little,
)


@given(st.binary(min_size=4, max_size=12), st.data())
def test_readers_agree_with_int_from_bytes(buffer: bytes, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, len(buffer) - 4))
    assert read_u16(buffer, index) == int.from_bytes(buffer[index : index + 2], "big")
    assert read_u32(buffer, index) == int.from_bytes(buffer[index : index + 4], "big")
    assert read_u16_little(buffer, index) == int.from_bytes(buffer[index : index + 2], "little")
    assert read_u32_little(buffer, index) == int.from_bytes(buffer[index : index + 4], "little")


def test_largest_numbers_are_not_negative() -> None:
    full = b"\xff" * 4
    assert read_u16(full, 0) == read_u16_little(full, 2) == 0xFFFF
    assert read_u32(full, 0) == read_u32_little(full, 0) == 0xFFFF_FFFF


def test_reading_beyond_the_end_is_an_index_error() -> None:
    with pytest.raises(IndexError):
        read_u32(b"abc", 0)
    with pytest.raises(IndexError):
        read_u16(b"abc", 2)
