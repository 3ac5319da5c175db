"""A look at all connections sees the states that settling would give, and changes nothing."""

import contextlib
import ipaddress
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.capture_builder import SECOND_NS, START_NS, pcap
from support.ladder import Ladder, Socket, capture
from support.openings import CLOSED_BY_A, HALF_CLOSED, OPEN
from support.places import FIXTURES
from support.small_captures import CLIENT, SERVER, exchange, refusal
from tcpflow_analyzer.decode.decoder import Decoder
from tcpflow_analyzer.engine import Engine
from tcpflow_analyzer.observer.belief import settle
from tcpflow_analyzer.observer.standing import MOST_LISTENERS, Standing, is_open, state_by
from tcpflow_analyzer.observer.timing import Timing
from tcpflow_analyzer.settings import Settings
from tcpflow_analyzer.sources.recording import Recording
from tcpflow_analyzer.sources.records import RecordWalk
from tcpflow_analyzer.table.connection import Connection, Request
from tcpflow_analyzer.table.duplicate import duplicate
from tcpflow_analyzer.tcp.states import CLOSED, ESTABLISHED, STATE_NAMES, SYN_SENT

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


def assert_as_settled(engine: Engine) -> None:
    """Compare a look at each connection, now and later, with what settling makes of a copy."""
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


@pytest.mark.parametrize("path", CAPTURES, ids=lambda path: path.stem)
def test_states_are_those_that_settling_gives(path: Path) -> None:
    for engine in engine_of(path, 700):
        assert_as_settled(engine)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("--> <CTL=SYN> ...\n<-- <CTL=SYN> <--", id="SYNs that cross"),
        pytest.param("--> <CTL=SYN> -->\n<-- <ACK=77000><CTL=SYN,ACK> <--", id="wrong SYN-ACK"),
        pytest.param(OPEN + "--> <CTL=RST,ACK> -->", id="RST on its way"),
        pytest.param(HALF_CLOSED + "<-- <CTL=FIN,ACK> <--", id="FIN on its way"),
    ],
)
def test_states_of_what_is_under_way_are_those_that_settling_gives(text: str) -> None:
    assert_as_settled(fed(capture(Ladder(text))))


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


@pytest.mark.parametrize(
    ("copies", "gap_ns"),
    [(0, SECOND_NS), (1, SECOND_NS), (2, SECOND_NS), (3, SECOND_NS), (1, SECOND_NS // 5)],
)
def test_repeated_syn_waits_as_long_as_its_connection_would(copies: int, gap_ns: int) -> None:
    (_, octets) = refusal()[0]
    frames, at_ns = [], START_NS
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


B_CLOSES = """
    <-- <CTL=FIN,ACK> <--
    --> <CTL=FIN,ACK> -->
    <-- <CTL=ACK> <--
"""
IN_STATES = {
    40005: "--> <CTL=SYN> -->\n<-- <CTL=SYN,ACK> <--",
    40003: OPEN,
    40007: HALF_CLOSED,
    40004: OPEN + B_CLOSES,
    40006: CLOSED_BY_A,
}


def octets_of(address: str) -> bytes:
    return ipaddress.ip_address(address).packed


@pytest.mark.parametrize(
    ("client", "server", "here"),
    [
        pytest.param("192.0.2.1", "198.51.100.1", ["192.0.2.1"], id="client"),
        pytest.param("192.0.2.1", "198.51.100.1", ["198.51.100.1"], id="server"),
        pytest.param("2001:db8::1", "2001:db8::2", ["2001:db8::1", "198.51.100.1"], id="v6"),
        pytest.param("127.0.0.1", "127.0.0.2", ["192.0.2.1"], id="both"),
    ],
)
def test_ends_count_by_state_at_their_listener_and_their_client(
    client: str, server: str, here: list[str]
) -> None:
    ladders = [
        Ladder(text, a=Socket(client, port), b=Socket(server, 80))
        for port, text in IN_STATES.items()
    ]
    engine = fed(capture(*ladders))
    standing = Standing({octets_of(address) for address in here}, TIMING)
    # The last ACK has arrived by then.
    standing.count([*engine.live_entries(), None], engine.last_time_ns + SECOND_NS // 10)
    assert standing.connections == 5
    originators = {"ESTABLISHED": 2, "FIN-WAIT-2": 1, "TIME-WAIT": 1, "CLOSED": 1}
    responders = dict.fromkeys(
        ("SYN-RECEIVED", "ESTABLISHED", "CLOSE-WAIT", "TIME-WAIT", "CLOSED"), 1
    )
    assert named(standing.originators) == originators
    assert named(standing.responders) == responders
    both = {name: originators.get(name, 0) + responders.get(name, 0) for name in STATE_NAMES}
    expected = {client: originators, server: responders}.get(here[0], both)
    assert named(standing.here) == {name: count for name, count in expected.items() if count}
    (listener,) = standing.listeners.values()
    assert listener.key == octets_of(server) + (80).to_bytes(2, "big")
    assert (listener.half_open, listener.established) == (1, 1)
    assert (listener.close_wait, listener.time_wait) == (1, 1)
    (of_client,) = standing.clients.values()
    assert (of_client.in_use, of_client.time_wait) == (4, 1)
    assert (of_client.first_port, of_client.last_port) == (40003, 40007)


def test_listener_that_speaks_first_in_mid_stream_counts_as_listener() -> None:
    standing = standing_of(fed(capture(Ladder("<-- <SEQ=5001><ACK=1001><CTL=ACK><LEN=9> <--"))))
    (listener,) = standing.listeners.values()
    assert listener.key == octets_of(SERVER) + (80).to_bytes(2, "big")
    assert (listener.established, standing.clients) == (1, {})


def test_what_was_handed_over_stands_nowhere() -> None:
    engine = fed(capture(Ladder(OPEN)))
    (entry,) = engine.live_entries()
    assert isinstance(entry, Connection)
    entry.finished = True
    assert standing_of(engine).connections == 0


def test_listeners_and_clients_are_bounded() -> None:
    made = Connection(bytes(12), 1)
    made.originator.believed = made.responder.believed = ESTABLISHED
    standing = Standing(HERE, TIMING)
    for number in range(MOST_LISTENERS + 5):
        made.set_words(0xC000_0201_9C40, (0xC633_0000 + number) << 16 | 80)
        standing.count([made], START_NS)
    assert standing.connections == MOST_LISTENERS + 5
    assert len(standing.listeners) == len(standing.clients) == MOST_LISTENERS
