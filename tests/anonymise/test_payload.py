"""What stands for the octets of a stream: the same by the same, in the same place."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.anonymity import KEY, OTHER_KEY
from tcpflow_analyzer.anonymise.payload import Payload

PAYLOAD = Payload(KEY)
WRAPPED = st.integers(0, 2**32 - 1) | st.integers(2**32 - 3000, 2**32 - 1) | st.integers(0, 2100)


@given(WRAPPED, st.binary(min_size=2, max_size=3000), st.data())
def test_cut_differently_it_is_the_same(seq: int, octets: bytes, data: st.DataObject) -> None:
    whole = PAYLOAD.replace(b"way", seq, octets)
    cut = data.draw(st.integers(0, len(octets)))
    behind = (seq + cut) % 2**32
    parts = PAYLOAD.replace(b"way", seq, octets[:cut]) + PAYLOAD.replace(
        b"way", behind, octets[cut:]
    )
    assert parts == whole
    assert len(whole) == len(octets)


@given(WRAPPED)
def test_other_octets_in_a_place_are_others(seq: int) -> None:
    assert len({PAYLOAD.replace(b"way", seq, bytes([octet])) for octet in range(256)}) == 256


def test_another_place_direction_or_key_is_replaced_otherwise() -> None:
    octets = b"the same words"
    variants = [
        PAYLOAD.replace(b"way", 7, octets),
        PAYLOAD.replace(b"way", 8, octets),
        PAYLOAD.replace(b"back", 7, octets),
        Payload(OTHER_KEY).replace(b"way", 7, octets),
    ]
    assert len(set(variants)) == 4
    assert Payload(KEY).replace(b"way", 7, octets) == variants[0]


def test_difference_of_two_octets_in_a_place_is_not_shown() -> None:
    places = range(1000)
    differences = {
        PAYLOAD.replace(b"way", at, b"\x00")[0] ^ PAYLOAD.replace(b"way", at, b"\x01")[0]
        for at in places
    }
    assert len(differences) > 50


def test_masks_that_were_forgotten_are_the_same_again(monkeypatch: pytest.MonkeyPatch) -> None:
    expected = [PAYLOAD.replace(b"way", 1020 * place, b"same words") for place in range(9)]
    monkeypatch.setattr("tcpflow_analyzer.anonymise.payload._MOST_MASKS", 1)
    bounded = Payload(KEY)
    assert [bounded.replace(b"way", 1020 * place, b"same words") for place in range(9)] == expected
    assert bounded.replace(b"way", 1, b"") == b""
    assert len(bounded._masks) <= 2


def test_constant_payload_looks_like_chance() -> None:
    replaced = PAYLOAD.replace(b"way", 0, bytes(100_000))
    counts = [replaced.count(octet) for octet in range(256)]
    assert 250 < min(counts) < max(counts) < 550
