"""What tshark says of random traffic, segment by segment, against our classes and completeness."""

import collections
import json
import shutil
import subprocess
from pathlib import Path

import pytest

from support.capture_builder import pcap
from support.exchange import Exchange
from support.program import run_program
from support.random_traffic import random_exchanges
from tcpflow_analyzer.observer import stream_analysis

pytestmark = pytest.mark.skipif(shutil.which("tshark") is None, reason="no tshark")

CLASSES = {
    name: getattr(stream_analysis, name.upper())
    for name in (
        "retransmission", "fast_retransmission", "spurious_retransmission", "out_of_order",
        "lost_segment", "ack_lost_segment", "duplicate_ack", "zero_window", "zero_window_probe",
        "window_update", "window_full", "keep_alive", "keep_alive_ack",
    )
}  # fmt: skip
# Known differences (docs/differences.md, "Peers") leave more than this share of each class equal.
ENOUGH = 0.95
RARE = 20  # fewer segments of a class say nothing about a share
ENOUGH_OF_RARE = 0.75


def tshark(capture: Path, *fields: str) -> list[list[str]]:
    """Values of these fields, a list for each frame."""
    wanted = [word for field in fields for word in ("-e", field)]
    done = subprocess.run(
        ["tshark", "-n", "-2", "-r", capture, "-o", "tcp.desegment_tcp_streams:FALSE",
         "-T", "fields", *wanted],
        capture_output=True, text=True, timeout=300, check=True,
    )  # fmt: skip
    return [
        (line.split("\t") + [""] * len(fields))[: len(fields)] for line in done.stdout.splitlines()
    ]


@pytest.fixture(scope="module")
def exchanges() -> list[Exchange]:
    return random_exchanges(20261121, 250)


@pytest.fixture(scope="module")
def capture(exchanges: list[Exchange], tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("differential") / "random.pcap"
    path.write_bytes(pcap(frame for exchange in exchanges for frame in exchange.frames))
    return path


def ours(classes: int) -> int:
    """Our classes of a segment as Wireshark counts them: the special cases are retransmissions."""
    special = stream_analysis.FAST_RETRANSMISSION | stream_analysis.SPURIOUS_RETRANSMISSION
    return classes | stream_analysis.RETRANSMISSION if classes & special else classes


def test_classes_of_every_segment(exchanges: list[Exchange], capture: Path) -> None:
    mine = [ours(classes) for exchange in exchanges for classes in exchange.classes]
    theirs = tshark(capture, *(f"tcp.analysis.{name}" for name in CLASSES))
    assert len(theirs) == len(mine)
    seen: collections.Counter[tuple[str, bool, bool]] = collections.Counter()
    for said, classes in zip(theirs, mine, strict=True):
        for (name, bit), value in zip(CLASSES.items(), said, strict=True):
            seen[name, bool(value), bool(classes & bit)] += 1
    low = {}
    for name in CLASSES:
        both = seen[name, True, True]
        differ = seen[name, True, False] + seen[name, False, True]
        assert both > 0, f"the traffic has no {name}"
        share = 2 * both / (2 * both + differ)
        if share < (ENOUGH if both >= RARE else ENOUGH_OF_RARE):
            low[name] = (both, differ)
    assert low == {}


def test_program_counts_what_its_segments_are(exchanges: list[Exchange], capture: Path) -> None:
    done = run_program(["analyze", "--format", "json", capture])
    assert done.returncode == 0, done.stderr.decode()
    counted = collections.Counter[str]()
    for connection in json.loads(done.stdout)["connections"]:
        counted.update(connection["analysis"])
    expected = collections.Counter[str]()
    for exchange in exchanges:
        for classes in map(ours, exchange.classes):
            expected.update({name: 1 for name, bit in CLASSES.items() if classes & bit})
    # The whole observer judges some of these segments unacceptable and so has other windows.
    for name, count in expected.items():
        assert abs(counted[name] - count) <= max(5, 0.1 * count), (name, counted[name], count)


def test_completeness_of_every_stream(capture: Path) -> None:
    done = run_program(["analyze", "--format", "json", capture])
    mine = {
        connection["originator"]["port"] + connection["responder"]["port"]: connection
        for connection in json.loads(done.stdout)["connections"]
    }
    said: dict[int, int] = {}
    segments: collections.Counter[int] = collections.Counter()
    for source, destination, value in tshark(
        capture, "tcp.srcport", "tcp.dstport", "tcp.completeness"
    ):
        said[int(source) + int(destination)] = int(value)
        segments[int(source) + int(destination)] += 1
    assert len(said) == len(mine) == 250
    # tshark leaves 0 for a stream of one segment that is no SYN.
    wrong = {
        key: (value, mine[key]["completeness"])
        for key, value in said.items()
        if segments[key] > 1 and value != mine[key]["completeness"]
    }
    assert wrong == {}
