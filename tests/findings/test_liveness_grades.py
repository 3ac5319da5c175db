"""Severities that the findings about idle time and headers may take, each on what makes it."""

from pathlib import Path

import pytest

import tcpflow_analyzer
from support.capture_builder import SECOND_NS, START_NS
from support.ladder import Ladder, Socket, capture
from support.openings import OPEN
from tcpflow_analyzer.findings.finding import Finding

TALK = OPEN + "--> <CTL=PSH,ACK><LEN=9> -->\n<-- <CTL=PSH,ACK><LEN=9> <--\n--> <CTL=ACK> -->\n"


def found(folder: Path, *ladders: Ladder) -> dict[str, Finding]:
    """Findings by code."""
    path = folder / "capture.pcap"
    path.write_bytes(capture(*ladders))
    return {each.code: each for each in tcpflow_analyzer.analyze(path).findings}


@pytest.mark.parametrize(("seconds", "severity"), [(700, "info"), (7500, "warning")])
def test_idle_time_is_a_warning_where_a_nat_may_have_forgotten(
    tmp_path: Path, seconds: int, severity: str
) -> None:
    ladder = Ladder(TALK + f"+{seconds} s\ntick")
    assert found(tmp_path, ladder)["KA004"].severity == severity


@pytest.mark.parametrize(("race", "severity"), [(False, "info"), (True, "warning")])
def test_idle_time_out_is_a_warning_where_a_request_was_lost(
    tmp_path: Path, race: bool, severity: str
) -> None:
    close = TALK + "+5 s\n<-- <CTL=FIN,ACK> <--\n"
    lost = "--> <SEQ=1010><ACK=5010><CTL=PSH,ACK><LEN=20> -->\n<-- <SEQ=5010><CTL=RST> <--\n"
    ladders = [
        Ladder(
            close + (lost if race and number == 2 else ""),
            a=Socket("192.0.2.1", 40000 + number),
            start_ns=START_NS + number * SECOND_NS,
        )
        for number in range(3)
    ]
    judged = found(tmp_path, *ladders)["KA005"]
    assert (judged.severity, judged.values["connections"]) == (severity, 3)


def test_size_reported_by_icmp_is_an_info_where_a_smaller_segment_follows(tmp_path: Path) -> None:
    lost = "--> <SEQ=1010><CTL=ACK><LEN=1460> x\n<-- <ICMP=3/4><FROM=192.0.2.99> <--\n"
    smaller = "--> <SEQ=1010><CTL=ACK><LEN=1000> -->\n"
    assert found(tmp_path, Ladder(TALK + lost + smaller))["MB005"].severity == "info"
    assert found(tmp_path, Ladder(TALK + lost + "+3 s\ntick"))["MB005"].severity == "error"
    assert "MB005" not in found(tmp_path, Ladder(TALK + lost))
