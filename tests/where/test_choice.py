"""What an expression chooses of a run, and that the totals are those of what it chose."""

from pathlib import Path

import pytest

import tcpflow_analyzer
from support.capture_builder import SECOND_NS, START_NS, pcap
from support.small_captures import clock, exchange, mixed, refusal
from tcpflow_analyzer.errors import UsageError
from tcpflow_analyzer.pipeline import Analysis
from tcpflow_analyzer.settings import Settings


@pytest.fixture(scope="module")
def capture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten closed connections to port 80 and ten refused ones to port 81, and a host's finding."""
    path = tmp_path_factory.mktemp("choice") / "mixed.pcap"
    path.write_bytes(mixed(20))
    return path


@pytest.fixture(scope="module")
def every(capture: Path) -> Analysis:
    """All of it."""
    return tcpflow_analyzer.analyze(capture)


def chosen(capture: Path, where: str) -> Analysis:
    return tcpflow_analyzer.analyze(capture, settings=Settings(where=where))


def test_connections_are_chosen_with_all_their_findings(capture: Path, every: Analysis) -> None:
    found = chosen(capture, "port == 80")
    numbers = {each.number for each in every.connections if each.responder.port == 80}
    assert len(numbers) == 10
    assert {each.number for each in found.connections} == numbers
    assert list(found.findings) == [
        each
        for each in every.findings
        if each.connection is not None and each.connection in numbers
    ]


def test_findings_are_chosen_one_by_one(capture: Path, every: Analysis) -> None:
    found = chosen(capture, 'finding.code startswith "LC" and port == 80')
    assert {each.code for each in found.findings} == {
        each.code for each in every.findings if each.code.startswith("LC")
    }
    assert {each.number for each in found.connections} == {
        each.connection for each in found.findings
    }


def test_connection_of_a_chosen_finding_is_chosen_too(capture: Path) -> None:
    # It has TW001 as well, so that the expression does not hold for it and all its findings.
    found = chosen(capture, 'finding.code == "LC001" and not finding.code startswith "TW"')
    assert {each.code for each in found.findings} == {"LC001"}
    assert len(found.connections) == len(found.findings) == 10


def test_findings_about_hosts_are_asked_alone(tmp_path: Path) -> None:
    frames = [
        frame
        for number in range(30)
        for frame in refusal(40000 + number, START_NS + number * SECOND_NS // 10)
    ]
    path = tmp_path / "storm.pcap"
    path.write_bytes(pcap([*frames, *exchange(50000, START_NS + 4 * SECOND_NS)]))
    every = tcpflow_analyzer.analyze(path)
    about_hosts = [each for each in every.findings if each.connection is None]
    assert about_hosts
    assert not [each for each in chosen(path, "port == 81").findings if each.connection is None]
    found = chosen(path, 'finding.subject contains "."')
    assert list(found.findings) == about_hosts
    assert found.connections == []


@pytest.mark.parametrize(
    "where", ["port == 80", "port == 9", 'finding.severity >= "warning"', "connection <= 3"]
)
def test_totals_are_those_of_what_is_chosen(capture: Path, where: str) -> None:
    found = chosen(capture, where)
    summary = found.summary
    assert summary.connections == len(found.connections)
    assert sum(summary.by_state.values()) == len(found.connections)
    assert sum(summary.outcomes.values()) == len(found.connections)
    assert sum(summary.codes.values()) == sum(summary.findings.values()) == len(found.findings)
    assert summary.chosen_of == 20
    assert found.capture.frames > 0  # the capture is told of as it is


def test_totals_without_an_expression_are_of_all(every: Analysis) -> None:
    assert every.summary.chosen_of is None


def test_text_and_lines_as_they_come_give_what_is_chosen(capture: Path) -> None:
    settings = Settings(where="port == 81")
    records = list(tcpflow_analyzer.stream(capture, settings=settings))
    assert len([each for each in records if hasattr(each, "responder")]) == 10


def test_expression_without_sense_is_refused_before_anything_is_read(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"^where: column 1: there is no field prot"):
        chosen(tmp_path / "missing.pcap", "prot == 80")


def test_nothing_chosen_of_nothing(tmp_path: Path) -> None:
    path = tmp_path / "clock.pcap"
    path.write_bytes(pcap(clock(START_NS)))
    assert chosen(path, "port == 80").summary.chosen_of == 0
