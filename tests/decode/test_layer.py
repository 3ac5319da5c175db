"""Where decoding stands."""

from tcpflow_analyzer.decode.layer import END_OTHER, END_UNDECODED, LINK, Layer, layer_of
from tcpflow_analyzer.decode.segment import ABSENT


def layer_at(end: int, wire_end: int) -> Layer:
    """A layer at the start of a frame."""
    layer = Layer()
    layer.begin(bytes(end), 0, end, wire_end)
    return layer


def test_limit_moves_both_ends_only_inwards() -> None:
    layer = layer_at(60, 100)
    layer.limit(120)
    assert (layer.end, layer.wire_end) == (60, 100)
    layer.limit(80)
    assert (layer.end, layer.wire_end) == (60, 80)
    layer.limit(50)
    assert (layer.end, layer.wire_end) == (50, 50)


def test_begin_forgets_the_frame_before() -> None:
    layer = layer_at(60, 100)
    layer.vlan, layer.interface, layer.depth, layer.tunnel = 5, 7, 3, b"tunnel"
    layer.begin(b"next", 1, 4, 4)
    assert (layer.start, layer.end, layer.wire_end) == (1, 4, 4)
    assert (layer.vlan, layer.interface, layer.depth, layer.tunnel) == (ABSENT, ABSENT, 0, b"")


def test_skip_and_the_ends() -> None:
    layer = layer_at(60, 60)
    layer.skip(14, 0x0800)
    assert (layer.start, layer.protocol) == (14, 0x0800)
    layer.set_other(0x0806)
    assert (layer.protocol, layer.other) == (END_OTHER, 0x0806)
    layer.fail("encrypted")
    assert (layer.protocol, layer.reason) == (END_UNDECODED, "encrypted")


def test_frame_ends_where_the_longer_of_both_lengths_says() -> None:
    layer = layer_of(b"frame", 100, 101)
    assert (layer.buffer, layer.start, layer.end, layer.wire_end) == (b"frame", 0, 5, 100)
    assert (layer.protocol, layer.link_type) == (LINK, 101)
    assert layer_of(b"frame", 3, 101).wire_end == 5
