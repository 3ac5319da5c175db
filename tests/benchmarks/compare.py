"""Times the program beside others on the same captures, as whole processes, in pairs.

Absolute seconds differ from machine to machine; ratios hardly do. A pair is one run of ours and one
of the peer's, directly one after the other; all figures are medians over the pairs.
"""

import shlex
import shutil
import statistics
import tomllib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

from benchmarks.captures import NAMES, Options, sizes
from benchmarks.process import check_counts, measure

PEERS: Final = {
    "capinfos": "capinfos -c {}",  # counts packets, nothing else
    "tcptrace": "tcptrace -n {}",
    "tshark": "tshark -r {} -q -z conv,tcp",
    "tshark-fields": "tshark -r {} -T fields -e tcp.stream -e tcp.completeness"
    " -e tcp.analysis.flags",
    "argus": "argus -r {} -w /dev/null",
    "cat": "cat {}",
}
OURS: Final = {
    "text": "analyze {} --no-progress",
    "json": "analyze {} --format json -o /dev/null --no-progress",
    "ndjson": "analyze {} --format ndjson -o /dev/null --no-progress",
}


class Row(NamedTuple):
    """One capture, one peer. Seconds are medians; ratios those of the pairs.

    Attributes:
        capture: bulk, web, scan, or the name of another file.
        peer: key of PEERS, or "text" where the program's other output is the peer of ours.
        ours_seconds: wall time.
        peer_seconds: wall time.
        peer_by_ours: above 1 where ours is faster.
        ours_mib: peak resident memory.
        peer_mib: peak resident memory.
        target: what the ratio has to be, in words; empty for none.
        met: whether it is.
        memory_target_mib: what our peak memory may be; None for no bound.
    """

    capture: str
    peer: str
    ours_seconds: float
    peer_seconds: float
    peer_by_ours: float
    ours_mib: float
    peer_mib: float
    target: str
    met: bool
    memory_target_mib: int | None


def targets() -> dict[str, Any]:
    """The file of targets, as it stands beside this module."""
    return tomllib.loads(Path(__file__).with_name("targets.toml").read_text())


def installed(peers: Iterable[str]) -> Iterator[str]:
    """Those peers that are on this machine."""
    return (peer for peer in peers if shutil.which(PEERS[peer].split()[0]))


def compare(program: str, capture: Path, peer: str, runs: int, ours: str = "text") -> Row:
    """Run both programs alternately, after each was run once.

    Raises:
        RuntimeError: one of them failed.
    """
    path = shlex.quote(str(capture))
    our_command = [*shlex.split(program), *shlex.split(OURS[ours].format(path))]
    if peer in OURS:
        peer_command = [*shlex.split(program), *shlex.split(OURS[peer].format(path))]
    else:
        peer_command = shlex.split(PEERS[peer].format(path))
    measure(our_command)
    measure(peer_command)
    pairs = [(measure(our_command), measure(peer_command)) for _ in range(runs)]
    ratio = statistics.median(theirs.seconds / mine.seconds for mine, theirs in pairs)
    wanted = targets()["compare"].get(capture.stem, {})
    target, met = judge(ratio, wanted.get(peer, {}) if ours == "text" else {})
    return Row(
        capture.stem,
        peer,
        statistics.median(mine.seconds for mine, _ in pairs),
        statistics.median(theirs.seconds for _, theirs in pairs),
        ratio,
        max(mine.peak_mib for mine, _ in pairs),
        max(theirs.peak_mib for _, theirs in pairs),
        target,
        met,
        wanted.get("peak_mib") if ours == "text" else None,
    )


def judge(peer_by_ours: float, wanted: dict[str, float]) -> tuple[str, bool]:
    """A target in words, and whether a ratio meets it."""
    if "slower" in wanted:
        return f"within {wanted['slower']:g} times", 1 / peer_by_ours <= wanted["slower"]
    if "faster" in wanted:
        return f"{wanted['faster']:g} times faster", peer_by_ours >= wanted["faster"]
    return "", True


def check(program: str, capture: Path) -> None:
    """A time counts only if the work was done: compare the counts of a standard capture.

    Raises:
        RuntimeError: the program failed or counts something else.
    """
    connections = sizes(Options(capture.stem))[1] if capture.stem in NAMES else None
    analyze = [*shlex.split(program), "analyze", str(capture), "--no-progress"]
    check_counts(analyze, None, connections)


def markdown(rows: Sequence[Row]) -> str:
    """The rows as the table of docs/performance.md."""
    lines = [
        "| capture | peer | ours | peer's | ratio | target | peak memory | target |",
        "|---|---|---|---|---|---|---|---|",
    ]
    lines += [f"| {' | '.join(cells(row))} |" for row in rows]
    return "\n".join(lines)


def cells(row: Row) -> list[str]:
    """What is shown of a row, in the order of the table."""
    slower = row.target.startswith("within")
    ratio = (
        f"{1 / row.peer_by_ours:.2f} times its time"
        if slower or (not row.target and row.peer_by_ours < 1)
        else f"{row.peer_by_ours:.1f} times faster"
    )
    limit = row.memory_target_mib
    return [
        row.capture,
        row.peer,
        f"{row.ours_seconds:.3f} s",
        f"{row.peer_seconds:.3f} s",
        ratio,
        f"{row.target}, {'met' if row.met else 'missed'}" if row.target else "",
        f"{row.ours_mib:.0f} MiB (peer {row.peer_mib:.0f})",
        f"{limit} MiB, {'met' if row.ours_mib <= limit else 'missed'}" if limit else "",
    ]
