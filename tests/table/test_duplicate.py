"""A copy of a connection is equal in all it holds, and independent of it."""

from pathlib import Path
from typing import Any

import pytest

from support.ladder import Ladder, capture
from support.openings import CLOSED_BY_A, OPEN
from tcpflow_analyzer.engine import Engine
from tcpflow_analyzer.pipeline import make_decoder
from tcpflow_analyzer.settings import Settings
from tcpflow_analyzer.sources.recording import Recording
from tcpflow_analyzer.table.connection import Connection
from tcpflow_analyzer.table.duplicate import _MAKERS, _names, duplicate


def flat(of: Any, seen: dict[int, int]) -> Any:  # noqa: ANN401 -- of any class
    """All that an object holds, as plain values."""
    if id(of) in seen:
        return ("again", seen[id(of)])
    if isinstance(of, list):
        seen[id(of)] = len(seen)
        return [flat(each, seen) for each in of]
    if type(of) not in _MAKERS:
        return of
    seen[id(of)] = len(seen)
    names = [n for n in _names(of) if n not in ("next_entry", "older", "candidate", "position")]
    return {name: flat(getattr(of, name, None), seen) for name in names}


ABORTED = OPEN + "--> <SEQ=1001><ACK=5001><LEN=10><CTL=ACK> -->\n<-- <SEQ=5001><CTL=RST> <--\n"


def going_on(text: str, folder: Path) -> tuple[Engine, Connection]:
    """The connection of a ladder before its capture ends, and its engine."""
    path = folder / "made.pcap"
    path.write_bytes(capture(Ladder(text)))
    settings = Settings()
    engine = Engine(settings, make_decoder(settings), lambda _: None)
    for walk, until_ns in Recording([str(path)]).steps():
        engine.run(walk, until_ns)
    (connection,) = [each for each in engine.live_entries() if isinstance(each, Connection)]
    return engine, connection


@pytest.mark.parametrize("text", [OPEN, CLOSED_BY_A, ABORTED])
def test_copy_holds_the_same(text: str, tmp_path: Path) -> None:
    _, connection = going_on(text, tmp_path)
    assert flat(duplicate(connection), {}) == flat(connection, {})
    assert duplicate(connection).position == -1


@pytest.mark.parametrize("text", [OPEN, CLOSED_BY_A, ABORTED])
def test_what_happens_to_the_copy_does_not_happen_to_the_original(
    text: str, tmp_path: Path
) -> None:
    engine, connection = going_on(text, tmp_path)
    before = flat(connection, {})
    for _ in range(3):
        engine.conclude_copy(duplicate(connection))
    assert flat(connection, {}) == before
    copy = duplicate(connection)
    engine.conclude_copy(copy)
    assert flat(copy, {}) != before
