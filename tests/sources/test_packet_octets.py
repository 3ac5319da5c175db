"""Octets that sources build: read back by dpkt and by the walk."""

import dpkt
import pytest

from tcpflow_analyzer.sources.packet_octets import (
    TcpHeader,
    interface_block,
    internet_sum,
    packet_block,
    section_start,
    tcp_packet,
)
from tcpflow_analyzer.sources.records import RecordWalk
from tcpflow_analyzer.tcp.control_bits import ACK, PSH

ADDRESSES = [(b"\xc0\0\2\1", b"\xc0\0\2\2"), (bytes(15) + b"\1", bytes(15) + b"\2")]


def header(options: bytes = b"") -> TcpHeader:
    made = TcpHeader(40_000, 80)
    made.seq, made.ack, made.window = 0xFFFF_FFFF, 5, 777
    made.control_bits, made.options = PSH | ACK, options
    return made


@pytest.mark.parametrize(("source", "destination"), ADDRESSES)
@pytest.mark.parametrize("options", [b"", b"\2\4\5\xb4", b"\3\3\7", b"\1" * 50])
def test_packet_without_payload_is_valid(source: bytes, destination: bytes, options: bytes) -> None:
    octets, wire_len = tcp_packet(source, destination, header(options), 0, ttl=9)
    ip = (dpkt.ip.IP if len(source) == 4 else dpkt.ip6.IP6)(octets)
    assert (ip.src, ip.dst, wire_len) == (source, destination, len(octets))
    assert (ip.data.seq, ip.data.ack, ip.data.win) == (0xFFFF_FFFF, 5, 777)
    assert ip.data.flags == PSH | ACK
    assert bytes(ip.data.opts).startswith(options[:40])
    segment = bytes(ip.data)
    pseudo = source + destination + len(segment).to_bytes(4, "big") + b"\0\0\0\6"
    assert internet_sum(pseudo + segment) == 0xFFFF
    assert len(source) == 16 or internet_sum(octets[:20]) == 0xFFFF


@pytest.mark.parametrize(("source", "destination"), ADDRESSES)
@pytest.mark.parametrize("payload_len", [1, 60_000, 100_000])
def test_packet_says_the_length_of_what_is_not_there(
    source: bytes, destination: bytes, payload_len: int
) -> None:
    octets, wire_len = tcp_packet(source, destination, header(), payload_len)
    assert wire_len == len(octets) + payload_len
    said = octets[2:4] if len(source) == 4 else octets[4:6]
    inner = wire_len - (0 if len(source) == 4 else 40)
    assert int.from_bytes(said, "big") == (inner if payload_len < 65_000 else 0)


def test_internet_sum_of_an_odd_length() -> None:
    assert internet_sum(b"\xff\xff\1") == 0x0100


def test_blocks_are_read_by_the_walk() -> None:
    walk = RecordWalk("x")
    blocks = section_start() + interface_block(101) + interface_block(1, 6)
    blocks += packet_block(0, (1 << 62) - 1, b"abc", 9) + packet_block(1, 5, b"", 0)
    walk.feed(blocks)
    found = []
    while walk.advance():
        found.append((walk.time_ns, walk.link_type, walk.captured_len, walk.wire_len))
    walk.finish()
    assert found == [((1 << 62) - 1, 101, 3, 9), (5000, 1, 0, 0)]
    assert walk.error == ""


def test_block_of_what_no_field_holds_says_the_most_that_it_can() -> None:
    walk = RecordWalk("x")
    walk.feed(section_start() + interface_block(101) + packet_block(0, 1 << 70, b"abc", 1 << 33))
    assert walk.advance()
    assert (walk.time_ns, walk.wire_len) == ((1 << 62) - 1, (1 << 32) - 1)
