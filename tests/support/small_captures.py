"""Small captures for tests of the whole program, as octets of pcap files."""

from dataclasses import replace
from pathlib import Path
from typing import Final

from support.capture_builder import (
    LINKTYPE_ETHERNET,
    SECOND_NS,
    START_NS,
    Options,
    Segment,
    clock_packet,
    ethernet,
    packet,
    pcap,
)
from tcpflow_analyzer.tcp.control_bits import ACK, FIN, PSH, RST, SYN

MILLISECOND_NS: Final = 1_000_000
CLIENT, SERVER = "192.0.2.1", "198.51.100.1"
Frames = list[tuple[int, bytes]]


def exchange(port: int = 40000, at_ns: int = START_NS) -> Frames:
    """Nine segments: a handshake, a request, an answer, a close by the client."""
    out = Segment(CLIENT, port, SERVER, 80, seq=1000)
    back = Segment(SERVER, 80, CLIENT, port, seq=5000)
    segments = [
        replace(out, control_bits=SYN, options=Options(mss=1460)),
        replace(back, ack=1001, control_bits=SYN | ACK, options=Options(mss=1460)),
        replace(out, seq=1001, ack=5001),
        replace(out, seq=1001, ack=5001, control_bits=PSH | ACK, payload=b"request"),
        replace(back, seq=5001, ack=1008, control_bits=PSH | ACK, payload=b"answer"),
        replace(out, seq=1008, ack=5007, control_bits=FIN | ACK),
        replace(back, seq=5007, ack=1009),
        replace(back, seq=5007, ack=1009, control_bits=FIN | ACK),
        replace(out, seq=1009, ack=5008),
    ]
    return [
        (at_ns + number * MILLISECOND_NS, ethernet(packet(segment)))
        for number, segment in enumerate(segments)
    ]


def refusal(port: int = 40000, at_ns: int = START_NS) -> Frames:
    """A SYN and the RST that refuses it."""
    syn = Segment(CLIENT, port, SERVER, 81, seq=1000, control_bits=SYN)
    reset = Segment(SERVER, 81, CLIENT, port, ack=1001, control_bits=RST | ACK, window=0)
    return [(at_ns, ethernet(packet(syn))), (at_ns + 30_000, ethernet(packet(reset)))]


def clock(at_ns: int) -> Frames:
    """A frame of uninvolved hosts, which shows that the capture went on."""
    return [(at_ns, ethernet(clock_packet()))]


def closed() -> bytes:
    """One connection, opened and closed."""
    return pcap(exchange())


def refused() -> bytes:
    """One refused connection, and a frame long after it, so that the refusal is the last word."""
    return pcap([*refusal(), *clock(START_NS + 30 * SECOND_NS)])


def mixed(connections: int = 30) -> bytes:
    """Closed and refused connections in turn, overlapping, more than fit into a small table."""
    frames = [
        frame
        for number in range(connections)
        for frame in (exchange if number % 2 else refusal)(
            40000 + number, START_NS + number * 3 * MILLISECOND_NS
        )
    ]
    frames += clock(START_NS + 400 * SECOND_NS)
    return pcap(sorted(frames))


def without_tcp(frames: int = 3, link_type: int = LINKTYPE_ETHERNET) -> bytes:
    """UDP frames only."""
    return pcap([clock(START_NS + number)[0] for number in range(frames)], link_type=link_type)


def write_usual(folder: Path) -> Path:
    """Write captures of one connection, of several, and of none, into a folder; give the folder."""
    (folder / "one.pcap").write_bytes(closed())
    (folder / "many.pcap").write_bytes(mixed(25))
    (folder / "none.pcap").write_bytes(without_tcp())
    return folder
