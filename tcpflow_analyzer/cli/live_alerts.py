"""Alerts: findings of a live capture that are passed on, without ever holding up the capture.

The thread that reads packets only decides whether a finding is passed on, and puts it into a queue
of bounded length; a thread for each way takes it from there. What is not delivered is counted, and
the next alert of the same code says how many were left out before it.
"""

import contextlib
import queue
import threading
import time
from collections import Counter
from collections.abc import Callable
from typing import Final, NamedTuple, Protocol

from tcpflow_analyzer.findings.finding import SEVERITIES, Finding, Severity
from tcpflow_analyzer.report.event_report import Change
from tcpflow_analyzer.report.finding_json import write_finding
from tcpflow_analyzer.report.json_text import JsonText
from tcpflow_analyzer.report.live_events import Watcher

MOST_WAITING: Final = 1000  # alerts in a queue
# At most so many alerts of one code at once, and in the long run --alert-rate a minute.
BURST: Final = 10
LAST_SECONDS: Final = 5.0  # how long the end waits for alerts that are on their way

SENT: Final = "sent"
FAILED: Final = "failed"  # by the command or the log
LIMITED: Final = "limited"  # by the rate
DROPPED: Final = "dropped"  # as the queue was full, or the end came


class Alert(NamedTuple):
    """A finding on its way.

    Attributes:
        finding: as it was when it was passed on.
        revision: from 1.
        left_out: alerts of the same code before it that were not passed on.
    """

    finding: Finding
    revision: int
    left_out: int

    def json_line(self, ns_as_strings: bool = False) -> bytes:
        """Give the finding as a line of JSON: that of `--format ndjson` and `left_out`."""
        text = JsonText(ns_as_strings)
        text.raw(b'{"kind":"finding",')
        write_finding(text, self.finding)
        state = b',"revision":%d,"withdrawn":false,"left_out":%d}\n'
        text.raw(state % (self.revision, self.left_out))
        return text.take()


class Channel(Protocol):
    """A way in which alerts leave; its methods are called by a thread of its own."""

    name: str

    def deliver(self, alert: Alert) -> None:
        """Pass an alert on.

        Raises:
            DeliveryError: it could not be.
        """

    def abandon(self) -> None:
        """Give up what is being delivered, as the program ends; called by another thread."""

    def close(self) -> None:
        """Nothing more will be delivered; called once nothing is."""


class DeliveryError(Exception):
    """An alert was not delivered; the text says why."""


class Limit:
    """Lets through a burst, and then so many a minute."""

    def __init__(self, per_minute: int, clock: Callable[[], float]) -> None:
        """Begin full; `clock` gives seconds."""
        self._per_second = per_minute / 60
        self._most = float(min(BURST, per_minute))
        self._clock = clock
        self._tokens = self._most
        self._at = clock()

    def take(self) -> bool:
        """Whether one more may pass."""
        now = self._clock()
        self._tokens = min(self._tokens + (now - self._at) * self._per_second, self._most)
        self._at = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True


class Lane:
    """A channel with its queue and its thread."""

    def __init__(self, channel: Channel, count: Callable[[str], None]) -> None:
        """Deliver what will be put; `count` is told what became of each alert."""
        self._channel = channel
        self._count = count
        self._queue: queue.Queue[Alert | None] = queue.Queue(MOST_WAITING)
        self._is_ending = False
        self.problems: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._told: set[str] = set()
        self._thread = threading.Thread(
            target=self._work, name=f"alerts {channel.name}", daemon=True
        )
        self._has_begun = False

    def put(self, alert: Alert) -> bool:
        """Queue an alert; False if the queue is full."""
        if not self._has_begun:
            # Not before: a thread keeps the capabilities that the first one gives up later.
            self._has_begun = True
            self._thread.start()
        try:
            self._queue.put_nowait(alert)
        except queue.Full:
            return False
        return True

    def _work(self) -> None:
        while (alert := self._next()) is not None:
            if self._is_ending:
                self._count(DROPPED)
                continue
            try:
                self._channel.deliver(alert)
            except DeliveryError as error:
                self._count(FAILED)
                if (text := f"{self._channel.name}: {error}") not in self._told:
                    self._told.add(text)
                    self.problems.put(text)
            else:
                self._count(SENT)

    def _next(self) -> Alert | None:
        """The next alert; None at the end."""
        if not self._is_ending:
            return self._queue.get()
        try:
            return self._queue.get_nowait()
        except queue.Empty:
            return None

    def close(self, deadline: float) -> None:
        """Deliver what waits until `deadline`, of `time.monotonic`; the rest is dropped."""
        if not self._has_begun:
            self._channel.close()
            return
        with contextlib.suppress(queue.Full):
            self._queue.put(None, timeout=max(deadline - time.monotonic(), 0))
        self._thread.join(max(deadline - time.monotonic(), 0))
        if self._thread.is_alive():
            self._is_ending = True
            self._channel.abandon()
            self._thread.join(1.0)
        if not self._thread.is_alive():
            self._channel.close()


class Alerts(Watcher):
    """Passes findings on.

    Attributes:
        counts: what became of them: sent, failed, limited, dropped.
    """

    def __init__(
        self,
        channels: list[Channel],
        per_minute: int,
        least: Severity,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Pass on from now on.

        Args:
            channels: the ways.
            per_minute: how many alerts of one code, in the long run.
            least: severity from which on findings are passed on.
            clock: gives seconds.
        """
        self.counts: Counter[str] = Counter({SENT: 0, FAILED: 0, LIMITED: 0, DROPPED: 0})
        self._per_minute = per_minute
        self._least = SEVERITIES.index(least)
        self._clock = clock
        self._lock = threading.Lock()
        self._limits: dict[str, Limit] = {}
        self._left_out: Counter[str] = Counter()
        self._lanes = [Lane(channel, self._count) for channel in channels]

    def decided(self, change: Change) -> None:
        """Pass on what is new and severe enough; a revision only if it is more severe."""
        finding = change.finding
        severity = SEVERITIES.index(finding.severity)
        if change.withdrawn or severity < self._least:
            return
        if change.before is not None and severity <= SEVERITIES.index(change.before):
            return
        limit = self._limits.get(finding.code)
        if limit is None:
            limit = self._limits[finding.code] = Limit(self._per_minute, self._clock)
        if not limit.take():
            self._left_out[finding.code] += 1
            self._count(LIMITED)
            return
        alert = Alert(finding, change.revision, self._left_out.pop(finding.code, 0))
        for lane in self._lanes:
            if not lane.put(alert):
                self._left_out[finding.code] += 1 + alert.left_out
                self._count(DROPPED)

    def _count(self, what: str) -> None:
        with self._lock:
            self.counts[what] += 1

    def take_problems(self) -> list[str]:
        """What went wrong since the last call, a line each; each kind of problem once."""
        problems = []
        for lane in self._lanes:
            while not lane.problems.empty():
                problems.append(lane.problems.get())
        return problems

    def close(self) -> list[str]:
        """Deliver what waits, for some seconds; gives what was not delivered, a line each."""
        deadline = time.monotonic() + LAST_SECONDS
        for lane in self._lanes:
            lane.close(deadline)
        problems = self.take_problems()
        counts = self.counts
        if counts[DROPPED] or counts[FAILED]:
            problems.append(
                f"alerts: {counts[SENT]} sent, {counts[FAILED]} failed, {counts[DROPPED]} dropped "
                "as those before them were not taken in time"
            )
        return problems
