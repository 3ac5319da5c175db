"""The decoder as a whole: its two paths, keys and scopes, outcomes, and any octets at all."""

import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from decode.frames import (
    ETHERNET,
    LINK_RAW,
    MACS,
    PAYLOAD,
    SEEN,
    SEEN_IPV6,
    SENT,
    TCP_IN_IPV4,
    TCP_IN_IPV6,
    decode,
    frames_of,
    ipv4_fragment,
    new_decoder,
    seen,
    tunnel_packet,
    udp,
)
from support.capture_builder import Segment as Sent
from support.capture_builder import icmp_error, ip, packet
from support.places import fixture_captures, shared_captures
from tcpflow_analyzer.decode.decoder import MAX_OTHER_KINDS, MAX_SCOPES, Decoder
from tcpflow_analyzer.decode.reasons import REASONS
from tcpflow_analyzer.decode.segment import (
    ABSENT,
    FRAGMENT,
    ICMP_ERROR,
    OTHER,
    TCP_SEGMENT,
    UNDECODED,
    Segment,
)

# Every link type that has a header of its own here or in the slow path, and some that have none.
LINK_TYPES = (
    *(0, 1, 6, 7, 8, 9, 10, 12, 14, 50, 51, 100, 101, 104, 105, 106, 107, 108, 109, 113, 117, 119),
    *(122, 127, 129, 138, 149, 163, 166, 192, 204, 205, 206, 228, 229, 239, 240, 241, 242, 253),
    *(258, 274, 276, 281, 282, 284, 285, 147, 195, 65535),
)


def every_field(segment: Segment) -> dict[str, object]:
    """All that a segment holds, but for the buffer and the positions in it."""
    places = ("buffer", "tcp_start", "payload_start", "key_start", "icmp_source")
    names = [name for name in dir(segment) if not name.startswith("_") and name not in places]
    return {name: getattr(segment, name) for name in names if not callable(getattr(segment, name))}


def test_common_frame_fills_every_field() -> None:
    outcome, segment = decode(ETHERNET)
    assert outcome == TCP_SEGMENT
    assert seen(segment) == SEEN
    assert segment.key == bytes.fromhex("c0000201 c6336402 9c40 0050".replace(" ", ""))
    assert (segment.seq, segment.ack) == (0xFFFF_FFF0, 0x8000_0001)
    assert (segment.control_bits, segment.window) == (0x18, 0xFEDC)
    assert segment.checksum == int.from_bytes(TCP_IN_IPV4[36:38], "big")
    assert (segment.ttl, segment.ip_id, segment.vlan, segment.scope) == (63, 0xABCD, ABSENT, 0)
    assert (segment.tsval, segment.tsecr) == (0xF000_0001, 0xF000_0002)
    assert segment.options_len == 12
    assert segment.buffer[segment.payload_start :][: segment.payload_captured] == PAYLOAD
    assert not segment.truncated


@pytest.mark.parametrize("captured", [len(ETHERNET), 60, 54])
def test_both_paths_give_the_same(captured: int) -> None:
    # As raw IP the same packet takes the general path.
    _, short = decode(ETHERNET, captured=captured)
    _, general = decode(TCP_IN_IPV4, LINK_RAW, captured=captured - 14)
    assert every_field(short) == every_field(general)
    assert short.truncated == (captured < len(ETHERNET))


def paths_compared(path: Path) -> int:
    """Check every frame of a capture that the short path can read; how many there were."""
    decoder, short, general = new_decoder(), Segment(), Segment()
    compared = 0
    for walk in frames_of(path):
        octets = bytes(walk.buffer[walk.start : walk.start + walk.captured_len])
        if walk.link_type != 1 or octets[12:15] != b"\x08\0\x45":
            continue
        status = decoder.decode(octets, 0, len(octets), walk.wire_len, 1, short)
        inner = octets[14:]
        again = decoder.decode(inner, 0, len(inner), walk.wire_len - 14, LINK_RAW, general)
        if FRAGMENT in (status, again):
            continue  # the two would be pieces of one datagram
        assert (status, short.reason) == (again, general.reason)
        if status == TCP_SEGMENT:
            assert every_field(short) == every_field(general)
            compared += 1
    return compared


