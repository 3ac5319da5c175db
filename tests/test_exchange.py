"""Connections with their segments: the attribution is the analysis's own."""

from dataclasses import replace
from ipaddress import ip_network
from pathlib import Path

import pytest

import tcpflow_analyzer as ta
from support.capture_builder import SECOND_NS, START_NS, Segment, ethernet, packet, pcap
from support.evidence import exchange_with_evidence
from support.ladder import Ladder, capture
from support.places import RECORDINGS
from support.small_captures import CLIENT, SERVER, exchange, mixed
from tcpflow_analyzer.errors import UsageError
from tcpflow_analyzer.exchange import (
    Choice,
    Exchange,
    Wanted,
    read_capture,
    read_exchanges,
    read_segments,
)
from tcpflow_analyzer.pipeline import Run
from tcpflow_analyzer.report.sink import Start
from tcpflow_analyzer.settings import Settings
from tcpflow_analyzer.table.connection import Connection
from tcpflow_analyzer.tcp.control_bits import ACK, SYN


def test_every_segment_is_of_the_connection_that_the_analysis_gives_it_to() -> None:
    for name in ("time_wait_port_reuse.pcap", "reordering@client.pcap", "syn_in_established.pcap"):
        path = RECORDINGS / name
        analysis = ta.analyze(path)
        exchanges = read_exchanges([path], Choice())
        assert [each.connection for each in exchanges] == list(analysis.connections)
        for each in exchanges:
            frames = [rung.frame for rung in each.rungs]
            assert len(frames) == each.connection.frames
            assert frames == sorted(frames)
            assert frames[0] == each.connection.first_frame
            assert frames[-1] == each.connection.last_frame


def test_classes_of_segments_add_up_to_the_counts_of_the_analysis() -> None:
    path = RECORDINGS / "zero_window.pcap"
    (each,) = read_exchanges([path], Choice(numbers=frozenset([1])))
    names = [name for rung in each.rungs for name in rung.class_names()]
    counts = {name: count for name, count in each.connection.analysis.items() if count}
    assert {name: names.count(name) for name in counts} == counts
    assert counts["zero_window"] > 0


def test_evidence_is_that_of_the_chosen_connection(tmp_path: Path) -> None:
    path = tmp_path / "a.pcap"
    path.write_bytes(pcap(sorted([*exchange_with_evidence(), *exchange(40001, START_NS + 1)])))
    exchanges, whole = read_capture([path], Choice())
    frames = {number: {rung.frame for rung in each.rungs} for number, each in enumerate(exchanges)}
    assert [len(each.evidence) for each in exchanges] == [4, 0]
    assert not set(exchanges[0].evidence) & (frames[0] | frames[1])
    assert read_exchanges([path], Choice.of([2]))[0].evidence == ()
    assert whole is not None
    assert (whole.frames, whole.last_time_ns) == (18, START_NS + 8_000_001)
    assert read_capture([path], Choice.of(codes=["TW005"])) == ([], None)


def test_choice_by_number_port_and_network(tmp_path: Path) -> None:
    path = tmp_path / "a.pcap"
    path.write_bytes(mixed(6))
    every = ta.analyze(path).connections

    def numbers(choice: Choice) -> list[int]:
        return [each.connection.number for each in read_exchanges([path], choice)]

    assert numbers(Choice(numbers=frozenset([2, 5]))) == [2, 5]
    assert numbers(Choice(ports=frozenset([81]))) == [
        each.number for each in every if each.responder.port == 81
    ]
    assert len(numbers(Choice(addresses=(ip_network("192.0.2.0/24"),)))) == len(every)
    assert numbers(Choice(addresses=(ip_network("2001:db8::/32"),))) == []
    assert numbers(Choice(ports=frozenset([80]), numbers=frozenset([1]))) == []


def test_choice_by_finding_takes_two_runs_and_only_those(tmp_path: Path) -> None:
    path = tmp_path / "a.pcap"
    path.write_bytes(mixed(6))
    runs: list[Run] = []

    def work(run: Run) -> None:
        runs.append(run)
        run.run()

    exchanges = read_exchanges([path], Choice(codes=("HS004",)), work=work)
    assert len(runs) == 2
    assert exchanges
    assert all(any(one.code == "HS004" for one in each.findings) for each in exchanges)
    assert read_exchanges([path], Choice(codes=("FL",))) == []
    assert read_exchanges([path], Choice(codes=("HS004",), numbers=frozenset([999]))) == []


def test_choice_by_an_unknown_code_and_on_a_pipe_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no finding has the code 'XY'"):
        read_exchanges([tmp_path / "a.pcap"], Choice(codes=("XY",)))
    with pytest.raises(UsageError, match="cannot be read twice"):
        read_exchanges(["-"], Choice(codes=("HS004",)))


