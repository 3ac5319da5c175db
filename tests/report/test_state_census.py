"""Counts of sockets over time."""

from pathlib import Path

import pytest

from support.capture_builder import SECOND_NS, START_NS, pcap
from support.small_captures import clock, closed, exchange
from tcpflow_analyzer.pipeline import Run
from tcpflow_analyzer.report import state_census
from tcpflow_analyzer.report.state_census import Peak, Series, StateCensus
from tcpflow_analyzer.settings import Settings
from tcpflow_analyzer.tcp.states import State

MILLISECOND_NS = 1_000_000


def series_of(path: Path, step_ns: int | None = None) -> Series:
    """The counts over a capture."""
    census = StateCensus()
    run = Run([str(path)], Settings(), [census])
    census.watch(lambda: run.now_ns)
    run.run()
    return census.series(step_ns)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Ten connections, a second apart, and a frame 40 seconds after they began."""
    frames = [
        frame
        for number in range(10)
        for frame in exchange(40000 + number, START_NS + number * SECOND_NS)
    ]
    file = tmp_path / "a.pcap"
    file.write_bytes(pcap([*frames, *clock(START_NS + 65 * SECOND_NS)]))
    return file


def test_time_wait_grows_and_goes(path: Path) -> None:
    series = series_of(path, SECOND_NS)
    assert series.times_ns[:2] == [START_NS, START_NS + SECOND_NS]
    assert series.times_ns[-1] == START_NS + 65 * SECOND_NS
    counts = series.counts[State.TIME_WAIT]
    assert counts[:12] == [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 10]
    assert counts[60:] == [10, 9, 8, 7, 6, 5]
    peak = series.peaks[State.TIME_WAIT]
    assert peak.sockets == 10
    assert 0 <= peak.time_ns - (START_NS + 9 * SECOND_NS + 7 * MILLISECOND_NS) < MILLISECOND_NS


def test_short_states_are_in_the_peaks(tmp_path: Path) -> None:
    path = tmp_path / "a.pcap"
    path.write_bytes(closed())
    series = series_of(path, 500 * MILLISECOND_NS)
    assert series.peaks[State.SYN_SENT] == Peak(1, START_NS)
    assert series.peaks[State.ESTABLISHED].sockets == 2
    assert series.counts[State.ESTABLISHED] == [0, 0]
    assert series.highest[State.ESTABLISHED] == [0, 2]
    assert State.CLOSED not in series.counts
    assert State.LISTEN not in series.counts


def test_counts_of_one_time_are_all_sockets(path: Path) -> None:
    series = series_of(path)
    at = series.times_ns.index(START_NS + 5 * SECOND_NS)
    assert {str(state): counts[at] for state, counts in series.counts.items() if counts[at]} == {
        "TIME-WAIT": 5,
        "SYN-SENT": 1,
    }


def test_memory_is_bounded_and_the_counts_stay(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = series_of(path, SECOND_NS).counts[State.TIME_WAIT]
    monkeypatch.setattr(state_census, "MOST_BUCKETS", 24)
    coarse = series_of(path, 10 * SECOND_NS)
    assert len(coarse.times_ns) < 24
    at = [(time - START_NS) // SECOND_NS for time in coarse.times_ns]
    got = coarse.counts[State.TIME_WAIT]
    # A bucket of some seconds counts what comes within it.
    assert all(abs(got[n] - expected[at[n]]) <= 4 for n in range(len(at)))


def test_only_chosen_states_and_sockets(tmp_path: Path) -> None:
    path = tmp_path / "a.pcap"
    path.write_bytes(closed())
    census = StateCensus(lambda row: row.local_port == 80)
    run = Run([str(path)], Settings(), [census])
    census.watch(lambda: run.now_ns)
    run.run()
    series = census.series()
    assert State.TIME_WAIT not in series.counts
    assert list(series.of([State.LAST_ACK]).counts) == [State.LAST_ACK]
    assert list(series.of([State.LAST_ACK]).peaks) == [State.LAST_ACK]


def test_capture_without_connections_has_no_series() -> None:
    assert StateCensus().series() == Series([], {}, {}, {})
