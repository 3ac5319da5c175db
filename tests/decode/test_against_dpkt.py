"""The decoder agrees with dpkt, the reference decoder, on generated frames and on captures."""

import socket
import struct
from pathlib import Path

import dpkt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from decode.frames import MACS, decode, frames_of, new_decoder, seen
from support.capture_builder import Options, packet
from support.capture_builder import Segment as Sent
from support.places import fixture_captures, shared_captures
from tcpflow_analyzer.decode.segment import ABSENT, ODD_OPTIONS, TCP_SEGMENT, Segment

U32 = st.integers(0, 0xFFFF_FFFF)
PORT = st.integers(0, 65535)
ADDRESSES = st.sampled_from([("192.0.2.1", "198.51.100.2"), ("2001:db8::1", "2001:db8::2")])
OPTIONS = st.builds(
    Options,
    mss=st.none() | PORT,
    window_scale=st.none() | st.integers(0, 255),
    sack_permitted=st.booleans(),
    timestamps=st.none() | st.tuples(U32, U32),
    sack_blocks=st.lists(st.tuples(U32, U32), max_size=1).map(tuple),
)


def check(segment: Segment, packet_of_dpkt: dpkt.ip.IP | dpkt.ip6.IP6) -> None:
    """All that both decoders tell about one segment."""
    theirs = packet_of_dpkt.data
    addresses = packet_of_dpkt.src + packet_of_dpkt.dst
    assert segment.key[: len(addresses)] == addresses
    assert (seen(segment)[1], seen(segment)[3]) == (theirs.sport, theirs.dport)
    assert (segment.seq, segment.ack, segment.window) == (theirs.seq, theirs.ack, theirs.win)
    assert segment.control_bits & 0xFF == theirs.flags & 0xFF
    assert (segment.checksum, segment.options_len) == (theirs.sum, 4 * theirs.off - 20)
    if not segment.truncated:
        assert segment.payload_len == segment.payload_captured == len(theirs.data)
    # dpkt takes what the snapshot length left of an option for the whole of it.
    if not segment.oddities & ODD_OPTIONS and len(theirs.opts) == segment.options_len:
        check_options(segment, dpkt.tcp.parse_opts(theirs.opts))


def check_options(segment: Segment, options: list[tuple[int, bytes] | None]) -> None:
    """The options that both read; of one that occurs twice the last one."""
    read = options[: _end_of_list(options)]  # dpkt reads on behind the end of the list
    found = {option[0]: option[1] for option in read if option is not None}
    assert segment.mss == _number(found.get(dpkt.tcp.TCP_OPT_MSS))
    assert segment.window_scale == _number(found.get(dpkt.tcp.TCP_OPT_WSCALE))
    assert segment.sack_permitted == (dpkt.tcp.TCP_OPT_SACKOK in found)
    stamps = found.get(dpkt.tcp.TCP_OPT_TIMESTAMP)
    expected = (ABSENT, ABSENT) if stamps is None else struct.unpack("!II", stamps)
    assert (segment.tsval, segment.tsecr) == expected
    edges = found.get(dpkt.tcp.TCP_OPT_SACK, b"")
    ours = [
        edge
        for index in range(segment.sack_count)
        for edge in (segment.sack_left(index), segment.sack_right(index))
    ]
    assert ours == list(struct.unpack(f"!{len(edges) // 4}I", edges))


def _end_of_list(options: list[tuple[int, bytes] | None]) -> int:
    """Where the end-of-list option stands; None is what dpkt could not read."""
    kinds = [None if option is None else option[0] for option in options]
    return kinds.index(0) if 0 in kinds else len(kinds)


def _number(content: bytes | None) -> int:
    """An option's value, or ABSENT."""
    return ABSENT if content is None else int.from_bytes(content, "big")


