"""Assertions about the traffic of a test, without any test runner."""

from pathlib import Path

import pytest

import tcpflow_analyzer as ta
from support.capture_builder import START_NS, pcap
from support.places import FIXTURES
from support.small_captures import exchange, refusal
from tcpflow_analyzer.check import check_captures
from tcpflow_analyzer.gate.baseline import baseline_text
from tcpflow_analyzer.gate.configuration import Configuration, FailOn
from tcpflow_analyzer.testing import Traffic, UncertainFinding


@pytest.fixture
def traffic(tmp_path: Path) -> Traffic:
    """Three connections that were closed and one that was refused."""
    path = tmp_path / "a.pcap"
    frames = [
        frame
        for number in range(3)
        for frame in exchange(40000 + number, START_NS + number * 100_000_000)
    ]
    path.write_bytes(pcap(frames + refusal(40009, START_NS + 1_000_000_000)))
    return Traffic([path])


@pytest.fixture
def nothing(tmp_path: Path) -> Traffic:
    """A capture without any connection."""
    path = tmp_path / "none.pcap"
    path.write_bytes(pcap([]))
    return Traffic([path])


UNCERTAIN = FIXTURES / "findings" / "CL005-close-wait-stuck" / "fires.pcap"


def test_what_is_not_certain_enough_is_told_where_nothing_fails(tmp_path: Path) -> None:
    """CL006 is assumed by a timer of Linux."""
    traffic = Traffic([UNCERTAIN])
    said = "1 finding of CL006 is only assumed and did not count"
    for connections in (traffic, traffic.connections()):
        with pytest.warns(UncertainFinding, match=f'^{said}: certainty="assumed"$') as told:
            connections.assert_no("CL006", "RS")
        assert [each.filename for each in told] == [__file__]
    path = tmp_path / "tcpflow.toml"
    path.write_text('fail_on = ["CL006"]\n')
    with pytest.warns(UncertainFinding, match=f'^{said}: min_certainty = "assumed" in ') as told:
        traffic.assert_check(path)
    assert [each.filename for each in told] == [__file__]
    with pytest.raises(AssertionError, match="CL006"):
        traffic.assert_no("CL006", certainty="assumed")


def test_connections_are_chosen_by_port_and_address(traffic: Traffic) -> None:
    assert len(traffic.connections()) == 4
    assert len(traffic.connections(port=80)) == 3
    assert len(traffic.connections(port=81, address="198.51.100.1")) == 1
    assert len(traffic.connections(port=80, address="198.51.100.2")) == 0
    assert traffic.connections(port=80)[0].number == 1
    assert repr(traffic.connections(port=81)).startswith("<1 connection (port 81): #4 192.0.2.1:")


def test_connections_are_chosen_by_an_expression(traffic: Traffic) -> None:
    assert len(traffic.connections(where="responder.port == 81")) == 1
    assert len(traffic.connections(port=80, where="originator.port > 40000")) == 2
    assert len(traffic.connections(where='finding.code == "HS004"')) == 1
    with pytest.raises(ta.UsageError, match="column"):
        traffic.connections(where="port ==")


def test_check_of_a_configuration_passes_and_fails(traffic: Traffic, tmp_path: Path) -> None:
    path = tmp_path / "tcpflow.toml"
    expectation = '[[expect]]\nname = "web"\nwhere = "responder.port == 80"\nclosed_by = "{}"\n'
    path.write_text('ignore = ["HS004"]\n' + expectation.format("originator"))
    traffic.assert_check(path)
    path.write_text('ignore = ["HS004"]\n' + expectation.format("responder"))
    with pytest.raises(AssertionError, match="web") as error:
        traffic.assert_check(path)
    assert "closed_by" in str(error.value)
    path.write_text('fail_on = "warning"')
    with pytest.raises(AssertionError, match="HS004"):
        traffic.assert_check(path)
    result = check_captures(traffic.paths, Configuration(fail_on=FailOn("warning")))
    (tmp_path / "known.json").write_text(baseline_text(result))
    path.write_text('fail_on = "warning"\nbaseline = "known.json"\n')
    traffic.assert_check(path)
    path.write_text("nonsense = 1\n")
    with pytest.raises(ta.UsageError, match=r"tcpflow\.toml.*1"):
        traffic.assert_check(path)
    project = tmp_path / "pyproject.toml"
    project.write_text("[tool.other]\n")
    with pytest.raises(ta.UsageError, match=r"tool\.tcpflow"):
        traffic.assert_check(project)


def test_check_of_a_capture_without_traffic_fails(nothing: Traffic, tmp_path: Path) -> None:
    path = tmp_path / "tcpflow.toml"
    path.write_text("")
    with pytest.raises(AssertionError, match=r"no\s+TCP segment"):
        nothing.assert_check(path)


def test_assertions_hold_for_what_is_well(traffic: Traffic) -> None:
    connections = traffic.connections(port=80)
    connections.assert_graceful()
    connections.assert_closed_by("originator")
    connections.assert_count(3, 3)
    connections.assert_no("HS", "RS")
    traffic.assert_graceful(port=80)