@pytest.mark.parametrize("path", fixture_captures(), ids=lambda path: "/".join(path.parts[-3:]))
def test_both_paths_give_the_same_on_captures_of_the_repository(path: Path) -> None:
    if path.suffix not in (".pcap", ".pcapng", ".gz"):
        pytest.skip("packed; the octets within are those of another fixture")
    paths_compared(path)


@pytest.mark.slow
@pytest.mark.parametrize("path", shared_captures(), ids=lambda path: "/".join(path.parts[-3:]))
def test_both_paths_give_the_same_on_captures_outside(path: Path) -> None:
    paths_compared(path)


def test_comparison_of_paths_reads_frames(tmp_path: Path) -> None:
    head = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1)
    record = struct.pack("<IIII", 0, 0, len(ETHERNET), len(ETHERNET)) + ETHERNET
    (tmp_path / "three.pcap").write_bytes(head + record * 3)
    assert paths_compared(tmp_path / "three.pcap") == 3


def test_options_of_the_frame_before_are_forgotten() -> None:
    segment = Segment()
    decoder = new_decoder()
    all_options = bytes.fromhex("020405b4030307040205 0a0000000100000002 220200".replace(" ", ""))
    head = bytearray(TCP_IN_IPV4[20:40])
    head[12] = (20 + 24) // 4 << 4
    rich = (
        MACS + b"\x08\x00" + ip("192.0.2.1", "192.0.2.2", 6, bytes(head) + all_options + bytes(3))
    )
    plain = MACS + b"\x08\x00" + packet(Sent("192.0.2.1", 1, "192.0.2.2", 2))
    decode(rich, decoder=decoder, segment=segment)
    assert (segment.mss, segment.window_scale, segment.sack_permitted) == (1460, 7, True)
    assert (segment.sack_count, segment.fast_open) == (1, 0)
    decode(plain, decoder=decoder, segment=segment)
    _, fresh = decode(plain)
    assert (segment.mss, segment.window_scale, segment.sack_permitted) == (ABSENT, ABSENT, False)
    assert (segment.sack_count, segment.fast_open, segment.tsval) == (0, ABSENT, ABSENT)
    assert segment.options_cut == fresh.options_cut


def test_ethernet_padding_is_not_payload() -> None:
    empty = packet(Sent("192.0.2.1", 1, "192.0.2.2", 2))
    _, segment = decode(MACS + b"\x08\x00" + empty + bytes(6))
    assert (segment.payload_len, segment.payload_captured, segment.truncated) == (0, 0, False)


def test_snapshot_length_leaves_the_payload_length() -> None:
    outcome, segment = decode(ETHERNET, captured=14 + 20 + 32 + 4)
    assert outcome == TCP_SEGMENT
    assert (segment.payload_len, segment.payload_captured) == (len(PAYLOAD), 4)
    assert segment.truncated


@pytest.mark.parametrize(
    ("captured", "reason"),
    [
        (0, "link-header-truncated"),
        (13, "link-header-truncated"),
        (14, "ip-header-truncated"),
        (33, "ip-header-truncated"),
        (34, "tcp-header-truncated"),
        (53, "tcp-header-truncated"),
    ],
)
def test_header_cut_by_the_snapshot_length(captured: int, reason: str) -> None:
    outcome, segment = decode(ETHERNET, captured=captured)
    assert (outcome, segment.reason) == (UNDECODED, reason)


def test_buffer_shorter_than_the_record_says() -> None:
    segment = Segment()
    outcome = new_decoder().decode(ETHERNET[:40], 0, len(ETHERNET), len(ETHERNET), 1, segment)
    assert (outcome, segment.reason) == (UNDECODED, "tcp-header-truncated")
    assert new_decoder().decode(b"", 0, 100, 100, 1, segment) == UNDECODED


