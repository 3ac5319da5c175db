"""Says of connections that go on what would be said if they ended now.

A connection is handed over, and judged for good, long after its last segment, since stragglers may
come. Who watches live wants to hear of it as soon as it falls quiet; what later turns out
otherwise is revised or withdrawn.
"""

from collections.abc import Iterator
from typing import Final

from tcpflow_analyzer.engine import Engine
from tcpflow_analyzer.findings.finding import Finding
from tcpflow_analyzer.findings.judge import Judge
from tcpflow_analyzer.table.connection import OUTCOME_COMPLETED, Connection
from tcpflow_analyzer.table.duplicate import duplicate
from tcpflow_analyzer.table.observation import OPEN_AT_END

SECOND_NS: Final = 1_000_000_000
EVERY_NS: Final = SECOND_NS // 4  # how often connections are looked at, in capture time
# A connection is looked at when it has been quiet for so long: a close or an abort is over; another
# attempt would have come (10 s); CLOSE-WAIT is held too long (60 s, 300 s).
QUIET_NS: Final = (SECOND_NS // 5, 11 * SECOND_NS, 61 * SECOND_NS, 301 * SECOND_NS)
LATEST_FIRST_NS: Final = 3 * SECOND_NS
# From then on it is known whether a failed attempt was followed by one that succeeded.
RETRIED_STAGE: Final = 2


class Preview:
    """Finds the connections that fell quiet, and judges copies of them."""

    def __init__(self, engine: Engine, judge: Judge) -> None:
        """Look at an engine's connections with a judge's rules."""
        self._engine = engine
        self._judge = judge
        self._looked_ns = 0
        # Connection's number -> time of its last segment, stages of quiet it was looked at in.
        self._stages: dict[int, tuple[int, int]] = {}

    def due(self) -> Iterator[tuple[Connection, list[Finding]]]:
        """Give copies of connections with what is found, once for each stage of quiet.

        Does something four times a second of capture time; costs as much as there are connections.
        """
        now_ns = self._engine.last_time_ns
        if now_ns < self._looked_ns + EVERY_NS:
            return
        self._looked_ns = now_ns // EVERY_NS * EVERY_NS
        before, self._stages = self._stages, {}
        for entry in self._engine.live_entries():
            if not isinstance(entry, Connection) or entry.finished:
                continue
            last_ns = entry.last_time_ns
            quiet_ns = now_ns - last_ns
            if quiet_ns < QUIET_NS[0] or quiet_ns < provisional_ns(entry):
                continue
            stage = stage_of(quiet_ns)
            self._stages[entry.number] = last_ns, stage
            if before.get(entry.number) != (last_ns, stage):
                yield from self._look_at(entry, stage)

    def _look_at(
        self, connection: Connection, stage: int
    ) -> Iterator[tuple[Connection, list[Finding]]]:
        if connection.outcome < OUTCOME_COMPLETED and stage < RETRIED_STAGE:
            return
        copy = duplicate(connection)
        self._engine.conclude_copy(copy)
        copy.observed &= ~OPEN_AT_END  # the capture goes on
        yield copy, self._judge.preview(copy)


def stage_of(quiet_ns: int) -> int:
    """How many of the times of QUIET_NS have passed."""
    return sum(quiet_ns >= each for each in QUIET_NS)


def provisional_ns(connection: Connection) -> int:
    """How long something may still come that is on its way: two round trips."""
    trips = max(connection.originator.rtt_ns, connection.responder.rtt_ns, 0)
    return min(2 * trips, LATEST_FIRST_NS)
