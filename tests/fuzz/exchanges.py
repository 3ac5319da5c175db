"""Turns octets into frames of a few sockets, so that a fuzzer's changes make other segments.

Each segment takes eight octets; what they mean is near to what is due: a delta of 0 is the next
sequence number, the usual combinations of control bits have the lowest values. So most inputs are
exchanges that an endpoint could follow for a while.
"""

from collections.abc import Iterator
from typing import Final, NamedTuple

from support.capture_builder import (
    SECOND_NS,
    START_NS,
    Options,
    Segment,
    ethernet,
    icmp_error,
    packet,
)
from tcpflow_analyzer.tcp.control_bits import ACK, FIN, PSH, RST, SYN, URG

SEGMENT_OCTETS: Final = 8
MOST_SEGMENTS: Final = 60
USUAL_BITS: Final = (
    ACK, SYN, SYN | ACK, PSH | ACK, FIN | ACK, RST, RST | ACK, FIN | PSH | ACK, FIN, 0,
    URG | ACK, SYN | FIN, SYN | RST, FIN | RST | ACK, 0xC2, 0x52,
)  # fmt: skip
# Nanoseconds between a segment and the one before; clocks go backwards now and then.
GAPS: Final = (
    1_000_000, 0, 1_000, 10_000_000, 40_000_000, 200_000_000, SECOND_NS, 3 * SECOND_NS,
    30 * SECOND_NS, 61 * SECOND_NS, 300 * SECOND_NS, 4000 * SECOND_NS, 90_000 * SECOND_NS,
    -1_000, -5_000_000, -2 * SECOND_NS,
)  # fmt: skip
# Distances from the number that is due.
DISTANCES: Final = (
    0, -1, 1, -2, 2, 100, -100, 1460, -1460, 65_535, -65_535, 1 << 20, 1 << 30, (1 << 31) - 1,
    1 << 31, -(1 << 30),
)  # fmt: skip
LENGTHS: Final = (0, 0, 1, 2, 100, 536, 1460, 9000)
WINDOWS: Final = (65_535, 0, 1, 100, 1000, 8192, 29_200, 0x8000)
FIRST_NUMBERS: Final = (1000, 0, (1 << 32) - 1, (1 << 31) - 1, (1 << 32) - 2000, 1 << 31)


class _Socket(NamedTuple):
    address: str
    port: int


# The pairs share sockets, so that hosts and listeners count; one talks with itself.
PAIRS: Final = (
    (_Socket("192.0.2.1", 40000), _Socket("198.51.100.1", 80)),
    (_Socket("192.0.2.1", 40001), _Socket("198.51.100.1", 80)),
    (_Socket("2001:db8::1", 40000), _Socket("2001:db8::2", 443)),
    (_Socket("192.0.2.9", 7), _Socket("192.0.2.9", 7)),
)


class _Sender:
    """What one end of a pair would send next, wrapped."""

    def __init__(self, first: int) -> None:
        self.next = first
        self.clock = 1000


def frames_of(octets: bytes) -> list[tuple[int, bytes]]:
    """Frames with their times in nanoseconds, not in order; at most MOST_SEGMENTS.

    Args:
        octets: the first one chooses initial sequence numbers, then SEGMENT_OCTETS a segment.
    """
    first = FIRST_NUMBERS[(octets[0] if octets else 0) % len(FIRST_NUMBERS)]
    senders = [(_Sender(first), _Sender((first + 4000) % 2**32)) for _ in PAIRS]
    time_ns = START_NS
    frames = []
    for choice in _choices(octets[1:]):
        time_ns = max(time_ns + GAPS[choice[0] >> 4], 0)
        pair = choice[0] >> 1 & 3
        frames.append((time_ns, _frame(choice, PAIRS[pair], senders[pair])))
        if choice[7] & 0x0F == 1:  # a capture that shows it twice
            frames.append((time_ns + 1000, frames[-1][1]))
    return frames


def _choices(octets: bytes) -> Iterator[bytes]:
    for start in range(0, len(octets) - SEGMENT_OCTETS + 1, SEGMENT_OCTETS)[:MOST_SEGMENTS]:
        yield octets[start : start + SEGMENT_OCTETS]


def _frame(
    choice: bytes, sockets: tuple[_Socket, _Socket], senders: tuple[_Sender, _Sender]
) -> bytes:
    """Build the segment that eight octets choose, and count on its sender's numbers."""
    side = choice[0] & 1
    sender, receiver = senders[side], senders[1 - side]
    bits = USUAL_BITS[choice[1] & 15] if choice[1] < 0xF0 else choice[1] * 37 & 0x1FF
    payload = bytes([choice[2] >> 4]) * LENGTHS[choice[4] & 7]
    seq = (sender.next + DISTANCES[choice[2] & 15]) % 2**32
    ack = (receiver.next + DISTANCES[choice[3] & 15]) % 2**32
    segment = Segment(
        sockets[side].address, sockets[side].port, sockets[1 - side].address,
        sockets[1 - side].port, seq=seq, ack=ack if bits & ACK or choice[3] > 0xF0 else 0,
        control_bits=bits, window=WINDOWS[choice[5] & 7], payload=payload,
        options=_options(choice[6], sender, receiver), ttl=64 - (choice[5] >> 6),
        ip_id=choice[5] >> 3 & 7,
    )  # fmt: skip
    if choice[2] & 15 == 0:  # what was sent as due is what the next one follows
        sender.next = (seq + len(payload) + bool(bits & SYN) + bool(bits & FIN)) % 2**32
    sender.clock = (sender.clock + choice[6] % 7) % 2**32
    return _wrapped(choice[7], packet(segment))


def _options(choice: int, sender: _Sender, receiver: _Sender) -> Options:
    kind = choice & 15
    edge = sender.next
    return Options(
        mss=1460 if kind in (1, 2, 3) else None,
        window_scale=(choice >> 4) if kind in (2, 3) else None,
        sack_permitted=kind in (1, 3),
        timestamps=(sender.clock, receiver.clock) if kind in (3, 4, 5) else None,
        sack_blocks=((edge - 100, edge),) if kind == 6 else _blocks(choice) if kind == 7 else (),
    )


def _blocks(choice: int) -> tuple[tuple[int, int], ...]:
    return tuple((choice << 20 * number, choice << 24) for number in range(choice >> 6))


def _wrapped(choice: int, octets: bytes) -> bytes:
    """Put the packet into a frame: whole, cut, quoted by an ICMP error, or with odd octets."""
    kind = choice & 0x0F
    if kind == 2 and octets[0] >> 4 == 4:
        return ethernet(icmp_error(octets, "192.0.2.254", 3, choice >> 4))
    frame = ethernet(octets)
    if kind == 3:
        return frame[: 34 + (choice >> 4)]
    if kind == 4:
        place = (14 + (choice >> 4) * 4) % len(frame)
        return frame[:place] + bytes([frame[place] ^ 0xFF]) + frame[place + 1 :]
    return frame
