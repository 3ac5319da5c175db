"""Octets of another capture program, passed on as a section of our own."""

import sys

import pytest

from support import container_builder as build
from tcpflow_analyzer.sources.live.capture_engine import EngineEnded
from tcpflow_analyzer.sources.live.relay import Relay, units_of
from tcpflow_analyzer.sources.records import RecordWalk

ORDER = "<" if sys.byteorder == "little" else ">"
NOW_NS = 1_800_000_000_123_456_789
NANO = build.option(9, b"\x09", ORDER)


def dumpcap_head(*interfaces: bytes) -> bytes:
    """What dumpcap writes first."""
    writer = build.option(4, b"Dumpcap (Wireshark) 4.0.17", ORDER)
    return build.section(ORDER, options=writer) + b"".join(interfaces)


def described(name: bytes, options: bytes = NANO) -> bytes:
    """An interface of dumpcap."""
    return build.interface(order=ORDER, options=build.option(2, name, ORDER) + options)


def packet(octets: bytes, number: int = 0) -> bytes:
    """A packet of dumpcap."""
    return build.enhanced(octets, NOW_NS, number, ORDER)


def frames(octets: bytes) -> tuple[list[bytes], list[int], RecordWalk]:
    """Frames and clock records that a walk finds."""
    walk = RecordWalk("x")
    walk.feed(octets)
    found, clocks = [], []
    while True:
        while walk.advance():
            found.append(walk.buffer[walk.start : walk.start + walk.captured_len])
        clock_ns = walk.take_clock()
        if clock_ns < 0:
            break
        clocks.append(clock_ns)
    walk.finish()
    assert walk.error == ""
    return found, clocks, walk


@pytest.mark.parametrize("piece", [1, 7, 64, 10_000])
def test_pieces_of_any_size_give_the_same_blocks(piece: int) -> None:
    statistics = build.statistics(0, build.option(5, bytes(8), ORDER), ORDER, ticks=99)
    name_block = build.block(4, bytes(8), ORDER)
    octets = dumpcap_head(described(b"eth0")) + packet(b"a") + name_block + packet(b"b")
    octets += statistics
    relay, parts = Relay(), []
    for start in range(0, len(octets), piece):
        given = relay.feed(octets[start : start + piece], NOW_NS)
        assert len(given) % 4 == 0
        parts.append(given)
    found, clocks, walk = frames(b"".join(parts))
    assert found == [b"a", b"b"]
    # Dated anew: dumpcap writes microseconds, whatever the interface's unit.
    assert clocks == [NOW_NS]
    assert walk.interfaces[0].drops == 0


def test_interfaces_are_given_before_any_packet_when_asked_for() -> None:
    relay = Relay()
    assert relay.feed(dumpcap_head(), NOW_NS) == b""
    assert relay.flush() == b""
    assert relay.feed(described(b"eth0") + described(b"lo"), NOW_NS) == b""
    assert relay.has_begun
    head = relay.flush()
    assert [each.name for each in frames(head + relay.feed(packet(b"a", 1), NOW_NS))[2].interfaces]
    assert relay.flush() == b""


def test_program_that_was_started_again_continues_the_section() -> None:
    relay = Relay()
    first = relay.feed(
        dumpcap_head(described(b"eth0")) + packet(b"a") + packet(b"cut")[:-5], NOW_NS
    )
    relay.begin_anew()
    again = relay.feed(dumpcap_head(described(b"eth0")) + packet(b"b"), NOW_NS)
    found, _, walk = frames(first + again)
    assert found == [b"a", b"b"]
    assert len(walk.interfaces) == 1


def test_other_interfaces_after_a_restart_begin_another_section() -> None:
    relay = Relay()
    first = relay.feed(dumpcap_head(described(b"eth0")) + packet(b"a"), NOW_NS)
    relay.begin_anew()
    again = relay.feed(dumpcap_head(described(b"eth1")) + packet(b"b"), NOW_NS)
    found, _, walk = frames(first + again)
    assert found == [b"a", b"b"]
    assert [each.name for each in walk.interfaces] == ["eth0", "eth1"]


@pytest.mark.parametrize(
    ("resolution", "units"),
    [(None, 10**6), (b"\x09", 10**9), (b"\x06", 10**6), (b"\x8a", 1024)],
)
def test_clock_is_in_units_of_the_interface(resolution: bytes | None, units: int) -> None:
    options = b"" if resolution is None else build.option(9, resolution, ORDER)
    block = described(b"eth0", options)
    assert units_of(block) == units
    relay = Relay()
    head = relay.feed(dumpcap_head(block), NOW_NS) + relay.flush()
    _, clocks, _ = frames(head + relay.clock(NOW_NS))
    assert abs(clocks[0] - NOW_NS) <= 10**9 // units


def test_what_is_no_pcapng_ends_the_engine() -> None:
    with pytest.raises(EngineEnded, match="no pcapng"):
        Relay().feed(b"tcpdump: listening on eth0", NOW_NS)
    assert Relay().clock(NOW_NS) == b""
