"""Reads the segments of one connection again from its capture, for those who want to see them.

In: the same paths and settings as of the analysis, and a record that it gave. Out: rungs of a
ladder (`report.ladder`). An analysis keeps no segments, so that this is a second reading.
"""

import ipaddress
from collections.abc import Iterator, Sequence
from os import fspath

from tcpflow_analyzer.decode.segment import ABSENT, TCP_SEGMENT, Segment
from tcpflow_analyzer.pipeline import AnyPath, make_decoder
from tcpflow_analyzer.report.ladder import Rung
from tcpflow_analyzer.report.record import ConnectionRecord, EndpointRecord
from tcpflow_analyzer.settings import Settings
from tcpflow_analyzer.sources.recording import Recording
from tcpflow_analyzer.sources.records import RecordWalk
from tcpflow_analyzer.tcp.control_bits import SYN


def read_exchange(
    paths: Sequence[AnyPath], connection: ConnectionRecord, settings: Settings | None = None
) -> Iterator[Rung]:
    """Give the segments of a connection, in the order of the capture.

    Args:
        paths: of the analysis that gave the record.
        connection: its record.
        settings: of that analysis.

    Raises:
        InputError: the input cannot be read any more.
    """
    settings = settings or Settings()
    forward = _key(connection.originator, connection.responder)
    backward = _key(connection.responder, connection.originator)
    decoder = make_decoder(settings)
    segment = Segment()
    recording = Recording([fspath(path) for path in paths], settings.decoder, settings.block_octets)
    frame = 0
    try:
        for walk, until_ns in recording.steps():
            while _advance(walk, until_ns):
                frame += 1
                if frame > connection.last_frame:
                    return
                status = decoder.decode(
                    walk.buffer,
                    walk.start,
                    walk.captured_len,
                    walk.wire_len,
                    walk.link_type,
                    segment,
                )
                if status != TCP_SEGMENT or frame < connection.first_frame:
                    continue  # what came earlier was decoded for the sake of fragments
                key = segment.key[: 2 * segment.address_len + 4]
                if key not in (forward, backward):
                    continue
                if (decoder.scope_name(segment.scope).tunnel or None) == connection.tunnel:
                    yield _rung(frame, walk.time_ns, key == forward, segment)
    finally:
        recording.close()


def _advance(walk: RecordWalk, until_ns: int) -> bool:
    """Make the next frame before `until_ns` current; False if there is none."""
    while True:
        if walk.advance():
            if walk.time_ns < until_ns:
                return True
            walk.hold()
            return False
        if walk.take_clock() < 0:
            return False


def _key(source: EndpointRecord, destination: EndpointRecord) -> bytes:
    """Both sockets as they stand in the headers of what `source` sends."""
    addresses = [_packed(source.address), _packed(destination.address)]
    ports = [source.port.to_bytes(2, "big"), destination.port.to_bytes(2, "big")]
    return b"".join(addresses + ports)


def _packed(address: str) -> bytes:
    return ipaddress.ip_address(address.partition("%")[0]).packed


def _rung(frame: int, time_ns: int, from_originator: bool, segment: Segment) -> Rung:
    return Rung(
        frame,
        time_ns,
        from_originator,
        segment.control_bits,
        segment.seq,
        segment.ack,
        segment.payload_len,
        segment.window,
        _options(segment) if segment.control_bits & SYN else "",
    )


def _options(segment: Segment) -> str:
    """Write the options of a SYN that decide how the connection works."""
    words = []
    if segment.mss != ABSENT:
        words.append(f"mss {segment.mss}")
    if segment.window_scale != ABSENT:
        words.append(f"ws {segment.window_scale}")
    if segment.sack_permitted:
        words.append("sack")
    if segment.tsval != ABSENT:
        words.append("ts")
    return " ".join(words)
