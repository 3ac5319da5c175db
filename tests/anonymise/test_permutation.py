"""A keyed permutation that keeps how many leading octets are shared."""

from collections.abc import Collection, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.anonymity import KEY, OTHER_KEY
from tcpflow_analyzer.anonymise.permutation import Permutation, keep_zeros

PLAIN = Permutation(KEY)
STRINGS = st.binary(min_size=1, max_size=6)


def shared(one: bytes, other: bytes) -> int:
    """How many leading octets are the same."""
    count = 0
    while count < min(len(one), len(other)) and one[count] == other[count]:
        count += 1
    return count


@given(STRINGS, st.integers(0, 6), STRINGS)
def test_as_many_leading_octets_are_shared_and_no_more(one: bytes, kept: int, rest: bytes) -> None:
    other = one[:kept] + rest
    replaced = PLAIN.replace(one), PLAIN.replace(other)
    assert shared(*replaced) == shared(one, other)
    assert (len(replaced[0]), len(replaced[1])) == (len(one), len(other))


def test_every_octet_behind_a_prefix_is_met_once() -> None:
    for prefix in (b"", b"\x0a", b"abc"):
        assert len({PLAIN.replace(prefix + bytes([octet])) for octet in range(256)}) == 256


def test_what_stands_for_an_octet_depends_on_those_before_it_and_on_the_key() -> None:
    tails = {PLAIN.replace(bytes([first]) + b"tail")[1:] for first in range(50)}
    assert len(tails) == 50
    assert PLAIN.replace(b"tail") == Permutation(KEY).replace(b"tail")
    assert PLAIN.replace(b"tail") != Permutation(OTHER_KEY).replace(b"tail")


def test_groups_are_exchanged_in_themselves() -> None:
    def groups(prefix: bytes) -> Sequence[Collection[int]]:
        return () if prefix else ((7,), range(10, 20))

    permutation = Permutation(KEY, groups)
    assert permutation.replace(b"\x07") == b"\x07"
    group = {permutation.replace(bytes([octet]))[0] for octet in range(10, 20)}
    assert group == set(range(10, 20))
    rest = [octet for octet in range(256) if octet != 7 and octet not in group]
    assert {permutation.replace(bytes([octet]))[0] for octet in rest} == set(rest)
    assert sum(permutation.replace(bytes([octet]))[0] == octet for octet in rest) < 10


def test_what_was_forgotten_is_the_same_again(monkeypatch: pytest.MonkeyPatch) -> None:
    words = [number.to_bytes(2, "big") for number in range(50)]
    expected = [PLAIN.replace(word) for word in words]
    monkeypatch.setattr("tcpflow_analyzer.anonymise.permutation._MOST_KNOWN", 7)
    monkeypatch.setattr("tcpflow_analyzer.anonymise.permutation._MOST_TABLES", 1)
    bounded = Permutation(KEY)
    assert [bounded.replace(word) for word in words] == expected
    assert len(bounded._known) <= 7


def test_zeros_may_stand_for_themselves_and_for_nothing_else() -> None:
    permutation = Permutation(KEY, keep_zeros)
    assert permutation.replace(bytes(2)) == bytes(2)
    others = [number.to_bytes(2, "big") for number in range(1, 65536)]
    assert bytes(2) not in {permutation.replace(each) for each in others}
