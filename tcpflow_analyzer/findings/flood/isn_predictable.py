"""FL010: initial sequence numbers that can be guessed."""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from math import sqrt
from typing import Final

from tcpflow_analyzer.findings.finding import FRAMES_KEPT, CaptureView, Finding
from tcpflow_analyzer.findings.flood.counted import NOT_WOKEN, isn_series, scanning
from tcpflow_analyzer.findings.registry import host_finding
from tcpflow_analyzer.findings.time_wait.crowd import judge_host
from tcpflow_analyzer.settings import NANOSECONDS
from tcpflow_analyzer.table.connection import Connection
from tcpflow_analyzer.table.openings import IsnSeries
from tcpflow_analyzer.table.socket_pair import address_text

FEWEST: Final = 8
REPEATS: Final = 2
TWIN_NS: Final = NANOSECONDS  # the same SYN before and behind an address translator
MODULUS: Final = 1 << 32


@host_finding("FL010", severity="warning", since="0.2.0", wakes=NOT_WOKEN)
class IsnPredictable:
    """A host's initial sequence numbers are guessable.

    Set when, for at least 8 ISNs of one host on different socket pairs, one of the following holds:
      - they are all equal (zero or another constant);
      - at least 2 of them repeat one that was used on another socket pair a second or more before;
      - their increments, from one to the next or by the second, are equal: the standard deviation
        is below 1 percent of the mean.

    The first 64 ISNs of a host are looked at, if the first 8 come near a rule; what follows each
    other on one socket pair is left out, for there RFC 6528 wants increments. At most max_hosts
    hosts are kept.

    Superseded by: FL004, whose tool chooses its numbers.
    Why it matters: who guesses the number can forge a connection, or data and RSTs on one.
    What to do: update the host's TCP, or the middlebox that rewrites its numbers.
    Not proof of: a weak host; a middlebox or a test tool may have chosen the numbers.
    Other tools: nmap -O sequence prediction; Wireshark, Zeek, Suricata, tcptrace, conntrack: none.
    References: RFC 6528 section 3; RFC 9293 section 3.4.1.
    Seen in: fixtures/findings/FL010-isn-predictable
    """

    def see(self, connection: Connection, capture: CaptureView) -> None:
        """Nothing: the observer has kept the numbers."""

    def findings(self, capture: CaptureView) -> Iterator[Finding]:
        """One finding for each host whose numbers follow a rule."""
        scanners = scanning(capture)
        for series in isn_series(capture, FEWEST):
            if bytes(series.address) in scanners:
                continue
            rule, step = _rule(series.isns, series.times)
            if rule:
                yield _finding(series, rule, step)


def _rule(isns: Sequence[int], times_ns: Sequence[int]) -> tuple[str, float]:
    """The rule that the numbers follow, "" for none, and the increment by it."""
    distinct = len(set(isns))
    if distinct == 1:
        return ("zero" if isns[0] == 0 else "constant"), 0.0
    increments = [(b - a) % MODULUS for a, b in pairwise(isns)]
    mean = _equal(increments)
    if mean is not None:
        return "equal increments", mean
    gaps = [b - a for a, b in pairwise(times_ns)]
    if min(gaps) > 0 and _alike(increments, gaps):
        pairs = zip(increments, gaps, strict=True)
        mean = _equal([increment * NANOSECONDS / gap for increment, gap in pairs])
        if mean is not None:
            return "equal increments a second", mean
    if distinct < len(isns) and _repeats(isns, times_ns) >= REPEATS:
        return "repeated", 0.0
    return "", 0.0


def _alike(increments: Sequence[int], gaps: Sequence[int]) -> bool:
    """Whether the first two rates are less than a factor of two apart."""
    first, second = increments[0] * gaps[1], increments[1] * gaps[0]
    return 2 * first >= second and 2 * second >= first


def _equal(numbers: Sequence[int] | Sequence[float]) -> float | None:
    """The mean, if the standard deviation is below 1 percent of it."""
    # One that lies so far off makes the deviation of a few dozen larger than that: most hosts'
    # numbers are random, and nothing more has to be computed.
    if abs(numbers[0] - numbers[1]) > max(numbers[0], numbers[1]) / 2:
        return None
    mean = sum(numbers) / len(numbers)
    deviation = sqrt(sum((number - mean) ** 2 for number in numbers) / len(numbers))
    return mean if mean > 0 and deviation < mean / 100 else None


def _repeats(isns: Sequence[int], times_ns: Sequence[int]) -> int:
    """How often a number was used again, twins of one SYN left out."""
    first: dict[int, int] = {}
    repeats = 0
    for isn, time_ns in zip(isns, times_ns, strict=True):
        if time_ns - first.setdefault(isn, time_ns) >= TWIN_NS:
            repeats += 1
    return repeats


def _finding(series: IsnSeries, rule: str, step: float) -> Finding:
    host = address_text(bytes(series.address)[: int(series.address_len)])
    template = "{count} initial sequence numbers of {host} on different socket pairs: {rule}"
    if step:
        template += ", {step:.0f}"
    return judge_host(
        "FL010",
        subject=host,
        severity="warning",
        certainty="observed",
        time_ns=max(int(time_ns) for time_ns in series.times),
        frames=(int(frame) for frame in series.frames[:FRAMES_KEPT]),
        template=template,
        values={
            "host": host,
            "count": len(series.isns),
            "rule": rule,
            "step": step,
            "isns": ", ".join(str(isn) for isn in series.isns[:FRAMES_KEPT]),
        },
        why="each number follows from the one before",
        would_disprove="other numbers of this host that do not follow the rule",
    )
