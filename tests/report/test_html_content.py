"""What a page says, as plain values."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from support.places import FIXTURES, RECORDINGS
from support.report_samples import START_NS, make_capture, make_finding, make_summary
from tcpflow_analyzer.exchange import Choice, Exchange, read_exchanges
from tcpflow_analyzer.findings.registry import rules
from tcpflow_analyzer.report.frame_names import FrameNames
from tcpflow_analyzer.report.groups import Group
from tcpflow_analyzer.report.html_content import (
    LINES_AFTER,
    LINES_BEFORE,
    census_data,
    connection_data,
    explanation_content,
    finding_content,
    group_content,
    peaks_content,
    rows_data,
    summary_content,
)
from tcpflow_analyzer.report.html_report import Drawn, HtmlReport, PageLimits, Row
from tcpflow_analyzer.report.state_census import Peak, Series
from tcpflow_analyzer.report.totals import CaptureFile
from tcpflow_analyzer.report.wording import Clock
from tcpflow_analyzer.tcp.states import State

NAMES = FrameNames()
CLOCK = Clock("relative", START_NS, START_NS + 2_000_000_000)


def drawn_of(each: Exchange) -> Drawn:
    return Drawn(each.connection, each.findings, b"", 4, 0, 0)


def data_of(path: Path) -> dict[str, Any]:
    (each,) = read_exchanges([path], Choice(numbers=frozenset([1])))
    return connection_data(drawn_of(each), each.rungs, NAMES)


@pytest.fixture(scope="module")
def simultaneous() -> dict[str, Any]:
    """A simultaneous close, in which a state is taken back."""
    return data_of(RECORDINGS / "simultaneous_close@client.pcap")


def test_summary_names_each_file_and_what_is_wrong_with_it() -> None:
    files = [CaptureFile(f"{n}.pcap", "pcap", ("EN10MB",), 1, 1, False, None) for n in range(25)]
    files[3] = files[3]._replace(error="octet 24: damaged")
    capture = make_capture()._replace(files=tuple(files))
    found = summary_content(HtmlReport(PageLimits()), capture, make_summary(7))
    assert len(found["files"]) == 20
    assert found["files_left_out"] == 5
    assert found["files"][3] == {
        "name": "3.pcap", "what": "pcap, Ethernet, 1 frame", "error": "octet 24: damaged",
    }  # fmt: skip
    facts = dict(found["facts"])
    assert facts["Connections"] == "7 connections: 7 completed"
    assert facts["Who closed first"] == "originator 7"
    assert [each["text"] for each in found["counts"]] == ["0 errors", "1 warning", "0 facts"]


def test_summary_without_connections_says_what_the_capture_holds() -> None:
    found = summary_content(HtmlReport(PageLimits()), make_capture(10, 0), make_summary(0))
    assert dict(found["facts"])["Connections"].startswith("0 TCP segments; the filter leaves")
    chosen = make_summary(0)._replace(chosen_of=5)
    facts = dict(summary_content(HtmlReport(PageLimits()), make_capture(), chosen)["facts"])
    assert facts["Connections"] == "none"
    assert facts["Chosen"] == "of 5 connections: "


def test_group_has_examples_in_time_order_and_counts_the_rest() -> None:
    group = Group("CL005", "close-wait-stuck", "error", 2)
    for number, after_ns in ((1, 9), (2, 3), (3, 5)):
        group.add(make_finding(connection=number, after_ns=after_ns, subject="x"), None, None)
    found = group_content(group, rules()["CL005"], NAMES, CLOCK, {2})
    assert [(each["connection"], each["is_drawn"]) for each in found["examples"]] == [
        (2, True),
        (1, False),
    ]
    assert found["more"] == 1
    assert found["summary"] == rules()["CL005"].summary


def test_finding_tells_its_evidence() -> None:
    found = finding_content(make_finding(frames=(4, 5), frame_count=9), NAMES)
    assert found["frames"] == "4, 5 and 7 more"
    assert found["message"] == "received FIN (frame 4), nothing for 61.500 s"
    assert found["why"] == "the FIN was acknowledged"


@pytest.mark.parametrize("code", ["CL005", "RS001", "TW003"])
def test_explanation_has_every_word_of_the_definition(code: str) -> None:
    rule = rules()[code]
    found = explanation_content(rule)
    words = " ".join(
        " ".join([block["head"], block["text"], *block["entries"]]) for block in found["blocks"]
    ).split()
    assert words == [word for word in rule.definition.split() if word != "-"]
    assert "What to do:" in [block["head"] for block in found["blocks"]]


def test_rows_are_in_microseconds_from_the_first_frame() -> None:
    row = Row(
        7, "192.0.2.1:1", "192.0.2.2:2", "refused", "", "reset", "CLOSED / CLOSED", "HS004",
        START_NS + 1_500, 2_000_000, -1, 10, 20, 30, 4, 2,
    )  # fmt: skip
    (found,) = rows_data([row], {7}, START_NS)
    assert found[:6] == [7, "192.0.2.1:1", "192.0.2.2:2", 1.5, 2000, -1]
    assert found[-2:] == [2, 1]


def test_census_is_what_was_highest() -> None:
    series = Series(
        [START_NS, START_NS + 1_000_000],
        {State.TIME_WAIT: [0, 3]},
        {State.TIME_WAIT: [0, 9]},
        {State.TIME_WAIT: Peak(1234, START_NS + 500_000)},
    )
    assert census_data(series) == {"times": [0, 1000], "states": {"TIME-WAIT": [0, 9]}}
    assert peaks_content(series) == [
        {"state": "TIME-WAIT", "most": "1,234", "when": "+0.001 s", "last": "3"}
    ]
    assert census_data(Series([], {}, {}, {})) == {"times": [], "states": {}}
    assert peaks_content(Series([], {}, {}, {})) == []


def test_ladder_has_every_segment_with_the_states_behind_it(simultaneous: dict[str, Any]) -> None:
    segments = [line for line in simultaneous["lines"] if line[0] == "segment"]
    assert [line[1] for line in segments] == [str(number) for number in range(1, 12)]
    assert [line[4] for line in segments] == [0, 1, 0, 0, 1, 1, 0, 0, 1, 0, 1]
    fin = segments[7]
    assert fin[5].startswith("FIN ACK seq 101")
    assert fin[6:8] == ["FIN-WAIT-1", "observed"]
    assert fin[9:11] == ["CLOSE-WAIT", "inferred"]
    assert [line[12] for line in simultaneous["lines"] if line[12]] == ["correction"]


def test_path_of_each_end_is_that_of_its_transitions(simultaneous: dict[str, Any]) -> None:
    moves = simultaneous["moves"]
    originator = [(move[3], move[4]) for move in moves if move[0] == 0]
    assert originator[0] == ("CLOSED", "SYN-SENT")
    assert [later[0] for later in originator[1:]] == [earlier[1] for earlier in originator[:-1]]
    assert originator[-1] == ("CLOSING", "TIME-WAIT")
    assert [move[3:5] for move in moves if move[8]] == [["CLOSE-WAIT", "ESTABLISHED"]]


def test_both_ends_are_told_with_their_certainty(simultaneous: dict[str, Any]) -> None:
    one, other = simultaneous["ends"]
    assert (one["socket"], one["state"], one["certainty"]) == (
        "10.9.12.1:40000", "TIME-WAIT", "inferred",
    )  # fmt: skip
    assert one["others"] == ["CLOSING"]
    assert other["state"] == "TIME-WAIT"
    assert dict(simultaneous["facts"])["Zeek"].startswith("conn_state SF")


def test_graphs_are_of_the_directions_with_data(simultaneous: dict[str, Any]) -> None:
    assert [(graph["of"], graph["who"]) for graph in simultaneous["graphs"]] == [
        (0, "10.9.12.1:40000"),
        (1, "10.9.12.2:8080"),
    ]
    graph = simultaneous["graphs"][0]
    assert len(graph["sent"]) == 4 * 3  # SYN, data, FIN
    assert graph["sent"][5:8] == [1, 101, 0]
    refused = data_of(FIXTURES / "findings" / "HS004-connection-refused" / "fires.pcap")
    assert refused["graphs"] == []


def test_middle_of_a_long_ladder_is_left_out_and_told() -> None:
    (each,) = read_exchanges([RECORDINGS / "half_close.pcap"], Choice())
    rungs: Sequence[Any] = [
        rung._replace(options="", control_bits=rung.control_bits | 1, frame=1000 + place)
        for place, rung in enumerate(list(each.rungs) * 3)
    ]
    data = connection_data(drawn_of(each), rungs, NAMES)
    assert len(data["lines"]) == LINES_BEFORE + LINES_AFTER + 1
    fold = data["lines"][LINES_BEFORE]
    assert fold[0] == "fold"
    assert "lines are left out: tcpflow show draws them" in fold[5]


def test_frames_of_several_files_are_named(simultaneous: dict[str, Any]) -> None:
    (each,) = read_exchanges([RECORDINGS / "simultaneous_close@client.pcap"], Choice())
    names = FrameNames(2, lambda frame: ("b.pcap", frame))
    data = connection_data(drawn_of(each), each.rungs, names)
    assert [line[1] for line in data["lines"] if line[0] == "segment"][:2] == [
        "b.pcap:1",
        "b.pcap:2",
    ]
    assert data["moves"][0][2] == "b.pcap:1"
    assert simultaneous["moves"][0][2] == "1"
