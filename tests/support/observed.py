"""Connections as the engine hands them over: what the observer noted, before any finding judges."""

import contextlib
import tempfile
from pathlib import Path

from support.ladder import Ladder, capture
from tcpflow_analyzer.decode.decoder import Decoder
from tcpflow_analyzer.engine import Engine
from tcpflow_analyzer.settings import Settings
from tcpflow_analyzer.sources.recording import Recording
from tcpflow_analyzer.table.connection import Connection
from tcpflow_analyzer.table.stream_observation import STREAM

Notes = list[tuple[bool, int, int, int, int]]


def observe(octets: bytes, settings: Settings | None = None) -> list[Connection]:
    """All connections of a capture, in the order of their numbers."""
    left: list[Connection] = []
    engine = Engine(settings or Settings(), Decoder(False, False, None), left.append)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "made.pcap"
        path.write_bytes(octets)
        with contextlib.closing(Recording([str(path)])) as recording:
            for walk, until_ns in recording.steps():
                engine.run(walk, until_ns)
    engine.finish()
    return sorted(left, key=lambda connection: int(connection.number))


def notes(kind: int, *ladders: Ladder | str) -> Notes:
    """(of originator, frame, three numbers) of all observations of a kind, by connection.

    The long way and header prediction have to note the same.
    """
    octets = capture(*(Ladder(each) if isinstance(each, str) else each for each in ladders))
    found = _notes(kind, octets, Settings())
    assert found == _notes(kind, octets, Settings(header_prediction=False))
    return found


def _notes(kind: int, octets: bytes, settings: Settings) -> Notes:
    found: Notes = []
    for connection in observe(octets, settings):
        mask = connection.stream_observed if kind & STREAM else connection.observed
        for side in (True, False):
            tally = connection.tally(kind, side)
            if tally is not None:
                assert mask & kind & ~STREAM
                found += [
                    (side, item.frame, item.first, item.second, item.third) for item in tally.kept
                ]
    return found
