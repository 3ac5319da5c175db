"""Says of connections and hosts what would be said if the capture ended now.

A connection is handed over, and judged for good, long after its last segment, since stragglers may
come; hosts are judged when the capture ends. Who watches live wants to hear of it as soon as it can
be told; what later turns out otherwise is revised or withdrawn. What one look can tell is limited,
so that a flood does not stop the capture: what it leaves out is told when it is over.
"""

from collections.abc import Iterator
from typing import Final

from tcpflow_analyzer.engine import Engine
from tcpflow_analyzer.findings.finding import SEVERITIES, Finding
from tcpflow_analyzer.findings.judge import Judge
from tcpflow_analyzer.observer.quiet import QuietLook
from tcpflow_analyzer.table.connection import Connection, Request
from tcpflow_analyzer.table.duplicate import duplicate
from tcpflow_analyzer.table.observation import OPEN_AT_END

SECOND_NS: Final = 1_000_000_000
EVERY_NS: Final = SECOND_NS // 4  # how often connections are looked at, in capture time
FOR_EACH: Final = 50_000  # so often for so many connections, half as often for twice as many ...
# A connection is looked at when it has been quiet for so long: a close or an abort is over; another
# attempt would have come (10 s, and twice the last gap between SYNs); CLOSE-WAIT is held too long
# (60 s, 300 s).
QUIET_NS: Final = (
    SECOND_NS // 5,
    11 * SECOND_NS,
    61 * SECOND_NS,
    131 * SECOND_NS,
    301 * SECOND_NS,
)
RETRIED: Final = 1  # from then on it is known whether another attempt has succeeded
MOST: Final = 200  # connections that one look judges
HOSTS_NS: Final = 2 * SECOND_NS  # how often hosts are judged
HOST_NS: Final = 2_000_000  # but less often by so much for each finding about one
MOST_OF_HOSTS: Final = 1000  # findings about hosts that are told before the end, the worst first
AGAIN_NS: Final = 60 * SECOND_NS  # what was said of a host is brought up to date after so long


class Preview:
    """Finds the connections that fell quiet, and judges copies of them; and hosts."""

    def __init__(self, engine: Engine, judge: Judge) -> None:
        """Look at an engine's connections with a judge's rules."""
        self._engine = engine
        self._judge = judge
        self._look = QuietLook(list(QUIET_NS), RETRIED, MOST)
        self._look.wanted = judge.wanted()
        self._look.stream_wanted = judge.stream_wanted()
        self._due_ns = 0
        self._looked_ns = 0
        self._looked_frames = 0
        self._hosts = Hosts(judge)

    def due(self) -> Iterator[tuple[Connection | None, list[Finding]]]:
        """Give copies of connections with what is found, once for each length of quiet.

        None stands for hosts. Does something four times a second of capture time at most.
        """
        engine = self._engine
        now_ns = engine.last_time_ns
        entries = engine.live_entries()
        if now_ns < self._due_ns:
            return
        self._look.look(entries, self._looked_ns, now_ns, self._looked_frames)
        self._due_ns = (now_ns // EVERY_NS + 1 + len(entries) // FOR_EACH) * EVERY_NS
        self._looked_ns = now_ns
        self._looked_frames = engine.frames
        for entry in self._look.found:
            if isinstance(entry, Connection):
                yield self._judged(duplicate(entry))
            elif isinstance(entry, Request):
                yield self._judged(engine.connection_of(entry))
        if self._hosts.is_due(now_ns) and self._hosts.judge(now_ns):
            yield None, self._hosts.said()

    def _judged(self, copy: Connection) -> tuple[Connection, list[Finding]]:
        """What would be said of a connection, of which this is a copy."""
        self._engine.conclude_copy(copy)
        copy.observed &= ~OPEN_AT_END  # the capture goes on
        return copy, self._judge.preview(copy)


class Hosts:
    """What was said of hosts, and when it has to be said again."""

    def __init__(self, judge: Judge) -> None:
        """Nothing was said yet."""
        self._judge = judge
        self._due_ns = 0
        # Code and subject -> when it was said, and what.
        self._said: dict[tuple[str, str], tuple[int, Finding]] = {}

    def is_due(self, now_ns: int) -> bool:
        """Whether hosts should be judged now."""
        return now_ns >= self._due_ns

    def judge(self, now_ns: int) -> bool:
        """Judge all hosts; gives whether something is to be said. What hardly changed is not."""
        found = self._judge.preview_hosts()
        self._due_ns = now_ns + max(HOSTS_NS, HOST_NS * len(found))
        if len(found) > MOST_OF_HOSTS:
            found.sort(key=lambda each: -SEVERITIES.index(each.severity))
            del found[MOST_OF_HOSTS:]
        said: dict[tuple[str, str], tuple[int, Finding]] = {}
        has_news = False
        for finding in found:
            key = finding.code, finding.subject
            known = self._said.get(key)
            if known is None or has_grown(known[1], finding) or now_ns >= known[0] + AGAIN_NS:
                has_news = has_news or known is None or known[1] != finding
                known = now_ns, finding
            said[key] = known
        has_news = has_news or len(said) < len(self._said)
        self._said = said
        return has_news

    def said(self) -> list[Finding]:
        """What was said of all hosts and still holds."""
        return [finding for _, finding in self._said.values()]


def has_grown(before: Finding, now: Finding) -> bool:
    """Whether a finding has become worse, or has twice as much behind it."""
    if SEVERITIES.index(now.severity) > SEVERITIES.index(before.severity):
        return True
    return now.frame_count >= 2 * max(before.frame_count, 1)