def test_unknown_link_type_is_undecoded_with_and_without_slow_path() -> None:
    for decoder in (new_decoder(), Decoder(False, False, None)):
        outcome, segment = decode(ETHERNET, 147, decoder=decoder)
        assert (outcome, segment.reason) == (UNDECODED, "link-type-unknown")


def test_encrypted_packet_is_undecoded() -> None:
    outcome, segment = decode(tunnel_packet(50, bytes(40)), LINK_RAW)
    assert (outcome, segment.reason) == (UNDECODED, "encrypted")


def test_nesting_stops_at_eight_headers() -> None:
    nested = TCP_IN_IPV4
    for _ in range(7):
        nested = tunnel_packet(4, nested)
    outcome, segment = decode(nested, LINK_RAW)
    assert (outcome, seen(segment)) == (TCP_SEGMENT, SEEN)
    outcome, segment = decode(tunnel_packet(4, nested), LINK_RAW)
    assert (outcome, segment.reason) == (UNDECODED, "nesting-too-deep")


def test_frames_without_tcp_are_counted_by_what_they_are() -> None:
    decoder = new_decoder()
    quic = tunnel_packet(17, udp(b"\xc0\x00\x00\x00\x01", 443))
    for _ in range(3):
        assert decode(quic, LINK_RAW, decoder=decoder)[0] == OTHER
    assert decode(tunnel_packet(17, udp(b"x", 53)), LINK_RAW, decoder=decoder)[0] == OTHER
    assert decode(MACS + b"\x08\x06" + bytes(28), decoder=decoder)[0] == OTHER
    assert decode(tunnel_packet(132, bytes(12)), LINK_RAW, decoder=decoder)[0] == OTHER
    assert decode(ETHERNET, decoder=decoder)[0] == TCP_SEGMENT
    assert decoder.other_kinds() == {
        "UDP on port 443 that looks like QUIC": 3,
        "ARP": 1,
        "DNS (UDP port 53)": 1,
        "SCTP": 1,
    }


def test_kinds_of_other_frames_are_bounded() -> None:
    decoder = new_decoder()
    frames = MAX_OTHER_KINDS + 100
    for port in range(1, frames + 1):
        decode(tunnel_packet(17, udp(b"", 65535, port)), LINK_RAW, decoder=decoder)
    assert len(decoder.other_counts) <= MAX_OTHER_KINDS + 1
    assert sum(decoder.other_kinds().values()) == frames


# Keys and scopes


def reply(sent: Sent) -> Sent:
    """A segment of the other direction."""
    return Sent(sent.destination, sent.destination_port, sent.source, sent.source_port)


def vxlan(inner: bytes, vni: int, *, backwards: bool = False) -> bytes:
    """VXLAN packet between two ends, raw IP outside."""
    ends = ("192.0.2.202", "192.0.2.201") if backwards else ("192.0.2.201", "192.0.2.202")
    head = struct.pack("!II", 0x0800_0000, vni << 8)
    return ip(*ends, 17, udp(head + MACS + b"\x08\x00" + inner, 4789))


def test_tunnel_and_its_number_belong_to_the_key() -> None:
    decoder = new_decoder()
    _, first = decode(vxlan(packet(SENT), 5), LINK_RAW, decoder=decoder)
    _, back = decode(vxlan(packet(reply(SENT)), 5, backwards=True), LINK_RAW, decoder=decoder)
    _, other = decode(vxlan(packet(SENT), 6), LINK_RAW, decoder=decoder)
    _, plain = decode(packet(SENT), LINK_RAW, decoder=decoder)
    assert first.scope == back.scope != other.scope
    assert first.key[:12] == other.key[:12] == plain.key
    assert first.key[12:] == back.key[12:] == int(first.scope).to_bytes(2, "big")
    assert plain.scope == 0
    assert decoder.scope_name(first.scope).tunnel == "vxlan vni 5 192.0.2.201 192.0.2.202"
    assert decoder.scope_name(other.scope).tunnel == "vxlan vni 6 192.0.2.201 192.0.2.202"
    assert decoder.scope_name(0).tunnel == ""


