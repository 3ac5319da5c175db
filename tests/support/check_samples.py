"""Results of a check for the tests of its outputs, with texts as a hostile capture might hold."""

from dataclasses import replace
from typing import Final

from tcpflow_analyzer.gate.result import (
    CaptureResult,
    CheckResult,
    ExpectationResult,
    FindingResult,
    Origin,
    Place,
    StaleEntry,
)

# What breaks XML, Markdown, workflow commands, terminals and links, in one line.
HOSTILE: Final = (
    "<b>&\"'|`*_[x](y) {0} %0A::error::\r\n::set-output name=a::b "
    "\x1b[31m\x00\u202e\ud800 ]]> @you #1"
)
FINDING: Final = FindingResult(
    code="CL005",
    name="close-wait-stuck",
    severity="error",
    certainty="observed",
    message="192.0.2.2:80 holds CLOSE-WAIT for 64 s",
    why="it acknowledged the FIN and sent none",
    would_disprove="a FIN that the capture missed",
    advice="Close the socket.",
    service="port 80",
    endpoint="responder",
    states="FIN-WAIT-2/CLOSE-WAIT",
    capture="captures/orders 1.pcap",
    places=(Place("captures/orders 1.pcap", 412), Place("captures/orders 1.pcap", 413)),
    connections=(1, 2),
    sockets="192.0.2.1:40000 > 192.0.2.2:80",
    count=2,
    fingerprint="0123456789abcdef" * 2,
    expectation="",
    expected="no error",
    origin=Origin(text="--fail-on error"),
)
EXPECTATION: Final = ExpectationResult(
    name="database pool",
    key="closed_by",
    capture="captures/orders 1.pcap",
    passed=False,
    expected="originator",
    found="responder 3 of 20",
    message="the responder closed 3 of 20 connections first",
    advice="Let the pool close.",
    places=(),
    connections=(4,),
    count=3,
    fingerprint="fedcba9876543210" * 2,
    origin=Origin("tcpflow.toml", 9),
)
HELD: Final = replace(
    EXPECTATION, key="max_connections", passed=True, found="20", message="20 connections", advice=""
)
CAPTURE: Final = CaptureResult(
    path="captures/orders 1.pcap",
    files=("captures/orders 1.pcap",),
    coverage="complete",
    problem="",
    tolerated=False,
    frames=500,
    segments=480,
    connections=20,
    findings=(),
    expectations=(),
    seconds=64.5,
)
PASSED: Final = CheckResult((CAPTURE,))
FAILED: Final = CheckResult(
    (
        replace(
            CAPTURE,
            findings=(
                FINDING,
                replace(FINDING, code="HS006", severity="warning", fingerprint="2" * 32),
                replace(FINDING, code="CL006", fingerprint="3" * 32, known=True, service="port 81"),
            ),
            expectations=(EXPECTATION, HELD),
        ),
        replace(
            CAPTURE,
            path="cut.pcap",
            files=("cut.pcap",),
            coverage="damaged",
            problem="octet 9: cut",
        ),
        replace(CAPTURE, path="none.pcap", files=(), coverage="empty", tolerated=True),
    ),
    expectations=(replace(EXPECTATION, key="at_least", capture="", fingerprint="4" * 32),),
    stale=(StaleEntry("5" * 32, "RS001", "port 80", "RS001 of port 80"),),
    configuration="tcpflow.toml",
    baseline="baseline.json",
)


def hostile() -> CheckResult:
    """A failure all of whose texts are hostile."""
    path = "captures/" + HOSTILE.replace("/", "").replace("\x00", "") + ".pcap"
    finding = replace(
        FINDING,
        message=HOSTILE,
        why=HOSTILE,
        advice=HOSTILE,
        service=HOSTILE,
        sockets=HOSTILE,
        capture=path,
        places=(Place(path, 1),),
    )
    expectation = replace(
        EXPECTATION, name=HOSTILE, found=HOSTILE, message=HOSTILE, advice=HOSTILE, capture=path
    )
    damaged = replace(
        CAPTURE,
        path=path,
        files=(path,),
        coverage="damaged",
        problem=HOSTILE,
        findings=(finding,),
        expectations=(expectation,),
    )
    return CheckResult((damaged,), configuration=HOSTILE)


def every_result() -> list[CheckResult]:
    """One of each kind."""
    unusable = replace(CAPTURE, coverage="unusable", problem="not a capture", files=())
    forbidden = replace(FINDING, expectation="database pool")
    forbids = replace(
        CAPTURE,
        findings=(forbidden,),
        expectations=(replace(EXPECTATION, key="forbid"), replace(HELD, key="states")),
    )
    limit = replace(EXPECTATION, name="limits", key="TW004")
    return [
        PASSED,
        FAILED,
        hostile(),
        CheckResult((unusable,)),
        CheckResult((forbids,)),
        CheckResult((replace(CAPTURE, expectations=(limit,)),)),
        CheckResult(()),
    ]
