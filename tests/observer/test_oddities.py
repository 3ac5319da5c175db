"""Odd headers and options against the handshake, with header prediction and without."""

import pytest

from support.capture_builder import START_NS, Options, Segment, ethernet, packet, pcap
from support.observed import notes, observe
from support.openings import OPEN
from tcpflow_analyzer.decode.segment import Segment as DecodedSegment
from tcpflow_analyzer.observer.oddities import has_port_0, has_valid_flags
from tcpflow_analyzer.table import stream_cases as cases
from tcpflow_analyzer.table import stream_observation as kinds
from tcpflow_analyzer.table.connection import Connection
from tcpflow_analyzer.tcp.control_bits import ACK, AE, CWR, ECE, FIN, PSH, RST, SYN, URG


@pytest.mark.parametrize(
    "bits",
    [SYN, SYN | URG, SYN | ACK, RST, RST | ACK, FIN | ACK, FIN | ACK | URG, ACK, ACK | URG],
)
def test_flags_that_a_stack_sends(bits: int) -> None:
    assert has_valid_flags(bits)
    assert has_valid_flags(bits | PSH | ECE | CWR | AE)


@pytest.mark.parametrize(
    "bits",
    [
        0,
        FIN,
        URG,
        SYN | FIN,
        SYN | RST,
        FIN | RST,
        FIN | PSH | URG,
        SYN | ACK | FIN,
        RST | ACK | URG,
    ],
)
def test_flags_that_no_stack_sends(bits: int) -> None:
    assert not has_valid_flags(bits)


def test_invalid_flags_drive_nothing() -> None:
    text = OPEN + "--> <CTL=FIN><LEN=10> -->\n--> <SEQ=1001><CTL=ACK><LEN=10> -->\n"
    assert [first for _, _, first, _, _ in notes(kinds.INVALID_FLAGS, text)] == [FIN]
    (connection,) = observe(pcap([(START_NS, ethernet(packet(_segment(control_bits=FIN))))]))
    assert connection.originator.fin_offset < 0


def _segment(**changes: object) -> Segment:
    values: dict[str, object] = {"seq": 100, **changes}
    return Segment("192.0.2.1", 40000, "198.51.100.1", 80, **values)  # type: ignore[arg-type]


def odd(kind: int, segment: Segment, patch: dict[int, int] | None = None) -> list[tuple[int, ...]]:
    """Numbers of the observations of a kind about one segment, with octets of TCP overwritten."""
    octets = bytearray(ethernet(packet(segment)))
    for offset, octet in (patch or {}).items():
        octets[34 + offset] = octet
    (connection,) = observe(pcap([(START_NS, bytes(octets))]))
    found: list[tuple[int, ...]] = []
    for side in (True, False):
        tally = connection.tally(kind, side)
        found += [] if tally is None else [(i.first, i.second, i.third) for i in tally.kept]
    return found


def test_fields_without_their_flag() -> None:
    kind = kinds.FIELD_WITHOUT_FLAG_ORIGINATOR
    assert odd(kind, _segment(control_bits=SYN, ack=7)) == [(cases.FIELD_ACK, 7, 0)]
    assert odd(kind, _segment(), {19: 5}) == [(cases.FIELD_URGENT_POINTER, 5, 5)]
    assert odd(kind, _segment(control_bits=SYN | URG), {19: 5}) == [(cases.FIELD_URGENT_SYN, 5, 5)]
    urgent = _segment(control_bits=ACK | URG, payload=b"abc")
    assert odd(kind, urgent, {19: 1}) == [(cases.FIELD_URGENT_DATA, 1, 1)]
    assert odd(kind, _segment()) == []


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("02040514", None),
        ("0203057a00", (cases.BAD_LENGTH, 2, 3)),
        ("08 09 00000001 00000000", (cases.BAD_LENGTH, 8, 9)),
        ("05 06 00000001", (cases.BAD_LENGTH, 5, 6)),
        ("1c 05 000100", (cases.BAD_LENGTH, 28, 5)),
        ("22 05 010203", (cases.BAD_LENGTH, 34, 5)),
        ("02 01 0000", (cases.BAD_OVERRUN, 2, 1)),
        ("02 28 0514", (cases.BAD_OVERRUN, 2, 40)),
        ("00 010000", (cases.BAD_PADDING, 0, 1)),
        ("01 010101", (cases.BAD_FILLERS, 1, 1)),
        ("01 010100", None),
        ("01 010105", (cases.BAD_OVERRUN, 5, 0)),  # no room for its length
        ("08 0a 00000001 00000000 03 03 07 02 01 00", (cases.BAD_OVERRUN, 2, 1)),
    ],
)
def test_malformed_options(raw: str, expected: tuple[int, int, int] | None) -> None:
    segment = _segment(control_bits=ACK, options=Options(raw=bytes.fromhex(raw)))
    found = [
        (first >> 16, first >> 8 & 255, first & 255)
        for first, _, _ in odd(kinds.OPTION_MALFORMED, segment)
    ]
    assert found == ([] if expected is None else [expected])


