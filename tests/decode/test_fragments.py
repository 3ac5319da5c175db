"""Putting datagrams together: order, copies, overlaps, gaps, bounds."""

import itertools
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tcpflow_analyzer.decode.fragments import (
    MAX_AGE_NS,
    MAX_OCTETS,
    MAX_PIECES,
    PIECE_OCTETS,
    Fragments,
)

WHOLE = bytes(range(200))
TCP = 6


def add(
    fragments: Fragments,
    start: int,
    stop: int,
    *,
    more: bool = True,
    key: bytes = b"key",
    captured: int | None = None,
    time_ns: int = 0,
) -> bytes:
    """Add the octets of WHOLE from `start` to `stop`, of which the first ones were captured."""
    piece = WHOLE[start:stop][: stop - start if captured is None else captured]
    return fragments.add(key, 1, time_ns, start, stop - start, more, TCP, piece)


def test_every_order_of_three() -> None:
    pieces = [(0, 64, True), (64, 128, True), (128, 200, False)]
    for order in itertools.permutations(pieces):
        fragments = Fragments()
        results = [add(fragments, start, stop, more=more) for start, stop, more in order]
        assert results == [b"", b"", WHOLE]
        assert (fragments.total_len, fragments.captured_len, fragments.protocol) == (200, 200, TCP)


def test_copy_of_a_fragment_completes_nothing() -> None:
    fragments = Fragments()
    assert add(fragments, 0, 64) == b""
    assert add(fragments, 0, 64) == b""
    assert add(fragments, 128, 200, more=False) == b""
    assert add(fragments, 128, 200, more=False) == b""
    assert add(fragments, 64, 128) == WHOLE


def test_keys_are_apart() -> None:
    fragments = Fragments()
    add(fragments, 0, 64, key=b"one")
    assert add(fragments, 64, 200, more=False, key=b"two") == b""
    assert add(fragments, 64, 200, more=False, key=b"one") == WHOLE


def test_protocol_is_the_first_fragments() -> None:
    fragments = Fragments()
    fragments.add(b"key", 1, 0, 64, 8, False, 99, bytes(8))
    fragments.add(b"key", 1, 0, 0, 64, True, TCP, bytes(64))
    assert fragments.protocol == TCP


def test_where_fragments_overlap_the_first_one_stays() -> None:
    fragments = Fragments()
    fragments.add(b"key", 1, 0, 8, 16, True, TCP, b"B" * 16)
    fragments.add(b"key", 1, 0, 0, 16, True, TCP, b"A" * 16)
    whole = fragments.add(b"key", 1, 0, 16, 16, False, TCP, b"C" * 16)
    assert whole == b"A" * 8 + b"B" * 16 + b"C" * 8


def test_octets_beyond_the_last_fragment_are_dropped() -> None:
    fragments = Fragments()
    fragments.add(b"key", 1, 0, 0, 40, True, TCP, b"A" * 40)
    assert fragments.add(b"key", 1, 0, 16, 8, False, TCP, b"B" * 8) == b"A" * 24
    assert (fragments.total_len, fragments.captured_len) == (24, 24)


def test_octets_not_captured_are_counted_up_to_the_first_gap() -> None:
    fragments = Fragments()
    add(fragments, 0, 64, captured=60)
    add(fragments, 64, 128)
    whole = add(fragments, 128, 200, more=False)
    assert whole == WHOLE[:60] + bytes(4) + WHOLE[64:]
    assert (fragments.total_len, fragments.captured_len) == (200, 60)


def test_gap_is_never_filled() -> None:
    fragments = Fragments()
    assert add(fragments, 0, 64) == b""
    assert add(fragments, 72, 200, more=False) == b""
    assert add(fragments, 64, 72) == WHOLE


@pytest.mark.parametrize(("at", "wire_len"), [(65528, 8), (65535, 1), (0, 0), (8, -4), (0, 65536)])
def test_impossible_fragments_are_ignored(at: int, wire_len: int) -> None:
    fragments = Fragments()
    assert fragments.add(b"key", 1, 0, at, wire_len, False, TCP, b"") == b""
    assert fragments.left_out == 0


def test_age_is_capture_time() -> None:
    fragments = Fragments()
    add(fragments, 0, 64)
    assert add(fragments, 64, 200, more=False, time_ns=MAX_AGE_NS) == WHOLE
    add(fragments, 0, 64)
    assert add(fragments, 64, 200, more=False, time_ns=MAX_AGE_NS + 1) == b""
    assert fragments.left_out == 1


def test_number_of_datagrams_is_bounded_and_the_oldest_go() -> None:
    fragments = Fragments(100 * 1024)
    for number in range(105):
        add(fragments, 0, 64, key=number.to_bytes(4, "big"))
    assert fragments.left_out == 5
    assert add(fragments, 64, 200, more=False, key=bytes(4)) == b""
    newest = (104).to_bytes(4, "big")
    assert add(fragments, 64, 200, more=False, key=newest) == WHOLE


def test_octets_are_bounded() -> None:
    fragments = Fragments()
    piece = bytes(60000)
    count = MAX_OCTETS // (60000 + PIECE_OCTETS) + 10
    for number in range(count):
        fragments.add(number.to_bytes(4, "big"), 1, 0, 0, 60000, True, TCP, piece)
    assert fragments.left_out > 0
    assert (count - fragments.left_out) * 60000 <= MAX_OCTETS + 60000


def test_pieces_of_one_datagram_are_bounded() -> None:
    fragments = Fragments()
    for number in range(MAX_PIECES):
        assert fragments.add(b"key", 1, 0, 8 * number, 4, True, TCP, b"") == b""
    # Nothing more is taken, so the datagram cannot be completed any more.
    for number in range(MAX_PIECES + 1):
        last = number == MAX_PIECES
        assert fragments.add(b"key", 1, 0, 8 * number, 8, not last, TCP, b"") == b""


@given(st.sets(st.integers(1, 24), max_size=8), st.randoms(use_true_random=False))
def test_any_cut_in_any_order_gives_the_whole(cuts: set[int], random: Random) -> None:
    edges = [0, *sorted(8 * cut for cut in cuts), len(WHOLE)]
    pieces = list(itertools.pairwise(edges))
    random.shuffle(pieces)
    fragments = Fragments()
    results = [add(fragments, start, stop, more=stop < 200) for start, stop in pieces]
    assert results[-1] == WHOLE
    assert not any(results[:-1])


def test_frames_of_a_datagram_are_told_with_copies() -> None:
    fragments = Fragments()
    fragments.add(b"key", 3, 0, 0, 64, True, TCP, WHOLE[:64])
    fragments.add(b"other", 4, 0, 0, 64, True, TCP, WHOLE[:64])
    fragments.add(b"key", 5, 0, 0, 64, True, TCP, WHOLE[:64])
    assert fragments.frames == []
    assert fragments.add(b"key", 9, 0, 64, 136, False, TCP, WHOLE[64:]) == WHOLE
    assert fragments.frames == [3, 5, 9]