def test_outer_stays_at_the_first_ip_header() -> None:
    decoder = new_decoder(tunnel_outer=True)
    assert decode(vxlan(TCP_IN_IPV4, 5), LINK_RAW, decoder=decoder)[0] == OTHER
    assert decode(tunnel_packet(4, TCP_IN_IPV4), LINK_RAW, decoder=decoder)[0] == OTHER
    assert decode(tunnel_packet(47, b"\0\0\x08\0" + TCP_IN_IPV4), LINK_RAW, decoder=decoder)[0] == (
        OTHER
    )
    outcome, segment = decode(TCP_IN_IPV4, LINK_RAW, decoder=decoder)
    assert (outcome, seen(segment)) == (TCP_SEGMENT, SEEN)


def test_link_local_addresses_are_separated_by_interface() -> None:
    decoder = new_decoder()
    frame = packet(Sent("fe80::1", 1, "fe80::2", 2))
    segments = []
    for interface in (0, 1, 0):
        segment = Segment()
        segment.interface = interface
        segments.append(decode(frame, LINK_RAW, decoder=decoder, segment=segment)[1])
    assert segments[0].key == segments[2].key != segments[1].key
    assert decoder.scope_name(segments[1].scope) == ("", 1, ABSENT, ABSENT)
    _, wide = decode(TCP_IN_IPV6, LINK_RAW, decoder=decoder)
    assert (wide.scope, len(wide.key)) == (0, 36)


@pytest.mark.parametrize("separates", [False, True])
def test_vlan_belongs_to_the_key_only_on_request(separates: bool) -> None:
    decoder = new_decoder(vlan_separates=separates)
    tagged = [MACS + struct.pack("!HHH", 0x8100, vlan, 0x0800) + TCP_IN_IPV4 for vlan in (5, 6)]
    first, second = (decode(frame, decoder=decoder)[1] for frame in tagged)
    assert (first.vlan, second.vlan) == (5, 6)
    assert (first.key != second.key) is separates
    assert decoder.scope_name(first.scope).vlan == (5 if separates else ABSENT)


def test_scopes_are_bounded_and_what_is_left_out_is_counted() -> None:
    decoder = new_decoder()
    segment = Segment()
    for vni in range(MAX_SCOPES + 3):
        frame = vxlan(TCP_IN_IPV4, vni)
        decoder.decode(frame, 0, len(frame), len(frame), LINK_RAW, segment)
    assert (segment.scope, segment.key) == (0, TCP_IN_IPV4[12:24])
    assert decoder.scopes_left_out == 3


# ICMP errors


def test_icmp_error_describes_the_quoted_segment() -> None:
    outcome, segment = decode(icmp_error(TCP_IN_IPV4, "192.0.2.254", 3, 3), LINK_RAW)
    assert outcome == ICMP_ERROR
    assert seen(segment)[:5] == SEEN[:5]
    assert (segment.icmp_version, segment.icmp_type, segment.icmp_code) == (4, 3, 3)
    assert segment.icmp_source == bytes((192, 0, 2, 254))
    assert (segment.control_bits, segment.payload_len, segment.truncated) == (0, 0, True)


def test_icmp_error_that_quotes_the_whole_header() -> None:
    body = struct.pack("!BBHI", 3, 1, 0, 0) + TCP_IN_IPV4
    outcome, segment = decode(ip("192.0.2.254", "192.0.2.1", 1, body), LINK_RAW)
    assert (outcome, seen(segment)) == (ICMP_ERROR, SEEN)
    assert (segment.control_bits, segment.ack, segment.tsval) == (0x18, 0x8000_0001, 0xF000_0001)


def test_icmpv6_error_describes_the_quoted_segment() -> None:
    outcome, segment = decode(icmp_error(TCP_IN_IPV6, "2001:db8::fe", 1, 4), LINK_RAW)
    assert (outcome, seen(segment)) == (ICMP_ERROR, SEEN_IPV6)
    assert (segment.icmp_version, segment.icmp_type, segment.icmp_code) == (6, 1, 4)
    assert len(segment.icmp_source) == 16


