"""The finding on its captures, and with another threshold."""

from pathlib import Path

import pytest

import tcpflow_analyzer
from tcpflow_analyzer.settings import Settings
from tcpflow_analyzer.testing import FindingCase, finding_cases

CASES = finding_cases(Path(__file__).parent / "findings")


@pytest.mark.parametrize("case", CASES, ids=str)
def test_finding_holds_what_it_promises(case: FindingCase) -> None:
    case.assert_all()


@pytest.mark.parametrize(("milliseconds", "number"), [(100, 1), (150, 1), (151, 0)])
def test_threshold_is_the_least_that_is_slow(milliseconds: int, number: int) -> None:
    settings = Settings(own={"slow_handshake": milliseconds * 1_000_000})
    analysis = tcpflow_analyzer.analyze(CASES[0].folder / "quiet.pcap", settings=settings)
    assert analysis.summary.codes.get("XH001", 0) == number
