"""Live and offline say the same of captures that none of us made, drawn by a seed that is printed.

TCPFLOW_SEED draws the same ones again. Once a file grows piece by piece, at moments of chance; once
tcpreplay sends the frames over a wire.
"""

import io
import json
import os
import random
import secrets
import shutil
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from support.network import Network, installed_engines
from support.places import shared_captures
from support.program import run_program, start_program
from support.states import report_of
from tcpflow_analyzer.errors import InputError
from tcpflow_analyzer.pipeline import Run
from tcpflow_analyzer.report.event_report import NdjsonEvents
from tcpflow_analyzer.settings import Settings
from tcpflow_analyzer.sources.live import follow
from tcpflow_analyzer.sources.live.capture_engine import CaptureRequest

Json = dict[str, Any]
CAPTURES = 20
REPLAYED = 2
MOST_OCTETS = 1_500_000
PIECES = 30
MAGICS = {
    bytes.fromhex(magic)
    for magic in ("d4c3b2a1", "a1b2c3d4", "4d3cb2a1", "a1b23c4d", "0a0d0d0a")
}  # fmt: skip
EVENT_ONLY = ("kind", "revision", "withdrawn")


def drawn(count: int) -> tuple[list[Path], random.Random]:
    """So many captures that `--follow` reads, and the generator that drew them."""
    seed = int(os.environ.get("TCPFLOW_SEED") or secrets.randbelow(1 << 32))
    print(f"TCPFLOW_SEED={seed}")  # noqa: T201 -- shown where the test fails
    generator = random.Random(seed)
    captures = [
        path
        for path in shared_captures()
        if 200 < path.stat().st_size < MOST_OCTETS and first_octets(path) in MAGICS
    ]
    if len(captures) < count:
        pytest.skip("there is no folder of captures")
    return generator.sample(captures, count), generator


def first_octets(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(4)


def last_findings(events: list[Json]) -> list[Json]:
    """The last revisions of those not withdrawn, as a report has them."""
    last = {event["id"]: event for event in events if event["kind"] == "finding"}
    kept = [event for event in last.values() if not event["withdrawn"]]
    return by_id({k: v for k, v in event.items() if k not in EVENT_ONLY} for event in kept)


def by_id(records: Any) -> list[Json]:  # noqa: ANN401 -- of any kind
    return sorted(records, key=lambda record: str(record["id"]))


def of_kind(events: list[Json], kind: str) -> list[Json]:
    """The events of a kind, without saying so."""
    return [{k: v for k, v in e.items() if k != "kind"} for e in events if e["kind"] == kind]


def assert_same(events: list[Json], report: Json) -> None:
    """What was said live is what is said of the whole."""
    assert last_findings(events) == by_id(report["findings"])
    assert by_id(of_kind(events, "connection")) == by_id(report["connections"])
    assert of_kind(events, "summary") == [report["summary"]]


def grown(path: Path, octets: bytes, generator: random.Random) -> list[Json]:
    """The events of a file that grows to these octets while it is followed."""
    cuts = sorted(generator.randrange(24, len(octets)) for _ in range(PIECES))
    path.write_bytes(octets[: cuts[0]])
    pieces = [octets[at:to] for at, to in zip(cuts, [*cuts[1:], len(octets)], strict=True)]
    stream = io.BytesIO()
    sinks = [NdjsonEvents(stream)]
    run = Run([], Settings(), sinks, CaptureRequest((), follow=str(path)))
    with path.open("ab", buffering=0) as writer:
        for _ in run.steps():
            if not pieces:
                run.recording.end_early()
            elif generator.random() < 1 / 2:
                writer.write(pieces.pop(0))
    return [json.loads(line) for line in stream.getvalue().splitlines()]


@pytest.mark.slow
def test_twenty_captures_that_grow_say_what_they_say_as_a_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(follow, "WAIT_S", 0)
    captures, generator = drawn(CAPTURES)
    compared = 0
    for number, capture in enumerate(captures):
        try:
            report = json.loads(report_of([capture]))
        except InputError:
            continue  # of no link type that can be read
        growing = tmp_path / f"{number}{capture.suffix}"
        assert_same(grown(growing, capture.read_bytes(), generator), report)
        compared += 1
    assert compared > CAPTURES * 0.8


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("tcpreplay") is None, reason="tcpreplay is not installed")
@pytest.mark.parametrize("engine", installed_engines())
def test_captures_sent_over_a_wire_say_what_the_kept_packets_say(
    hosts: Network, engine: str, tmp_path: Path
) -> None:
    for host in (hosts.a, hosts.b):
        host.run("ip", "link", "set", "eth0", "mtu", "65535")
    captures, _ = drawn(CAPTURES)
    replayed = 0
    for capture in captures:
        kept = tmp_path / f"{replayed}.pcapng"
        arguments = ["live", "-i", "eth0", "--engine", engine, "--snaplen", "0", "--quiet"]
        program = start_program(
            [*arguments, "--format", "ndjson", "--write", kept], prefix=hosts.a.prefix
        )
        hosts.a.await_capture()
        sender = ["tcpreplay", "-q", "-i", "eth0", "--pps", "4000", "--duration", "1", str(capture)]
        sent = subprocess.run(
            [*hosts.b.prefix, *sender], capture_output=True, timeout=30, check=False
        )
        time.sleep(0.6)  # what is on its way through the engine
        program.send_signal(signal.SIGTERM)
        output, messages = program.communicate(timeout=60)
        assert (program.returncode, messages) == (0, b""), capture
        if sent.returncode != 0:
            continue  # not of Ethernet
        whole = run_program(["analyze", kept, "--format", "json"])
        events = [json.loads(line) for line in output.splitlines()]
        assert_same(events, json.loads(whole.stdout))
        replayed += 1
        if replayed == REPLAYED:
            break
    assert replayed == REPLAYED
