"""Frames of a recording by their numbers, as they were captured.

In: paths and numbers. Out: `Frame`s in the order of their numbers, which count through the whole
input as those of an analysis do.
"""

from collections.abc import Collection, Iterator, Sequence
from typing import NamedTuple

from tcpflow_analyzer.sources.octets import BLOCK_OCTETS
from tcpflow_analyzer.sources.recording import Recording
from tcpflow_analyzer.sources.records import Interface


class Frame(NamedTuple):
    """One captured frame.

    Attributes:
        number: from 1 through the whole input.
        time_ns: nanoseconds since the epoch.
        interface: what captured it; the same object for frames of one interface of a file.
        octets: as far as they were captured. wire_len: its length on the wire, octets.
    """

    number: int
    time_ns: int
    interface: Interface
    octets: bytes
    wire_len: int


def chosen_frames(
    paths: Sequence[str],
    numbers: Collection[int],
    decoder: str = "native",
    block_octets: int = BLOCK_OCTETS,
) -> Iterator[Frame]:
    """Give the frames with these numbers; what comes behind the last of them is not read.

    Args:
        paths: files and folders, one recording together.
        numbers: to be found quickly, as in a set.
        decoder, block_octets: as of `Recording`.

    Raises:
        InputError: the input cannot be read.
    """
    last = max(numbers, default=0)
    number = 0
    if last == 0:
        return
    recording = Recording(paths, decoder, block_octets)
    try:
        for walk, until_ns in recording.steps():
            while True:
                while walk.advance():
                    if walk.time_ns >= until_ns:
                        walk.hold()
                        break
                    number += 1
                    if number in numbers:
                        start = walk.start
                        yield Frame(
                            number,
                            walk.time_ns,
                            walk.interfaces[walk.interface],
                            walk.buffer[start : start + walk.captured_len],
                            walk.wire_len,
                        )
                        if number == last:
                            return
                if walk.take_clock() < 0:
                    break
    finally:
        recording.close()
