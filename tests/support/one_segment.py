"""A handshake and one segment with an option, as frames: a fixture may damage them."""

from support.capture_builder import START_NS, Options, Segment, ethernet, packet
from tcpflow_analyzer.tcp.control_bits import ACK, PSH, SYN

GAP_NS = 10_000_000


def exchange(option: bytes, octets: bytes = b"q" * 10) -> list[tuple[int, bytes]]:
    """A handshake, and a segment with this option."""
    there = ("192.0.2.1", 40000, "198.51.100.1", 80)
    back = ("198.51.100.1", 80, "192.0.2.1", 40000)
    mss = Options(mss=1460)
    segments = [
        Segment(*there, seq=1000, control_bits=SYN, options=mss),
        Segment(*back, seq=5000, ack=1001, control_bits=SYN | ACK, options=mss),
        Segment(*there, seq=1001, ack=5001),
        Segment(
            *there,
            seq=1001,
            ack=5001,
            control_bits=PSH | ACK,
            options=Options(raw=option),
            payload=octets,
        ),
        Segment(*back, seq=5001, ack=1001 + len(octets)),
    ]
    return [
        (START_NS + number * GAP_NS, ethernet(packet(segment)))
        for number, segment in enumerate(segments)
    ]
