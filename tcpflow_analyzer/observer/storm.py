"""Notes a storm of control segments on one connection, when it is over (FL005).

Compiled: yes
"""

from typing import Final

from mypy_extensions import i64

from tcpflow_analyzer.table.connection import Connection
from tcpflow_analyzer.table.observation import FIN_REPEATED
from tcpflow_analyzer.table.stream_observation import CONTROL_STORM

MOST: Final = 1000  # FIN or RST of one connection: Zeek's tcp_storm_thresh
LOOP: Final = 100  # equal pure ACKs in turn


def note_storm(connection: Connection) -> None:
    """Look whether a connection has far more control segments than it needs."""
    if connection.frames <= LOOP:
        return
    fins: i64 = 0
    for of_originator in (True, False):
        if connection.endpoint(of_originator).fin_frame != 0:
            fins += 1
        tally = connection.tally(FIN_REPEATED, of_originator)
        if tally is not None:
            fins += tally.count
    loop: i64 = 0
    analysis = connection.analysis
    if analysis is not None:
        loop = analysis.longest_loop
    if fins < MOST and connection.reset_count < MOST and loop <= LOOP:
        return
    connection.note(
        CONTROL_STORM,
        True,
        connection.last_frame,
        connection.last_time_ns,
        connection.reset_count,
        fins,
        loop,
    )