def test_icmp_error_in_a_tunnel_has_the_scope_of_its_segment() -> None:
    decoder = new_decoder()
    _, inner = decode(vxlan(TCP_IN_IPV4, 5), LINK_RAW, decoder=decoder)
    error = icmp_error(TCP_IN_IPV4, "192.0.2.254", 3, 1)
    outcome, quoted = decode(vxlan(error, 5), LINK_RAW, decoder=decoder)
    assert (outcome, quoted.key) == (ICMP_ERROR, inner.key)


@pytest.mark.parametrize(
    "message",
    [
        struct.pack("!BBHI", 8, 0, 0, 0) + TCP_IN_IPV4,  # an echo request with the same octets
        struct.pack("!BBHI", 3, 3, 0, 0) + TCP_IN_IPV4[:27],  # no whole sequence number
        struct.pack("!BBHI", 3, 3, 0, 0) + tunnel_packet(17, udp(b"", 53)),
        struct.pack("!BBHI", 3, 3, 0, 0) + ipv4_fragment(TCP_IN_IPV4[20:], 8, more=False),
        struct.pack("!BBH", 3, 3, 0),
    ],
)
def test_icmp_without_a_quoted_segment_is_other(message: bytes) -> None:
    assert decode(ip("192.0.2.254", "192.0.2.1", 1, message), LINK_RAW)[0] == OTHER


def test_icmp_error_that_quotes_a_first_fragment() -> None:
    quoted = ipv4_fragment(TCP_IN_IPV4[20:52], 0, more=True)
    body = struct.pack("!BBHI", 11, 1, 0, 0) + quoted
    outcome, segment = decode(ip("192.0.2.254", "192.0.2.1", 1, body), LINK_RAW)
    assert (outcome, seen(segment)[:5]) == (ICMP_ERROR, SEEN[:5])


# Fragments


def test_fragments_in_any_order_give_the_segment_with_the_last_one() -> None:
    datagram = TCP_IN_IPV4[20:]
    parts = [
        ipv4_fragment(datagram[:24], 0, more=True),
        ipv4_fragment(datagram[24:40], 24, more=True),
        ipv4_fragment(datagram[40:], 40, more=False),
    ]
    for order in ((0, 1, 2), (2, 1, 0), (1, 2, 0)):
        decoder = new_decoder()
        outcomes = [decode(parts[index], LINK_RAW, decoder=decoder)[0] for index in order[:2]]
        assert outcomes == [FRAGMENT, FRAGMENT]
        outcome, segment = decode(parts[order[2]], LINK_RAW, decoder=decoder)
        assert (outcome, seen(segment)) == (TCP_SEGMENT, SEEN)
        assert segment.buffer[segment.payload_start :][: segment.payload_captured] == PAYLOAD
        assert (segment.tsval, segment.truncated) == (0xF000_0001, False)


def test_fragments_cut_by_the_snapshot_length_keep_the_length() -> None:
    datagram = TCP_IN_IPV4[20:]
    decoder = new_decoder()
    first = ipv4_fragment(datagram[:40], 0, more=True)
    last = ipv4_fragment(datagram[40:], 40, more=False)
    assert decode(first, LINK_RAW, decoder=decoder)[0] == FRAGMENT
    outcome, segment = decode(last, LINK_RAW, captured=20, decoder=decoder)
    assert (outcome, seen(segment)) == (TCP_SEGMENT, SEEN)
    assert (segment.payload_captured, segment.truncated) == (8, True)


def test_ipv6_fragments_give_the_segment() -> None:
    datagram = TCP_IN_IPV6[40:]
    decoder = new_decoder()
    parts = (datagram[:24], datagram[24:])
    outcomes = []
    for index, part in enumerate(parts):
        fragment = struct.pack("!BBHI", 6, 0, index * 24 | (1 - index), 0x0102_0304)
        frame = ip("2001:db8::1", "2001:db8::2", 44, fragment + part)
        outcome, segment = decode(frame, LINK_RAW, decoder=decoder)
        outcomes.append(outcome)
    assert outcomes == [FRAGMENT, TCP_SEGMENT]
    assert (seen(segment), segment.ip_id) == (SEEN_IPV6, 0x0102_0304)


