"""Blocks that are built are read back by the walk, as files of our own."""

from tcpflow_analyzer.sources import pcapng_blocks
from tcpflow_analyzer.sources.packet_octets import packet_block
from tcpflow_analyzer.sources.records import RecordWalk


def walked(octets: bytes) -> RecordWalk:
    """A walk that was fed the octets and stands at the first frame or clock record."""
    walk = RecordWalk("x")
    walk.feed(octets)
    return walk


def test_section_and_interface_are_read_back() -> None:
    head = pcapng_blocks.section() + pcapng_blocks.interface(113, "eth0", 256, "tcp port 80")
    walk = walked(head + packet_block(0, 1234, b"octets", 60))
    assert walk.advance()
    assert (walk.link_type, walk.time_ns, walk.wire_len) == (113, 1234, 60)
    assert (walk.interfaces[0].name, walk.interfaces[0].snaplen) == ("eth0", 256)
    walk.finish()
    assert walk.error == ""


def test_statistics_are_a_clock_record_with_drops() -> None:
    head = pcapng_blocks.section() + pcapng_blocks.interface(1, "eth0")
    walk = walked(head + pcapng_blocks.statistics(0, 5 << 40, received=9, dropped=4, comment="é"))
    assert not walk.advance()
    assert walk.take_clock() == 5 << 40
    assert walk.interfaces[0].drops == 4
    assert not walk.advance()
    assert walk.take_clock() == -1


def test_option_that_is_too_long_is_cut_to_whole_words() -> None:
    option = pcapng_blocks.option(1, b"x" * 70_000)
    assert len(option) == 4 + pcapng_blocks.OPTION_LIMIT
    assert pcapng_blocks.options() == b""
