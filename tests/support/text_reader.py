"""Reads what a text source makes of a text back into TCP segments, by dpkt."""

from typing import NamedTuple

import dpkt

from tcpflow_analyzer.sources.records import RecordWalk
from tcpflow_analyzer.sources.text_trace import TextTrace


class Segment(NamedTuple):
    """Values of one segment as on the wire; option octets without their padding."""

    source: bytes
    destination: bytes
    source_port: int
    destination_port: int
    seq: int
    ack: int
    control_bits: int
    window: int
    options: bytes
    payload_len: int


class GivenText:
    """A source that gives a text in pieces."""

    def __init__(self, octets: bytes, piece_len: int) -> None:
        """Give `octets`, `piece_len` at a time."""
        self.octets = octets
        self.piece_len = piece_len

    def read(self) -> bytes:
        """Give the next piece."""
        piece, self.octets = self.octets[: self.piece_len], self.octets[self.piece_len :]
        return piece

    def close(self) -> None:
        """Nothing is open."""


def segment_of(link_type: int, octets: bytes) -> Segment | None:
    """The TCP segment of a frame, None for other frames; Ethernet, or else raw IP."""
    if link_type == 1:
        packet = dpkt.ethernet.Ethernet(octets).data
    else:
        packet = (dpkt.ip.IP if octets[0] >> 4 == 4 else dpkt.ip6.IP6)(octets)
    header = getattr(packet, "data", None)
    if not isinstance(header, dpkt.tcp.TCP):
        return None
    length = packet.len - packet.hl * 4 if packet.v == 4 else packet.plen
    ack = header.ack if header.flags & dpkt.tcp.TH_ACK else 0
    return Segment(
        packet.src,
        packet.dst,
        header.sport,
        header.dport,
        header.seq,
        ack,
        header.flags,
        header.win,
        bytes(header.opts).rstrip(b"\0"),
        length - header.off * 4,
    )


def read_text(
    text: str | bytes, piece_len: int = 4096
) -> tuple[list[tuple[int, Segment]], TextTrace]:
    """Times (nanoseconds) and TCP segments of a text, and the trace for its notes."""
    octets = text.encode() if isinstance(text, str) else text
    trace = TextTrace(GivenText(octets, piece_len))
    walk = RecordWalk("text")
    found = []
    while block := trace.read():
        walk.feed(block)
        while walk.advance():
            frame = walk.buffer[walk.start : walk.start + walk.captured_len]
            segment = segment_of(walk.link_type, frame)
            if segment is not None:
                found.append((walk.time_ns, segment))
    assert walk.error == ""
    return found, trace
