"""The engine that tells whose each segment is."""

from pathlib import Path

import pytest

from support.capture_builder import SECOND_NS, START_NS, pcap
from support.evidence import exchange_with_evidence
from support.ladder import Ladder, capture
from support.small_captures import closed, exchange
from tcpflow_analyzer.decode.segment import Segment
from tcpflow_analyzer.errors import InputError, UsageError
from tcpflow_analyzer.pipeline import Run, Until, analyze, time_of_frame
from tcpflow_analyzer.report.record import ConnectionRecord, connection_record
from tcpflow_analyzer.settings import Settings
from tcpflow_analyzer.table.connection import Connection


class Listener:
    """Writes down what it hears: (connection, frame), with a minus where it is given back."""

    def __init__(self) -> None:
        """Nothing was heard yet."""
        self.heard: list[tuple[int, int]] = []
        self.evidence: list[tuple[int, int]] = []

    def take_segment(
        self, connection: Connection, from_originator: bool, segment: Segment, classes: int
    ) -> None:
        self.heard.append((connection.number, segment.frame))

    def take_evidence(self, connection: Connection, frame: int) -> None:
        self.evidence.append((connection.number, frame))

    def give_back(self, connection: Connection, frame: int) -> None:
        self.heard.append((connection.number, -frame))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A capture of one connection in nine frames, a millisecond apart."""
    file = tmp_path / "a.pcap"
    file.write_bytes(closed())
    return file


def states_until(path: Path, until: Until) -> list[str]:
    """The states in which a run that ends at a moment leaves the only connection's ends."""
    sink = Records()
    Run([str(path)], Settings(), [sink], until=until).run()
    return [
        f"{each.originator.state_at_capture_end}/{each.responder.state_at_capture_end}"
        for each in sink.records
    ]


class Records:
    """A sink that keeps records."""

    wants_connections = True
    wants_facts = False
    wants_first = 0

    def __init__(self) -> None:
        """Begin without records."""
        self.records: list[ConnectionRecord] = []

    def connection(self, connection: Connection, findings: object) -> None:
        self.records.append(connection_record(connection, (), (None, None)))

    def begin(self, start: object) -> None: ...

    def finding(self, finding: object) -> None: ...

    def more_of(self, code: str, name: str, severity: object) -> None: ...

    def flush(self) -> None: ...

    def end(self, capture: object, summary: object) -> None: ...


def test_each_segment_is_told_once_in_order(path: Path) -> None:
    listener = Listener()
    Run([str(path)], Settings(), [Records()], tracer=listener).run()
    assert listener.heard == [(1, frame) for frame in range(1, 10)]


def test_accepted_syn_is_given_back_first(tmp_path: Path) -> None:
    path = tmp_path / "a.pcap"
    path.write_bytes(
        capture(
            Ladder("""
                --> <SEQ=1000><CTL=SYN> -->
                <-- <SEQ=5000><ACK=1001><CTL=SYN,ACK> <--
                --> <SEQ=1001><ACK=5001><CTL=ACK> -->
                --> <SEQ=900000><CTL=SYN> -->
                <-- <SEQ=70000><ACK=900001><CTL=SYN,ACK> <--
            """)
        )
    )
    listener = Listener()
    Run([str(path)], Settings(), [Records()], tracer=listener).run()
    assert listener.heard[3:] == [(1, 4), (1, -4), (2, 4), (2, 5)]


def test_frames_that_have_to_do_with_a_connection_are_told(tmp_path: Path) -> None:
    path = tmp_path / "a.pcap"
    path.write_bytes(pcap(exchange_with_evidence()))
    listener = Listener()
    Run([str(path)], Settings(), [Records()], tracer=listener).run()
    assert listener.heard == [(1, 1), (1, 2), (1, 3), (1, 4), (1, 8)]
    assert listener.evidence == [(1, 5), (1, 6), (1, 6), (1, 7), (1, 9)]


def test_first_fragment_is_told_though_the_others_are_missing(tmp_path: Path) -> None:
    path = tmp_path / "a.pcap"
    path.write_bytes(pcap([*exchange_with_evidence()[:6], *exchange(40001, START_NS + SECOND_NS)]))
    listener = Listener()
    Run([str(path)], Settings(), [Records()], tracer=listener).run()
    assert listener.evidence == [(1, 5), (1, 6)]


def test_tracing_changes_no_result(path: Path) -> None:
    sink = Records()
    Run([str(path)], Settings(), [sink], tracer=Listener()).run()
    (record,) = sink.records
    (expected,) = analyze(path).connections
    assert record.transitions == expected.transitions
    assert record.analysis == expected.analysis


@pytest.mark.parametrize(
    ("until", "states"),
    [
        (Until(frame=1), "SYN-SENT/CLOSED"),
        (Until(frame=3), "ESTABLISHED/ESTABLISHED"),
        (Until(frame=8), "TIME-WAIT/LAST-ACK"),
        (Until(after_ns=2_000_000), "ESTABLISHED/ESTABLISHED"),
        (Until(after_ns=1_999_999), "ESTABLISHED/SYN-RECEIVED"),
        (Until(after_ns=59_000_000_000), "TIME-WAIT/CLOSED"),
        (Until(after_ns=61_000_000_000), "CLOSED/CLOSED"),
    ],
)
def test_run_ends_at_a_moment(path: Path, until: Until, states: str) -> None:
    assert states_until(path, until) == [states]


def test_run_until_before_the_first_frame_finds_nothing(path: Path) -> None:
    assert states_until(path, Until(time_ns=1)) == []


def test_frame_that_is_not_there_is_named(path: Path) -> None:
    with pytest.raises(InputError, match="there is no frame 10, the last is 9"):
        time_of_frame([path], 10, Settings())
    with pytest.raises(UsageError, match="cannot be read twice"):
        time_of_frame(["-"], 1, Settings())
