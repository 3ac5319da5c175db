"""The loop over frames: what is handed over when, counts, and times that no read size changes."""

import contextlib
import random
import sys
import tempfile
from pathlib import Path

import pytest

from benchmarks.hostile import CASES
from support import container_builder as build
from support.capture_builder import (
    SECOND_NS,
    START_NS,
    Segment,
    clock_packet,
    ethernet,
    packet,
    pcap,
)
from support.ladder import Ladder, Socket, capture, merged
from support.openings import CLOSED_BY_A, OPEN
from support.states import Json, analysis_of_octets, codes, sides_of_octets
from tcpflow_analyzer.decode.decoder import Decoder
from tcpflow_analyzer.engine import Engine
from tcpflow_analyzer.settings import Settings
from tcpflow_analyzer.sources.recording import Recording
from tcpflow_analyzer.tcp.control_bits import ACK, SYN

ABORTED = OPEN + "--> <SEQ=1001><ACK=5001><CTL=RST,ACK> -->\n"
REFUSED = "--> <CTL=SYN> -->\n<-- <SEQ=0><ACK=1001><CTL=RST,ACK> <--\n"


def clocks(count: int, every_s: int, start_ns: int = START_NS) -> list[tuple[int, bytes]]:
    """Frames of uninvolved hosts, so that time goes on."""
    return [
        (start_ns + number * every_s * SECOND_NS, ethernet(clock_packet()))
        for number in range(count)
    ]


@pytest.mark.parametrize(
    "straggler",
    ["<-- <SEQ=5002><ACK=1002><CTL=ACK> <--", "--> <SEQ=900000><CTL=SYN> -->"],
    ids=["ack", "syn"],
)
@pytest.mark.parametrize("after_s", [100, 239, 241, 479, 481, 1000])
@pytest.mark.parametrize(
    "before", [CLOSED_BY_A, ABORTED, REFUSED], ids=["closed", "reset", "refused"]
)
def test_stragglers_are_judged_by_their_time_and_not_by_the_reads(
    before: str, after_s: int, straggler: str
) -> None:
    frames = [*Ladder(before + f"+{after_s} s\n{straggler}").frames(), *clocks(60, 30)]
    octets = pcap(sorted(frames, key=lambda frame: frame[0]))
    whole = sides_of_octets(octets, Settings(block_octets=10**6))
    for block in (1, 100, 999):
        assert sides_of_octets(octets, Settings(block_octets=block)) == whole


def test_numbers_follow_the_first_frames() -> None:
    ladders = [
        Ladder(CLOSED_BY_A, a=Socket("192.0.2.1", 40000 + n), start_ns=START_NS + n * 1000)
        for n in range(20)
    ]
    analysis = analysis_of_octets(capture(*ladders))
    assert [c["id"] for c in analysis["connections"]] == list(range(1, 21))
    assert [c["originator"]["port"] for c in analysis["connections"]] == [
        40000 + n for n in range(20)
    ]


def test_every_frame_is_counted_once() -> None:
    frames = [*Ladder(CLOSED_BY_A).frames(), *clocks(5, 1), (START_NS, b"\0" * 60)]
    capture_ = analysis_of_octets(pcap(sorted(frames)))["capture"]
    assert capture_["frames"] == len(frames)
    assert capture_["tcp_segments"] == 7
    others = capture_["other_frames"] + sum(capture_["undecoded"].values())
    assert others == len(frames) - 7


def test_other_direction_of_a_key_is_the_same_connection() -> None:
    analysis = analysis_of_octets(capture(Ladder(OPEN)))
    assert len(analysis["connections"]) == 1


def test_same_ports_at_other_addresses_are_another_connection() -> None:
    one = Ladder(OPEN)
    other = Ladder(OPEN, b=Socket("198.51.100.2", 80))
    assert len(analysis_of_octets(capture(one, other))["connections"]) == 2


