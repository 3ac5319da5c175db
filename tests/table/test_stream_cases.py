"""The numbers of one group are told apart; masks have one bit each."""

import pytest

from tcpflow_analyzer.table import stream_cases

VALUES = {name: value for name, value in vars(stream_cases).items() if isinstance(value, int)}


@pytest.mark.parametrize(
    "group", ["FIELD", "BAD", "VIOLATION", "OPTION", "HEADER", "ECN", "RESET", "PROXIED"]
)
def test_numbers_of_a_group_are_different(group: str) -> None:
    numbers = [value for name, value in VALUES.items() if name.startswith(f"{group}_")]
    assert len(numbers) > 1
    assert len(set(numbers)) == len(numbers)


@pytest.mark.parametrize("group", ["FIELD", "OPTION"])
def test_masks_have_one_bit_each(group: str) -> None:
    numbers = [value for name, value in VALUES.items() if name.startswith(f"{group}_")]
    assert all(number.bit_count() == 1 for number in numbers)
