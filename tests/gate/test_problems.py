"""What all outputs tell."""

from dataclasses import replace

from support.check_samples import CAPTURE, EXPECTATION, FAILED, FINDING, PASSED
from tcpflow_analyzer.gate.problems import place_text, problems
from tcpflow_analyzer.gate.result import CheckResult, Place


def test_nothing_is_wrong_with_what_passed() -> None:
    assert list(problems(PASSED)) == []


def test_every_problem_is_told_once_in_order() -> None:
    assert [(each.capture, each.rule, each.excused) for each in problems(FAILED)] == [
        ("captures/orders 1.pcap", "CL005", ""),
        ("captures/orders 1.pcap", "HS006", ""),
        ("captures/orders 1.pcap", "CL006", "known: in the baseline baseline.json"),
        ("captures/orders 1.pcap", "expect/closed_by", ""),
        ("cut.pcap", "capture/damaged", ""),
        ("none.pcap", "capture/empty", "allowed"),
        ("", "expect/at_least", ""),
    ]


def test_failing_problems_are_the_failures_and_the_bad_captures() -> None:
    failing = [each for each in problems(FAILED) if not each.excused]
    assert len(failing) == len(FAILED.failures) + 1


def test_forbidden_finding_stands_for_its_expectation() -> None:
    forbidden = replace(FINDING, expectation="database pool")
    forbid = replace(EXPECTATION, key="forbid")
    capture = replace(CAPTURE, findings=(forbidden,), expectations=(forbid,))
    assert [each.rule for each in problems(CheckResult((capture,)))] == ["CL005"]


def test_problem_says_what_to_do() -> None:
    finding, *_, expectation = problems(FAILED)
    assert finding.details == (
        "Service: port 80, 2 times",
        "First: 192.0.2.1:40000 > 192.0.2.2:80, left in FIN-WAIT-2/CLOSE-WAIT",
        "Expected: no error (--fail-on error)",
        "Why: it acknowledged the FIN and sent none",
        "What to do: Close the socket.",
        "More: tcpflow explain CL005",
    )
    assert expectation.details == (
        "Expected: originator (tcpflow.toml, line 9)",
        "Found: responder 3 of 20",
        "What to do: Let the pool close.",
    )


def test_frames_are_written_as_file_and_number() -> None:
    assert place_text(()) == ""
    assert place_text((Place("a.pcap", 1),)) == "Frame: a.pcap:1"
    assert place_text((Place("a.pcap", 1), Place("b.pcap", 2))) == "Frames: a.pcap:1, b.pcap:2"