def message_of(error: pytest.ExceptionInfo[AssertionError]) -> list[str]:
    """The lines of an assertion's message."""
    return str(error.value).splitlines()


def test_refusal_is_not_graceful(traffic: Traffic) -> None:
    with pytest.raises(AssertionError) as error:
        traffic.assert_graceful()
    lines = message_of(error)
    assert lines[:2] == [
        "1 of 4 connections not closed gracefully",
        "  #4 192.0.2.1:40009 > 198.51.100.1:81  refused",
    ]
    assert lines[3].startswith("#4 192.0.2.1:40009 > 198.51.100.1:81: close: reset")


def test_findings_are_refused_by_code_and_by_family(traffic: Traffic) -> None:
    for codes in (("HS004",), ("HS",), ("CL", "HS004")):
        with pytest.raises(AssertionError) as error:
            traffic.assert_no(*codes)
        lines = message_of(error)
        assert lines[0] == f"1 finding of {', '.join(codes)}, expected none"
        assert lines[1].startswith("  HS004 connection-refused: ")
        assert lines[2] == "  what to do: tcpflow explain HS004"
        assert any(line.lstrip().startswith("!29") and "RST ACK" in line for line in lines)


@pytest.mark.parametrize("certainty", ["observed", "inferred", "assumed"])
def test_finding_less_certain_than_wanted_does_not_count(traffic: Traffic, certainty: str) -> None:
    finding = ta.Finding(
        "HS004",
        "connection-refused",
        "error",
        certainty,
        None,
        None,
        0,
        (),
        0,
        "refused",
        {},
        "",
        "",
    )
    every = ["observed", "inferred", "assumed"]
    for wanted in every:
        if every.index(certainty) <= every.index(wanted):
            with pytest.raises(AssertionError, match="1 finding of HS004"):
                traffic.refuse([finding], ["HS004"], wanted)
        else:
            with pytest.warns(UncertainFinding, match=f"is only {certainty} and did not count"):
                traffic.refuse([finding], ["HS004"], wanted)


def test_wrong_closer_is_named(traffic: Traffic) -> None:
    with pytest.raises(AssertionError) as error:
        traffic.connections(port=80).assert_closed_by("responder")
    lines = message_of(error)
    assert lines[0] == "3 of 3 connections (port 80) not closed by the responder"
    assert lines[1] == "  #1 192.0.2.1:40000 > 198.51.100.1:80  closed by originator"
    assert any("FIN-WAIT-1" in line for line in lines)


def test_too_many_connections_are_counted(traffic: Traffic) -> None:
    with pytest.raises(AssertionError, match=r"^3 connections \(port 80\), expected at most 1\n"):
        traffic.connections(port=80).assert_count(at_most=1)


@pytest.mark.parametrize("name", ["assert_graceful", "assert_count"])
def test_nothing_is_not_well(nothing: Traffic, name: str) -> None:
    with pytest.raises(AssertionError) as error:
        getattr(nothing.connections(), name)()
    assert message_of(error) == [
        "0 connections, expected at least 1",
        "  the capture holds 0 frames and no connection",
    ]


def test_unknown_codes_and_certainties_are_the_callers_fault(traffic: Traffic) -> None:
    with pytest.raises(ta.UsageError, match="'ZZ'"):
        traffic.assert_no("ZZ")
    with pytest.raises(ta.UsageError, match="no code"):
        traffic.assert_no()
    with pytest.raises(ta.UsageError, match="'certain'"):
        traffic.assert_no("RS", certainty="certain")


def test_values_are_equal_if_every_connection_has_the_value(traffic: Traffic) -> None:
    closed = traffic.connections(port=80)
    assert closed.closed_by == "originator"
    assert closed.shape == "4-segment"
    assert closed.outcome == "completed"
    assert closed.states == "TIME-WAIT/CLOSED"
    every = traffic.connections()
    assert every.closed_by != "originator"
    assert repr(every.outcome) == "<outcome: completed 3, refused 1>"
    assert list(every.outcome) == ["completed"] * 3 + ["refused"]
    assert every.outcome == every.outcome
    assert closed.outcome != every.outcome
    assert len(every.outcome) == 4


def test_values_explain_which_connections_differ(traffic: Traffic) -> None:
    outcome = traffic.connections().outcome
    assert outcome.explain("completed") == [
        "<outcome: completed 3, refused 1> == 'completed'",
        "  #4 192.0.2.1:40009 > 198.51.100.1:81",
    ]
    assert outcome.ladder("completed").startswith("#4 ")


def test_values_of_nothing_equal_nothing(nothing: Traffic) -> None:
    closed_by = nothing.connections().closed_by
    assert closed_by != "originator"
    assert closed_by != None  # noqa: E711  None is a value here
    assert closed_by.explain("originator")[-1] == "there is no such connection"
    assert closed_by.ladder("originator") == ""


def test_capture_that_went_away_leaves_the_message(traffic: Traffic) -> None:
    assert len(traffic.findings) > 0
    Path(traffic.paths[0]).unlink()
    with pytest.raises(AssertionError, match=r"not drawn: .*a\.pcap"):
        traffic.assert_graceful()