@given(
    ADDRESSES, st.tuples(PORT, PORT, U32, U32), st.integers(0, 255), OPTIONS, st.binary(max_size=40)
)
def test_generated_frames(
    addresses: tuple[str, str],
    numbers: tuple[int, int, int, int],
    control_bits: int,
    options: Options,
    payload: bytes,
) -> None:
    source_port, destination_port, seq, ack = numbers
    sent = Sent(
        addresses[0],
        source_port,
        addresses[1],
        destination_port,
        seq=seq,
        ack=ack,
        control_bits=control_bits,
        options=options,
        payload=payload,
    )
    ethertype = b"\x86\xdd" if ":" in addresses[0] else b"\x08\x00"
    frame = MACS + ethertype + packet(sent)
    outcome, segment = decode(frame)
    assert outcome == TCP_SEGMENT
    assert seen(segment) == (
        *(addresses[0], source_port, addresses[1], destination_port),
        *(seq, len(payload)),
    )
    check(segment, dpkt.ethernet.Ethernet(frame).data)


def compare(path: Path) -> int:
    """Compare all frames of a capture that both read; how many they were."""
    decoder, segment = new_decoder(tunnel_outer=True), Segment()
    compared = 0
    for walk in frames_of(path):
        octets = bytes(walk.buffer[walk.start : walk.start + walk.captured_len])
        outcome = decoder.decode(octets, 0, len(octets), walk.wire_len, walk.link_type, segment)
        theirs = packet_by_dpkt(octets, walk.link_type)
        if theirs is not None and outcome == TCP_SEGMENT:
            check(segment, theirs)
            compared += 1
    return compared


def packet_by_dpkt(octets: bytes, link_type: int) -> dpkt.ip.IP | dpkt.ip6.IP6 | None:
    """The outermost IP packet with TCP that dpkt finds, unless its lengths need our own rules."""
    readers = {
        0: dpkt.loopback.Loopback,
        1: dpkt.ethernet.Ethernet,
        101: dpkt.ip.IP,
        113: dpkt.sll.SLL,
        228: dpkt.ip.IP,
        276: dpkt.sll2.SLL2,
    }
    if link_type not in readers:
        return None
    try:
        found = readers[link_type](octets)
    except (dpkt.dpkt.Error, struct.error, IndexError, ValueError, TypeError):
        return None
    while isinstance(found, dpkt.dpkt.Packet):
        if isinstance(found, dpkt.ip.IP | dpkt.ip6.IP6):
            has_length = bool(found.len if isinstance(found, dpkt.ip.IP) else found.plen)
            is_tcp = isinstance(found.data, dpkt.tcp.TCP)
            # A source route names the final destination, which dpkt does not look for.
            has_route = isinstance(found, dpkt.ip.IP) and found.opts[:1] in (b"\x83", b"\x89")
            return found if is_tcp and has_length and not has_route else None
        found = found.data
    return None


@pytest.mark.parametrize("path", fixture_captures(), ids=lambda path: "/".join(path.parts[-3:]))
def test_captures_of_the_repository(path: Path) -> None:
    if path.suffix not in (".pcap", ".pcapng", ".gz"):
        pytest.skip("packed; the octets within are those of another fixture")
    compare(path)


@pytest.mark.slow
@pytest.mark.parametrize("path", shared_captures(), ids=lambda path: "/".join(path.parts[-3:]))
def test_captures_outside_the_repository(path: Path) -> None:
    compare(path)


def test_comparison_reads_frames(tmp_path: Path) -> None:
    # Without this, a change that decodes nothing would pass the comparisons above.
    sent = Sent("192.0.2.1", 1, "192.0.2.2", 2, payload=b"data")
    octets = packet(sent)
    assert isinstance(packet_by_dpkt(octets, 101), dpkt.ip.IP)
    assert socket.inet_ntoa(packet_by_dpkt(octets, 101).src) == "192.0.2.1"  # type: ignore[union-attr]
    head = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 101)
    record = struct.pack("<IIII", 0, 0, len(octets), len(octets)) + octets
    (tmp_path / "one.pcap").write_bytes(head + record * 3)
    assert compare(tmp_path / "one.pcap") == 3
