"""Laws of sequence number arithmetic, at the wrap and at half the space too."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tcpflow_analyzer.tcp.sequence import distance, unwrap

SPACE = 2**32
WRAPPED = st.one_of(
    st.integers(0, SPACE - 1),
    st.sampled_from([0, 1, 2**31 - 1, 2**31, 2**31 + 1, SPACE - 2, SPACE - 1]),
)
NEAR = st.integers(-(2**31), 2**31 - 1)


@pytest.mark.parametrize(
    ("later", "earlier", "expected"),
    [
        (5, 3, 2),
        (3, 5, -2),
        (0, SPACE - 1, 1),
        (SPACE - 1, 0, -1),
        (2**31 - 1, 0, 2**31 - 1),
        (2**31, 0, -(2**31)),
        (0, 2**31, -(2**31)),
    ],
)
def test_distance_is_signed_and_modular(later: int, earlier: int, expected: int) -> None:
    assert distance(later, earlier) == expected


@given(WRAPPED, NEAR)
def test_distance_undoes_an_addition(number: int, step: int) -> None:
    assert distance((number + step) % SPACE, number) == step


@given(WRAPPED, WRAPPED)
def test_distance_changes_sign_except_at_half_the_space(one: int, other: int) -> None:
    if (one - other) % SPACE == 2**31:
        assert distance(one, other) == distance(other, one) == -(2**31)
    else:
        assert distance(one, other) == -distance(other, one)


@given(WRAPPED, WRAPPED, WRAPPED)
def test_distance_does_not_change_when_both_move(one: int, other: int, by: int) -> None:
    moved = distance((one + by) % SPACE, (other + by) % SPACE)
    assert moved == distance(one, other)


@given(WRAPPED, st.integers(-(2**31), 2**60), NEAR)
def test_unwrap_finds_the_offset_near_the_reference(origin: int, offset: int, away: int) -> None:
    assert unwrap((origin + offset) % SPACE, origin, offset - away) == offset


def test_unwrap_counts_on_beyond_the_wrap() -> None:
    assert unwrap(5, SPACE - 10, 3 * SPACE) == 3 * SPACE + 15