def test_retried_attempt_that_succeeds_makes_the_refusal_a_warning() -> None:
    refused = Ladder(REFUSED + "+30 s\ntick")
    success = Ladder(OPEN, a=Socket("192.0.2.1", 40001), start_ns=START_NS + 5 * SECOND_NS)
    later = Ladder(OPEN, a=Socket("192.0.2.1", 40002), start_ns=START_NS + 25 * SECOND_NS)
    assert severity_of(analysis_of_octets(capture(refused)), "HS004") == "error"
    assert severity_of(analysis_of_octets(capture(refused, success)), "HS004") == "warning"
    assert severity_of(analysis_of_octets(capture(refused, success, later)), "HS004") == "warning"


def severity_of(analysis: Json, code: str) -> str:
    return str(next(f["severity"] for f in analysis["findings"] if f["code"] == code))


def test_flood_of_syns_is_counted_to_the_last() -> None:
    source = random.Random(1)
    frames = []
    for number in range(3000):
        syn = Segment(
            f"192.0.2.{number % 250 + 1}", 1024 + number, "198.51.100.1", 80,
            seq=source.getrandbits(32), control_bits=SYN,
        )  # fmt: skip
        frames.append((START_NS + number * 1000, ethernet(packet(syn))))
    analysis = analysis_of_octets(pcap(frames))
    assert analysis["summary"]["connections"] == 3000
    assert analysis["summary"]["by_state"] == {"SYN-SENT/CLOSED": 3000}


def test_frames_out_of_order_of_time_give_a_report() -> None:
    frames = list(Ladder(CLOSED_BY_A).frames())
    backwards = [(2 * START_NS - time_ns, octets) for time_ns, octets in frames]
    analysis = analysis_of_octets(pcap(backwards))
    assert analysis["connections"][0]["frames"] == 7
    assert "CP002" not in codes(analysis)


def test_ladders_of_many_clients_do_not_disturb_each_other() -> None:
    def many(count: int) -> Json:
        ladders = [Ladder(CLOSED_BY_A, a=Socket("192.0.2.1", 30000 + n)) for n in range(count)]
        return analysis_of_octets(pcap(merged(ladders)))

    assert many(50)["summary"]["codes"]["LC004"] == 50
    states = {(c["originator"]["state"], c["responder"]["state"]) for c in many(50)["connections"]}
    assert states == {("TIME-WAIT", "CLOSED")}


def test_data_for_nobody_is_picked_up_once() -> None:
    data = Segment("192.0.2.1", 40000, "198.51.100.1", 80, 7, 9, ACK, payload=b"x")
    analysis = analysis_of_octets(pcap([(START_NS, ethernet(packet(data)))]))
    assert codes(analysis) >= {"CP001"}


def test_attempts_without_answer_make_room_before_what_is_established() -> None:
    ladders = [
        Ladder(CLOSED_BY_A.replace(OPEN, OPEN + "+90 s\n"), a=Socket("192.0.2.1", 30000 + number))
        for number in range(20)
    ]
    for number in range(100):  # in the meantime, ten SYNs a second that nobody answers
        start_ns = START_NS + 60 * SECOND_NS + number * SECOND_NS // 10
        lone = Socket("192.0.2.9", 30000 + number)
        ladders.append(Ladder("--> <CTL=SYN> -->\n", a=lone, start_ns=start_ns))
    analysis = analysis_of_octets(pcap(merged(ladders)), Settings(max_connections=40))
    outcomes = [each["handshake"]["outcome"] for each in analysis["connections"]]
    assert outcomes == ["completed"] * 20 + ["unanswered"] * 100
    # Five at a time, from the 21st attempt on, as long as attempts come.
    assert analysis["summary"]["left_out"] == {"connections": 80}


def test_connection_that_makes_another_leave_takes_its_own_first_segment() -> None:
    """A connection that was seen from its middle on, among more of them than are kept."""
    frames = []
    for number in range(12):
        data = Segment("192.0.2.1", 40000 + number % 4, "198.51.100.1", 80, 7, 9, ACK, payload=b"x")
        frames.append((START_NS + number * SECOND_NS, ethernet(packet(data))))
    analysis = analysis_of_octets(pcap(frames), Settings(max_connections=2))
    assert [each["originator"]["segments"] for each in analysis["connections"]] == [1] * 12
    assert [each["first_frame"] for each in analysis["connections"]] == [*range(1, 13)]
    assert analysis["summary"]["left_out"] == {"connections": 10}


