"""Tables, summaries and small bars of sockets."""

import csv
import io
import json

import pytest

from tcpflow_analyzer.report.page import Look
from tcpflow_analyzer.report.socket_table import SocketRow, SocketTimer
from tcpflow_analyzer.report.socket_text import (
    census_csv,
    census_json,
    census_text,
    sparkline,
    summary_csv,
    summary_json,
    summary_text,
    table_csv,
    table_json,
    table_text,
    timer_text,
)
from tcpflow_analyzer.report.state_census import Peak, Series
from tcpflow_analyzer.tcp.states import State

SECOND = 1_000_000_000
ROWS = [
    SocketRow(
        1, "192.0.2.1", 40000, "2001:db8::2", 443, State.TIME_WAIT, "observed",
        (State.TIME_WAIT,), SocketTimer("timewait", 41 * SECOND, 0), 99,
    ),
    SocketRow(
        2, "192.0.2.1", 40001, "192.0.2.2", 80, State.ESTABLISHED, "inferred",
        (State.ESTABLISHED, State.CLOSED), None,
    ),
]  # fmt: skip
SERIES = Series(
    [0, SECOND, 2 * SECOND],
    {State.ESTABLISHED: [0, 7, 1], State.TIME_WAIT: [0, 0, 4]},
    {State.ESTABLISHED: [0, 8, 1], State.TIME_WAIT: [0, 0, 4]},
    {State.ESTABLISHED: Peak(8, SECOND), State.TIME_WAIT: Peak(4, 2 * SECOND)},
)


def test_table_looks_like_that_of_ss() -> None:
    assert table_text(ROWS, Look()).splitlines() == [
        "State        Local Address:Port  Peer Address:Port  Timer           Certainty",
        "TIME-WAIT    192.0.2.1:40000     [2001:db8::2]:443  timewait,41sec  observed",
        "ESTABLISHED  192.0.2.1:40001     192.0.2.2:80                       inferred, or CLOSED",
    ]


@pytest.mark.parametrize(
    ("remaining_ns", "text"),
    [
        (200_000_000, "200ms"),
        (1_640_000_000, "1.6sec"),
        (41_900_000_000, "41sec"),
        (119 * SECOND, "1min59sec"),
        (600 * SECOND, "10min"),
    ],
)
def test_timers_are_written_as_ss_does(remaining_ns: int, text: str) -> None:
    assert timer_text(SocketTimer("timewait", remaining_ns, 0)) == f"timewait,{text}"
    assert timer_text(SocketTimer("on", remaining_ns, 3)) == f"on,{text},3"


def test_json_is_that_of_the_contract() -> None:
    value = json.loads("".join(table_json(ROWS, 5)))
    assert value["at_ns"] == 5
    first, second = value["sockets"]
    assert list(first) == [
        "connection", "local", "peer", "state", "certainty", "possible_states", "timer",
    ]  # fmt: skip
    assert first["peer"] == {"address": "2001:db8::2", "port": 443}
    assert first["timer"]["remaining_ns"] == 41 * SECOND
    assert second["timer"] is None
    assert second["possible_states"] == ["ESTABLISHED", "CLOSED"]
    assert json.loads("".join(table_json([], 5))) == {"at_ns": 5, "sockets": []}


def test_summary_counts_states_and_what_is_not_proven() -> None:
    assert summary_text(ROWS, Look()).splitlines() == [
        "Total: 2 sockets",
        "ESTABLISHED          1   1 not proven",
        "TIME-WAIT            1",
    ]
    assert json.loads(summary_json(ROWS, 5)) == {
        "at_ns": 5,
        "sockets": 2,
        "by_state": {"ESTABLISHED": 1, "TIME-WAIT": 1},
    }
    assert summary_csv(ROWS) == "state,sockets\nESTABLISHED,1\nTIME-WAIT,1\n"


def test_csv_has_a_line_for_each_socket_and_each_time() -> None:
    first, second = csv.DictReader(io.StringIO(table_csv(ROWS)))
    assert (first["timer"], first["timer_remaining_ns"]) == ("timewait", "41000000000")
    assert (second["possible_states"], second["timer"]) == ("ESTABLISHED CLOSED", "")
    assert census_csv(SERIES).splitlines() == [
        "time_ns,ESTABLISHED,TIME-WAIT",
        "0,0,0",
        "1000000000,7,0",
        "2000000000,1,4",
    ]


def test_census_has_bars_peaks_and_last_numbers() -> None:
    assert census_text(SERIES, Look()).splitlines() == [
        "ESTABLISHED    █▁  peak 8 at +1.000 s, 1 at the end",
        "TIME-WAIT       █  peak 4 at +2.000 s, 4 at the end",
        "              from +0 to +2.000 s",
    ]
    assert census_text(SERIES, Look(), is_ascii=True).isascii()
    assert census_text(SERIES, Look(encoding="ascii")).isascii()
    assert census_text(Series([], {}, {}, {}), Look()) == "no sockets\n"
    assert json.loads(census_json(SERIES))["peaks"]["TIME-WAIT"] == {
        "count": 4,
        "time_ns": 2 * SECOND,
    }


def test_bars_show_the_highest_of_what_they_stand_for() -> None:
    assert sparkline([0, 0, 9, 0, 0, 0], 3) == " █ "
    assert sparkline([1, 1000], 2) == "▁█"
    assert sparkline([0, 0], 5) == "  "
    assert sparkline([3, 4], 80, " x") == "xx"


@pytest.mark.parametrize("width", [40, 80, 200])
def test_census_keeps_to_the_width(width: int) -> None:
    counts = {State.ESTABLISHED: [5] * 1000}
    many = Series(list(range(1000)), counts, counts, {State.ESTABLISHED: Peak(5, 0)})
    lines = census_text(many, Look(width=width)).splitlines()
    assert max(map(len, lines)) <= max(width, 60)
