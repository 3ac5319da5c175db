"""Takes the frames of chosen connections out of captures, unchanged or without payload.

In: paths, which connections, settings. Out: a pcapng file with comments on its frames. The
captures are read twice: for the connections, and for their frames; three times where findings or
an expression choose.
"""

from collections.abc import Callable, Sequence
from os import fspath
from typing import Final

from tcpflow_analyzer.decode.segment import TCP_SEGMENT, Segment
from tcpflow_analyzer.errors import UsageError
from tcpflow_analyzer.exchange import Choice, read_capture
from tcpflow_analyzer.pipeline import STANDARD_INPUT, AnyPath, Run, make_decoder
from tcpflow_analyzer.report.frame_comments import frame_comments
from tcpflow_analyzer.report.wording import counted
from tcpflow_analyzer.settings import Settings
from tcpflow_analyzer.sources.chosen_frames import Frame, chosen_frames
from tcpflow_analyzer.sources.octets import is_fifo
from tcpflow_analyzer.sources.pcapng_file import PcapngFile

# Octets of a frame that are kept where its payload's place is not known (a later fragment).
_HEADERS_AT_MOST: Final = 128


def extract(
    paths: Sequence[AnyPath],
    choice: Choice,
    write: Callable[[bytes], object],
    settings: Settings | None = None,
    slim: bool = False,
    work: Callable[[Run], object] = Run.run,
) -> tuple[int, int]:
    """Write the frames of the chosen connections.

    Args:
        paths: files and folders, one recording together.
        choice: which connections.
        write: takes octets of pcapng.
        settings: of the analysis; with `where` only connections that it chooses.
        slim: leave payload out.
        work: works through a run.

    Returns:
        How many connections and frames were written; nothing is written where there are none.

    Raises:
        InputError: the input cannot be read.
        UsageError: the settings are unusable, or the input is a pipe, which cannot be read twice.
    """
    settings = settings or Settings()
    names = [fspath(path) for path in paths]
    for name in names:
        if name == STANDARD_INPUT or is_fifo(name):
            raise UsageError(f"{name}: a pipe cannot be read twice, for connections and for frames")
    exchanges, end_ns = read_capture(names, choice, settings, work)
    comments: dict[int, list[str]] = {}
    for each in exchanges:
        said = frame_comments(each.connection, each.rungs, each.findings, each.evidence)
        for number, lines in said.items():
            comments.setdefault(number, []).extend(lines)
    if not comments:
        return 0, 0
    listed = ", ".join(f"#{each.connection.number}" for each in exchanges[:20])
    more = f" and {len(exchanges) - 20:,} more" if len(exchanges) > 20 else ""
    file = PcapngFile(write, f"connections {listed}{more} of {counted(len(names), 'capture')}")
    cut = _Slimmer(settings) if slim else None
    count = 0
    frames = chosen_frames(names, comments, settings.decoder, settings.block_octets)
    for frame in frames:
        kept = None if cut is None else cut.length_without_payload(frame)
        file.add(frame, comments[frame.number], kept)
        count += 1
    file.end(end_ns)
    return len(exchanges), count


class _Slimmer:
    """Tells where payload begins."""

    def __init__(self, settings: Settings) -> None:
        self._decoder = make_decoder(settings)
        self._segment = Segment()

    def length_without_payload(self, frame: Frame) -> int:
        """How many octets of a frame are headers."""
        segment = self._segment
        octets, link_type = frame.octets, frame.interface.link_type
        status = self._decoder.decode(octets, 0, len(octets), frame.wire_len, link_type, segment)
        if status == TCP_SEGMENT and segment.buffer is octets:
            return segment.payload_start
        return _HEADERS_AT_MOST
