"""A SYN kept in a few numbers comes back as the segment that it was."""

import pytest

from tcpflow_analyzer.decode.segment import ABSENT, Segment
from tcpflow_analyzer.observer.request import (
    add_copy,
    add_refusal,
    can_hold,
    is_copy,
    is_refusal,
    make_request,
    restore_segment,
    segment_count,
)
from tcpflow_analyzer.tcp.control_bits import ACK, CWR, ECE, PSH, RST, SYN

KEY = bytes((192, 0, 2, 1, 198, 51, 100, 1)) + (40000).to_bytes(2, "big") + b"\x00\x50"
SWAPPED = KEY[4:8] + KEY[:4] + KEY[10:12] + KEY[8:10]
FIELDS = (
    "key", "frame", "time_ns", "seq", "ack", "control_bits", "window", "ttl", "ip_id", "mss",
    "window_scale", "sack_permitted", "tsval", "vlan", "scope", "interface", "payload_len",
    "truncated",
)  # fmt: skip


def syn(**changes: int | bool) -> Segment:
    segment = Segment()
    segment.key, segment.address_len = KEY, 4
    segment.frame, segment.time_ns = 5, 1_767_225_600_000_000_005
    segment.seq, segment.control_bits, segment.ttl, segment.ip_id = 2**32 - 1, SYN, 64, 65535
    for name, value in changes.items():
        setattr(segment, name, value)
    return segment


def refusal(seq: int = 0, ack: int = 0, bits: int = RST | ACK) -> Segment:
    segment = Segment()
    segment.key, segment.frame, segment.time_ns = SWAPPED, 9, 1_767_225_600_100_000_000
    segment.seq, segment.ack, segment.control_bits = seq, ack, bits
    segment.ttl, segment.ip_id, segment.window = 61, 7, 12
    return segment


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"mss": 0, "window_scale": 0, "tsval": 0, "vlan": 0},
        {"mss": 65535, "window_scale": 255, "tsval": 2**32 - 1, "vlan": 4095, "ttl": 255},
        {"control_bits": SYN | ECE | CWR, "window": 65535, "sack_permitted": True, "ip_id": ABSENT},
        {"scope": 131_071, "interface": 1000},
        {"truncated": True, "mss": ABSENT, "window_scale": ABSENT},
    ],
)
def test_restored_syn_equals_the_one_kept(changes: dict[str, int]) -> None:
    kept, restored = syn(**changes), syn(seq=3, mss=9, tsval=9)
    assert restore_segment(make_request(kept, 1), 0, restored)
    assert {name: getattr(restored, name) for name in FIELDS} == {
        name: getattr(kept, name) for name in FIELDS
    }


@pytest.mark.parametrize(
    "changes",
    [
        {"control_bits": SYN | ACK}, {"control_bits": SYN | PSH}, {"payload_len": 1},
        {"fast_open": 0}, {"authenticated": True}, {"multipath": 0},
    ],
)  # fmt: skip
def test_rare_syns_are_not_held(changes: dict[str, int]) -> None:
    assert can_hold(syn())
    assert not can_hold(syn(**changes))


def test_copies_come_back_with_their_own_frames_and_times() -> None:
    request = make_request(syn(), 1)
    for number in range(1, 4):
        copy = syn(frame=5 + number, time_ns=syn().time_ns + number * 10**9, ip_id=number)
        assert is_copy(request, copy)
        add_copy(request, copy)
    assert segment_count(request) == 4
    restored = Segment()
    restore_segment(request, 2, restored)
    assert (restored.frame, restored.ip_id, restored.seq) == (7, 2, 2**32 - 1)


def test_another_number_or_a_copied_frame_is_no_copy() -> None:
    request = make_request(syn(), 1)
    assert not is_copy(request, syn(seq=1, time_ns=syn().time_ns + 10**9))
    assert not is_copy(request, syn(time_ns=syn().time_ns + 1000))  # CP006, or another path


def test_refusal_comes_back_from_the_other_side() -> None:
    request = make_request(syn(), 1)
    assert is_refusal(request, refusal(ack=0))  # SEG.ACK = SEG.SEQ + 1, modulo 2**32
    add_refusal(request, refusal(ack=0))
    restored = Segment()
    assert not restore_segment(request, 1, restored)
    assert (restored.key, restored.frame, restored.control_bits) == (SWAPPED, 9, RST | ACK)
    assert (restored.ttl, restored.ip_id, restored.window) == (61, 7, 12)
    assert not is_copy(request, syn(time_ns=syn().time_ns + 2 * 10**9))


@pytest.mark.parametrize(
    "answer", [refusal(seq=1), refusal(ack=1), refusal(bits=RST), refusal(bits=SYN | ACK)]
)
def test_anything_else_is_no_plain_refusal(answer: Segment) -> None:
    assert not is_refusal(make_request(syn(), 1), answer)
