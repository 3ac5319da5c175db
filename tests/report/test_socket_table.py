"""Sockets of a moment."""

from pathlib import Path

import pytest

from support.capture_builder import SECOND_NS, START_NS, pcap
from support.ladder import Ladder, capture
from support.small_captures import closed, exchange, refused
from tcpflow_analyzer.pipeline import Run, Until
from tcpflow_analyzer.report.socket_table import SocketRow, SocketTable, SocketTimer
from tcpflow_analyzer.settings import Settings


def rows_of(path: Path, until: Until | None, settings: Settings | None = None) -> list[SocketRow]:
    """The sockets of a capture at a moment, or at its end."""
    table = SocketTable(at_capture_end=until is None)
    run = Run([str(path)], settings or Settings(), [table], until=until)
    table.watch(lambda: run.now_ns)
    run.run()
    return table.rows()


def states_of(path: Path, until: Until | None) -> list[tuple[str, str, str]]:
    """Socket, state and certainty of each row."""
    return [(row.local, str(row.state), row.certainty) for row in rows_of(path, until)]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A capture of one connection in nine frames, a millisecond apart."""
    file = tmp_path / "a.pcap"
    file.write_bytes(closed())
    return file


def test_each_end_that_is_not_closed_has_a_row(path: Path) -> None:
    client, server = "192.0.2.1:40000", "198.51.100.1:80"
    assert states_of(path, Until(frame=1)) == [(client, "SYN-SENT", "observed")]
    assert states_of(path, Until(frame=4)) == [
        (client, "ESTABLISHED", "observed"),
        (server, "ESTABLISHED", "inferred"),
    ]
    assert states_of(path, None) == [(client, "TIME-WAIT", "observed")]


def test_what_is_on_its_way_has_not_arrived_at_the_moment_but_has_at_the_end(
    tmp_path: Path,
) -> None:
    path = tmp_path / "a.pcap"
    path.write_bytes(
        capture(
            Ladder("""
                --> <SEQ=1000><CTL=SYN> -->
                +1 s
                <-- <SEQ=5000><ACK=1001><CTL=SYN,ACK> <--
                --> <SEQ=1001><ACK=5001><CTL=ACK> -->
                +5 s
                --> <SEQ=1001><ACK=5001><CTL=FIN,ACK> -->
            """)
        )
    )
    assert [state for _, state, _ in states_of(path, Until(frame=4))][1] == "ESTABLISHED"
    later = rows_of(path, None)[1]
    assert (str(later.state), later.certainty) == ("CLOSE-WAIT", "inferred")
    assert [str(state) for state in later.possible_states] == [
        "SYN-RECEIVED",
        "ESTABLISHED",
        "CLOSE-WAIT",
    ]


def test_time_wait_counts_down_and_goes(path: Path) -> None:
    (row,) = rows_of(path, Until(time_ns=START_NS + 20 * SECOND_NS))
    assert row.timer == SocketTimer("timewait", 40 * SECOND_NS + 8_000_000, 0)
    assert rows_of(path, Until(time_ns=START_NS + 60 * SECOND_NS + 8_000_000)) == []


def test_time_wait_follows_the_profile(path: Path) -> None:
    until = Until(time_ns=START_NS + 100 * SECOND_NS)
    (row,) = rows_of(path, until, Settings(profiles={"": "rfc"}))
    assert row.timer is not None
    assert row.timer.remaining_ns == 140 * SECOND_NS + 8_000_000


def test_refused_connection_has_no_socket_left(tmp_path: Path) -> None:
    path = tmp_path / "a.pcap"
    path.write_bytes(refused())
    assert rows_of(path, None) == []


def test_retransmission_timer_doubles(tmp_path: Path) -> None:
    path = tmp_path / "a.pcap"
    (at, syn), *_ = exchange()
    path.write_bytes(pcap([(at, syn), (at + SECOND_NS, syn)]))
    (first,) = rows_of(path, Until(after_ns=SECOND_NS // 4))
    assert first.timer == SocketTimer("on", 3 * SECOND_NS // 4, 0)
    (second,) = rows_of(path, Until(after_ns=2 * SECOND_NS))
    assert second.timer == SocketTimer("on", SECOND_NS, 1)
    # Its next copy should have come and did not: it is believed to have given up.
    assert rows_of(path, Until(after_ns=5 * SECOND_NS)) == []


def test_rows_are_chosen_while_they_are_collected(path: Path) -> None:
    table = SocketTable(lambda row: row.local_port == 80)
    run = Run([str(path)], Settings(), [table], until=Until(frame=4))
    table.watch(lambda: run.now_ns)
    run.run()
    assert [(row.local, row.peer) for row in table.rows()] == [
        ("198.51.100.1:80", "192.0.2.1:40000")
    ]
