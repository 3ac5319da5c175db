"""The configuration that --init writes is one, and what it was made of passes under it."""

from pathlib import Path

import pytest

from support.capture_builder import SECOND_NS, START_NS, pcap
from support.checked import check, configuration
from support.services import talk
from support.small_captures import clock
from tcpflow_analyzer.check import survey_captures
from tcpflow_analyzer.cli.check_init import write_configuration
from tcpflow_analyzer.findings.registry import rules
from tcpflow_analyzer.gate.configuration import Configuration
from tcpflow_analyzer.gate.first_configuration import first_configuration
from tcpflow_analyzer.gate.read_configuration import read_configuration
from tcpflow_analyzer.gate.survey import Service


def written_for(octets: bytes, folder: Path) -> str:
    path = folder / "a.pcap"
    path.write_bytes(octets)
    return first_configuration(survey_captures([path]).services, ["a\n.pcap"])


def test_what_it_was_made_of_passes(tmp_path: Path) -> None:
    octets = pcap(
        [
            *talk("client"),
            *talk("server", 40003, 5432, at_ns=START_NS + 3 * SECOND_NS),
            *talk("open", 40004, 45432, at_ns=START_NS + 4 * SECOND_NS),
            *clock(START_NS + 10 * SECOND_NS),
        ]
    )
    text = written_for(octets, tmp_path)
    assert text.isascii()
    result = check(octets, text)
    assert result.status == 0, result.failures
    by_name = {each.name: each for each in configuration(text).expectations}
    assert by_name["port 8080"].closed_by == "originator"
    assert by_name["port 5432"].closed_by == "responder"
    assert by_name["port 5432"].states == ("CLOSED/TIME-WAIT",)
    assert by_name["ephemeral ports"].at_least == 1
    assert by_name["port 8080"].quantiles == {"handshake_p99": 5_000_000}


def test_connections_that_are_not_over_do_not_fail_it(tmp_path: Path) -> None:
    octets = pcap(
        [
            *talk("client"),
            *talk("open", 40001, at_ns=START_NS + SECOND_NS),
            *clock(START_NS + 600 * SECOND_NS),
        ]
    )
    text = written_for(octets, tmp_path)
    assert "also seen, not over: ESTABLISHED/ESTABLISHED 1" in text
    assert check(octets, text).status == 0
    assert configuration(text).expectations[0].states == ("TIME-WAIT/CLOSED",)


def test_connections_that_are_left_for_days_do_not_fail_it(tmp_path: Path) -> None:
    octets = pcap(
        [
            *talk("client"),
            *talk("open", 40001, at_ns=START_NS + SECOND_NS),
            *clock(START_NS + 2 * 86_400 * SECOND_NS),
        ]
    )
    text = written_for(octets, tmp_path)
    assert '# states = ["TIME-WAIT/CLOSED"]    # seen too: ESTABLISHED/ESTABLISHED 1' in text
    assert check(octets, text).status == 0


def test_errors_are_offered_to_be_ignored_and_are_not_forbidden(tmp_path: Path) -> None:
    octets = pcap([*talk("leak"), *clock(START_NS + 1000 * SECOND_NS)])
    text = written_for(octets, tmp_path)
    assert '#   { code = "CL005" },    # close-wait-stuck, 1 time' in text
    (service,) = configuration(text).expectations
    assert "CL005" not in [codes.prefix for codes in service.forbid]
    assert "FIN-WAIT-2/CLOSE-WAIT" not in service.states
    # The commented lines are TOML as well.
    ignoring = text.replace("# ignore = [\n#   {", "ignore = [\n   {").replace("\n# ]", "\n]")
    assert ignoring != text
    assert configuration(ignoring).ignore


def test_waiting_times_are_those_of_tests_if_nothing_takes_longer(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "a.pcap"
    path.write_bytes(pcap([*talk("client"), *clock(START_NS + 9 * SECOND_NS)]))
    assert write_configuration([str(path)], Configuration(), []) == 0
    text = capfd.readouterr().out
    quick = configuration(text)
    assert quick.settings.close_wait_error_ns == 5 * SECOND_NS
    assert quick.expectations[0].settle_ns == 5 * SECOND_NS
    leaked = pcap([*talk("leak"), *clock(START_NS + 9 * SECOND_NS)])
    assert {each.code for each in check(leaked, text).findings} == {"CL005"}
    path.write_bytes(leaked)
    assert write_configuration([str(path)], Configuration(), []) == 0
    slow_text = capfd.readouterr().out
    assert configuration(slow_text).settings == Configuration().settings
    assert check(leaked, slow_text).status == 0


def test_nothing_is_a_configuration_too() -> None:
    services: dict[str, Service] = {}
    text = first_configuration(services, [])
    assert read_configuration("tcpflow.toml", text, rules()) is not None