@pytest.mark.parametrize(
    "good",
    [
        pytest.param("020405b4", id="MSS"),
        pytest.param("01030307", id="window scale"),
        pytest.param("01010402", id="SACK permitted"),
        pytest.param("0101050a 00000064 000000c8", id="SACK"),
        pytest.param("0101080a 00000001 00000000", id="timestamps"),
        pytest.param("1c048005", id="user timeout"),
        pytest.param("01012202", id="Fast Open, asking"),
        pytest.param("0101220a 0011223344556677", id="Fast Open"),
        pytest.param("01011312 00112233445566778899aabbccddeeff", id="MD5"),
        pytest.param("1d04 0102", id="TCP-AO"),
        pytest.param("011e03 00", id="multipath"),
        pytest.param("fd04 f989", id="experimental"),
    ],
)
def test_malformed_option_is_found_behind_a_good_one(good: str) -> None:
    raw = bytes.fromhex(good) + bytes.fromhex("0203057a")
    found = odd(kinds.OPTION_MALFORMED, _segment(control_bits=ACK, options=Options(raw=raw)))
    ((described, octets, count),) = found
    assert described == cases.BAD_LENGTH << 16 | 2 << 8 | 3
    assert (octets, count) == (0x0203057A, 4)


def test_header_that_breaks_the_rules() -> None:
    kind = kinds.HEADER_MALFORMED
    assert odd(kind, _segment(), {12: 0x5E}) == [(cases.HEADER_RESERVED, 7, 0)]
    assert odd(kind, _segment(), {12: 0x51}) == []  # AE
    nobody = Segment("192.0.2.1", 0, "198.51.100.1", 80, control_bits=SYN)
    assert odd(kind, nobody) == [(cases.HEADER_PORT, 0, 80)]


def test_header_that_cannot_be_read_is_told_to_its_connection() -> None:
    good = ethernet(packet(_segment()))
    bad = bytearray(good)
    bad[46] = 0x40
    (connection,) = observe(pcap([(START_NS, good), (START_NS + 1, bytes(bad))]))
    tally = connection.tally(kinds.HEADER_MALFORMED, True)
    assert tally is not None
    assert (tally.last.first, tally.last.second, tally.last.third) == (cases.HEADER_LENGTH, 16, 20)


def test_has_port_0() -> None:
    segment = DecodedSegment()
    segment.key = bytes(8) + b"\0\1\0\2"
    assert not has_port_0(segment)
    segment.key = bytes(8) + b"\0\1\0\0"
    assert has_port_0(segment)
    segment.address_len = 16
    segment.key = bytes(32) + b"\0\0\0\1"
    assert has_port_0(segment)
    segment.key = bytes(32) + b"\1\0\0\1"
    assert not has_port_0(segment)


def violations(text: str) -> list[tuple[bool, int, int]]:
    """(of originator, VIOLATION_..., first value)."""
    return [
        (side, what, value) for side, _, what, value, _ in notes(kinds.NEGOTIATION_VIOLATION, text)
    ]


def opened(syn: str, synack: str) -> str:
    """A handshake with other options."""
    return f"--> <CTL=SYN>{syn} -->\n<-- <CTL=SYN,ACK>{synack} <--\n--> <CTL=ACK> -->\n"


def test_options_that_were_not_agreed_on() -> None:
    full = "<WS=7><SACKOK><TSVAL=1>"
    assert violations(opened(full, "<WS=7><SACKOK><TSVAL=9><TSECR=1>")) == []
    assert violations(opened("", full)) == [(False, cases.VIOLATION_UNASKED, 2 | 4 | 8)]
    assert violations(opened("<WS=15>", "")) == [(True, cases.VIOLATION_SCALE, 15)]
    late = OPEN + "--> <CTL=ACK><LEN=4><MSS=1400> -->\n"
    assert violations(late) == [(True, cases.VIOLATION_NO_SYN, cases.OPTION_MSS)]
    late = OPEN + "--> <CTL=ACK><LEN=4><WS=7><SACKOK> -->\n"
    mask = cases.OPTION_SCALE | cases.OPTION_SACK
    assert violations(late) == [(True, cases.VIOLATION_NO_SYN, mask)]


def test_missing_mss_is_told_once_the_handshake_is_complete() -> None:
    def handshake(*last: int) -> list[Connection]:
        there = ("192.0.2.1", 40000, "198.51.100.1", 80)
        back = ("198.51.100.1", 80, "192.0.2.1", 40000)
        segments = [
            Segment(*there, seq=1000, control_bits=SYN),
            Segment(*back, seq=5000, ack=1001, control_bits=SYN | ACK),
            *(Segment(*there, seq=1001, ack=5001, control_bits=bits) for bits in last),
        ]
        return observe(
            pcap((START_NS + at, ethernet(packet(each))) for at, each in enumerate(segments))
        )

    (half_open,), (opened_,) = handshake(), handshake(ACK)
    assert half_open.tally(kinds.NEGOTIATION_VIOLATION, True) is None
    for side in (True, False):
        tally = opened_.tally(kinds.NEGOTIATION_VIOLATION, side)
        assert tally is not None
        assert tally.last.first == cases.VIOLATION_NO_MSS


