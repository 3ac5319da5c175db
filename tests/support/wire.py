"""What is on the wire of a recording, in the words of its scenario: "C:FA", "S:PA"."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from tcpflow_analyzer.decode.segment import TCP_SEGMENT, Segment
from tcpflow_analyzer.pipeline import make_decoder
from tcpflow_analyzer.settings import Settings
from tcpflow_analyzer.sources.recording import Recording
from tcpflow_analyzer.table.socket_pair import address_text
from tcpflow_analyzer.tcp.control_bits import ACK, FIN, PSH, RST, SYN

_LETTERS = ((SYN, "S"), (FIN, "F"), (RST, "R"), (PSH, "P"), (ACK, "A"))


class Seen(NamedTuple):
    """One frame: capture time in nanoseconds, and "C:SA" (side of the sender, control bits)."""

    time_ns: int
    words: str


def frames_of(path: Path, client: str) -> Iterator[Seen]:
    """Every frame of a capture of TCP alone; `client` is the address of the side called C."""
    decoder, segment = make_decoder(Settings()), Segment()
    recording = Recording([str(path)])
    for walk, _ in recording.steps():
        while walk.advance():
            status = decoder.decode(
                walk.buffer, walk.start, walk.captured_len, walk.wire_len, walk.link_type, segment
            )
            assert status == TCP_SEGMENT
            source = address_text(segment.key[: segment.address_len])
            side = "C" if source == client else "S"
            letters = "".join(letter for bit, letter in _LETTERS if segment.control_bits & bit)
            yield Seen(int(walk.time_ns), f"{side}:{letters}")
    recording.close()
