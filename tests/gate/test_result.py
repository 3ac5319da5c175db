"""What the exit status of a check is made of."""

from dataclasses import replace

import pytest

from tcpflow_analyzer.gate.result import (
    CaptureResult,
    CheckResult,
    Coverage,
    ExpectationResult,
    FindingResult,
    Origin,
    Place,
    Uncertain,
)

FINDING = FindingResult(
    code="CL005",
    name="close-wait-stuck",
    severity="error",
    certainty="observed",
    message="it never closed",
    why="no FIN",
    would_disprove="a FIN that the capture missed",
    advice="close the socket",
    service="orders api",
    endpoint="responder",
    states="FIN-WAIT-2/CLOSE-WAIT",
    capture="a.pcap",
    places=(Place("a.pcap", 412),),
    connections=(1,),
    sockets="192.0.2.1:40000 > 192.0.2.2:80",
    count=1,
    fingerprint="0" * 32,
    expectation="",
    expected="no error",
    origin=Origin(text="--fail-on error"),
)
EXPECTATION = ExpectationResult(
    name="database pool",
    key="closed_by",
    capture="a.pcap",
    passed=False,
    expected="originator",
    found="responder 3 of 20",
    message="responder closed 3 of 20 connections first",
    advice="let the pool close",
    places=(),
    connections=(1,),
    count=3,
    fingerprint="1" * 32,
    origin=Origin("tcpflow.toml", 9),
)
CAPTURE = CaptureResult("a.pcap", ("a.pcap",), "complete", "", False, 9, 9, 1, (), (), 0.5)


def test_status_without_failures_is_passed() -> None:
    assert CAPTURE.status == 0
    assert CheckResult((CAPTURE,)).status == 0


@pytest.mark.parametrize("known", [False, True])
def test_status_fails_unless_the_baseline_knows_the_finding(known: bool) -> None:
    capture = replace(CAPTURE, findings=(replace(FINDING, known=known),))
    result = CheckResult((CAPTURE, capture))
    assert result.status == (0 if known else 1)
    assert result.known == int(known)


@pytest.mark.parametrize("known", [False, True])
def test_status_fails_unless_the_baseline_knows_the_expectation(known: bool) -> None:
    expectation = replace(EXPECTATION, known=known)
    assert CheckResult((replace(CAPTURE, expectations=(expectation,)),)).status == int(not known)
    assert CheckResult((CAPTURE,), expectations=(expectation,)).status == int(not known)


def test_failures_name_a_forbidden_finding_once() -> None:
    forbidden = replace(FINDING, expectation="database pool")
    capture = replace(
        CAPTURE, findings=(forbidden,), expectations=(replace(EXPECTATION, key="forbid"),)
    )
    assert capture.failures == (forbidden,)


@pytest.mark.parametrize(
    ("coverage", "tolerated", "status"),
    [
        ("complete", False, 0),
        ("damaged", False, 3),
        ("damaged", True, 0),
        ("empty", False, 3),
        ("empty", True, 0),
        ("unusable", False, 2),
    ],
)
def test_status_follows_coverage(coverage: Coverage, tolerated: bool, status: int) -> None:
    capture = replace(CAPTURE, coverage=coverage, tolerated=tolerated)
    assert capture.status == CheckResult((CAPTURE, capture)).status == status


def test_status_is_the_highest_of_2_1_3() -> None:
    damaged = replace(CAPTURE, coverage="damaged")
    failed = replace(CAPTURE, findings=(FINDING,))
    unusable = replace(CAPTURE, coverage="unusable")
    assert CheckResult((damaged, failed)).status == 1
    assert CheckResult((damaged, failed, unusable)).status == 2
    assert replace(damaged, findings=(FINDING,)).status == 1


def test_what_is_not_certain_enough_is_summed_up_over_captures() -> None:
    uncertain = (Uncertain("CL006", "assumed", 2), Uncertain("TW010", "assumed", 1))
    captures = (replace(CAPTURE, uncertain=uncertain), replace(CAPTURE, uncertain=uncertain[:1]))
    expected = (Uncertain("CL006", "assumed", 4), Uncertain("TW010", "assumed", 1))
    assert CheckResult(captures).uncertain == expected
    assert CheckResult(captures).status == 0


def test_origin_names_line_or_option() -> None:
    assert str(Origin("tcpflow.toml", 9)) == "tcpflow.toml, line 9"
    assert str(Origin(text="--max RS001=0")) == "--max RS001=0"


def test_place_is_written_as_file_and_frame() -> None:
    assert str(FINDING.places[0]) == "a.pcap:412"
