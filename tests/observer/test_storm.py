"""Storms of control segments, noted at the end of a connection."""

import pytest

from tcpflow_analyzer.observer.storm import LOOP, MOST, note_storm
from tcpflow_analyzer.table.analysis import Analysis
from tcpflow_analyzer.table.connection import Connection
from tcpflow_analyzer.table.stream_observation import CONTROL_STORM

KEY = bytes((192, 0, 2, 1, 198, 51, 100, 1, 0x9C, 0x40, 0, 80))


def connection(resets: int, loop: int) -> Connection:
    made = Connection(KEY, 1)
    made.frames = 2 * MOST
    made.reset_count = resets
    made.analysis = Analysis()
    made.analysis.longest_loop = loop
    return made


@pytest.mark.parametrize(
    ("resets", "loop", "is_storm"),
    [(MOST, 0, True), (MOST - 1, 0, False), (0, LOOP + 1, True), (0, LOOP, False)],
)
def test_storm_is_noted_from_the_threshold_on(resets: int, loop: int, is_storm: bool) -> None:
    made = connection(resets, loop)
    note_storm(made)
    assert (made.tally(CONTROL_STORM, True) is not None) == is_storm