def test_fragments_in_a_tunnel_do_not_mix_with_others() -> None:
    datagram = TCP_IN_IPV4[20:]
    decoder = new_decoder()
    inner = tunnel_packet(4, ipv4_fragment(datagram[:24], 0, more=True))
    assert decode(inner, LINK_RAW, decoder=decoder)[0] == FRAGMENT
    outside = ipv4_fragment(datagram[24:], 24, more=False)
    assert decode(outside, LINK_RAW, decoder=decoder)[0] == FRAGMENT
    inside = tunnel_packet(4, outside)
    outcome, segment = decode(inside, LINK_RAW, decoder=decoder)
    assert (outcome, seen(segment)) == (TCP_SEGMENT, SEEN)
    assert segment.scope != 0


def test_fragmented_tunnel_packet_gives_the_segment_within() -> None:
    whole = vxlan(TCP_IN_IPV4, 9)[20:]
    decoder = new_decoder()
    first = ipv4_fragment(whole[:48], 0, more=True, protocol=17)
    last = ipv4_fragment(whole[48:], 48, more=False, protocol=17)
    assert decode(first, LINK_RAW, decoder=decoder)[0] == FRAGMENT
    outcome, segment = decode(last, LINK_RAW, decoder=decoder)
    assert (outcome, seen(segment)) == (TCP_SEGMENT, SEEN)
    assert decoder.scope_name(segment.scope).tunnel == "vxlan vni 9 192.0.2.1 198.51.100.2"


# Any octets

SEEDS = (
    ETHERNET,
    MACS + b"\x81\x00\x00\x05\x08\x00" + TCP_IN_IPV4,
    MACS + b"\x86\xdd" + TCP_IN_IPV6,
    MACS + b"\x08\x00" + vxlan(TCP_IN_IPV4, 5),
    MACS + b"\x08\x00" + icmp_error(TCP_IN_IPV4, "192.0.2.254", 3, 3),
    TCP_IN_IPV4,
    TCP_IN_IPV6,
    tunnel_packet(47, b"\x30\x00\x65\x58" + bytes(8) + ETHERNET),
)


def check_any(frame: bytes, link_type: int, captured: int, decoder: Decoder) -> None:
    """Decode anything; the outcome has to keep its promises."""
    outcome, segment = decode(frame, link_type, captured=captured, decoder=decoder)
    assert outcome in {TCP_SEGMENT, OTHER, FRAGMENT, ICMP_ERROR, UNDECODED}
    if outcome == UNDECODED:
        assert segment.reason in REASONS
    if outcome == TCP_SEGMENT:
        assert 0 <= segment.payload_captured <= segment.payload_len
        assert len(segment.key) == 2 * segment.address_len + 4 + (2 if segment.scope else 0)
        assert segment.payload_start + segment.payload_captured <= len(segment.buffer)


@given(st.binary(max_size=200), st.sampled_from(LINK_TYPES))
def test_any_octets_give_a_value(frame: bytes, link_type: int) -> None:
    check_any(frame, link_type, len(frame), new_decoder())


@given(
    st.sampled_from(SEEDS),
    st.lists(st.tuples(st.integers(0, 150), st.integers(0, 255)), max_size=6),
    st.integers(0, 200),
    st.sampled_from((1, LINK_RAW)),
)
def test_changed_and_cut_frames_give_a_value(
    seed: bytes, changes: list[tuple[int, int]], captured: int, link_type: int
) -> None:
    frame = bytearray(seed)
    for at, octet in changes:
        frame[at % len(frame)] = octet
    check_any(bytes(frame), link_type, min(captured, len(frame)), new_decoder())


@pytest.mark.parametrize("link_type", LINK_TYPES)
def test_every_cut_of_a_frame_gives_a_value(link_type: int) -> None:
    decoder = new_decoder()
    for seed in SEEDS:
        for captured in range(len(seed) + 1):
            check_any(seed, link_type, captured, decoder)
