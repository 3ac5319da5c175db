"""Makes captures of any length for measurements: the same octets for the same options.

Without options bulk, web and scan are the standard captures, those of the figures in
docs/performance.md; `times` makes the same traffic last longer. Memory does not grow with length.
"""

import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np

from benchmarks.frames import FILE_HEADER, SEGMENT, Rows, Wire, encode
from benchmarks.traffic import Block, Faults, bulk, scan, web

SEED: Final = 20240607
PAYLOAD_OCTETS: Final = 1 << 16
_TOGETHER: Final = 16384  # rows that are encoded at once

NAMES: Final = ("bulk", "web", "scan")
# What the three captures have to be; numpy may change its random numbers (NEP 19), and then figures
# are no longer of the same traffic.
SHA256: Final = {
    "bulk": "ec35feb25c3b208d50fbf4ecead21a8f55c440094c93ff8a19bae96d2c31b2ce",
    "web": "b7452efe21e35b93aace75967aadbdf79ed100793f61714fa601113d12ed3cb5",
    "scan": "4a2e2c166fd55c383b05923e992e6b55e1958dd0abab1bb1fa1e6e691ea76121",
}


class Options(NamedTuple):
    """What a capture is made of; what is None is as in the standard capture of this name.

    Attributes:
        name: bulk, web or scan.
        packets: of the capture, without those that faults add; roughly, except for bulk.
        connections: of the capture. Without it bulk has one for 5000 packets, web one for 12.6,
            scan one for 1.43. Those of web and scan decide how many packets there are.
        times: how many times longer the capture is, new connections coming at the same rate.
        rate: new connections a second, of web.
        loss: see Faults.
        reordering: see Faults.
        ipv6: see Wire.
        vlan: see Wire.
        snap: see Wire.
        seed: of all random numbers.
    """

    name: str
    packets: int | None = None
    connections: int | None = None
    times: int = 1
    rate: float = 2500.0
    loss: float = 0.0
    reordering: float = 0.0
    ipv6: bool = False
    vlan: int = 0
    snap: int = 262_144
    seed: int = SEED


class Made(NamedTuple):
    """What was written; `sha256` is of the whole file."""

    packets: int
    connections: int
    octets: int
    sha256: str


def sizes(options: Options) -> tuple[int, int]:
    """Packets (those of bulk exactly, of others as far as one can say) and connections.

    Raises:
        ValueError: no such capture.
    """
    if options.name not in NAMES:
        raise ValueError(f"{options.name!r} is not one of {', '.join(NAMES)}")
    each = {"bulk": 5000.0, "web": 12.6, "scan": 10 / 7}[options.name]
    packets, connections = options.packets, options.connections
    if connections is None and packets is None:
        connections = {"bulk": 200, "web": 100_000, "scan": 700_000}[options.name]
    if connections is None:
        connections = max(1, round((packets or 0) / each))
    if packets is None:
        packets = round(connections * each)
    return packets * options.times, connections * options.times


def blocks(options: Options) -> tuple[Iterator[Block], Wire]:
    """The traffic, and what its frames have in common.

    Raises:
        ValueError: no such capture, or options that do not go together.
    """
    sizes(options)  # refuses other names
    faults = Faults(options.loss, options.reordering, np.random.default_rng([options.seed, 1]))
    standard = options == Options(options.name)
    # The standard captures come one after the other out of one generator of random numbers.
    random = np.random.default_rng(options.seed if standard else [options.seed, 0])
    payload = random.integers(32, 127, PAYLOAD_OCTETS, np.uint8)
    if standard:
        for name in NAMES[: NAMES.index(options.name)]:
            for _ in _traffic(Options(name), random, faults):
                pass
    wire = Wire(options.ipv6, options.vlan, options.snap, payload)
    return _traffic(options, random, faults), wire


def _traffic(options: Options, random: np.random.Generator, faults: Faults) -> Iterator[Block]:
    packets, connections = sizes(options)
    if options.name == "bulk":
        return bulk(random, faults, packets, connections)
    if options.name == "web":
        return web(random, faults, connections, options.rate)
    return scan(random, faults, connections, 300_000 / 700_000)


def in_order(traffic: Iterable[Block]) -> Iterator[Rows]:
    """The rows of all blocks by time; of equal times the earlier made first."""
    waiting = np.zeros(0, SEGMENT)
    for block in traffic:
        rows = np.concatenate([waiting, block.rows])
        rows = rows[np.argsort(rows["time_us"], kind="stable")]
        ready = int(np.searchsorted(rows["time_us"], block.later_from_us))
        yield rows[:ready]
        waiting = rows[ready:].copy()
    yield waiting


def make(options: Options, path: Path) -> Made:
    """Write a capture.

    Raises:
        ValueError: no such capture, or options that do not go together.
        OSError: it cannot be written.
    """
    packets = written = 0
    digest = hashlib.sha256()
    traffic, wire = blocks(options)
    with path.open("wb") as file:
        for piece, count in _counted(traffic, wire):
            file.write(piece)
            digest.update(piece)
            packets, written = packets + count, written + len(piece)
    return Made(packets, sizes(options)[1], written, digest.hexdigest())


def _counted(traffic: Iterable[Block], wire: Wire) -> Iterator[tuple[bytes, int]]:
    """Pieces of a file, and how many packets each holds."""
    yield FILE_HEADER, 0
    for rows in in_order(traffic):
        for start in range(0, len(rows), _TOGETHER):
            some = rows[start : start + _TOGETHER]
            yield encode(some, wire).tobytes(), len(some)
