"""A look at all connections sees the states that settling would give, and changes nothing."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.capture_builder import SECOND_NS, START_NS, pcap
from support.places import FIXTURES
from support.small_captures import CLIENT, SERVER, exchange, refusal
from tcpflow_analyzer.decode.decoder import Decoder
from tcpflow_analyzer.engine import Engine
from tcpflow_analyzer.observer.belief import settle
from tcpflow_analyzer.observer.standing import Standing, is_open, state_by
from tcpflow_analyzer.observer.timing import Timing
from tcpflow_analyzer.settings import Settings
from tcpflow_analyzer.sources.recording import Recording
from tcpflow_analyzer.sources.records import RecordWalk
from tcpflow_analyzer.table.connection import Connection, Request
from tcpflow_analyzer.table.duplicate import duplicate
from tcpflow_analyzer.tcp.states import (
    CLOSED,
    STATE_NAMES,
    SYN_SENT,
)

CAPTURES = sorted((FIXTURES / "recordings").glob("*.pcap"))
LATER = (0, SECOND_NS, 4 * SECOND_NS, 70 * SECOND_NS)
TIMING = Timing(Settings())
HERE = {bytes(int(part) for part in CLIENT.split("."))}


def engine_of(path: Path, block_octets: int) -> Iterator[Engine]:
    """An engine that reads a capture little by little."""
    engine = Engine(Settings(), Decoder(False, False, None), lambda _: None)
    with contextlib.closing(Recording([str(path)], "native", block_octets)) as recording:
        for walk, until_ns in recording.steps():
            engine.run(walk, until_ns)
            yield engine


def fed(octets: bytes) -> Engine:
    """An engine that has read a whole capture and waits for more."""
    engine = Engine(Settings(), Decoder(False, False, None), lambda _: None)
    walk = RecordWalk("made")
    walk.feed(octets)
    engine.run(walk, 1 << 62)
    return engine


def standing_of(engine: Engine, after_ns: int = 0) -> Standing:
    standing = Standing(HERE, TIMING)
    standing.count(engine.live_entries(), engine.last_time_ns + after_ns)
    return standing


def named(counts: list[int]) -> dict[str, int]:
    return {STATE_NAMES[state]: count for state, count in enumerate(counts) if count}


@pytest.mark.parametrize("path", CAPTURES, ids=lambda path: path.stem)
def test_states_are_those_that_settling_gives(path: Path) -> None:
    for engine in engine_of(path, 700):
        for entry in engine.live_entries():
            if not isinstance(entry, Connection):
                continue
            for after_ns in LATER:
                now = engine.last_time_ns + after_ns
                settled = duplicate(entry)
                settle(settled, now, TIMING)
                ends = entry.originator, entry.responder
                looked = [state_by(*ends, now, TIMING), state_by(*ends[::-1], now, TIMING)]
                if entry.next_due_ns > now:
                    looked = [ends[0].believed, ends[1].believed]
                assert looked == [settled.originator.believed, settled.responder.believed]


def test_open_connection_counts_at_both_ends_and_at_its_listener() -> None:
    engine = fed(pcap(exchange()[:5]))
    standing = standing_of(engine)
    assert standing.connections == 1
    assert named(standing.originators) == named(standing.responders) == {"ESTABLISHED": 1}
    assert named(standing.here) == {"ESTABLISHED": 1}
    (listener,) = standing.listeners.values()
    address = bytes(int(part) for part in SERVER.split("."))
    assert (listener.key, listener.address_len) == (address + (80).to_bytes(2, "big"), 4)
    assert (listener.established, listener.half_open, listener.time_wait) == (1, 0, 0)


def test_time_wait_counts_until_it_has_expired() -> None:
    engine = fed(pcap(exchange()))
    assert named(standing_of(engine).originators) == {"TIME-WAIT": 1}
    assert named(standing_of(engine, 59 * SECOND_NS).here) == {"TIME-WAIT": 1}
    later = standing_of(engine, 61 * SECOND_NS)
    assert later.connections == 0
    assert named(later.originators) == named(later.here) == {}


def test_lone_syn_counts_until_it_is_refused_or_given_up() -> None:
    syn = refusal()[:1]
    engine = fed(pcap(syn))
    standing = standing_of(engine)
    assert named(standing.here) == {"SYN-SENT": 1}
    assert standing.listeners == {}
    assert standing_of(engine, 4 * SECOND_NS).connections == 0
    assert standing_of(fed(pcap(refusal()))).connections == 0


@pytest.mark.parametrize("copies", [0, 1, 2, 3])
def test_repeated_syn_waits_as_long_as_its_connection_would(copies: int) -> None:
    (_, octets) = refusal()[0]
    frames, at_ns, gap_ns = [], START_NS, SECOND_NS
    for number in range(copies + 1):
        # Another IP identification: a SYN that the sender sent again, not a copy of the tap.
        varied = octets[:18] + number.to_bytes(2, "big") + octets[20:]
        frames.append((at_ns, varied))
        at_ns, gap_ns = at_ns + gap_ns, 2 * gap_ns
    engine = fed(pcap(frames))
    (request,) = [entry for entry in engine.live_entries() if isinstance(entry, Request)]
    assert request.copy_count == copies
    last = request.last_time_ns
    open_until = next(
        ns for ns in range(last, last + 99 * SECOND_NS, SECOND_NS // 2) if not is_open(request, ns)
    )
    promoted = engine._promote(request)
    ends = promoted.originator, promoted.responder
    assert state_by(*ends, open_until - 1, TIMING) == SYN_SENT
    assert state_by(*ends, open_until, TIMING) == CLOSED