def test_connections_leave_although_nothing_comes_after_their_last_segment() -> None:
    """The ACK of the second FIN, and a RST, arrive half a round trip after the last frame."""
    ladders = [
        Ladder(before, a=Socket("192.0.2.1", 40000 + number))
        for number, before in enumerate([CLOSED_BY_A, ABORTED])
    ]
    frames = [frame for ladder in ladders for frame in ladder.frames()] + clocks(60, 30)
    left: list[int] = []
    engine = Engine(Settings(), Decoder(False, False, None), lambda made: left.append(made.number))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "made.pcap"
        path.write_bytes(pcap(sorted(frames, key=lambda frame: frame[0])))
        with contextlib.closing(Recording([str(path)])) as recording:
            for walk, until_ns in recording.steps():
                engine.run(walk, until_ns)
    assert sorted(left) == [1, 2]
    engine.finish()
    assert len(left) == 2


def clocked_capture(ladder: Ladder, writer: bytes, *clocks_s: int) -> bytes:
    """The ladder's frames as pcapng, each clock in front of the first frame that is later."""
    head = build.section(options=build.option(4, writer))
    blocks = [(at, build.enhanced(octets, at)) for at, octets in ladder.frames()]
    times = [START_NS + each * SECOND_NS for each in clocks_s]
    blocks += [(at, build.statistics(0, b"", ticks=at)) for at in times]
    body = b"".join(octets for _, octets in sorted(blocks))
    return head + build.interface(options=build.option(9, b"\x09")) + body


@pytest.mark.parametrize("block", [100, 65_536])
def test_clock_record_lets_timers_run_without_a_frame(block: int) -> None:
    settings = Settings(block_octets=block)
    ladder = Ladder(CLOSED_BY_A)
    for clock_s, state in ((59, "TIME-WAIT"), (61, "CLOSED")):
        octets = clocked_capture(ladder, b"tcpflow-analyzer 0", clock_s)
        analysis = analysis_of_octets(octets, settings)
        assert analysis["connections"][0]["originator"]["state_at_capture_end"] == state
        assert analysis["capture"]["last_time_ns"] == START_NS + clock_s * SECOND_NS
    others = analysis_of_octets(clocked_capture(ladder, b"mergecap", 61), settings)
    assert others["connections"][0]["originator"]["state_at_capture_end"] == "TIME-WAIT"


def test_clock_record_before_the_first_frame_is_no_beginning() -> None:
    analysis = analysis_of_octets(
        clocked_capture(Ladder(CLOSED_BY_A), b"tcpflow-analyzer 0", -2, -1)
    )
    assert analysis["capture"]["first_time_ns"] == START_NS


def test_two_sockets_have_two_live_incarnations_at_most(tmp_path: Path) -> None:
    """Each SYN on a half-dead connection left the one before it alive, beside the table's limit."""
    path = tmp_path / "noise.pcap"
    path.write_bytes(b"".join(CASES["noise"].blocks(4000)))
    engine = Engine(Settings(), Decoder(False, False, None), lambda _: None, None)
    recording = Recording([str(path)])
    for walk, until_ns in recording.steps():
        engine.run(walk, until_ns)
        live = [entry for entry in engine.live_entries() if entry is not None]
        assert len(live) <= 2 * 4  # pairs
    assert engine.connections > 40


@pytest.mark.slow
@pytest.mark.parametrize("name", ["attempts-at-once", "midstream-at-once"])
def test_what_came_and_went_leaves_memory_while_time_stands_still(
    tmp_path: Path, name: str
) -> None:
    """Queues that only a sweep shortens, once a second of the capture, grew without end."""
    path = tmp_path / "still.pcap"
    path.write_bytes(b"".join(CASES[name].blocks(20_000)))
    settings = Settings(max_connections=1_000, max_remembered=100)
    engine = Engine(settings, Decoder(False, False, None), lambda _: None, None)
    held = []
    with contextlib.closing(Recording([str(path)])) as recording:
        for walk, until_ns in recording.steps():
            engine.run(walk, until_ns)
            held.append(sys.getallocatedblocks())
    assert engine.connections == 20_000
    # 8,192 answered requests, two blocks each, may stay in their queue; the leaks were 140,000.
    assert max(held) - held[1] < 2 * 8_192 + 12_000, held