def test_syn_that_opens_a_new_incarnation_is_given_back_by_the_old_one(tmp_path: Path) -> None:
    path = tmp_path / "a.pcap"
    opened = """
        --> <SEQ=1000><CTL=SYN> -->
        <-- <SEQ=5000><ACK=1001><CTL=SYN,ACK> <--
        --> <SEQ=1001><ACK=5001><CTL=ACK> -->
    """
    again = """
        --> <SEQ=900000><CTL=SYN> -->
        <-- <SEQ=70000><ACK=900001><CTL=SYN,ACK> <--
    """
    path.write_bytes(capture(Ladder(opened + again)))
    old, new = read_exchanges([path], Choice())
    assert [rung.frame for rung in old.rungs] == [1, 2, 3]
    assert [rung.frame for rung in new.rungs] == [4, 5]


def test_incarnations_of_one_socket_pair_are_told_apart(tmp_path: Path) -> None:
    path = tmp_path / "a.pcap"
    out = Segment(CLIENT, 40000, SERVER, 80, seq=900_000, control_bits=SYN)
    back = Segment(SERVER, 80, CLIENT, 40000, seq=7, ack=900_001, control_bits=SYN | ACK)
    later = START_NS + 200 * SECOND_NS
    again = [(later + n, ethernet(packet(each))) for n, each in enumerate((out, back))]
    path.write_bytes(pcap(exchange() + again))
    first, second = read_exchanges([path], Choice())
    assert second.connection.incarnation == 2
    assert [rung.frame for rung in first.rungs] == list(range(1, 10))
    assert [rung.frame for rung in second.rungs] == [10, 11]


def test_ipv6_and_several_files_are_read_as_one_recording(tmp_path: Path) -> None:
    syn = Segment("2001:db8::1", 40000, "2001:db8::2", 80, seq=5, control_bits=SYN)
    answer = replace(
        Segment("2001:db8::2", 80, "2001:db8::1", 40000), ack=6, control_bits=SYN | ACK
    )
    paths = [tmp_path / "a.pcap", tmp_path / "b.pcap"]
    for number, (path, segment) in enumerate(zip(paths, (syn, answer), strict=True)):
        path.write_bytes(pcap([(START_NS + number, ethernet(packet(segment)))]))
    (found,) = read_exchanges(paths, Choice())
    assert [(rung.frame, rung.from_originator) for rung in found.rungs] == [(1, True), (2, False)]


class Noting:
    """A sink that notes what `read_segments` asks for."""

    wants_connections = True
    wants_facts = False
    wants_first = 0

    def __init__(self) -> None:
        """Nothing was noted yet."""
        self.wanted: list[Wanted] = []

    def connection(self, connection: Connection, findings: object) -> None:
        self.wanted.append(
            Wanted(
                connection.number,
                connection.key,
                connection.address_len,
                connection.first_frame,
                connection.frames,
            )
        )

    def begin(self, start: Start) -> None: ...

    def finding(self, finding: object) -> None: ...

    def more_of(self, code: str, name: str, severity: object) -> None: ...

    def flush(self) -> None: ...

    def end(self, capture: object, summary: object) -> None: ...


def wanted_of(path: Path, settings: Settings) -> list[Wanted]:
    """What an analysis tells of its connections, in their order."""
    sink = Noting()
    Run([str(path)], settings, [sink]).run()
    return sorted(sink.wanted)


@pytest.mark.parametrize(
    "name",
    [
        "time_wait_port_reuse.pcap",
        "reordering@client.pcap",
        "syn_in_established.pcap",
        "ipv6_close_by_client.pcap",
        "gre_tunnel.pcap",
    ],
)
def test_segments_of_some_sockets_are_those_of_the_whole_analysis(name: str) -> None:
    path = RECORDINGS / name
    wanted = wanted_of(path, Settings())[:3]
    runs: list[Run] = []

    def work(run: Run) -> None:
        runs.append(run)
        run.run()

    logs = read_segments([path], wanted, Settings(), work)
    assert len(runs) == 1
    expected = {each.connection.number: each for each in read_exchanges([path], Choice())}
    assert {number: list(log) for number, log in logs.items()} == {
        each.number: list(expected[each.number].rungs) for each in wanted
    }


def test_connection_that_a_limit_cut_in_two_is_looked_for_in_the_whole(tmp_path: Path) -> None:
    path = tmp_path / "a.pcap"
    frames = [each for port in range(6) for each in exchange(40000 + port, START_NS + port * 100)]
    path.write_bytes(pcap(sorted(frames)))
    settings = Settings(max_connections=2)
    wanted = [each for each in wanted_of(path, settings) if each.frames < 9][-2:]
    runs: list[Run] = []

    def work(run: Run) -> None:
        runs.append(run)
        run.run()

    logs = read_segments([path], wanted, settings, work)
    assert len(runs) == 2
    exchanges: dict[int, Exchange] = {
        each.connection.number: each for each in read_exchanges([path], Choice(), settings)
    }
    assert {number: list(log) for number, log in logs.items()} == {
        each.number: list(exchanges[each.number].rungs) for each in wanted
    }
