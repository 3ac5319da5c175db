"""Takes the frames of chosen connections out of captures, unchanged, slim, or anonymous.

In: paths, which connections, settings. Out: a pcapng file with comments on its frames. The
captures are read twice: for the connections, and for their frames; three times where findings or
an expression choose.
"""

import ipaddress
from collections.abc import Callable, Sequence
from dataclasses import replace
from os import fspath
from typing import Final, NamedTuple

from tcpflow_analyzer.anonymise.frames import Anonymiser
from tcpflow_analyzer.decode.decoder import enter_header
from tcpflow_analyzer.decode.layer import END_FRAGMENT, END_OTHER, TCP, Layer, layer_of
from tcpflow_analyzer.decode.segment import ICMP_ERROR, TCP_SEGMENT, Segment
from tcpflow_analyzer.decode.tcp_header import HEADER_LEN
from tcpflow_analyzer.errors import UsageError
from tcpflow_analyzer.exchange import Choice, Exchange, read_capture
from tcpflow_analyzer.pipeline import STANDARD_INPUT, AnyPath, Run, make_decoder
from tcpflow_analyzer.report.frame_comments import frame_comments
from tcpflow_analyzer.report.record import ConnectionRecord, EndpointRecord
from tcpflow_analyzer.report.wording import counted
from tcpflow_analyzer.settings import Settings
from tcpflow_analyzer.sources.chosen_frames import Frame, chosen_frames
from tcpflow_analyzer.sources.octets import is_fifo
from tcpflow_analyzer.sources.pcapng_file import PcapngFile

# Octets of a frame or a datagram that are kept where the place of its payload is not known.
_HEADERS_AT_MOST: Final = 128
_TCP_HEADER_AT_MOST: Final = 60  # RFC 9293 section 3.1
_MOST_DATAGRAMS: Final = 4096  # whose first fragment is remembered


class Extract(NamedTuple):
    """What was written.

    Attributes:
        connections, frames: how many. left_out: frames of the captures that were not.
    """

    connections: int
    frames: int
    left_out: int


def extract(
    paths: Sequence[AnyPath],
    choice: Choice,
    write: Callable[[bytes], object],
    settings: Settings | None = None,
    slim: bool = False,
    work: Callable[[Run], object] = Run.run,
    key: bytes | None = None,
) -> Extract:
    """Write the frames of the chosen connections.

    Args:
        paths: files and folders, one recording together.
        choice: which connections.
        write: takes octets of pcapng.
        settings: of the analysis; with `where` only connections that it chooses.
        slim: leave payload out.
        work: works through a run.
        key: replace addresses and payload by it (`anonymise.secret`); None leaves them.

    Returns:
        How much was written; nothing where there are no such connections.

    Raises:
        InputError: the input cannot be read.
        UsageError: the settings are unusable, or the input is a pipe, which cannot be read twice.
    """
    settings = settings or Settings()
    names = [fspath(path) for path in paths]
    for name in names:
        if name == STANDARD_INPUT or is_fifo(name):
            raise UsageError(f"{name}: a pipe cannot be read twice, for connections and for frames")
    exchanges, whole = read_capture(names, choice, settings, work)
    anonymiser = None if key is None else Anonymiser(key, settings.tunnel_outer)
    comments = _comments(exchanges, anonymiser)
    if not comments or whole is None:
        return Extract(0, 0, 0)
    listed = ", ".join(f"#{each.connection.number}" for each in exchanges[:20])
    more = f" and {len(exchanges) - 20:,} more" if len(exchanges) > 20 else ""
    file = PcapngFile(write, f"connections {listed}{more} of {counted(len(names), 'capture')}")
    cut = _Slimmer(settings) if slim else None
    count = 0
    if anonymiser is not None and any(each.evidence for each in exchanges):
        anonymiser.learn(chosen_frames(names, comments, settings.decoder, settings.block_octets))
    for frame in chosen_frames(names, comments, settings.decoder, settings.block_octets):
        kept = None if cut is None else cut.length_without_payload(frame)
        shown = frame if anonymiser is None else anonymiser.frame(frame)
        file.add(shown, comments[frame.number], kept)
        count += 1
    file.end(whole.last_time_ns)
    return Extract(len(exchanges), count, whole.frames - count)


def _comments(exchanges: Sequence[Exchange], anonymiser: Anonymiser | None) -> dict[int, list[str]]:
    """Give the lines on each frame."""
    comments: dict[int, list[str]] = {}
    for each in exchanges:
        connection = each.connection
        if anonymiser is not None:
            connection = _anonymous(connection, anonymiser)
        said = frame_comments(
            connection, each.rungs, each.findings, each.evidence, in_full=anonymiser is None
        )
        for number, lines in said.items():
            comments.setdefault(number, []).extend(lines)
    return comments


def _anonymous(connection: ConnectionRecord, anonymiser: Anonymiser) -> ConnectionRecord:
    """Give a connection the addresses that its frames get."""

    def renamed(end: EndpointRecord) -> EndpointRecord:
        octets = ipaddress.ip_address(end.address.partition("%")[0]).packed
        return replace(end, address=str(ipaddress.ip_address(anonymiser.address(octets))))

    return replace(
        connection,
        originator=renamed(connection.originator),
        responder=renamed(connection.responder),
    )


class _Slimmer:
    """Tells where payload begins."""

    def __init__(self, settings: Settings) -> None:
        self._decoder = make_decoder(settings)
        self._segment = Segment()
        self._tunnel_outer = settings.tunnel_outer
        self._headers: dict[tuple[bytes, int], int] = {}

    def length_without_payload(self, frame: Frame) -> int:
        """How many octets of a frame are headers."""
        segment = self._segment
        octets, link_type = frame.octets, frame.interface.link_type
        status = self._decoder.decode(octets, 0, len(octets), frame.wire_len, link_type, segment)
        if status in (TCP_SEGMENT, ICMP_ERROR):
            # The buffer is what an unusual frame holds, or a datagram of several frames.
            start = 0 if segment.buffer is octets else octets.rfind(segment.buffer)
            if start >= 0:
                return start + segment.payload_start
        return self._length_of_headers(frame)

    def _length_of_headers(self, frame: Frame) -> int:
        """How many octets a fragment, or a segment that cannot be read, has of headers."""
        layer = layer_of(frame.octets, frame.wire_len, frame.interface.link_type)
        while layer.protocol < END_OTHER and layer.protocol != TCP:
            enter_header(layer, self._tunnel_outer)
        if layer.protocol == TCP:
            return layer.start + HEADER_LEN
        if layer.protocol != END_FRAGMENT:
            return _HEADERS_AT_MOST
        return layer.start + max(self._header_of_datagram(layer) - layer.fragment_at, 0)

    def _header_of_datagram(self, layer: Layer) -> int:
        """How many octets a datagram has of headers, of which `layer` stands at a fragment."""
        if layer.fragment_protocol != TCP:
            return _HEADERS_AT_MOST
        addresses = layer.buffer[layer.source_at : layer.source_at + 2 * layer.address_len]
        datagram = addresses, layer.ip_id
        if layer.fragment_at == 0 and layer.end - layer.start >= HEADER_LEN:
            if len(self._headers) >= _MOST_DATAGRAMS:
                self._headers.clear()
            self._headers[datagram] = layer.buffer[layer.start + 12] >> 4 << 2
        return self._headers.get(datagram, _TCP_HEADER_AT_MOST)