def test_sack_blocks_need_an_agreement() -> None:
    blocks = "--> <CTL=ACK><SACK=5100-5200> -->\n"
    assert violations(opened("<SACKOK>", "") + blocks) == [(True, cases.VIOLATION_SACK, 1)]
    assert violations(opened("<SACKOK>", "<SACKOK>") + blocks) == []


@pytest.mark.parametrize(("length", "count"), [(1460, 1), (1448, 1), (1072, 0), (536, 0)])
def test_segment_larger_than_the_peer_allows(length: int, count: int) -> None:
    # 1072 is twice what the peer allows: the work of a segmentation offload.
    text = opened("", "<MSS=536>") + f"--> <CTL=PSH,ACK><LEN={length}> -->\n"
    assert len(violations(text)) == count


@pytest.mark.parametrize(
    ("addresses", "mss", "length", "count"),
    [
        (("192.0.2.1", "198.51.100.1"), 1460, 1460, 1),
        (("192.0.2.1", "198.51.100.1"), 550, 536, 0),
        (("192.0.2.1", "198.51.100.1"), 500, 500, 0),
        (("2001:db8::1", "2001:db8::2"), 1460, 1460, 1),
        (("2001:db8::1", "2001:db8::2"), 1230, 1220, 0),
        (("2001:db8::1", "2001:db8::2"), 536, 536, 0),
    ],
)
def test_peer_without_mss_takes_the_default_of_its_version(
    addresses: tuple[str, str], mss: int, length: int, count: int
) -> None:
    # RFC 9293 3.7.1: 536 octets for IPv4, 1220 for IPv6.
    there = (addresses[0], 40000, addresses[1], 80)
    back = (addresses[1], 80, addresses[0], 40000)
    segments = [
        Segment(*there, seq=1000, control_bits=SYN, options=Options(mss=mss)),
        Segment(*back, seq=5000, ack=1001, control_bits=SYN | ACK),
        Segment(*there, seq=1001, ack=5001),
        Segment(*there, seq=1001, ack=5001, payload=bytes(length)),
    ]
    frames = ((START_NS + at, ethernet(packet(each))) for at, each in enumerate(segments))
    (connection,) = observe(pcap(frames))
    tally = connection.tally(kinds.NEGOTIATION_VIOLATION, True)
    sizes = [] if tally is None else [i for i in tally.kept if i.first == cases.VIOLATION_SIZE]
    assert len(sizes) == count


TIMED = opened("<TSVAL=100>", "<TSVAL=900><TSECR=100>").replace(
    "--> <CTL=ACK>", "--> <CTL=ACK><TSVAL=101><TSECR=900>"
)


@pytest.mark.parametrize(
    ("segment", "expected"),
    [
        ("--> <CTL=PSH,ACK><LEN=5>", [0]),
        ("--> <CTL=PSH,ACK><LEN=5><TSVAL=102><TSECR=900>", []),
        ("--> <CTL=PSH,ACK><LEN=5><TSVAL=102><TSECR=905>", []),
        ("--> <CTL=PSH,ACK><LEN=5><TSVAL=102><TSECR=5000>", [1]),
        ("--> <CTL=RST,ACK>", []),
    ],
)
def test_timestamps_that_were_agreed_on(segment: str, expected: list[int]) -> None:
    found = notes(kinds.TIMESTAMP_DROPPED, TIMED + segment + " -->\n")
    assert [first for _, _, first, _, _ in found] == expected


def test_timestamps_that_nobody_agreed_on_may_be_missing() -> None:
    text = opened("<TSVAL=100>", "") + "--> <CTL=PSH,ACK><LEN=5> -->\n"
    assert notes(kinds.TIMESTAMP_DROPPED, text) == []


SYN_ECN = "--> <SEQ=1000><CTL=SYN,ECE,CWR> -->\n"


@pytest.mark.parametrize(
    ("syns", "synack", "expected"),
    [
        (SYN_ECN, "SYN,ACK,ECE", []),
        (SYN_ECN, "SYN,ACK,ECE,CWR", [cases.ECN_REFLECTED]),
        (SYN_ECN + "+1 s\n" + SYN_ECN + "+2 s\n--> <SEQ=1000><CTL=SYN> -->\n", "SYN,ACK",
         [cases.ECN_IGNORED]),
        (SYN_ECN + "+1 s\n--> <SEQ=1000><CTL=SYN> -->\n", "SYN,ACK", []),
        (SYN_ECN + "+1 s\n" + SYN_ECN, "SYN,ACK", []),
    ],
)  # fmt: skip
def test_ecn_in_one_handshake(syns: str, synack: str, expected: list[int]) -> None:
    found = notes(kinds.ECN_BLOCKED, syns + f"<-- <CTL={synack}> <--\n--> <CTL=ACK> -->\n")
    assert [first for _, _, first, _, _ in found] == expected
