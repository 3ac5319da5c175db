"""Follows a recording and one ten times as long: time has to grow tenfold, memory not at all.

Connections come and go at the same rate in both, so what is alive at a time is the same.
"""

import shlex
from pathlib import Path
from typing import Final, NamedTuple

from benchmarks.captures import Made, Options, make
from benchmarks.process import Usage, check_counts, measure

# New connections a second. TIME-WAIT and what lingers are reached long before the shorter one ends.
RATE: Final = 500.0
SNAP: Final = 96  # octets: all headers; twenty million packets are then 2 GB
TOLERANCE: Final = 0.10


class Soak(NamedTuple):
    """The shorter recording and the longer one, the fastest run of each, and how they compare.

    Attributes:
        short: what was made.
        long: what was made.
        short_usage: of the fastest run.
        long_usage: of the fastest run.
    """

    short: Made
    long: Made
    short_usage: Usage
    long_usage: Usage

    @property
    def time_ratio(self) -> float:
        """Time a packet of the longer one, by that of the shorter one; start-up included."""
        per_packet = self.long_usage.seconds / self.long.packets
        return per_packet / (self.short_usage.seconds / self.short.packets)

    @property
    def memory_ratio(self) -> float:
        """Peak memory of the longer one, by that of the shorter one."""
        return self.long_usage.peak_mib / self.short_usage.peak_mib

    @property
    def is_linear(self) -> bool:
        """Whether neither is more than a tenth above 1."""
        return max(self.time_ratio, self.memory_ratio) <= 1 + TOLERANCE


def soak(
    program: str, name: str, packets: int, times: int, runs: int, folder: Path, rate: float = RATE
) -> Soak:
    """Make both recordings, check what the program counts, and measure it.

    Raises:
        RuntimeError: the program failed, or its counts are not those of what was made.
        OSError: the recordings cannot be written.
    """
    options = Options(name, packets, rate=rate, snap=SNAP)
    path = folder / f"soak-{name}.pcap"
    try:
        short = make(options, path)
        short_usage = _fastest(program, path, short, runs)
        long = make(options._replace(times=times), path)
        long_usage = _fastest(program, path, long, runs)
    finally:
        path.unlink(missing_ok=True)
    return Soak(short, long, short_usage, long_usage)


def _fastest(program: str, path: Path, made: Made, runs: int) -> Usage:
    """The fastest of some runs, after the counts were checked, which also warms the cache."""
    analyze = [*shlex.split(program), "analyze", str(path), "--no-progress"]
    check_counts(analyze, made.packets, made.connections)
    return min(measure(analyze) for _ in range(runs))
