"""The kinds of the second word: each a bit of its own below the mark, in its family's block."""

from tcpflow_analyzer.table import stream_observation
from tcpflow_analyzer.table.stream_observation import STREAM, WORD, both_words

KINDS = {
    name: value
    for name, value in vars(stream_observation).items()
    if isinstance(value, int) and value & STREAM and name != "STREAM"
}


def test_every_kind_is_one_bit_of_its_own() -> None:
    bits = [value & ~STREAM for value in KINDS.values()]
    assert all(bit.bit_count() == 1 and bit < STREAM for bit in bits)
    assert len(set(bits)) == len(bits)


def test_both_words_keep_their_bits_apart() -> None:
    assert both_words(5, 0) == 5
    assert both_words(STREAM, 3) == STREAM | 3 << WORD
