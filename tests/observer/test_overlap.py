"""Which copies conflict with the newest data of their end."""

import pytest

from support.openings import OPEN
from support.states import assert_ladder, codes


def conflicts(first: str, second: str, between: str = "") -> bool:
    """Whether B answering twice at the same offset is a conflict."""
    analysis = assert_ladder(
        OPEN
        + f"""
        --> <SEQ=1001><CTL=ACK><TEXT=request> -->
        <-- <SEQ=5001><ACK=1008><CTL=ACK><TEXT={first}> <--
        {between}
        <-- <SEQ=5001><ACK=1008><CTL=ACK><TEXT={second}> <--
    """
    )
    return "SQ011" in codes(analysis)


@pytest.mark.parametrize(
    ("first", "second", "conflict"),
    [
        ("abcdefghijklmnop", "abcdefghijklmnop", False),
        ("abcdefghijklmnop", "Xbcdefghijklmnop", True),
        ("abcdefghijklmnop", "abcdefghijklmnoX", True),
        ("abcdefghijklmnop", "abcdefghijk", False),  # only as much as both have
        ("abcdefghijklmnop", "abcdXfghijk", True),
        ("abcdefgh", "abcdefghijklmnop", False),
        ("abcdefgh", "Xbcdefghijklmnop", True),
        ("abcdefg", "Xbcdefg", False),  # fewer than 8 octets are not compared
    ],
)
def test_copies_conflict_where_both_have_octets(first: str, second: str, conflict: bool) -> None:
    assert conflicts(first, second) == conflict


def test_only_the_newest_data_is_compared() -> None:
    newer = "<-- <SEQ=5017><ACK=1008><CTL=ACK><TEXT=0123456789abcdef> <--"
    assert not conflicts("abcdefghijklmnop", "Xbcdefghijklmnop", newer)
